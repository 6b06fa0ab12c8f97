/* migrate.c - see migrate.h.
 *
 *     old frame                                        new frame
 *     mapping, index, mapcount, memcg, flags  ------>  the same; bytes are copied
 *     page cache or swap cache entry          ------>  names the new one
 *     each page-table entry that maps it      ------>  the same bits, the new frame; its translation is flushed
 *     free
 */
#include "compact/migrate.h"

#include <string.h>

#include "reclaim/lru.h"
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

static bool is_movable(const struct mem *mem, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_LOCKED | PG_WRITEBACK))
        return false;
    return !frame_test(f, PG_DIRTY) || migrate_dirty_is_allowed(mem, pfn);
}

struct remap {
    struct mem *mem;
    pfn_t to;
};

static bool remap_one(void *ctx, const struct rmap_walk *w)
{
    struct remap *r = ctx;

    mmu_set_flush(w->vma->mm, w->vpn, w->slot, pte_make(r->to, *w->slot & (PAGE_SIZE - 1)));
    mem_cost(r->mem, r->mem->cost->referenced);
    return true;
}

static void move_flags(struct mem *mem, pfn_t from, pfn_t to)
{
    struct frame *f = frame_of(mem, from), *t = frame_of(mem, to);

    frame_set(t, f->flags & MIGRATE_FLAGS);
    if (frame_test(f, PG_MLOCKED)) {
        count(&frames_zone_of(mem->frames, from)->counters, NR_MLOCK, -1);
        count(&frames_zone_of(mem->frames, to)->counters, NR_MLOCK, 1);
    }
    frame_clear(f, MIGRATE_FLAGS);
}

static void move_page(struct mem *mem, pfn_t from, pfn_t to)
{
    struct frame *f = frame_of(mem, from), *t = frame_of(mem, to);
    struct remap remap = {mem, to};
    bool mapped = f->mapcount > 0;

    if (mapped)
        rmap_for_each(mem->space, from, remap_one, &remap);
    if (mem->frames->bytes)
        memcpy(frames_bytes(mem->frames, to), frames_bytes(mem->frames, from), PAGE_SIZE);
    if (frame_test(f, PG_PAGECACHE)) {
        pagecache_replace(mem->backing, from, to);
    } else {
        t->mapping = f->mapping;
        frame_set_index(t, frame_index(f));
    }
    if (frame_test(f, PG_SWAPCACHE))
        swapcache_replace(mem->swap, from, to);
    move_flags(mem, from, to);
    t->mapcount = f->mapcount;
    t->memcg = f->memcg;
    f->mapcount = 0;
    f->memcg = 0;
    frames_free(mem->frames, from, 0, mem->cpu);
    lru_add(mem, to);
    if (mapped)
        lru_add_drain(mem);
    mem_cost(mem, mem->cost->migrate_page + mem->cost->copy_page);
}

struct migrate_result migrate_pages(struct mem *mem, const pfn_t *pfns, u32 nr,
                                    const struct migrate_target *target)
{
    struct migrate_result r = {0};

    for (u32 i = 0; i < nr; i++) {
        pfn_t to = PFN_NONE;

        if (r.no_target) { /* not tried */
            migrate_putback(mem, &pfns[i], 1);
            continue;
        }
        if (is_movable(mem, pfns[i])) {
            to = target->take(target->ctx, pfns[i]);
            r.no_target = to == PFN_NONE;
        }
        if (to == PFN_NONE) {
            migrate_putback(mem, &pfns[i], 1);
            r.failed++;
            continue;
        }
        move_page(mem, pfns[i], to);
        r.migrated++;
    }
    count(mem->counters, PGMIGRATE_SUCCESS, r.migrated);
    count(mem->counters, PGMIGRATE_FAIL, r.failed);
    return r;
}
