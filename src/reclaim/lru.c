/* lru.c - entry to the LRU lists, and what happens to them whatever the policy.
 *
 *   new page -> batch of 15 on this CPU -> its list
 *
 * A page in a batch is on no list, so reclaim does not see it until the batch is full or drained. A
 * large folio drains it at once. The other batches of Linux (activate, deactivate, rotate) only
 * delay a move by up to 14 pages and are not kept. */
#include "reclaim/lru.h"

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

static void batch_drain(struct mem *mem, struct lru_batch *b)
{
    for (u32 i = 0; i < b->nr; i++) {
        struct frame *f = frame_of(mem, b->pfn[i]);

        frame_clear(f, PG_BATCHED);
        if (frame_test(f, PG_UNEVICTABLE))
            count(mem->counters, UNEVICTABLE_PGS_CULLED, frame_nr_pages(f));
    }
    policy_add(mem, b->pfn, b->nr);
    b->nr = 0;
}

void lru_add(struct mem *mem, pfn_t pfn)
{
    struct lru_batch *b = &mem->lru_add[mem->cpu];
    struct frame *f = frame_of(mem, pfn);

    frame_set(f, PG_BATCHED);
    if (unlikely(mem->in_lru_fault) && !frame_test(f, PG_UNEVICTABLE))
        frame_set(f, PG_ACTIVE);
    b->pfn[b->nr++] = pfn;
    if (b->nr == b->full || unlikely(folio_is_large(f)))
        batch_drain(mem, b);
}

void lru_add_drain(struct mem *mem)
{
    batch_drain(mem, &mem->lru_add[mem->cpu]);
}

void lru_add_drain_all(struct mem *mem)
{
    for (unsigned cpu = 0; cpu < mem->nr_cpus; cpu++)
        batch_drain(mem, &mem->lru_add[cpu]);
}

static void batch_remove(struct mem *mem, pfn_t pfn)
{
    for (unsigned cpu = 0; cpu < mem->nr_cpus; cpu++) {
        struct lru_batch *b = &mem->lru_add[cpu];

        for (u32 i = 0; i < b->nr; i++) {
            if (b->pfn[i] != pfn)
                continue;
            for (b->nr--; i < b->nr; i++)
                b->pfn[i] = b->pfn[i + 1];
            frame_clear(frame_of(mem, pfn), PG_BATCHED);
            return;
        }
    }
    assert(false && "a batched page is in some batch");
}

void lru_remove(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_LRU))
        policy_del(mem, pfn);
    else if (frame_test(f, PG_BATCHED))
        batch_remove(mem, pfn);
}

bool lru_isolate(struct mem *mem, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_LRU) || frame_test(f, PG_UNEVICTABLE))
        return false;
    policy_del(mem, pfn);
    return true;
}

void lru_deactivate(struct mem *mem, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_LRU) && !frame_test(f, PG_UNEVICTABLE))
        policy_deactivate(mem, pfn);
}

void lru_rotate_reclaimable(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_LRU) || frame_test(f, PG_UNEVICTABLE))
        return;
    policy_rotate(mem, pfn);
    count(mem->counters, PGROTATED, frame_nr_pages(f));
}

void lru_lazyfree(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_LRU) || !frame_test(f, PG_SWAPBACKED) ||
        frame_test(f, PG_SWAPCACHE | PG_UNEVICTABLE))
        return;
    policy_del(mem, pfn);
    frame_clear(f, PG_ACTIVE | PG_REFERENCED | PG_SWAPBACKED);
    policy_add(mem, &pfn, 1);
    group_count(mem->groups, frame_group(mem->groups, f), PGLAZYFREE, frame_nr_pages(f));
}

static bool is_ramfs(const struct mem *mem, const struct frame *f)
{
    return frame_test(f, PG_PAGECACHE) && inode_get(mem->backing, f->mapping)->kind == INODE_RAMFS;
}

void lru_update_evictable(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    bool locked = frame_test(f, PG_MLOCKED) || is_ramfs(mem, f);
    bool on_list = frame_test(f, PG_LRU);

    if (locked == frame_test(f, PG_UNEVICTABLE))
        return;
    if (on_list)
        policy_del(mem, pfn);
    if (locked) {
        frame_set(f, PG_UNEVICTABLE);
        frame_clear(f, PG_ACTIVE);
        count(mem->counters, UNEVICTABLE_PGS_CULLED, on_list ? frame_nr_pages(f) : 0);
    } else {
        frame_clear(f, PG_UNEVICTABLE);
        count(mem->counters, UNEVICTABLE_PGS_RESCUED, on_list ? frame_nr_pages(f) : 0);
    }
    if (on_list)
        policy_add(mem, &pfn, 1);
}

void lru_check(const struct mem *mem)
{
    for (unsigned cpu = 0; cpu < mem->nr_cpus; cpu++)
        for (u32 i = 0; i < mem->lru_add[cpu].nr; i++)
            assert(frame_test(frame_of(mem, mem->lru_add[cpu].pfn[i]), PG_BATCHED));
    policy_check(mem);
}
