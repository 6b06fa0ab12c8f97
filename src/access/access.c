/* access.c - the page walk and the dispatch of faults.
 *
 *   walk ok ........................ set accessed (and dirty), load the TLB
 *   entry none, anonymous vma ...... fault_anon      zero page or a new page
 *   entry none, file vma ........... fault_file      map from the page cache, read, copy
 *   swap entry ..................... fault_swap      from the swap cache or the device
 *   present, write, not writable ... fault_write_protected   copy-on-write, reuse, or first write
 *   to a shared file page
 *
 * Mirrors do_user_addr_fault(), handle_pte_fault() and mm_account_fault(), Linux 6.1. A fault that
 * waits for I/O is made again and then counts as major for the process (getrusage), while
 * pgmajfault is counted where the page was found missing. */
#include "access/access_int.h"
#include "balance/overcommit.h"
#include "reclaim/policy.h"

#define STACK_GROW_MAX ((8ull << 20) >> PAGE_SHIFT) /* RLIMIT_STACK */

enum access_result access_from_balance(enum balance_result r)
{
    switch (r) {
    case BALANCE_OK:
        return ACCESS_OK;
    case BALANCE_WAIT:
        return ACCESS_WAIT;
    case BALANCE_OOM:
        return ACCESS_OOM;
    case BALANCE_FAIL:
        break;
    }
    assert(false && "only readahead may fail");
    return ACCESS_OOM;
}

static enum access_result get_page(struct access_ctx *ac, struct group *g, enum purpose why,
                                   pfn_t *ret_pfn)
{
    enum access_result r;

    ac->attempt->purpose = (u8)why;
    r = access_from_balance(balance_get_page(ac->mem, ac->attempt, g, 0, ret_pfn, ac->wait));
    ac->attempt->resumed = r != ACCESS_OK;
    ac->attempt->placed = false;
    if (r == ACCESS_OK)
        mem_numa_forget(ac->mem, *ret_pfn);
    return r;
}

void access_place(struct mem *mem, struct attempt *at, const struct vma *vma, vpn_t vpn)
{
    if (likely(mem->frames->nr_nodes == 1) || !vma || !place_by_vma_matters(mem, vma))
        return;
    at->place = place_by_vma(mem, vma, vpn);
    at->placed = true;
}

void access_place_shared(struct access_ctx *ac, const struct inode *inode, u64 index)
{
    if (likely(ac->mem->frames->nr_nodes == 1))
        return;
    ac->attempt->place = place_by_shared(ac->mem, inode, index);
    ac->attempt->placed = true;
}

enum access_result access_get_page(struct access_ctx *ac, enum purpose why, pfn_t *ret_pfn)
{
    return get_page(ac, ac->group, why, ret_pfn);
}

enum access_result access_get_vma_page(struct access_ctx *ac, const struct vma *vma, vpn_t vpn,
                                       enum purpose why, pfn_t *ret_pfn)
{
    access_place(ac->mem, ac->attempt, vma, vpn);
    return get_page(ac, ac->group, why, ret_pfn);
}

struct group *swapin_group(const struct access_ctx *ac, swp_t e)
{
    struct group *g = group_get(ac->mem->groups, swap_memcg(ac->mem->swap, e));

    return g && g->online ? g : ac->group;
}

enum access_result swapin_get_page(struct access_ctx *ac, swp_t e, enum purpose why, pfn_t *ret_pfn)
{
    return get_page(ac, swapin_group(ac, e), why, ret_pfn);
}

/* --- page tables ------------------------------------------------------------------------------ */
enum access_result access_get_table(struct access_ctx *ac, pfn_t *ret_pfn)
{
    struct mem *mem = ac->mem;
    enum balance_result r;

    ac->attempt->purpose = PURPOSE_PAGE_TABLE;
    r = balance_alloc(mem, ac->attempt, 0, 0, ret_pfn, ac->wait);
    if (r == BALANCE_OK) {
        r = balance_charge(mem, ac->attempt, ac->group, 1, ac->wait);
        if (r != BALANCE_OK)
            frames_free(mem->frames, *ret_pfn, 0, mem->cpu);
    }
    if (r != BALANCE_OK) {
        ac->attempt->resumed = true;
        return access_from_balance(r);
    }
    frames_get(mem->frames, *ret_pfn)->memcg = ac->group->id;
    return ACCESS_OK;
}

void access_put_table(struct mem *mem, pfn_t pfn)
{
    struct frame *f = frames_get(mem->frames, pfn);

    if (f->memcg)
        group_uncharge(mem->groups, frame_group(mem->groups, f), 1);
    f->memcg = 0;
    frames_free(mem->frames, pfn, 0, mem->cpu);
}

/* Install tables until no more than `left` are missing. */
static enum access_result install_tables(struct access_ctx *ac, struct mm *mm, vpn_t vpn,
                                         unsigned left)
{
    struct mem *mem = ac->mem;

    while (pagetable_missing(mm, vpn) > left) {
        pfn_t pfn;
        enum access_result r = access_get_table(ac, &pfn);

        if (r != ACCESS_OK)
            return r;
        assert(pagetable_missing(mm, vpn) > left); /* nothing else runs in between */
        pagetable_install(mm, vpn, pfn);
        group_count_frame(mem->groups, ac->group, pfn, NR_PAGE_TABLE_PAGES, 1);
    }
    return ACCESS_OK;
}

enum access_result access_tables(struct access_ctx *ac, struct mm *mm, vpn_t vpn)
{
    if (likely(pagetable_find(mm, vpn)))
        return ACCESS_OK;
    return install_tables(ac, mm, vpn, 0);
}

enum access_result access_pmd_tables(struct access_ctx *ac, struct mm *mm, vpn_t vpn)
{
    return install_tables(ac, mm, vpn, 1);
}

void access_deposit(struct access_ctx *ac, struct mm *mm, vpn_t vpn, pfn_t table)
{
    pagetable_deposit(mm, vpn, table);
    group_count_frame(ac->mem->groups, ac->group, table, NR_PAGE_TABLE_PAGES, 1);
}

void access_release_table(void *ctx, pfn_t pfn)
{
    struct mem *mem = ctx;

    group_count_frame(mem->groups, frame_group(mem->groups, frames_get(mem->frames, pfn)), pfn,
                      NR_PAGE_TABLE_PAGES, -1);
    access_put_table(mem, pfn);
}

/* --- faults ----------------------------------------------------------------------------------- */

void access_count_fault(struct access_ctx *ac, enum counter id)
{
    group_count(ac->mem->groups, ac->group, id, 1);
}

void access_dirty_page(struct access_ctx *ac, pfn_t pfn)
{
    const struct inode *inode =
        inode_get(ac->mem->backing, frames_get(ac->mem->frames, pfn)->mapping);

    if (page_mark_dirty(ac->mem, pfn) && inode->wb)
        ac->dirtied = inode->wb->bdi;
}

void access_wait_io(struct access_ctx *ac, pfn_t pfn, enum wait_cause cause)
{
    *ac->wait = (struct wait){cause, io_done_at(ac->mem, pfn)};
    ac->thrashing = frame_test(frames_get(ac->mem->frames, pfn), PG_WORKINGSET);
}

enum access_result access_wait_page(struct access_ctx *ac, pfn_t pfn, enum wait_cause cause)
{
    access_wait_io(ac, pfn, cause);
    *ac->fault_retried = true;
    return ACCESS_WAIT;
}

static bool vma_allows(const struct vma *vma, enum access_kind kind)
{
    if (kind == ACCESS_WRITE)
        return (vma->flags & VM_WRITE) != 0;
    return (vma->flags & VM_ACCESS_FLAGS) != 0;
}

/* The vma of vpn, after growing a stack down to it if need be. */
static struct vma *find_vma(const struct access_ctx *ac, vpn_t vpn)
{
    struct mm *mm = ac->mm;
    struct vma *vma = vma_find(mm, vpn);
    struct vma *above;

    if (vma)
        return vma;
    above = vma_find_after(mm, vpn);
    if (!above || !vma_may_grow_down(above, vpn) || above->end - vpn > STACK_GROW_MAX)
        return NULL;
    if (!overcommit_allows(ac->mem, mm, above->start - vpn, ac->admin)) /* acct_stack_growth() */
        return NULL;
    vma_resize(mm, above, vpn, above->end);
    return above;
}

static enum access_result dispatch(struct fault *f)
{
    pte_t pte = *f->slot;

    if (pte_none(pte))
        return vma_is_anon(f->vma) ? fault_anon(f) : fault_file(f);
    if (pte_is_swap(pte))
        return fault_swap(f);
    if (unlikely(pte & PTE_PROTNONE)) {
        fault_numa(f);
        return ACCESS_OK;
    }
    if (f->kind == ACCESS_WRITE && !(pte & PTE_WRITE))
        return fault_write_protected(f);
    return ACCESS_OK; /* a fault before this one did it */
}

/* The entry of the fault, with the tables it needs; none when a huge leaf answers it. Mirrors
 * __handle_mm_fault(). */
static enum access_result reach_entry(struct fault *f)
{
    struct access_ctx *ac = f->ac;
    enum access_result r;
    bool small;

    f->slot = pagetable_find(ac->mm, f->vpn);
    if (likely(f->slot))
        return ACCESS_OK;
    if (f->vma->flags & VM_HUGETLB)
        return fault_hugetlb(f);
    if (pagetable_find_huge(ac->mm, f->vpn)) {
        fault_huge_present(f);
    } else {
        r = fault_huge_new(f, &small);
        if (r == ACCESS_OK && small)
            r = access_tables(ac, ac->mm, f->vpn);
        if (r != ACCESS_OK)
            return r;
    }
    f->slot = pagetable_find(ac->mm, f->vpn);
    return ACCESS_OK;
}

/* The page of a stack where execve() puts a program's arguments, not there yet. While it does, the
 * mapping is marked as one whose use says nothing of what follows (VM_STACK_INCOMPLETE_SETUP), so
 * generations take the page for an old one. */
static bool is_exec_page(const struct fault *f)
{
    pte_t *slot;

    if (likely(!(f->vma->flags & VM_STACK) || f->vpn + 1 != f->vma->end))
        return false;
    slot = pagetable_find(f->ac->mm, f->vpn);
    return !slot || pte_none(*slot);
}

static enum access_result handle_fault(struct access_ctx *ac, vpn_t vpn, enum access_kind kind)
{
    struct fault f = {.ac = ac, .vpn = vpn, .kind = kind};
    enum access_result r;

    f.vma = find_vma(ac, vpn);
    if (!f.vma || !vma_allows(f.vma, kind))
        return ACCESS_SIGSEGV;
    if (f.vma->flags & VM_SPECIAL)
        return ACCESS_OK;
    if (!ac->attempt->resumed) {
        mem_cost(ac->mem, ac->mem->cost->minor_fault);
        access_count_fault(ac, PGFAULT);
        ac->attempt->small = false;
        ac->attempt->far = false;
    }
    ac->attempt->resumed = false;
    mm_used(ac->mm);
    ac->mem->in_lru_fault = policy_is_mglru(ac->mem) &&
                            !(f.vma->flags & (VM_SEQ_READ | VM_RAND_READ)) && !is_exec_page(&f);
    r = reach_entry(&f);
    if (r == ACCESS_OK && likely(f.slot))
        r = dispatch(&f);
    ac->mem->in_lru_fault = false;
    if (f.major)
        *ac->fault_retried = true; /* for the process's count, whether or not it waited */
    if (r != ACCESS_OK)
        return r;
    if (*ac->fault_retried)
        ++*ac->majflt;
    else
        ++*ac->minflt;
    *ac->fault_retried = false;
    return ACCESS_OK;
}

static bool is_mapped(struct mm *mm, vpn_t vpn)
{
    const pte_t *slot = pagetable_lookup(mm, vpn).slot;

    return slot && pte_present(*slot);
}

/* The walk's last table, on another node: the tables above it are few, and in the CPU's caches. */
static u32 remote_walk_ns(const struct mem *mem, const pte_t *slot, struct node_accesses *n)
{
    unsigned nid = frame_nid(mem->frames, *table_pfn(slot));

    if (nid == mem_nid(mem))
        return 0;
    n->remote_walks++;
    return mem_distance_ns(mem, nid, mem->cost->remote_walk);
}

u32 access_count_node_ref(const struct mem *mem, struct pte_ref ref, vpn_t vpn, enum walk walk,
                          struct node_accesses *n)
{
    pfn_t pfn = pte_ref_pfn(ref, vpn);
    u32 ns = walk == WALK_SAVED ? 0 : remote_walk_ns(mem, ref.slot, n);

    if (pfn != PFN_NONE) { /* not the zero page */
        unsigned nid = frame_nid(mem->frames, pfn);

        n->by_node[nid]++;
        if (nid != mem_nid(mem)) {
            n->remote++;
            ns += mem_distance_ns(mem, nid, mem->cost->remote_access);
        }
    }
    n->remote_ns += ns;
    return ns;
}

enum access_result access_page(struct access_ctx *ac, vpn_t vpn, enum access_kind kind)
{
    struct mem *mem = ac->mem;
    bool write = kind == ACCESS_WRITE;

    for (;;) {
        enum walk walk = access_walk(&mem->space->tlbs[mem->cpu], ac->mm, vpn, write);

        if (walk != WALK_FAULT) {
            mem->space->walks[walk]++;
            mem_cost(mem, walk_cost(mem->cost, walk));
            if (unlikely(ac->nodes))
                mem_cost(mem, access_count_node(mem, ac->mm, vpn, walk, ac->nodes));
            return ACCESS_OK;
        }
        enum access_result r = handle_fault(ac, vpn, kind);

        if (r != ACCESS_OK)
            return r;
        if (!is_mapped(ac->mm, vpn))
            return ACCESS_OK; /* VM_SPECIAL: nothing to map */
    }
}
