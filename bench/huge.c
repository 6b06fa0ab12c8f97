/* huge.c - huge pages: what a fault costs that maps one, and whether accesses to them cost more
 * than to small pages.
 *
 * huge_fault_ns First touches of 4 GiB, one of each 2 MiB: a folio, its charge, its leaf and the
 *                   table beside. bytes=off, so that nothing is cleared but descriptors, which the
 *                   machine had in use before.
 * huge_fault_new_ns The same of RAM that the machine never used: with the host's own fault at a
 *                   page of descriptors, which small pages share with 127 others.
 * huge_tlb_hit_ratio Accesses that the TLB answers, as nearly all of tlb_hit_per_s: from huge pages
 * over that from small ones. huge_hit_ratio The same of the accesses of hit_per_s. A page that the
 * TLB misses is looked up in its second array too, and is loaded into
 *                   the first from there: two look-ups where a small page takes one and its entry.
 * huge_walk_ratio The same of walk_per_s, where small pages wait for a page table of 8 MiB and huge
 * ones for a page of 64 KiB.
 */
#include "bench.h"
#include "machine.h"
#include "pattern.h"

#include "base/alloc.h"

#define RUNS 5

static const struct pattern touch = {
    .shape = PATTERN_SEQUENTIAL,
    .pages = 1u << 20,
    .stride = 512,
    .accesses = 1u << 11,
    .icount = 20,
    .write_percent = 100,
    .populated = true,
    .dropped = true,
};
static const struct pattern touch_new = {
    .shape = PATTERN_SEQUENTIAL,
    .pages = 1u << 20,
    .stride = 512,
    .accesses = 1u << 11,
    .icount = 20,
    .write_percent = 100,
};
static const struct pattern mix = {
    .shape = PATTERN_ZIPF,
    .pages = (u32)(64 * MIB / PAGE_SIZE),
    .accesses = 8000000,
    .icount = 4,
    .write_percent = 25,
    .filtered = true,
    .populated = true,
};
static const struct pattern small = {
    .shape = PATTERN_ZIPF,
    .pages = 1024,
    .accesses = 16000000,
    .icount = 20,
    .write_percent = 25,
    .populated = true,
};
static const struct pattern large = {
    .shape = PATTERN_UNIFORM,
    .pages = 1u << 20,
    .accesses = 4000000,
    .icount = 20,
    .populated = true,
};

static void look_at_faults(void *ctx, const struct system *s)
{
    *(u64 *)ctx = (u64)s->counters.v[THP_FAULT_ALLOC];
}

/* ns per access after what populates; *ret_huge: huge pages that were faulted in. */
static double measure(const struct pattern *pattern, const char *thp, u64 *ret_huge)
{
    struct timed_replay run = {.thp = thp, .look = look_at_faults, .look_ctx = ret_huge};
    struct pattern_trace made;

    pattern_make(pattern, &made);
    run.trace = made.trace;
    run.skip_events = pattern->populated ? made.populate_events : 0;
    timed_replay_best(&run, RUNS);
    assert(run.outcome == REPLAY_COMPLETED);
    pattern_free(&made);
    return run.seconds * 1e9 / (double)run.events;
}

static double ratio(const struct pattern *pattern)
{
    u64 huge, none;
    double small_ns = measure(pattern, "never", &none), huge_ns = measure(pattern, "always", &huge);

    assert(none == 0 && huge == pattern->pages / 512);
    return huge_ns / small_ns;
}

void bench_huge(struct bench *b)
{
    u64 huge;
    double ns = measure(&touch, "always", &huge);

    assert(huge == 2 * touch.accesses);
    bench_figure(b, "huge_fault_ns", ns, "ns", "a first touch of 2 MiB that a huge page answers");
    ns = measure(&touch_new, "always", &huge);
    assert(huge == touch_new.accesses);
    bench_figure(b, "huge_fault_new_ns", ns, "ns", "the same of RAM that was never used");
    bench_figure(b, "huge_tlb_hit_ratio", ratio(&small), "x",
                 "accesses that the TLB answers, from huge pages over those from small ones");
    bench_figure(b, "huge_hit_ratio", ratio(&mix), "x",
                 "the accesses of hit_per_s from huge pages, time over that from small ones");
    bench_figure(b, "huge_walk_ratio", ratio(&large), "x", "the same of walk_per_s");
}
