/* frames_check.c - is every managed frame in exactly one place, and does every count equal a
 * recount?
 *
 * A bitmap over all frames: each block on a free list, each untouched run and each block on a
 * per-CPU list marks its frames; a frame marked twice, or marked though it is reserved or no RAM,
 * is a bug. What stays unmarked is in use, and must not look free. cost O(frames touched + RAM /
 * 64): for tests and checked builds.
 */
#include "frames/folio.h"
#include "frames/frames_int.h"

#include "base/alloc.h"
#include "base/bitmap.h"

struct tally {
    const struct frames *fr;
    u64 *seen;
};

static void tally_block(struct tally *t, const struct zone *z, pfn_t pfn, unsigned order)
{
    pfn_t end = pfn + (1u << order);

    assert(pfn % (1u << order) == 0);
    assert(pfn >= z->start_pfn && end <= zone_end_pfn(z));
    assert(ram_map_count_managed(&t->fr->map, (struct pfn_run){pfn, end}) == 1u << order);
    assert(bitmap_next_set(t->seen, end, pfn) == end);
    bitmap_set_range(t->seen, pfn, 1u << order);
}

/* Walk one list; every block on it must be as described. Returns how many there are. */
static u64 tally_list(struct tally *t, const struct zone *z, const struct pfn_list *l, u32 place,
                      unsigned order, unsigned mt)
{
    const struct frames *fr = t->fr;
    u64 n = 0;
    pfn_t before = PFN_NONE;

    for (pfn_t pfn = l->head; pfn != PFN_NONE; pfn = fr->frame[pfn].next) {
        const struct frame *f = &fr->frame[pfn];

        assert(f->flags ==
               (place | order << FRAME_ORDER_SHIFT | mt << FRAME_MT_SHIFT | (u32)z->type));
        assert(f->prev == before);
        for (pfn_t at = pfn + 1; at < pfn + (1u << order); at++)
            assert(!frame_is_free(&fr->frame[at]));
        tally_block(t, z, pfn, order);
        before = pfn;
        n++;
    }
    assert(l->tail == before);
    return n;
}

static u64 tally_untouched(struct tally *t, const struct zone *z)
{
    u64 n = 0;

    for (unsigned i = 0; i < z->nr_untouched; i++) {
        const struct pfn_run *run = &z->untouched[i];

        assert(run->start < run->end);
        for (pfn_t pfn = run->start; pfn < run->end; pfn += MAX_ORDER_PAGES) {
            tally_block(t, z, pfn, ORDER_MAX - 1);
            n++;
        }
    }
    return n;
}

/* Returns the pages on the zone's free lists. */
static u64 tally_zone_buddy(struct tally *t, const struct zone *z)
{
    u64 pages = 0;

    for (unsigned order = 0; order < ORDER_MAX; order++) {
        u64 blocks = 0;

        for (unsigned mt = 0; mt < NR_MIGRATETYPES; mt++) {
            const struct pfn_list *l = &z->free_area[order][mt];
            u64 n = tally_list(t, z, l, FRAME_BUDDY, order, mt);

            if (order == ORDER_MAX - 1 && mt == MT_MOVABLE)
                n += tally_untouched(t, z);
            assert(n == l->count);
            blocks += n;
        }
        assert(blocks == z->nr_free[order]);
        pages += blocks << order;
    }
    return pages;
}

static u64 tally_zone_pcp(struct tally *t, const struct zone *z, unsigned cpu)
{
    const struct per_cpu_pages *pcp = &z->pcp[cpu];
    u64 pages = 0;

    for (unsigned i = 0; i < NR_PCP_LISTS; i++) {
        unsigned order = pcp_list_order(i);
        u64 n = tally_list(t, z, &pcp->lists[i], FRAME_PCP, order, i % NR_PCP_MIGRATETYPES);

        assert(n == pcp->lists[i].count);
        pages += n << order;
    }
    assert(pages == pcp->count);
    assert(pcp->batch >= 1 && pcp->high >= pcp->batch);
    return pages;
}

static void tally_init(struct tally *t, const struct frames *fr)
{
    t->fr = fr;
    t->seen = xcalloc(BITMAP_WORDS((u64)fr->end_pfn), sizeof(u64));
}

void buddy_check(const struct frames *fr)
{
    struct tally t;

    tally_init(&t, fr);
    for (unsigned i = 0; i < fr->nr_zones; i++) {
        const struct zone *z = &fr->zones[i];

        assert(tally_zone_buddy(&t, z) == z->free_pages);
        assert(z->counters.v[NR_FREE_PAGES] == (s64)z->free_pages);
    }
    free(t.seen);
}

/* No two free buddies side by side that should have merged: true of every block below the size of
 * a pageblock. */
static void check_merged(const struct frames *fr, const struct zone *z)
{
    for (unsigned order = 0; order < PAGEBLOCK_ORDER; order++) {
        for (unsigned mt = 0; mt < NR_MIGRATETYPES; mt++) {
            for (pfn_t pfn = z->free_area[order][mt].head; pfn != PFN_NONE;
                 pfn = fr->frame[pfn].next) {
                const struct frame *buddy = &fr->frame[pfn ^ 1u << order];

                assert(!frame_is_buddy(buddy) || frame_order(buddy) != order ||
                       frame_zone(buddy) != z->type);
            }
        }
    }
}

void frame_check(const struct frames *fr)
{
    struct tally t;
    u64 managed = 0;

    tally_init(&t, fr);
    for (unsigned i = 0; i < fr->nr_zones; i++) {
        const struct zone *z = &fr->zones[i];

        tally_zone_buddy(&t, z);
        for (unsigned cpu = 0; cpu < fr->nr_cpus; cpu++)
            tally_zone_pcp(&t, z, cpu);
        check_merged(fr, z);
        managed += z->managed;
    }
    assert(managed == fr->managed_pages);
    for (unsigned i = 0; i < fr->map.nr_ram; i++) {
        struct pfn_run run = fr->map.ram[i];

        for (u64 pfn = bitmap_next_clear(t.seen, run.end, run.start); pfn < run.end;
             pfn = bitmap_next_clear(t.seen, run.end, pfn + 1)) {
            const struct frame *f = &fr->frame[pfn];

            assert(!frame_is_free(f) && !frame_is(f, FRAME_ISOLATED));
            if (ram_map_is_managed(&fr->map, (pfn_t)pfn))
                assert(zone_spans(frames_zone_of(fr, (pfn_t)pfn), (pfn_t)pfn));
            else
                assert(f->flags == 0);
            if (folio_is_large(f)) /* its tails need not be written */
                pfn += (u64)frame_nr_pages(f) - 1;
        }
    }
    free(t.seen);
}
