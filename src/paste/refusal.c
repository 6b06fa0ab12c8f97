/* refusal.c - what programs say when they get no memory: one row a sentence, with who refused.
 *
 * The kernel refuses (a limit of promises, of address space or of processes), or the program has a
 * limit of its own and memory is not the question at all. Which of the two it was is what the
 * reader cannot see in the words.
 */
#include "paste/state_int.h"

#include <stdio.h>

#define REFUSALS_MAX 256
#define WORDS_MAX    240
/* Of sentences that nobody knows the first few stand for all. */
#define SAID_MAX     16

struct sentence {
    const char *has, *also; /* both stand in the line */
    const char *program;    /* NULL: its name stands before the first colon */
    enum refusal_kind kind;
    const char *bytes_after; /* where the size stands; NULL */
};

/* Sentences of those that ran into a limit which has a name, in the reader's words. These are asked
 * first. */
static const struct {
    struct sentence s;
    const char *limit;
} limited[] = {
    {{"exceeds --max-memory-restart", NULL, "a process of PM2", REFUSED_PLATFORM,
      "max_memory_limit="},
     "--max-memory-restart, at which PM2 starts it anew"},
    {{"emory limit of ", " exceeded with ", "a container of Cloud Run", REFUSED_PLATFORM,
      "emory limit of "},
     "its memory setting"},
    {{"Error R14 (Memory quota exceeded)", NULL, "a dyno of Heroku", REFUSED_PLATFORM, NULL},
     "its quota, Error R14: it goes on, in swap, and is slow"},
    {{"Error R15 (Memory quota vastly exceeded)", NULL, "a dyno of Heroku", REFUSED_PLATFORM, NULL},
     "its quota; with twice that in use, Error R15, Heroku ends it"},
    {{"TERM_MEMLIMIT", "LSF", "a job of LSF", REFUSED_PLATFORM, NULL}, "bsub -M"},
    {{"TCP: out of memory -- consider tuning tcp_mem", NULL, "TCP", REFUSED_SETTING, NULL},
     "net.ipv4.tcp_mem, the memory of all TCP sockets"},
    {{"vmap allocation for size ", "use vmalloc=", "the kernel", REFUSED_SETTING, "for size "},
     "the range of addresses for vmalloc is full"},
    {{"vmalloc_node_range for size ", "failed: Address range restricted", "the kernel",
      REFUSED_SETTING, "for size "},
     "the range of addresses for vmalloc is full"},
    {{"vm.max_map_count", "is too low", "elasticsearch", REFUSED_SETTING, NULL},
     "vm.max_map_count, the number of mappings of a process"},
    {{"OutOfMemoryError: Map failed", NULL, "java", REFUSED_SETTING, NULL},
     "the number of mappings of a process (vm.max_map_count), or its address space"},
    {{"Linux-x86_64 Error: 28: No space left", NULL, "oracle", REFUSED_SETTING, NULL},
     "kernel.shmall or kernel.shmmni, of shared memory segments"},
    {{"shmget", "No space left on device", NULL, REFUSED_SETTING, NULL},
     "kernel.shmall or kernel.shmmni, of shared memory segments"},
    {{"shared memory segment: No space left on device", NULL, NULL, REFUSED_SETTING, NULL},
     "kernel.shmall or kernel.shmmni, of shared memory segments"},
    {{"shared memory segment: Invalid argument", NULL, NULL, REFUSED_SETTING, NULL},
     "kernel.shmmax, the size of a shared memory segment"},
    {{"VFIO_MAP_DMA", "o space left on device", "qemu", REFUSED_SETTING, NULL},
     "vfio_iommu_type1.dma_entry_limit, the number of mappings of a VFIO container"},
    {{"vfio_dma_map(", "o space left on device", "qemu", REFUSED_SETTING, NULL},
     "vfio_iommu_type1.dma_entry_limit, the number of mappings of a VFIO container"},
    {{"DMA remapping", "o space left on device", "a DPDK program", REFUSED_SETTING, NULL},
     "vfio_iommu_type1.dma_entry_limit, the number of mappings of a VFIO container"},
    {{"mkdir /sys/fs/cgroup/memory", "o space left on device", "the container runtime",
      REFUSED_SETTING, NULL},
     "the number of memory cgroups that it has ids for, dead ones counted"},
    {{"NvMapMemAlloc", "error 12", "a program", REFUSED_DEVICE, "Tagged: "},
     "the machine's own memory, of a Jetson"},
    {{"OutOfMemoryError: Metaspace", NULL, "java", REFUSED_HEAP, NULL},
     "of its classes (-XX:MaxMetaspaceSize)"},
    {{"OutOfMemoryError: Compressed class space", NULL, "java", REFUSED_HEAP, NULL},
     "of its classes (-XX:CompressedClassSpaceSize)"},
    {{"OutOfMemoryError: Direct buffer memory", NULL, "java", REFUSED_HEAP, NULL},
     "of direct buffers (-XX:MaxDirectMemorySize)"},
    {{"OutOfDirectMemoryError", NULL, "java", REFUSED_HEAP, "max: "},
     "of direct buffers (-XX:MaxDirectMemorySize or io.netty.maxDirectMemory)"},
    {{"OutOfMemoryError: Requested array size exceeds", NULL, "java", REFUSED_HEAP, NULL},
     "the longest array that it can have"},
    {{"DB::Exception: Memory limit (total) exceeded", NULL, "clickhouse", REFUSED_HEAP,
      "maximum: "},
     "max_server_memory_usage"},
    {{"DB::Exception: Memory limit (for query) exceeded", NULL, "clickhouse", REFUSED_HEAP,
      "maximum: "},
     "max_memory_usage"},
    {{"insufficient system memory in resource pool", NULL, "SQL Server", REFUSED_HEAP, NULL},
     "of its resource pool (max server memory)"},
};

static const struct sentence sentences[] = {
    {"due to hardware memory corruption", NULL, NULL, REFUSED_BROKEN, NULL},
    {"zram: Error allocating memory for compressed page", NULL, "zram", REFUSED_SWAP, NULL},
    {"Purging GPU memory, ", "pages freed", "The kernel", REFUSED_SAID, NULL},
    {"Write-error on swap-device", NULL, "kernel", REFUSED_SWAP, NULL},
    {"Read-error on swap-device", NULL, "kernel", REFUSED_SWAP, NULL},
    {"nder memory pressure, flushing caches", NULL, NULL, REFUSED_PRESSURE, NULL},
    {"__vm_enough_memory: ", "enough memory for the allocation", NULL, REFUSED_COMMIT, "bytes: "},
    {"ORA-00845", NULL, "oracle", REFUSED_SHM, NULL},
    {"CUDA out of memory", NULL, "a program", REFUSED_DEVICE, "ried to allocate "},
    {"HIP out of memory", NULL, "a program", REFUSED_DEVICE, "ried to allocate "},
    {"CUDA error: out of memory", NULL, "a program", REFUSED_DEVICE, NULL},
    {"CUDA_ERROR_OUT_OF_MEMORY", NULL, "a program", REFUSED_DEVICE, NULL},
    {"cudaErrorMemoryAllocation", NULL, "a program", REFUSED_DEVICE, NULL},
    {"cudaMalloc failed: out of memory", NULL, "a program", REFUSED_DEVICE, NULL},
    {"VK_ERROR_OUT_OF_DEVICE_MEMORY", NULL, "a program", REFUSED_DEVICE, NULL},
    {"ErrorOutOfDeviceMemory", NULL, "a program", REFUSED_DEVICE, NULL},
    /* Before what says ENOMEM alone: these asked the pool. */
    {"with MAP_HUGETLB failed", NULL, "postgres", REFUSED_HUGE, "mmap("},
    {"unable to map backing store for guest RAM", "annot allocate memory", "qemu", REFUSED_HUGE,
     NULL},
    {"Insufficient free host memory pages", "guest RAM", "qemu", REFUSED_HUGE, NULL},
    {"preallocating memory failed", NULL, "qemu", REFUSED_HUGE, NULL},
    {"HugeTLB: allocating ", "Only allocated ", "kernel", REFUSED_POOL, NULL},
    {"killed due to inadequate hugepage pool", NULL, "a program", REFUSED_HUGE, NULL},
    {"terminated by signal 7", "server process", "postgres", REFUSED_BUS, NULL},
    {"status=7/BUS", NULL, "a service", REFUSED_BUS, NULL},
    {"signal 7", "Bus error", NULL, REFUSED_BUS, NULL},
    {"running bootstrap script ... Bus error", NULL, "initdb", REFUSED_BUS, NULL},
    {"child process exited with exit code 135", NULL, "initdb", REFUSED_BUS, NULL},
    {"child process was terminated by signal 7", NULL, "initdb", REFUSED_BUS, NULL},
    {"Bus error (core dumped)", NULL, NULL, REFUSED_BUS, NULL},
    {"RLIMIT_MEMLOCK (", "exceeded", "a driver", REFUSED_LOCK, "RLIMIT_MEMLOCK ("},
    {"RLIMIT_MEMLOCK is ", "libibverbs", "libibverbs", REFUSED_LOCK, "is "},
    {"RLIMIT_MEMLOCK", "annot allocate memory", NULL, REFUSED_LOCK, NULL},
    {"RLIMIT_MEMLOCK", "too l", NULL, REFUSED_LOCK, NULL},
    {"RLIMIT_MEMLOCK", "ailed", NULL, REFUSED_LOCK, NULL},
    {"ncrease per process memlock", NULL, "oracle", REFUSED_LOCK, NULL},
    {"VFIO_MAP_DMA", "annot allocate memory", "qemu", REFUSED_LOCK, NULL},
    {"vfio_dma_map(", "annot allocate memory", "qemu", REFUSED_LOCK, NULL},
    {"DMA remapping", "annot allocate memory", "a DPDK program", REFUSED_LOCK, NULL},
    {"Couldn't allocate MR", NULL, "an RDMA program", REFUSED_LOCK, NULL},
    {"max locked memory (ulimit -l)", NULL, "an RDMA program", REFUSED_LOCK, "(current: "},
    {"max locked memory limit", "too low", "an RDMA program", REFUSED_LOCK, NULL},
    {"memlock limits are set too low", NULL, "Open MPI", REFUSED_LOCK, NULL},
    {"Failed to create a completion queue", NULL, "Open MPI", REFUSED_LOCK, NULL},
    {"ibv_", "annot allocate memory", "an RDMA program", REFUSED_LOCK, NULL},
    {"fi_mr_reg", "annot allocate memory", "an RDMA program", REFUSED_LOCK, NULL},
    {"Unable to lock JVM Memory", NULL, "elasticsearch", REFUSED_LOCK, NULL},
    {"mlockall", "annot allocate memory", NULL, REFUSED_LOCK, NULL},
    {"mlock", "annot allocate memory", NULL, REFUSED_LOCK, NULL},
    {"io_uring", "annot allocate memory", NULL, REFUSED_LOCK, NULL},
    {"glommio", "annot allocate memory", "glommio", REFUSED_LOCK, NULL},
    {"tokio-uring", "annot allocate memory", NULL, REFUSED_LOCK, NULL},
    {"monoio", "annot allocate memory", NULL, REFUSED_LOCK, NULL},
    {"ENOMEM", "io_uring", NULL, REFUSED_LOCK, NULL},
    {"registering buffers in the ", " ring. Skipping", "glommio", REFUSED_LOCK, NULL},
    {"cannot initialize I/O event notification", "code: 12", "glommio", REFUSED_LOCK, NULL},
    {"nable to allocate memory for the ", "descriptor ring", NULL, REFUSED_RING, "size="},
    {"Allocation for Rx Queue", "failed", NULL, REFUSED_RING, NULL},
    {"Allocation for Tx Queue", "failed", NULL, REFUSED_RING, NULL},
    {"mlx5e_open_", "failed, -12", NULL, REFUSED_RING, NULL},
    {"allocating receive buffers", NULL, NULL, REFUSED_RING, NULL},
    {"netlink error: Cannot allocate memory", NULL, "ethtool", REFUSED_RING, NULL},
    {"Cannot set device ring parameters: Cannot allocate memory", NULL, "ethtool", REFUSED_RING,
     NULL},
    {"EAL: ", "Not enough memory available on socket", "a DPDK program", REFUSED_HUGE,
     "Requested: "},
    {"EAL: ", "Not enough memory available! Requested", "a DPDK program", REFUSED_HUGE,
     "Requested: "},
    {"EAL: ", "Cannot get hugepage information", "a DPDK program", REFUSED_HUGE, NULL},
    {"EAL: ", "No free hugepages reported", "a DPDK program", REFUSED_HUGE, NULL},
    {"EAL: ", "hugepages reported", "a DPDK program", REFUSED_HUGE, NULL},
    {"large pages", "ailed to reserve", "java", REFUSED_HUGE, "bytes: "},
    {"HugePages are not supported by the operating system", NULL, "java", REFUSED_HUGE, NULL},
    {"HugeTLB", "Failed to allocate", "mysqld", REFUSED_HUGE, "allocate "},
    {"MY-012677", "ailed to allocate", "mysqld", REFUSED_HUGE, "allocate "},
    {"[InnoDB] Failed to allocate", "errno 12", "mysqld", REFUSED_HUGE, "allocate "},
    {"InnoDB: Failed to allocate ", "errno", "mysqld", REFUSED_HUGE, "allocate "},
    {"Large/HugeTLB memory", "errno", "mysqld", REFUSED_HUGE, "allocate "},
    {"Using conventional memory pool", NULL, "mysqld", REFUSED_HUGE, NULL},
    {"Insufficient hugepages-", NULL, "a pod", REFUSED_HUGE, NULL},
    {"MAP_HUGETLB", "annot allocate memory", NULL, REFUSED_HUGE, NULL},
    {"hugetlbfs", "annot allocate memory", NULL, REFUSED_HUGE, NULL},
    {"hugepage", "annot allocate memory", NULL, REFUSED_HUGE, NULL},
    {"huge page", "annot allocate memory", NULL, REFUSED_HUGE, NULL},
    {"exceeded available memory", "or huge pages", "postgres", REFUSED_COMMIT, "(currently "},
    {"workers are out of shared memory", NULL, "python", REFUSED_SHM, NULL},
    {"out of shared memory", "ERROR", "postgres", REFUSED_HEAP, NULL},
    {"Failed on request of size", "in memory context", "postgres", REFUSED_COMMIT, "of size "},
    {"OOM command not allowed when used memory", NULL, "redis", REFUSED_HEAP, NULL},
    {"vm_memory_high_watermark set", NULL, "rabbitmq", REFUSED_HEAP, "allowed:"},
    {"memory resource limit alarm set", NULL, "rabbitmq", REFUSED_HEAP, NULL},
    {"nodes are available", "Insufficient memory", "a pod", REFUSED_REQUEST, NULL},
    {"more than your system limit", "memory", "minikube", REFUSED_REQUEST, "allocation "},
    {"Failed to start thread", "pthread_create failed", "java", REFUSED_TASKS, NULL},
    {"Cannot create worker GC thread", NULL, "java", REFUSED_TASKS, NULL},
    {"insufficient memory for the Java Runtime", NULL, "java", REFUSED_COMMIT, NULL},
    {"Native memory allocation (", ") failed to", "java", REFUSED_COMMIT, ") failed to "},
    {"os::commit_memory(", "errno=12", "java", REFUSED_COMMIT, ", "},
    {"os::commit_memory(", "Cannot allocate memory", "java", REFUSED_COMMIT, ", "},
    {"Could not reserve enough space for", "object heap", "java", REFUSED_COMMIT,
     "enough space for "},
    {"OutOfMemoryError: Java heap space", NULL, "java", REFUSED_HEAP, NULL},
    {"OutOfMemoryError: GC overhead limit", NULL, "java", REFUSED_HEAP, NULL},
    {"OutOfMemoryError: unable to create", "native thread", "java", REFUSED_TASKS, NULL},
    {"java.lang.OutOfMemoryError", NULL, "java", REFUSED_HEAP, NULL},
    {"JavaScript heap out of memory", NULL, "node", REFUSED_HEAP, NULL},
    {"Can't save in background: fork", NULL, "redis", REFUSED_FORK, NULL},
    {"have Transparent Huge Pages (THP) support enabled", NULL, "redis", REFUSED_FORK_RISK, NULL},
    {"overcommit_memory is set to 0", "ackground save may fail", "redis", REFUSED_FORK_RISK, NULL},
    {"emory overcommit must be enabled", NULL, "redis", REFUSED_FORK_RISK, NULL},
    {"could not fork", "Cannot allocate memory", "postgres", REFUSED_FORK, NULL},
    {"could not map anonymous shared memory", NULL, "postgres", REFUSED_COMMIT, NULL},
    {"could not resize shared memory segment", "No space left", "postgres", REFUSED_SHM, " to "},
    {"InnoDB: Cannot allocate memory for the buffer pool", NULL, "mysqld", REFUSED_COMMIT, NULL},
    {"InnoDB: mmap(", "failed", "mysqld", REFUSED_COMMIT, "mmap("},
    {"[InnoDB] mmap(", "failed", "mysqld", REFUSED_COMMIT, "mmap("},
    {"[InnoDB] Cannot allocate memory for the buffer pool", NULL, "mysqld", REFUSED_COMMIT, NULL},
    {"fork: Unable to fork new process", NULL, "apache", REFUSED_FORK, NULL},
    {"annot allocate memory: AH0", NULL, "apache", REFUSED_COMMIT, NULL},
    {"runtime: out of memory: cannot allocate", NULL, "a Go program", REFUSED_COMMIT,
     "cannot allocate "},
    {"cannot reserve arena virtual address space", NULL, "a Go program", REFUSED_COMMIT, NULL},
    {"runtime: mmap(", ") returned 0x", "a Go program", REFUSED_COMMIT, ", "},
    {"Failed to reserve virtual memory", NULL, "node", REFUSED_COMMIT, NULL},
    {"GC heap initialization failed", NULL, "a .NET program", REFUSED_COMMIT, NULL},
    {"Failed to create CoreCLR, HRESULT: 0x8007000E", NULL, "a .NET program", REFUSED_COMMIT, NULL},
    {"memory allocation of ", " bytes failed", "a Rust program", REFUSED_COMMIT, "allocation of "},
    {"circuit_breaking_exception", NULL, "elasticsearch", REFUSED_HEAP, "the limit of ["},
    {"Data too large, data for [", NULL, "elasticsearch", REFUSED_HEAP, "the limit of ["},
    {"No space left on device", "/dev/shm", NULL, REFUSED_SHM, NULL},
    {"fatal error: runtime: cannot allocate memory", NULL, "a Go program", REFUSED_COMMIT, NULL},
    {"fatal error: runtime: out of memory", NULL, "a Go program", REFUSED_COMMIT, NULL},
    {"pthread_create failed: Resource temporarily", NULL, "a program", REFUSED_TASKS, NULL},
    {"fork rejected by pids controller in ", NULL, "a program", REFUSED_TASKS, NULL},
    {"fork: retry: No child processes", NULL, NULL, REFUSED_TASKS, NULL},
    {"fork: retry: Resource temporarily unavailable", NULL, NULL, REFUSED_TASKS, NULL},
    {"fork: Resource temporarily unavailable", NULL, NULL, REFUSED_TASKS, NULL},
    {"ork: Cannot allocate memory", NULL, NULL, REFUSED_FORK, NULL},
    {"fork failed", "annot allocate memory", NULL, REFUSED_FORK, NULL},
    {"ork() failed: Cannot allocate memory", NULL, NULL, REFUSED_FORK, NULL},
    {"annot fork", NULL, NULL, REFUSED_FORK, NULL},
    {"error while forking", "Cannot allocate", NULL, REFUSED_FORK, NULL},
    {"virtual memory exhausted", NULL, NULL, REFUSED_COMMIT, NULL},
    {"cannot set up guest memory", "Cannot allocate memory", "qemu", REFUSED_COMMIT, NULL},
    {"ORA-27102", NULL, "oracle", REFUSED_COMMIT, NULL},
    {"ORA-04031", NULL, "oracle", REFUSED_HEAP, NULL},
    {"std::bad_alloc", NULL, "a C++ program", REFUSED_COMMIT, NULL},
    {"Unable to allocate", "for an array with shape", "python", REFUSED_COMMIT,
     "Unable to allocate "},
    {"DefaultCPUAllocator: can't allocate memory", NULL, "python", REFUSED_COMMIT, "allocate "},
    {" MemoryError", NULL, "python", REFUSED_COMMIT, NULL},
    {"_ArrayMemoryError", NULL, "python", REFUSED_COMMIT, NULL},
    {"Allowed memory size of", "bytes exhausted", "php", REFUSED_HEAP, "size of "},
    {"set_mempolicy", "Operation not permitted", NULL, REFUSED_PLACE, NULL},
    {"set_mempolicy", "Invalid argument", NULL, REFUSED_PLACE, NULL},
    {"mbind", "Operation not permitted", NULL, REFUSED_PLACE, NULL},
    {"mbind", "Invalid argument", NULL, REFUSED_PLACE, NULL},
    {"mbind", "Input/output error", NULL, REFUSED_PLACE, NULL},
    {"sched_setaffinity", "Operation not permitted", NULL, REFUSED_PLACE, NULL},
    {"sched_setaffinity", "Invalid argument", NULL, REFUSED_PLACE, NULL},
    {"setting membind", NULL, "numactl", REFUSED_PLACE, NULL},
    {"setting interleave mask", NULL, "numactl", REFUSED_PLACE, NULL},
    {"setting preferred node", NULL, "numactl", REFUSED_PLACE, NULL},
    {"NUMA memory policy", "Operation not permitted", NULL, REFUSED_PLACE, NULL},
    {"NUMA memory policy", "Invalid argument", NULL, REFUSED_PLACE, NULL},
    {"libnuma: Warning:", NULL, "libnuma", REFUSED_PLACE, NULL},
    {"libnuma: Error:", NULL, "libnuma", REFUSED_PLACE, NULL},
    {"No NUMA support available on this system", NULL, "numactl", REFUSED_PLACE, NULL},
    {"system does not support NUMA policy", NULL, "numactl", REFUSED_PLACE, NULL},
    {"Cannot allocate memory", NULL, NULL, REFUSED_COMMIT, NULL},
    {"annot allocate memory", "errno", NULL, REFUSED_COMMIT, NULL},
    {"cannot allocate memory", NULL, NULL, REFUSED_COMMIT, NULL}, /* Go */
    {"Nicht genügend Hauptspeicher verfügbar", NULL, NULL, REFUSED_COMMIT, NULL},
    {"Kann nicht genügend Speicher", NULL, NULL, REFUSED_COMMIT, NULL},
    {"Ne peut allouer de la mémoire", NULL, NULL, REFUSED_COMMIT, NULL},
    {"Impossible d'allouer de la mémoire", NULL, NULL, REFUSED_COMMIT, NULL},
    {"No se pudo asignar memoria", NULL, NULL, REFUSED_COMMIT, NULL},
    {"No se pudo reservar memoria", NULL, NULL, REFUSED_COMMIT, NULL},
    {"Não foi possível alocar memória", NULL, NULL, REFUSED_COMMIT, NULL},
    {"Não pode alocar memória", NULL, NULL, REFUSED_COMMIT, NULL},
    {"メモリを確保できません", NULL, NULL, REFUSED_COMMIT, NULL},
    {"无法分配内存", NULL, NULL, REFUSED_COMMIT, NULL},
};

/* Words that say so in a sentence of anybody's. */
static const char *const says_so[] = {
    "out of memory",      "Out of memory",     "Out Of Memory",     "OUT OF MEMORY",
    "emory quota",        "not enough memory", "Not enough memory", "ue to memory usage",
    "nsufficient memory", "emory exhausted",   "NV_ERR_NO_MEMORY",
};

/* Of AWS Lambda, at the end of each run: of interest when the two figures are equal. Of Python, as
 * the last line of a trace. */
static const char *const others[] = {"Max Memory Used: ", "MemoryError",
                                     "Process running mem=", "sample#memory_quota="};

const char *refusal_sign(unsigned sentence)
{
    if (sentence < ARRAY_SIZE(limited))
        return limited[sentence].s.has;
    sentence -= (unsigned)ARRAY_SIZE(limited);
    if (sentence < ARRAY_SIZE(sentences))
        return sentences[sentence].has;
    sentence -= (unsigned)ARRAY_SIZE(sentences);
    if (sentence < ARRAY_SIZE(says_so))
        return says_so[sentence];
    sentence -= (unsigned)ARRAY_SIZE(says_so);
    return sentence < ARRAY_SIZE(others) ? others[sentence] : NULL;
}

/* "OSError", "BlockingIOError": Python says what kind of error it was. */
static bool is_errors_name(struct span word)
{
    return span_len(word) > 5 && span_ends(word, "Error") && !memchr(word.at, ' ', span_len(word));
}

/* "PHP Warning", "PHP Fatal error": how bad it is stands behind the name. */
static void drop_level(struct span *word)
{
    static const char *const levels[] = {" Warning", " Fatal error", " Error", " error",
                                         " warning"};

    for (unsigned i = 0; i < ARRAY_SIZE(levels); i++)
        if (span_ends(*word, levels[i]) && span_len(*word) > strlen(levels[i]))
            word->end -= strlen(levels[i]);
}

/* "ENOSPC", "ENOMEM": the error, and not who met it. */
static bool is_errno(struct span word)
{
    if (span_len(word) < 5 || *word.at != 'E')
        return false;
    for (; !span_empty(word); word.at++)
        if (*word.at < 'A' || *word.at > 'Z')
            return false;
    return true;
}

/* The call that failed, as perror has it, and not who made it. */
static bool is_call(struct span word)
{
    static const char *const calls[] = {"fork",   "mbind",         "set_mempolicy",
                                        "mmap",   "migrate_pages", "sched_setaffinity",
                                        "malloc", "move_pages",    "taskset"};

    for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
        if (span_is(word, calls[i]))
            return true;
    return memchr(word.at, '(', span_len(word)) || span_begins(word, "io_uring_") ||
           span_begins(word, "ibv_") || span_begins(word, "shmget") || span_begins(word, "mlock");
}

/* "[mpm_prefork", "2024-01-11T02", "Cannot fork": a mark of a logger, a time or words of a
 * sentence, and nobody's name. */
static bool is_no_name(struct span word)
{
    if (!is_digit(*word.at) && !strchr("[(<{\"'#|", *word.at) &&
        !memchr(word.at, ' ', span_len(word)))
        return false;
    /* "7z" is one. */
    return !is_digit(*word.at) || span_len(word) > 8 || memchr(word.at, ' ', span_len(word)) ||
           memchr(word.at, '-', span_len(word));
}

/* "-bash: fork: Cannot allocate memory", "make: vfork: ...", "bash: /usr/bin/ls: Cannot allocate
 * memory". */
static void program_before(struct span line, char *buf, size_t size)
{
    struct span word = {line.at, line.at}, name;
    const char *colon = memchr(line.at, ':', span_len(line)), *slash;

    if (colon) {
        word = (struct span){line.at, colon};
        while (!span_empty(word) && (*word.at == '-' || *word.at == ' '))
            word.at++;
        slash = span_empty(word) ? NULL : memrchr(word.at, '/', span_len(word));
        /* A file among the words of a message is none. */
        if (slash && memchr(word.at, '"', (size_t)(slash - word.at)))
            word.end = word.at;
        else if (slash)
            word.at = slash + 1;
        drop_level(&word);
    }
    if (is_errors_name(word))
        word = span_of("python", 6);
    else if (span_empty(word) || span_len(word) > 24 || memchr(word.at, '=', span_len(word)) ||
             is_call(word) || is_errno(word) || is_no_name(word))
        word = span_of("a program", 9);
    name = word;
    span_copy(name, buf, size);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "BTRFS warning (device dm-0): ...", "NVRM: ...": who says it stands first, unless it is how bad
 * it is. */
static void sayer_before(struct span line, char *buf, size_t size)
{
    static const char *const levels[] = {"error", "Error", "ERROR",   "warning", "Warning", "WARN",
                                         "fatal", "Fatal", "WARNING", "FATAL",   "info",    "INFO"};
    const char *colon = memchr(line.at, ':', span_len(line));
    struct span word;
    bool level = !colon || !span_take_word(&line, &word) || word.at > colon;

    if (!level && word.end > colon)
        word.end = colon;
    for (unsigned i = 0; !level && i < ARRAY_SIZE(levels); i++)
        level = span_is(word, levels[i]);
    if (level || span_empty(word) || span_len(word) > 24 || !is_letter(*word.at) ||
        memchr(word.at, '=', span_len(word)))
        word = span_of("a program", 9);
    span_copy(word, buf, size);
}

static u64 bytes_after(struct span line, const char *literal)
{
    const char *at = span_find(line, literal);
    struct span rest;
    u64 bytes;

    if (!at)
        return UNKNOWN;
    rest = (struct span){at + strlen(literal), line.end};
    /* "failed to map 715849728 bytes", "failed to allocate 32744 bytes". */
    while (!span_empty(rest) && !is_digit(*rest.at))
        rest.at++;
    /* "1xxxxxxxxx": somebody hid the figure. */
    if (!amount_take(&rest, 1, &bytes))
        return UNKNOWN;
    if (span_begins(rest, " kbytes")) /* as ulimit -l counts */
        return bytes < UNKNOWN / KIB ? bytes * KIB : UNKNOWN;
    return (span_empty(rest) || !is_letter(*rest.at)) ? bytes : UNKNOWN;
}

/* "pid: 4121, comm: java, bytes: ...", "Killing postgres:4121 due to", "Sending SIGBUS to java:4121
 * due to": the kernel names who. */
static bool program_named(struct span line, char *buf, size_t size)
{
    static const char *const marks[][2] = {
        {"comm: ", ","}, {"Killing ", ":"}, {"Sending SIGBUS to ", ":"}};

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        const char *at = span_find(line, marks[i][0]), *end;
        struct span rest = {at ? at + strlen(marks[i][0]) : line.end, line.end};

        if (!at || !(end = span_find(rest, marks[i][1])) || end == rest.at || end - rest.at > 24)
            continue;
        span_copy((struct span){rest.at, end}, buf, size);
        return true;
    }
    return false;
}

/* "numactl --membind=1 ./app", "numactl -m 0,1": the nodes that the command binds memory to; 0: it
 * does not. */
static u64 bound_by(struct span command)
{
    static const char *const options[] = {"--membind=", "--membind ", " -m "};
    u64 bound = 0;

    if (!span_find(command, "numactl"))
        return 0;
    for (unsigned i = 0; i < ARRAY_SIZE(options) && !bound; i++) {
        const char *at = span_find(command, options[i]);
        struct span list = {at ? at + strlen(options[i]) : command.end, command.end};
        u64 first, last;

        while (span_take_u64(&list, &first) && first < 64) {
            last = first;
            if (span_take(&list, "-") && !span_take_u64(&list, &last))
                break;
            for (u64 node = first; node <= last && node < 64; node++)
                bound |= BIT_ULL(node);
            if (!span_take(&list, ","))
                break;
        }
    }
    return bound;
}

static void push(struct paste *p, const struct sentence *s, const char *limit, struct span line,
                 const struct klog_stamp *stamp)
{
    struct refusal fresh = {.kind = s->kind, .limit = limit, REFUSAL_UNTOLD, .place = stamp->place};

    fresh.bound = bound_by(span_of_buf(&p->state->command));
    if (s->kind == REFUSED_HUGE) {
        u64 nodes = refusal_nodes(line);

        fresh.bound = nodes ? nodes : fresh.bound;
        fresh.page = refusal_page(line);
        fresh.bytes = refusal_backend_size(line);
    }

    if (s->program)
        snprintf(fresh.program, sizeof(fresh.program), "%s", s->program);
    else if (s->kind == REFUSED_SAID || s->kind == REFUSED_RING)
        sayer_before(line, fresh.program, sizeof(fresh.program));
    else if (!program_named(line, fresh.program, sizeof(fresh.program)))
        program_before(line, fresh.program, sizeof(fresh.program));
    /* Whom the message does not name, the logger does. */
    if (!s->program && strcmp(fresh.program, "a program") == 0 && stamp->program &&
        strcmp(stamp->program, "kernel") != 0)
        snprintf(fresh.program, sizeof(fresh.program), "%s", stamp->program);
    if (s->bytes_after)
        fresh.bytes = bytes_after(line, s->bytes_after);
    if (s->kind == REFUSED_SAID && ++p->state->refusals_said > SAID_MAX)
        return;
    if (span_len(line) > WORDS_MAX)
        line.end = line.at + WORDS_MAX;
    span_copy(span_trim(line), fresh.words, sizeof(fresh.words));
    vec_push(&p->s.refusals, fresh);
}

/* What the error says comes before who says it: EAGAIN of a fork or a thread is a limit of tasks,
 * never memory. */
static struct sentence by_error(const struct sentence *s, struct span line)
{
    struct sentence fresh = *s;

    if (s->kind == REFUSED_FORK && (span_find(line, "esource temporarily unavailable") ||
                                    span_find(line, "EAGAIN") || span_find(line, "errno=11")))
        fresh.kind = REFUSED_TASKS;
    return fresh;
}

/* The kernel's own lines of a kill, which have a parser. */
static bool is_of_kill(struct span line)
{
    return span_find(line, "ut of memory: Kill") || span_find(line, "emory cgroup out of memory") ||
           span_find(line, "out of memory and no killable") || span_find(line, "oom-kill") ||
           span_find(line, "Kernel panic");
}

/* In a sentence that no logger wrote they say so where a message has them: behind a mark, not in
 * the middle of what somebody tells. */
static bool is_message(struct span line, const char *at)
{
    while (at > line.at && at[-1] == ' ')
        at--;
    return at > line.at && strchr(":([-", at[-1]);
}

/* The last resort: whoever writes a log says that memory ran out. */
static bool take_said(struct paste *p, struct span line, const struct klog_stamp *stamp)
{
    bool logged = known(stamp->wall_us) || known(stamp->at_us) || stamp->program;

    if (is_of_kill(line) || sigkill_is(line))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(says_so); i++) {
        const char *at = span_find(line, says_so[i]);
        struct sentence said = {says_so[i], NULL, NULL, REFUSED_SAID, NULL};

        if (!at || (!logged && !is_message(line, at)))
            continue;
        if (stamp->program && strcmp(stamp->program, "kernel") != 0)
            said.program = stamp->program;
        push(p, &said, NULL, line, stamp);
        return true;
    }
    return false;
}

/* DPDK looks for pages of every size and tells which it has none of; what follows when it has found
 * some is said only by a program that goes on. */
static bool is_eal_going_on(struct span line)
{
    static const char *const words[] = {"VFIO support initialized",  "Probe PCI driver",
                                        "Using IOMMU type",          "probe driver:",
                                        "Preallocated virtual area", "Ignore mapping IO port"};

    if (!span_find(line, "EAL: "))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(line, words[i]))
            return true;
    return false;
}

static void forget_sizes(struct paste *p)
{
    size_t kept = 0;

    vec_for_each (&p->s.refusals, r)
        if (!strstr(r->words, "EAL: ") || !strstr(r->words, "hugepages reported"))
            p->s.refusals.items[kept++] = *r;
    p->s.refusals.count = kept;
}

/* "MemoryError", "MemoryError: Unable to ...": the last line of a trace, and no word of a
 * sentence. */
static bool take_python(struct paste *p, struct span line, const struct klog_stamp *stamp)
{
    static const struct sentence refused = {"MemoryError", NULL, "python", REFUSED_COMMIT, NULL};

    if (!span_is(line, refused.has) && !span_begins(line, "MemoryError:"))
        return false;
    push(p, &refused, NULL, line, stamp);
    return true;
}

/* "REPORT ... Memory Size: 512 MB Max Memory Used: 512 MB": a function of AWS Lambda that used all
 * that it was given. */
static bool take_lambda(struct paste *p, struct span line, const struct klog_stamp *stamp)
{
    static const struct sentence full = {"Max Memory Used: ", NULL, "a function of Lambda",
                                         REFUSED_PLATFORM, "Memory Size: "};
    u64 size = bytes_after(line, full.bytes_after), used = bytes_after(line, full.has);

    if (!known(size) || !known(used) || used < size)
        return false;
    push(p, &full, "its memory setting", line, stamp);
    return true;
}

/* "Process running mem=612M(119.6%)": Heroku tells what a dyno uses, and what share of its quota
 * that is. The Error follows. */
static void note_dyno(struct paste *p, struct span line)
{
    const char *at = span_find(line, "Process running mem=");
    struct span rest = {at ? at + strlen("Process running mem=") : line.end, line.end};
    double percent;
    u64 bytes, quota;

    quota = amount_after(line, "sample#memory_quota=");
    bytes = amount_after(line, "sample#memory_total=");
    if (known(quota) && known(bytes) && quota <= (u64)1 << 50 && bytes <= (u64)1 << 50) {
        p->state->dyno_quota = quota;
        p->state->dyno_used = bytes;
        return;
    }
    if (!at || !amount_take(&rest, 1, &bytes) || !span_take(&rest, "(") ||
        !decimal_take(&rest, &percent) || !(percent > 1 && percent < 10000) || bytes > (u64)1 << 50)
        return;
    /* Quotas are multiples of 512 MiB. */
    quota = (u64)((double)bytes * 100 / percent / (512.0 * MIB) + 0.5);
    p->state->dyno_quota = quota ? quota * 512 * MIB : UNKNOWN;
    p->state->dyno_used = bytes;
}

/* "heroku[web.1]: Error R14": which dyno, and what it was said to use before. */
static void name_dyno(struct paste *p, struct refusal *r, const char *program)
{
    r->bytes = p->state->dyno_quota;
    if (known(r->bytes))
        r->used = p->state->dyno_used;
    if (program && strchr(program, '.'))
        snprintf(r->program, sizeof(r->program), "the dyno %.10s of Heroku", program);
}

static bool fits(const struct sentence *s, struct span line)
{
    return span_find(line, s->has) && (!s->also || span_find(line, s->also));
}

bool refusal_take(struct paste *p, struct span message, const struct klog_stamp *stamp)
{
    struct span line = span_trim(message);

    note_dyno(p, line);
    if (is_eal_going_on(line))
        forget_sizes(p);
    if (p->s.refusals.count >= REFUSALS_MAX)
        return false;
    /* "# " of hs_err files. */
    if (span_begins(line, "# "))
        line.at += 2;
    for (unsigned i = 0; i < ARRAY_SIZE(limited); i++) {
        if (!fits(&limited[i].s, line))
            continue;
        push(p, &limited[i].s, limited[i].limit, line, stamp);
        if (span_find(line, "Error R1"))
            name_dyno(p, &vec_last(&p->s.refusals), stamp->program);
        return true;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(sentences); i++) {
        struct sentence told;

        if (!fits(&sentences[i], line))
            continue;
        told = by_error(&sentences[i], line);
        /* The words or a call's name say nothing of who it was; the logger does. */
        if (told.kind == REFUSED_PRESSURE || (told.kind == REFUSED_PLACE && !told.program))
            told.program = stamp->program;
        push(p, &told, NULL, line, stamp);
        return true;
    }
    return take_python(p, line, stamp) || take_lambda(p, line, stamp) || take_said(p, line, stamp);
}
