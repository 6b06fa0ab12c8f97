/* mglru_walk.c - which pages were used: walks of page tables, and looking around; see mglru.h.
 *
 * A walk visits the page tables of a group's processes:
 *
 *   an address space that no task ran in since the last walk ......... passed over
 *   a mapping that says nothing of pages to come (MADV_RANDOM ...) ... passed over
 *   a page table that the hardware did not go through since .......... passed over (*)
 *   a page table that is not in the Bloom filter ..................... passed over
 *   its entries: used ones are cleared, and their pages promoted
 *   one used entry in a line of the CPU's cache, on average .......... into the next walk's filter
 *
 *   (*) by PTE_ACCESSED in the PMD table
 *
 * Eviction puts page tables into the filter too, when it finds that many used entries around the
 * page that it looked at. There are two filters, for the walk to come and for the one after it. An
 * address space that joined the group since the last walk is looked at without filter, and so is
 * all that follows it in that walk.
 *
 * Rejected: to keep a set instead of the filter. Its false hits are part of what Linux does; the
 * hash is its own, of the address that the entry has in the kernel's map of all memory. */
#include "reclaim/mglru.h"
#include "reclaim/page.h"

#include <string.h>

static struct frame *frame_of(const struct mem *mem, pfn_t pfn)
{
    return frames_get(mem->frames, pfn);
}

/* --- filters ---------------------------------------------------------------------------------- */
#define DIRECT_MAP      0xffff888000000000ull
#define GOLDEN_RATIO_64 0x61c8864680b583ebull

struct bloom_key {
    u32 bit[2];
};

/* Of the page table that the entry leads to. */
static struct bloom_key bloom_key(const u64 *pmd)
{
    u64 at = DIRECT_MAP + ((u64)*table_pfn(pmd) << PAGE_SHIFT) + ((uintptr_t)pmd & (PAGE_SIZE - 1));
    u32 hash = (u32)(at * GOLDEN_RATIO_64 >> (64 - 2 * BLOOM_SHIFT));

    return (struct bloom_key){{hash & ((1u << BLOOM_SHIFT) - 1), hash >> BLOOM_SHIFT}};
}

static bool bloom_test(const struct mem *mem, const struct lru_gen *lg, u64 seq, const u64 *pmd)
{
    const u64 *filter = lg->filters[seq % 2];
    struct bloom_key key = bloom_key(pmd);

    if (!lg->filter_made[seq % 2] || unlikely(mem->mglru_without & MGLRU_BLOOM))
        return true;
    return filter[key.bit[0] / 64] >> (key.bit[0] % 64) &
           filter[key.bit[1] / 64] >> (key.bit[1] % 64) & 1;
}

static void bloom_set(struct lru_gen *lg, u64 seq, const u64 *pmd)
{
    struct bloom_key key = bloom_key(pmd);

    if (!lg->filter_made[seq % 2])
        return;
    for (unsigned i = 0; i < 2; i++)
        lg->filters[seq % 2][key.bit[i] / 64] |= 1ull << (key.bit[i] % 64);
}

static void bloom_reset(struct lru_gen *lg, u64 seq)
{
    memset(lg->filters[seq % 2], 0, sizeof(lg->filters[0]));
    lg->filter_made[seq % 2] = true;
}

/* One used entry in 8, which share a line of the CPU's cache. */
static bool is_dense(u32 total, u32 young)
{
    return young * 8 >= total;
}

/* --- address spaces --------------------------------------------------------------------------- */
void mglru_mm_add(struct mem *mem, struct mm *mm)
{
    struct group *g = group_get(mem->groups, mm->memcg);

    assert(list_empty(&mm->lru.link));
    if (!g)
        return;
    mm->lru.memcg = mm->memcg;
    mm->lru.fresh = ~0ull;
    list_add_tail(&mm->lru.link, &g->mms);
}

void mglru_mm_del(struct mm *mm)
{
    list_del(&mm->lru.link);
}

void mglru_mm_move(struct mem *mem, struct mm *mm)
{
    if (list_empty(&mm->lru.link) || mm->lru.memcg == mm->memcg)
        return;
    mglru_mm_del(mm);
    mglru_mm_add(mem, mm);
}

/* --- one entry -------------------------------------------------------------------------------- */
/* For whom used pages are looked for. */
struct young_of {
    struct mem *mem;
    struct group *g;
    struct lru_gen *lg;
    unsigned nid;
    bool can_swap; /* anonymous memory as well */
};

/* The folio behind an entry, if it is one of theirs. */
static pfn_t folio_behind(const struct young_of *y, pte_t pte)
{
    pfn_t head;
    const struct frame *f;

    if (!pte_has_frame(pte) || frame_nid(y->mem->frames, pte_pfn(pte)) != y->nid)
        return PFN_NONE;
    head = folio_head_pfn(y->mem->frames, pte_pfn(pte));
    f = frame_of(y->mem, head);
    if (frame_group(y->mem->groups, f) != y->g || (!frame_is_file_lru(f) && !y->can_swap))
        return PFN_NONE;
    return head;
}

/* A store that only the entry knows of. */
static void keep_dirty(struct mem *mem, pfn_t head, pte_t pte)
{
    const struct frame *f = frame_of(mem, head);

    if (!(pte & PTE_DIRTY) || frame_test(f, PG_DIRTY))
        return;
    if (frame_test(f, PG_ANON) && frame_test(f, PG_SWAPBACKED) && !frame_test(f, PG_SWAPCACHE))
        return;
    page_mark_dirty(mem, head);
}

/* --- walks ------------------------------------------------------------------------------------ */
struct mm_walk {
    struct young_of of;
    struct mm *mm;
    bool force_scan;  /* without filter */
    u32 total, young; /* entries of the page table under way */
};

static bool skips_vma(const struct mm_walk *w, const struct vma *vma)
{
    const struct inode *inode;

    if (!(vma->flags & VM_ACCESS_FLAGS) ||
        vma->flags & (VM_HUGETLB | VM_LOCKED | VM_SPECIAL | VM_SEQ_READ | VM_RAND_READ))
        return true;
    if (vma_is_anon(vma))
        return !w->of.can_swap;
    inode = inode_get(w->of.mem->backing, vma->inode);
    if (inode->kind == INODE_RAMFS)
        return true;
    return inode->kind == INODE_SHMEM && !w->of.can_swap;
}

static bool promote_behind(struct mm_walk *w, pte_t *slot)
{
    struct young_of *y = &w->of;
    pte_t pte = *slot;
    pfn_t head = folio_behind(y, pte);

    if (head == PFN_NONE)
        return false;
    mmu_clear_young(slot);
    y->lg->stats[MM_LEAF_YOUNG]++;
    keep_dirty(y->mem, head, pte);
    lru_gen_promote(y->mem, y->g, y->lg, head);
    mem_cost(y->mem, y->mem->cost->referenced);
    return true;
}

/* Entries [start, end) of one page table, which lie in one vma. */
static void walk_entries(struct mm_walk *w, pte_t *leaf, vpn_t start, vpn_t end)
{
    u64 *stats = w->of.lg->stats;

    w->total += (u32)(end - start);
    stats[MM_LEAF_TOTAL] += end - start;
    mem_cost(w->of.mem, (u32)(end - start) * w->of.mem->cost->age_entry);
    for (vpn_t vpn = start; vpn < end; vpn++) {
        pte_t *slot = &leaf[vpn % TABLE_ENTRIES];

        if (!pte_has_frame(*slot))
            continue;
        if (!(*slot & PTE_ACCESSED))
            stats[MM_LEAF_OLD]++;
        else
            w->young += promote_behind(w, slot);
    }
}

/* The page table of [start, end): what the vma at position i and those after it have in there. */
static void walk_table(struct mm_walk *w, u64 *pmd, u32 i, vpn_t start, vpn_t end)
{
    pte_t *leaf = table_of(*pmd);

    w->total = w->young = 0;
    for (; i < w->mm->nr_vmas && w->mm->vmas[i]->start < end; i++) {
        const struct vma *vma = w->mm->vmas[i];

        if (!skips_vma(w, vma))
            walk_entries(w, leaf, MAX(start, vma->start), MIN(end, vma->end));
    }
}

static void walk_huge(struct mm_walk *w, u64 *pmd)
{
    u64 *stats = w->of.lg->stats;

    stats[MM_LEAF_TOTAL]++;
    if (!(*pmd & PTE_ACCESSED))
        stats[MM_LEAF_OLD]++;
    else
        promote_behind(w, pmd);
}

/* What one entry of a PMD table leads to, from `start` on, which is in the vma at position i. */
static void walk_pmd(struct mm_walk *w, u64 *pmd, u32 i, vpn_t start, vpn_t end)
{
    struct lru_gen *lg = w->of.lg;
    u64 *stats = lg->stats;

    if (!*pmd || pte_is_zero_page(*pmd)) {
        stats[MM_LEAF_TOTAL]++;
        return;
    }
    if (!entry_is_table(*pmd)) {
        walk_huge(w, pmd);
        return;
    }
    stats[MM_NONLEAF_TOTAL]++;
    if (w->of.mem->tunables->lru_gen_enabled & LRU_GEN_NONLEAF_YOUNG &&
        !(w->force_scan && kernel_has(w->of.mem->kernel, KERNEL_LRU_GEN_FULL_WALK))) {
        if (!(*pmd & PTE_ACCESSED))
            return;
        *pmd &= ~PTE_ACCESSED;
    }
    if (!w->force_scan && !bloom_test(w->of.mem, lg, lg->max_seq, pmd))
        return;
    stats[MM_NONLEAF_FOUND]++;
    walk_table(w, pmd, i, start, end);
    if (is_dense(w->total, w->young)) {
        stats[MM_NONLEAF_ADDED]++;
        bloom_set(lg, lg->max_seq + 1, pmd);
    }
}

static void walk_mm(struct mm_walk *w)
{
    vpn_t at = 0; /* all before it was walked */

    for (u32 i = 0; i < w->mm->nr_vmas; i++) {
        const struct vma *vma = w->mm->vmas[i];

        if (skips_vma(w, vma))
            continue;
        at = MAX(at, vma->start);
        while (at < vma->end) {
            u64 *pmd = pagetable_pmd(w->mm, at);
            vpn_t end = ROUND_DOWN(at, (vpn_t)TABLE_ENTRIES) + TABLE_ENTRIES;

            if (pmd)
                walk_pmd(w, pmd, i, at, end);
            else /* nor is there one for what its PMD table would serve */
                end = ROUND_DOWN(at, 1ull << 2 * TABLE_SHIFT) + (1ull << 2 * TABLE_SHIFT);
            at = end;
        }
    }
}

/* A task ran in it since that node's last walk: was switched to, not only went on
 * (lru_gen_use_mm). */
static bool was_used(const struct mm_walk *w, u64 node)
{
    const struct mem *mem = w->of.mem;
    ns_t slice = mem->tunables->x_lru_gen_switch_us * NS_PER_US;

    if (!slice)
        return w->mm->lru.used & node;
    return mem_now(mem) / slice != w->mm->lru.walked_at / slice;
}

static bool skips_mm(const struct mm_walk *w)
{
    struct mm *mm = w->mm;
    u64 node = BIT_ULL(w->of.nid), size = mm->rss_file;

    if (!w->force_scan && !was_used(w, node))
        return true;
    mm->lru.used &= ~node;
    mm->lru.walked_at = mem_now(w->of.mem);
    if (w->of.can_swap)
        size += mm->rss_anon + mm->rss_shmem;
    return size < MIN_LRU_BATCH && !kernel_has(w->of.mem->kernel, KERNEL_LRU_GEN_FULL_WALK);
}

bool lru_gen_walk_mms(struct mem *mem, struct group *g, unsigned nid, bool can_swap,
                      bool force_scan)
{
    struct lru_gen *lg = lru_gen_get(mem, g, nid);
    struct mm_walk w = {.of = {mem, g, lg, nid, can_swap}, .force_scan = force_scan};
    struct mm_lru *lru;
    bool first = true;

    if (lg->max_seq <= lg->walked_seq)
        return false;
    lg->walked_seq++;
    if (!force_scan && !(mem->tunables->lru_gen_enabled & LRU_GEN_MM_WALK)) {
        lg->walk_all = true;
        return true;
    }
    list_for_each_entry (lru, &g->mms, link) {
        w.mm = container_of(lru, struct mm, lru);
        w.force_scan |= lg->walk_all || lru->fresh & BIT_ULL(nid);
        lru->fresh &= ~BIT_ULL(nid);
        if (skips_mm(&w))
            continue;
        if (first)
            bloom_reset(lg, lg->max_seq + 1);
        first = false;
        walk_mm(&w);
    }
    lg->walk_all = lg->walk_all && list_empty(&g->mms);
    return true;
}

/* --- looking around --------------------------------------------------------------------------- */
/* The part of the page table around vpn that belongs to the vma: at most MIN_LRU_BATCH entries, vpn
 * in the middle if possible. */
static void choose_around(const struct vma *vma, vpn_t vpn, vpn_t *ret_start, vpn_t *ret_end)
{
    vpn_t table = ROUND_DOWN(vpn, (vpn_t)TABLE_ENTRIES);
    vpn_t start = MAX(table, vma->start), end = MIN(table + TABLE_ENTRIES, vma->end);

    if (end - start > MIN_LRU_BATCH) {
        if (vpn - start < MIN_LRU_BATCH / 2) {
            end = start + MIN_LRU_BATCH;
        } else if (end - vpn < MIN_LRU_BATCH / 2) {
            start = end - MIN_LRU_BATCH;
        } else {
            start = vpn - MIN_LRU_BATCH / 2;
            end = vpn + MIN_LRU_BATCH / 2;
        }
    }
    *ret_start = start;
    *ret_end = end;
}

/* Few pages, and nobody who walks: each goes to the youngest list at once (folio_activate). */
static void activate_now(const struct young_of *y, pfn_t head)
{
    struct frame *f = frame_of(y->mem, head);

    if (!frame_test(f, PG_LRU) || frame_test(f, PG_UNEVICTABLE))
        return;
    lru_gen_del(y->mem, y->lg, head, true);
    frame_set(f, PG_ACTIVE);
    lru_gen_add(y->mem, y->lg, head, false);
    group_count(y->mem->groups, y->g, PGACTIVATE, frame_nr_pages(f));
}

void mglru_look_around(struct mem *mem, pfn_t pfn, const struct rmap_walk *walk)
{
    struct group *g = frame_group(mem->groups, frame_of(mem, pfn));
    unsigned nid = frame_nid(mem->frames, pfn);
    struct young_of y = {mem, g, lru_gen_get(mem, g, nid), nid,
                         !mem->aging.walks || mem->aging.can_swap};
    const bool own = kernel_has(mem->kernel, KERNEL_LRU_GEN_OWN_KIND);
    pfn_t found[MIN_LRU_BATCH];
    u32 nr = 0, young = 0;
    vpn_t start, end;

    if (walk->vma->flags & VM_SPECIAL || unlikely(mem->mglru_without & MGLRU_LOOK_AROUND))
        return;
    choose_around(walk->vma, walk->vpn, &start, &end);
    if (own) { /* the entry itself is counted, and not looked at again */
        y.can_swap = !frame_is_file_lru(frame_of(mem, pfn));
        mmu_clear_young(walk->slot);
        young = 1;
        if (end - start == 1)
            return;
    }
    for (vpn_t vpn = start; vpn < end; vpn++) {
        pte_t *slot = walk->slot + (s64)(vpn - walk->vpn), pte = *slot;
        pfn_t head;

        if (!(pte & PTE_ACCESSED) || (head = folio_behind(&y, pte)) == PFN_NONE)
            continue;
        mmu_clear_young(slot);
        young++;
        keep_dirty(mem, head, pte);
        if (frame_gen(frame_of(mem, head)) < 0)
            frame_set(frame_of(mem, head), PG_REFERENCED);
        else if (frame_gen(frame_of(mem, head)) != (int)gen_of_seq(y.lg->max_seq))
            found[nr++] = head;
    }
    mem_cost(mem, (u32)(end - start) * mem->cost->age_entry);
    if (is_dense((u32)(end - start), young))
        bloom_set(y.lg, y.lg->max_seq, pagetable_pmd(walk->vma->mm, walk->vpn));
    for (u32 i = 0; i < nr; i++) {
        if (!mem->aging.walks && (own || nr < mem->kernel->release->lru_batch))
            activate_now(&y, found[i]);
        else
            lru_gen_promote(mem, g, y.lg, found[i]);
    }
}
