/* migrate.c - see migrate.h.
 *
 *     old frame                                        new frame
 *     mapping, index, mapcount, memcg, flags  ------>  the same; bytes are copied
 *     page cache or swap cache entry          ------>  names the new one
 *     each page-table entry that maps it      ------>  the same bits, the new frame; its translation is flushed
 *     free
 */
#include "compact/migrate.h"

#include <errno.h>
#include <string.h>

#include "reclaim/lru.h"
#include "reclaim/page.h"
#include "reclaim/pin.h"
#include "reclaim/thp.h"
#include "space/mmu.h"
#include "space/rmap.h"

/* What is said about the page, not about the frame or about the list it is on. */
#define MIGRATE_FLAGS                                                                    \
    (PG_PRIVATE | PG_UPTODATE | PG_DIRTY | PG_ACTIVE | PG_REFERENCED | PG_WORKINGSET |   \
     PG_SWAPBACKED | PG_RECLAIM | PG_UNEVICTABLE | PG_MLOCKED | PG_READAHEAD | PG_ANON | \
     PG_ERROR | PG_EXCLUSIVE)

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

bool migrate_isolate(struct mem *mem, pfn_t pfn)
{
    if (!frame_test(frame_of(mem, pfn), PG_LRU))
        return false;
    lru_remove(mem, pfn);
    return true;
}

void migrate_putback(struct mem *mem, const pfn_t *pfns, u32 nr)
{
    for (u32 i = 0; i < nr; i++)
        lru_add(mem, pfns[i]);
}

bool migrate_dirty_is_allowed(const struct mem *mem, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);

    /* Elsewhere it could be written first; what is in ramfs never is. */
    return !frame_test(f, PG_PAGECACHE) || inode_get(mem->backing, f->mapping)->kind != INODE_RAMFS;
}

int migrate_check_movable(const struct mem *mem, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_LOCKED | PG_WRITEBACK))
        return -EAGAIN;
    if ((frame_test(f, PG_DIRTY) && !migrate_dirty_is_allowed(mem, pfn)) ||
        folio_is_pinned(mem, pfn))
        return -EBUSY;
    return 0;
}

struct remap {
    struct mem *mem;
    pfn_t from, to;
};

static bool remap_one(void *ctx, const struct rmap_walk *w)
{
    struct remap *r = ctx;
    pte_t value = pte_make(r->to + (pte_pfn(*w->slot) - r->from), *w->slot & PTE_BITS);

    if (w->order) {
        *w->slot = value;
        mmu_flush_huge(w->vma->mm, w->vpn);
    } else {
        mmu_set_flush(w->vma->mm, w->vpn, w->slot, value);
    }
    mem_cost(r->mem, r->mem->cost->referenced);
    return true;
}

static void move_flags(struct mem *mem, pfn_t from, pfn_t to)
{
    struct frame *f = frame_of(mem, from), *t = frame_of(mem, to);

    frame_set(t, f->flags & MIGRATE_FLAGS);
    if (frame_test(f, PG_MLOCKED)) {
        count(&frames_zone_of(mem->frames, from)->counters, NR_MLOCK, -frame_nr_pages(f));
        count(&frames_zone_of(mem->frames, to)->counters, NR_MLOCK, frame_nr_pages(f));
    }
    frame_clear(f, MIGRATE_FLAGS);
}

/* What a huge page has beside what a page has. Linux unmaps it entry by entry: with the first page
 * that has an entry of its own it goes to the queue of those to be split. The new one comes to no
 * queue. */
static void move_folio_counts(struct mem *mem, pfn_t from, pfn_t to)
{
    const struct frame *f = frame_of(mem, from);

    assert(!frame_test(f, PG_SWAPCACHE | PG_PAGECACHE));
    if (f->mapcount != folio_pmd_mapcount(f) && !folio_is_deferred(f))
        count(mem->counters, THP_DEFERRED_SPLIT_PAGE, 1);
    deferred_split_del(mem, from);
    folio_move_counts(mem->frames, from, to);
    touched_move(&mem->space->touched, from, to);
}

static void copy_bytes(struct mem *mem, pfn_t from, pfn_t to, u32 nr)
{
    if (mem->frames->bytes)
        memcpy(frames_bytes(mem->frames, to), frames_bytes(mem->frames, from),
               (size_t)nr * PAGE_SIZE);
    mem_cost(mem, mem->cost->copy_page * nr);
    if (unlikely(mem->frames->nr_nodes > 1))
        mem_cost(mem,
                 nr * mem_distance_ns(mem, frame_nid(mem->frames, to), mem->cost->remote_page));
}

static void move_cache_entry(struct mem *mem, pfn_t from, pfn_t to)
{
    struct frame *f = frame_of(mem, from), *t = frame_of(mem, to);

    if (frame_test(f, PG_PAGECACHE)) {
        pagecache_replace(mem->backing, from, to);
    } else {
        t->mapping = f->mapping;
        frame_set_index(t, frame_index(f));
    }
    if (frame_test(f, PG_SWAPCACHE))
        swapcache_replace(mem->swap, from, to);
}

static void move_folio(struct mem *mem, pfn_t from, pfn_t to)
{
    struct frame *f = frame_of(mem, from), *t = frame_of(mem, to);
    struct remap remap = {mem, from, to};
    bool mapped = f->mapcount > 0;
    unsigned order = folio_order(f);

    assert(folio_order(t) == order);
    if (frame_nid(mem->frames, from) != frame_nid(mem->frames, to))
        page_change_node(mem, from, to);
    if (mapped)
        rmap_for_each(mem->space, from, remap_one, &remap);
    copy_bytes(mem, from, to, 1u << order);
    move_cache_entry(mem, from, to);
    if (order)
        move_folio_counts(mem, from, to);
    move_flags(mem, from, to);
    mem_numa_move(mem, from, to);
    t->mapcount = f->mapcount;
    t->memcg = f->memcg;
    f->mapcount = 0;
    f->memcg = 0;
    frames_free(mem->frames, from, order, mem->cpu);
    lru_add(mem, to);
    if (mapped)
        lru_add_drain(mem);
    mem_cost(mem, mem->cost->migrate_page);
}

/* --- many ------------------------------------------------------------------------------------- */
struct migration {
    struct mem *mem;
    const struct migrate_target *target;
    enum migrate_reason reason;
    struct migrate_result r;
};

/* It stays. */
static void fail(struct migration *m, pfn_t pfn, int err)
{
    migrate_putback(m->mem, &pfn, 1);
    m->r.failed += (u32)frame_nr_pages(frame_of(m->mem, pfn));
    m->r.err = err;
}

static int try_move(struct migration *m, pfn_t pfn)
{
    int err = migrate_check_movable(m->mem, pfn);
    pfn_t to;

    if (err)
        return err;
    to = m->target->take(m->target->ctx, pfn);
    if (to == PFN_NONE)
        return -ENOMEM;
    m->r.migrated += (u32)frame_nr_pages(frame_of(m->mem, pfn));
    move_folio(m->mem, pfn, to);
    return 0;
}

/* A huge page, which is isolated, comes apart; its pages move one by one. */
static void move_split(struct migration *m, pfn_t head)
{
    u32 nr = (u32)frame_nr_pages(frame_of(m->mem, head)), kept = 0;
    pfn_t pfns[HPAGE_PMD_NR];

    folio_split(m->mem, head);
    for (pfn_t pfn = head; pfn < head + nr; pfn++)
        if (frame_test(frame_of(m->mem, pfn), PG_ANON)) /* else nothing mapped it: it is free */
            pfns[kept++] = pfn;
    for (u32 i = 0; i < kept; i++) {
        int err = m->r.no_target ? -ENOMEM : try_move(m, pfns[i]);

        if (err)
            fail(m, pfns[i], err);
        m->r.no_target |= err == -ENOMEM;
    }
}

static void move_large(struct migration *m, pfn_t pfn)
{
    struct counters *c = m->mem->counters;
    int err = try_move(m, pfn);

    if (!err) {
        count(c, THP_MIGRATION_SUCCESS, 1);
        return;
    }
    count(c, THP_MIGRATION_FAIL, 1);
    if (err != -ENOMEM || m->reason == MR_NUMA_MISPLACED) {
        fail(m, pfn, err);
        return;
    }
    count(c, THP_MIGRATION_SPLIT, 1);
    move_split(m, pfn);
}

struct migrate_result migrate_pages(struct mem *mem, const pfn_t *pfns, u32 nr,
                                    const struct migrate_target *target, enum migrate_reason reason)
{
    struct migration m = {.mem = mem, .target = target, .reason = reason};

    for (u32 i = 0; i < nr; i++) {
        int err;

        if (m.r.no_target) { /* not tried */
            migrate_putback(mem, &pfns[i], 1);
            continue;
        }
        if (folio_is_large(frame_of(mem, pfns[i]))) {
            move_large(&m, pfns[i]);
            continue;
        }
        err = try_move(&m, pfns[i]);
        if (err)
            fail(&m, pfns[i], err);
        m.r.no_target = err == -ENOMEM;
    }
    count(mem->counters, PGMIGRATE_SUCCESS, m.r.migrated);
    count(mem->counters, PGMIGRATE_FAIL, m.r.failed);
    return m.r;
}

/* --- to a node -------------------------------------------------------------------------------- */
struct node_target {
    struct mem *mem;
    struct alloc_nodes nodes;
};

pfn_t migrate_take_frame(struct mem *mem, struct alloc_nodes nodes, u32 alloc_flags, pfn_t from)
{
    unsigned order = folio_order(frame_of(mem, from));

    return frames_try_alloc(mem->frames, nodes, order, alloc_migratetype(alloc_flags),
                            alloc_flags | (order ? ALLOC_COMP : 0), mem->cpu);
}

static pfn_t take_on_node(void *ctx, pfn_t from)
{
    struct node_target *nt = ctx;

    if (!nt->nodes.mask) /* the task's cpuset has not got it */
        return PFN_NONE;
    return migrate_take_frame(nt->mem, nt->nodes, ALLOC_WMARK_MIN | ALLOC_MOVABLE, from);
}

int migrate_folio_to(struct mem *mem, pfn_t pfn, unsigned nid, enum migrate_reason reason)
{
    bool allowed = reason != MR_NUMA_MISPLACED || mem->mems_allowed >> nid & 1;
    struct node_target nt = {mem, {allowed ? BIT_ULL(nid) : 0, nid}};
    struct migrate_target target = {take_on_node, &nt};
    pfn_t head = folio_head_pfn(mem->frames, pfn);

    if (frame_nid(mem->frames, head) == nid)
        return 0;
    if (!migrate_isolate(mem, head))
        return -EBUSY;
    return migrate_pages(mem, &head, 1, &target, reason).err;
}
