/* split.c - a large folio becomes small pages, now or under pressure; see thp.h. */
#include "reclaim/lru.h"
#include "reclaim/page.h"
#include "reclaim/pin.h"
#include "reclaim/thp.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

/* --- the queue of a group
 * -------------------------------------------------------------------------------------------- It
 * links the second tails of its folios. */
#define QUEUE_LINK 2u

static struct pfn_list *queue_of(const struct mem *mem, const struct frame *head)
{
    return &frame_group(mem->groups, head)->deferred_split;
}

void deferred_split_add(struct mem *mem, pfn_t head)
{
    struct frame *f = frame_of(mem, head);

    if (folio_is_deferred(f) || frame_test(f, PG_SWAPCACHE))
        return;
    folio_write_tails(mem->frames, head);
    f[1].index_hi |= FOLIO_DEFERRED;
    count(mem->counters, THP_DEFERRED_SPLIT_PAGE, 1);
    pfn_list_add_tail(mem->frames, queue_of(mem, f), head + QUEUE_LINK);
}

void deferred_split_del(struct mem *mem, pfn_t head)
{
    struct frame *f = frame_of(mem, head);

    if (!folio_is_deferred(f))
        return;
    pfn_list_del(mem->frames, queue_of(mem, f), head + QUEUE_LINK);
    f[1].index_hi &= (u16)~FOLIO_DEFERRED;
}

u64 deferred_split_scan(struct mem *mem, struct group *g, u64 nr)
{
    u64 split = 0;
    pfn_t next;

    nr = MIN(nr, g->deferred_split.count);
    for (pfn_t at = g->deferred_split.head; nr-- && at != PFN_NONE; at = next) {
        pfn_t head = at - QUEUE_LINK;

        next = frame_of(mem, at)->next;
        if (folio_try_split(mem, head))
            split++;
    }
    return split;
}

void deferred_split_check(const struct mem *mem)
{
    for (u32 id = 1; id <= mem->groups->nr_groups; id++) {
        struct group *g = mem->groups->by_id[id];
        u64 n = 0;

        for (pfn_t at = g->deferred_split.head; at != PFN_NONE; n++) {
            const struct frame *f = frame_of(mem, at - QUEUE_LINK);

            assert(folio_is_large(f) && folio_is_deferred(f));
            assert(frame_group(mem->groups, f) == g);
            at = frame_of(mem, at)->next;
        }
        assert(n == g->deferred_split.count);
    }
}

/* --- the split -------------------------------------------------------------------------------- */
struct leaves {
    vpn_t vpn;
    struct vma *vma; /* NULL: none was found */
};

static bool find_leaf(void *ctx, const struct rmap_walk *w)
{
    struct leaves *l = ctx;

    if (!w->order)
        return true;
    *l = (struct leaves){w->vpn, w->vma};
    return false;
}

void folio_split_leaves(struct mem *mem, pfn_t head)
{
    while (folio_pmd_mapcount(frame_of(mem, head))) {
        struct leaves l = {0};

        rmap_for_each(mem->space, head, find_leaf, &l);
        assert(l.vma);
        thp_split_pmd(mem, l.vma, l.vpn);
    }
}

/* What each page takes over from the head (__split_huge_page_tail). */
#define INHERITED                                                                         \
    (PG_UPTODATE | PG_DIRTY | PG_ACTIVE | PG_REFERENCED | PG_WORKINGSET | PG_SWAPBACKED | \
     PG_UNEVICTABLE | PG_MLOCKED | PG_ANON | PG_SWAPCACHE | FRAME_GEN_MASK | FRAME_USES_MASK)

/* Counts and flags of page i, while it is a tail. */
static void tail_becomes_page(struct mem *mem, pfn_t head, unsigned i)
{
    struct frame *h = frame_of(mem, head), *f = &h[i];
    u32 mapcount = f->mapcount, exclusive = f->flags & PG_EXCLUSIVE;

    *f = (struct frame){
        .flags = frame_zone(h) | (h->flags & INHERITED) | exclusive,
        .mapping = h->mapping,
        .mapcount = mapcount,
        .memcg = h->memcg,
        .private = frame_test(h, PG_SWAPCACHE) ? h->private + i : 0,
    };
    frame_set_index(f, frame_index(h) + i);
}

static bool mlock_again(void *ctx, const struct rmap_walk *w)
{
    struct mem *mem = ctx;

    if (!(w->vma->flags & VM_LOCKED))
        return true;
    page_mlock(mem, pte_pfn(*w->slot));
    return false;
}

unsigned folio_take_apart(struct mem *mem, pfn_t head)
{
    struct frame *h = frame_of(mem, head);
    unsigned nr = (unsigned)frame_nr_pages(h), stayed = 0;
    bool locked = rmap_may_be_locked(mem->space, head);
    u32 head_mapcount;

    assert(!frame_test(h, PG_LOCKED | PG_WRITEBACK | PG_BATCHED) && !folio_is_pinned(mem, head));
    folio_split_leaves(mem, head);
    folio_write_tails(mem->frames, head);
    deferred_split_del(mem, head);
    head_mapcount = h[1].private;
    for (unsigned i = nr - 1; i > 0; i--)
        tail_becomes_page(mem, head, i);
    h->mapcount = head_mapcount;
    frame_clear(h, PG_HEAD);
    if (frame_test(h, PG_LRU))
        policy_split(mem, head, nr);
    for (unsigned i = 0; i < nr; i++) {
        pfn_t pfn = head + i;

        if (!frame_of(mem, pfn)->mapcount && page_free_if_unused(mem, pfn))
            continue;
        stayed++;
        if (unlikely(locked))
            rmap_for_each(mem->space, pfn, mlock_again, mem);
    }
    return stayed;
}

unsigned folio_split(struct mem *mem, pfn_t head)
{
    const struct frame *h = frame_of(mem, head);

    /* Linux unmaps it page by page for the time of the split: with the first page it goes to the
     * queue, and is counted there. */
    if ((folio_pmd_mapcount(h) || h->mapcount > 1) && !folio_is_deferred(h) &&
        !frame_test(h, PG_SWAPCACHE))
        count(mem->counters, THP_DEFERRED_SPLIT_PAGE, 1);
    count(mem->counters, THP_SPLIT_PAGE, 1);
    mem_cost(mem, mem->cost->split_huge_page);
    return folio_take_apart(mem, head);
}

bool folio_try_split(struct mem *mem, pfn_t head)
{
    const struct frame *h = frame_of(mem, head);

    if (frame_test(h, PG_LOCKED | PG_WRITEBACK))
        return false;
    if (folio_is_pinned(mem, head) || !frame_test(h, PG_LRU)) { /* somebody has isolated it */
        count(mem->counters, THP_SPLIT_PAGE_FAILED, 1);
        return false;
    }
    folio_split(mem, head);
    return true;
}
