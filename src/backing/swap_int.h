/* swap_int.h - between swap.c, swap_slots.c and swap_cache.c only. */
#ifndef BACKING_SWAP_INT_H
#define BACKING_SWAP_INT_H

#include "backing/swap.h"

#define SWAP_SPACE_SHIFT 14u /* SWAP_ADDRESS_SPACE_SHIFT: the kernel has one tree per 2^14 slots */

/* The area of a valid entry. The structure is const to callers that only look. */
static inline struct swap_area *swap_area_get(const struct swap *s, swp_t e)
{
    const struct swap_area *a = &s->areas[swp_area(e)];

    assert(swp_area(e) < s->nr_areas && swp_slot(e) > 0 && swp_slot(e) <= a->nr_slots);
    return (struct swap_area *)(uintptr_t)a;
}

/* Set up and free an area's slots; the free slots it has are counted by the caller. */
void swap_area_init_slots(struct swap *s, struct swap_area *a);
void swap_area_done_slots(struct swap_area *a);

/* The slot has no references and no page: free it. Returns the group that was charged. */
u16 swap_slot_release(struct swap *s, swp_t e);

/* n more may be taken (less, when n < 0). */
static inline void swap_count_free(struct swap *s, s64 n)
{
    s->nr_swap_pages += n;
    s->free_pages = s->nr_swap_pages > 0 ? (u64)s->nr_swap_pages : 0;
}
void swap_order_del(struct swap *s, u32 area);
/* All slots taken ahead go back. */
void swap_slots_cache_drain(struct swap *s);

/* Into the list of areas to try: at the end of those with the same priority. */
void swap_order_add(struct swap *s, u32 area);

/* Change what the cache has at a slot, and the estimate of tree nodes. */
void swap_cache_set(struct swap *s, struct swap_area *a, u32 slot, u64 entry);

#endif
