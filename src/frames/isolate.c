/* isolate.c - see isolate.h. */
#include "frames/isolate.h"

#include "frames/frames_int.h"

/* Blocks of the highest order that were never allocated have no descriptors (zone.h). */
static bool is_untouched(const struct zone *z, pfn_t pfn)
{
    if (pfn % MAX_ORDER_PAGES)
        return false;
    for (unsigned i = 0; i < z->nr_untouched; i++)
        if (pfn >= z->untouched[i].start && pfn < z->untouched[i].end)
            return true;
    return false;
}

int frames_free_order(const struct frames *fr, const struct zone *z, pfn_t pfn)
{
    const struct frame *f = &fr->frame[pfn];

    if (frame_is_buddy(f))
        return (int)frame_order(f);
    return is_untouched(z, pfn) ? (int)ORDER_MAX - 1 : -1;
}

bool frames_isolate_free(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order)
{
    assert(frame_is_buddy(&fr->frame[pfn]) && frame_order(&fr->frame[pfn]) == order &&
           order < ORDER_MAX - 1);
    if (!zone_watermark_ok(z, 0, z->watermark[WMARK_MIN] + (1u << order), ZONE_DMA, 0))
        return false;
    buddy_list_del(fr, z, pfn);
    zone_account_free(fr, z, -((s64)1 << order));
    /* What moves there is movable, so a block that is taken as good as whole is a movable one. */
    if (order >= PAGEBLOCK_ORDER - 1 && frames_pageblock_mt(fr, pfn) < NR_PCP_MIGRATETYPES)
        fr->pageblock_mt[pfn >> PAGEBLOCK_ORDER] = MT_MOVABLE;
    for (pfn_t at = pfn; at < pfn + (1u << order); at++) {
        fr->frame[at].flags = FRAME_ISOLATED | (u32)z->type;
        fr->frame[at].mapcount = 0;
        fr->frame[at].memcg = 0;
    }
    return true;
}

void frames_use_isolated(struct frames *fr, pfn_t pfn)
{
    assert(frame_is(&fr->frame[pfn], FRAME_ISOLATED));
    frame_set_kind(&fr->frame[pfn], FRAME_PAGE);
}

void frames_release_isolated(struct frames *fr, pfn_t pfn, unsigned cpu)
{
    frames_use_isolated(fr, pfn);
    frames_free(fr, pfn, 0, cpu);
}

void frames_rotate_free_past(struct frames *fr, struct zone *z, unsigned order, pfn_t pfn)
{
    struct pfn_list *l = &z->free_area[order][MT_MOVABLE];
    pfn_t next = fr->frame[pfn].next;

    assert(order < ORDER_MAX - 1);
    if (next == PFN_NONE)
        return;
    fr->frame[l->tail].next = l->head;
    fr->frame[l->head].prev = l->tail;
    fr->frame[next].prev = PFN_NONE;
    fr->frame[pfn].next = PFN_NONE;
    l->head = next;
    l->tail = pfn;
}

void frames_rotate_free_to(struct frames *fr, struct zone *z, unsigned order, pfn_t pfn)
{
    if (fr->frame[pfn].prev != PFN_NONE)
        frames_rotate_free_past(fr, z, order, fr->frame[pfn].prev);
}

bool frames_pageblock_is_of(const struct frames *fr, const struct zone *z, pfn_t start)
{
    pfn_t first = MAX(start, z->start_pfn), last = MIN(start + PAGEBLOCK_PAGES, zone_end_pfn(z));

    return first < last && frame_nid(fr, first) == z->nid &&
           ram_map_count_present(&fr->map, (struct pfn_run){first, last}) == last - first;
}
