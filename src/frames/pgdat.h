/* pgdat.h - one memory node: its zones, the order in which an allocation tries zones, and the state
 * of its kswapd.
 *
 * Mirrors: include/linux/mmzone.h (struct pglist_data), Linux 6.1.
 * Owns:    nothing but its zonelists and counters; the zones are a part of frames.zones. kswapd's
 *          state is balance/'s and the flags are reclaim/'s.
 */
#ifndef FRAMES_PGDAT_H
#define FRAMES_PGDAT_H

#include "frames/zone.h"
#include "machine/topology.h"

/* The run of a node's kswapd that is under way; kept here because one call of kswapd_step() is one
 * round. */
struct kswapd {
    bool awake;
    ns_t at;   /* when it goes on, while it is awake */
    u32 order; /* and zone: what it was woken for */
    enum zone_type highest;
    /* what it still reclaims for: 0 once compaction has enough to make a larger block from */
    u32 reclaim_order;
    u32 failures;        /* runs that freed nothing, since anything was freed */
    int priority;        /* of the round that is under way, 0 none */
    u64 reclaimed;       /* pages in this run */
    bool walk_can_swap;  /* its last aging looked at anonymous memory */
    bool may_age;        /* reclaim without aging was tried in this run (memcgs_need_aging) */
    u64 boost[NR_ZONES]; /* boost of the watermarks when the run began */
};

/* The counters that Linux keeps per node (SCOPE_NODE and not SCOPE_ZONE): one run of rows of
 * counters.def. */
#define NODE_COUNTER_FIRST NR_INACTIVE_ANON
#define NODE_COUNTER_LAST  PGPROMOTE_CANDIDATE
#define NR_NODE_COUNTERS   (NODE_COUNTER_LAST - NODE_COUNTER_FIRST + 1u)
struct node_counters {
    s64 v[NR_NODE_COUNTERS]; /* [id - NODE_COUNTER_FIRST] */
};

/* kcompactd of a node: one call of kcompactd_step() is one run over its zones. */
struct kcompactd {
    bool awake;
    ns_t at;   /* when it goes on, while it is awake */
    u32 order; /* and zone: what it was woken for */
    enum zone_type highest;
    ns_t look_at; /* when it next looks whether the node is fragmented */
};

/* Pages of slower nodes that move up to this one; the fields are access/'s. Times in ms, counts are
 * pgpromote_candidate. */
struct promotion {
    u64 threshold_ms; /* 0: the standard one */
    u32 adjusted_ms, second_ms;
    u64 candidates_then, candidates_second;
};

struct pgdat {
    unsigned nid;
    struct zone *zones; /* NR_ZONES */
    /* [highest zone]: zones to try, best first, those of other nodes after its own; NULL ends
     * it. */
    struct zone **zonelist[NR_ZONES];
    u8 fallback[MAX_NUMNODES]; /* all nodes, this one first, then by distance: nr_nodes of them */
    u64 totalreserve_pages;    /* high watermarks and reserves: no use for the page cache */
    struct kswapd kswapd;
    struct kcompactd kcompactd;
    struct promotion promotion;
    bool writeback, dirty; /* PGDAT_WRITEBACK, PGDAT_DIRTY */
    /* Not kept on a machine of one node, where they are the machine's: node_counter(). */
    struct node_counters counters;
};

/* pgdat_balanced(): some zone up to `highest` is above its high watermark for the order. */
bool pgdat_balanced(const struct pgdat *pgdat, unsigned order, enum zone_type highest);

#endif
