/* filter.c - one look at a line that says whether anybody here could want it.
 *
 * A log of gigabytes has a few reports, and a ticket has few tables. Each line that begins one, or that means something by itself, holds one
 * of the texts below. The first four letters of each are in a table of bits, which one pass over the line asks at every letter; where it
 * says yes the whole text is compared. Case does not matter. What is let through in vain costs time only.
 */
#include "paste/state_int.h"

#include <stdio.h>

static const char *const of_logs[] = {
    "oom-kill",
    "oom_kill",
    "oom_reaper",
    "invoked oom",
    "oom killer",
    "system oom",
    "taskoom",
    "oomkill",
    "oomd",
    "oom event",
    "oom controller",
    "killed process",
    "killing process",
    "order allocation failed",
    "mapped:",
    "slabcache",
    "pages of ram",
    "free swap:",
    "kill process",
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
    "attempting to reclaim",
    "reclaim not satisfied",
    "page allocation",
    "mem-info",
    "active_anon",
    "lowmem_reserve",
    " free:",
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
    /* what programs say */
    "insufficient memory",
    "native memory allocation",
    "commit_memory",
    "could not reserve enough",
    "javascript heap",
    "save in background",
    "overcommit",
    "could not fork",
    "could not map anonymous",
    "could not resize shared",
    "innodb: ",
    "cannot allocate",
    "can't allocate",
    "annot fork",
    "fork: ",
    "ork() failed",
    "while forking",
    "virtual memory exhausted",
    "cannot set up guest",
    "ora-27102",
    "ora-04031",
    "bad_alloc",
    "unable to allocate",
    "memoryerror",
    "allowed memory size",
    "genügend",
    "mémoire",
    "memoria",
    "memória",
    "メモリ",
    "内存",
    "message=",
    "__realtime",
    "\"message\"",
    "\"log\"",
    " [s=",
};

static const char *const of_blocks[] = {
    /* tables */
    "total",
    "gesamt",
    "/cac",
    "mem:",
    "合計",
    "总计",
    "缓存",
    "кэш",
    "всего",
    "buff",
    "speicher",
    "procs",
    "swpd",
    "top - ",
    "mib mem",
    "kib mem",
    "gib mem",
    "mib sp",
    "pid ",
    "pid,",
    "command",
    "rss ",
    "pss ",
    " ?  ",
    "pts/",
    "tty1",
    "mem[",
    "swp[",
    "mem |",
    "swp |",
    "kbmem",
    "pgpgin",
    "pswpin",
    "kbswp",
    "majflt",
    "pgscan",
    "active / total",
    "objs active",
    "cache ",
    "slabinfo",
    "tunables",
    ", zone",
    "page block order",
    "free pages count",
    "subsys_name",
    "filename",
    "prio",
    "c_max",
    "arc s",
    "name  ",
    "arcsz",
    "miss%",
    "zfs subsystem",
    "hits ",
    "size ",
    "size:",
    "free:",
    "cpus:",
    "available: ",
    "node 0",
    "per-node",
    "algorithm",
    "filesystem",
    "dateisystem",
    "fichiers",
    "ficheros",
    "tmpfs",
    "shared memory seg",
    "shmid",
    "mem usage",
    "limit",
    "oomkilled",
    "\"id\":",
    "\"state\"",
    /* pods and units */
    "name: ",
    "containers:",
    "last state",
    "state: ",
    "conditions:",
    "allocatable",
    "allocated res",
    "node-selec",
    "laststate",
    "containerid",
    "containerstat",
    "status: ",
    "evicted",
    "restart count",
    "restarts",
    "memory(bytes)",
    "● ",
    "○ ",
    "↻ ",
    ".service - ",
    "loaded: loaded",
    "active: ",
    "memorycurrent",
    "memorymax",
    "result=oom",
    "control group",
    "cgroup ",
    "node_memory",
    "node_vmstat",
    "node_pressure",
    "container_mem",
    "container_spec",
    "container_oom",
    "kube_pod",
    /* files */
    "avg10=",
    "vmpeak",
    "vmrss",
    "vmsize",
    "name:\t",
    "vm.o",
    "vm.s",
    "vm.n",
    "vm.m",
    "vm.d",
    "vm.v",
    "vm.w",
    "vm.z",
    "vm.c",
    "vm.h",
    "vm.l",
    "vm.u",
    "vm.p",
    "kernel.",
    "physical",
    "linux ",
    "memory.",
    "cgroup.",
    "pids.",
    "cpu.max",
    "/proc/",
    "/sys/",
    "anon ",
    "file ",
    "_anon ",
    "_file ",
    "kernel_stack",
    "hierarchical",
    "file_mapped",
    "slab ",
    "shmem ",
    "percpu ",
    "sock ",
    "slab_",
    "total_cache",
    "total_rss",
    "nr_f",
    "nr_a",
    "nr_i",
    "nr_s",
    "nr_u",
    "nr_d",
    "nr_w",
    "nr_z",
    "nr_m",
    "nr_k",
    "nr_p",
    "pgsteal",
    "allocstall",
    "workingset_",
    "pgfault",
    "thp_",
    "compact_",
    "kswapd_",
    "numa_hit",
    "pgalloc",
    "pgrotated",
    "slabs_scanned",
    "zone_reclaim",
    "unevictable_",
    " kb ",
    "total:",
};

#define BITS       16
#define BUCKETS    1024
#define TRIGGERS   512
#define FOLD       0x20202020u
#define GRAM_BYTES 4

struct trigger {
    const char *text;
    u8 len, kind;
    u16 next; /* index + 1 of another of the same bucket */
};

static struct trigger triggers[TRIGGERS];
static u16 buckets[BUCKETS];
static u8 bits[1u << (BITS - 3)];
static unsigned nr_triggers;

static inline u32 hash4(u32 four)
{
    return (four | FOLD) * 2654435761u >> (32 - BITS);
}

static void add(const char *text, enum filter_kind kind)
{
    size_t len = strlen(text);
    struct trigger *t = &triggers[nr_triggers];
    u32 four, h;

    assert(nr_triggers < TRIGGERS && len >= GRAM_BYTES && len < 256);
    memcpy(&four, text, sizeof(four));
    h = hash4(four);
    *t = (struct trigger){text, (u8)len, (u8)kind, buckets[h % BUCKETS]};
    buckets[h % BUCKETS] = (u16)(++nr_triggers);
    bits[h >> 3] |= (u8)(1u << (h & 7));
}

static void prepare(void)
{
    static char keys[NR_MEMINFO_FIELDS][40];

    for (unsigned i = 0; i < ARRAY_SIZE(of_logs); i++)
        add(of_logs[i], FILTER_LOG);
    for (unsigned i = 0; i < ARRAY_SIZE(of_blocks); i++)
        add(of_blocks[i], FILTER_BLOCK);
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++) {
        snprintf(keys[i], sizeof(keys[i]), "%s:", meminfo_keys[i]);
        add(keys[i], FILTER_BLOCK);
    }
}

static bool same(const char *at, const struct trigger *t, size_t left)
{
    if (t->len > left)
        return false;
    for (unsigned i = 0; i < t->len; i++)
        if ((at[i] | 0x20) != (t->text[i] | 0x20))
            return false;
    return true;
}

unsigned filter_line(struct span line)
{
    size_t len = span_len(line);
    unsigned kinds = 0;

    if (nr_triggers == 0)
        prepare();
    for (size_t i = 0; i + GRAM_BYTES <= len; i++) {
        u32 four, h;

        memcpy(&four, line.at + i, sizeof(four));
        h = hash4(four);
        if (!(bits[h >> 3] >> (h & 7) & 1))
            continue;
        for (unsigned at = buckets[h % BUCKETS]; at; at = triggers[at - 1].next)
            if (same(line.at + i, &triggers[at - 1], len - i))
                kinds |= triggers[at - 1].kind;
        if (kinds == (FILTER_LOG | FILTER_BLOCK))
            break;
    }
    return kinds;
}
