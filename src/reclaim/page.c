/* page.c - counters and ownership of pages; see page.h.
 *
 * A group counter and the machine's counter always move together. Rooms below that know nothing of
 * groups count for the machine only, so their calls are wrapped here and the group's share is
 * added. */
#include "reclaim/page.h"

#include "base/alloc.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/pin.h"
#include "reclaim/thp.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

static void count_group_node(const struct mem *mem, const struct frame *f, enum counter id, s64 n)
{
    unsigned nid = frame_nid(mem->frames, (pfn_t)(f - mem->frames->frame));

    group_lruvec(frame_group(mem->groups, f), nid)->counters.v[id - NODE_COUNTER_FIRST] += n;
}

/* The group's share, where the machine and its node were counted below. */
static inline void count_group(struct mem *mem, const struct frame *f, enum counter id, s64 n)
{
    count(&frame_group(mem->groups, f)->counters, id, n);
    if (unlikely(mem->frames->nr_nodes > 1))
        count_group_node(mem, f, id, n);
}

/* The machine's, the node's and the group's. */
static inline void count_frame(struct mem *mem, const struct frame *f, enum counter id, s64 n)
{
    group_count_frame(mem->groups, frame_group(mem->groups, f), (pfn_t)(f - mem->frames->frame), id,
                      n);
}

/* Of a page, or of a page of folio f. */
static void count_mapping(struct mem *mem, struct mm *mm, const struct frame *f, bool first)
{
    bool anon = frame_test(f, PG_ANON);

    if (first)
        count_frame(mem, f, anon ? NR_ANON_PAGES : NR_MAPPED, 1);
    if (anon)
        mm->rss_anon++;
    else if (frame_test(f, PG_SWAPBACKED))
        mm->rss_shmem++;
    else
        mm->rss_file++;
    mm->hiwater_rss = MAX(mm->hiwater_rss, mm_rss(mm));
}

void page_map(struct mem *mem, struct mm *mm, pfn_t pfn)
{
    struct frame *f = folio_head(mem->frames, pfn);
    bool first = unlikely(folio_is_large(f)) ? rmap_add_subpage(mem->frames, pfn) : rmap_add(f);

    count_mapping(mem, mm, f, first);
}

void page_map_new_anon(struct mem *mem, struct vma *vma, vpn_t vpn, pfn_t pfn)
{
    rmap_add_new_anon(mem->space, vma, vpn, pfn);
    count_mapping(mem, vma->mm, frame_of(mem, pfn), true);
}

void page_map_swapped_in(struct mem *mem, struct vma *vma, vpn_t vpn, pfn_t pfn, bool exclusive)
{
    bool first = rmap_add_anon(mem->space, vma, vpn, pfn, exclusive);

    count_mapping(mem, vma->mm, folio_head(mem->frames, pfn), first);
}

/* The page of folio f lost an entry, or its last one. */
static void unmap_subpage(struct mem *mem, pfn_t pfn, struct frame *f)
{
    if (!rmap_del_subpage(mem->frames, pfn))
        return;
    count_frame(mem, f, NR_ANON_PAGES, -1);
    frame_clear(frame_of(mem, pfn), PG_EXCLUSIVE);
    deferred_split_add(mem, folio_head_pfn(mem->frames, pfn));
}

void page_unmap(struct mem *mem, struct mm *mm, pfn_t pfn)
{
    struct frame *f = folio_head(mem->frames, pfn);
    bool anon = frame_test(f, PG_ANON);

    if (unlikely(folio_is_large(f))) {
        unmap_subpage(mem, pfn, f);
    } else if (rmap_del(f)) {
        count_frame(mem, f, anon ? NR_ANON_PAGES : NR_MAPPED, -1);
        if (unlikely(frame_test(f, PG_MLOCKED)))
            page_munlock(mem, pfn);
    }
    if (anon)
        mm->rss_anon--;
    else if (frame_test(f, PG_SWAPBACKED))
        mm->rss_shmem--;
    else
        mm->rss_file--;
}

/* Tree nodes belong to the group that first used the file, for as long as there are any. */
static void charge_nodes(struct mem *mem, struct inode *inode, u64 nodes_before)
{
    s64 delta = (s64)inode->pages.nodes - (s64)nodes_before;

    if (likely(!delta))
        return;
    if (!nodes_before)
        inode->nodes_memcg = inode->memcg;
    if (mem->kmem.objects)
        mem->kmem.objects(mem->kmem.ctx, KMEM_TREE_NODE, inode->nodes_memcg, delta);
}

/* Blocks are as large as pages: one buffer head each, from the first time a page is dirtied until
 * it leaves the cache. */
static void add_buffers(struct mem *mem, struct frame *f)
{
    if (!mem->kmem.objects || frame_test(f, PG_PRIVATE))
        return;
    frame_set(f, PG_PRIVATE);
    mem->kmem.objects(mem->kmem.ctx, KMEM_BUFFER_HEAD, f->memcg, 1);
}

static void free_buffers(struct mem *mem, struct frame *f)
{
    if (unlikely(frame_test_clear(f, PG_PRIVATE)))
        mem->kmem.objects(mem->kmem.ctx, KMEM_BUFFER_HEAD, f->memcg, -1);
}

u64 page_cache_add(struct mem *mem, struct inode *inode, u64 index, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    u64 nodes = inode->pages.nodes;
    u64 shadow = pagecache_add(mem->backing, inode, index, pfn);

    if (!inode->memcg)
        inode->memcg = f->memcg;
    count_group(mem, f, NR_FILE_PAGES, frame_nr_pages(f));
    if (inode->kind == INODE_SHMEM)
        count_group(mem, f, NR_SHMEM, frame_nr_pages(f));
    else if (inode->kind == INODE_DEVICE)
        add_buffers(mem, f);
    charge_nodes(mem, inode, nodes);
    return shadow;
}

void page_cache_del(struct mem *mem, pfn_t pfn, u64 shadow)
{
    struct frame *f = frame_of(mem, pfn);
    struct inode *inode = inode_get(mem->backing, f->mapping);
    u64 nodes = inode->pages.nodes;

    if (frame_test(f, PG_DIRTY))
        page_clear_dirty(mem, pfn);
    pagecache_del(mem->backing, pfn, shadow);
    free_buffers(mem, f);
    count_group(mem, f, NR_FILE_PAGES, -frame_nr_pages(f));
    if (inode->kind == INODE_SHMEM)
        count_group(mem, f, NR_SHMEM, -frame_nr_pages(f));
    charge_nodes(mem, inode, nodes);
}

void page_cache_clear_shadows(struct mem *mem, struct inode *inode, u64 from, u64 to)
{
    u64 nodes = inode->pages.nodes;

    pagecache_clear_shadows(mem->backing, inode, from, to);
    charge_nodes(mem, inode, nodes);
}

u64 page_swapcache_add(struct mem *mem, swp_t e, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);
    u64 shadow = swapcache_add(mem->swap, e, pfn);

    /* The machine counts the swap cache among its file pages (backing/swap_cache.c), a group does
     * not. */
    count_group(mem, f, NR_SWAPCACHED, frame_nr_pages(f));
    mem_cost(mem, mem->cost->swap_slot);
    return shadow;
}

static void uncharge_slot(struct mem *mem, u16 memcg)
{
    struct group *g = group_get(mem->groups, memcg);

    if (g)
        group_uncharge_swap(mem->groups, g, 1);
}

void page_swapcache_del(struct mem *mem, pfn_t pfn, u64 shadow)
{
    struct frame *f = frame_of(mem, pfn);
    u16 memcg = 0;

    count_group(mem, f, NR_SWAPCACHED, -1);
    if (swapcache_del(mem->swap, pfn, shadow, &memcg))
        uncharge_slot(mem, memcg);
    mem_cost(mem, mem->cost->swap_slot);
}

/* Is it a page of a file that is written back? Others are dirty for reclaim alone. */
static bool is_written_back(const struct mem *mem, const struct frame *f)
{
    return frame_test(f, PG_PAGECACHE) && !frame_test(f, PG_SWAPBACKED) &&
           inode_get(mem->backing, f->mapping)->kind != INODE_RAMFS;
}

bool page_mark_dirty(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (is_written_back(mem, f)) {
        if (!pagecache_set_dirty(mem->backing, pfn, mem->clock->now))
            return false;
        count_group(mem, f, NR_DIRTY, frame_nr_pages(f));
        add_buffers(mem, f);
        return true;
    }
    if (frame_test(f, PG_DIRTY))
        return false;
    frame_set(f, PG_DIRTY);
    return true;
}

bool page_clear_dirty(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (is_written_back(mem, f)) {
        if (!pagecache_clear_dirty(mem->backing, pfn))
            return false;
        count_group(mem, f, NR_DIRTY, -frame_nr_pages(f));
        return true;
    }
    return frame_test_clear(f, PG_DIRTY);
}

static bool mkclean_one(void *ctx HW_UNUSED, const struct rmap_walk *w)
{
    if (w->vma->flags & VM_SHARED)
        mmu_write_protect(w->vma->mm, w->vpn, w->slot);
    return true;
}

void page_clear_dirty_for_io(struct mem *mem, pfn_t pfn)
{
    if (frame_of(mem, pfn)->mapcount)
        rmap_for_each(mem->space, pfn, mkclean_one, NULL);
    page_clear_dirty(mem, pfn);
}

void page_start_writeback(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    assert(!frame_test(f, PG_WRITEBACK));
    if (frame_test(f, PG_PAGECACHE)) {
        pagecache_start_writeback(mem->backing, pfn);
        count_group(mem, f, NR_WRITEBACK, frame_nr_pages(f));
    } else {
        frame_set(f, PG_WRITEBACK);
        count_frame(mem, f, NR_WRITEBACK, frame_nr_pages(f));
    }
}

void page_end_writeback(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_PAGECACHE)) {
        pagecache_end_writeback(mem->backing, pfn);
        wb_page_written(mem->backing, inode_get(mem->backing, f->mapping), mem->clock->now);
        count_group(mem, f, NR_WRITEBACK, -frame_nr_pages(f));
    } else {
        frame_clear(f, PG_WRITEBACK);
        count_frame(mem, f, NR_WRITEBACK, -frame_nr_pages(f));
        count_frame(mem, f, NR_WRITTEN, frame_nr_pages(f));
    }
    if (frame_test_clear(f, PG_RECLAIM))
        lru_rotate_reclaimable(mem, pfn);
}

void page_change_node(struct mem *mem, pfn_t from, pfn_t to)
{
    const struct frame *f = frame_of(mem, from);
    struct group *g = frame_group(mem->groups, f);
    unsigned nids[2] = {frame_nid(mem->frames, from), frame_nid(mem->frames, to)};
    bool cached = frame_test(f, PG_PAGECACHE), large = folio_is_large(f);
    s64 nr = frame_nr_pages(f), mapped = large ? folio_count_mapped(f) : f->mapcount != 0;

    for (unsigned i = 0; i < 2; i++, nr = -nr, mapped = -mapped) {
        unsigned nid = nids[!i];

        group_count_node(mem->groups, g, nid, frame_test(f, PG_ANON) ? NR_ANON_PAGES : NR_MAPPED,
                         mapped);
        if (large && folio_pmd_mapcount(f))
            group_count_node(mem->groups, g, nid, NR_ANON_TRANSPARENT_HUGEPAGES, nr);
        if (cached)
            group_count_node(mem->groups, g, nid, NR_FILE_PAGES, nr);
        if (cached && frame_test(f, PG_SWAPBACKED))
            group_count_node(mem->groups, g, nid, NR_SHMEM, nr);
        if (frame_test(f, PG_DIRTY) && is_written_back(mem, f))
            group_count_node(mem->groups, g, nid, NR_DIRTY, nr);
        if (frame_test(f, PG_SWAPCACHE)) { /* of the groups' file pages it is none */
            group_count_node(mem->groups, g, nid, NR_SWAPCACHED, nr);
            node_count(mem->frames, nid, NR_FILE_PAGES, nr);
        }
    }
}

static void count_mlock(struct mem *mem, pfn_t pfn, s64 n)
{
    count(&frames_zone_of(mem->frames, pfn)->counters, NR_MLOCK, n);
    count(mem->counters, NR_MLOCK, n);
}

void page_mlock(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_MLOCKED))
        return;
    frame_set(f, PG_MLOCKED);
    count_mlock(mem, pfn, frame_nr_pages(f));
    count(mem->counters, UNEVICTABLE_PGS_MLOCKED, frame_nr_pages(f));
    lru_update_evictable(mem, pfn);
}

void page_munlock(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test_clear(f, PG_MLOCKED))
        return;
    count_mlock(mem, pfn, -frame_nr_pages(f));
    count(mem->counters, UNEVICTABLE_PGS_MUNLOCKED, frame_nr_pages(f));
    lru_update_evictable(mem, pfn);
}

void page_free(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    struct group *g = group_get(mem->groups, f->memcg);
    unsigned order = folio_order(f);

    assert(f->mapcount == 0 &&
           !frame_test(f, PG_SWAPCACHE | PG_PAGECACHE | PG_LOCKED | PG_WRITEBACK) &&
           !folio_is_pinned(mem, pfn));
    if (frame_test(f, PG_MLOCKED)) {
        count_mlock(mem, pfn, -frame_nr_pages(f));
        count(mem->counters, UNEVICTABLE_PGS_CLEARED, frame_nr_pages(f));
    }
    if (order)
        deferred_split_del(mem, pfn);
    lru_remove(mem, pfn);
    f->memcg = 0;
    frames_free(mem->frames, pfn, order, mem->cpu);
    if (g)
        group_uncharge(mem->groups, g, 1u << order);
    mem_cost(mem, mem->cost->page_free);
}

bool page_free_if_unused(struct mem *mem, pfn_t page)
{
    pfn_t pfn = folio_head_pfn(mem->frames, page);
    struct frame *f = frame_of(mem, pfn);

    assert(frame_test(f, PG_ANON | PG_SWAPCACHE));
    if (f->mapcount || frame_test(f, PG_LOCKED | PG_WRITEBACK) || folio_is_pinned(mem, pfn))
        return false;
    if (frame_test(f, PG_SWAPCACHE)) {
        if (swap_count(mem->swap, f->private))
            return false;
        page_swapcache_del(mem, pfn, 0);
    }
    page_free(mem, pfn);
    return true;
}

bool page_free_swap(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_SWAPCACHE) || frame_test(f, PG_WRITEBACK | PG_LOCKED) ||
        swap_count(mem->swap, f->private))
        return false;
    page_swapcache_del(mem, pfn, 0);
    frame_set(f, PG_DIRTY); /* its only copy is here now */
    return true;
}

void page_swap_put(struct mem *mem, swp_t e)
{
    u16 memcg = 0;

    if (unlikely(e == SWP_ERROR))
        return;
    if (swap_put(mem->swap, e, &memcg)) {
        uncharge_slot(mem, memcg);
        return;
    }
    pfn_t pfn = swapcache_find(mem->swap, e);

    if (pfn != PFN_NONE && !swap_count(mem->swap, e) && frame_of(mem, pfn)->mapcount == 0)
        page_free_if_unused(mem, pfn);
}

void mem_init(struct mem *mem)
{
    assert(mem->kernel->release->lru_batch <= LRU_BATCH_MAX);
    mem->mems_allowed = NODES_ALL;
    mem->lru_add = xcalloc(mem->nr_cpus, sizeof(*mem->lru_add));
    for (unsigned cpu = 0; cpu < mem->nr_cpus; cpu++)
        mem->lru_add[cpu].full = mem->kernel->release->lru_batch;
    mem->dirty_cpus = xcalloc(mem->nr_cpus, sizeof(*mem->dirty_cpus));
    if (mem->frames->nr_nodes > 1) {
        mem->numa_last = xcalloc(mem->frames->end_pfn, sizeof(*mem->numa_last));
        mem->numa_known = xcalloc(BITMAP_WORDS(mem->frames->end_pfn), sizeof(*mem->numa_known));
    }
    mem->swapin_hits = 4; /* swapin_readahead_hits at boot */
    mem->kswapds_at = NS_NEVER;
    u64map_init(&mem->pins);
    io_init(mem);
}

void mem_done(struct mem *mem)
{
    io_done(mem);
    vec_done(&mem->thp.scan);
    u64map_done(&mem->pins);
    free(mem->lru_add);
    free(mem->dirty_cpus);
    free(mem->numa_last);
    free(mem->numa_known);
}
