/* page.c - counters and ownership of pages; see page.h.
 *
 * A group counter and the machine's counter always move together. Rooms below that know nothing of groups count for the machine
 * only, so their calls are wrapped here and the group's share is added. */
#include "reclaim/page.h"

#include "base/alloc.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"

static struct frame *frame_of(const struct pgdat *pg, pfn_t pfn)
{
    return frames_get(pg->frames, pfn);
}

static void count_group(struct pgdat *pg, const struct frame *f, enum counter id, s64 n)
{
    count(&frame_group(pg->groups, f)->counters, id, n);
}

static void count_mapping(struct pgdat *pg, struct mm *mm, const struct frame *f, bool first)
{
    bool anon = frame_test(f, PG_ANON);

    if (first)
        group_count(pg->groups, frame_group(pg->groups, f), anon ? NR_ANON_PAGES : NR_MAPPED, 1);
    if (anon)
        mm->rss_anon++;
    else if (frame_test(f, PG_SWAPBACKED))
        mm->rss_shmem++;
    else
        mm->rss_file++;
    mm->hiwater_rss = MAX(mm->hiwater_rss, mm_rss(mm));
}

void page_map(struct pgdat *pg, struct mm *mm, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    count_mapping(pg, mm, f, rmap_add(f));
}

void page_map_new_anon(struct pgdat *pg, struct vma *vma, vpn_t vpn, pfn_t pfn)
{
    rmap_add_new_anon(pg->space, vma, vpn, pfn);
    count_mapping(pg, vma->mm, frame_of(pg, pfn), true);
}

void page_map_swapped_in(struct pgdat *pg, struct vma *vma, vpn_t vpn, pfn_t pfn, bool exclusive)
{
    bool first = rmap_add_anon(pg->space, vma, vpn, pfn, exclusive);

    count_mapping(pg, vma->mm, frame_of(pg, pfn), first);
}

void page_unmap(struct pgdat *pg, struct mm *mm, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);
    bool anon = frame_test(f, PG_ANON);

    if (rmap_del(f)) {
        group_count(pg->groups, frame_group(pg->groups, f), anon ? NR_ANON_PAGES : NR_MAPPED, -1);
        if (unlikely(frame_test(f, PG_MLOCKED)))
            page_munlock(pg, pfn);
    }
    if (anon)
        mm->rss_anon--;
    else if (frame_test(f, PG_SWAPBACKED))
        mm->rss_shmem--;
    else
        mm->rss_file--;
}

/* Tree nodes belong to the group that first used the file, for as long as there are any. */
static void charge_nodes(struct pgdat *pg, struct inode *inode, u64 nodes_before)
{
    s64 delta = (s64)inode->pages.nodes - (s64)nodes_before;

    if (likely(!delta))
        return;
    if (!nodes_before)
        inode->nodes_memcg = inode->memcg;
    if (pg->kmem.objects)
        pg->kmem.objects(pg->kmem.ctx, KMEM_TREE_NODE, inode->nodes_memcg, delta);
}

/* Blocks are as large as pages: one buffer head each, from the first time a page is dirtied until it leaves the cache. */
static void add_buffers(struct pgdat *pg, struct frame *f)
{
    if (!pg->kmem.objects || frame_test(f, PG_PRIVATE))
        return;
    frame_set(f, PG_PRIVATE);
    pg->kmem.objects(pg->kmem.ctx, KMEM_BUFFER_HEAD, f->memcg, 1);
}

static void free_buffers(struct pgdat *pg, struct frame *f)
{
    if (unlikely(frame_test_clear(f, PG_PRIVATE)))
        pg->kmem.objects(pg->kmem.ctx, KMEM_BUFFER_HEAD, f->memcg, -1);
}

u64 page_cache_add(struct pgdat *pg, struct inode *inode, u64 index, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);
    u64 nodes = inode->pages.nodes;
    u64 shadow = pagecache_add(pg->backing, inode, index, pfn);

    if (!inode->memcg)
        inode->memcg = f->memcg;
    count_group(pg, f, NR_FILE_PAGES, 1);
    if (inode->kind == INODE_SHMEM)
        count_group(pg, f, NR_SHMEM, 1);
    else if (inode->kind == INODE_DEVICE)
        add_buffers(pg, f);
    charge_nodes(pg, inode, nodes);
    return shadow;
}

void page_cache_del(struct pgdat *pg, pfn_t pfn, u64 shadow)
{
    struct frame *f = frame_of(pg, pfn);
    struct inode *inode = inode_get(pg->backing, f->mapping);
    u64 nodes = inode->pages.nodes;

    if (frame_test(f, PG_DIRTY))
        page_clear_dirty(pg, pfn);
    pagecache_del(pg->backing, pfn, shadow);
    free_buffers(pg, f);
    count_group(pg, f, NR_FILE_PAGES, -1);
    if (inode->kind == INODE_SHMEM)
        count_group(pg, f, NR_SHMEM, -1);
    charge_nodes(pg, inode, nodes);
}

void page_cache_clear_shadows(struct pgdat *pg, struct inode *inode, u64 from, u64 to)
{
    u64 nodes = inode->pages.nodes;

    pagecache_clear_shadows(pg->backing, inode, from, to);
    charge_nodes(pg, inode, nodes);
}

u64 page_swapcache_add(struct pgdat *pg, swp_t e, pfn_t pfn)
{
    u64 shadow = swapcache_add(pg->swap, e, pfn);

    /* The machine counts the swap cache among its file pages (backing/swap_cache.c), a group does not. */
    count_group(pg, frame_of(pg, pfn), NR_SWAPCACHED, 1);
    pgdat_cost(pg, pg->cost->swap_slot);
    return shadow;
}

static void uncharge_slot(struct pgdat *pg, u16 memcg)
{
    struct group *g = group_get(pg->groups, memcg);

    if (g)
        group_uncharge_swap(pg->groups, g, 1);
}

void page_swapcache_del(struct pgdat *pg, pfn_t pfn, u64 shadow)
{
    struct frame *f = frame_of(pg, pfn);
    u16 memcg = 0;

    count_group(pg, f, NR_SWAPCACHED, -1);
    if (swapcache_del(pg->swap, pfn, shadow, &memcg))
        uncharge_slot(pg, memcg);
    pgdat_cost(pg, pg->cost->swap_slot);
}

/* Is it a page of a file that is written back? Others are dirty for reclaim alone. */
static bool is_written_back(const struct pgdat *pg, const struct frame *f)
{
    return frame_test(f, PG_PAGECACHE) && !frame_test(f, PG_SWAPBACKED) &&
           inode_get(pg->backing, f->mapping)->kind != INODE_RAMFS;
}

bool page_mark_dirty(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    if (is_written_back(pg, f)) {
        if (!pagecache_set_dirty(pg->backing, pfn, pg->clock->now))
            return false;
        count_group(pg, f, NR_DIRTY, 1);
        add_buffers(pg, f);
        return true;
    }
    if (frame_test(f, PG_DIRTY))
        return false;
    frame_set(f, PG_DIRTY);
    return true;
}

bool page_clear_dirty(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    if (is_written_back(pg, f)) {
        if (!pagecache_clear_dirty(pg->backing, pfn))
            return false;
        count_group(pg, f, NR_DIRTY, -1);
        return true;
    }
    return frame_test_clear(f, PG_DIRTY);
}

static bool mkclean_one(void *ctx, const struct rmap_walk *w)
{
    struct pgdat *pg = ctx;

    if (!(w->vma->flags & VM_SHARED) || !(*w->slot & (PTE_WRITE | PTE_DIRTY)))
        return true;
    *w->slot &= ~(PTE_WRITE | PTE_DIRTY);
    for (unsigned cpu = 0; cpu < pg->nr_cpus; cpu++)
        tlb_flush_page(&pg->tlbs[cpu], w->vma->mm->id, w->vpn);
    return true;
}

void page_clear_dirty_for_io(struct pgdat *pg, pfn_t pfn)
{
    if (frame_of(pg, pfn)->mapcount)
        rmap_for_each(pg->space, pfn, mkclean_one, pg);
    page_clear_dirty(pg, pfn);
}

void page_start_writeback(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    assert(!frame_test(f, PG_WRITEBACK));
    if (frame_test(f, PG_PAGECACHE)) {
        pagecache_start_writeback(pg->backing, pfn);
        count_group(pg, f, NR_WRITEBACK, 1);
    } else {
        frame_set(f, PG_WRITEBACK);
        group_count(pg->groups, frame_group(pg->groups, f), NR_WRITEBACK, 1);
    }
}

void page_end_writeback(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    if (frame_test(f, PG_PAGECACHE)) {
        pagecache_end_writeback(pg->backing, pfn);
        wb_page_written(pg->backing, inode_get(pg->backing, f->mapping), pg->clock->now);
        count_group(pg, f, NR_WRITEBACK, -1);
    } else {
        frame_clear(f, PG_WRITEBACK);
        group_count(pg->groups, frame_group(pg->groups, f), NR_WRITEBACK, -1);
        group_count(pg->groups, frame_group(pg->groups, f), NR_WRITTEN, 1);
    }
    if (frame_test_clear(f, PG_RECLAIM))
        lru_rotate_reclaimable(pg, pfn);
}

static void count_mlock(struct pgdat *pg, const struct frame *f, s64 n)
{
    count(&pg->frames->zones[frame_zone(f)].counters, NR_MLOCK, n);
    count(pg->counters, NR_MLOCK, n);
}

void page_mlock(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    if (frame_test(f, PG_MLOCKED))
        return;
    frame_set(f, PG_MLOCKED);
    count_mlock(pg, f, 1);
    count(pg->counters, UNEVICTABLE_PGS_MLOCKED, 1);
    lru_update_evictable(pg, pfn);
}

void page_munlock(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    if (!frame_test_clear(f, PG_MLOCKED))
        return;
    count_mlock(pg, f, -1);
    count(pg->counters, UNEVICTABLE_PGS_MUNLOCKED, 1);
    lru_update_evictable(pg, pfn);
}

void page_free(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);
    struct group *g = group_get(pg->groups, f->memcg);

    assert(f->mapcount == 0 &&
           !frame_test(f, PG_SWAPCACHE | PG_PAGECACHE | PG_LOCKED | PG_WRITEBACK));
    if (frame_test(f, PG_MLOCKED)) {
        count_mlock(pg, f, -1);
        count(pg->counters, UNEVICTABLE_PGS_CLEARED, 1);
    }
    lru_remove(pg, pfn);
    f->memcg = 0;
    frames_free(pg->frames, pfn, 0, pg->cpu);
    if (g)
        group_uncharge(pg->groups, g, 1);
    pgdat_cost(pg, pg->cost->page_free);
}

bool page_free_if_unused(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    assert(frame_test(f, PG_ANON | PG_SWAPCACHE));
    if (f->mapcount || frame_test(f, PG_LOCKED | PG_WRITEBACK))
        return false;
    if (frame_test(f, PG_SWAPCACHE)) {
        if (swap_count(pg->swap, f->private))
            return false;
        page_swapcache_del(pg, pfn, 0);
    }
    page_free(pg, pfn);
    return true;
}

bool page_free_swap(struct pgdat *pg, pfn_t pfn)
{
    struct frame *f = frame_of(pg, pfn);

    if (!frame_test(f, PG_SWAPCACHE) || frame_test(f, PG_WRITEBACK | PG_LOCKED) ||
        swap_count(pg->swap, f->private))
        return false;
    page_swapcache_del(pg, pfn, 0);
    frame_set(f, PG_DIRTY); /* its only copy is here now */
    return true;
}

void page_swap_put(struct pgdat *pg, swp_t e)
{
    u16 memcg = 0;

    if (unlikely(e == SWP_ERROR))
        return;
    if (swap_put(pg->swap, e, &memcg)) {
        uncharge_slot(pg, memcg);
        return;
    }
    pfn_t pfn = swapcache_find(pg->swap, e);

    if (pfn != PFN_NONE && !swap_count(pg->swap, e) && frame_of(pg, pfn)->mapcount == 0)
        page_free_if_unused(pg, pfn);
}

void pgdat_init(struct pgdat *pg)
{
    pg->lru_add = xcalloc(pg->nr_cpus, sizeof(*pg->lru_add));
    pg->dirty_cpus = xcalloc(pg->nr_cpus, sizeof(*pg->dirty_cpus));
    pg->swapin_hits = 4; /* swapin_readahead_hits at boot */
    io_init(pg);
}

void pgdat_done(struct pgdat *pg)
{
    io_done(pg);
    free(pg->lru_add);
    free(pg->dirty_cpus);
}
