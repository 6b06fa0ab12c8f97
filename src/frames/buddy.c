/* buddy.c - free blocks of 2^order frames, split and merged.
 *
 * A block of order o starts at a multiple of 2^o. Its buddy is the block that differs in bit o of
 * the frame number; two free buddies of one order become one block of the next.
 *
 *      order 0:   0 1 2 3        freeing 1 while 0 and the pair 2-3 are free:
 *                 . F(2-3)       1 + 0 -> 0-1,  0-1 + 2-3 -> 0-3
 *
 * Order decides what memory a workload gets, so it is Linux's: blocks are taken from the head of a
 * list; the halves left over by a split go to the head; a freed block goes to the head, except to
 * the tail when the next merge looks likely (the block above's buddy is already free), so that it
 * is left alone until that happens.
 *
 * Rejected: a bitmap per order (no order of lists); touching all descriptors at the start (the
 *           untouched runs of zone.h).
 */
#include "frames/frames_int.h"

void buddy_list_add(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order, unsigned mt,
                    bool to_tail)
{
    struct frame *f = &fr->frame[pfn];

    f->flags = FRAME_BUDDY | order << FRAME_ORDER_SHIFT | mt << FRAME_MT_SHIFT | z->type;
    if (to_tail)
        pfn_list_add_tail(fr, &z->free_area[order][mt], pfn);
    else
        pfn_list_add(fr, &z->free_area[order][mt], pfn);
    z->nr_free[order]++;
}

void buddy_list_del(struct frames *fr, struct zone *z, pfn_t pfn)
{
    struct frame *f = &fr->frame[pfn];
    unsigned order = frame_order(f);

    pfn_list_del(fr, &z->free_area[order][frame_mt(f)], pfn);
    z->nr_free[order]--;
    f->flags = z->type;
}

void buddy_list_move(struct frames *fr, struct zone *z, pfn_t pfn, unsigned mt)
{
    unsigned order = frame_order(&fr->frame[pfn]);

    buddy_list_del(fr, z, pfn);
    buddy_list_add(fr, z, pfn, order, mt, true);
}

/* The first block of the first untouched run becomes an ordinary member of its list (where it was
 * counted already). */
static pfn_t buddy_touch_next(struct frames *fr, struct zone *z, struct pfn_list *l)
{
    struct pfn_run *run = &z->untouched[0];
    pfn_t pfn = run->start;

    assert(z->nr_untouched > 0);
    run->start += MAX_ORDER_PAGES;
    if (run->start == run->end) {
        z->nr_untouched--;
        for (unsigned i = 0; i < z->nr_untouched; i++)
            z->untouched[i] = z->untouched[i + 1];
    }
    fr->frame[pfn].flags = FRAME_BUDDY | (ORDER_MAX - 1) << FRAME_ORDER_SHIFT |
                           (u32)MT_MOVABLE << FRAME_MT_SHIFT | z->type;
    l->count--;
    pfn_list_add_tail(fr, l, pfn);
    return pfn;
}

pfn_t buddy_list_first(struct frames *fr, struct zone *z, unsigned order, unsigned mt)
{
    struct pfn_list *l = &z->free_area[order][mt];

    if (likely(l->head != PFN_NONE || l->count == 0))
        return l->head;
    return buddy_touch_next(fr, z, l);
}

static bool is_free_block(const struct frames *fr, const struct zone *z, pfn_t pfn, unsigned order)
{
    const u32 want = FRAME_BUDDY | order << FRAME_ORDER_SHIFT | z->type;
    const u32 mask = FRAME_KIND_MASK | FRAME_ORDER_MASK | FRAME_ZONE_MASK;

    return (fr->frame[pfn].flags & mask) == want;
}

static bool mt_is_mergeable(unsigned mt)
{
    return mt < NR_PCP_MIGRATETYPES;
}

/* At the size of a pageblock and above, blocks of unlike type merge only if both may mix. */
static bool may_merge(const struct frames *fr, pfn_t buddy, unsigned order, unsigned mt)
{
    unsigned buddy_mt;

    if (order < PAGEBLOCK_ORDER)
        return true;
    buddy_mt = frames_pageblock_mt(fr, buddy);
    return mt == buddy_mt || (mt_is_mergeable(mt) && mt_is_mergeable(buddy_mt));
}

void buddy_free_one(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order, unsigned mt)
{
    bool to_tail = false;

    zone_account_free(fr, z, (s64)1 << order);
    for (; order < ORDER_MAX - 1; order++) {
        pfn_t buddy = pfn ^ 1u << order;

        if (!is_free_block(fr, z, buddy, order)) {
            pfn_t above = pfn & buddy;

            to_tail =
                order < ORDER_MAX - 2 && is_free_block(fr, z, above ^ 1u << (order + 1), order + 1);
            break;
        }
        if (!may_merge(fr, buddy, order, mt))
            break;
        buddy_list_del(fr, z, buddy);
        fr->frame[pfn].flags = z->type;
        pfn &= buddy;
    }
    buddy_list_add(fr, z, pfn, order, mt, to_tail);
}

pfn_t buddy_take_smallest(struct frames *fr, struct zone *z, unsigned order, unsigned mt)
{
    for (unsigned at = order; at < ORDER_MAX; at++) {
        pfn_t pfn = buddy_list_first(fr, z, at, mt);

        if (pfn == PFN_NONE)
            continue;
        buddy_list_del(fr, z, pfn);
        while (at > order) { /* keep the lower half, give the upper one back */
            at--;
            buddy_list_add(fr, z, pfn + (1u << at), at, mt, false);
        }
        return pfn;
    }
    return PFN_NONE;
}

pfn_t buddy_take(struct frames *fr, struct zone *z, unsigned order, unsigned mt, u32 alloc_flags)
{
    for (;;) {
        pfn_t pfn = buddy_take_smallest(fr, z, order, mt);

        if (pfn != PFN_NONE || !pageblock_fallback(fr, z, order, mt, alloc_flags))
            return pfn;
    }
}
