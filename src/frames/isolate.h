/* isolate.h - free blocks taken off the buddy lists, as places that compaction moves pages to.
 *
 * Mirrors:    mm/page_alloc.c (__isolate_free_page), mm/compaction.c (split_map_pages,
 *             move_freelist_head), Linux 6.1.
 * Owns:       frames of kind FRAME_ISOLATED. They are between lists: nothing else finds them, and
 *             whoever took them gives each back or makes a page of it before it returns.
 */
#ifndef FRAMES_ISOLATE_H
#define FRAMES_ISOLATE_H

#include "frames/frames.h"

/* The order of the free block that begins at this frame; -1: none does. Blocks on per-CPU lists are
 * not such. pre: pfn in z */
int frames_free_order(const struct frames *fr, const struct zone *z, pfn_t pfn);

/* Take the block of this order that begins at pfn. False when that would leave the zone under its
 *   min watermark. pre: frames_free_order() is `order`, which is below ORDER_MAX - 1   post:
 *   2^order frames are FRAME_ISOLATED */
bool frames_isolate_free(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order);
/* One of them becomes a page in use: no flags but its zone, not mapped, not charged. */
void frames_use_isolated(struct frames *fr, pfn_t pfn);
/* One of them is free again, by way of the CPU's list. */
void frames_release_isolated(struct frames *fr, pfn_t pfn, unsigned cpu);

/* Of the list of free movable blocks of this order: pfn and all before it go to its end; or only
 * those before it, so that pfn is the first.   pre: pfn is on the list, which has no untouched
 * blocks (order < ORDER_MAX - 1) */
void frames_rotate_free_past(struct frames *fr, struct zone *z, unsigned order, pfn_t pfn);
void frames_rotate_free_to(struct frames *fr, struct zone *z, unsigned order, pfn_t pfn);

static inline bool frames_pageblock_skip(const struct frames *fr, pfn_t pfn)
{
    return fr->pageblock_skip[pfn >> PAGEBLOCK_ORDER];
}

static inline void frames_set_pageblock_skip(struct frames *fr, pfn_t pfn, bool skip)
{
    fr->pageblock_skip[pfn >> PAGEBLOCK_ORDER] = skip;
}

/* Is the pageblock that begins here RAM of this zone, first and last frame? (pageblock_pfn_to_page)
 * The first block of a zone may begin before it. */
bool frames_pageblock_is_of(const struct frames *fr, const struct zone *z, pfn_t start);

#endif
