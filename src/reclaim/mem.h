/* mem.h - the machine as reclaim, balance and access work on it: the context that is passed through
 * them.
 *
 * Mirrors: what Linux keeps in global variables, and struct pglist_data, include/linux/mmzone.h.
 * CPU time is not measured but added up: every operation adds its cost to cpu_ns, and the scheduler
 * moves that to the task on the CPU. Waiting is a time: all completions of I/O are known when it is
 * submitted.
 */
#ifndef RECLAIM_MEM_H
#define RECLAIM_MEM_H

#include "backing/inode.h"
#include "backing/swap.h"
#include "base/bitmap.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "frames/folio.h"
#include "group/group.h"
#include "machine/clock.h"
#include "machine/cost.h"
#include "machine/device.h"
#include "reclaim/kmem.h"
#include "reclaim/wait.h"
#include "space/mempolicy.h"
#include "space/space.h"
#include "stats/kernel.h"
#include "stats/tunables.h"

#define LRU_BATCH_MAX 31u

struct lru_batch {
    u32 nr, full; /* full: how many of them go to their lists together */
    pfn_t pfn[LRU_BATCH_MAX];
};

struct dirty_cpu { /* page-writeback.c keeps these two per CPU */
    u64 dirtied;   /* bdp_ratelimits: pages since a writer here last looked at the thresholds */
    u64 leaked;    /* dirty_throttle_leaks: of tasks that ended before they did */
};

struct thp {         /* transparent huge pages */
    pfn_t zero_page; /* the huge zero page; PFN_NONE: not allocated */
    u64 zero_users;  /* address spaces that use it */
    VEC(u32) scan;   /* ids of address spaces for khugepaged (access/) */
};

/* Of multi-generational LRU, while reclaim is under way (reclaim/mglru.h). */
struct mem_aging {
    /* what eviction promotes is promoted as by a walk; of anonymous memory too (lru_gen_mm_walk) */
    bool walks, can_swap;
    bool oom_wanted; /* kswapd found nothing as old as min_ttl_ms: system/ has somebody killed */
};

struct hugetlb;

struct mem {
    const struct kernel *kernel;
    struct clock *clock;
    struct counters *counters;
    const struct cost_model *cost;
    const struct tunables *tunables;
    struct frames *frames;
    struct space *space;
    struct backing *backing;
    struct swap *swap;
    struct groups *groups;
    unsigned nr_cpus;
    unsigned cpu;   /* the CPU running now */
    u32 *over_high; /* of the task running now: pages it charged above memory.high; may be NULL */
    /* The memory policy of the task running now; NULL: none but the default, or a machine of one
     * node. */
    struct task_mempolicy *policy;
    u64 mems_allowed; /* nodes that its cpuset leaves; NODES_ALL: no cpuset does */
    u64 cpu_ns;       /* cost of what was done since the scheduler last took it */
    ns_t step_start;  /* the clock when it did */
    /* of all cost so far, what tasks spent compacting memory for themselves; a part of
     * memstall_ns */
    u64 compact_ns;
    /* of all cost so far, what tasks spent on the CPU as a memory stall: reclaim, swap-in of
     * thrashing pages */
    u64 memstall_ns;

    struct lru_batch *lru_add;    /* per CPU */
    struct dirty_cpu *dirty_cpus; /* per CPU */
    /* pages a CPU dirties between two looks at the thresholds (writeback_set_ratelimit) */
    u64 ratelimit_pages;
    struct io_table *io; /* requests in flight (reclaim/io.c) */
    struct thp thp;
    struct u64map pins;      /* of the pages of each folio, by its head (pin.h) */
    struct hugetlb *hugetlb; /* pools of huge pages: hugetlb/ */
    u64 hugetlb_pages;       /* that they have: none of it can be promised to anybody else */
    struct kmem kmem;        /* kernel objects: slab/ */
    /* Per frame, of a folio's first: who used the page when NUMA balancing last saw that
     * (access/numa.h). NULL: one node. */
    u32 *numa_last;
    /* bit per frame: numa_last has a value. A bitmap stays in the host's caches, where numa_last
     * does not. */
    u64 *numa_known;
    /* bit per node: what is reclaimed there goes to a slower node first (balance/demote.h) */
    u64 demotes;
    /* Move isolated pages of that node there; those that stay are left at the front of pfns, *nr of
     * them. Returns the pages moved. */
    u64 (*demote)(struct mem *mem, unsigned nid, pfn_t *pfns, u32 *nr);
    u32 kswapds_awake;   /* of the nodes */
    ns_t kswapds_at;     /* when the first of the kswapds that are awake goes on; NS_NEVER */
    ns_t kcompactds_at;  /* none of the nodes' kcompactds has anything to do before */
    bool flusher_wanted; /* wakeup_flusher_threads() */
    u64 swapin_hits;     /* swapin_readahead_hits */
    struct mem_aging aging;
    /* A fault is under way, in a mapping whose use says something of its future: pages that it
     * brings are young. Multi-generational LRU alone asks. */
    bool in_lru_fault;
    u32 mglru_without; /* bits of enum mglru_part; tests set it */
};

/* Allocate what the room itself owns (batches, the table of I/O); the pointers to other rooms are
 * set by the caller. */
void mem_init(struct mem *mem);
void mem_done(struct mem *mem);

/* The node of the CPU running now. */
static inline unsigned mem_nid(const struct mem *mem)
{
    return mem->frames->cpu_nid[mem->cpu];
}

/* Where an allocation without a policy looks: near that CPU first. */
static inline struct alloc_nodes mem_nodes(const struct mem *mem)
{
    return nodes_near(mem_nid(mem));
}

static inline struct pgdat *mem_node(const struct mem *mem, unsigned nid)
{
    return &mem->frames->nodes[nid];
}

/* The frame is another page from now on. */
static inline void mem_numa_forget(struct mem *mem, pfn_t pfn)
{
    if (unlikely(mem->numa_known != NULL) && bitmap_test(mem->numa_known, pfn))
        bitmap_clear(mem->numa_known, pfn);
}

/* Who used the page last; 0: not known. */
static inline u32 mem_numa_last(const struct mem *mem, pfn_t pfn)
{
    return bitmap_test(mem->numa_known, pfn) ? mem->numa_last[pfn] : 0;
}

static inline void mem_numa_note(struct mem *mem, pfn_t pfn, u32 last)
{
    bitmap_set(mem->numa_known, pfn);
    mem->numa_last[pfn] = last;
}

/* The page is in another frame. */
static inline void mem_numa_move(struct mem *mem, pfn_t from, pfn_t to)
{
    if (likely(!mem->numa_last))
        return;
    mem_numa_forget(mem, to);
    if (mem_numa_last(mem, from))
        mem_numa_note(mem, to, mem_numa_last(mem, from));
    mem_numa_forget(mem, from);
}

/* What the distance of a node from the CPU running now costs, beside `ns` at distance 20.   pre:
 * several nodes */
static inline u32 mem_distance_ns(const struct mem *mem, unsigned nid, u32 ns)
{
    u32 distance = mem->frames->topology.distance[mem_nid(mem)][nid];

    return ns * (distance - LOCAL_DISTANCE) / (REMOTE_DISTANCE - LOCAL_DISTANCE);
}

static inline void mem_cost(struct mem *mem, u32 ns)
{
    mem->cpu_ns += ns;
}

/* The moment within what is being done. */
static inline ns_t mem_now(const struct mem *mem)
{
    return MAX(mem->clock->now, mem->step_start + mem->cpu_ns);
}

#endif
