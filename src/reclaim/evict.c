/* evict.c - one batch of isolated pages: which are in use, which can go, and let those go.
 *
 * Mirrors shrink_folio_list(), folio_check_references(), pageout(), __remove_mapping() of
 * mm/vmscan.c, try_to_unmap() of mm/rmap.c, Linux 6.1.
 *
 *   page -> under writeback?  keep (rotated when done)
 *        -> referenced?       activate, or once more round the inactive list
 *        -> a slower node?    goes there, with others
 *        -> anonymous         gets a swap slot
 *        -> mapped            unmapped everywhere
 *        -> dirty             file: left to the flusher; swap: written now
 *        -> clean             leaves its cache behind a shadow, freed */
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/page.h"
#include "reclaim/pin.h"
#include "reclaim/policy.h"
#include "reclaim/scan_int.h"
#include "reclaim/thp.h"
#include "reclaim/workingset.h"

#include <string.h>

enum references { REF_RECLAIM, REF_RECLAIM_CLEAN, REF_KEEP, REF_ACTIVATE };
enum verdict { EVICT_FREED, EVICT_KEEP, EVICT_ACTIVATE, EVICT_DEMOTE };

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

/* As rmap_for_each(). Most pages are mapped once, and then fn is expanded in place. */
static inline void for_each_entry(struct mem *mem, pfn_t pfn, rmap_fn fn, void *ctx)
{
    struct rmap_walk walk;

    if (likely(rmap_find_only(mem->space, pfn, &walk)))
        fn(ctx, &walk);
    else
        rmap_for_each(mem->space, pfn, fn, ctx);
}

/* --- references ------------------------------------------------------------------------------- */
struct referenced_ctx {
    struct mem *mem;
    pfn_t pfn;
    struct group *target;
    const struct vma *counted; /* the last one; entries of a vma come one after the other */
    bool large;
    u32 count, vm_flags;
};

static inline bool referenced_one(void *ctx, const struct rmap_walk *w)
{
    struct referenced_ctx *rc = ctx;
    bool young;

    rc->mem->cpu_ns += rc->mem->cost->referenced;
    if (rc->target && w->vma->mm->memcg != rc->target->id &&
        !group_is_below(group_get(rc->mem->groups, w->vma->mm->memcg), rc->target))
        return true;
    if (w->vma->flags & (VM_SEQ_READ | VM_RAND_READ) &&
        kernel_has(rc->mem->kernel, KERNEL_VMA_RECENCY))
        return true;
    if ((w->vma->flags & VM_LOCKED) && (!rc->large || w->order)) {
        rc->vm_flags |= VM_LOCKED;
        return false;
    }
    young = (*w->slot & PTE_ACCESSED) != 0;
    if (young && !w->order && !(w->vma->flags & (VM_SEQ_READ | VM_RAND_READ)))
        policy_found_young(rc->mem, rc->pfn, w);
    mmu_clear_young(w->slot);
    if (young && !(w->vma->flags & VM_SEQ_READ) && rc->counted != w->vma) {
        rc->counted = rc->large ? w->vma : NULL;
        rc->count++;
        rc->vm_flags |= w->vma->flags;
    }
    return true;
}

u32 page_referenced(struct mem *mem, pfn_t pfn, struct group *target, u32 *ret_vm_flags)
{
    struct referenced_ctx rc = {
        .mem = mem, .pfn = pfn, .target = target, .large = folio_is_large(frame_of(mem, pfn))};

    if (frame_of(mem, pfn)->mapcount)
        for_each_entry(mem, pfn, referenced_one, &rc);
    *ret_vm_flags = rc.vm_flags;
    return rc.count;
}

static enum references check_references(struct mem *mem, struct scan_control *sc, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    u32 vm_flags;
    u32 ptes = page_referenced(mem, pfn, sc->req.target, &vm_flags);
    bool referenced = frame_test_clear(f, PG_REFERENCED);

    if (vm_flags & VM_LOCKED)
        return REF_ACTIVATE;
    if (ptes) {
        frame_set(f, PG_REFERENCED);
        if (referenced || ptes > 1)
            return REF_ACTIVATE;
        if ((vm_flags & VM_EXEC) && frame_is_file_lru(f))
            return REF_ACTIVATE;
        return REF_KEEP;
    }
    return referenced && frame_is_file_lru(f) ? REF_RECLAIM_CLEAN : REF_RECLAIM;
}

/* --- unmapping -------------------------------------------------------------------------------- */
static inline bool unmap_one(void *ctx, const struct rmap_walk *w)
{
    struct mem *mem = ctx;
    struct mm *mm = w->vma->mm;
    pte_t pte = *w->slot;
    pfn_t pfn = pte_pfn(pte), head = folio_head_pfn(mem->frames, pfn);
    struct frame *f = frame_of(mem, head);
    pte_t left = 0;

    if (w->vma->flags & VM_LOCKED)
        return false;
    if (frame_test(f, PG_ANON) && frame_test(f, PG_SWAPBACKED)) {
        swp_t e = f->private + (pfn - head);

        swap_dup(mem->swap, e);
        left =
            pte_make_swap(e, frame_test(frame_of(mem, pfn), PG_EXCLUSIVE) ? PTE_SWAP_EXCLUSIVE : 0);
        mm->swapents++;
    } else if (frame_test(f, PG_ANON) && (pte & PTE_DIRTY || frame_test(f, PG_DIRTY))) {
        frame_set(f, PG_SWAPBACKED); /* MADV_FREE memory that was written again */
        return false;
    }
    if (pte & PTE_DIRTY)
        page_mark_dirty(mem, head);
    page_use(mem, head, pte_uses(pte));
    mmu_set_flush(mm, w->vpn, w->slot, left);
    page_unmap(mem, mm, pfn);
    mem_cost(mem, mem->cost->unmap_page);
    return true;
}

static bool try_to_unmap(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    if (unlikely(folio_is_large(f)))
        folio_split_leaves(mem, pfn);
    for_each_entry(mem, pfn, unmap_one, mem);
    if (f->mapcount)
        return false;
    frame_clear(f, PG_EXCLUSIVE);
    return true;
}

/* --- swap and writing ------------------------------------------------------------------------- */
/* A slot, charged to g; SWP_NONE when the machine or the group has none left. Events are those of
 * g, whoever's limit it was. */
/* The group that pays for its slots: the parent of one that was removed
 * (mem_cgroup_id_get_online). */
static struct group *swap_payer(struct group *g)
{
    while (!group_id_valid(g))
        g = g->parent;
    return g;
}

static swp_t swap_slot_get(struct mem *mem, struct group *g)
{
    swp_t e = swap_slot_try_alloc_cpu(mem->swap, mem->cpu);

    if (e == SWP_NONE) {
        group_event(g, MEMCG_SWAP_FAIL, 1);
        return SWP_NONE;
    }
    g = swap_payer(g);
    if (group_try_charge_swap(mem->groups, g, 1)) {
        group_event(g, MEMCG_SWAP_MAX, 1);
        group_event(g, MEMCG_SWAP_FAIL, 1);
        swap_slot_free(mem->swap, e);
        return SWP_NONE;
    }
    swap_set_memcg(mem->swap, e, g->id);
    return e;
}

static bool add_to_swap(struct mem *mem, pfn_t pfn)
{
    swp_t e = swap_slot_get(mem, frame_group(mem->groups, frame_of(mem, pfn)));

    if (e == SWP_NONE)
        return false;
    page_swapcache_add(mem, e, pfn);
    page_mark_dirty(mem, pfn);
    return true;
}

/* A large folio goes to swap whole (CONFIG_THP_SWAP): its pages are apart from here on, next to
 * each other in their slots, and all of them go. False: there is no cluster, or the limit forbids
 * it. With zswap it comes apart first: Linux passes zswap by. */
static bool swap_whole(struct mem *mem, pfn_t head)
{
    struct group *g = frame_group(mem->groups, frame_of(mem, head));
    swp_t first = mem->swap->zswap ? SWP_NONE : swap_cluster_try_alloc(mem->swap);

    if (first == SWP_NONE) {
        group_event(g, MEMCG_SWAP_FAIL, 1);
        return false;
    }
    g = swap_payer(g);
    if (group_try_charge_swap(mem->groups, g, HPAGE_PMD_NR)) {
        group_event(g, MEMCG_SWAP_MAX, 1);
        group_event(g, MEMCG_SWAP_FAIL, 1);
        for (unsigned i = 0; i < HPAGE_PMD_NR; i++)
            swap_slot_free(mem->swap, first + i);
        return false;
    }
    group_count(mem->groups, frame_group(mem->groups, frame_of(mem, head)), THP_SWPOUT, 1);
    folio_take_apart(mem, head);
    for (unsigned i = 0; i < HPAGE_PMD_NR; i++) {
        swap_set_memcg(mem->swap, first + i, g->id);
        page_swapcache_add(mem, first + i, head + i);
        page_mark_dirty(mem, head + i);
    }
    return true;
}

/* Shared memory leaves the page cache for a swap slot, which its file refers to from now on
 * (shmem_writepage). */
static bool shmem_to_swap(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    struct group *g = frame_group(mem->groups, f);
    swp_t e = swap_slot_get(mem, g);

    if (e == SWP_NONE)
        return false;
    page_cache_del(mem, pfn, entry_from_swap(e));
    page_swapcache_add(mem, e, pfn);
    swap_dup(mem->swap, e);
    page_mark_dirty(mem, pfn);
    return true;
}

static void pageout_swap(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);

    frame_clear(f, PG_DIRTY);
    frame_set(f, PG_RECLAIM);
    frames_count(mem->frames, pfn, NR_VMSCAN_WRITE, frame_nr_pages(f));
    io_write_swap(mem, pfn, f->private);
    if (!frame_test(f, PG_WRITEBACK))
        frame_clear(f, PG_RECLAIM);
}

/* Leave the cache; the page is clean, unmapped, not under I/O. */
static void remove_mapping(struct mem *mem, struct scan_control *sc, pfn_t pfn)
{
    struct frame *f = frame_of(mem, pfn);
    struct inode *inode;

    if (frame_test(f, PG_SWAPCACHE)) {
        page_swapcache_del(mem, pfn, workingset_eviction(mem, pfn, sc->req.target));
        return;
    }
    inode = inode_get(mem->backing, f->mapping);
    inode->use.evicted++;
    page_cache_del(mem, pfn,
                   frame_is_file_lru(f) ? workingset_eviction(mem, pfn, sc->req.target) : 0);
    if (!inode->device) /* shared memory that nobody wrote to: a hole again */
        shmem_account(mem->backing, inode, -1);
}

/* --- one page --------------------------------------------------------------------------------- */
static enum verdict evict_dirty(struct mem *mem, struct scan_control *sc, pfn_t pfn,
                                enum references ref, struct evict_stat *stat)
{
    struct frame *f = frame_of(mem, pfn);

    if (!frame_test(f, PG_SWAPBACKED)) {
        /* Page by page from here would be poor I/O: the flusher writes it, and it is rotated when
         * that is done. */
        if (!sc->req.kswapd || !frame_test(f, PG_RECLAIM) || !sc->pgdat->dirty) {
            frames_count(mem->frames, pfn, NR_VMSCAN_IMMEDIATE_RECLAIM, frame_nr_pages(f));
            frame_set(f, PG_RECLAIM);
            return EVICT_ACTIVATE;
        }
        if (ref == REF_RECLAIM_CLEAN || !sc->req.may_writepage)
            return EVICT_KEEP;
        frame_set(f, PG_RECLAIM);
        frames_count(mem->frames, pfn, NR_VMSCAN_WRITE, frame_nr_pages(f));
        stat->nr_pageout += (u64)frame_nr_pages(f);
        io_write_file(mem, inode_get(mem->backing, f->mapping), frame_index(f),
                      (u32)frame_nr_pages(f));
    } else {
        if (ref == REF_RECLAIM_CLEAN || !sc->req.may_writepage)
            return EVICT_KEEP;
        if (frame_test(f, PG_PAGECACHE) && !shmem_to_swap(mem, pfn))
            return EVICT_ACTIVATE;
        stat->nr_pageout += (u64)frame_nr_pages(f);
        pageout_swap(mem, pfn);
    }
    return frame_test(f, PG_WRITEBACK | PG_DIRTY) ? EVICT_KEEP : EVICT_FREED;
}

static enum verdict evict_writeback(struct scan_control *sc, struct frame *f,
                                    struct evict_stat *stat)
{
    if (sc->req.kswapd && frame_test(f, PG_RECLAIM) && sc->pgdat->writeback) {
        stat->nr_immediate += (u64)frame_nr_pages(f);
    } else {
        frame_set(f, PG_RECLAIM);
        stat->nr_writeback += (u64)frame_nr_pages(f);
    }
    return EVICT_ACTIVATE;
}

/* A large folio comes apart: the caller goes on with its first page, and shrink_page_list() with
 * the others. False: nothing is left of its first page. */
static bool split_large(struct mem *mem, struct scan_control *sc, pfn_t pfn)
{
    const struct frame *f = frame_of(mem, pfn);
    bool whole = folio_pmd_mapcount(f) != 0;

    sc->nr.scanned -= (u64)frame_nr_pages(f) - 1;
    sc->split = pfn;
    if (whole && swap_whole(mem, pfn))
        return true;
    if (whole)
        group_count(mem->groups, frame_group(mem->groups, f), THP_SWPOUT_FALLBACK, 1);
    folio_split(mem, pfn);
    return frame_test(f, PG_ANON);
}

/* EVICT_FREED here means: unmapped, clean, ready to leave its cache. */
static enum verdict evict_prepare(struct mem *mem, struct scan_control *sc, pfn_t pfn,
                                  enum references ref, struct evict_stat *stat)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_ANON) && frame_test(f, PG_SWAPBACKED) && !frame_test(f, PG_SWAPCACHE) &&
        !add_to_swap(mem, pfn))
        return EVICT_ACTIVATE;
    if (f->mapcount && !try_to_unmap(mem, pfn)) {
        stat->nr_unmap_fail += (u64)frame_nr_pages(f);
        return EVICT_ACTIVATE;
    }
    if (frame_test(f, PG_DIRTY) && (!frame_test(f, PG_ANON) || frame_test(f, PG_SWAPBACKED)))
        return evict_dirty(mem, sc, pfn, ref, stat);
    return EVICT_FREED;
}

static enum verdict evict_one(struct mem *mem, struct scan_control *sc, pfn_t pfn,
                              struct evict_stat *stat, bool ignore_references)
{
    struct frame *f = frame_of(mem, pfn);
    u64 nr = (u64)frame_nr_pages(f);
    enum references ref = REF_RECLAIM;
    enum verdict v;

    sc->nr.scanned += nr;
    mem_cost(mem, mem->cost->scan_page);
    if (frame_test(f, PG_LOCKED))
        return EVICT_KEEP;
    if (frame_test(f, PG_UNEVICTABLE | PG_MLOCKED))
        return EVICT_ACTIVATE;
    if (f->mapcount && !sc->req.may_unmap)
        return EVICT_KEEP;
    if (!ignore_references && policy_found_used(mem, f))
        return EVICT_KEEP;
    if (frame_test(f, PG_DIRTY | PG_WRITEBACK) && !frame_test(f, PG_ANON | PG_SWAPBACKED)) {
        stat->nr_dirty += nr;
        if (!frame_test(f, PG_WRITEBACK))
            stat->nr_unqueued_dirty += nr;
        else if (frame_test(f, PG_RECLAIM))
            stat->nr_congested += nr;
    }
    if (frame_test(f, PG_WRITEBACK))
        return evict_writeback(sc, f, stat);

    if (!ignore_references)
        ref = check_references(mem, sc, pfn);
    switch (ref) {
    case REF_ACTIVATE:
        return EVICT_ACTIVATE;
    case REF_KEEP:
        stat->nr_ref_keep += nr;
        return EVICT_KEEP;
    case REF_RECLAIM:
    case REF_RECLAIM_CLEAN:
        break;
    }
    if (folio_is_pinned(mem, pfn))
        return EVICT_KEEP;
    if (unlikely(sc->demoting))
        return EVICT_DEMOTE;
    if (unlikely(folio_is_large(f)) && frame_test(f, PG_SWAPBACKED) &&
        !frame_test(f, PG_SWAPCACHE) && !split_large(mem, sc, pfn))
        return EVICT_FREED;
    v = evict_prepare(mem, sc, pfn, ref, stat);
    if (v != EVICT_FREED)
        return v;
    if (frame_test(f, PG_ANON) && !frame_test(f, PG_SWAPBACKED))
        group_count(mem->groups, frame_group(mem->groups, f), PGLAZYFREED, frame_nr_pages(f));
    else
        remove_mapping(mem, sc, pfn);
    page_free(mem, pfn);
    return EVICT_FREED;
}

static void activate_kept(struct mem *mem, pfn_t pfn, struct evict_stat *stat)
{
    struct frame *f = frame_of(mem, pfn);

    if (frame_test(f, PG_SWAPCACHE) &&
        (frame_test(f, PG_MLOCKED) ||
         group_swap_full(frame_group(mem->groups, f), mem->swap->free_pages,
                         mem->swap->total_pages)))
        page_free_swap(mem, pfn);
    if (frame_test(f, PG_MLOCKED | PG_UNEVICTABLE))
        return;
    frame_set(f, PG_ACTIVE);
    stat->nr_activate[frame_is_file_lru(f)] += (u64)frame_nr_pages(f);
    count(mem->counters, PGACTIVATE, frame_nr_pages(f));
    count(&frame_group(mem->groups, f)->counters, PGACTIVATE, frame_nr_pages(f));
}

static u64 evict_pages(struct mem *mem, struct scan_control *sc, pfn_t *pfns, u32 nr, u32 *ret_kept,
                       struct evict_stat *stat, bool ignore_references);

/* The other pages of a folio that was split on the way, with what became of them; some went
 * already. */
static u64 shrink_tails(struct mem *mem, struct scan_control *sc, struct evict_stat *stat,
                        bool ignore_references)
{
    pfn_t pfns[SWAP_CLUSTER_MAX], pfn = sc->split + 1, end = sc->split + HPAGE_PMD_NR;
    u64 freed = 0;

    sc->split = PFN_NONE;
    while (pfn < end) {
        u32 nr = 0, kept;

        for (; pfn < end && nr < SWAP_CLUSTER_MAX; pfn++)
            if (frame_test(frame_of(mem, pfn), PG_ANON))
                pfns[nr++] = pfn;
        freed += evict_pages(mem, sc, pfns, nr, &kept, stat, ignore_references);
        putback_lru_pages(mem, pfns, kept);
    }
    return freed;
}

static u64 evict_pages(struct mem *mem, struct scan_control *sc, pfn_t *pfns, u32 nr, u32 *ret_kept,
                       struct evict_stat *stat, bool ignore_references)
{
    u32 kept = 0;
    u64 freed = 0;

    for (u32 i = 0; i < nr; i++) {
        pfn_t pfn = pfns[i];
        u64 nr_pages = (u64)frame_nr_pages(frame_of(mem, pfn));

        look_ahead(mem, sc);
        switch (evict_one(mem, sc, pfn, stat, ignore_references)) {
        case EVICT_FREED:
            freed += unlikely(sc->split) ? 1 : nr_pages;
            break;
        case EVICT_ACTIVATE:
            activate_kept(mem, pfn, stat);
            pfns[kept++] = pfn;
            break;
        case EVICT_KEEP:
            pfns[kept++] = pfn;
            break;
        case EVICT_DEMOTE:
            sc->demoted[sc->nr_demoted++] = pfn;
            break;
        }
        if (unlikely(sc->split)) { /* in the order in which they were looked at */
            putback_lru_pages(mem, pfns, kept);
            kept = 0;
            freed += shrink_tails(mem, sc, stat, ignore_references);
        }
    }
    *ret_kept = kept;
    return freed;
}

/* What was set apart goes to the slower node; what finds no place there is evicted after all. */
static u64 demote_or_evict(struct mem *mem, struct scan_control *sc, pfn_t *pfns, u32 *ret_kept,
                           struct evict_stat *stat)
{
    struct group *g = frame_group(mem->groups, frame_of(mem, sc->demoted[0]));
    u32 nr = sc->nr_demoted;
    pfn_t first = sc->demoted[0];
    u64 moved;

    memcpy(pfns, sc->demoted, nr * sizeof(pfns[0]));
    sc->nr_demoted = 0;
    sc->demoting = false;
    moved = mem->demote(mem, sc->pgdat->nid, pfns, &nr);
    group_count_frame(mem->groups, g, first, sc->req.kswapd ? PGDEMOTE_KSWAPD : PGDEMOTE_DIRECT,
                      (s64)moved);
    return moved + evict_pages(mem, sc, pfns, nr, ret_kept, stat, false);
}

u64 shrink_page_list(struct mem *mem, struct scan_control *sc, pfn_t *pfns, u32 nr, u32 *ret_kept,
                     struct evict_stat *stat, bool ignore_references)
{
    u32 more = 0;
    u64 freed;

    sc->demoting = can_demote(mem, sc);
    freed = evict_pages(mem, sc, pfns, nr, ret_kept, stat, ignore_references);
    if (unlikely(sc->nr_demoted))
        freed += demote_or_evict(mem, sc, pfns + *ret_kept, &more, stat);
    *ret_kept += more;
    sc->demoting = false;
    return freed;
}
