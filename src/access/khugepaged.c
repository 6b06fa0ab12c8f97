/* khugepaged.c - the scan for ranges that are worth it, and the collapse of one.
 *
 *   every 10 s:  4,096 pages, going on where the last scan ended; address space after address
 *     space, mapping after mapping a range of 512 entries is worth it when at least one may be
 *     written and one was used, and not too many are missing (max_ptes_none), in swap
 *     (max_ptes_swap) or shared (max_ptes_shared)
 *   collapse:    read back what is in swap -> a huge page, charged -> copy, drop the small pages ->
 *                one huge leaf on the node with most of the small pages, whatever the policy; where
 *                several nodes have as many: on one of those
 *
 * Mirrors khugepaged_do_scan(), khugepaged_scan_mm_slot(), hpage_collapse_scan_pmd(),
 * collapse_huge_page() of mm/khugepaged.c, Linux 6.1. */
#include "access/khugepaged.h"

#include <string.h>

#include "access/access_int.h"
#include "access/thp.h"
#include "reclaim/pin.h"
#include "stats/thp.h"

enum scan_result {
    SCAN_NOT_WORTH_IT, /* whatever the reason */
    SCAN_SUCCEED,
    SCAN_PMD_MAPPED,
    SCAN_ALLOC_HUGE_PAGE_FAIL,
    SCAN_CGROUP_CHARGE_FAIL,
    SCAN_WAIT, /* again at the context's wait.until */
    SCAN_OOM,
};

struct collapse {
    struct access_ctx *ac;
    struct vma *vma;
    vpn_t base;
    bool khugepaged; /* its limits hold */
    /* what the scan found */
    u32 none, swapped, shared, referenced;
    bool writable;
    u16 node_load[MAX_NUMNODES]; /* pages */
};

/* --- is it worth it? -------------------------------------------------------------------------- */
static bool exceeds(const struct collapse *c, u32 found, u64 most, enum counter counter)
{
    if (!c->khugepaged || found <= most)
        return false;
    count(c->ac->mem->counters, counter, 1);
    return true;
}

/* With vm.zone_reclaim_mode pages that are far apart are left where they are
 * (hpage_collapse_scan_abort). */
static bool is_too_far(const struct collapse *c, unsigned nid)
{
    const struct mem *mem = c->ac->mem;

    if (!mem->tunables->zone_reclaim_mode || c->node_load[nid])
        return false;
    for (unsigned i = 0; i < mem->frames->nr_nodes; i++)
        if (c->node_load[i] && mem->frames->topology.distance[nid][i] > RECLAIM_DISTANCE)
            return true;
    return false;
}

/* False: the range is not to be collapsed. */
static bool scan_page(struct collapse *c, pte_t pte)
{
    struct mem *mem = c->ac->mem;
    struct frame *page = frames_get(mem->frames, pte_pfn(pte));
    const struct frame *head = folio_head(mem->frames, pte_pfn(pte));
    unsigned nid = frame_nid(mem->frames, pte_pfn(pte));

    c->writable |= (pte & PTE_WRITE) != 0;
    if (page_mapcount(mem->frames, page) > 1 &&
        exceeds(c, ++c->shared, mem->tunables->khugepaged_max_ptes_shared,
                THP_SCAN_EXCEED_SHARE_PTE))
        return false;
    if (is_too_far(c, nid))
        return false;
    c->node_load[nid]++;
    if (!frame_test(head, PG_LRU) || frame_test(head, PG_LOCKED) || !frame_test(head, PG_ANON) ||
        folio_is_pinned(mem, (pfn_t)(head - mem->frames->frame)))
        return false;
    c->referenced += (pte & PTE_ACCESSED) || frame_test(head, PG_REFERENCED);
    return true;
}

static bool scan_entry(struct collapse *c, pte_t pte)
{
    const struct mem *mem = c->ac->mem;

    if (pte_is_swap(pte))
        return pte_swp(pte) != SWP_ERROR &&
               !exceeds(c, ++c->swapped, mem->tunables->khugepaged_max_ptes_swap,
                        THP_SCAN_EXCEED_SWAP_PTE);
    if (pte_none(pte) || pte_is_zero_page(pte))
        return !exceeds(c, ++c->none, mem->tunables->khugepaged_max_ptes_none,
                        THP_SCAN_EXCEED_NONE_PTE);
    if (pte & PTE_PROTNONE && !(c->vma->flags & VM_ACCESS_FLAGS))
        return false; /* no hint of balancing */
    return scan_page(c, pte);
}

static enum scan_result scan_range(struct collapse *c)
{
    const u64 *pmd = pagetable_pmd(c->vma->mm, c->base);
    const pte_t *leaf;

    mem_cost(c->ac->mem, c->ac->mem->cost->khugepaged_scan);
    if (!pmd || !*pmd)
        return SCAN_NOT_WORTH_IT;
    if (pte_is_huge(*pmd))
        return SCAN_PMD_MAPPED;
    leaf = table_of(*pmd);
    c->none = c->swapped = c->shared = c->referenced = 0;
    c->writable = false;
    memset(c->node_load, 0, sizeof(c->node_load));
    for (unsigned i = 0; i < HPAGE_PMD_NR; i++)
        if (!scan_entry(c, leaf[i]))
            return SCAN_NOT_WORTH_IT;
    if (!c->writable)
        return SCAN_NOT_WORTH_IT;
    if (c->khugepaged && (!c->referenced || (c->swapped && c->referenced < HPAGE_PMD_NR / 2)))
        return SCAN_NOT_WORTH_IT;
    return SCAN_SUCCEED;
}

/* --- the collapse ----------------------------------------------------------------------------- */
static enum scan_result result_of(enum access_result r)
{
    return r == ACCESS_WAIT ? SCAN_WAIT : r == ACCESS_OOM ? SCAN_OOM : SCAN_NOT_WORTH_IT;
}

/* What is in swap comes back, page by page (__collapse_huge_page_swapin). */
static enum scan_result swap_in(struct collapse *c)
{
    pte_t *leaf = table_of(*pagetable_pmd(c->vma->mm, c->base));

    for (unsigned i = 0; i < HPAGE_PMD_NR; i++) {
        struct fault f = {.ac = c->ac, .vma = c->vma, .vpn = c->base + i, .slot = &leaf[i]};
        enum access_result r;

        if (!pte_is_swap(leaf[i]))
            continue;
        r = fault_swap(&f);
        if (r != ACCESS_OK)
            return result_of(r);
    }
    lru_add_drain_all(c->ac->mem);
    return SCAN_SUCCEED;
}

/* hpage_collapse_find_target_node() */
static struct alloc_place target(const struct collapse *c)
{
    struct alloc_place place = {.strict = true};
    u16 most = 0;

    for (unsigned nid = 0; nid < c->ac->mem->frames->nr_nodes; nid++) {
        if (c->node_load[nid] > most) {
            most = c->node_load[nid];
            place.nodes = (struct alloc_nodes){.nid = nid};
        }
        if (most && c->node_load[nid] == most)
            place.nodes.mask |= BIT_ULL(nid);
    }
    return place;
}

static enum scan_result get_folio(struct collapse *c, pfn_t *ret_head)
{
    struct access_ctx *ac = c->ac;
    struct mem *mem = ac->mem;
    bool light = c->khugepaged && !mem->tunables->khugepaged_defrag, no_charge = false;
    enum balance_result b;

    ac->attempt->place = target(c);
    ac->attempt->placed = true;
    b = balance_try_folio(mem, ac->attempt, ac->group, HPAGE_PMD_ORDER, light ? 0 : EFFORT_DIRECT,
                          ret_head, &no_charge, ac->wait);
    ac->attempt->placed = false;
    if (b == BALANCE_WAIT || b == BALANCE_OOM)
        return b == BALANCE_WAIT ? SCAN_WAIT : SCAN_OOM;
    if (b == BALANCE_FAIL && !no_charge) {
        count(mem->counters, THP_COLLAPSE_ALLOC_FAILED, 1);
        return SCAN_ALLOC_HUGE_PAGE_FAIL;
    }
    /* An attempt, whether or not the limit allows it. */
    count(mem->counters, THP_COLLAPSE_ALLOC, 1);
    if (b == BALANCE_FAIL)
        return SCAN_CGROUP_CHARGE_FAIL;
    count(&ac->group->counters, THP_COLLAPSE_ALLOC, 1);
    return SCAN_SUCCEED;
}

static void copy_entry(struct collapse *c, pfn_t to, vpn_t vpn, pte_t *slot)
{
    struct mem *mem = c->ac->mem;
    pte_t pte = *slot;
    bool empty = !pte_has_frame(pte);
    u8 *bytes = frames_bytes(mem->frames, to);

    if (bytes && empty)
        memset(bytes, 0, PAGE_SIZE);
    else if (bytes)
        memcpy(bytes, frames_bytes(mem->frames, pte_pfn(pte)), PAGE_SIZE);
    mem_cost(mem, empty ? mem->cost->zero_page : mem->cost->copy_page);
    pagetable_set(c->vma->mm, vpn, slot, 0);
    if (empty)
        return;
    touched_mark(&c->vma->mm->space->touched, ROUND_DOWN(to, (pfn_t)HPAGE_PMD_NR),
                 (unsigned)(vpn % HPAGE_PMD_NR));
    page_unmap(mem, c->vma->mm, pte_pfn(pte));
    page_free_if_unused(mem, pte_pfn(pte));
}

/* All is there, and nothing of it waits. */
static void copy_range(struct collapse *c, pfn_t head)
{
    struct mem *mem = c->ac->mem;
    struct mm *mm = c->vma->mm;
    pte_t *leaf = table_of(*pagetable_pmd(mm, c->base));

    mmu_flush_range(mm, c->base, c->base + HPAGE_PMD_NR);
    for (unsigned i = 0; i < HPAGE_PMD_NR; i++)
        copy_entry(c, head + i, c->base + i, &leaf[i]);
    pagetable_deposit_leaf(mm, c->base);
    frame_set(frames_get(mem->frames, head), PG_UPTODATE | PG_SWAPBACKED);
    thp_map_new(mem, c->vma, c->base, head);
    lru_add(mem, head);
    pagetable_set_huge(mm, c->base, pte_make(head, access_user_bits(c->vma, true) | PTE_HUGE));
    if (c->vma->flags & VM_LOCKED)
        page_mlock(mem, head);
}

/* A collapse that has to wait after it read pages back fails, as one that finds a page under I/O
 * does in Linux (SCAN_PAGE_LOCK). To begin again could go on for ever: below a tight limit each
 * page that comes back evicts another. */
static enum scan_result give_up(const struct collapse *c)
{
    const struct access_ctx *ac = c->ac;

    *ac->attempt = (struct attempt){.dying = ac->attempt->dying};
    *ac->fault_retried = false;
    return SCAN_NOT_WORTH_IT;
}

static enum scan_result collapse(struct collapse *c)
{
    enum scan_result r = scan_range(c);
    pfn_t head;

    if (r == SCAN_SUCCEED && c->swapped)
        r = swap_in(c);
    if (r == SCAN_SUCCEED)
        r = get_folio(c, &head);
    if (r == SCAN_WAIT && c->swapped)
        return give_up(c);
    if (r != SCAN_SUCCEED)
        return r;
    /* Reclaim may have taken some of it meanwhile. */
    r = scan_range(c);
    if (r != SCAN_SUCCEED || c->swapped) {
        page_free(c->ac->mem, head);
        return SCAN_NOT_WORTH_IT;
    }
    copy_range(c, head);
    return SCAN_SUCCEED;
}

enum access_result access_collapse(struct access_ctx *ac, struct vma *vma, vpn_t base,
                                   bool *ret_stop)
{
    struct collapse c = {.ac = ac, .vma = vma, .base = base};
    enum scan_result r;

    lru_add_drain_all(ac->mem);
    r = collapse(&c);
    *ret_stop = r == SCAN_ALLOC_HUGE_PAGE_FAIL || r == SCAN_CGROUP_CHARGE_FAIL;
    return r == SCAN_WAIT ? ACCESS_WAIT : r == SCAN_OOM ? ACCESS_OOM : ACCESS_OK;
}

/* --- which address spaces --------------------------------------------------------------------- */
static void enter(struct mem *mem, struct mm *mm)
{
    if (mm->khugepaged)
        return;
    mm->khugepaged = true;
    vec_push(&mem->thp.scan, mm->id);
}

void khugepaged_enter_vma(struct mem *mem, const struct vma *vma)
{
    if (!vma->mm->khugepaged && thp_vma_collapsible(mem, vma, true))
        enter(mem, vma->mm);
}

void khugepaged_fork(struct mem *mem, struct mm *child, const struct mm *parent)
{
    if (parent->khugepaged)
        enter(mem, child);
}

/* The next one takes the place; a cursor behind it moves along. */
static void leave(struct khugepaged *k, u32 position)
{
    u32 *ids = k->mem->thp.scan.items;
    size_t behind = --k->mem->thp.scan.count - position;

    memmove(&ids[position], &ids[position + 1], behind * sizeof(*ids));
    if (position < k->position) {
        k->position--;
    } else if (position == k->position) {
        k->address = 0;
        k->begun = false;
        if (k->position == k->mem->thp.scan.count)
            k->position = 0;
    }
}

void khugepaged_exit(struct khugepaged *k, struct mm *mm)
{
    u32 position = 0;

    if (!mm->khugepaged)
        return;
    while (k->mem->thp.scan.items[position] != mm->id)
        position++;
    mm->khugepaged = false;
    leave(k, position);
}

/* --- the daemon ------------------------------------------------------------------------------- */
void khugepaged_init(struct khugepaged *k, struct mem *mem)
{
    *k = (struct khugepaged){.mem = mem};
    k->ac = (struct access_ctx){.mem = mem,
                                .attempt = &k->attempt,
                                .wait = &k->wait,
                                .minflt = &k->minflt,
                                .majflt = &k->majflt,
                                .fault_retried = &k->fault_retried};
}

/* The next range from k->address on in mm, or false: there is none. Mappings that are passed over
 * cost a page each. */
static bool next_range(struct khugepaged *k, struct mm *mm, struct vma **ret_vma)
{
    for (struct vma *v = vma_find_after(mm, k->address); v; v = vma_next(v)) {
        vpn_t first = ROUND_UP(v->start, (vpn_t)HPAGE_PMD_NR), end = huge_base(v->end);

        if (!thp_vma_collapsible(k->mem, v, true) || k->address >= end) {
            k->progress++;
            continue;
        }
        k->address = MAX(k->address, first);
        *ret_vma = v;
        return true;
    }
    return false;
}

/* All mappings of this one were seen: the next one, or the first one again. */
static void next_mm(struct khugepaged *k)
{
    k->address = 0;
    k->begun = false;
    if (++k->position < k->mem->thp.scan.count)
        return;
    k->position = 0;
    k->full_scans++;
}

static enum scan_result step(struct khugepaged *k)
{
    struct mem *mem = k->mem;
    struct mm *mm = mm_get(mem->space, mem->thp.scan.items[k->position]);
    struct group *g = group_get(mem->groups, mm->memcg);
    struct collapse c = {.ac = &k->ac, .khugepaged = true};
    enum scan_result r;

    if (!k->begun) {
        k->heads += k->position == 0;
        k->begun = true;
        k->progress++;
    }
    if (mm->locked_by) { /* mmap_lock is taken: not now */
        next_mm(k);
        return SCAN_NOT_WORTH_IT;
    }
    if (!next_range(k, mm, &c.vma)) {
        next_mm(k);
        return SCAN_NOT_WORTH_IT;
    }
    c.base = k->address;
    k->ac.mm = mm;
    k->ac.group = g && g->online ? g : mem->groups->root;
    r = collapse(&c);
    if (r == SCAN_WAIT)
        return r;
    k->pages_collapsed += r == SCAN_SUCCEED;
    k->attempt = (struct attempt){0};
    k->address += HPAGE_PMD_NR;
    k->progress += HPAGE_PMD_NR;
    return r;
}

static void sleep_for(struct khugepaged *k, u64 millisecs)
{
    k->at = k->mem->clock->now + millisecs * (NS_PER_S / 1000);
}

static void end_scan(struct khugepaged *k)
{
    k->scanning = false;
    sleep_for(k, k->mem->tunables->khugepaged_scan_sleep_millisecs);
}

void khugepaged_step(struct khugepaged *k)
{
    const struct mem *mem = k->mem;
    u64 pages_to_scan = mem->tunables->khugepaged_pages_to_scan;
    enum scan_result r;

    if (mem->tunables->thp_enabled == THP_NEVER) {
        end_scan(k);
        return;
    }
    if (!k->scanning) {
        k->scanning = true;
        k->waited = false;
        k->progress = 0;
        k->heads = 0;
        lru_add_drain_all(k->mem);
    }
    r = step(k);
    if (r == SCAN_WAIT) {
        k->at = MAX(k->wait.until, k->mem->clock->now + 1);
    } else if (r == SCAN_ALLOC_HUGE_PAGE_FAIL && !k->waited && k->progress < pages_to_scan) {
        k->waited = true;
        sleep_for(k, mem->tunables->khugepaged_alloc_sleep_millisecs);
    } else if (r == SCAN_ALLOC_HUGE_PAGE_FAIL || k->progress >= pages_to_scan ||
               (k->position == 0 && !k->begun && k->heads > 1) || !k->mem->thp.scan.count) {
        end_scan(k);
    } else {
        k->at = k->mem->clock->now + 1;
    }
}
