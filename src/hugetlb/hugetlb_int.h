/* hugetlb_int.h - between the files of hugetlb/: single pages of the pool. */
#ifndef HUGETLB_HUGETLB_INT_H
#define HUGETLB_HUGETLB_INT_H

#include "hugetlb/hugetlb.h"

/* Pages beyond those that were configured, none of which is promised yet. */
static inline u64 hugetlb_unreserved(const struct hugetlb *h)
{
    return h->free - h->resv;
}

/* A surplus page from the page allocator, in use from now on. BALANCE_FAIL: there is none, or
 * overcommit allows no more. */
enum balance_result hugetlb_new_surplus(struct hugetlb *h, struct attempt *at,
                                        struct alloc_nodes nodes, pfn_t *ret_pfn,
                                        struct wait *ret_wait);
/* The first free page on the nodes, nearest first; in use from now on. PFN_NONE: none of them has
 * any. */
pfn_t hugetlb_dequeue(struct hugetlb *h, struct alloc_nodes nodes);
/* A page that nothing uses any more: back to the pool, or to the page allocator while its node has
 * surplus pages. */
void hugetlb_put(struct hugetlb *h, pfn_t pfn);
/* A new page that was in use goes to the free ones, surplus or not. */
void hugetlb_enqueue(struct hugetlb *h, pfn_t pfn);
/* Free surplus pages go back to the page allocator: at most nr of them. */
void hugetlb_return_surplus(struct hugetlb *h, u64 nr);

/* reserve.c */
void hugetlb_files_done(struct hugetlb *h);
/* What all mappings may still take of their reservations. */
u64 hugetlb_count_reserved(const struct hugetlb *h);

#endif
