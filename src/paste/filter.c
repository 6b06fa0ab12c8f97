/* filter.c - one look at a line that says whether anybody here could want it.
 *
 * A log of gigabytes has a few reports, and a ticket has few tables. Each line that begins one, or that means something by itself, holds one
 * of the texts below. One pass over the line looks at every second letter: whether it and the two behind it are the first three of a text or
 * its second to fourth is in one table of bits, whether the four letters there (or one before) begin a text is in another. Where both say
 * yes the whole text is compared. Case does not matter. What is let through in vain costs time only.
 */
#include "paste/state_int.h"

#include <stdio.h>

#define OF(id) ((u64)1 << FORMAT_##id)

/* What the kernel and those who kill in its place say. */
static const char *const of_kernel[] = {"oom-kill",
                                        "oom_kill",
                                        "oom_reaper",
                                        "invoked oom",
                                        "oom killer",
                                        "system oom",
                                        "taskoom",
                                        "cgroup oom",
                                        "memory limit",
                                        "by yarn for",
                                        "pbs: job killed",
                                        "allocation deadlock",
                                        "vmalloc: alloc",
                                        "oomkill",
                                        "oomd",
                                        "oom event",
                                        "container oom ",
                                        "oom controller",
                                        "killed process",
                                        "corrective action",
                                        "cgroups for killing",
                                        "killing process",
                                        "order allocation failed",
                                        "mapped:",
                                        "slabcache",
                                        "pages of ram",
                                        "free swap:",
                                        "kill process",
                                        "process to kill",
                                        "killed ",
                                        "killing ",
                                        "kill '",
                                        "sigkill",
                                        "sigterm",
                                        "evict",
                                        "low on resource",
                                        "lmkd",
                                        "lowmemorykiller",
                                        "out of memory",
                                        "outofmemory",
                                        "low memory",
                                        "mem avail:",
                                        "at or below sig",
                                        "oom killed",
                                        "attempting to reclaim",
                                        "reclaim not satisfied",
                                        "page allocation",
                                        "mem-info",
                                        "cma_alloc",
                                        "active_anon",
                                        "lowmem_reserve",
                                        "kb min:",
                                        "*8kb",
                                        "*128kb",
                                        "pagecache pages",
                                        "free swap",
                                        "total swap",
                                        "pages ram",
                                        "pages reserved",
                                        "memory: usage",
                                        "swap: usage",
                                        "kmem: usage",
                                        "cgroup stats",
                                        "total_vm",
                                        "tasks in ",
                                        "task in ",
                                        "blocked for more than",
                                        "soft lockup",
                                        "hard lockup",
                                        "hotplug",
                                        "hot-add",
                                        "hot add",
                                        "add_memory",
                                        "balloon",
                                        "did not exit",
                                        "kill failed",
                                        "evictionthresholdmet",
                                        "insufficientmemory",
                                        "linux version",
                                        "-- boot",
                                        "-- reboot",
                                        "slab info",
                                        "rss:",
                                        "tasks state",
                                        "suppressed",
                                        "manual oom",
                                        "slub: unable",
                                        ", object size:",
                                        "reached heap",
                                        "call trace",
                                        "memory pressure",
                                        "kswapd",
                                        "panic",
                                        "message=",
                                        "__realtime",
                                        " [s="};

/* The first line of each format has one of its texts. */
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
static const struct {
    u64 format;
    const char *const *texts;
} of_formats[] = {
    {OF(MEMORY_STAT), TEXTS("anon ", "cache ", "rss ", "file ", "total_cache", "total_rss",
                            "_anon ", "_file ", "kernel_stack", "hierarchical", "file_mapped",
                            "slab ", "shmem ", "percpu ", "sock ", "slab_")},
    {OF(VMSTAT_FILE),
     TEXTS("nr_a", "nr_b", "nr_c", "nr_d", "nr_f", "nr_g", "nr_h", "nr_i", "nr_k", "nr_l", "nr_m",
           "nr_o", "nr_p", "nr_s", "nr_t", "nr_u", "nr_v", "nr_w", "nr_z", "pgscan", "pgsteal",
           "allocstall", "workingset_", "pswpin", "pswpout", "pgpgin", "pgpgout", "pgfault",
           "pgmajfault", "oom_kill", "thp_", "compact_", "kswapd_", "numa_", "pgalloc_",
           "pgrotated", "slabs_scanned", "zone_reclaim", "unevictable_pgs", "balloon_", "pgpromote",
           "pgdemote")},
    {OF(PRESSURE), TEXTS("avg10=")},
    {OF(SLABINFO), TEXTS("slabinfo", "tunables")},
    {OF(SLABTOP), TEXTS("active / total", "objs active")},
    {OF(VMSTAT_SLABS), TEXTS("cache ")},
    {OF(ZONEINFO), TEXTS(", zone")},
    {OF(BUDDYINFO), TEXTS(", zone")},
    {OF(PAGETYPEINFO), TEXTS("page block order", "free pages count", "number of blocks", ", zone")},
    {OF(CGROUPS_FILE), TEXTS("subsys_name")},
    {OF(SWAPS), TEXTS("filename", "prio")},
    {OF(ARCSTATS), TEXTS("c_max", "c   ", "c 4 ", "arc s", "arcsz", "miss%", "zfs subsystem",
                         "hits ", "size ", "name  ")},
    {OF(FREE), TEXTS("total  ", "total used", "gesamt", "/cac", "合計", "总计", "缓存", "кэш",
                     "всего", "快取", "キャッシュ", "mem:")},
    {OF(VMSTAT), TEXTS("procs -", "swpd")},
    {OF(VMSTAT_S), TEXTS("total memory")},
    {OF(TOP), TEXTS("top - ", "mib mem", "kib mem", "gib mem", "mib sp", "mem:")},
    {OF(PROCESSES), TEXTS(" res ", "rss ", " rss", "rsz ", " rsz", "pss ", " pss", "%mem", "mem%",
                          "rsize", "%vsz")},
    {OF(PS_ROWS), TEXTS(" ?  ", "pts/", "tty1", "tty2", "tty7", "ttys")},
    {OF(PID_STATUS), TEXTS("name:\t", "vmpeak:", "vmrss:", "vmsize:", "s_allowed")},
    {OF(SAR), TEXTS("kbmem", "kbavail", "kbswp", "pgpgin/s", "pgscan", "pswpin/s", "majflt/s",
                    "%swpused", "%memused", "%commit")},
    {OF(CPU_SHARES), TEXTS("%iowait", "%util")},
    {OF(ATOP), TEXTS("mem |", "swp |")},
    {OF(HTOP), TEXTS("mem[", "swp[")},
    {OF(NUMACTL), TEXTS("node 0", "node 1", "node 2", "node 3", "node 4", "node 5", "node 6",
                        "node 7", "node 8", "node 9", "available: ")},
    {OF(NUMACTL_S), TEXTS("policy: ")},
    {OF(LSCPU), TEXTS("architecture:", "numa node")},
    {OF(NUMASTAT_P), TEXTS("huge  ", "heap  ", "stack  ", "private  ")},
    {OF(NUMASTAT_M) | OF(NUMASTAT_P),
     TEXTS("node 0", "node 1", "node 2", "node 3", "node 4", "node 5", "node 6", "node 7", "node 8",
           "node 9", "per-node")},
    {OF(NUMASTAT), TEXTS("node0", "node1", "node2", "node3", "node4", "node5", "node6", "node7",
                         "node8", "node9")},
    {OF(NUMA_MAPS),
     TEXTS(" default", " local", " bind:", " bind=", " interleave", " prefer", " weighted")},
    {OF(TASKSET), TEXTS("affinity ")},
    {OF(HUGEADM), TEXTS("minimum")},
    {OF(SMEM_W), TEXTS("noncache")},
    {OF(PMAP), TEXTS("kbytes")},
    {OF(ZRAMCTL), TEXTS("algorithm")},
    {OF(DF), TEXTS("filesystem", "dateisystem", "fichiers", "ficheros", "ファイルシス", "tmpfs",
                   "shm ", "ramfs", "none ")},
    {OF(IPCS), TEXTS("shared memory seg", "shmid")},
    {OF(DOCKER_STATS), TEXTS("mem usage")},
    {OF(DOCKER_INSPECT), TEXTS("\"id\":", "\"state\":", "oomkilled")},
    {OF(KUBE_DESCRIBE),
     TEXTS("name:  ", "name:\t", "containers:", "last state:", "termination state", "state:  ",
           "reason: ", "conditions:", "allocatable:", "allocated resources", "node-selectors",
           "oomkilled", "oom killed", "laststate:", "containerid:", "containerstatuses",
           "status:           failed", "evicted", "restart count")},
    {OF(DOCKER_PS), TEXTS("container id")},
    {OF(CRICTL_PS), TEXTS("attempt")},
    {OF(BALLOON_STAT), TEXTS("mem.balloon")},
    {OF(UNIT_RUN), TEXTS("as unit: ")},
    {OF(NOMAD_TASK), TEXTS("\" is \"")},
    {OF(CRICTL_STATS), TEXTS("inodes")},
    {OF(TEGRASTATS), TEXTS("mb (lfb")},
    {OF(ULIMIT),
     TEXTS("(kbytes, -", "address space", "soft limit", "max user proc", "locked memory")},
    {OF(KUBE_OBJECT), TEXTS("kind: pod", "\"kind\": \"pod\"", "kind: list", "laststate",
                            "containerid: ", "containerid\": ", "containerstatuses",
                            "exitcode: ", "exitcode\": ", "oomkilled", "outofmemoryerror: con",
                            "containerdefinitions", "memoryreservation", "\"containers\":")},
    {OF(KUBE_PODS), TEXTS("restarts", "oomkilled", "evicted", "crashloopbackoff")},
    {OF(KUBE_TOP), TEXTS("memory(bytes)")},
    {OF(UNIT_STATUS), TEXTS("● ", "○ ", "↻ ", ".service", "loaded: loaded",
                            "active: ", "memorycurrent=", "memorymax=", "result=oom")},
    {OF(CGTOP), TEXTS("control group", "cgroup ")},
    {OF(METRICS), TEXTS("node_memory", "node_vmstat", "node_pressure", "container_mem",
                        "container_spec", "container_oom", "kube_pod")},
    {OF(SYSCTL), TEXTS("vm.a", "vm.b", "vm.c", "vm.d", "vm.e", "vm.h", "vm.l", "vm.m", "vm.n",
                       "vm.o", "vm.p", "vm.s", "vm.u", "vm.v", "vm.w", "vm.z", "kernel.shm",
                       "kernel.numa", "kernel.threads", "kernel.pid_max")},
    {OF(JVM), TEXTS("k page, physical")},
    {OF(GROUP_FILE), TEXTS("memory.", "cgroup.", "pids.", "cpu.max", "proc/", "sys/")},
    {OF(UNAME), TEXTS("linux ")},
};

#define BITS       16
#define BUCKETS    1024
#define TRIGGERS   1024
#define FOLD       0x20202020u
#define GRAM_BYTES 4
#define STRIDE     2
#define THREE      0xffffffu /* of four letters the first three; x86 is the only order of bytes here */

struct trigger {
    const char *text;
    struct filter says;
    u32 four; /* its first letters, folded */
    u8 len;
    u16 next; /* index + 1 of another of the same bucket */
};

static struct trigger triggers[TRIGGERS];
static u16 buckets[BUCKETS];
static u8 likely[1u << (BITS - 3)]; /* of three letters */
static u8 begins[1u << (BITS - 3)]; /* of the four letters that a text begins with */
static unsigned nr_triggers;

static inline u32 hash(u32 letters)
{
    return letters * 2654435761u >> (32 - BITS);
}

/* The letters at `at`, without case. */
static inline u32 letters_at(const char *at)
{
    u32 four;

    memcpy(&four, at, sizeof(four));
    return four | FOLD;
}

static inline bool has_bit(const u8 *bits, u32 letters)
{
    u32 h = hash(letters);

    return bits[h >> 3] >> (h & 7) & 1;
}

static void set_bit(u8 *bits, u32 letters)
{
    u32 h = hash(letters);

    bits[h >> 3] |= (u8)(1u << (h & 7));
}

static void add(const char *text, struct filter says)
{
    size_t len = strlen(text);
    struct trigger *t = &triggers[nr_triggers];
    u32 four, bucket;

    assert(nr_triggers < TRIGGERS && len >= GRAM_BYTES && len < 256);
    four = letters_at(text);
    bucket = hash(four) % BUCKETS;
    *t = (struct trigger){text, says, four, (u8)len, buckets[bucket]};
    buckets[bucket] = (u16)(++nr_triggers);
    set_bit(begins, four);
    set_bit(likely, four & THREE);
    set_bit(likely, four >> 8);
}

static void prepare(void)
{
    static char keys[NR_MEMINFO_FIELDS][40];
    const char *sign;

    for (unsigned i = 0; i < ARRAY_SIZE(of_kernel); i++)
        add(of_kernel[i], (struct filter){.log = true});
    for (unsigned i = 0; (sign = refusal_sign(i)); i++)
        add(sign, (struct filter){.log = true, .refusal = true});
    for (unsigned i = 0; (sign = heap_sign(i)); i++)
        add(sign, (struct filter){.heap = true});
    for (unsigned i = 0; (sign = foreign_sign(i)); i++)
        add(sign, (struct filter){.foreign = true});
    for (unsigned i = 0; (sign = sigkill_sign(i)); i++)
        add(sign, (struct filter){.log = true, .refusal = true});
    for (unsigned i = 0; i < ARRAY_SIZE(of_formats); i++)
        for (const char *const *text = of_formats[i].texts; *text; text++)
            add(*text, (struct filter){.formats = of_formats[i].format});
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++) {
        snprintf(keys[i], sizeof(keys[i]), "%s:", meminfo_keys[i]);
        add(keys[i], (struct filter){.formats = OF(MEMINFO) | OF(NODE_MEMINFO)});
    }
}

static bool same(const char *at, const struct trigger *t, size_t left)
{
    if (t->len > left)
        return false;
    for (unsigned i = GRAM_BYTES; i < t->len; i++)
        if ((at[i] | 0x20) != (t->text[i] | 0x20))
            return false;
    return true;
}

/* Adds what the texts that begin at `at` say. */
static void add_found(struct filter *found, const char *at, size_t left)
{
    u32 four = letters_at(at);

    if (!has_bit(begins, four))
        return;
    for (unsigned i = buckets[hash(four) % BUCKETS]; i; i = triggers[i - 1].next) {
        const struct trigger *t = &triggers[i - 1];

        if (t->four != four || !same(at, t, left))
            continue;
        found->formats |= t->says.formats;
        found->log |= t->says.log;
        found->heap |= t->says.heap;
        found->refusal |= t->says.refusal;
        found->foreign |= t->says.foreign;
    }
}

/*
 * The next place, two letters at a time, whose three letters are the first three or the second to
 * fourth of a text; `last` where there is none. `last` is at least four letters from the end.
 */
static const char *next_likely(const char *at, const char *last)
{
    while (at < last && !has_bit(likely, letters_at(at) & THREE))
        at += STRIDE;
    return at;
}

/* "[   1500]  1000  1500  2400000": a row of a report's table has no word of its own. */
static bool may_be_task_row(struct span line)
{
    const char *end = line.at + MIN(span_len(line), (size_t)120);

    for (const char *at = line.at; (at = memchr(at, ']', (size_t)(end - at))); at++) {
        const char *before = at;

        if (end - at < 8 || at[1] != ' ')
            continue;
        while (before > line.at && is_digit(before[-1]))
            before--;
        if (before == at)
            continue;
        while (before > line.at && before[-1] == ' ')
            before--;
        if (before > line.at && before[-1] == '[' &&
            klog_is_task_row((struct span){before - 1, line.end}))
            return true;
    }
    return false;
}

struct filter filter_line(struct span line)
{
    struct filter found = {0};
    const char *last;

    if (nr_triggers == 0)
        prepare();
    if (span_len(line) >= GRAM_BYTES) {
        last = line.end - GRAM_BYTES + 1; /* the first place where no text can begin */
        for (const char *at = line.at; (at = next_likely(at, last)) < last; at += STRIDE) {
            if (at > line.at)
                add_found(&found, at - 1, (size_t)(line.end - at) + 1);
            add_found(&found, at, (size_t)(line.end - at));
        }
        /* The second letter of a text that begins here would be at `last`, where nobody looked. */
        if ((last - line.at) % STRIDE == 0)
            add_found(&found, last - 1, GRAM_BYTES);
    }
    found.log = found.log || may_be_task_row(line);
    return found;
}
