/* slub.c - slabs: frames cut into objects, and the four places a slab can be in.
 *
 *              no free object                    a CPU has its fill
 *     on CPU ------------------> full      CPU's partial list -----> node's partial list
 *        ^                        |            ^   |                     |        |
 *        |                        +------------+   |                     |        | empty, and the node
 *        |                     an object is freed  |                     |        | has enough partial ones
 *        +-----------------------------------------+---------------------+        v
 *                  the CPU needs objects                                      frames freed
 *
 * A CPU takes objects from one slab until that is full, then from its partial list, then from the
 * node's (of which it takes some for its list too), and only then from new frames. Slabs that a CPU
 * holds never become free, empty or not: that is the memory which a cache keeps after its objects
 * are gone.
 *
 * Mirrors ___slab_alloc(), get_partial_node(), __slab_free(), put_cpu_partial(),
 * __unfreeze_partials(), allocate_slab() of mm/slub.c, Linux 6.1. */
#include "balance/kswapd.h"
#include "balance/place.h"
#include "base/alloc.h"
#include "slab/slab_int.h"

static enum counter counter_of(const struct slab_cache *c)
{
    return c->info->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

static void set_place(struct frame *f, enum slab_place place)
{
    f->index = place;
}

/* --- frames ----------------------------------------------------------------------------------- */
static pfn_t take_frames(struct slab *s, const struct slab_cache *c, unsigned order, u32 flags)
{
    enum migratetype mt = c->info->flags & SLAB_RECLAIM_ACCOUNT ? MT_RECLAIMABLE : MT_UNMOVABLE;

    return frames_try_alloc(s->mem->frames, place_by_task(s->mem).nodes, order, mt, flags,
                            s->mem->cpu);
}

/* The smallest order, with all that a kernel allocation does short of reclaiming, and the
 * reserves. */
static pfn_t take_smallest(struct slab *s, const struct slab_cache *c)
{
    struct mem *mem = s->mem;
    unsigned order = c->geo.min_order;
    pfn_t pfn = take_frames(s, c, order, ALLOC_WMARK_LOW | ALLOC_NOFRAGMENT | ALLOC_KSWAPD);

    if (mem->frames->boosted)
        kswapd_wake_boosted(mem, order, ZONE_NORMAL);
    if (pfn == PFN_NONE)
        kswapd_wake_all(mem, place_by_task(mem).nodes, order, ZONE_NORMAL, false);
    if (pfn == PFN_NONE)
        pfn = take_frames(s, c, order, ALLOC_WMARK_MIN | ALLOC_KSWAPD);
    if (pfn == PFN_NONE)
        pfn = take_frames(s, c, order, ALLOC_NO_WATERMARKS);
    return pfn;
}

/* The cache's own order is worth a look at the free lists, no more: neither reclaim nor a wake-up
 * of who reclaims. */
static pfn_t take_large(struct slab *s, const struct slab_cache *c)
{
    pfn_t pfn = PFN_NONE;

    if (c->geo.order > c->geo.min_order)
        pfn = take_frames(s, c, c->geo.order, ALLOC_WMARK_LOW | ALLOC_NOFRAGMENT);
    if (pfn == PFN_NONE && c->geo.order > c->geo.min_order)
        pfn = take_frames(s, c, c->geo.order, ALLOC_WMARK_MIN);
    return pfn;
}

static void slab_new(struct slab *s, struct slab_cache *c, pfn_t pfn, unsigned order)
{
    struct frame *f;

    for (pfn_t at = pfn; at < pfn + (1u << order); at++)
        frame_set_kind(slab_frame(s, at), FRAME_SLAB);
    f = slab_frame(s, pfn);
    frame_set(f, SLAB_HEAD | order << FRAME_ORDER_SHIFT);
    f->mapping = (u32)(c - s->caches);
    f->private = 0;
    set_place(f, SLAB_FULL);
    c->nr_slabs++;
    c->nr_pages += 1u << order;
    c->nr_objects += slab_room(c, f);
    frames_count(s->mem->frames, pfn, counter_of(c), (s64)PAGE_SIZE << order);
    mem_cost(s->mem, s->mem->cost->page_alloc);
}

static void slab_discard(struct slab *s, struct slab_cache *c, pfn_t pfn)
{
    struct frame *f = slab_frame(s, pfn);
    unsigned order = slab_order(f);

    assert(f->private == 0);
    c->nr_slabs--;
    c->nr_pages -= 1u << order;
    c->nr_objects -= slab_room(c, f);
    frames_count(s->mem->frames, pfn, counter_of(c), -((s64)PAGE_SIZE << order));
    f->mapping = 0;
    for (pfn_t at = pfn; at < pfn + (1u << order); at++)
        slab_frame(s, at)->flags &= FRAME_ZONE_MASK;
    frames_free(s->mem->frames, pfn, order, s->mem->cpu);
    s->pages_freed += 1u << order;
    mem_cost(s->mem, s->mem->cost->page_free);
}

/* --- places ----------------------------------------------------------------------------------- */
static struct slab_cpu *this_cpu(struct slab *s, struct slab_cache *c)
{
    if (unlikely(!c->cpus))
        c->cpus = xcalloc(s->mem->nr_cpus, sizeof(*c->cpus));
    return &c->cpus[s->mem->cpu];
}

static void node_add_or_discard(struct slab *s, struct slab_cache *c, pfn_t pfn)
{
    struct frame *f = slab_frame(s, pfn);

    if (f->private == 0 && c->partial.count >= c->geo.min_partial) {
        slab_discard(s, c, pfn);
        return;
    }
    set_place(f, SLAB_NODE_PARTIAL);
    pfn_list_add_tail(s->mem->frames, &c->partial, pfn);
}

/* `drain`: when the CPU's list is long, all of it goes to the node first. */
static void cpu_partial_add(struct slab *s, struct slab_cache *c, pfn_t pfn, bool drain)
{
    struct slab_cpu *cpu = this_cpu(s, c);

    if (drain && cpu->nr_partial >= c->geo.cpu_partial_slabs) {
        pfn_t at = cpu->partial;

        cpu->partial = PFN_NONE;
        cpu->nr_partial = 0;
        while (at != PFN_NONE) {
            pfn_t next = slab_frame(s, at)->next;

            node_add_or_discard(s, c, at);
            at = next;
        }
    }
    set_place(slab_frame(s, pfn), SLAB_CPU_PARTIAL);
    slab_frame(s, pfn)->next = cpu->partial;
    cpu->partial = pfn;
    cpu->nr_partial++;
}

/* The first of the node's list, and half a list's worth for later. */
static pfn_t take_from_node(struct slab *s, struct slab_cache *c)
{
    pfn_t first = c->partial.head;

    if (first == PFN_NONE)
        return PFN_NONE;
    pfn_list_del(s->mem->frames, &c->partial, first);
    for (u32 n = 0; n <= c->geo.cpu_partial_slabs / 2 && c->partial.head != PFN_NONE; n++) {
        pfn_t pfn = c->partial.head;

        pfn_list_del(s->mem->frames, &c->partial, pfn);
        cpu_partial_add(s, c, pfn, false);
    }
    return first;
}

/* --- objects ---------------------------------------------------------------------------------- */
static pfn_t make_current(struct slab *s, struct slab_cache *c, pfn_t pfn)
{
    set_place(slab_frame(s, pfn), SLAB_ON_CPU);
    this_cpu(s, c)->slab = pfn;
    return pfn;
}

/* One that this CPU holds, or the node. */
static pfn_t find_slab(struct slab *s, struct slab_cache *c)
{
    struct slab_cpu *cpu = this_cpu(s, c);
    pfn_t pfn = cpu->slab;

    if (likely(pfn != PFN_NONE)) {
        struct frame *f = slab_frame(s, pfn);

        if (likely(f->private < slab_room(c, f)))
            return pfn;
        set_place(f, SLAB_FULL);
        cpu->slab = PFN_NONE;
    }
    pfn = cpu->partial;
    if (pfn != PFN_NONE) {
        cpu->partial = slab_frame(s, pfn)->next;
        cpu->nr_partial--;
    } else {
        pfn = take_from_node(s, c);
    }
    return pfn == PFN_NONE ? PFN_NONE : make_current(s, c, pfn);
}

pfn_t slub_try_get(struct slab *s, struct slab_cache *c)
{
    pfn_t pfn = find_slab(s, c);

    if (likely(pfn != PFN_NONE))
        return pfn;
    pfn = take_large(s, c);
    if (pfn == PFN_NONE)
        return PFN_NONE;
    slab_new(s, c, pfn, c->geo.order);
    return make_current(s, c, pfn);
}

pfn_t slub_add(struct slab *s, struct slab_cache *c, pfn_t pfn)
{
    slab_new(s, c, pfn, c->geo.min_order);
    return make_current(s, c, pfn);
}

pfn_t slub_get(struct slab *s, struct slab_cache *c)
{
    pfn_t pfn = slub_try_get(s, c);

    if (likely(pfn != PFN_NONE))
        return pfn;
    pfn = take_smallest(s, c);
    return pfn == PFN_NONE ? PFN_NONE : slub_add(s, c, pfn);
}

void slub_use(struct slab *s, struct slab_cache *c, pfn_t pfn, u32 nr)
{
    struct frame *f = slab_frame(s, pfn);

    f->private += nr;
    c->nr_inuse += nr;
    assert(f->private <= slab_room(c, f));
}

static void put_one(struct slab *s, struct slab_cache *c, pfn_t pfn)
{
    struct frame *f = slab_frame(s, pfn);

    f->private --;
    switch ((enum slab_place)f->index) {
    case SLAB_ON_CPU:
    case SLAB_CPU_PARTIAL:
        break;
    case SLAB_FULL:
        cpu_partial_add(s, c, pfn, true);
        break;
    case SLAB_NODE_PARTIAL:
        if (f->private || c->partial.count < c->geo.min_partial)
            break;
        pfn_list_del(s->mem->frames, &c->partial, pfn);
        slab_discard(s, c, pfn);
        break;
    }
}

void slub_put(struct slab *s, struct slab_cache *c, pfn_t pfn, u32 nr)
{
    assert(frame_is_slab(slab_frame(s, pfn)) && slab_frame(s, pfn)->private >= nr);
    assert(&s->caches[slab_frame(s, pfn)->mapping] == c);
    c->nr_inuse -= nr;
    while (nr--)
        put_one(s, c, pfn);
}
