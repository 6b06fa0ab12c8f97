/* folio.c - folios are made, get their tails written, and come apart. */
#include "frames/folio.h"

static void tail_write(struct frame *tail, pfn_t head, u32 zone)
{
    *tail = (struct frame){.flags = FRAME_TAIL | zone, .mapping = head};
}

void folio_make(struct frames *fr, pfn_t pfn, unsigned order)
{
    struct frame *head = frames_get(fr, pfn);

    assert(order >= 2 && order < ORDER_MAX);
    head->flags = frame_zone(head) | PG_HEAD;
    tail_write(&head[1], pfn, frame_zone(head));
    head[1].index_hi = (u16)order;
}

void folio_write_tails(struct frames *fr, pfn_t head)
{
    struct frame *f = frames_get(fr, head);
    u32 zone = frame_zone(f);
    s64 nr = frame_nr_pages(f);

    if (folio_has_tails(f))
        return;
    for (s64 i = 2; i < nr; i++)
        tail_write(&f[i], head, zone);
    f[1].index_hi |= FOLIO_TAILS;
}

void folio_free_tails(struct frames *fr, pfn_t head)
{
    struct frame *f = frames_get(fr, head);
    s64 nr = folio_has_tails(f) ? frame_nr_pages(f) : 2;

    assert(f->mapcount == 0 && !folio_is_deferred(f));
    for (s64 i = 1; i < nr; i++) {
        assert(f[i].mapcount == 0);
        f[i] = (struct frame){.flags = frame_zone(f)};
    }
    frame_clear(f, PG_HEAD);
}

void folio_move_counts(struct frames *fr, pfn_t from, pfn_t to)
{
    struct frame *f = frames_get(fr, from), *t = frames_get(fr, to);
    s64 nr = frame_nr_pages(f);

    assert(folio_is_large(t) && frame_nr_pages(t) == nr);
    assert(!folio_has_tails(t) && !folio_is_deferred(f));
    t[1].index = f[1].index;
    t[1].private = f[1].private;
    f[1].index = f[1].private = 0;
    if (!folio_has_tails(f))
        return;
    folio_write_tails(fr, to);
    for (s64 i = 1; i < nr; i++) {
        t[i].mapcount = f[i].mapcount;
        t[i].flags |= f[i].flags & PG_EXCLUSIVE;
        f[i].mapcount = 0;
    }
}

unsigned folio_count_mapped(const struct frame *head)
{
    unsigned nr = (unsigned)frame_nr_pages(head), mapped = 0;

    if (folio_pmd_mapcount(head))
        return nr;
    if (!head->mapcount)
        return 0;
    for (unsigned i = 0; i < nr; i++)
        mapped += folio_page_mapcount(head, i) != 0;
    return mapped;
}

void folio_check(const struct frames *fr, pfn_t head)
{
    const struct frame *f = frames_get(fr, head);
    unsigned nr = (unsigned)frame_nr_pages(f);
    u64 entries = folio_pmd_mapcount(f);

    assert(folio_is_large(f) && frame_is(f, FRAME_PAGE) && head % nr == 0);
    assert(folio_has_tails(f) || (f->mapcount == folio_pmd_mapcount(f) && !f[1].private));
    assert(folio_has_tails(f) || !folio_is_deferred(f));
    for (unsigned i = 1; i < (folio_has_tails(f) ? nr : 2); i++) {
        assert(frame_is(&f[i], FRAME_TAIL) && f[i].mapping == head && f[i].memcg == 0);
        assert((f[i].flags & ~(FRAME_KIND_MASK | FRAME_ZONE_MASK | PG_EXCLUSIVE)) == 0);
        assert(frame_zone(&f[i]) == frame_zone(f));
        entries += f[i].mapcount;
    }
    assert(entries + f[1].private == f->mapcount);
}
