/* vmscan.h - find pages that can go and let them go.
 *
 * Mirrors:  mm/vmscan.c (shrink_node, isolate_lru_folios, shrink_folio_list), Linux 6.1. Which
 *           pages: policy.h.
 * Never:    decides when to run, waits. What it would have throttled on is reported in
 *           scan_control.throttle.
 */
#ifndef RECLAIM_VMSCAN_H
#define RECLAIM_VMSCAN_H

#include "reclaim/mem.h"

#define SWAP_CLUSTER_MAX 32u
#define DEF_PRIORITY     12

enum throttle { THROTTLE_NONE, THROTTLE_WRITEBACK, THROTTLE_CONGESTED, THROTTLE_REQUEST };

/* What the caller asks for. */
struct reclaim_request {
    struct group *target;     /* reclaim below this group because of its limit; NULL: all */
    struct alloc_nodes nodes; /* what helps the allocation; kswapd: of no meaning */
    u64 nr_to_reclaim;
    unsigned order;
    enum zone_type reclaim_idx; /* highest zone that helps the allocation */
    bool kswapd;
    bool may_writepage, may_unmap, may_swap;
    bool has_swappiness; /* memory.reclaim said one, in place of vm.swappiness */
    u8 swappiness;
};

/* How far it has come: what a pause keeps, so that the reclaim goes on as if it had slept there. */
struct reclaim_state {
    u64 nr_reclaimed;
    u32 group; /* pass over all groups before this one (1 + id; 0: none) */
    u8 home;   /* the node whose order of nodes is followed: pgdat.fallback */
    u8 node;   /* place in that order: all nodes before it are done */
    s8 priority;
    bool force_deactivate, skipped_deactivate, memcg_low_reclaim, memcg_low_skipped;
};

struct reclaim_counts {
    u64 scanned; /* since the caller set it to 0 */
    /* of the node that is being scanned, in this pass (struct reclaim_stat) */
    u64 dirty, unqueued_dirty, congested, writeback, immediate, file_taken, taken;
};

struct scan_control {
    struct reclaim_request req;
    struct reclaim_state state;
    struct reclaim_counts nr;

    struct pgdat *pgdat; /* the node that is being scanned */
    struct {             /* how classic judged its lists (prepare_scan_count) */
        bool may_deactivate_anon, may_deactivate_file, cache_trim_mode, file_is_tiny;
        u64 anon_cost, file_cost;
    } classic;
    bool demoting; /* what can be evicted is set apart: it goes to a slower node */
    u32 nr_demoted;
    pfn_t demoted[2 * SWAP_CLUSTER_MAX]; /* the largest batch of any policy */
    pfn_t split;                         /* a folio that came apart: its other pages are next */
    pfn_t ahead;                         /* a page of the next batch: see look_ahead() */
    bool compaction_ready; /* there is enough free memory to make a costly block from */

    enum throttle throttle; /* the strongest reason to pause */
    ns_t until;             /* THROTTLE_REQUEST: when to go on from `state` */
};

/* What this reclaim goes by: vm.swappiness, unless whoever asked for it said another. */
unsigned scan_swappiness(const struct mem *mem, const struct scan_control *sc);

/* One pass over a node's pages (of the target's subtree) at its priority. */
void shrink_node(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc);
/* kswapd, before each round of shrink_node(): see that the node has old pages. */
void age_node(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc);
/* Reclaim from the target (NULL: all) ended on this node: the next cycle sees what comes back from
 * now on. */
void end_reclaim_cycle(struct mem *mem, const struct pgdat *pgdat, struct group *target);
/* Evict exactly these pages if possible (MADV_PAGEOUT); isolated by the caller from their lists.
 * Returns how many went. */
u64 reclaim_pages(struct mem *mem, pfn_t *pfns, u32 nr);
#endif
