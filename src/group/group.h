/* group.h - control groups: the tree, its limits, charges, per-group LRU lists and counters.
 *
 * Mirrors:    mm/memcontrol.c, mm/page_counter.c, include/linux/mmzone.h (struct lruvec), Linux
 *             6.1, cgroup v2.
 * Never:      waits or reclaims. group_try_charge() says which group's limit was hit;
 *             balance/charge.c decides.
 * Invariants: (group_check) usage of a group == pages charged to it and below + its stocks; every
 *             LRU list's count equals a recount.
 * Cost:       a charge is O(1) while the CPU's stock lasts (64 pages), O(depth) otherwise; group
 *             ids are 16 bit.
 */
#ifndef GROUP_GROUP_H
#define GROUP_GROUP_H

#include "base/hash.h"
#include "base/list.h"
#include "frames/frames.h"
#include "stats/cgroup_events.h"
#include "stats/counters.h"
#include "stats/psi.h"

#define GROUPS_MAX 65535u
#define GROUP_ROOT 1u /* id of the root group */
#define PAGE_COUNTER_MAX \
    ((u64)INT64_MAX / PAGE_SIZE) /* as the kernel has it: the OOM report shows it */

enum lru_list {
    LRU_INACTIVE_ANON,
    LRU_ACTIVE_ANON,
    LRU_INACTIVE_FILE,
    LRU_ACTIVE_FILE,
    LRU_UNEVICTABLE,
    NR_LRU_LISTS
};
#define LRU_ACTIVE 1u
#define LRU_FILE   2u

/* What the classic reclaim policy knows of a lruvec, besides its lists; all in this group and
 * below. */
struct classic_lruvec {
    u64 anon_cost, file_cost; /* of reclaim, decaying */
    u64 nonresident_age;      /* evictions and activations */
    u64 activates[2];         /* workingset_activate_{anon,file} */
    u64 flushed_activates[2]; /* the same when the statistics were last brought up to date */
    u64 refaults[2];          /* `activates` at the last reclaim cycle */
};

struct lru_gen; /* what multi-generational LRU knows of a lruvec (reclaim/mglru.h) */

/* The pages of one group on one node. Whatever the reclaim policy: the unevictable list, `size`,
 * `congested`. */
struct lruvec {
    struct pfn_list lists[NR_LRU_LISTS]; /* their counts are pages */
    u64 size[NR_LRU_LISTS];              /* pages on such lists, in this group and below */
    u64 flushed_size[NR_LRU_LISTS]; /* `size` when the statistics were last brought up to date */
    struct classic_lruvec classic;
    u64 gen_size
        [NR_LRU_LISTS];  /* pages of this group that are in generations, as if on such lists */
    struct lru_gen *gen; /* NULL: it was never used; freed with the group */
    bool congested;      /* LRUVEC_CONGESTED */
    /* This group's alone on this node, without the sizes of lists; not kept on a machine of one
     * node: group_node_counter(). */
    struct node_counters counters;
};

struct page_counter { /* in pages */
    u64 usage, peak;
    u64 min, low, high, max; /* PAGE_COUNTER_MAX: "max" */
    u64 emin, elow;          /* effective protection, computed by reclaim */
    /* What of min and low is in use, here and summed over the children (protection.c). */
    u64 min_usage, low_usage, children_min, children_low;
    u64 failcnt;
};

/* Controllers that a group turns on for those below it, in the order in which the kernel names
 * them. */
enum controller {
    CONTROLLER_CPUSET,
    CONTROLLER_CPU,
    CONTROLLER_IO,
    CONTROLLER_MEMORY,
    CONTROLLER_HUGETLB,
    CONTROLLER_PIDS,
    NR_CONTROLLERS
};
#define CONTROLLERS_ALL      (BIT(NR_CONTROLLERS) - 1)
/* Those whose groups may have processes beside groups (threaded ones). */
#define CONTROLLERS_THREADED (BIT(CONTROLLER_CPUSET) | BIT(CONTROLLER_CPU) | BIT(CONTROLLER_PIDS))
extern const char *const controller_name[NR_CONTROLLERS];

enum hugetlb_charge { HUGETLB_IN_USE, HUGETLB_RSVD, NR_HUGETLB_CHARGES };

/* Requests of one block device. By operation: 0 read, 1 write. */
struct group_io {
    u32 device; /* device_number() */
    u64 bytes[2], ios[2];
};

struct group {
    u16 id;
    u16 next_named; /* id of the next online group with the same key in groups.by_name; 0: none */
    char *name;     /* last component; root: "" */
    struct group *parent;
    struct list_head children, sibling;
    struct page_counter memory, swap;
    struct page_counter
        hugetlb[NR_HUGETLB_CHARGES];          /* huge pages of 2 MiB, in small pages (hugetlb.c) */
    u64 hugetlb_events, hugetlb_events_local; /* limits met: here and below, here alone */
    u64 zswap_max;                            /* pages; PAGE_COUNTER_MAX: "max" */
    struct counters counters; /* this group alone; group_counter() adds what is below */
    u64 kernel_pages; /* of `memory`: paid for kernel objects, which are counted in bytes (slab/) */
    u32 nr_tasks;
    u32 nr_io;
    /* of this group alone, and of released children; one for each device used */
    struct group_io *io;
    /* CPU time that tasks spent here before they left or ended, and that of released children */
    u64 cpu_user_ns, cpu_sys_ns;
    u32 subtree_control; /* bits of enum controller: what the groups below it have files of */
    u64 cpuset_cpus, cpuset_mems; /* its own sets of CPUs and nodes; 0: none */
    /* what cpuset.* leaves of the parent's set; all bits: no group of the path has a set */
    u64 cpus_effective, mems_effective;
    /* nodes where it or what is below has had pages on lists: on others its lruvecs are as they
     * began */
    u64 lru_nodes;
    bool oom_group;
    bool online; /* false: removed; it stays for as long as something is charged to it */
    /* removed, and nothing is charged to it: the parent has its counts, only the id remains */
    bool released;
    struct list_head dying; /* while removed, not released */
    /* of released children: part of the counters, not of the group's own */
    u64 events_gone[NR_CGROUP_EVENTS];
    struct pfn_list deferred_split; /* large folios of which a part is unmapped (reclaim/thp.h) */
    struct list_head mms; /* address spaces of its tasks, the oldest member first (struct mm_lru) */
    struct psi_group psi; /* of its tasks and those below; the root's is the machine's */
    struct lruvec lruvecs[]; /* of each node: group_lruvec() */
};

struct group_stock { /* per CPU: pages charged in advance for one group */
    struct group *group;
    u32 nr_pages;
};

struct groups {
    struct frames *frames;
    struct counters *counters; /* the machine's */
    struct group **by_id;      /* NULL: no such group */
    struct u64map by_name; /* hash of the parent's id and the name: id of the first online group */
    u32 nr_groups, cap_groups;
    struct group *root;
    struct list_head dying;
    unsigned nr_cpus;
    struct group_stock *stock;
    u32 charge_batch; /* pages that a CPU charges at once (MEMCG_CHARGE_BATCH) */
    /* Statistics that reclaim decides by are those of the last groups_flush_stats():
     * KERNEL_STATS_LATE. */
    bool stats_late;
    bool cpusets;              /* some group has had one: the controller is enabled */
    bool recursive_protection; /* cgroup2 is mounted with memory_recursiveprot, as systemd does */
};

void groups_init(struct groups *gs, struct frames *frames, struct counters *counters,
                 unsigned nr_cpus);
void groups_done(struct groups *gs);
/* A child of parent; NULL when 65,535 exist. */
struct group *group_new(struct groups *gs, struct group *parent, const char *name);
/* Controllers that it has: those that its parent turned on. */
static inline u32 group_controllers(const struct group *g)
{
    return g->parent ? g->parent->subtree_control : CONTROLLERS_ALL;
}
/* Has it files of this one's controller? Pressure and cgroup.* are of none. */
bool group_has_files_of(const struct group *g, const char *file);
/* cgroup.subtree_control: 0, -ENOENT (the group has not what is to be turned on), -EBUSY (a child
 * needs what is to be turned off, or the group has processes), -EOPNOTSUPP (it is the root of
 * threaded groups). What is turned off gives up the limits of the children. */
int group_control_children(struct group *g, u32 enable, u32 disable);
/* May a process enter? 0, or -EBUSY: it has groups that compete with its processes. */
int group_may_enter(struct group *g);
/* rmdir: no task may enter any more. What is charged stays until it is freed or reclaimed, as a
 * "zombie"; its protection ends. Kernel objects are the caller's business.   -EBUSY: it has tasks
 * or children.   pre: not the root */
int group_remove(struct groups *gs, struct group *g);
/* A group that is going away is found by its name no longer. For group_remove() alone. */
void group_forget_name(struct groups *gs, struct group *g);
/* Release removed groups that nothing is charged to. group_new() and group_remove() do so as
 * well. */
void groups_reap(struct groups *gs);
/* The nearest group from g on that was not released: where its counts went. */
struct group *group_unreleased(struct group *g);
/* Is the id still that of this group, for what only remembers it (shadows)? Ends with removal, or
 * the last page in swap. */
static inline bool group_id_valid(const struct group *g)
{
    return g->online || (!g->released && g->swap.usage);
}
/* NULL for 0 or unknown */
static inline struct group *group_get(const struct groups *gs, u16 id)
{
    return id && id <= gs->nr_groups ? gs->by_id[id] : NULL;
}
/* By path from the root ("/app/worker"), NULL when unknown. */
struct group *group_find(const struct groups *gs, const char *path);
/* "/" or "/app/worker", into buf. */
void group_path(const struct group *g, char *buf, size_t size);
/* Pre-order walk of the subtree of `top`: group_next(top, NULL) is top, NULL ends it. */
struct group *group_next(struct group *top, struct group *prev);
/* Work out the effective sets of g and those below it, after cpuset_cpus or cpuset_mems of g
 * changed. */
void group_settle_cpusets(struct groups *gs, struct group *g);
bool group_is_below(const struct group *g, const struct group *ancestor); /* or equal */
/* A request to a block device on behalf of the group. What a group that was released did is its
 * parent's. */
void group_count_io(struct group *g, u32 device, bool write, u64 bytes);
/* Those of the group and all below it.   cost: O(groups below) */
struct group_io group_io(struct group *g, u32 device);
/* CPU time and requests of a group that goes. For groups_reap() alone. */
void group_hand_over_usage(struct group *from, struct group *to);

/* --- limits (limit.c) ------------------------------------------------------------------------- */
enum group_limit {                         /* what may be set of a group, in pages */
                   LIMIT_MIN,              /* memory.min */
                   LIMIT_LOW,              /* memory.low */
                   LIMIT_HIGH,             /* memory.high */
                   LIMIT_MAX,              /* memory.max */
                   LIMIT_SWAP_HIGH,        /* memory.swap.high */
                   LIMIT_SWAP_MAX,         /* memory.swap.max */
                   LIMIT_ZSWAP_MAX,        /* memory.zswap.max */
                   LIMIT_HUGETLB_MAX,      /* hugetlb.2MB.max */
                   LIMIT_HUGETLB_RSVD_MAX, /* hugetlb.2MB.rsvd.max */
};
/* The value alone: nothing is reclaimed. For a group in use, system_group_set_limit(). */
void group_set_limit(struct group *g, enum group_limit which, u64 pages);
/* What a size means as a limit: whole pages, and PAGE_COUNTER_MAX for all sizes that cannot be
 * reached (UINT64_MAX: "max"). */
static inline u64 group_limit_pages(u64 bytes)
{
    return MIN(bytes / PAGE_SIZE, PAGE_COUNTER_MAX);
}

/* Of huge pages: whole ones. */
static inline u64 group_limit_hugetlb(u64 pages)
{
    return pages == PAGE_COUNTER_MAX ? pages : ROUND_DOWN(pages, (u64)PAGEBLOCK_PAGES);
}

/* --- charges ---------------------------------------------------------------------------------- */
/* Charge nr pages to g and all above, from the CPU's stock when it can. NULL: done. Otherwise
 * nothing was charged and the result is the group whose memory.max was hit. As try_charge_memcg():
 * tries a batch first, then nr alone. */
struct group *group_try_charge(struct groups *gs, struct group *g, u32 nr, unsigned cpu);
void group_force_charge(struct groups *gs, struct group *g, u32 nr);
void group_uncharge(struct groups *gs, struct group *g, u32 nr);
/* Return the stocks that belong to g or below. */
void group_drain_stock(struct groups *gs, struct group *g);
/* Pages that could still be charged to g alone. */
u64 group_margin(const struct group *g);
struct group *group_try_charge_swap(struct groups *gs, struct group *g,
                                    u32 nr); /* as above, memory.swap.max */
void group_uncharge_swap(struct groups *gs, struct group *g, u32 nr);
/* Swap slots that g may still use: the least over it and its ancestors, at most nr_swap_pages. */
u64 group_swap_left(const struct group *g, u64 nr_swap_pages);
/* mem_cgroup_swap_full: half of the swap (of the machine or of a group above) is used. */
bool group_swap_full(const struct group *g, u64 nr_swap_pages, u64 total_swap_pages);

/* The same of huge pages: nr small ones of a pool that g has in use, or that are reserved for it.
 * False: nothing was charged, and the event of a limit is counted. */
/* The group whose limit is in the way; NULL: it is charged. */
const struct group *group_try_charge_hugetlb(struct group *g, enum hugetlb_charge which, u64 nr);
void group_uncharge_hugetlb(struct group *g, enum hugetlb_charge which, u64 nr);

/* --- protection (protection.c) ---------------------------------------------------------------- */
/* Keep the parent's sums right: after usage, min or low of g changed. */
void group_propagate_protection(struct group *g);
/* emin and elow of g for reclaim that starts at top.   pre: those of the groups between were
 * calculated */
void group_calculate_protection(const struct groups *gs, const struct group *top, struct group *g);
/* The rule for one of the two, in pages. siblings: what all children of the parent protect and use.
 * Pure. */
u64 group_effective_protection(u64 usage, u64 parent_usage, u64 setting, u64 parent_effective,
                               u64 siblings, bool recursive);

/* --- counters --------------------------------------------------------------------------------- */
/* Add to the group and to the machine (for statistics that memory.stat and vmstat share). g may be
 * NULL. */
static inline void group_count(struct groups *gs, struct group *g, enum counter id, s64 n)
{
    count(gs->counters, id, n);
    if (g)
        g->counters.v[id] += n;
}
/* The share of a node alone: the node's, and the group's on it. g may be NULL. Nobody calls it on a
 * machine of one node. */
static inline void group_count_node(struct groups *gs, struct group *g, unsigned nid,
                                    enum counter id, s64 n)
{
    node_count(gs->frames, nid, id, n);
    if (g)
        g->lruvecs[nid].counters.v[id - NODE_COUNTER_FIRST] += n;
}
/* The same as group_count() with the share of the node that the frame is on
 * (mod_lruvec_page_state).   pre: SCOPE_NODE, not SCOPE_ZONE */
static inline void group_count_frame(struct groups *gs, struct group *g, pfn_t pfn, enum counter id,
                                     s64 n)
{
    group_count(gs, g, id, n);
    if (unlikely(gs->frames->nr_nodes > 1))
        group_count_node(gs, g, frame_nid(gs->frames, pfn), id, n);
}
/* The counter of g alone on one node.   pre: a machine of several nodes */
s64 group_own_node_counter(const struct group *g, unsigned nid, enum counter id);
/* The counter on one node over the whole subtree, as memory.numa_stat shows it. cost O(groups
 * below). */
s64 group_node_counter(const struct groups *gs, struct group *top, unsigned nid, enum counter id);
/* Of an event of memory.events: what happened in this group itself (memory.events.local). */
s64 group_local_events(const struct group *g, enum counter id);
/* An event of the group and of its ancestors (memory.events). */
void group_event(struct group *g, enum counter id, s64 n);
/* The counter over the whole subtree, as memory.stat shows it. cost O(groups below). */
s64 group_counter(struct group *g, enum counter id);

/* --- LRU lists (include/linux/mm_inline.h) ---------------------------------------------------- */
/* Which list the frame's flags put it on. */
enum lru_list frame_lru(const struct frame *f);
/* Add at head (or tail), remove: keep NR_INACTIVE_ANON ... of group, zone and machine right, and
 * PG_LRU. */
void lruvec_add(struct groups *gs, pfn_t pfn);
/* As lruvec_add() of each in order, with one look at the counters for neighbours that go to the
 * same list. */
void lruvec_add_many(struct groups *gs, const pfn_t *pfns, u32 nr);
void lruvec_add_tail(struct groups *gs, pfn_t pfn);
void lruvec_del(struct groups *gs, pfn_t pfn);
/* Frames head + 1 .. head + nr - 1, which its count includes, follow the head towards the newer
 * end.   pre: head is on its list, they are charged as it is */
void lruvec_split(struct groups *gs, pfn_t head, unsigned nr);
/* Within its list: nothing to count. */
void lruvec_move_tail(struct groups *gs, pfn_t pfn);
/* The counting alone, for n pages of one zone that went on (n > 0) or off a list of g. */
void lruvec_count(struct groups *gs, struct group *g, enum lru_list lru, struct zone *z, s64 n);
/* mem_cgroup_lruvec() */
static inline struct lruvec *group_lruvec(struct group *g, unsigned nid)
{
    return &g->lruvecs[nid];
}
/* Pages over the subtree (lruvec_page_state): kept, not summed, since reclaim asks on every
 * refault. */
static inline u64 lruvec_size(const struct lruvec *lv, enum lru_list lru)
{
    return lv->size[lru];
}
/* The same as reclaim knows it. */
static inline u64 lruvec_known_size(const struct groups *gs, const struct lruvec *lv,
                                    enum lru_list lru)
{
    return unlikely(gs->stats_late) ? lv->flushed_size[lru] : lv->size[lru];
}
static inline u64 lruvec_known_activates(const struct groups *gs, const struct lruvec *lv,
                                         unsigned file)
{
    return unlikely(gs->stats_late) ? lv->classic.flushed_activates[file]
                                    : lv->classic.activates[file];
}
/* Bring them up to date, in all groups. cost O(groups). */
void groups_flush_stats(struct groups *gs);
/* Those of a group and all below it, as who reads its memory.stat brings about. */
void groups_flush_stats_of(struct groups *gs, struct group *top);
/* Pages of this group alone (lruvec_lru_size). */
static inline u64 lruvec_own_size(const struct lruvec *lv, enum lru_list lru)
{
    return lv->lists[lru].count + lv->gen_size[lru];
}
/* Pages over the subtree, on all nodes. */
static inline u64 group_lru_size(const struct groups *gs, const struct group *g, enum lru_list lru)
{
    u64 pages = 0;

    for (unsigned nid = 0; nid < gs->frames->nr_nodes; nid++)
        pages += lruvec_size(&g->lruvecs[nid], lru);
    return pages;
}
/* Root when uncharged. */
static inline struct group *frame_group(const struct groups *gs, const struct frame *f)
{
    return f->memcg ? gs->by_id[f->memcg] : gs->root;
}

void lruvec_check(const struct groups *gs);
void group_check(const struct groups *gs);

#endif
