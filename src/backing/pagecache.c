/* pagecache.c - the tree of one file, and the accounting of dirty pages and pages under writeback.
 *
 * A page's life here:
 *
 *     nothing --add--> clean --set_dirty--> dirty --clear_dirty, start--> writeback --end--> clean
 *        ^               |                                                                   |
 *        +-- value <-----+--del(shadow)------------------------------------------------------+
 *
 * Every change of a tree goes through tree_store(), which keeps the sums of nodes that others
 * account as kernel memory. The frame's flags are the truth about dirty and writeback; the marks of
 * the tree say the same, for searches, and nr_dirty and nr_writeback count them.
 */
#include "backing/pagecache.h"

/* Does anybody but reclaim write its pages back? (mapping_can_writeback) */
static bool has_writeback(const struct inode *inode)
{
    return inode->kind != INODE_SHMEM && inode->kind != INODE_RAMFS;
}

/* Store an entry (0: erase; marks of a value are erased as well) and keep the sums of nodes.
 * Returns the old entry. */
static u64 tree_store(struct backing *b, struct inode *inode, u64 index, u64 entry)
{
    struct xarray *xa = &inode->pages;
    u64 nodes = xa->nodes, value_nodes = xa->value_nodes;
    u32 height = xa->height;
    u64 old = xa_store(xa, index, entry);

    b->xa_nodes += xa->nodes - nodes;
    if (has_writeback(inode) && (xa->value_nodes != value_nodes || xa->height != height)) {
        shadow_nodes_update(b, inode, index);
        if (xa->height != height) /* the entry of page 0 got a leaf, or lost it */
            shadow_nodes_update(b, inode, 0);
    }
    return old;
}

static struct inode *inode_of(const struct backing *b, const struct frame *f)
{
    return inode_get(b, f->mapping);
}

static void count_write_pending(struct backing *b, pfn_t pfn, s64 n)
{
    count(b->counters, NR_ZONE_WRITE_PENDING, n);
    count(&frames_zone_of(b->frames, pfn)->counters, NR_ZONE_WRITE_PENDING, n);
}

/* Before the number of cached pages changes. */
static inline void keep_marked(const struct backing *b, struct inode *inode)
{
    if (inode->use.mark != b->mark) {
        inode->use.mark = b->mark;
        inode->use.marked = inode->nr_pages;
    }
}

u64 pagecache_add(struct backing *b, struct inode *inode, u64 index, pfn_t pfn)
{
    struct frame *f = frames_get(b->frames, pfn);
    u64 old;

    assert(!frame_test(f, PG_PAGECACHE | PG_SWAPCACHE | PG_ANON));
    old = tree_store(b, inode, index, entry_from_pfn(pfn));
    assert(!old || entry_is_shadow(old));
    f->mapping = inode->id;
    frame_set_index(f, index);
    frame_set(f, PG_PAGECACHE);
    f->private = FILE_UNUSED;
    keep_marked(b, inode);
    inode->nr_pages++;
    inode->use.came++;
    inode->use.peak = MAX(inode->use.peak, inode->nr_pages);
    inode->nr_shadows -= old != 0;
    frames_count(b->frames, pfn, NR_FILE_PAGES, frame_nr_pages(f));
    if (inode->kind == INODE_SHMEM) {
        frame_set(f, PG_SWAPBACKED);
        frames_count(b->frames, pfn, NR_SHMEM, frame_nr_pages(f));
    }
    return old;
}

void pagecache_del(struct backing *b, pfn_t pfn, u64 shadow)
{
    struct frame *f = frames_get(b->frames, pfn);
    struct inode *inode = inode_of(b, f);
    u64 index = frame_index(f);
    u64 old;

    assert(frame_test(f, PG_PAGECACHE) && !frame_test(f, PG_WRITEBACK) && f->mapcount == 0);
    assert(!shadow || entry_is_shadow(shadow));
    if (has_writeback(inode))
        pagecache_clear_dirty(b, pfn);
    old = tree_store(b, inode, index, shadow);
    assert(old == entry_from_pfn(pfn));
    frame_clear(f, PG_PAGECACHE);
    f->mapping = 0;
    keep_marked(b, inode);
    inode->nr_pages--;
    inode->use.nr_again -= f->private == FILE_USED_AGAIN;
    f->private = FILE_UNUSED;
    inode->nr_shadows += shadow != 0;
    frames_count(b->frames, pfn, NR_FILE_PAGES, -frame_nr_pages(f));
    if (inode->kind == INODE_SHMEM)
        frames_count(b->frames, pfn, NR_SHMEM, -frame_nr_pages(f));
}

void pagecache_replace(struct backing *b, pfn_t from, pfn_t to)
{
    struct frame *f = frames_get(b->frames, from), *t = frames_get(b->frames, to);
    struct inode *inode = inode_of(b, f);
    bool pending = has_writeback(inode) && frame_test(f, PG_DIRTY);
    u64 old;

    assert(frame_test(f, PG_PAGECACHE) && !frame_test(f, PG_LOCKED | PG_WRITEBACK));
    old = tree_store(b, inode, frame_index(f), entry_from_pfn(to));
    assert(old == entry_from_pfn(from));
    t->mapping = f->mapping;
    frame_set_index(t, frame_index(f));
    t->private = f->private;
    frame_set(t, PG_PAGECACHE);
    frame_clear(f, PG_PAGECACHE);
    f->mapping = f->private = 0;
    if (pending) { /* the zone's share of it moves along; the machine's stays */
        count(&frames_zone_of(b->frames, from)->counters, NR_ZONE_WRITE_PENDING, -1);
        count(&frames_zone_of(b->frames, to)->counters, NR_ZONE_WRITE_PENDING, 1);
    }
}

void pagecache_set_value(struct backing *b, struct inode *inode, u64 index, u64 value)
{
    u64 old = tree_store(b, inode, index, value);

    assert(old && entry_is_shadow(old));
    assert(!value || entry_is_shadow(value));
    inode->nr_shadows -= value == 0;
}

void pagecache_clear_shadows(struct backing *b, struct inode *inode, u64 from, u64 to)
{
    u64 index, entry;

    if (!inode->nr_shadows)
        return;
    xa_for_each_range (&inode->pages, index, entry, from, to)
        if (entry_is_shadow(entry))
            pagecache_set_value(b, inode, index, 0);
}

pfn_t pagecache_next(const struct inode *inode, u64 from, u64 last)
{
    u64 index, entry;

    xa_for_each_range (&inode->pages, index, entry, from, last)
        if (!entry_is_shadow(entry))
            return entry_pfn(entry);
    return PFN_NONE;
}

u64 pagecache_next_miss(const struct inode *inode, u64 index, u64 max)
{
    u64 last = index + max - 1;

    while (index != last && pagecache_find(inode, index) != PFN_NONE) {
        index++;
        if (index == 0) /* past the largest index */
            break;
    }
    return index;
}

u64 pagecache_prev_miss(const struct inode *inode, u64 index, u64 max)
{
    u64 last = index - (max - 1);

    while (index != last && pagecache_find(inode, index) != PFN_NONE) {
        index--;
        if (index == UINT64_MAX)
            break;
    }
    return index;
}

bool pagecache_set_dirty(struct backing *b, pfn_t pfn, ns_t now)
{
    struct frame *f = frames_get(b->frames, pfn);
    struct inode *inode;

    if (frame_test(f, PG_DIRTY))
        return false;
    frame_set(f, PG_DIRTY);
    if (!frame_test(f, PG_PAGECACHE))
        return true;
    inode = inode_of(b, f);
    if (!has_writeback(inode))
        return true;
    xa_set_mark(&inode->pages, frame_index(f), PAGECACHE_DIRTY);
    wb_inode_dirtied(b, inode, f->memcg, now);
    inode->nr_dirty++;
    b->nr_dirty++;
    frames_count(b->frames, pfn, NR_DIRTY, frame_nr_pages(f));
    frames_count(b->frames, pfn, NR_DIRTIED, frame_nr_pages(f));
    count_write_pending(b, pfn, 1);
    return true;
}

bool pagecache_clear_dirty(struct backing *b, pfn_t pfn)
{
    struct frame *f = frames_get(b->frames, pfn);
    struct inode *inode;

    if (!frame_test_clear(f, PG_DIRTY))
        return false;
    if (!frame_test(f, PG_PAGECACHE))
        return true;
    inode = inode_of(b, f);
    if (!has_writeback(inode))
        return true;
    xa_clear_mark(&inode->pages, frame_index(f), PAGECACHE_DIRTY);
    assert(inode->nr_dirty > 0 && inode->on_dirty_list);
    inode->nr_dirty--;
    wb_inode_cleaned(inode);
    b->nr_dirty--;
    frames_count(b->frames, pfn, NR_DIRTY, -frame_nr_pages(f));
    count_write_pending(b, pfn, -1);
    return true;
}

void pagecache_start_writeback(struct backing *b, pfn_t pfn)
{
    struct frame *f = frames_get(b->frames, pfn);

    assert(!frame_test(f, PG_WRITEBACK));
    frame_set(f, PG_WRITEBACK);
    if (frame_test(f, PG_PAGECACHE)) {
        struct inode *inode = inode_of(b, f);

        xa_set_mark(&inode->pages, frame_index(f), PAGECACHE_WRITEBACK);
        inode->nr_writeback++;
        wb_inode_writeback_start(b, inode, f->memcg);
    }
    frames_count(b->frames, pfn, NR_WRITEBACK, frame_nr_pages(f));
    count_write_pending(b, pfn, 1);
}

void pagecache_end_writeback(struct backing *b, pfn_t pfn)
{
    struct frame *f = frames_get(b->frames, pfn);
    bool was = frame_test_clear(f, PG_WRITEBACK);

    assert(was);
    if (frame_test(f, PG_PAGECACHE)) {
        struct inode *inode = inode_of(b, f);

        xa_clear_mark(&inode->pages, frame_index(f), PAGECACHE_WRITEBACK);
        assert(inode->nr_writeback > 0);
        inode->nr_writeback--;
        wb_inode_writeback_end(inode);
    }
    frames_count(b->frames, pfn, NR_WRITEBACK, -frame_nr_pages(f));
    count_write_pending(b, pfn, -1);
    frames_count(b->frames, pfn, NR_WRITTEN, frame_nr_pages(f));
}

pfn_t pagecache_next_dirty(const struct inode *inode, u64 from)
{
    return entry_pfn(xa_find_marked(&inode->pages, &from, XA_INDEX_MAX, PAGECACHE_DIRTY));
}

pfn_t pagecache_next_writeback(const struct inode *inode, u64 from)
{
    return entry_pfn(xa_find_marked(&inode->pages, &from, XA_INDEX_MAX, PAGECACHE_WRITEBACK));
}

struct totals {
    u64 pages, shmem, dirty, nodes, value_nodes;
};

static void inode_check(const struct backing *b, const struct inode *inode, struct totals *t)
{
    u64 index, entry;
    u64 pages = 0, shadows = 0, dirty = 0, writeback = 0, again = 0;
    const struct file_use *use = &inode->use;

    xa_check(&inode->pages);
    xa_for_each (&inode->pages, index, entry) {
        bool is_dirty = xa_get_mark(&inode->pages, index, PAGECACHE_DIRTY);
        bool is_writeback = xa_get_mark(&inode->pages, index, PAGECACHE_WRITEBACK);
        const struct frame *f;

        dirty += is_dirty;
        writeback += is_writeback;
        if (entry_is_shadow(entry)) {
            shadows++;
            assert(!is_dirty && !is_writeback);
            continue;
        }
        pages++;
        f = frames_get(b->frames, entry_pfn(entry));
        assert(frame_test(f, PG_PAGECACHE) && !frame_test(f, PG_SWAPCACHE | PG_ANON));
        assert(f->mapping == inode->id && frame_index(f) == index);
        assert(frame_test(f, PG_SWAPBACKED) == (inode->kind == INODE_SHMEM));
        assert(is_dirty == (has_writeback(inode) && frame_test(f, PG_DIRTY)));
        assert(is_writeback == frame_test(f, PG_WRITEBACK));
        assert(f->private <= FILE_USED_AGAIN);
        again += f->private == FILE_USED_AGAIN;
    }
    assert(pages == inode->nr_pages && shadows == inode->nr_shadows);
    assert(again == use->nr_again && use->again <= use->came && use->peak >= pages);
    assert(use->lost <= use->evicted && use->evicted <= use->came);
    assert(dirty == inode->nr_dirty && writeback == inode->nr_writeback);
    assert(inode->on_dirty_list == (dirty > 0));
    assert(list_empty(&inode->dirty_at) == !inode->on_dirty_list);
    t->pages += pages;
    t->shmem += inode->kind == INODE_SHMEM ? pages : 0;
    t->dirty += dirty;
    t->nodes += inode->pages.nodes;
    t->value_nodes += has_writeback(inode) ? inode->pages.value_nodes : 0;
}

void pagecache_check(const struct backing *b)
{
    struct totals t = {0};
    u32 opens = 0, files = 0;

    for (u32 id = 1; id < b->nr_inodes; id++) {
        if (!b->inodes[id])
            continue;
        inode_check(b, b->inodes[id], &t);
        opens += b->inodes[id]->opens;
    }
    for (u32 id = 1; id < b->nr_files; id++)
        files += b->files[id] != NULL;
    assert(opens == files);
    bdi_check(b);
    assert(t.dirty == b->nr_dirty);
    assert(t.nodes == b->xa_nodes && t.value_nodes == b->shadow_nodes.count);
    shadow_nodes_check(b);
    assert((s64)t.dirty == b->counters->v[NR_DIRTY]);
    assert((s64)t.shmem == b->counters->v[NR_SHMEM]);
    /* The swap cache is in nr_file_pages too; its pages are nr_swapcached (swap_check). */
    assert((s64)t.pages + b->counters->v[NR_SWAPCACHED] == b->counters->v[NR_FILE_PAGES]);
}
