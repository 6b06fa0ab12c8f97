/* slab.c - objects made and freed on behalf of a group; see slab.h.
 *
 *     slab_alloc(id, g)  ->  charge.c: g pays size + 8 bytes      ->  slub.c: a slab with room     ->  queue.c: g's youngest
 *     slab_free(id, g)   ->  queue.c: g's oldest, it was in slab S  ->  slub.c: S has one fewer      ->  charge.c: g is paid back
 *
 * Rejected: a handle for every object in the struct that stands for it. Shrinkers free in the order
 * of making anyway, the others come and go in numbers, and a machine with 10^8 dentries has none of
 * them in host memory. */
#include "slab/slab_int.h"

#include "base/alloc.h"
#include "reclaim/page.h"

const struct slab_cache_info slab_cache_info[NR_SLAB_CACHES] = {
#define CACHE(id, name, object_size, flags, doc) {name, object_size, flags, doc},
#include "slab/caches.def"
#undef CACHE
};

/* --- groups ----------------------------------------------------------------------------------- */
struct group *slab_owner(const struct slab *s, struct group *g)
{
    if (!g)
        return s->mem->groups->root;
    while (g->id < s->nr_groups && s->groups[g->id] && s->groups[g->id]->forward)
        g = group_get(s->mem->groups, s->groups[g->id]->forward);
    return g;
}

struct slab_group *slab_group_of(struct slab *s, const struct group *g)
{
    u16 id = g ? g->id : GROUP_ROOT;

    if (unlikely(id >= s->nr_groups)) {
        u32 want = MAX(id + 1u, s->nr_groups * 2);

        s->groups = xrealloc_array(s->groups, want, sizeof(struct slab_group *));
        while (s->nr_groups < want)
            s->groups[s->nr_groups++] = NULL;
    }
    if (unlikely(!s->groups[id]))
        s->groups[id] = xcalloc(1, sizeof(*s->groups[id]));
    return s->groups[id];
}

static struct slab_queue *queue_of(struct slab_group *sg, enum slab_id id)
{
    if (unlikely(!sg->queue[id]))
        sg->queue[id] = xcalloc(1, sizeof(*sg->queue[id]));
    return sg->queue[id];
}

/* What the group has grown by, in objects of this cache: its own counters, in bytes. */
static void count_group(struct slab_group *sg, struct group *g, const struct slab_cache *c, s64 nr)
{
    s64 bytes = nr * (s64)(c->geo.size + OBJ_CGROUP_BYTES);

    sg->bytes += (u64)bytes;
    count(&g->counters,
          c->info->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE,
          bytes);
}

/* --- objects ---------------------------------------------------------------------------------- */
/* At most nr objects in one slab; they are paid for. Returns how many. */
static u32 place_objects(struct slab *s, enum slab_id id, struct group *g, pfn_t pfn, u64 nr)
{
    struct slab_group *sg = slab_group_of(s, g);
    struct slab_cache *c = &s->caches[id];
    u32 n = (u32)MIN(nr, (u64)UINT32_MAX);

    if (pfn != PFN_NONE) {
        const struct frame *f = slab_frame(s, pfn);

        n = MIN(n, slab_room(c, f) - f->private);
        slub_use(s, c, pfn, n);
    }
    queue_push(queue_of(sg, id), pfn, n);
    if (slab_pays(c->info, g))
        count_group(sg, g, c, n);
    return n;
}

void slab_alloc(struct slab *s, enum slab_id id, struct group *g, u64 n)
{
    struct slab_cache *c = &s->caches[id];

    g = slab_owner(s, g);
    while (n) {
        u32 placed = place_objects(s, id, g, slub_get(s, c), n);

        if (slab_pays(c->info, g))
            for (u32 i = 0; i < placed; i++)
                stock_charge(s, g, c->geo.size + OBJ_CGROUP_BYTES);
        n -= placed;
    }
}

/* A slab of the smallest order, for which the kernel does what it does for any allocation. */
static enum balance_result add_slab(struct slab *s, struct attempt *at, struct slab_cache *c,
                                    pfn_t *ret_pfn, struct wait *ret_wait)
{
    u32 flags = c->info->flags & SLAB_RECLAIM_ACCOUNT ? ALLOC_RECLAIMABLE | ALLOC_NOFS : 0;
    enum balance_result r = balance_alloc(s->mem, at, c->geo.min_order, flags, ret_pfn, ret_wait);

    if (r == BALANCE_OK)
        slub_add(s, c, *ret_pfn);
    return r;
}

static enum purpose purpose_of(const struct slab_cache *c)
{
    if (c->info->flags & SLAB_RECLAIM_ACCOUNT)
        return PURPOSE_SLAB_RECLAIMABLE;
    return c->geo.order ? PURPOSE_SLAB : PURPOSE_SLAB_PAGE;
}

enum balance_result slab_alloc_wait(struct slab *s, struct attempt *at, enum slab_id id,
                                    struct group *g, struct wait *ret_wait)
{
    struct slab_cache *c = &s->caches[id];
    u32 bytes = c->geo.size + OBJ_CGROUP_BYTES;
    pfn_t pfn = slub_try_get(s, c);
    enum balance_result r;

    at->purpose = (u8)purpose_of(c);
    if (pfn == PFN_NONE) {
        r = add_slab(s, at, c, &pfn, ret_wait);
        if (r != BALANCE_OK)
            return r;
    }
    g = slab_owner(s, g);
    if (slab_pays(c->info, g) && !stock_consume(s, g, bytes)) {
        r = balance_charge(s->mem, at, g, DIV_ROUND_UP(bytes, PAGE_SIZE), ret_wait);
        if (r != BALANCE_OK)
            return r;
        stock_paid(s, g, bytes);
        pfn = slub_get(s, c); /* reclaim may have come by */
    }
    place_objects(s, id, g, pfn, 1);
    return BALANCE_OK;
}

void slab_free(struct slab *s, enum slab_id id, struct group *g, u64 n)
{
    struct slab_cache *c = &s->caches[id];
    struct slab_group *sg;
    bool pays;

    if (!n)
        return;
    g = slab_owner(s, g);
    sg = slab_group_of(s, g);
    pays = slab_pays(c->info, g);
    assert(sg->queue[id] && sg->queue[id]->objects >= n);
    while (n) {
        struct slab_run run = queue_pop(sg->queue[id], n);

        if (run.pfn != PFN_NONE)
            slub_put(s, c, run.pfn, run.nr);
        if (pays) {
            count_group(sg, g, c, -(s64)run.nr);
            for (u32 i = 0; i < run.nr; i++)
                stock_return(s, g, c->geo.size + OBJ_CGROUP_BYTES);
        }
        n -= run.nr;
    }
}

void slab_adjust(struct slab *s, enum slab_id id, struct group *g, u64 had, u64 want)
{
    if (want > had)
        slab_alloc(s, id, g, want - had);
    else
        slab_free(s, id, g, had - want);
}

u64 slab_count(const struct slab *s, enum slab_id id, const struct group *g)
{
    u16 group = g ? g->id : GROUP_ROOT;

    if (group >= s->nr_groups || !s->groups[group] || !s->groups[group]->queue[id])
        return 0;
    return s->groups[group]->queue[id]->objects;
}

enum slab_id slab_kmalloc(u32 bytes, bool account)
{
    /* Descending sizes, as the caches stand in the table. */
    unsigned best = account ? SLAB_KMALLOC_CG_8K : SLAB_KMALLOC_8K;
    unsigned last = account ? SLAB_KMALLOC_CG_8 : SLAB_KMALLOC_8;

    assert(bytes <= slab_cache_info[best].object_size);
    while (best < last && slab_cache_info[best + 1].object_size >= bytes)
        best++;
    return (enum slab_id)best;
}

u64 slab_count_active(const struct slab *s, enum slab_id id)
{
    const struct slab_cache *c = &s->caches[id];
    u64 unused = 0;

    for (pfn_t p = c->partial.head; p != PFN_NONE; p = slab_frame(s, p)->next)
        unused += slab_room(c, slab_frame(s, p)) - slab_frame(s, p)->private;
    return c->nr_objects - unused;
}

/* --- the end of a group ----------------------------------------------------------------------- */
static void move_queue(struct slab *s, enum slab_id id, struct group *from, struct group *to)
{
    struct slab_group *old = slab_group_of(s, from), *owner = slab_group_of(s, to);
    const struct slab_cache *c = &s->caches[id];
    struct slab_queue *q = old->queue[id];

    if (!q)
        return;
    if (q->objects && slab_pays(c->info, from))
        count_group(old, from, c, -(s64)q->objects);
    if (q->objects && slab_pays(c->info, to))
        count_group(owner, to, c, (s64)q->objects);
    while (q->objects) {
        struct slab_run run = queue_pop(q, UINT32_MAX < q->objects ? UINT32_MAX : q->objects);

        queue_push(queue_of(owner, id), run.pfn, run.nr);
    }
    free(q->runs);
    free(q);
    old->queue[id] = NULL;
}

void slab_reparent(struct slab *s, struct group *from, struct group *to)
{
    static const enum counter moves[] = {MEMCG_ZSWAP, MEMCG_ZSWAPPED};
    struct slab_group *old = slab_group_of(s, from), *owner;
    struct groups *gs = s->mem->groups;

    to = slab_owner(s, to);
    owner = slab_group_of(s, to);
    stock_drain(s, from);
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++)
        move_queue(s, (enum slab_id)id, from, to);
    owner->unused_dentries += old->unused_dentries;
    owner->unused_inodes += old->unused_inodes;
    for (unsigned i = 0; i < NR_SHRINKERS; i++)
        owner->nr_deferred[i] += old->nr_deferred[i];
    /* The pages were charged to `to` as well, being above; the root pays for nothing. */
    if (from->kernel_pages) {
        group_uncharge(gs, from, (u32)from->kernel_pages);
        group_force_charge(gs, to, (u32)from->kernel_pages);
    }
    if (to->parent) {
        to->kernel_pages += from->kernel_pages;
        owner->spare_bytes += old->spare_bytes;
    }
    from->kernel_pages = 0;
    owner->zswap_bytes += old->zswap_bytes;
    for (unsigned i = 0; i < ARRAY_SIZE(moves); i++) {
        count(&to->counters, moves[i], from->counters.v[moves[i]]);
        from->counters.v[moves[i]] = 0;
    }
    *old = (struct slab_group){.forward = to->id};
}

/* --- the machine ------------------------------------------------------------------------------ */
static void cache_objects(void *slab, enum kmem_object what, u16 memcg, s64 delta)
{
    struct slab *s = slab;
    struct group *g = group_get(s->mem->groups, memcg);
    enum slab_id id = what == KMEM_TREE_NODE ? SLAB_RADIX_TREE_NODE : SLAB_BUFFER_HEAD;

    if (delta > 0)
        slab_alloc(s, id, g, (u64)delta);
    else
        slab_free(s, id, g, (u64)-delta);
}

void slab_init(struct slab *s, struct mem *mem)
{
    *s = (struct slab){.mem = mem};
    s->stock = xcalloc(mem->nr_cpus, sizeof(*s->stock));
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
        s->caches[id].info = &slab_cache_info[id];
        slab_geometry_init(&s->caches[id].geo, &slab_cache_info[id], mem->nr_cpus);
    }
    mem->kmem = (struct kmem){.ctx = s, .objects = cache_objects, .shrink = slab_shrink};
}

void slab_done(struct slab *s)
{
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++)
        free(s->caches[id].cpus);
    for (u32 g = 0; g < s->nr_groups; g++) {
        for (unsigned id = 0; s->groups[g] && id < NR_SLAB_CACHES; id++) {
            if (s->groups[g]->queue[id])
                free(s->groups[g]->queue[id]->runs);
            free(s->groups[g]->queue[id]);
        }
        free(s->groups[g]);
    }
    free(s->groups);
    free(s->stock);
    s->mem->kmem = (struct kmem){0};
}
