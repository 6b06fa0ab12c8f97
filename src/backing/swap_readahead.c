/* swap_readahead.c - which swapped pages to read beside the one that faulted.
 *
 * Both policies start from the same window size: hits + 2, rounded up to a power of two of at least
 * 4; without hits, 2 if the fault is next to the one before and else 1; at most 1 << page_cluster;
 * at least half the last window.
 *
 * By slot (an area has seeks): the aligned block of that many slots around the slot.
 * By address (no area has): that many pages ahead when faults go upwards, behind when they go
 * downwards, else around:
 *
 *     before: fault at p            now: fault at f, window 8
 *     f == p + 1                    [f ....... f+8)
 *     f == p - 1                    [f-7 ...... f+1)
 *     else                          [f-3 ...... f+5)
 *
 * cut to the vma and to the 2 MiB whose page table the fault has at hand.
 */
#include "backing/swap.h"

#define FIRST_HITS       4u /* before anything is known: a small window */
#define ORDER_CEILING    5u /* SWAP_RA_ORDER_CEILING */
#define PAGES_PER_TABLE  512u
#define RA_WIN_SHIFT     6u /* vma->swap_ra: vpn << 12 | window << 6 | hits */
#define RA_HITS_MAX      63u
#define RA_VPN(ra)       ((ra) >> PAGE_SHIFT)
#define RA_WIN(ra)       ((u32)((ra) >> RA_WIN_SHIFT) & 63u)
#define RA_HITS(ra)      ((u32)(ra)&RA_HITS_MAX)
#define RA_MAKE(v, w, h) ((u64)(v) << PAGE_SHIFT | (u64)((w)&63u) << RA_WIN_SHIFT | (h))

/* __swapin_nr_pages */
static u32 window_size(u64 prev, u64 here, u32 hits, u32 max, u32 prev_win)
{
    u32 pages;

    if (hits == 0)
        pages = here == prev + 1 || here == prev - 1 ? 2 : 1;
    else
        pages = MAX(4u, (u32)BIT_ULL(log2_ceil(hits + 2)));
    return MAX(MIN(pages, max), prev_win / 2);
}

bool swap_is_synchronous(const struct swap *s, swp_t e)
{
    return s->areas[swp_area(e)].device->profile->synchronous && swap_count(s, e) == 1;
}

unsigned swap_readahead_window(struct swap *s, swp_t e, unsigned hits, swp_t ret[], unsigned max)
{
    const struct swap_area *a = &s->areas[swp_area(e)];
    u32 slot = swp_slot(e);
    u32 pages, first, last;
    unsigned nr = 0;

    ret[0] = e;
    if (s->page_cluster == 0)
        return 1;
    pages = window_size(s->ra_prev_slot, slot, hits, BIT(s->page_cluster), s->ra_last_pages);
    if (!hits)
        s->ra_prev_slot = slot;
    s->ra_last_pages = pages;
    if (pages == 1)
        return 1;

    first = MAX(slot & ~(pages - 1), 1u);
    last = MIN(slot | (pages - 1), a->nr_slots);
    assert(max >= pages);
    for (u32 at = first; at <= last; at++) {
        swp_t other = swp_make(swp_area(e), at);

        if (at == slot || (swap_count(s, other) && swapcache_find(s, other) == PFN_NONE))
            ret[nr++] = other;
    }
    return nr;
}

struct swap_vma_window swap_vma_readahead_window(const struct swap *s, u64 *vma_ra, vpn_t vpn,
                                                 vpn_t vma_start, vpn_t vma_end)
{
    u32 max = BIT(MIN(s->page_cluster, ORDER_CEILING));
    u64 ra = *vma_ra ? *vma_ra : FIRST_HITS;
    u64 prev = RA_VPN(ra);
    vpn_t table = ROUND_DOWN(vpn, PAGES_PER_TABLE);
    vpn_t behind;
    u32 win;

    if (max == 1)
        return (struct swap_vma_window){.start = vpn, .end = vpn + 1, .win = 1};
    win = window_size(prev, vpn, RA_HITS(ra), max, RA_WIN(ra));
    *vma_ra = RA_MAKE(vpn, win, 0);
    if (win == 1)
        return (struct swap_vma_window){.start = vpn, .end = vpn + 1, .win = 1};

    if (vpn == prev + 1)
        behind = 0;
    else if (prev == vpn + 1)
        behind = win - 1;
    else
        behind = (win - 1) / 2;
    return (struct swap_vma_window){
        .start = MAX(MAX(vpn - MIN(vpn, behind), vma_start), table),
        .end = MIN(MIN(vpn - behind + win, vma_end), table + PAGES_PER_TABLE),
        .win = win,
    };
}

bool swap_readahead_hit(struct swap *s, u64 *vma_ra, vpn_t vpn, bool readahead)
{
    bool by_address = vma_ra && swap_use_vma_readahead(s);

    if (by_address) {
        u64 ra = *vma_ra ? *vma_ra : FIRST_HITS;

        *vma_ra = RA_MAKE(vpn, RA_WIN(ra), MIN(RA_HITS(ra) + readahead, RA_HITS_MAX));
    }
    if (readahead)
        count(s->counters, SWAP_RA_HIT, 1);
    return readahead && !by_address;
}
