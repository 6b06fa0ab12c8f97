/* mglru.c - generations and their lists; see mglru.h.
 *
 * Where a page goes (lru_gen_add):
 *
 *   PG_ACTIVE: new by a fault, or it must not be evicted yet       youngest
 *   anonymous and not in the swap cache; waits for its writeback   second youngest
 *   to go next                                                     oldest, at the tail
 *   else                                                           second oldest; oldest if that is
 *                                                                  one of the two youngest
 *
 * A page's list can be that of an older generation than its descriptor says. Only at an end of a
 * list does that matter: then the lists of its kind and zone, four, are asked. */
#include "reclaim/mglru.h"

#include "base/alloc.h"
#include "reclaim/lru.h"

#include <string.h>

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

/* --- generations ------------------------------------------------------------------------------ */
static struct lru_gen *lru_gen_new(const struct mem *mem)
{
    struct lru_gen *lg = xcalloc(1, sizeof(*lg));

    lg->max_seq = MIN_NR_GENS + 1;
    lg->walked_seq = MIN_NR_GENS;
    lg->walk_all = true;
    for (unsigned gen = 0; gen < MAX_NR_GENS; gen++)
        lg->born[gen] = mem->clock->now;
    return lg;
}

struct lru_gen *lru_gen_get(struct mem *mem, struct group *g, unsigned nid)
{
    struct lruvec *lv = group_lruvec(g, nid);

    if (unlikely(!lv->gen))
        lv->gen = lru_gen_new(mem);
    return lv->gen;
}

unsigned lru_gen_nr(const struct lru_gen *lg, enum lru_gen_type type)
{
    return (unsigned)(lg->max_seq - lg->min_seq[type] + 1);
}

u64 lru_gen_size(const struct lru_gen *lg, unsigned gen, enum lru_gen_type type)
{
    u64 pages = 0;

    for (unsigned zone = 0; zone < NR_ZONES; zone++)
        pages += lg->nr_pages[gen][type][zone];
    return pages;
}

/* The two youngest are what the active list is elsewhere. */
static bool gen_is_active(const struct lru_gen *lg, unsigned gen)
{
    return gen == gen_of_seq(lg->max_seq) || gen == gen_of_seq(lg->max_seq - 1);
}

static enum lru_list list_of_gen(const struct lru_gen *lg, enum lru_gen_type type, unsigned gen)
{
    return (enum lru_list)((type == LRU_GEN_FILE ? LRU_FILE : 0u) +
                           (gen_is_active(lg, gen) ? LRU_ACTIVE : 0u));
}

void lru_gen_count(struct mem *mem, struct group *g, enum lru_list lru, struct zone *z, s64 n)
{
    group_lruvec(g, z->nid)->gen_size[lru] += (u64)n;
    lruvec_count(mem->groups, g, lru, z, n);
}

void lru_gen_recount(struct mem *mem, struct group *g, struct lru_gen *lg, enum lru_gen_type type,
                     struct zone *z, unsigned from, unsigned to, u64 n)
{
    enum lru_list was = list_of_gen(lg, type, from), is = list_of_gen(lg, type, to);

    lg->nr_pages[from][type][z->type] -= n;
    lg->nr_pages[to][type][z->type] += n;
    if (was != is) {
        lru_gen_count(mem, g, was, z, -(s64)n);
        lru_gen_count(mem, g, is, z, (s64)n);
    }
}

/* --- lists ------------------------------------------------------------------------------------ */
/* pre: one of the lists of its kind and zone begins (ends) with the page */
static pfn_t *end_of_list(struct lru_gen *lg, const struct frame *f, pfn_t pfn, bool head)
{
    enum lru_gen_type type = frame_type(f);
    unsigned first = (unsigned)frame_gen(f), zone = frame_zone(f);

    for (unsigned i = 0; i < MAX_NR_GENS; i++) {
        struct pfn_list *l = &lg->lists[(first - i) % MAX_NR_GENS][type][zone];
        pfn_t *end = head ? &l->head : &l->tail;

        if (*end == pfn)
            return end;
    }
    assert(false && "a page of a generation is on some list of its kind");
    return NULL;
}

void lru_gen_unlink(struct mem *mem, struct lru_gen *lg, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);

    if (f->prev != PFN_NONE)
        frame_of(mem, f->prev)->next = f->next;
    else
        *end_of_list(lg, f, pfn, true) = f->next;
    if (f->next != PFN_NONE)
        frame_of(mem, f->next)->prev = f->prev;
    else
        *end_of_list(lg, f, pfn, false) = f->prev;
}

void lru_gen_link(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool to_tail)
{
    const struct frame *f = frame_of(mem, pfn);
    struct pfn_list *l = &lg->lists[frame_gen(f)][frame_type(f)][frame_zone(f)];

    if (to_tail)
        pfn_list_add_tail(mem->frames, l, pfn);
    else
        pfn_list_add(mem->frames, l, pfn);
}

void lru_gen_move(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool to_tail)
{
    lru_gen_unlink(mem, lg, pfn);
    lru_gen_link(mem, lg, pfn, to_tail);
}

static u64 seq_for(const struct lru_gen *lg, const struct frame *f, bool reclaiming)
{
    enum lru_gen_type type = frame_type(f);

    if (frame_test(f, PG_ACTIVE))
        return lg->max_seq;
    if (type == LRU_GEN_ANON && !frame_test(f, PG_SWAPCACHE))
        return lg->max_seq - 1;
    if (frame_test(f, PG_RECLAIM) && frame_test(f, PG_DIRTY | PG_WRITEBACK))
        return lg->max_seq - 1;
    if (reclaiming || lg->min_seq[type] + MIN_NR_GENS >= lg->max_seq)
        return lg->min_seq[type];
    return lg->min_seq[type] + 1;
}

void lru_gen_add(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool reclaiming)
{
    struct frame *f = frame_of(mem, pfn);
    struct zone *z = frames_zone_of(mem->frames, pfn);
    enum lru_gen_type type = frame_type(f);
    unsigned gen = gen_of_seq(seq_for(lg, f, reclaiming));

    assert(!frame_test(f, PG_LRU | PG_BATCHED | PG_UNEVICTABLE));
    frame_set(f, PG_LRU);
    if (frame_test(f, PG_ACTIVE) && kernel_has(mem->kernel, KERNEL_LRU_GEN_FORGETS))
        frame_clear(f, FRAME_USES_MASK | PG_REFERENCED);
    frame_clear(f, PG_ACTIVE);
    frame_set_gen(f, gen);
    lru_gen_link(mem, lg, pfn, reclaiming);
    lg->nr_pages[gen][type][z->type] += (u64)frame_nr_pages(f);
    lru_gen_count(mem, frame_group(mem->groups, f), list_of_gen(lg, type, gen), z,
                  frame_nr_pages(f));
}

void lru_gen_del(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool reclaiming)
{
    struct frame *f = frame_of(mem, pfn);
    struct zone *z = frames_zone_of(mem->frames, pfn);
    enum lru_gen_type type = frame_type(f);
    unsigned gen = (unsigned)frame_gen(f);

    assert(frame_test(f, PG_LRU));
    lru_gen_unlink(mem, lg, pfn);
    frame_clear(f, PG_LRU | FRAME_GEN_MASK);
    if (!reclaiming && gen_is_active(lg, gen))
        frame_set(f, PG_ACTIVE);
    lg->nr_pages[gen][type][z->type] -= (u64)frame_nr_pages(f);
    lru_gen_count(mem, frame_group(mem->groups, f), list_of_gen(lg, type, gen), z,
                  -frame_nr_pages(f));
}

void lru_gen_promote(struct mem *mem, struct group *g, struct lru_gen *lg, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    int old = frame_gen(f);
    unsigned new = gen_of_seq(lg->max_seq);

    if (old < 0) { /* isolated: eviction will see that */
        frame_set(f, PG_REFERENCED);
        return;
    }
    frame_clear(f, FRAME_USES_MASK | PG_REFERENCED | PG_WORKINGSET);
    if ((unsigned)old == new)
        return;
    frame_set_gen(f, new);
    lru_gen_recount(mem, g, lg, frame_type(f), frames_zone_of(mem->frames, pfn), (unsigned)old, new,
                    (u64)frame_nr_pages(f));
}

unsigned lru_gen_postpone(struct mem *mem, struct group *g, struct lru_gen *lg, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    enum lru_gen_type type = frame_type(f);
    unsigned old = gen_of_seq(lg->min_seq[type]), new = (old + 1) % MAX_NR_GENS;

    if ((unsigned)frame_gen(f) != old) /* a walk was faster */
        return (unsigned)frame_gen(f);
    frame_clear(f, FRAME_USES_MASK | PG_REFERENCED | PG_WORKINGSET);
    frame_set_gen(f, new);
    lru_gen_recount(mem, g, lg, type, frames_zone_of(mem->frames, pfn), old, new,
                    (u64)frame_nr_pages(f));
    return new;
}

/* --- what policy.h asks for ------------------------------------------------------------------- */
static struct lru_gen *of_page(struct mem *mem, pfn_t pfn)
{
    return lru_gen_get(mem, frame_group(mem->groups, frame_of(mem, pfn)),
                       frame_nid(mem->frames, pfn));
}

void mglru_add(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    for (u32 i = 0; i < nr; i++) {
        if (unlikely(frame_test(frame_of(mem, pfns[i]), PG_UNEVICTABLE)))
            lruvec_add(mem->groups, pfns[i]);
        else
            lru_gen_add(mem, of_page(mem, pfns[i]), pfns[i], false);
    }
}

void mglru_putback(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    mglru_add(mem, pfns, nr);
}

void mglru_del(struct mem *mem, pfn_t pfn)
{
    if (unlikely(frame_test(frame_of(mem, pfn), PG_UNEVICTABLE)))
        lruvec_del(mem->groups, pfn);
    else
        lru_gen_del(mem, of_page(mem, pfn), pfn, false);
}

/* The pages have the head's generation by their flags, and its list by their neighbours. */
void mglru_split(struct mem *mem, pfn_t head, unsigned nr)
{
    struct lru_gen *lg;

    if (unlikely(frame_test(frame_of(mem, head), PG_UNEVICTABLE))) {
        lruvec_split(mem->groups, head, nr);
        return;
    }
    lg = of_page(mem, head);
    for (pfn_t pfn = head + 1; pfn < head + nr; pfn++) {
        struct frame *f = frame_of(mem, pfn), *after = frame_of(mem, pfn - 1);

        assert(!frame_test(f, PG_LRU));
        frame_set(f, PG_LRU);
        f->next = pfn - 1;
        f->prev = after->prev;
        if (f->prev != PFN_NONE)
            frame_of(mem, f->prev)->next = pfn;
        else
            *end_of_list(lg, after, pfn - 1, true) = pfn;
        after->prev = pfn;
    }
}

void mglru_rotate(struct mem *mem, pfn_t pfn)
{
    struct lru_gen *lg = of_page(mem, pfn);

    lru_gen_del(mem, lg, pfn, true);
    lru_gen_add(mem, lg, pfn, true);
}

void mglru_accessed(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_UNEVICTABLE))
        return;
    if (!frame_test(f, PG_REFERENCED))
        frame_set(f, PG_REFERENCED);
    else if (!frame_test(f, PG_WORKINGSET))
        frame_set(f, PG_WORKINGSET);
    else if ((f->flags & FRAME_USES_MASK) != FRAME_USES_MASK)
        f->flags += 1u << FRAME_USES_SHIFT;
}

void mglru_deactivate(struct mem *mem, pfn_t pfn)
{
    struct lru_gen *lg = of_page(mem, pfn);
    struct frame *f = frame_of(mem, pfn);

    lru_gen_del(mem, lg, pfn, true);
    frame_clear(f, PG_REFERENCED);
    lru_gen_add(mem, lg, pfn, false);
    group_count(mem->groups, frame_group(mem->groups, f), PGDEACTIVATE, frame_nr_pages(f));
}

/* --- on and off ------------------------------------------------------------------------------- */
/* Each lruvec of the machine. */
static void for_each_lruvec(struct mem *mem,
                            void (*fn)(struct mem *mem, struct group *g, unsigned nid))
{
    for (struct group *g = group_next(mem->groups->root, NULL); g;
         g = group_next(mem->groups->root, g))
        for (unsigned nid = 0; nid < mem->frames->nr_nodes; nid++)
            fn(mem, g, nid);
}

static void fill(struct mem *mem, struct group *g, unsigned nid)
{
    struct lruvec *lv = group_lruvec(g, nid);

    for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++)
        while (lv->lists[lru].tail != PFN_NONE) {
            pfn_t pfn = lv->lists[lru].tail;

            lruvec_del(mem->groups, pfn);
            lru_gen_add(mem, lru_gen_get(mem, g, nid), pfn, false);
        }
}

static void drain(struct mem *mem, struct group *g, unsigned nid)
{
    struct lru_gen *lg = group_lruvec(g, nid)->gen;

    if (!lg)
        return;
    for (unsigned gen = 0; gen < MAX_NR_GENS; gen++)
        for (unsigned type = 0; type < NR_LRU_GEN_TYPES; type++)
            for (unsigned zone = 0; zone < NR_ZONES; zone++)
                while (lg->lists[gen][type][zone].tail != PFN_NONE) {
                    pfn_t pfn = lg->lists[gen][type][zone].tail;

                    lru_gen_del(mem, lg, pfn, false);
                    lruvec_add(mem->groups, pfn);
                }
}

void mglru_fill(struct mem *mem)
{
    for_each_lruvec(mem, fill);
}

void mglru_drain(struct mem *mem)
{
    for_each_lruvec(mem, drain);
}

/* --- check ------------------------------------------------------------------------------------ */
struct tally {
    u64 nr_pages[MAX_NR_GENS][NR_LRU_GEN_TYPES][NR_ZONES];
};

static void check_list(const struct mem *mem, const struct group *g, unsigned nid,
                       const struct pfn_list *l, unsigned type, unsigned zone, struct tally *t)
{
    pfn_t prev = PFN_NONE;

    for (pfn_t p = l->head; p != PFN_NONE; p = frame_of(mem, p)->next) {
        const struct frame *f = frame_of(mem, p);

        assert(frame_test(f, PG_LRU) && frame_is(f, FRAME_PAGE) && f->prev == prev);
        assert(!frame_test(f, PG_BATCHED | PG_ACTIVE | PG_UNEVICTABLE));
        assert(frame_gen(f) >= 0 && frame_gen(f) < (int)MAX_NR_GENS);
        assert(frame_type(f) == type && frame_zone(f) == zone);
        assert(frame_group(mem->groups, f) == g && frame_nid(mem->frames, p) == nid);
        t->nr_pages[frame_gen(f)][type][zone] += (u64)frame_nr_pages(f);
        prev = p;
    }
    assert(l->tail == prev);
}

static void check_gens(const struct mem *mem, struct group *g, unsigned nid,
                       u64 ret_size[NR_LRU_LISTS])
{
    const struct lruvec *lv = group_lruvec(g, nid);
    const struct lru_gen *lg = lv->gen;
    struct tally t = {0};

    for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++)
        assert(lv->lists[lru].head == PFN_NONE);
    if (!lg)
        return;
    assert(lru_gen_nr(lg, LRU_GEN_FILE) >= MIN_NR_GENS);
    assert(lru_gen_nr(lg, LRU_GEN_FILE) <= lru_gen_nr(lg, LRU_GEN_ANON));
    assert(lru_gen_nr(lg, LRU_GEN_ANON) <= MAX_NR_GENS);
    for (unsigned gen = 0; gen < MAX_NR_GENS; gen++)
        for (unsigned type = 0; type < NR_LRU_GEN_TYPES; type++)
            for (unsigned zone = 0; zone < NR_ZONES; zone++)
                check_list(mem, g, nid, &lg->lists[gen][type][zone], type, zone, &t);
    for (unsigned gen = 0; gen < MAX_NR_GENS; gen++)
        for (unsigned type = 0; type < NR_LRU_GEN_TYPES; type++)
            for (unsigned zone = 0; zone < NR_ZONES; zone++) {
                assert(t.nr_pages[gen][type][zone] == lg->nr_pages[gen][type][zone]);
                ret_size[list_of_gen(lg, (enum lru_gen_type)type, gen)] +=
                    t.nr_pages[gen][type][zone];
            }
    for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++)
        assert(lv->gen_size[lru] == ret_size[lru]);
}

void mglru_check(const struct mem *mem, const struct groups *gs)
{
    u64(*own)[NR_LRU_LISTS] = xcalloc(gs->nr_groups + 1, sizeof(*own));

    for (unsigned nid = 0; nid < gs->frames->nr_nodes; nid++) {
        for (u32 id = 1; id <= gs->nr_groups; id++) {
            memset(own[id], 0, sizeof(own[id]));
            check_gens(mem, gs->by_id[id], nid, own[id]);
            own[id][LRU_UNEVICTABLE] =
                group_lruvec(gs->by_id[id], nid)->lists[LRU_UNEVICTABLE].count;
        }
        for (u32 id = 1; id <= gs->nr_groups; id++)
            for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++) {
                u64 sum = 0;

                for (struct group *g = group_next(gs->by_id[id], NULL); g;
                     g = group_next(gs->by_id[id], g))
                    sum += own[g->id][lru];
                assert(sum == lruvec_size(group_lruvec(gs->by_id[id], nid), (enum lru_list)lru));
            }
    }
    free(own);
}
