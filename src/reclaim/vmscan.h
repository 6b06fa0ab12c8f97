/* vmscan.h - find pages that can go and let them go.
 *
 * Mirrors:  mm/vmscan.c (shrink_node, shrink_lruvec, shrink_inactive_list, shrink_active_list, shrink_folio_list,
 *           get_scan_count, prepare_scan_count), Linux 6.1, classic LRU.
 * Never:    decides when to run, waits. What it would have throttled on is reported in scan_control.throttle.
 */
#ifndef RECLAIM_VMSCAN_H
#define RECLAIM_VMSCAN_H

#include "reclaim/mem.h"

#define SWAP_CLUSTER_MAX 32u
#define DEF_PRIORITY     12

enum throttle { THROTTLE_NONE, THROTTLE_WRITEBACK, THROTTLE_CONGESTED, THROTTLE_REQUEST };

/* Set by the caller: target .. nr_to_reclaim, may_*. Set by vmscan: the rest. */
struct scan_control {
    struct pgdat *pgdat;  /* the node that is being scanned */
    struct group *target; /* reclaim below this group because of its limit; NULL: all */
    u64 nr_to_reclaim;
    int priority;
    unsigned order;
    enum zone_type reclaim_idx; /* highest zone that helps the allocation */
    bool kswapd;
    bool may_writepage, may_unmap, may_swap;
    bool force_deactivate, memcg_low_reclaim;
    bool proactive;

    bool may_deactivate_anon, may_deactivate_file, skipped_deactivate;
    bool cache_trim_mode, file_is_tiny, memcg_low_skipped;
    u64 anon_cost, file_cost;
    u64 nr_scanned, nr_reclaimed;
    struct {
        u64 dirty, unqueued_dirty, congested, writeback, immediate, file_taken, taken;
    } nr;
    u32 resume;             /* pass over all groups before this one (1 + id; 0: none) */
    ns_t until;             /* THROTTLE_REQUEST: when to go on, at the same priority */
    pfn_t ahead;            /* a page of the next batch: see look_ahead() */
    enum throttle throttle; /* the strongest reason to pause */
};

/* One pass over a node's pages (of the target's subtree) at sc->priority. */
void shrink_node(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc);
/* Remember the refault counts, so that the next cycle sees whether a new working set establishes itself. */
void snapshot_refaults(struct mem *mem, const struct pgdat *pgdat, struct group *target);
/* kswapd: move a batch of every group's active anonymous list down when inactive is low. */
void age_active_anon(struct mem *mem, struct pgdat *pgdat, struct scan_control *sc);
/* Evict exactly these pages if possible (MADV_PAGEOUT); isolated by the caller from their lists. Returns how many went. */
u64 reclaim_pages(struct mem *mem, pfn_t *pfns, u32 nr);
#endif
