/* hugetlb.h - the pool of huge pages: memory that is set aside in pieces of 2 MiB for those who ask
 * for it by name.
 *
 *     nr_hugepages  +--------- free ---------+------ in use ------+
 *                   |  reserved  |           |                   |     surplus: pages beyond what was configured,
 *                   +------------+-----------+-------------------+     given back as soon as they are free
 *
 * A reserved page is still free, and promised to a mapping: whoever has no reservation gets only
 * what is neither. A pool that is made smaller than what is used or reserved keeps those pages as
 * surplus. Nothing of the pool is ever reclaimed, moved or charged to memory.max.
 *
 * Mirrors:    mm/hugetlb.c (set_max_huge_pages, alloc_surplus_huge_page, gather_surplus_pages,
 *             dequeue_huge_page_vma, free_huge_page), Linux 6.1. Differs: pages of 2 MiB alone, no
 *             default pool of another size, no bootmem pages, no vmemmap optimisation.
 * Owns:       frames with PG_HUGETLB: next and prev (lists of a node), mapping, index, private.
 * Waits:      as balance.h has it: BALANCE_WAIT, and the same call again.
 * Invariants: (hugetlb_check) every page is on one list of its node; sums over nodes are the
 *             pool's; reserved <= free; what is reserved equals what mappings (reserve.h) have
 *             outstanding.
 * Counters:   HTLB_BUDDY_ALLOC_SUCCESS, HTLB_BUDDY_ALLOC_FAIL.
 */
#ifndef HUGETLB_HUGETLB_H
#define HUGETLB_HUGETLB_H

#include "balance/balance.h"
#include "base/list.h"

struct hugetlb_node {
    struct pfn_list free, active; /* the page freed last comes first */
    u64 surplus;
};

/* Why somebody went without. */
enum hugetlb_refusal {
    HUGETLB_MAP,        /* a mapping: the pool has not so many that are not promised */
    HUGETLB_MAP_LIMIT,  /* a mapping: rsvd.max of a group */
    HUGETLB_PAGE,       /* a fault, which is SIGBUS: no page is left */
    HUGETLB_PAGE_LIMIT, /* a fault: max of a group, or rsvd.max of one that nothing was promised */
    NR_HUGETLB_REFUSALS
};

/* How often that was, and of the last one what it wanted and what was in its way. */
struct hugetlb_refused {
    u64 count;
    u64 wanted; /* huge pages */
    /* huge pages of the mapping that nobody has touched, the refused one among them; of a touch; 0:
     * not told */
    u64 rest;
    u64 had;  /* huge pages that it had mapped before; of a mapping */
    u64 pool; /* huge pages of the pool, surplus ones included */
    u64 left; /* of them, promised to nobody; of `nodes` alone: free there */
    /* huge pages beyond nr_hugepages that there were, and as many as there might be */
    u64 surplus, overcommit;
    u64 elsewhere;   /* of them, free on other nodes than `nodes` */
    u64 nodes;       /* the only ones on which it may have them; 0: all */
    u64 limit;       /* of `group`, huge pages; at a limit alone */
    bool is_cpuset;  /* `nodes` are those of a cpuset, not of a policy alone */
    bool is_rsvd;    /* that limit is rsvd.max */
    char group[128]; /* path of the group that has the limit */
};

struct hugetlb {
    struct mem *mem;
    u64 nr, free, resv, surplus;    /* huge pages: nr_huge_pages, free_huge_pages, ... */
    u64 max;                        /* what was configured and could be had: nr_hugepages */
    unsigned next_alloc, next_free; /* nodes whose turn is next */
    struct list_head files;         /* mappings: reserve.h */
    u64 asked;                      /* by the last write to nr_hugepages; max of them were had */
    u64 most_used;                  /* at one time */
    /* a page that was taken away for a parent's copy was touched: system/ tells the kernel's log */
    bool taken_touched;
    struct hugetlb_refused refused[NR_HUGETLB_REFUSALS];
    struct hugetlb_node nodes[MAX_NUMNODES];
};

/* One write to nr_hugepages and what it keeps while it waits; zero at its start. */
struct hugetlb_write {
    struct attempt attempt;
    u64 noretry; /* nodes on which the last hard try failed: there it tries no harder than once */
};

void hugetlb_init(struct hugetlb *h, struct mem *mem);
/* Frees what the room has on the host; the frames go with the machine. */
void hugetlb_done(struct hugetlb *h);

/* A write to nr_hugepages, of all nodes (MAX_NUMNODES) or of one: grows until the first page that
 * cannot be had, or shrinks. */
enum balance_result hugetlb_set_max(struct hugetlb *h, u64 count, unsigned nid,
                                    struct hugetlb_write *w, struct wait *ret_wait);

static inline u64 hugetlb_node_total(const struct hugetlb *h, unsigned nid)
{
    return h->nodes[nid].free.count + h->nodes[nid].active.count;
}

/* Every list, sum and reservation. Expensive. */
void hugetlb_check(const struct hugetlb *h);

#endif
