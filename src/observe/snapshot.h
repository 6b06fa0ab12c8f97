/* snapshot.h - what a machine's own files said at one moment.
 *
 * Reads:      any kernel from 3.10 on, cgroup v1 and v2, through a struct source.
 * Units:      bytes, microseconds and counts, whatever the file printed; a vmstat counter is as the
 *             kernel prints it.
 * Unknown:    a figure that the files did not give is UNKNOWN, never 0; parts[] says why. Add with
 *             figure_add(), compare after known().
 * Never:      aborts on a file: cut, huge, hostile or missing ones cost their own figures only.
 * Invariants: (snapshot_check) indices stay inside their vectors; cgroups[i].parent < i; strings
 *             are NUL-terminated and clean UTF-8 (base/utf8.h).
 */
#ifndef OBSERVE_SNAPSHOT_H
#define OBSERVE_SNAPSHOT_H

#include "base/vec.h"
#include "observe/beancounter.h"
#include "observe/oom_report.h"
#include "observe/source.h"
#include "stats/cgroup_events.h"
#include "stats/psi.h"

#define UNKNOWN    UINT64_MAX
#define NAME_BYTES 64 /* names of slabs, devices, zones */
#define COMM_BYTES 16
#define WHY_BYTES  120
#define GROUP_NONE UINT32_MAX
#define ORDERS_MAX 16
#define NODES_MAX  1024

static inline bool known(u64 figure)
{
    return figure != UNKNOWN;
}

/* a + b, UNKNOWN when either is. */
static inline u64 figure_add(u64 a, u64 b)
{
    return known(a) && known(b) ? a + b : UNKNOWN;
}

/* What is known counts, UNKNOWN counts nothing: for sums whose parts a kernel may lack. */
static inline u64 figure_or(u64 figure, u64 otherwise)
{
    return known(figure) ? figure : otherwise;
}

/* --- which files were there ------------------------------------------------------------------- */
/* One kind of file, or of directory. PART(id, name shown to the user) */
#define PARTS(PART)                                  \
    PART(MEMINFO, "/proc/meminfo")                   \
    PART(VMSTAT, "/proc/vmstat")                     \
    PART(STAT, "/proc/stat")                         \
    PART(LOADAVG, "/proc/loadavg")                   \
    PART(UPTIME, "/proc/uptime")                     \
    PART(ZONEINFO, "/proc/zoneinfo")                 \
    PART(BUDDYINFO, "/proc/buddyinfo")               \
    PART(PAGETYPEINFO, "/proc/pagetypeinfo")         \
    PART(EXTFRAG, "/sys/kernel/debug/extfrag")       \
    PART(SLABINFO, "/proc/slabinfo")                 \
    PART(SWAPS, "/proc/swaps")                       \
    PART(DISKSTATS, "/proc/diskstats")               \
    PART(PRESSURE_CPU, "/proc/pressure/cpu")         \
    PART(PRESSURE_IO, "/proc/pressure/io")           \
    PART(PRESSURE_MEMORY, "/proc/pressure/memory")   \
    PART(SYSCTL_VM, "/proc/sys/vm")                  \
    PART(NODES, "/sys/devices/system/node")          \
    PART(THP, "/sys/kernel/mm/transparent_hugepage") \
    PART(HUGEPAGES, "/sys/kernel/mm/hugepages")      \
    PART(ZSWAP, "/sys/module/zswap/parameters")      \
    PART(ZRAM, "/sys/block/zram*/mm_stat")           \
    PART(CGROUPS, "/sys/fs/cgroup")                  \
    PART(CGROUP_STAT, "memory.stat of the cgroups")  \
    PART(CGROUP_LIMITS, "limits of the cgroups")     \
    PART(PROCESSES, "/proc/PID")                     \
    PART(SMAPS_ROLLUP, "/proc/PID/smaps_rollup")     \
    PART(NUMA_MAPS, "/proc/PID/numa_maps")           \
    PART(KERNEL_LOG, "the kernel log")

enum part {
#define PART(id, name) PART_##id,
    PARTS(PART)
#undef PART
        NR_PARTS
};

enum part_state {
    PART_NOT_READ, /* not asked for in this snapshot: snapshot_carry() brings the last one */
    PART_OK,
    PART_CUT,         /* usable up to where it ends */
    PART_MISSING,     /* no such file: another kernel, a container, an archive without it */
    PART_DENIED,      /* there, and not for this user */
    PART_UNSUPPORTED, /* there, and switched off (PSI without psi=1) */
    PART_BAD          /* not what it should be */
};

struct part_status {
    enum part_state state;
    /* for people, without a full stop: "needs root", "not in this archive"; "" when OK */
    char why[WHY_BYTES];
    ns_t read_at; /* monotonic time of this reading: rates are per part */
};

extern const char *const part_names[NR_PARTS];

/* --- the figures ------------------------------------------------------------------------------ */
enum meminfo_field {
#define MEMINFO_FIELD(id, key, unit) MI_##id,
#include "observe/meminfo_fields.def"
#undef MEMINFO_FIELD
    NR_MEMINFO_FIELDS
};
extern const char *const meminfo_keys[NR_MEMINFO_FIELDS];

/* Lines of /proc/vmstat that came after 6.1 and so are not in counters.def. */
enum vmstat_later {
#define VMSTAT_LATER(id, name) VL_##id,
#include "observe/vmstat_later.def"
#undef VMSTAT_LATER
    NR_VMSTAT_LATER
};
extern const char *const vmstat_later_names[NR_VMSTAT_LATER];

/* Which part has the pressure file of the resource. */
extern const enum part psi_parts[NR_PSI_RESOURCES];

struct psi_line {
    u64 avg10, avg60, avg300; /* hundredths of a percent */
    u64 total_us;
};
struct psi_view {
    struct psi_line some, full; /* full of cpu: UNKNOWN before 5.13 */
};

/* For whose pages a pageblock is (pagetypeinfo). */
enum block_type {
    BLOCK_UNMOVABLE,
    BLOCK_MOVABLE,
    BLOCK_RECLAIMABLE,
    BLOCK_OTHER, /* HighAtomic, CMA, Isolate, Reserve of before 4.4 */
    NR_BLOCK_TYPES
};

/* extfrag_index of an order of which a block is free: such a request fails for neither reason. */
#define EXTFRAG_FREE (UINT64_MAX - 1)

struct zone_view {
    u32 node;
    char name[NAME_BYTES];
    /* pages */
    u64 free, min, low, high, spanned, present, managed;
    /* Free blocks by order, from buddyinfo, or pagetypeinfo where that is all there is; UNKNOWN
     * beyond nr_orders. */
    u64 blocks[ORDERS_MAX];
    u32 nr_orders;
    u64 pageblocks[NR_BLOCK_TYPES];
    /* Thousandths, by order. extfrag: near 0, a request would fail for want of free memory; near
     * 1000, because it is in pieces. unusable: how much of the free memory is in smaller blocks. */
    u64 extfrag[ORDERS_MAX], unusable[ORDERS_MAX];
};

/* extfrag_index of the order as debugfs had it, or as the kernel works it out of the free blocks;
 * UNKNOWN. */
u64 zone_extfrag(const struct zone_view *zone, unsigned order);

struct node_view {
    u32 id;
    u64 total, free, anon, file, shmem, slab, dirty, active_file, inactive_file; /* bytes */
    u64 numa_hit, numa_miss, numa_foreign, interleave_hit, local_node, other_node;
    u64 hit_before, foreign_before;  /* of the first of several numastat in one text; UNKNOWN */
    u64 huge_bytes, huge_free_bytes; /* of the pool of the usual size (hugetlb) */
    bool has_cpus;
    char cpulist[128]; /* its processors, as "0-3,8"; "" for none */
};

/* What a process has on one node; of the largest processes of a machine of several nodes
 * (numa_maps). */
struct process_node_view {
    u32 pid, node;
    u64 bytes;
    u64 interleaved, bound, preferred; /* of these bytes, under such a policy */
    u64 pool;                          /* of these bytes, huge pages of the pool (hugetlb) */
    u64 pool_page;                     /* the size of such pages, the largest of several; 0: none */
    bool policies;                     /* numa_maps said so; numastat -p does not */
    bool partial;                      /* a text of it is cut: there is more */
    bool guessed;                      /* ... the head of its table is: which node is a guess */
};

/* What a pasted numactl --show says of programs of that shell; lists of nodes. */
struct shell_policy {
    bool told;
    char policy[24];
    char nodes[64]; /* of the policy, unless it binds */
    char membind[64], nodebind[64];
};

struct slab_view {
    char name[NAME_BYTES];
    u64 active_objects, objects, object_bytes, bytes; /* bytes: pages of all its slabs */
    /* dentry, *inode_cache, radix_tree_node and the like by name */
    bool reclaimable_known, reclaimable;
};

struct swap_view {
    char name[NAME_BYTES * 4];
    u64 size, used;
    s64 priority;
    bool zram;
};

struct zram_view {
    char name[NAME_BYTES];
    u64 original, compressed, used_total, limit, used_peak; /* bytes */
    u64 same_pages; /* pages of one repeated word, such as zeroes: they take no memory */
};

struct disk_view {
    char name[NAME_BYTES];
    bool whole;   /* a device, not a partition of one */
    bool stacked; /* dm, md, loop, zram, ram: its I/O is also another's, or none */
    u64 reads, read_bytes, read_ms; /* finished */
    u64 writes, write_bytes, write_ms;
    u64 in_flight, busy_ms, weighted_ms;
};

struct cpu_view { /* all CPUs, microseconds */
    u64 user, nice, system, idle, iowait, irq, softirq, steal;
    u64 context_switches, processes, running, blocked;
    u32 nr_cpus;
};

/* What the hugetlb controller says of a group and one size of pages. */
struct group_huge_view {
    u64 page_bytes;
    u64 current, rsvd_current, max, rsvd_max; /* bytes; NO_LIMIT */
    u64 refused, refused_local;               /* hugetlb.*.events, events.local: max */
};
#define GROUP_HUGE_MAX 4

/* Names and meaning are cgroup v2's; a v1 group is translated where its files say the same
 * (memory.stat total_*). */
struct cgroup_view {
    char *path; /* "/" for the root of what is visible, "/system.slice/web.service" */
    u32 parent; /* index, GROUP_NONE for the root */
    u32 depth;
    u8 version;   /* 1 or 2 */
    bool is_root; /* the machine's own root group: no limits, and most figures UNKNOWN */
    /* bytes; max, high: UINT64_MAX - 1 (NO_LIMIT) when there is none */
    u64 current, peak, min, low, high, max;
    u64 swap_current, swap_max, swap_high, swap_peak;
    u64 zswap_current, zswap_max;
    u64 kmem_current, failcnt, memsw_max; /* v1 */
    u64 stat[NR_COUNTERS];                /* memory.stat as printed: bytes and counts */
    /* memory.stat's sums: kernels before 6.0 do not split them, later ones add khugepaged and
     * memory.reclaim */
    u64 pgscan, pgsteal;
    u64 events[NR_CGROUP_EVENTS]; /* memory.events and memory.swap.events, by enum cgroup_event */
    u64 events_local[NR_CGROUP_EVENTS]; /* memory.events.local */
    struct psi_view psi[NR_PSI_RESOURCES];
    u64 nr_descendants, nr_dying;
    u64 nr_procs;   /* of the group itself */
    bool oom_group; /* memory.oom.group */
    ns_t read_at;   /* of current and events; limits and members are parts[PART_CGROUP_LIMITS]'s */
    ns_t stat_at;   /* of stat: may be read less often */
    u32 cpu_quota_percent; /* of one CPU; 0: no quota, UINT32_MAX: unknown */
    /* The hugetlb controller (v2), of the sizes of which the machine has pages. None of it is in
     * current and stat. */
    struct group_huge_view huge[GROUP_HUGE_MAX];
    u32 nr_huge;
};
#define NO_LIMIT (UINT64_MAX - 1)

struct process_view {
    u32 pid, ppid, uid, nr_threads;
    char comm[COMM_BYTES];
    char state;
    /* bytes; before 4.5 only rss_anon + file together: in rss */
    u64 rss_anon, rss_file, rss_shmem, swap, locked, pinned, vm_size, hwm, page_tables;
    u64 hugetlb; /* bytes of pools of huge pages, which no rss has */
    u64 rss, pss, pss_anon, pss_file, pss_shmem, uss;
    u64 minor_faults, major_faults; /* counts since its start */
    u64 cpu_us, start_ticks, block_io_delay_us;
    s64 oom_score_adj;
    u64 oom_score;
    u32 group;                               /* index into cgroups, GROUP_NONE */
    char cpus_allowed[64], mems_allowed[32]; /* lists, as "0-3,8"; "" for unknown, or too long */
};

/* The kernel's threads of memory management besides kswapd that a table of processes may show at
 * work. */
enum kthread { KTHREAD_KCOMPACTD, KTHREAD_KHUGEPAGED, KTHREAD_KSMD, NR_KTHREADS };

/* What a log tells of memory that ran out. */
enum log_event_kind {
    LOG_OOM_KILL,      /* by the kernel; pid 0 where the text ends before it says whom */
    LOG_OOM_NO_VICTIM, /* "no killable processes" */
    LOG_ALLOC_FAILURE,
    LOG_HUNG_TASK,
    LOG_SOFT_LOCKUP,
    LOG_OOM_REAPED, /* a kill of which only the reaper's line is there */
    LOG_KILLED_BY,  /* a daemon killed or evicted: `killer` names it */
    LOG_OOM_TOLD,   /* another program says that the kernel killed */
    /* A daemon looked for something to kill, and no line says that it killed. Of systemd-oomd,
     * which lists what it looks at, oom_memcg and usage are the largest group; `forced`: by
     * swap. */
    LOG_OOMD_LOOKED,
    LOG_SIGKILLED, /* signal 9 ended something, and nobody says why; `killer`: who tells, or "" */
    /* kubelet tells of its node; `forced`: MemoryPressure; usage, limit: requests of its pods,
     * allocatable */
    LOG_NODE_TOLD,
    LOG_HOTPLUG_FAILED, /* memory could not be added */
    LOG_CMA_FAILED,     /* no contiguous piece of `usage` bytes in the area `killer` */
    LOG_BALLOON_FAILED, /* the hypervisor's balloon could not be filled */
    LOG_MEM_INFO,       /* a part of a report that says neither who asked nor who died */
    NR_LOG_EVENT_KINDS
};

/* Why vmalloc gave nothing (klog_vmalloc.c). */
enum vmalloc_failure {
    VMALLOC_NOT,            /* it was not asked */
    VMALLOC_RANGE,          /* no range of addresses is free */
    VMALLOC_TOTAL,          /* more was asked for than the machine has */
    VMALLOC_RANGE_OR_TOTAL, /* one of these two: kernels before 5.13 do not say which */
    VMALLOC_PAGES,          /* pages ran out on the way */
};

struct oom_victim {
    u32 pid;
    char comm[COMM_BYTES];
    u64 total_vm, anon_rss, file_rss, shmem_rss, page_tables; /* bytes */
    s64 oom_score_adj;
};

struct log_event {
    enum log_event_kind kind;
    u64 at_us;               /* since boot; UNKNOWN when the log has no times */
    struct klog_stamp stamp; /* of the first line; host and program are NULL here */
    char host[64];           /* whose log it is; "" when the prefix does not say */
    struct klog_place kill;  /* the line that says whom; line 0: none does */
    /* CONSTRAINT_MEMCG (also where an older kernel says so in words), CONSTRAINT_NONE, ... or "" */
    char constraint[40];
    /* Path of the group whose limit failed; NULL for the machine. Of systemd-oomd: the largest
     * group that it looked at, of `usage`. */
    char *oom_memcg;
    char *task_memcg;         /* group of the victim, or what a daemon killed */
    char comm[COMM_BYTES];    /* victim, or who asked (allocation failure) */
    char invoker[COMM_BYTES]; /* who invoked the OOM killer */
    char killer[COMM_BYTES];  /* "systemd-oomd"; "" for the kernel */
    char *words;              /* what a daemon or another message says, as it stands; NULL */
    u32 pid;
    u32 order;
    u32 stalled_ms; /* of an allocation that goes on trying (kernels 4.10 to 5.x); 0: none does */
    u32 repeats;    /* messages of the kind that the kernel did not print */
    bool retries; /* of an allocation: whoever asks goes on asking, and says so from time to time */
    bool size_untold; /* ... and does not say for how much: order is not known */
    /* Of LOG_CMA_FAILED: the area, what no device has of it, and the largest piece of that; bytes,
     * UNKNOWN. */
    u64 cma_total, cma_free, cma_run;
    u32 error;                      /* ... and the errno; 0: not told */
    enum vmalloc_failure vmalloc;   /* of an allocation by vmalloc */
    u64 vmalloc_bytes, vmalloc_got; /* of it: asked for, and had in the end */
    bool panic;                     /* the kernel stopped */
    bool panic_on_oom;              /* ... because vm.panic_on_oom asks for that */
    bool forced;                    /* somebody asked for it: SysRq-f */
    bool group_kill;
    /* the text says that the machine had nothing left; false without a group: not told */
    bool of_machine;
    u64 total_vm, anon_rss, file_rss, shmem_rss, page_tables; /* bytes */
    s64 oom_score_adj;
    bool has_adj;
    u64 usage, limit, failcnt; /* of the group, bytes */
    u64 swap_usage, swap_limit;
    VEC(struct oom_victim) more; /* who else died of the same decision */
    struct oom_report *report;   /* NULL: nothing but the line of the kill */
};

/* An event of which nothing is known but its kind. */
void log_event_init(struct log_event *event, enum log_event_kind kind);

/* Free what it owns. */
void log_event_done(struct log_event *event);

/* A program says that it got no memory: who refused it is the kind. */
enum refusal_kind {
    REFUSED_COMMIT,    /* mmap, brk, malloc: the kernel would promise no more */
    REFUSED_FORK,      /* fork: it would not promise a second copy */
    REFUSED_FORK_RISK, /* a warning that a fork may be refused */
    REFUSED_TASKS,     /* a limit of processes or threads, not of memory */
    REFUSED_SHM,       /* /dev/shm is full */
    REFUSED_HUGE,      /* the pool of huge pages has too few */
    REFUSED_POOL,      /* the pool itself did not get its pages */
    REFUSED_BUS,       /* it died of SIGBUS: a page of what it has mapped could not be had */
    REFUSED_PLACE,     /* a memory policy or an affinity was refused, not memory */
    REFUSED_LOCK,      /* the limit of locked memory (RLIMIT_MEMLOCK) */
    REFUSED_HEAP,      /* the program's own limit, such as a heap's */
    REFUSED_SETTING,   /* a limit of the kernel that is on something else than memory: `limit` */
    REFUSED_PLATFORM,  /* whoever runs it gave it so much memory, and it used that: `limit` */
    REFUSED_BROKEN,    /* a page of memory is broken: the hardware, and no shortage */
    REFUSED_SWAP,      /* a swap device failed */
    REFUSED_PRESSURE,  /* a daemon was told of memory pressure and gave up its caches */
    REFUSED_DEVICE,    /* the memory of a GPU is full */
    REFUSED_RING,      /* a driver got no memory for its rings of descriptors */
    /* more is requested than may still be promised: nobody has been given memory yet */
    REFUSED_REQUEST,
    REFUSED_SAID, /* it says that memory ran out, and nobody here knows its words */
    NR_REFUSAL_KINDS
};

struct refusal {
    enum refusal_kind kind;
    char program[32];
    const char *limit; /* what the limit is called, in constant text; NULL */
    u64 bytes;         /* asked for, or of that limit */
    u64 used;          /* of that limit, as the platform says; UNKNOWN */
    u64 bound;         /* bits of the nodes that it, or the command before it, binds to; 0: none */
    u64 page;          /* size of the huge pages that it names, bytes; UNKNOWN */
    u64 had;           /* what it got of `bytes` in the end; UNKNOWN */
    u64 told_left;     /* how many pages of the pool it says that there were; UNKNOWN */
    char words[256];   /* as they stand */
    struct klog_place place;
};

/* Figures of a refusal whose text tells none of them, as part of an initialiser. */
#define REFUSAL_UNTOLD \
    .bytes = UNKNOWN, .used = UNKNOWN, .page = UNKNOWN, .had = UNKNOWN, .told_left = UNKNOWN

/* A figure of /proc/meminfo that cannot be beside another one of it: then none of them is
 * believed. */
struct meminfo_contradiction {
    bool found;
    bool of_pool; /* it is the pool of huge pages: their number times their size */
    enum meminfo_field field, than;
    u64 value, bound; /* bytes, or pages of both */
    u32 line;         /* of a pasted text, where field stands; 0: not known */
};

/* What somebody wrote to an nr_hugepages, as a pasted command or a file of settings has it. */
struct pool_write {
    u64 asked, page; /* pages, UNKNOWN: none; their size in bytes, UNKNOWN: the usual one */
    u32 node;        /* of which it is; UINT32_MAX: of the machine */
    u64 got;         /* what the same file says elsewhere in the text; UNKNOWN */
};

/* How large a program was told that its heap may grow. */
struct heap_view {
    char program[COMM_BYTES]; /* "java", "node" */
    char option[24];          /* that says so */
    u32 pid;                  /* 0: the text does not say whose */
    u64 bytes;                /* UNKNOWN: it is a share */
    double percent;           /* of the limit or the machine */
    struct klog_place place;
};

/* What a container was promised, and what it may use at most; bytes, UNKNOWN. */
struct sizing_view {
    char scope[192];
    u64 request, limit;
    struct klog_place place;
};

/* Where a file of Linux was read from: "/proc/pressure/memory"; of /proc/meminfo the figure:
 * "MemAvailable". */
struct read_from {
    char name[120];
    u32 file;
};

/* A limit of processes and threads, which a text shows. */
struct task_limit_view {
    const char *name; /* constant: "kernel.pid_max" */
    char of[96];      /* the unit or group; "" */
    u64 used, limit;  /* tasks; used: UNKNOWN */
};

/* A container as its runtime or Kubernetes shows it, beside any figure of what it uses. */
struct container_view {
    char scope[200];
    char state[32];               /* "running", "exited", "CrashLoopBackOff"; "" */
    char reason[32];              /* of its last end, in the word of Kubernetes: "Error"; "" */
    u64 exit_code;                /* of its last end; UNKNOWN */
    u64 restarts, limit, request; /* limit, request: bytes; UNKNOWN */
    bool killed_told, killed; /* it is said whether the kernel killed it at its limit (OOMKilled) */
    bool probed;              /* it has a liveness probe */
    u64 blocks_read;          /* bytes from disks since it started; UNKNOWN */
    struct klog_place place;
};

/* How often the containers of a pod were started again, as a table of pods has it. */
struct restarts_view {
    char scope[200]; /* as that of its event */
    u64 count;
};

/* A file system in memory, or the shared memory segments of System V together. */
struct tmpfs_view {
    char mount[NAME_BYTES * 2];
    u64 size, used; /* bytes */
};

/* Huge pages of one size, reserved or not (hugetlbfs). Counts of pages. */
struct huge_view {
    u64 page_bytes;
    u64 total, free, reserved, surplus, overcommit_max;
};

struct snapshot {
    enum source_kind kind;
    char release[NAME_BYTES]; /* uname -r, "" when unknown */
    char hostname[NAME_BYTES];
    u64 log_dropped; /* events older than those in log[], which a long log had */
    u64 wall_us;     /* since 1970; UNKNOWN for an archive without a date */
    ns_t taken_at;   /* monotonic; of /proc/uptime in an archive */
    u64 uptime_us;
    u64 page_bytes;
    struct part_status parts[NR_PARTS];

    u64 meminfo[NR_MEMINFO_FIELDS];
    /* names of older kernels are brought to 6.1's: allocstall, pgscan_kswapd_normal,
     * workingset_refault ... */
    u64 vmstat[NR_COUNTERS];
    u64 vmstat_later[NR_VMSTAT_LATER];
    u64 allocstall; /* sum over zones */
    /* this kernel prints no MemAvailable: meminfo has the kernel's formula, computed here */
    bool available_estimated;
    /* a paste ends before Shmem: meminfo has the cache that is on no list of files */
    bool shmem_estimated;
    /* /proc/meminfo and the like are a container's own, made up by lxcfs from its group */
    bool lxcfs;
    struct psi_view psi[NR_PSI_RESOURCES];
    struct cpu_view cpu;
    u64 load1, load5, load15; /* hundredths */
    u64 *sysctl;              /* by index into tunable_info[]; UNKNOWN when absent */
    char thp_enabled[16], thp_defrag[24];
    bool lru_gen; /* reclaim goes by multi-generational LRU, as lru_gen/enabled says */
    u64 zswap_enabled, zswap_max_pool_percent; /* 0, 1, percent */
    bool cgroup_v2, cgroup_v1;
    /* as the kernel counted them when they were looked up, dying ones too; UNKNOWN: look again */
    u64 cgroup_count;
    /* where highwater itself runs, a path of cgroups[] where it is seen here */
    char own_cgroup[256];
    /* what /proc/PID/cgroup calls "/" of cgroups[], in a container without a namespace of its
     * own */
    char cgroup_root[256];

    VEC(struct huge_view) huge;
    VEC(struct zone_view) zones;
    VEC(struct node_view) nodes;
    /* there are no files of nodes: nodes[] are what /proc/zoneinfo says of them */
    bool nodes_of_zones;
    VEC(struct slab_view) slabs;
    VEC(struct swap_view) swaps;
    VEC(struct zram_view) zrams;
    VEC(struct disk_view) disks;
    VEC(struct cgroup_view) cgroups;    /* parents before children, siblings in byte order */
    VEC(struct process_view) processes; /* by pid */
    VEC(struct process_node_view) process_nodes; /* by pid, then by node */
    struct shell_policy shell;
    VEC(struct refusal) refusals;
    VEC(struct heap_view) heaps;
    VEC(struct sizing_view) sizings;
    VEC(struct tmpfs_view) tmpfs;
    VEC(struct restarts_view) restarts;
    VEC(struct container_view) containers;
    bool liveness_failed; /* a text says that a liveness probe failed */
    VEC(struct task_limit_view) task_limits;
    VEC(struct beancounter_view) beancounters;
    /* of the first of several /proc/vmstat in one text; UNKNOWN */
    u64 numa_hit_before, numa_foreign_before;
    u64 arc_size, arc_max; /* the ARC of ZFS; bytes */
    /* the text has a table of rates but not its command, so the length of its intervals is
     * unknown */
    bool interval_untold;
    u64 maps_counted;       /* mappings of a process, by a count of its /proc/PID/maps; UNKNOWN */
    u32 maps_pid;           /* whose; 0: not told */
    bool redis_no_eviction; /* redis' maxmemory-policy is noeviction */
    /* RLIMIT_AS that a pasted ulimit or /proc/PID/limits shows; bytes; UNKNOWN: none */
    u64 address_limit;
    struct meminfo_contradiction contradiction;
    struct pool_write pool_write;
    /* PostgreSQL is told to have huge pages or not to start (huge_pages = on) */
    bool pool_required;
    u64 shm_max,
        shm_all;    /* kernel.shmmax in bytes, kernel.shmall in pages, of a pasted text; UNKNOWN */
    u64 lock_limit; /* RLIMIT_MEMLOCK of the same; bytes; NO_LIMIT; UNKNOWN */
    /* lock_limit is of a named process (/proc/PID/limits, prlimit), not of a shell */
    bool lock_limit_of_process;
    u64 cgroups_counted; /* of the memory controller, in /proc/cgroups */
    bool total_counted;  /* MemTotal is not told: what counters add up to stands in its place */
    u64 kernel_used;     /* of it the kernel's, as such a table has it; bytes */
    char meminfo_from[96], vmstat_from[96],
        groups_from[96]; /* what printed such figures; "": the files */
    u64 free_used;       /* the column "used" of a pasted free; bytes */
    u64 free_step;       /* what its rounding may add to a difference of its columns; bytes */
    /* MemAvailable where a table cut it to 0 of a large unit: the end of what it may be; bytes; 0:
     * not so */
    u64 available_below;
    u64 used; /* neither free nor cache, as a table has it; bytes */
    /* of a table with shares of memory and no sizes: whose is the largest */
    char share_name[COMM_BYTES];
    /* what stands as Cached is what free calls buff/cache, with reclaimable slab */
    bool cache_has_slab;
    double kthread_cpu[NR_KTHREADS]; /* as kswapd_cpu, of the other threads of memory management */
    double kswapd_cpu; /* percent of a CPU that a table of processes shows for it; 0: none does */
    double iowait_told, steal_told; /* percent of all CPU time that a pasted table tells; 0: none */
    char cpu_from[48];              /* what printed them */
    char disk_told[32];             /* the busiest device of such a table; "" */
    double disk_busy_told;          /* percent of the time */
    double share_percent;           /* 0: no such table */
    const char *foreign;     /* another system than Linux whose text this is, in part; NULL */
    char foreign_words[160]; /* why it ended a program, in its own words; "" */
    bool is_text;            /* ... and no file of a machine's tree is among it */
    bool pasted;             /* made of what somebody pasted: commands, logs, single files */
    bool processes_whole;    /* processes[] are all of the machine's */
    /* processes[] are those with the most resident memory, from a table sorted by it */
    bool processes_largest;
    VEC(struct log_event) log; /* as the lines stood */
    /* Of a text in several files: which of them a file of Linux, or a figure of /proc/meminfo, was
     * read from; indices into log_files. */
    VEC(struct read_from) read_from;
    VEC(char *) log_files; /* what struct klog_place refers to */
};

/* What to read: bits 1 << PART_*. Those left out stay PART_NOT_READ. */
#define SNAPSHOT_ALL (((u64)1 << NR_PARTS) - 1)

void snapshot_init(struct snapshot *s);
void snapshot_done(struct snapshot *s);

/* Some parts are details of another, which is read with them: memory.stat and limits of the groups,
 * smaps_rollup of the processes. */
u64 parts_with_needed(u64 parts);

/* Read the parts. 0 always when the source could be read at all; fails only when not one part is
 * there (not a proc root). */
int snapshot_read(struct snapshot *s, struct source *src, u64 parts, struct err *e);

/* The same, cheaper, after an earlier snapshot of the same source: which groups there are is taken
 * from `before` until the kernel counts others, and so are those of their figures that are not
 * asked for. `before` may be NULL. */
int snapshot_read_after(struct snapshot *s, const struct snapshot *before, struct source *src,
                        u64 parts, struct err *e);

/* Parts of `s` that were not read are copied from `before`, with their time; memory.stat group by
 * group, by path. */
void snapshot_carry(struct snapshot *s, const struct snapshot *before);

void snapshot_check(const struct snapshot *s);

/* Bytes in the machine's pools of huge pages, of all sizes that are told; UNKNOWN. *ret_free,
 * unless NULL: of them in no use. */
u64 snapshot_pools(const struct snapshot *s, u64 *ret_free);
/* Of what is in no use, what mappings were promised (HugePages_Rsvd); 0 where nothing tells. */
u64 snapshot_pools_promised(const struct snapshot *s);

/* Bytes of pools of huge pages that the group uses, of all sizes; UNKNOWN. */
u64 cgroup_hugetlb(const struct cgroup_view *group);

/* The group at this path, or NULL. */
const struct cgroup_view *snapshot_cgroup(const struct snapshot *s, const char *path);
/* A row of "kubectl top nodes": what a node uses of what its pods may have. */
#define CGROUP_NODE_PREFIX "/node "
bool cgroup_is_node(const struct cgroup_view *g);
const struct process_view *snapshot_process(const struct snapshot *s, u32 pid);

struct span;
/* Append what the process has on each node, by the text of its numa_maps, to process_nodes. Returns
 * the lines that were of that kind. */
unsigned snapshot_add_numa_maps(struct snapshot *s, struct span text, u32 pid);

#endif
