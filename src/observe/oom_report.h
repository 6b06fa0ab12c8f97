/* oom_report.h - what the kernel prints when memory runs out: one report of the OOM killer, or of
 * an allocation that failed.
 *
 * Reads:      kernels 3.10 to today, whole or cut; each part that was there has its bit in `parts`
 *             and the place of its first line.
 * Units:      bytes and counts, whatever the line printed; UNKNOWN for what no line said, never 0.
 * Owns:       everything below it; shared between snapshots by count (oom_report_get,
 *             oom_report_put), and not changed once the log has been read.
 * Invariants: (oom_report_check) no vector is longer than its OOM_*_MAX; texts are NUL-terminated.
 */
#ifndef OBSERVE_OOM_REPORT_H
#define OBSERVE_OOM_REPORT_H

#include "base/vec.h"
#include "observe/klog_stamp.h"

#define OOM_NAME_BYTES 64
#define OOM_COMM_BYTES 16
#define OOM_TASKS_MAX  4096
#define OOM_ZONES_MAX  512
#define OOM_NODES_MAX  128
#define OOM_SLABS_MAX  512
#define OOM_FRAMES_MAX 32
#define OOM_ORDERS_MAX 16

/* PART(id, what a reader calls it) */
#define OOM_PARTS(PART)                              \
    PART(INVOKED, "the line \"invoked oom-killer\"") \
    PART(KERNEL, "the kernel's version")             \
    PART(TRACE, "the call trace")                    \
    PART(MEM_INFO, "Mem-Info")                       \
    PART(NODES, "the nodes")                         \
    PART(ZONES, "the zones")                         \
    PART(FREE_LISTS, "the free lists")               \
    PART(HUGE, "the huge pages")                     \
    PART(CACHE, "the page cache")                    \
    PART(SWAP, "swap")                               \
    PART(RAM, "the size of RAM")                     \
    PART(SLABS, "the slab table")                    \
    PART(LIMIT, "the usage and limit of the group")  \
    PART(GROUP_STATS, "the statistics of the group") \
    PART(TASKS, "the task table")                    \
    PART(CHOICE, "the choice")                       \
    PART(KILL, "the line \"Killed process\"")

enum oom_part {
#define PART(id, name) OOM_PART_##id,
    OOM_PARTS(PART)
#undef PART
        NR_OOM_PARTS
};
extern const char *const oom_part_names[NR_OOM_PARTS];

/* Figures of Mem-Info, of a node or of a zone, under the kernel's names. */
#define OOM_FIGURES(X)                                    \
    X(ACTIVE_ANON, "active_anon")                         \
    X(INACTIVE_ANON, "inactive_anon")                     \
    X(ISOLATED_ANON, "isolated_anon")                     \
    X(ACTIVE_FILE, "active_file")                         \
    X(INACTIVE_FILE, "inactive_file")                     \
    X(ISOLATED_FILE, "isolated_file")                     \
    X(UNEVICTABLE, "unevictable")                         \
    X(DIRTY, "dirty")                                     \
    X(WRITEBACK, "writeback")                             \
    X(UNSTABLE, "unstable")                               \
    X(WRITEPENDING, "writepending")                       \
    X(SLAB_RECLAIMABLE, "slab_reclaimable")               \
    X(SLAB_UNRECLAIMABLE, "slab_unreclaimable")           \
    X(MAPPED, "mapped")                                   \
    X(SHMEM, "shmem")                                     \
    X(PAGETABLES, "pagetables")                           \
    X(SEC_PAGETABLES, "sec_pagetables")                   \
    X(KERNEL_STACK, "kernel_stack")                       \
    X(BOUNCE, "bounce")                                   \
    X(KERNEL_MISC_RECLAIMABLE, "kernel_misc_reclaimable") \
    X(BALLOON, "balloon")                                 \
    X(GPU_ACTIVE, "gpu_active")                           \
    X(GPU_RECLAIM, "gpu_reclaim")                         \
    X(FREE, "free")                                       \
    X(FREE_PCP, "free_pcp")                               \
    X(FREE_CMA, "free_cma")                               \
    X(MIN, "min")                                         \
    X(LOW, "low")                                         \
    X(HIGH, "high")                                       \
    X(BOOST, "boost")                                     \
    X(RESERVED_HIGHATOMIC, "reserved_highatomic")         \
    X(PRESENT, "present")                                 \
    X(MANAGED, "managed")                                 \
    X(MLOCKED, "mlocked")                                 \
    X(ANON_THP, "anon_thp")                               \
    X(SHMEM_THP, "shmem_thp")

enum oom_figure {
#define X(id, name) OOM_##id,
    OOM_FIGURES(X)
#undef X
        NR_OOM_FIGURES
};
extern const char *const oom_figure_names[NR_OOM_FIGURES];

/* memory.stat of the group as the report has it, v2's names; v1's are brought to them. Bytes. */
#define OOM_GROUP_FIGURES(X)                    \
    X(ANON, "anon")                             \
    X(FILE, "file")                             \
    X(KERNEL, "kernel")                         \
    X(KERNEL_STACK, "kernel_stack")             \
    X(PAGETABLES, "pagetables")                 \
    X(SEC_PAGETABLES, "sec_pagetables")         \
    X(PERCPU, "percpu")                         \
    X(SOCK, "sock")                             \
    X(VMALLOC, "vmalloc")                       \
    X(SHMEM, "shmem")                           \
    X(ZSWAP, "zswap")                           \
    X(FILE_MAPPED, "file_mapped")               \
    X(FILE_DIRTY, "file_dirty")                 \
    X(FILE_WRITEBACK, "file_writeback")         \
    X(INACTIVE_ANON, "inactive_anon")           \
    X(ACTIVE_ANON, "active_anon")               \
    X(INACTIVE_FILE, "inactive_file")           \
    X(ACTIVE_FILE, "active_file")               \
    X(UNEVICTABLE, "unevictable")               \
    X(SLAB_RECLAIMABLE, "slab_reclaimable")     \
    X(SLAB_UNRECLAIMABLE, "slab_unreclaimable") \
    X(SLAB, "slab")                             \
    X(HUGETLB, "hugetlb")                       \
    X(SWAP, "swap")                             \
    X(ANON_THP, "anon_thp")

enum oom_group_figure {
#define X(id, name) OOM_G_##id,
    OOM_GROUP_FIGURES(X)
#undef X
        NR_OOM_GROUP_FIGURES
};
extern const char *const oom_group_figure_names[NR_OOM_GROUP_FIGURES];

/* What a group may use, each with a limit of its own. */
enum oom_level {
    OOM_LEVEL_MEMORY,
    OOM_LEVEL_MEMSW,
    OOM_LEVEL_SWAP,
    OOM_LEVEL_KMEM,
    OOM_LEVEL_TCP,
    NR_OOM_LEVELS
};

struct oom_limit {
    u64 usage, limit, failcnt; /* bytes, count; NO_LIMIT when there is none */
};

struct oom_node {
    u32 id;
    u64 figures[NR_OOM_FIGURES];     /* bytes */
    u64 huge_bytes, huge_free_bytes; /* pools of huge pages */
    bool unreclaimable;              /* "all_unreclaimable? yes" */
};

struct oom_zone {
    u32 node;
    char name[16];
    u64 figures[NR_OOM_FIGURES]; /* bytes */
    u64 reserve[8];             /* lowmem_reserve[], bytes, by the highest zone of the allocation */
    u64 blocks[OOM_ORDERS_MAX]; /* free blocks by order; UNKNOWN without a free list */
    char types[OOM_ORDERS_MAX][8]; /* "UME": who may use the blocks */
};

struct oom_slab {
    char name[OOM_NAME_BYTES];
    u64 used, total; /* bytes */
};

struct oom_candidate {
    u32 pid;
    char comm[OOM_COMM_BYTES];
    u64 total_vm, rss, rss_anon, rss_file, rss_shmem, swap, page_tables; /* bytes */
    s64 oom_score_adj;
    bool has_adj;
};

struct oom_report {
    u32 refs;
    u64 parts;                             /* bits 1 << OOM_PART_* */
    struct klog_place place[NR_OOM_PARTS]; /* of the first line of each part */

    char gfp[160]; /* "GFP_KERNEL|__GFP_ZERO", "" where the kernel prints the number alone */
    u64 gfp_mask;
    u32 order;
    bool has_mask;
    char release[OOM_NAME_BYTES];  /* "5.14.21-150400.24.60-default" */
    char hardware[OOM_NAME_BYTES]; /* "VMware, Inc. VMware Virtual Platform" */
    char *nodemask, *cpuset, *mems_allowed;
    char *stats_of; /* the group whose statistics come first: the one whose limit failed; NULL */
    u64 page_bytes;
    /* functions of the call trace, the innermost first: "btrfs_lookup_bio_sums [btrfs]" */
    VEC(char *) frames;

    u64 figures[NR_OOM_FIGURES]; /* Mem-Info, bytes */
    VEC(struct oom_node) nodes;
    VEC(struct oom_zone) zones;
    u64 page_cache, swap_cache, swap_free, swap_total;  /* bytes */
    u64 ram, highmem, reserved, cma_reserved, poisoned; /* bytes */
    VEC(struct oom_slab) slabs;                         /* unreclaimable ones */

    struct oom_limit limits[NR_OOM_LEVELS];
    /* bytes, of the group whose limit failed and of all below it */
    u64 group[NR_OOM_GROUP_FIGURES];
    VEC(struct oom_candidate) tasks;
    u64 tasks_dropped;           /* rows beyond OOM_TASKS_MAX */
    u64 score;                   /* of the chosen one, as kernels before 5.x print it; UNKNOWN */
    char chosen[OOM_COMM_BYTES]; /* who was chosen, where a child died in its place */
    u32 chosen_pid;
    u32 unread;        /* lines within that speak of memory, and that nobody here understood */
    bool columns_anon; /* the table splits rss: kernels since 6.8 */
};

struct oom_report *oom_report_new(void);
struct oom_report *oom_report_get(struct oom_report *r); /* NULL stays NULL */
void oom_report_put(struct oom_report *r);
void oom_report_check(const struct oom_report *r);

static inline bool oom_has(const struct oom_report *r, enum oom_part part)
{
    return r && (r->parts >> part & 1);
}

#endif
