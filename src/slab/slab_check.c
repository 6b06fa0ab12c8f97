/* slab_check.c - recount what caches, CPUs, queues and groups say of the slabs, from the frames
 * themselves. */
#include "base/alloc.h"
#include "base/hash.h"
#include "slab/slab_int.h"

struct cache_recount {
    u64 slabs, pages, objects, inuse, on_cpu, cpu_partial, node_partial;
};

/* Objects that groups say are in each slab. */
static u64 tally_queue(const struct slab_queue *q, struct u64map *by_slab)
{
    u64 objects = 0, homeless = 0;

    for (u32 i = 0; i < q->nr; i++) {
        const struct slab_run *run = &q->runs[(q->first + i) & (q->capacity - 1)];

        assert(run->nr > 0);
        objects += run->nr;
        if (run->pfn == PFN_NONE)
            homeless += run->nr;
        else
            u64map_add(by_slab, run->pfn, run->nr);
    }
    assert(objects == q->objects);
    return homeless;
}

static void check_group(const struct slab *s, const struct slab_group *sg, const struct group *g,
                        struct u64map *by_slab)
{
    u64 bytes = 0, reclaimable = 0, paid;

    for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
        const struct slab_cache *c = &s->caches[id];
        u64 size;

        if (!sg->queue[id])
            continue;
        tally_queue(sg->queue[id], by_slab);
        if (!slab_pays(c->info, g))
            continue;
        size = sg->queue[id]->objects * (c->geo.size + OBJ_CGROUP_BYTES);
        bytes += size;
        reclaimable += c->info->flags & SLAB_RECLAIM_ACCOUNT ? size : 0;
    }
    assert(bytes == sg->bytes);
    assert((s64)reclaimable == g->counters.v[NR_SLAB_RECLAIMABLE]);
    assert((s64)(bytes - reclaimable) == g->counters.v[NR_SLAB_UNRECLAIMABLE]);
    assert((s64)sg->zswap_bytes == g->counters.v[MEMCG_ZSWAP]);
    paid = bytes + sg->spare_bytes + (g->parent ? sg->zswap_bytes : 0);
    for (unsigned cpu = 0; cpu < s->mem->nr_cpus; cpu++)
        paid += s->stock[cpu].group == g->id ? s->stock[cpu].bytes : 0;
    assert(!g->parent || paid == g->kernel_pages * PAGE_SIZE);
    assert(sg->unused_dentries <= slab_count(s, SLAB_DENTRY, g));
    assert(sg->unused_dentries + sg->unused_inodes <= slab_count(s, SLAB_EXT4_INODE_CACHE, g));
}

static void check_slabs(const struct slab *s, struct cache_recount *n, const struct u64map *by_slab)
{
    for (pfn_t p = 1; p < s->mem->frames->end_pfn; p++) {
        const struct frame *f = slab_frame(s, p);
        const struct slab_cache *c;
        u64 inuse = 0;

        if (!frame_is_slab(f))
            continue;
        assert(f->mapping < NR_SLAB_CACHES);
        c = &s->caches[f->mapping];
        n += f->mapping;
        u64map_get(by_slab, p, &inuse);
        assert(f->private == inuse && inuse <= slab_room(c, f));
        assert(f->index != SLAB_FULL || inuse == slab_room(c, f));
        n->slabs++;
        n->pages += 1u << slab_order(f);
        n->objects += slab_room(c, f);
        n->inuse += inuse;
        n->on_cpu += f->index == SLAB_ON_CPU;
        n->cpu_partial += f->index == SLAB_CPU_PARTIAL;
        n->node_partial += f->index == SLAB_NODE_PARTIAL;
        for (pfn_t tail = p + 1; tail < p + (1u << slab_order(f)); tail++)
            assert(frame_is(slab_frame(s, tail), FRAME_SLAB) &&
                   !frame_is_slab(slab_frame(s, tail)));
        n -= f->mapping;
    }
}

static void check_cache(const struct slab *s, const struct slab_cache *c,
                        const struct cache_recount *n)
{
    u64 on_cpu = 0, cpu_partial = 0;

    assert(c->nr_slabs == n->slabs && c->nr_pages == n->pages);
    assert(c->nr_objects == n->objects && c->nr_inuse == n->inuse);
    for (unsigned cpu = 0; c->cpus && cpu < s->mem->nr_cpus; cpu++) {
        const struct slab_cpu *cc = &c->cpus[cpu];
        u32 listed = 0;

        on_cpu += cc->slab != PFN_NONE;
        assert(cc->slab == PFN_NONE || slab_frame(s, cc->slab)->index == SLAB_ON_CPU);
        for (pfn_t p = cc->partial; p != PFN_NONE; p = slab_frame(s, p)->next) {
            assert(slab_frame(s, p)->index == SLAB_CPU_PARTIAL);
            listed++;
        }
        assert(listed == cc->nr_partial);
        cpu_partial += listed;
    }
    assert(on_cpu == n->on_cpu && cpu_partial == n->cpu_partial);
    assert(c->partial.count == n->node_partial);
    for (pfn_t p = c->partial.head; p != PFN_NONE; p = slab_frame(s, p)->next)
        assert(slab_frame(s, p)->index == SLAB_NODE_PARTIAL);
}

void slab_check(const struct slab *s)
{
    struct cache_recount *n = xcalloc(NR_SLAB_CACHES, sizeof(*n));
    s64 pages[2] = {0, 0};
    struct u64map by_slab;

    u64map_init(&by_slab);
    for (u32 id = 1; id < s->nr_groups; id++)
        if (s->groups[id] && group_get(s->mem->groups, (u16)id))
            check_group(s, s->groups[id], group_get(s->mem->groups, (u16)id), &by_slab);
    check_slabs(s, n, &by_slab);
    u64map_done(&by_slab);
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
        check_cache(s, &s->caches[id], &n[id]);
        pages[(slab_cache_info[id].flags & SLAB_RECLAIM_ACCOUNT) != 0] += (s64)n[id].pages;
    }
    assert(s->mem->counters->v[NR_SLAB_RECLAIMABLE] == pages[1] * (s64)PAGE_SIZE);
    assert(s->mem->counters->v[NR_SLAB_UNRECLAIMABLE] == pages[0] * (s64)PAGE_SIZE);
    free(n);
}
