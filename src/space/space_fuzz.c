/* space_fuzz.c - random mmap, munmap, mprotect, mremap, fork, exit, faults and reclaim, against
 * plain arrays.
 *
 * The model of an address space is one cell per page: how it is mapped, and what is there (nothing,
 * the zero page, a frame, a swap entry). After every operation the vmas and entries must say what
 * the cells say, and space_check() must hold, which finds each frame's entries through the reverse
 * map. What the rooms above will do around this one (page cache, swap cache, copy-on-write) is
 * played here in a few lines each.
 */
#include <signal.h>

#include "base/prng.h"
#include "base/test.h"
#include "space/space_testing.h"
#include "space/tlb.h"

#define PAGES      1536u /* in the window that is mapped at random */
#define MMS        5u
#define INODES     3u /* ids 1 .. */
#define FILE_PAGES 300u
#define SWAP_SLOTS 4096u
#define NR_FRAMES  20000u
#define GAP_TOP    (VPN_END - 1 - 32768) /* MMAP_BASE */

enum what { NOTHING, ZERO, FRAME, SWAP };

struct cell {
    u32 flags; /* 0: not mapped */
    u32 inode;
    u64 index;
    enum what what;
    u32 value; /* frame or swap entry */
};

struct proc {
    struct mm *mm; /* NULL: no such process */
    struct cell cells[PAGES];
};

static struct test_machine machine;
static struct space *const space = &machine.space;
static struct tlb tlb;
static struct prng prng;
static struct proc procs[MMS];
static pfn_t page_cache[INODES + 1][FILE_PAGES];
static struct swap_slot {
    u32 refs;
    pfn_t cached;
} swap_slots[SWAP_SLOTS];
static vpn_t window; /* first page */
static u32 nr_procs; /* of this epoch */
static struct fuzz_args args;
static u64 operation;

static void say_where(int signal_number)
{
    (void)signal_number;
    fprintf(stderr, "space_fuzz: failed at operation %llu of seed %llu\n",
            (unsigned long long)operation, (unsigned long long)args.seed);
}

static bool chance(u64 one_in)
{
    return prng_below(&prng, one_in) == 0;
}

/* --- what the rooms above do ------------------------------------------------------------------ */

static u64 *rss_of(struct mm *mm, const struct frame *f)
{
    return frame_test(f, PG_ANON) ? &mm->rss_anon : &mm->rss_file;
}

static void free_if_unused(pfn_t pfn)
{
    const struct frame *f = test_frame(&machine, pfn);

    if (f->mapcount == 0 && !frame_test(f, PG_PAGECACHE | PG_SWAPCACHE))
        test_frame_free(&machine, pfn);
}

static void swap_put(swp_t swp)
{
    struct swap_slot *slot = &swap_slots[swp];

    assert(slot->refs > 0);
    if (--slot->refs || !slot->cached)
        return;
    frame_clear(test_frame(&machine, slot->cached), PG_SWAPCACHE);
    free_if_unused(slot->cached);
    slot->cached = 0;
}

static void zap(struct proc *p, vpn_t start, vpn_t end)
{
    struct pte_ref ref;

    pagetable_for_each (p->mm, vpn, ref, start, end) {
        pte_t pte = *ref.slot;

        pagetable_set(p->mm, vpn, ref.slot, 0);
        p->cells[vpn - window].what = NOTHING;
        if (pte_is_swap(pte)) {
            swap_put(pte_swp(pte));
            p->mm->swapents--;
        } else if (pte_has_frame(pte)) {
            struct frame *f = test_frame(&machine, pte_pfn(pte));

            --*rss_of(p->mm, f);
            if (rmap_del(f))
                free_if_unused(pte_pfn(pte));
        }
    }
    tlb_flush_range(&tlb, p->mm->id, start, end);
}

static void unmap(struct proc *p, vpn_t start, vpn_t end)
{
    const struct vma *above, *below;

    zap(p, start, end);
    vma_remove(p->mm, start, end);
    for (vpn_t vpn = MAX(start, window); vpn < MIN(end, window + PAGES); vpn++)
        p->cells[vpn - window] = (struct cell){0};
    above = vma_find_after(p->mm, start);
    below = above ? vma_prev(above) : p->mm->nr_vmas ? p->mm->vmas[p->mm->nr_vmas - 1] : NULL;
    pagetable_free_range(p->mm, below ? below->end : 0, above ? above->start : VPN_END,
                         test_release_table, &machine);
}

static void set_cell(struct proc *p, vpn_t vpn, pte_t pte)
{
    struct cell *c = &p->cells[vpn - window];

    pagetable_set(p->mm, vpn, test_entry(&machine, p->mm, vpn), pte);
    c->what = pte_is_zero_page(pte) ? ZERO : pte_is_swap(pte) ? SWAP : FRAME;
    c->value = c->what == SWAP ? pte_swp(pte) : c->what == FRAME ? pte_pfn(pte) : 0;
    tlb_flush_page(&tlb, p->mm->id, vpn);
    if (pte_present(pte) && chance(2))
        tlb_insert(&tlb, p->mm->id, vpn, (pte & PTE_WRITE) && (pte & PTE_DIRTY));
}

static pfn_t file_page(u32 inode, u64 index)
{
    pfn_t *pfn = &page_cache[inode][index];

    if (!*pfn) {
        struct frame *f;

        *pfn = test_frame_alloc(&machine);
        f = test_frame(&machine, *pfn);
        frame_set(f, PG_PAGECACHE);
        f->mapping = inode;
        frame_set_index(f, index);
    }
    return *pfn;
}

/* Replace whatever is there by a new anonymous page. */
static void fault_new_anon(struct proc *p, struct vma *vma, vpn_t vpn)
{
    pfn_t pfn = test_frame_alloc(&machine);

    zap(p, vpn, vpn + 1);
    anon_vma_prepare(vma);
    rmap_add_new_anon(space, vma, vpn, pfn);
    p->mm->rss_anon++;
    set_cell(p, vpn, pte_make(pfn, PTE_PRESENT | PTE_WRITE | PTE_DIRTY));
}

static void fault_swap_in(struct proc *p, struct vma *vma, vpn_t vpn, pte_t pte)
{
    swp_t swp = pte_swp(pte);
    struct swap_slot *slot = &swap_slots[swp];
    bool exclusive = (pte & PTE_SWAP_EXCLUSIVE) != 0;

    if (!slot->cached) {
        slot->cached = test_frame_alloc(&machine);
        frame_set(test_frame(&machine, slot->cached), PG_SWAPCACHE | PG_SWAPBACKED);
    }
    rmap_add_anon(space, vma, vpn, slot->cached, exclusive);
    p->mm->rss_anon++;
    p->mm->swapents--;
    set_cell(p, vpn, pte_make(slot->cached, PTE_PRESENT));
    swap_put(swp);
}

static void touch(struct proc *p, vpn_t vpn, bool write)
{
    struct vma *vma = vma_find(p->mm, vpn);
    pte_t *slot, pte;

    if (!vma || (write && !(vma->flags & VM_WRITE)))
        return;
    slot = pagetable_find(p->mm, vpn);
    pte = slot ? *slot : 0;
    if (pte_is_swap(pte)) {
        fault_swap_in(p, vma, vpn, pte);
    } else if (pte_present(pte)) {
        struct frame *f = test_frame(&machine, pte_pfn(pte));

        if (!write || (pte & PTE_WRITE))
            return;
        if (pte_has_frame(pte) && vma->flags & VM_SHARED) {
            *slot |= PTE_WRITE | PTE_DIRTY;
        } else if (pte_has_frame(pte) && frame_test(f, PG_ANON) && f->mapcount == 1 &&
                   !frame_test(f, PG_SWAPCACHE)) {
            rmap_move_anon(space, vma, vpn, pte_pfn(pte));
            *slot |= PTE_WRITE | PTE_DIRTY;
        } else {
            fault_new_anon(p, vma, vpn);
        }
    } else if (vma->inode && (!write || vma->flags & VM_SHARED)) {
        pfn_t pfn = file_page(vma->inode, vma_index(vma, vpn));

        p->mm->rss_file++;
        rmap_add(test_frame(&machine, pfn));
        set_cell(p, vpn, pte_make(pfn, PTE_PRESENT));
    } else if (write) {
        fault_new_anon(p, vma, vpn);
    } else {
        set_cell(p, vpn, PTE_PRESENT | PTE_ZERO);
    }
}

/* --- operations ------------------------------------------------------------------------------- */

static struct proc *random_proc(void)
{
    u64 first = prng_below(&prng, nr_procs);
    struct proc *p = &procs[first];

    for (u64 i = 0; i < nr_procs && !chance(20); i++) {
        p = &procs[(first + i) % nr_procs];
        if (p->mm)
            return p;
    }
    if (!p->mm)
        p->mm = mm_new(space, 0);
    return p;
}

/* Mostly short ranges near one place, so that neighbours meet; now and then a long one anywhere. */
static void random_range(vpn_t *ret_start, vpn_t *ret_end)
{
    u64 start = 760 + prng_below(&prng, 20);
    u64 length = 1 + prng_below(&prng, 6);

    if (chance(10)) {
        start = prng_below(&prng, PAGES);
        length = 1 + prng_below(&prng, 400);
    }
    *ret_start = window + start;
    *ret_end = window + MIN((u64)PAGES, start + length);
}

static u32 random_access(void)
{
    static const u32 access[] = {VM_READ | VM_WRITE, VM_READ | VM_WRITE, VM_READ, VM_READ | VM_EXEC,
                                 0};

    return access[prng_below(&prng, ARRAY_SIZE(access))];
}

/* May a mapping of nr pages be put at start? Below a stack is a guard of 256 pages. */
static bool fits(struct mm *mm, vpn_t start, u64 nr_pages)
{
    const struct vma *above = vma_find_after(mm, start);
    u64 guard = above && above->flags & VM_GROWSDOWN ? 256 : 0;

    return !above || start + nr_pages + guard <= above->start;
}

static void op_mmap(void)
{
    struct proc *p = random_proc();
    struct vma_spec spec = {0};

    random_range(&spec.start, &spec.end);
    if (chance(8)) {
        u64 pages = spec.end - spec.start;

        spec.start = vma_find_gap(p->mm, pages);
        spec.end = spec.start + pages;
        assert(spec.start && fits(p->mm, spec.start, pages));
        if (spec.start < window || spec.end > window + PAGES)
            return;
    }
    spec.end = MIN(spec.end, spec.start + FILE_PAGES);
    spec.flags = random_access() | VM_MAYWRITE;
    if (chance(3)) {
        spec.inode = 1 + (u32)prng_below(&prng, INODES);
        spec.file = spec.inode;
        spec.flags |= chance(2) ? VM_SHARED : 0;
        /* Often as if the whole file were mapped at a few fixed places. */
        spec.pgoff = (spec.start - window) % FILE_PAGES;
        if (spec.pgoff + (spec.end - spec.start) > FILE_PAGES || chance(4))
            spec.pgoff = prng_below(&prng, FILE_PAGES - (spec.end - spec.start) + 1);
    }
    if (chance(20))
        spec.flags |= chance(2) ? VM_SPECIAL : VM_GROWSDOWN;
    unmap(p, spec.start, spec.end);
    vma_add(p->mm, &spec);
    for (vpn_t vpn = spec.start; vpn < spec.end; vpn++) {
        p->cells[vpn - window] = (struct cell){
            .flags = spec.flags, .inode = spec.inode, .index = spec.pgoff + (vpn - spec.start)};
    }
}

static void op_munmap(void)
{
    vpn_t start, end;

    random_range(&start, &end);
    unmap(random_proc(), start, end);
}

static void op_change_flags(void)
{
    struct proc *p = random_proc();
    vpn_t start, end;
    u32 clear = VM_ACCESS_FLAGS, set = random_access();
    struct pte_ref ref;

    if (chance(3)) {
        static const u32 advice[] = {VM_SEQ_READ, VM_RAND_READ, VM_LOCKED, VM_WIPEONFORK,
                                     VM_DONTFORK};
        clear = advice[chance(2) ? 0 : prng_below(&prng, ARRAY_SIZE(advice))];
        set = chance(2) ? clear : 0;
    }
    random_range(&start, &end);
    if (chance(8))
        vma_split_at(p->mm, start);
    vma_change_flags(p->mm, start, end, clear, set);
    for (vpn_t vpn = start; vpn < end; vpn++) {
        struct cell *c = &p->cells[vpn - window];

        if (c->flags)
            c->flags = (c->flags & ~clear) | set;
    }
    pagetable_for_each (p->mm, vpn, ref, start, end) {
        if (pte_present(*ref.slot))
            *ref.slot &= ~PTE_WRITE;
    }
    tlb_flush_range(&tlb, p->mm->id, start, end);
}

static void op_touch(void)
{
    struct proc *p = random_proc();
    vpn_t start, end;
    bool write = chance(2);

    random_range(&start, &end);
    for (vpn_t vpn = start; vpn < MIN(end, start + 40); vpn++)
        touch(p, vpn, write);
}

static void copy_entry(struct proc *child, struct proc *parent, vpn_t vpn, pte_t *slot)
{
    pte_t pte = *slot;

    if (pte_is_swap(pte)) {
        pte &= ~PTE_SWAP_EXCLUSIVE;
        swap_slots[pte_swp(pte)].refs++;
        child->mm->swapents++;
    } else if (pte_has_frame(pte)) {
        struct frame *f = test_frame(&machine, pte_pfn(pte));

        frame_clear(f, PG_EXCLUSIVE);
        pte &= ~PTE_WRITE;
        rmap_add(f);
        ++*rss_of(child->mm, f);
    }
    *slot = pte;
    tlb_flush_page(&tlb, parent->mm->id, vpn);
    set_cell(child, vpn, pte);
}

static void op_fork(void)
{
    struct proc *parent = random_proc(), *child = &procs[prng_below(&prng, nr_procs)];
    struct pte_ref ref;

    if (child->mm)
        return;
    child->mm = mm_new(space, 0);
    vma_fork(child->mm, parent->mm);
    for (u32 i = 0; i < PAGES; i++) {
        child->cells[i] = parent->cells[i];
        child->cells[i].what = NOTHING;
        child->cells[i].flags &= ~(u32)VM_LOCKED;
        if (parent->cells[i].flags & VM_DONTFORK)
            child->cells[i] = (struct cell){0};
    }
    pagetable_for_each (parent->mm, vpn, ref, 0, VPN_END) {
        if (!(parent->cells[vpn - window].flags & (VM_DONTFORK | VM_WIPEONFORK)))
            copy_entry(child, parent, vpn, ref.slot);
    }
}

static void exit_proc(struct proc *p)
{
    if (!p->mm)
        return;
    unmap(p, 0, VPN_END);
    mm_free(p->mm);
    p->mm = NULL;
}

static void op_exit(void)
{
    exit_proc(&procs[prng_below(&prng, MMS)]);
}

static void exit_all(void)
{
    for (u32 i = 0; i < MMS; i++)
        exit_proc(&procs[i]);
}

static struct proc *proc_of(const struct mm *mm)
{
    for (u32 i = 0; i < MMS; i++) {
        if (procs[i].mm == mm)
            return &procs[i];
    }
    hw_unreachable();
}

struct unmap_ctx {
    swp_t swp; /* 0: a file page, to be dropped */
    bool exclusive;
    struct frame *frame;
};

static bool unmap_one(void *arg, const struct rmap_walk *w)
{
    struct unmap_ctx *ctx = arg;
    struct mm *mm = w->vma->mm;
    struct cell *c = &proc_of(mm)->cells[w->vpn - window];

    assert(c->what == FRAME && test_frame(&machine, c->value) == ctx->frame);
    --*rss_of(mm, ctx->frame);
    rmap_del(ctx->frame);
    tlb_flush_page(&tlb, mm->id, w->vpn);
    if (ctx->swp) {
        u64 bits = ctx->exclusive ? PTE_SWAP_EXCLUSIVE : 0;

        pagetable_set(mm, w->vpn, w->slot, pte_make_swap(ctx->swp, bits));
        swap_slots[ctx->swp].refs++;
        mm->swapents++;
        c->what = SWAP;
        c->value = ctx->swp;
    } else {
        pagetable_set(mm, w->vpn, w->slot, 0);
        c->what = NOTHING;
    }
    return true;
}

/* Reclaim one frame that is in use. */
static void reclaim(pfn_t pfn)
{
    struct unmap_ctx ctx = {.frame = test_frame(&machine, pfn)};
    struct frame *f = ctx.frame;

    if (frame_is(f, FRAME_TABLE) || frame_test(f, PG_SWAPCACHE) ||
        !frame_test(f, PG_ANON | PG_PAGECACHE))
        return;
    if (frame_test(f, PG_ANON)) {
        ctx.exclusive = frame_test(f, PG_EXCLUSIVE);
        for (ctx.swp = 1; ctx.swp < SWAP_SLOTS && swap_slots[ctx.swp].refs; ctx.swp++)
            ;
        assert(ctx.swp < SWAP_SLOTS);
    }
    rmap_for_each(space, pfn, unmap_one, &ctx);
    assert(f->mapcount == 0);
    if (frame_test(f, PG_PAGECACHE))
        page_cache[f->mapping][frame_index(f)] = 0;
    frame_clear(f, PG_PAGECACHE | PG_ANON);
    free_if_unused(pfn);
}

static void op_reclaim(void)
{
    pfn_t first = 1 + (pfn_t)prng_below(&prng, machine.nr_used + 1);
    unsigned left = 1 + (unsigned)prng_below(&prng, 20);

    for (pfn_t pfn = first; left && pfn < first + 200; pfn++) {
        if (test_frame(&machine, pfn)->flags) {
            reclaim(pfn);
            left--;
        }
    }
}

/* Entries of file pages only, as for a private mapping whose copies stay. */
static void truncate_vma(void *ctx, struct vma *vma, vpn_t start, vpn_t end)
{
    struct proc *p = proc_of(vma->mm);

    (void)ctx;
    for (vpn_t vpn = start; vpn < end; vpn++) {
        const pte_t *slot = pagetable_find(p->mm, vpn);

        if (slot && pte_has_frame(*slot) &&
            frame_test(test_frame(&machine, pte_pfn(*slot)), PG_PAGECACHE))
            zap(p, vpn, vpn + 1);
    }
}

static void op_truncate(void)
{
    u32 inode = 1 + (u32)prng_below(&prng, INODES);
    u64 first = prng_below(&prng, FILE_PAGES);

    rmap_for_each_file_vma(space, inode, first, UINT64_MAX, truncate_vma, NULL);
    for (u64 i = first; i < FILE_PAGES; i++) {
        if (!page_cache[inode][i])
            continue;
        assert(test_frame(&machine, page_cache[inode][i])->mapcount == 0);
        reclaim(page_cache[inode][i]);
    }
}

static void op_mremap(void)
{
    struct proc *p = random_proc();
    vpn_t start, end, to, grown, moved, from;
    struct vma *vma;
    bool keeps_identity;

    random_range(&start, &end);
    vma = vma_find(p->mm, start);
    if (!vma || vma->flags & VM_SPECIAL)
        return;
    end = MIN(end, vma->end);
    random_range(&to, &grown);
    grown = MAX(grown, to + (end - start));
    if (grown > window + PAGES || (to < end && start < grown))
        return;
    if (vma->inode && vma_index(vma, start) + (grown - to) > FILE_PAGES)
        return;
    unmap(p, to, grown);
    vma = vma_find(p->mm, start); /* a split at its end is possible, not inside */
    keeps_identity = vma->inode || vma->anon_vma;
    vma_copy(vma, start, to, grown - to);
    for (from = start; (moved = pagetable_move(p->mm, from, end, to + (from - start))) < end;
         from = moved) {
        space_check(space);
        test_entry(&machine, p->mm, to + (moved - start));
    }
    for (vpn_t vpn = to; vpn < grown; vpn++) {
        const struct cell *old = &p->cells[start - window];
        u64 index = old->index + (vpn - to);

        p->cells[vpn - window] = (struct cell){.flags = old->flags, .inode = old->inode};
        p->cells[vpn - window].index = keeps_identity ? index : vpn;
        if (vpn - to < end - start) {
            p->cells[vpn - window].what = p->cells[start + (vpn - to) - window].what;
            p->cells[vpn - window].value = p->cells[start + (vpn - to) - window].value;
        }
    }
    tlb_flush_range(&tlb, p->mm->id, start, end);
    for (vpn_t vpn = start; vpn < end; vpn++)
        p->cells[vpn - window].what = NOTHING;
    unmap(p, start, end);
}

static void op_resize(void)
{
    struct proc *p = random_proc();
    const struct vma *next, *prev;
    struct vma *vma;
    vpn_t start, end, low, high;

    random_range(&start, &end);
    vma = vma_find(p->mm, start);
    if (!vma || vma->inode)
        return;
    next = vma_next(vma);
    prev = vma_prev(vma);
    low = prev ? prev->end : window;
    high = next ? next->start : window + PAGES;
    low = prng_range(&prng, low, vma->end - 1);
    high = prng_range(&prng, low + 1, high);
    if (vma->pgoff + low < vma->start) /* its identity cannot start below 0 */
        return;
    zap(p, vma->start, MAX(vma->start, MIN(low, vma->end)));
    zap(p, MAX(vma->start, MIN(high, vma->end)), vma->end);
    for (vpn_t vpn = MIN(low, vma->start); vpn < MAX(high, vma->end); vpn++) {
        struct cell *c = &p->cells[vpn - window];

        if (vpn < low || vpn >= high)
            *c = (struct cell){0};
        else if (!c->flags)
            *c = (struct cell){.flags = vma->flags, .index = vma->pgoff + (vpn - vma->start)};
    }
    vma_resize(p->mm, vma, low, high);
    unmap(p, window, MIN(window + 1, low)); /* tables that nobody needs now */
}

/* --- check ------------------------------------------------------------------------------------ */

static void check_page(const struct proc *p, const struct vma *vma, vpn_t vpn)
{
    const struct cell *c = &p->cells[vpn - window];
    const pte_t *slot = pagetable_find(p->mm, vpn);
    pte_t pte = slot ? *slot : 0;

    assert((vma != NULL) == (c->flags != 0));
    if (vma) {
        assert(vma->flags == c->flags && vma->inode == c->inode);
        assert(!vma->inode || vma_index(vma, vpn) == c->index);
    }
    switch (c->what) {
    case NOTHING:
        assert(pte_none(pte));
        break;
    case ZERO:
        assert(pte_is_zero_page(pte));
        break;
    case FRAME:
        assert(pte_has_frame(pte) && pte_pfn(pte) == c->value);
        assert(frame_index(test_frame(&machine, c->value)) == vma_index(vma, vpn));
        break;
    case SWAP:
        assert(pte_is_swap(pte) && pte_swp(pte) == c->value);
        break;
    }
    if (tlb_hit(&tlb, p->mm->id, vpn, false))
        assert(pte_present(pte));
    if (tlb_hit(&tlb, p->mm->id, vpn, true))
        assert((pte & PTE_WRITE) && (pte & PTE_DIRTY));
}

static void check_all(void)
{
    space_check(space);
    for (u32 i = 0; i < MMS; i++) {
        const struct proc *p = &procs[i];

        if (!p->mm)
            continue;
        for (vpn_t vpn = window; vpn < window + PAGES; vpn++)
            check_page(p, vma_find(p->mm, vpn), vpn);
    }
}

/* The highest gap that a plain search finds, as long as it lies in the window. */
static void check_gap(void)
{
    struct proc *p = random_proc();
    u64 nr_pages = 1 + prng_below(&prng, 60);
    vpn_t found = vma_find_gap(p->mm, nr_pages), start = window + PAGES - nr_pages;

    if (window + PAGES != GAP_TOP) /* all is free above this window */
        return;
    while (start > window && !fits(p->mm, start, nr_pages))
        start--;
    if (start > window)
        assert(found == start);
}

/* --- the run ---------------------------------------------------------------------------------- */

static const struct {
    void (*run)(void);
    u32 weight;
} operations[] = {
    {op_mmap, 16},   {op_munmap, 10}, {op_change_flags, 14}, {op_touch, 40},
    {op_fork, 6},    {op_exit, 3},    {op_reclaim, 8},       {op_truncate, 1},
    {op_mremap, 10}, {op_resize, 5},  {check_gap, 2},
};
static u32 weights[ARRAY_SIZE(operations)];
static u32 weights_sum;

/* Some epochs do without an operation, some do much of it: rare states need company that does not
 * disturb them. */
static void begin_epoch(void)
{
    static const u32 factors[] = {0, 1, 1, 4};

    nr_procs = 1 + (u32)prng_below(&prng, MMS);
    weights_sum = 0;
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
        weights[i] = operations[i].weight * factors[prng_below(&prng, ARRAY_SIZE(factors))];
        if (operations[i].run == op_mmap || operations[i].run == op_touch)
            weights[i] = operations[i].weight;
        weights_sum += weights[i];
    }
}

static void run_one(void)
{
    u64 pick = prng_below(&prng, weights_sum);
    size_t at = 0;

    while (pick >= weights[at])
        pick -= weights[at++];
    operations[at].run();
    check_all();
}

int main(int argc, char **argv)
{
    args = fuzz_parse_args(argc, argv, 50000);
    signal(SIGABRT, say_where);
    prng_seed(&prng, args.seed);
    test_machine_init(&machine, NR_FRAMES);
    tlb_init(&tlb, 64);
    for (operation = 0; operation < args.operations; operation++) {
        if (operation % 500 == 0) {
            exit_all();
            /* Across the border of two entries of the root, or right below MMAP_BASE. */
            window = chance(2) ? (1ull << 34) + (1ull << 27) - PAGES / 2 : GAP_TOP - PAGES;
            begin_epoch();
        }
        run_one();
    }
    exit_all();
    assert(space->nr_avcs == 0 && space->used_tables == 0);
    tlb_done(&tlb);
    test_machine_done(&machine);
    return 0;
}
