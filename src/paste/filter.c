/* filter.c - one look at a line that says whether anybody here could want it.
 *
 * A log of gigabytes has a few reports, and a ticket has few tables. Each line that begins one, or
 * that means something by itself, holds one of the texts below. Each text has an anchor: the four
 * letters of it that are rarest elsewhere, such as "l us" of "total used".
 *
 *   t o t a l   u s e d
 *         [l _ u]           first gram
 *           [_ u s]         second gram; every second place of a line sees one of the two
 *
 * One pass over the line looks at three letters at every second place: whether they are the first
 * or the second gram of an anchor is in one table, whether the four letters there (or one before)
 * are an anchor is in another. Where both say yes the whole text is compared. Case does not matter.
 * What is let through in vain costs time only.
 *
 * A second pass, sixteen bytes at a time, says whether the line has a mark at all: one without
 * needs no look for prompts, tags, escapes and colours.
 */
#include "paste/state_int.h"

#include "paste/bytes.h"

#include <stdio.h>

#define OF(id) FORMAT_BIT(FORMAT_##id)

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
                                        "vmalloc error",
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
                                        "on behalf of '",
                                        "is below limit",
                                        "above reserved",
                                        "liveness probe failed",
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
                                        "number of available pages",
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
    formats_t format;
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
    {OF(BEANCOUNTERS), TEXTS("maxheld", "guarpages", "physpages", "privvmpages", "lockedpages",
                             "shmpages", "swappages", "kmemsize", "dcachesize", "numproc",
                             "numfile", "numtcpsock", "numothersock", "numflock", "numpty",
                             "tcpsndbuf", "tcprcvbuf", "othersockbuf", "dgramrcvbuf")},
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
                    "%swpused", "%memused", "%commit", "kbhugfree")},
    {OF(CPU_SHARES), TEXTS("%iowait", "%util")},
    {OF(ATOP), TEXTS("mem |", "swp |", "atop - ")},
    {OF(DSTAT), TEXTS("memory-usage", "--swap-", "buff  cach", "cach  free", " used  free")},
    {OF(VMMEMCTL), TEXTS("balloon cap", "target:  ", "current:  ")},
    {OF(DOMMEMSTAT), TEXTS("actual ")},
    {OF(LXC_INFO), TEXTS("name: ")},
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
    {OF(DOCKER_INSPECT), TEXTS("\"id\": \"", "\"id\":\"", "\"state\":", "oomkilled")},
    {OF(KUBE_DESCRIBE),
     TEXTS("name:  ", "name:\t", "containers:", "last state:", "termination state", "state:  ",
           "reason: ", "conditions:", "allocatable:", "allocated resources", "node-selectors",
           "oomkilled", "oom killed", "laststate:", "containerid:", "containerstatuses",
           "status:           failed", "evicted", "restart count")},
    {OF(ECS_ROWS), TEXTS("outofmemoryerror: con")},
    {OF(DOCKER_PS), TEXTS("container id", " service ")},
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
    {OF(ORACLE_PAGES), TEXTS("expected_pages", "large pages information")},
    {OF(UNAME), TEXTS("linux ")},
    {OF(MAPS_COUNTED), TEXTS("/maps")},
};

#define BITS       16
#define BUCKETS    1024
#define TRIGGERS   1024
#define FOLD       0x20202020u
#define GRAM_BYTES 4
#define STRIDE     2

struct trigger {
    const char *text;
    struct filter says;
    u32 four;        /* letters of its anchor, folded */
    u32 first, last; /* the first four letters, and the last */
    u8 len, anchor;
    u16 next; /* index + 1 of another of the same bucket */
};

static struct trigger triggers[TRIGGERS];
static u16 buckets[BUCKETS];
static unsigned nr_triggers;

/* What three letters may be of an anchor, by their hash. */
enum gram { GRAM_FIRST = 1, GRAM_SECOND = 2 };
static u8 grams[1u << BITS];
static u8 anchors[1u << (BITS - 3)]; /* a bit for each hash of four letters */

#define MULTIPLIER 2654435761u

static inline u32 hash(u32 letters)
{
    return letters * MULTIPLIER >> (32 - BITS);
}

/* The letters at `at`, without case. */
static inline u32 letters_at(const char *at)
{
    u32 four;

    memcpy(&four, at, sizeof(four));
    return four | FOLD;
}

/* Of four letters the first three: x86 is the only order of bytes here, and eight bits higher the
 * fourth one is no part of the product. */
static inline u8 gram_of(u32 letters)
{
    return grams[letters * (MULTIPLIER << 8) >> (32 - BITS)];
}

static void add_gram(u32 letters, enum gram gram)
{
    grams[letters * (MULTIPLIER << 8) >> (32 - BITS)] |= (u8)gram;
}

static inline bool is_anchor(u32 letters)
{
    u32 h = hash(letters);

    return anchors[h >> 3] >> (h & 7) & 1;
}

/* How rare a letter is in logs and prose: its place among the common ones. */
static u32 rarity(char c)
{
    static const char common[] = " etaoinsrdlc0u1m2p.h-3f4g5";
    const char *found = strchr(common, c | 0x20);

    return found ? (u32)(found - common) + 2 : (u32)sizeof(common) + 2;
}

/* Where the four letters of a text begin that stand in the fewest other texts. */
static u8 choose_anchor(const char *text, size_t len)
{
    size_t best = 0;
    u32 rarest = 0;

    for (size_t at = 0; at + GRAM_BYTES <= len; at++) {
        u32 rare = 1;

        for (unsigned i = 0; i < GRAM_BYTES; i++)
            rare *= rarity(text[at + i]);
        if (rare > rarest) {
            rarest = rare;
            best = at;
        }
    }
    return (u8)best;
}

static void add(const char *text, struct filter says)
{
    size_t len = strlen(text);
    struct trigger *t = &triggers[nr_triggers];
    u8 anchor;
    u32 four, bucket;

    assert(nr_triggers < TRIGGERS && len >= GRAM_BYTES && len < 256);
    anchor = choose_anchor(text, len);
    four = letters_at(text + anchor);
    bucket = hash(four) % BUCKETS;
    *t = (struct trigger){
        text,    says,   four,           letters_at(text), letters_at(text + len - GRAM_BYTES),
        (u8)len, anchor, buckets[bucket]};
    buckets[bucket] = (u16)(++nr_triggers);
    anchors[hash(four) >> 3] |= (u8)(1u << (hash(four) & 7));
    add_gram(four, GRAM_FIRST);
    add_gram(four >> 8, GRAM_SECOND);
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

/* Does the text stand in the line, with its anchor at `at`? */
static bool stands_at(const struct trigger *t, const char *at, struct span line)
{
    if (at - line.at < t->anchor || line.end - at < t->len - t->anchor)
        return false;
    at -= t->anchor;
    if (letters_at(at) != t->first || letters_at(at + t->len - GRAM_BYTES) != t->last)
        return false;
    for (unsigned i = 0; i < t->len; i++)
        if ((at[i] | 0x20) != (t->text[i] | 0x20))
            return false;
    return true;
}

/* Adds what the texts whose anchor is at `at` say. */
static __attribute__((noinline)) void add_found(struct filter *found, const char *at, u32 four,
                                                struct span line)
{
    for (unsigned i = buckets[hash(four) % BUCKETS]; i; i = triggers[i - 1].next) {
        const struct trigger *t = &triggers[i - 1];

        if (t->four != four || !stands_at(t, at, line))
            continue;
        found->formats |= t->says.formats;
        found->log |= t->says.log;
        found->heap |= t->says.heap;
        found->refusal |= t->says.refusal;
        found->foreign |= t->says.foreign;
    }
}

static inline void look_at(struct filter *found, const char *at, struct span line)
{
    u32 four = letters_at(at);

    if (is_anchor(four))
        add_found(found, at, four, line);
}

static inline void look_around(struct filter *found, const char *at, struct span line)
{
    u8 gram = gram_of(letters_at(at));

    if (gram & GRAM_FIRST)
        look_at(found, at, line);
    if (gram & GRAM_SECOND && at > line.at)
        look_at(found, at - 1, line);
}

/* The first of every two places from `at` on where one of both has a gram; `last` or the place
 * before, if none has. */
static inline const char *find_gram(const char *at, const char *last)
{
    while (last - at > STRIDE && !(gram_of(letters_at(at)) | gram_of(letters_at(at + STRIDE))))
        at += 2 * STRIDE;
    return at;
}

/* What the texts in the line say. The line has four letters at least. */
static struct filter look_through(struct span line)
{
    const char *last = line.end - GRAM_BYTES + 1; /* the first place where no anchor can begin */
    struct filter found = {0};

    for (const char *at = line.at; (at = find_gram(at, last)) < last; at += 2 * STRIDE) {
        look_around(&found, at, line);
        if (last - at > STRIDE)
            look_around(&found, at + STRIDE, line);
    }
    /* The second letter of an anchor that begins here would be at `last`, where nobody looked. */
    if ((last - line.at) % STRIDE == 0)
        look_at(&found, last - 1, line);
    return found;
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

    if (nr_triggers == 0)
        prepare();
    if (span_len(line) >= GRAM_BYTES)
        found = look_through(line);
    found.log = found.log || may_be_task_row(line);
    found.marked = bytes_have_mark(line);
    return found;
}
