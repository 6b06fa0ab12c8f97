/* numa.c - a hint fault: what it says of the task and of the page, and the move that follows from
 * it. See numa.h.
 *
 *   who used the page last?   nobody yet, or this task while it is young  ->  move
 *                             somebody on this node                       ->  move: the second
 *                             reference from here
 *                             somebody on another node                    ->  stay
 *
 * A page of slow memory goes by how long ago its entry was marked instead, where balancing serves
 * the tiers (numa_promote.c). */
#include "access/numa.h"

#include "access/access_int.h"
#include "access/numa_int.h"
#include "balance/kswapd.h"
#include "base/alloc.h"
#include "compact/migrate.h"

#include <string.h>

#define YOUNG_PASSES 4u
/* Of mem.numa_last, but for slow memory where balancing serves the tiers. */
#define LAST_KNOWN   (1u << 31)

struct hint {
    struct fault *f;
    pfn_t pfn; /* of the folio's first page */
    u32 last;  /* who used it last */
    unsigned nid;
    u64 pages;
    bool migrated, failed;
};

void task_numa_init(struct task_numa *tn, const struct tunables *tunables, u32 pid)
{
    *tn = (struct task_numa){.pid = (u8)pid,
                             .preferred_nid = NUMA_NO_NODE,
                             .scan_period_ms = (u32)tunables->numa_scan_delay_ms};
}

void task_numa_done(struct task_numa *tn)
{
    free(tn->faults);
    tn->faults = NULL;
}

/* --- which pages move ------------------------------------------------------------------------- */
static bool is_own(const struct task_numa *tn, u32 last)
{
    return (u8)last == tn->pid;
}

static bool used_from_here(struct hint *h)
{
    struct mem *mem = h->f->ac->mem;
    const struct task_numa *tn = h->f->ac->numa;
    bool known = h->last & LAST_KNOWN;

    mem_numa_note(mem, h->pfn, LAST_KNOWN | mem->cpu << 8 | tn->pid);
    if (!known && !node_is_toptier(mem, h->nid))
        return false;
    if ((tn->preferred_nid == NUMA_NO_NODE || tn->scan_seq <= YOUNG_PASSES) &&
        (!known || is_own(tn, h->last)))
        return true;
    return !known || mem->frames->cpu_nid[(u8)(h->last >> 8)] == mem_nid(mem);
}

/* The node that the page should be on, or NUMA_NO_NODE: it is right where it is
 * (mpol_misplaced). */
static int better_node(struct hint *h)
{
    const struct vma *vma = h->f->vma;
    struct mem *mem = h->f->ac->mem;
    unsigned here = mem_nid(mem);
    bool slow = !node_is_toptier(mem, h->nid);

    if (vma_policy_at(mem->backing, vma, h->f->vpn) || mem->policy)
        return NUMA_NO_NODE;
    if (slow && mem->tunables->numa_balancing & NUMA_BALANCING_MEMORY_TIERING) {
        if (!numa_promotes(mem, here, h->pfn, h->pages))
            return NUMA_NO_NODE;
    } else if (!used_from_here(h)) {
        return NUMA_NO_NODE;
    }
    return h->nid == here ? NUMA_NO_NODE : (int)here;
}

/* A node that is nearly full keeps what it has. */
static bool has_room(const struct mem *mem, unsigned nid, u64 pages)
{
    const struct pgdat *pgdat = mem_node(mem, nid);

    for (unsigned i = NR_ZONES; i-- > 0;) {
        const struct zone *z = &pgdat->zones[i];

        if (z->managed &&
            zone_watermark_ok(z, 0, zone_wmark_pages(z, WMARK_HIGH) + pages, ZONE_MOVABLE, 0))
            return true;
    }
    return false;
}

static bool may_move(const struct hint *h, unsigned to)
{
    struct mem *mem = h->f->ac->mem;
    const struct frame *f = frames_get(mem->frames, h->pfn);
    bool file = frame_is_file_lru(f);

    if (file && (frame_test(f, PG_DIRTY) || (f->mapcount != 1 && h->f->vma->flags & VM_EXEC)))
        return false;
    if (folio_is_large(f) && f->mapcount != 1)
        return false;
    if (has_room(mem, to, h->pages))
        return true;
    if (mem->tunables->numa_balancing & NUMA_BALANCING_MEMORY_TIERING)
        kswapd_wake(mem, mem_node(mem, to), 0, ZONE_MOVABLE);
    return false;
}

static bool move(struct hint *h, unsigned to)
{
    struct mem *mem = h->f->ac->mem;
    struct mm *mm = h->f->ac->mm;
    pfn_t now;

    if (!may_move(h, to) || migrate_folio_to(mem, h->pfn, to, MR_NUMA_MISPLACED))
        return false;
    now = folio_head_pfn(mem->frames, pte_ref_pfn(pagetable_lookup(mm, h->f->vpn), h->f->vpn));
    group_count(mem->groups, group_get(mem->groups, mm->memcg), NUMA_PAGES_MIGRATED, (s64)h->pages);
    if (!node_is_toptier(mem, h->nid) && node_is_toptier(mem, to)) {
        group_count_frame(mem->groups, frame_group(mem->groups, frames_get(mem->frames, now)), now,
                          PGPROMOTE_SUCCESS, (s64)h->pages);
        if (mem->tunables->numa_balancing & NUMA_BALANCING_MEMORY_TIERING)
            mem_numa_forget(mem, now);
    }
    h->f->ac->numa->migrated += h->pages;
    h->nid = to;
    return true;
}

/* --- what it says of the task ----------------------------------------------------------------- */
static unsigned nearest_with_cpus(const struct mem *mem, unsigned nid)
{
    const struct pgdat *pgdat = mem_node(mem, nid);
    unsigned i = 0;

    while (!node_is_toptier(mem, pgdat->fallback[i]))
        i++;
    return pgdat->fallback[i];
}

/* Slower where there is little to learn, faster where private memory is remote
 * (update_task_scan_period). */
static void adapt_period(struct access_ctx *ac, u64 shared, u64 private)
{
    const u32 slots = 10, enough = 7;
    struct task_numa *tn = ac->numa;
    u64 *locality = tn->faults->locality, remote = locality[0], local = locality[1];
    u32 slot_ms = (tn->scan_period_ms + slots - 1) / slots, by_node, by_task;
    s64 change;

    if (local + shared == 0 || locality[2]) {
        tn->scan_period_ms = MIN(tn->scan_period_max_ms, tn->scan_period_ms * 2);
        ac->mm->numa.next_scan = ac->mem->clock->now + tn->scan_period_ms * NS_PER_MS;
        return;
    }
    by_node = (u32)(local * slots / (local + remote));
    by_task = (u32)(private * slots / (private + shared));
    if (by_task >= enough)
        change = (s64)MAX(by_task - enough, 1u) * slot_ms;
    else if (by_node >= enough)
        change = (s64)MAX(by_node - enough, 1u) * slot_ms;
    else
        change = -(s64)(enough - MAX(by_node, by_task)) * slot_ms;
    tn->scan_period_ms =
        (u32)CLAMP((s64)tn->scan_period_ms + change, (s64)numa_scan_period_min(ac->mem, ac->mm),
                   (s64)numa_scan_period_max(ac->mem, ac->mm));
    memset(locality, 0, sizeof(tn->faults->locality));
}

/* Once a pass: which node has most of what it uses? */
static void place_task(struct access_ctx *ac)
{
    struct task_numa *tn = ac->numa;
    u64 by_kind[2] = {0}, most = 0;
    unsigned best = 0;

    if (tn->scan_seq == ac->mm->numa.seq)
        return;
    tn->scan_seq = ac->mm->numa.seq;
    tn->scan_period_max_ms = numa_scan_period_max(ac->mem, ac->mm);
    for (unsigned nid = 0; nid < ac->mem->frames->nr_nodes; nid++) {
        u64 here = 0;

        for (unsigned private = 0; private < 2; private ++) {
            u64 *pages = &tn->faults->pages[private][nid];
            u64 *fresh = &tn->faults->pages_new[private][nid];

            by_kind[private] += *fresh;
            *pages += *fresh - *pages / 2;
            *fresh = 0;
            here += *pages;
        }
        if (here > most) {
            most = here;
            best = nid;
        }
    }
    if (most)
        tn->preferred_nid = (int)nearest_with_cpus(ac->mem, best);
    adapt_period(ac, by_kind[0], by_kind[1]);
}

/* task_numa_fault() */
static void learn(struct hint *h, bool local)
{
    struct access_ctx *ac = h->f->ac;
    struct task_numa *tn = ac->numa;
    ns_t now = ac->mem->clock->now;
    bool known = h->last & LAST_KNOWN, private = !known || is_own(tn, h->last);

    if (!node_is_toptier(ac->mem, h->nid) &&
        (ac->mem->tunables->numa_balancing & NUMA_BALANCING_MEMORY_TIERING || !known))
        return;
    if (!tn->faults)
        tn->faults = xcalloc(1, sizeof(*tn->faults));
    if (now > tn->move_at) {
        place_task(ac);
        if (tn->preferred_nid != NUMA_NO_NODE) {
            tn->move_at = now + MIN(NS_PER_S, tn->scan_period_ms * NS_PER_MS / 16);
            tn->wants_move = tn->preferred_nid != (int)mem_nid(ac->mem);
        }
    }
    if (h->failed)
        tn->faults->locality[2] += h->pages;
    tn->faults->pages_new[private][h->nid] += h->pages;
    tn->faults->locality[local] += h->pages;
}

/* --- the fault -------------------------------------------------------------------------------- */
static void answer(struct fault *f, pte_t *slot, u64 pages)
{
    struct access_ctx *ac = f->ac;
    struct mem *mem = ac->mem;
    struct hint h = {.f = f, .pages = pages};
    u64 before = mem->cpu_ns;
    bool local;
    int to;

    *slot = (*slot & ~PTE_PROTNONE) | PTE_ACCESSED;
    if (!pte_has_frame(*slot) || !ac->numa || !mem->numa_last)
        return;
    h.pfn = folio_head_pfn(mem->frames, pte_pfn(*slot));
    if (folio_is_large(frames_get(mem->frames, h.pfn)) && pages == 1)
        return; /* a part of a huge page that is mapped page by page */
    h.nid = frame_nid(mem->frames, h.pfn);
    h.last = mem_numa_last(mem, h.pfn);
    local = h.nid == mem_nid(mem);
    group_count(mem->groups, group_get(mem->groups, ac->mm->memcg), NUMA_HINT_FAULTS, 1);
    count(mem->counters, NUMA_HINT_FAULTS_LOCAL, local);
    ac->numa->hint_faults++;
    ac->numa->hint_faults_local += local;
    to = better_node(&h);
    if (to != NUMA_NO_NODE) {
        h.migrated = move(&h, (unsigned)to);
        h.failed = !h.migrated;
    }
    learn(&h, local);
    ac->numa->fault_ns += mem->cost->minor_fault + (mem->cpu_ns - before);
}

void fault_numa(struct fault *f)
{
    answer(f, f->slot, 1);
}

void fault_numa_huge(struct fault *f, pte_t *leaf)
{
    answer(f, leaf, HPAGE_PMD_NR);
}
