/* numa_scan.c - hint entries: which part of an address space gets them, and when. See numa.h.
 *
 * A scan goes on where the last one ended, and counts what it covers in pages of mappings that have
 * something to mark. Left alone are mappings with a policy, read-only files, the zero page, pages
 * that are shared copy-on-write or not on a list yet, dirty file pages, and what a single-threaded
 * process has on the node it runs on. */
#include "access/access_int.h"
#include "access/numa.h"
#include "access/numa_int.h"
#include "access/thp.h"

#define SCAN_WINDOW_MAX_MB 2560u /* a second */
#define TICK_NS            (4 * NS_PER_MS)
#define PAGES_PER_MB       (MIB / PAGE_SIZE)

/* --- periods ---------------------------------------------------------------------------------- */
/* Scans that it takes to go round what is resident. */
static u32 scan_windows(const struct mem *mem, const struct mm *mm)
{
    u64 window = MAX(mem->tunables->numa_scan_size_mb, 1ull) * PAGES_PER_MB;
    u64 rss = mm_rss(mm);

    return (u32)MAX((rss + window - 1) / window, 1ull);
}

u32 numa_scan_period_min(const struct mem *mem, const struct mm *mm)
{
    u32 size = (u32)MAX(mem->tunables->numa_scan_size_mb, 1ull);
    u32 floor = 1000 / (size < SCAN_WINDOW_MAX_MB ? SCAN_WINDOW_MAX_MB / size : 1);

    return MAX(floor, (u32)mem->tunables->numa_scan_period_min_ms / scan_windows(mem, mm));
}

u32 numa_scan_period_max(const struct mem *mem, const struct mm *mm)
{
    return MAX(numa_scan_period_min(mem, mm),
               (u32)mem->tunables->numa_scan_period_max_ms / scan_windows(mem, mm));
}

/* --- marking ---------------------------------------------------------------------------------- */
struct scan {
    struct access_ctx *ac;
    const struct vma *vma;
    int local; /* pages on this node are left alone; NUMA_NO_NODE */
    u64 looked;
};

static bool is_cow(const struct vma *vma)
{
    return (vma->flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* One reference, that of its mapping? */
static bool is_alone(const struct frame *f)
{
    return f->mapcount == 1 && !frame_test(f, PG_SWAPCACHE | PG_PAGECACHE | PG_BATCHED);
}

static bool is_marked(const struct scan *sc, pfn_t pfn)
{
    const struct mem *mem = sc->ac->mem;
    const struct frame *f = folio_head(mem->frames, pfn);
    unsigned nid = frame_nid(mem->frames, pfn);

    if (is_cow(sc->vma) && !folio_is_large(f) && !is_alone(f))
        return false;
    if (frame_is_file_lru(f) && frame_test(f, PG_DIRTY))
        return false;
    return sc->local != (int)nid && numa_node_is_looked_at(mem, nid);
}

/* A huge leaf is marked as a whole, on whatever node it is. */
static bool mark_huge(struct scan *sc, pte_t *leaf)
{
    struct mem *mem = sc->ac->mem;

    if (!pte_has_frame(*leaf) || *leaf & PTE_PROTNONE ||
        !numa_node_is_looked_at(mem, frame_nid(mem->frames, pte_pfn(*leaf))))
        return false;
    *leaf |= PTE_PROTNONE;
    numa_stamp(mem, pte_pfn(*leaf));
    count(mem->counters, NUMA_HUGE_PTE_UPDATES, 1);
    return true;
}

/* Mark [start, end). Returns the pages that are marked now and were not before. */
static u64 mark(struct scan *sc, vpn_t start, vpn_t end)
{
    struct mem *mem = sc->ac->mem;
    struct mm *mm = sc->vma->mm;
    struct pte_ref ref;
    u64 marked = 0;

    pagetable_for_each (mm, at, ref, start, end) {
        pte_t pte = *ref.slot;

        sc->looked++;
        if (ref.order) {
            marked += mark_huge(sc, ref.slot) ? HPAGE_PMD_NR : 0;
        } else if (pte_has_frame(pte) && !(pte & PTE_PROTNONE) && is_marked(sc, pte_pfn(pte))) {
            *ref.slot = pte | PTE_PROTNONE;
            numa_stamp(mem, pte_pfn(pte));
            marked++;
        }
    }
    if (marked)
        mmu_flush_range(mm, start, end);
    group_count(mem->groups, group_get(mem->groups, mm->memcg), NUMA_PTE_UPDATES, (s64)marked);
    return marked;
}

/* --- one scan --------------------------------------------------------------------------------- */
/* Whoever has a policy put his memory where it is. */
static bool is_scanned(const struct mem *mem, const struct vma *vma)
{
    if (vma->flags & (VM_SPECIAL | VM_HUGETLB) || !(vma->flags & VM_ACCESS_FLAGS))
        return false;
    if (!vma_is_anon(vma) && (vma->flags & (VM_READ | VM_WRITE)) == VM_READ)
        return false;
    return !vma_policy_at(mem->backing, vma, vma->start) && !mem->policy;
}

/* Goes on at mm->numa.offset; the next scan goes on where this one ends. */
static void scan(struct access_ctx *ac)
{
    struct mem *mem = ac->mem;
    struct mm *mm = ac->mm;
    s64 pages = (s64)(mem->tunables->numa_scan_size_mb * PAGES_PER_MB), virtual_pages = pages * 8;
    vpn_t start = mm->numa.offset;
    struct vma *vma = vma_find_after(mm, start);
    struct scan sc = {.ac = ac};

    if (!vma) {
        mm->numa.seq++;
        start = 0;
        vma = vma_find_after(mm, 0);
    }
    for (; vma && pages > 0 && virtual_pages > 0; vma = vma_next(vma)) {
        vpn_t end = 0;

        if (!is_scanned(mem, vma))
            continue;
        sc.vma = vma;
        sc.local = mm->users == 1 && !(vma->flags & VM_SHARED) ? (int)mem_nid(mem) : NUMA_NO_NODE;
        while (end != vma->end && pages > 0 && virtual_pages > 0) {
            start = MAX(start, vma->start);
            end = MIN(huge_base(start + (u64)pages + HPAGE_PMD_NR - 1), vma->end);
            if (mark(&sc, start, end))
                pages -= (s64)(end - start);
            virtual_pages -= (s64)(end - start);
            start = end;
        }
        if (pages <= 0 || virtual_pages <= 0)
            break;
    }
    if (!vma)
        mm->numa.seq++;
    mm->numa.offset = vma ? start : 0;
    mem->cpu_ns += sc.looked * mem->cost->numa_scan;
}

/* A scan is due by the task's time; is one by that of the address space, which threads share?
 * (task_numa_work) */
static void scan_if_due(struct access_ctx *ac, ns_t now)
{
    struct mem *mem = ac->mem;
    struct task_numa *tn = ac->numa;
    struct mm_numa *mn = &ac->mm->numa;
    u64 before = mem->cpu_ns;

    if (!mn->next_scan)
        mn->next_scan = now + mem->tunables->numa_scan_delay_ms * NS_PER_MS;
    if (now < mn->next_scan)
        return;
    mn->next_scan = now + tn->scan_period_ms * NS_PER_MS;
    tn->node_stamp += 2 * TICK_NS; /* another thread should be first the next time */
    scan(ac);
    tn->scan_ns += mem->cpu_ns - before;
    tn->node_stamp += 32 * (mem->cpu_ns - before); /* no more than 3 % of its time */
}

void numa_tick(struct access_ctx *ac, ns_t exec, ns_t now)
{
    struct task_numa *tn = ac->numa;
    u64 period = tn->scan_period_ms * NS_PER_MS;

    if (likely(exec <= tn->node_stamp + period))
        return;
    if (!tn->node_stamp)
        tn->scan_period_ms = numa_scan_period_min(ac->mem, ac->mm);
    tn->node_stamp += period;
    if (now >= ac->mm->numa.next_scan)
        scan_if_due(ac, now);
}
