/* hugetlb.c - pages come to the pool and go.
 *
 * Growing goes round the nodes, a page each, and begins where the write before left off. On each
 * node the first try is a hard one, which compacts and reclaims again and again
 * (__GFP_RETRY_MAYFAIL); once it was in vain there, the write goes on with easy tries, and ends
 * when no node has a page. So a write gets fewer pages than a second one a moment later, when
 * compaction has been at work. */
#include "hugetlb/hugetlb_int.h"

#include <string.h>

#define HUGETLB_EASY (ALLOC_MOVABLE | ALLOC_COMP)
#define HUGETLB_HARD (HUGETLB_EASY | ALLOC_RETRY_MAYFAIL)
/* After so much work a write pauses until that time has passed, for the daemons that it woke. */
#define SLICE_NS     (1 * NS_PER_MS)

void hugetlb_init(struct hugetlb *h, struct mem *mem)
{
    memset(h, 0, sizeof(*h));
    h->mem = mem;
    list_init(&h->files);
    mem->hugetlb = h;
}

void hugetlb_done(struct hugetlb *h)
{
    if (h->mem)
        hugetlb_files_done(h);
}

/* --- lists ------------------------------------------------------------------------------------ */
static struct hugetlb_node *node_of(struct hugetlb *h, pfn_t pfn)
{
    return &h->nodes[frame_nid(h->mem->frames, pfn)];
}

/* A block of the page allocator becomes a page of the pool, in use. */
static void page_new(struct hugetlb *h, pfn_t pfn)
{
    struct frame *f = frames_get(h->mem->frames, pfn);

    assert(folio_order(f) == HPAGE_PMD_ORDER && !f->memcg);
    frame_set(f, PG_HUGETLB);
    f->mapping = f->private = 0;
    frame_set_index(f, 0);
    pfn_list_add(h->mem->frames, &node_of(h, pfn)->active, pfn);
    h->nr++;
    h->mem->hugetlb_pages += HPAGE_PMD_NR;
}

/* And back. pre: on no list */
static void page_gone(struct hugetlb *h, pfn_t pfn)
{
    struct frame *f = frames_get(h->mem->frames, pfn);

    assert(f->mapcount == 0 && !f->private);
    frame_clear(f, PG_HUGETLB);
    f->mapping = 0;
    frame_set_index(f, 0);
    h->nr--;
    h->mem->hugetlb_pages -= HPAGE_PMD_NR;
    frames_free(h->mem->frames, pfn, HPAGE_PMD_ORDER, h->mem->cpu);
}

void hugetlb_enqueue(struct hugetlb *h, pfn_t pfn)
{
    struct hugetlb_node *node = node_of(h, pfn);

    pfn_list_del(h->mem->frames, &node->active, pfn);
    pfn_list_add(h->mem->frames, &node->free, pfn);
    h->free++;
}

void hugetlb_put(struct hugetlb *h, pfn_t pfn)
{
    struct hugetlb_node *node = node_of(h, pfn);

    if (!node->surplus) {
        hugetlb_enqueue(h, pfn);
        return;
    }
    pfn_list_del(h->mem->frames, &node->active, pfn);
    node->surplus--;
    h->surplus--;
    page_gone(h, pfn);
}

pfn_t hugetlb_dequeue(struct hugetlb *h, struct alloc_nodes nodes)
{
    const struct frames *fr = h->mem->frames;

    for (unsigned i = 0; i < fr->nr_nodes; i++) {
        unsigned nid = fr->nodes[nodes.nid].fallback[i];
        struct hugetlb_node *node = &h->nodes[nid];
        pfn_t pfn = node->free.head;

        if (pfn == PFN_NONE || !(nodes.mask >> nid & 1))
            continue;
        pfn_list_del(h->mem->frames, &node->free, pfn);
        pfn_list_add(h->mem->frames, &node->active, pfn);
        h->free--;
        return pfn;
    }
    return PFN_NONE;
}

/* --- the page allocator ----------------------------------------------------------------------- */
static enum balance_result alloc_fresh(struct hugetlb *h, struct attempt *at,
                                       struct alloc_nodes nodes, u32 flags, pfn_t *ret_pfn,
                                       struct wait *ret_wait)
{
    struct mem *mem = h->mem;
    enum balance_result r;

    at->place = (struct alloc_place){.nodes = nodes};
    at->placed = true;
    r = balance_alloc(mem, at, HPAGE_PMD_ORDER, flags, ret_pfn, ret_wait);
    at->placed = false;
    if (r == BALANCE_WAIT)
        return r;
    count(mem->counters, r == BALANCE_OK ? HTLB_BUDDY_ALLOC_SUCCESS : HTLB_BUDDY_ALLOC_FAIL, 1);
    if (r == BALANCE_OK)
        page_new(h, *ret_pfn);
    return r;
}

enum balance_result hugetlb_new_surplus(struct hugetlb *h, struct attempt *at,
                                        struct alloc_nodes nodes, pfn_t *ret_pfn,
                                        struct wait *ret_wait)
{
    enum balance_result r;

    if (h->surplus >= h->mem->tunables->nr_overcommit_hugepages)
        return BALANCE_FAIL;
    r = alloc_fresh(h, at, nodes, HUGETLB_HARD, ret_pfn, ret_wait);
    if (r != BALANCE_OK)
        return r;
    h->surplus++;
    node_of(h, *ret_pfn)->surplus++;
    return BALANCE_OK;
}

/* --- nodes by turn ---------------------------------------------------------------------------- */
static u64 nodes_with_memory(const struct hugetlb *h)
{
    const struct frames *fr = h->mem->frames;
    u64 set = 0;

    for (unsigned i = 0; i < fr->nr_zones; i++)
        if (fr->zones[i].managed)
            set |= BIT_ULL(fr->zones[i].nid);
    return set;
}

/* The node of the set whose turn it is; *turn is then the one after it.
 * (hstate_next_node_to_alloc) */
static unsigned take_turn(u64 set, unsigned *turn)
{
    unsigned nid = *turn;

    while (!(set >> nid & 1))
        nid = (nid + 1) % MAX_NUMNODES;
    *turn = nid;
    do
        *turn = (*turn + 1) % MAX_NUMNODES;
    while (!(set >> *turn & 1));
    return nid;
}

/* One page more, from the first node by turn that has one. (alloc_pool_huge_page) */
static enum balance_result grow(struct hugetlb *h, u64 set, struct hugetlb_write *w,
                                struct wait *ret_wait)
{
    for (int left = __builtin_popcountll(set); left; left--) {
        unsigned nid = take_turn(set, &h->next_alloc);
        struct alloc_nodes only = {BIT_ULL(nid), nid};
        bool hard = !(w->noretry >> nid & 1);
        enum balance_result r;
        pfn_t pfn;

        r = alloc_fresh(h, &w->attempt, only, hard ? HUGETLB_HARD : HUGETLB_EASY, &pfn, ret_wait);
        if (r == BALANCE_WAIT)
            h->next_alloc = nid; /* it goes on there */
        else if (r == BALANCE_OK && !hard)
            w->noretry &= ~BIT_ULL(nid);
        else if (r == BALANCE_FAIL && hard)
            w->noretry |= BIT_ULL(nid);
        if (r == BALANCE_OK)
            hugetlb_enqueue(h, pfn);
        if (r != BALANCE_FAIL)
            return r;
    }
    return BALANCE_FAIL;
}

/* One free page fewer; of nodes with surplus pages alone, it counts as one of those.
 * (remove_pool_huge_page) */
static bool shrink(struct hugetlb *h, u64 set, bool surplus)
{
    struct frames *fr = h->mem->frames;

    for (int left = __builtin_popcountll(set); left; left--) {
        struct hugetlb_node *node = &h->nodes[take_turn(set, &h->next_free)];
        pfn_t pfn = node->free.head;

        if (pfn == PFN_NONE || (surplus && !node->surplus))
            continue;
        pfn_list_del(fr, &node->free, pfn);
        h->free--;
        if (surplus) {
            node->surplus--;
            h->surplus--;
        }
        page_gone(h, pfn);
        return true;
    }
    return false;
}

/* A page of the configured ones counts as surplus, or the other way round. (adjust_pool_surplus) */
static bool make_surplus(struct hugetlb *h, u64 set)
{
    for (int left = __builtin_popcountll(set); left; left--) {
        unsigned nid = take_turn(set, &h->next_free);

        if (h->nodes[nid].surplus >= hugetlb_node_total(h, nid))
            continue;
        h->nodes[nid].surplus++;
        h->surplus++;
        return true;
    }
    return false;
}

static bool unmake_surplus(struct hugetlb *h, u64 set)
{
    for (int left = __builtin_popcountll(set); left; left--) {
        struct hugetlb_node *node = &h->nodes[take_turn(set, &h->next_alloc)];

        if (!node->surplus)
            continue;
        node->surplus--;
        h->surplus--;
        return true;
    }
    return false;
}

void hugetlb_return_surplus(struct hugetlb *h, u64 nr)
{
    for (nr = MIN(nr, h->surplus); nr && shrink(h, nodes_with_memory(h), true); nr--)
        ;
}

/* --- nr_hugepages ----------------------------------------------------------------------------- */
static u64 persistent(const struct hugetlb *h)
{
    return h->nr - h->surplus;
}

/* Pages that are in use or promised stay, as surplus. */
static void shrink_to(struct hugetlb *h, u64 count, u64 set)
{
    u64 needed = h->resv + h->nr - h->free;

    while (MAX(count, needed) < persistent(h) && shrink(h, set, false))
        ;
    while (count < persistent(h) && make_surplus(h, set))
        ;
}

enum balance_result hugetlb_set_max(struct hugetlb *h, u64 count, unsigned nid,
                                    struct hugetlb_write *w, struct wait *ret_wait)
{
    u64 set = nid == MAX_NUMNODES ? nodes_with_memory(h) : BIT_ULL(nid);
    const struct mem *mem = h->mem;
    u64 began = mem->cpu_ns;
    enum balance_result r = BALANCE_OK;

    if (nid != MAX_NUMNODES)
        count += h->nr - hugetlb_node_total(h, nid);
    h->asked = count;
    while (h->surplus && count > persistent(h) && unmake_surplus(h, set))
        ;
    while (r == BALANCE_OK && count > persistent(h)) {
        r = grow(h, set, w, ret_wait);
        if (r == BALANCE_OK && mem->cpu_ns - began >= SLICE_NS && count > persistent(h)) {
            *ret_wait = (struct wait){WAIT_NOTHING, mem->step_start + mem->cpu_ns};
            r = BALANCE_WAIT;
        }
    }
    if (r == BALANCE_OK)
        shrink_to(h, count, set);
    h->max = persistent(h);
    return r == BALANCE_WAIT ? r : BALANCE_OK;
}

/* --- check ------------------------------------------------------------------------------------ */
static void check_list(const struct hugetlb *h, const struct pfn_list *list, unsigned nid,
                       bool is_free)
{
    const struct frames *fr = h->mem->frames;
    u64 nr = 0;

    for (pfn_t pfn = list->head; pfn != PFN_NONE; pfn = frames_get(fr, pfn)->next, nr++) {
        const struct frame *f = frames_get(fr, pfn);

        assert(frame_test(f, PG_HUGETLB) && folio_order(f) == HPAGE_PMD_ORDER);
        assert(frame_nid(fr, pfn) == nid && !f->memcg && !folio_has_tails(f));
        assert(!is_free || (!f->mapcount && !f->private && !f->mapping));
    }
    assert(nr == list->count);
}

void hugetlb_check(const struct hugetlb *h)
{
    u64 nr = 0, nr_free = 0, surplus = 0;

    for (unsigned nid = 0; nid < h->mem->frames->nr_nodes; nid++) {
        const struct hugetlb_node *node = &h->nodes[nid];

        check_list(h, &node->free, nid, true);
        check_list(h, &node->active, nid, false);
        assert(node->surplus <= hugetlb_node_total(h, nid));
        nr += hugetlb_node_total(h, nid);
        nr_free += node->free.count;
        surplus += node->surplus;
    }
    assert(nr == h->nr && nr_free == h->free && surplus == h->surplus);
    assert(h->resv <= h->free && h->mem->hugetlb_pages == h->nr * HPAGE_PMD_NR);
    assert(hugetlb_count_reserved(h) == h->resv);
}
