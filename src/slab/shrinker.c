/* shrinker.c - kernel objects that can be rebuilt are dropped, in proportion to the pressure on
 * pages.
 *
 * A shrinker says how many objects it could free and what one costs to make again, in seeks. Each
 * pass of reclaim asks for
 *
 *     4 / seeks * (objects >> priority)        or half of all, for objects that cost nothing to lose
 *
 * plus what earlier passes asked for and did not get, because a batch was not full: that is what is
 * deferred.
 *
 *   super dentries nobody uses, and then the inodes nobody has a dentry for; 2 seeks, batches of
 *            1,024; the two share what is asked for as they share the memory. vfs_cache_pressure
 *            scales what is said to be there.
 *   thp      the huge zero page that nobody uses; huge pages of which a part is unmapped are split
 *            (reclaim/thp.h)
 *   shadow tree nodes of the page cache with nothing but shadows. Shadows are worth keeping for as
 *            many evictions as the group has pages, so a group may keep one node (64 shadows) for
 *            every eight of its pages; half of what is over goes.
 *
 * Mirrors do_shrink_slab(), shrink_slab_memcg() of mm/vmscan.c, super_cache_count(),
 * super_cache_scan() of fs/super.c, count_shadow_nodes(), shadow_lru_isolate() of mm/workingset.c,
 * Linux 6.1. */
#include "reclaim/page.h"
#include "reclaim/thp.h"
#include "slab/slab_int.h"

#define DEFAULT_SEEKS 2u
#define XA_SHIFT      6u /* 64 entries per node */

struct shrinker {
    u32 seeks; /* 0: nothing is lost */
    u32 batch;
    u64 (*count)(struct slab *s, struct group *g);
    u64 (*scan)(struct slab *s, struct group *g, u64 nr);
    bool by_node; /* reclaim from a node drops objects on that node (SHRINKER_NUMA_AWARE) */
};

static u64 super_count(struct slab *s, struct group *g)
{
    const struct slab_group *sg = slab_group_of(s, g);

    return (sg->unused_dentries + sg->unused_inodes) * s->mem->tunables->vfs_cache_pressure / 100;
}

static void drop_dentries(struct slab *s, struct group *g, u64 nr)
{
    struct slab_group *sg = slab_group_of(s, g);

    slab_free(s, SLAB_DENTRY, g, nr);
    sg->unused_dentries -= nr;
    sg->unused_inodes += nr;
}

static void drop_inodes(struct slab *s, struct group *g, u64 nr)
{
    slab_free(s, SLAB_EXT4_INODE_CACHE, g, nr);
    slab_free(s, SLAB_LSM_INODE_CACHE, g, nr);
    slab_group_of(s, g)->unused_inodes -= nr;
}

static u64 super_scan(struct slab *s, struct group *g, u64 nr)
{
    struct slab_group *sg = slab_group_of(s, g);
    u64 total = sg->unused_dentries + sg->unused_inodes + 1;
    u64 inodes = nr * sg->unused_inodes / total + 1;
    u64 dentries = MIN(nr * sg->unused_dentries / total + 1, sg->unused_dentries);

    drop_dentries(s, g, dentries);
    inodes = MIN(inodes, sg->unused_inodes);
    drop_inodes(s, g, inodes);
    return dentries + inodes;
}

static u64 shadow_count(struct slab *s, struct group *g)
{
    u64 pages = (u64)(g->counters.v[NR_SLAB_RECLAIMABLE] + g->counters.v[NR_SLAB_UNRECLAIMABLE]) >>
                PAGE_SHIFT;
    u64 nodes = shadow_nodes_count(s->mem->backing, g->id);

    if (!nodes)
        return 0;
    for (unsigned lru = 0; lru < NR_LRU_LISTS; lru++)
        for (unsigned nid = 0; nid < s->mem->frames->nr_nodes; nid++)
            pages += lruvec_own_size(group_lruvec(g, nid), (enum lru_list)lru);
    pages >>= XA_SHIFT - 3;
    return nodes > pages ? nodes - pages : 0;
}

static u64 shadow_scan(struct slab *s, struct group *g, u64 nr)
{
    for (u64 i = 0; i < nr; i++) {
        u64 first;
        struct inode *inode = shadow_nodes_oldest(s->mem->backing, g->id, &first);

        if (!inode)
            return i;
        page_cache_clear_shadows(s->mem, inode, first, first + (1u << XA_SHIFT) - 1);
        group_count(s->mem->groups, g, WORKINGSET_NODERECLAIM, 1);
        if (unlikely(s->mem->frames->nr_nodes > 1))
            group_count_node(s->mem->groups, g, mem_nid(s->mem), WORKINGSET_NODERECLAIM, 1);
    }
    return nr;
}

static u64 huge_zero_count(struct slab *s, struct group *g HW_UNUSED)
{
    return thp_zero_idle(s->mem);
}

static u64 huge_zero_scan(struct slab *s, struct group *g HW_UNUSED, u64 nr HW_UNUSED)
{
    return thp_zero_free(s->mem);
}

static u64 deferred_count(struct slab *s HW_UNUSED, struct group *g)
{
    return g->deferred_split.count;
}

static u64 deferred_scan(struct slab *s, struct group *g, u64 nr)
{
    return deferred_split_scan(s->mem, g, nr);
}

static const struct shrinker shrinkers[NR_SHRINKERS] = {
    [SHRINK_SUPER] = {DEFAULT_SEEKS, 1024, super_count, super_scan, true},
    [SHRINK_SHADOW] = {0, 128, shadow_count, shadow_scan, true},
    [SHRINK_HUGE_ZERO] = {DEFAULT_SEEKS, 128, huge_zero_count, huge_zero_scan, false},
    [SHRINK_DEFERRED_SPLIT] = {DEFAULT_SEEKS, 128, deferred_count, deferred_scan, false},
};

/* Of objects that lie on nodes as the machine's reclaimable slabs do, those on one. */
static u64 share_of_node(const struct slab *s, u64 objects, unsigned nid)
{
    const struct frames *fr = s->mem->frames;
    u64 all = (u64)s->mem->counters->v[NR_SLAB_RECLAIMABLE] >> PAGE_SHIFT;

    if (likely(fr->nr_nodes == 1) || !all)
        return objects;
    return objects * ((u64)node_counter(fr, nid, NR_SLAB_RECLAIMABLE) >> PAGE_SHIFT) / all;
}

static void shrink_one(struct slab *s, struct group *g, unsigned nid, enum shrinker_id id,
                       int priority)
{
    const struct shrinker *sh = &shrinkers[id];
    u64 freeable = sh->count(s, g), scanned = 0, delta, total, *deferred;

    if (sh->by_node && freeable)
        freeable = share_of_node(s, freeable, nid);
    if (!freeable)
        return;
    deferred = &slab_group_of(s, g)->nr_deferred[id];
    delta = sh->seeks ? (freeable >> priority) * 4 / sh->seeks : freeable / 2;
    total = MIN((*deferred >> priority) + delta, 2 * freeable);
    while (total && (total >= sh->batch || total >= freeable)) {
        u64 nr = MIN(total, (u64)sh->batch);

        sh->scan(s, g, nr);
        count(s->mem->counters, SLABS_SCANNED, (s64)nr);
        mem_cost(s->mem, (u32)nr * s->mem->cost->page_free);
        total -= nr;
        scanned += nr;
    }
    *deferred = MIN(*deferred + delta > scanned ? *deferred + delta - scanned : 0, 2 * freeable);
}

u64 slab_shrink(void *slab, struct group *g, unsigned nid, int priority)
{
    struct slab *s = slab;
    u64 before = s->pages_freed;

    if (unlikely(!g->parent)) /* the oldest shrinker first; it is the machine's */
        shrink_one(s, g, nid, SHRINK_HUGE_ZERO, priority);
    if (unlikely(g->deferred_split.count))
        shrink_one(s, g, nid, SHRINK_DEFERRED_SPLIT, priority);
    if (s->mem->frames->nr_nodes > 1 &&
        !node_counter(s->mem->frames, nid, NR_SLAB_RECLAIMABLE)) /* no objects are there */
        return s->pages_freed - before;
    shrink_one(s, g, nid, SHRINK_SHADOW, priority);
    shrink_one(s, g, nid, SHRINK_SUPER, priority);
    return s->pages_freed - before;
}

void slab_note_unused(struct slab *s, struct group *g, u64 n)
{
    slab_group_of(s, slab_owner(s, g))->unused_dentries += n;
}

u64 slab_drop(struct slab *s)
{
    struct group *root = s->mem->groups->root;
    u64 dropped = 0;

    for (struct group *g = group_next(root, NULL); g; g = group_next(root, g)) {
        struct slab_group *sg = slab_group_of(s, g);
        u64 nodes = shadow_count(s, g);

        deferred_split_scan(s->mem, g, g->deferred_split.count);
        dropped += sg->unused_dentries + sg->unused_inodes + nodes;
        drop_dentries(s, g, sg->unused_dentries);
        drop_inodes(s, g, sg->unused_inodes);
        shadow_scan(s, g, nodes);
    }
    return dropped;
}
