/* space.c - from an address to a frame: the TLB, the page tables, the reverse map.
 *
 * One process with 4 GiB of anonymous memory. The TLB's figure is what a replay pays for an access
 * that hits; the others are its misses, in order, at random (a wait for memory of the host), and at
 * random as a replay does it.
 */
#include "bench.h"

#include "base/alloc.h"
#include "base/prng.h"
#include "space/space.h"
#include "space/tlb.h"

#define PAGES      (1u << 20)
#define START      ((vpn_t)0x7f0000000 - PAGES / 2)
#define AHEAD      8u
#define HITS       (1u << 26)
#define TLB_FILLED 1024u

static struct frames frames;
static struct space space;
static struct tlb tlb;
static struct mm *mm;
static u32 *order;
static volatile u64 sink;

static double per_op_ns(double start, u64 nr)
{
    return (bench_seconds() - start) * 1e9 / (double)nr;
}

static double populate_ns(void)
{
    struct vma_spec spec = {.start = START, .end = START + PAGES, .flags = VM_READ | VM_WRITE};
    struct vma *vma = vma_add(mm, &spec);
    double start = bench_seconds();
    pfn_t pfn = 1;

    anon_vma_prepare(vma);
    for (vpn_t vpn = START; vpn < START + PAGES; vpn++) {
        while (pagetable_missing(mm, vpn))
            pagetable_install(mm, vpn, pfn++);
        pagetable_set(mm, vpn, pagetable_find(mm, vpn), pte_make(pfn, PTE_PRESENT | PTE_WRITE));
        rmap_add_new_anon(&space, vma, vpn, pfn++);
    }
    return per_op_ns(start, PAGES);
}

static double tlb_hit_ns(void)
{
    u64 hits = 0;
    double start;

    for (u64 i = 0; i < TLB_FILLED; i++)
        tlb_insert(&tlb, mm->id, START + i, false);
    start = bench_seconds();
    for (u64 i = 0; i < HITS; i++) {
        if (likely(tlb_hit(&tlb, mm->id, START + (order[i % PAGES] & (TLB_FILLED - 1)), false)))
            hits++;
    }
    assert(hits == HITS);
    return per_op_ns(start, HITS);
}

static double find_in_order_ns(void)
{
    u64 sum = 0;
    double start = bench_seconds();

    for (vpn_t vpn = START; vpn < START + PAGES; vpn++)
        sum += *pagetable_find(mm, vpn);
    sink = sum;
    return per_op_ns(start, PAGES);
}

/* What access/ does at its simplest: TLB, walk, accessed bit, load the TLB. */
static double access_at_random_ns(bool prefetch)
{
    double start = bench_seconds();

    for (u32 i = 0; i < PAGES; i++) {
        vpn_t vpn = START + order[i];
        pte_t *slot;

        if (prefetch)
            pagetable_prefetch(mm, START + order[(i + AHEAD) % PAGES]);
        if (tlb_hit(&tlb, mm->id, vpn, false))
            continue;
        slot = pagetable_find(mm, vpn);
        if (!slot || !pte_present(*slot))
            abort();
        *slot |= PTE_ACCESSED;
        tlb_insert(&tlb, mm->id, vpn, false);
    }
    return per_op_ns(start, PAGES);
}

static bool note(void *ctx, const struct rmap_walk *walk)
{
    *(u64 *)ctx += walk->vpn;
    return true;
}

static double rmap_walk_ns(void)
{
    u64 sum = 0;
    double start = bench_seconds();

    for (vpn_t vpn = START; vpn < START + PAGES; vpn++)
        rmap_for_each(&space, pte_pfn(*pagetable_find(mm, vpn)), note, &sum);
    sink = sum;
    return per_op_ns(start, PAGES);
}

static double tlb_flush_mm_ns(void)
{
    enum { ROUNDS = 10000 };
    double start = bench_seconds();

    for (int i = 0; i < ROUNDS; i++)
        tlb_flush_mm(&tlb, mm->id);
    return per_op_ns(start, ROUNDS);
}

void bench_space(struct bench *b)
{
    struct prng p;

    frames = (struct frames){.end_pfn = PAGES + PAGES / 256};
    frames.frame = xcalloc(frames.end_pfn, sizeof(struct frame));
    space_init(&space, &frames);
    tlb_init(&tlb, TLB_ENTRIES_DEFAULT);
    mm = mm_new(&space, 0);
    order = xcalloc(PAGES, sizeof(*order));
    prng_seed(&p, 1);
    for (u32 i = 0; i < PAGES; i++)
        order[i] = (u32)prng_below(&p, PAGES);

    bench_figure(b, "pte_populate_ns", populate_ns(), "ns", "enter one new anonymous page");
    bench_figure(b, "tlb_hit_ns", tlb_hit_ns(), "ns", "TLB look-up that hits");
    bench_figure(b, "pte_find_ns", find_in_order_ns(), "ns", "find an entry, in order");
    bench_figure(b, "access_random_ns", access_at_random_ns(false), "ns",
                 "TLB miss and walk, uniform over 4 GiB");
    bench_figure(b, "access_prefetch_ns", access_at_random_ns(true), "ns",
                 "the same with prefetch 8 accesses ahead");
    bench_figure(b, "rmap_walk_ns", rmap_walk_ns(), "ns", "from a frame to its only entry");
    bench_figure(b, "tlb_flush_mm_ns", tlb_flush_mm_ns(), "ns", "flush one address space");

    tlb_done(&tlb);
    space_done(&space);
    free(frames.frame);
    free(order);
}
