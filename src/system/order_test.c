/* order_test.c - blocks of many pages in memory whose pages cannot move, and in memory whose pages
 * can, beside what Linux 6.1 gave.
 *
 * The figures are those of the cells of tests/diff/pools-6.1.json whose names are printed. order-:
 * a module (tests/diff/order.c) filled a machine of 1 GiB with single pages of the kernel until one
 * was refused, gave back all but every 2nd or 64th, and asked for 2,000 blocks; or a program gave
 * back every second page of 700 MiB first. ring-: a program whose pages of pipes cannot move asked
 * for the ring of a packet socket. What each may be off is what three runs of the kernel differed
 * by. order9-anon-noretry is not here: what it gets is what the guest does not hold for itself.
 */
#include <stdlib.h>

#include "balance/balance.h"
#include "base/test.h"
#include "system/access.h"
#include "system/block.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define FILL        260000u /* more than there are */
#define BLOCKS      2000u
/* Three runs of one cell differ by up to 16 blocks, cells that ask the same of the same memory by
 * 5. */
#define SINGLES_OFF 21u

struct asked {
    const char *cell;
    unsigned order;
    u32 flags;
    u64 linux_6_1, off;
};

struct order_test {
    struct system *s;
    struct task *t;
    pfn_t *kept; /* single pages of the kernel, in the order they were given */
    u64 nr_kept;
};

static struct order_test machine(void)
{
    struct order_test o = {0};
    struct system_config c;

    system_config_init(&c);
    c.ram_bytes = GIB - 41 * MIB; /* as much is free as in the guest, whose kernel is larger */
    c.nr_cpus = 1;
    c.thp = "never";
    o.s = test_system_new(&c);
    o.t = system_task_new(o.s, system_group(o.s, "/app"), 10, 1, "steps");
    o.kept = xcalloc(FILL, sizeof(*o.kept));
    return o;
}

static void done(struct order_test *o)
{
    system_check(o->s);
    test_system_free(o->s);
    free(o->kept);
}

static pfn_t ask(const struct order_test *o, unsigned order, u32 flags)
{
    enum balance_result r;
    struct wait wait;
    pfn_t pfn;

    while ((r = balance_alloc(&o->s->mem, &o->t->attempt, order, flags, &pfn, &wait)) ==
           BALANCE_WAIT)
        test_sleep(o->s, wait.until);
    test_pass(o->s);
    if (r != BALANCE_OK) {
        assert_int_equal(r, BALANCE_FAIL);
        return PFN_NONE;
    }
    for (pfn_t at = pfn; at < pfn + (1u << order); at++)
        frame_set_kind(frames_get(&o->s->frames, at), FRAME_KERNEL);
    return pfn;
}

static void give_back(const struct order_test *o, pfn_t pfn, unsigned order)
{
    for (pfn_t at = pfn; at < pfn + (1u << order); at++)
        frame_set_kind(frames_get(&o->s->frames, at), FRAME_PAGE);
    frames_free(&o->s->frames, pfn, order, 0);
}

/* Single pages of the kernel, so many at most. */
static void fill(struct order_test *o, u64 pages)
{
    while (o->nr_kept < pages && (o->kept[o->nr_kept] = ask(o, 0, ALLOC_NORETRY)) != PFN_NONE)
        o->nr_kept++;
}

/* They belong to `owners` by turns, of whom every nth stays. */
static void thin_out(struct order_test *o, u64 owners, u64 n)
{
    for (u64 i = 0; i < o->nr_kept; i++)
        if (i % owners % n != 0)
            give_back(o, o->kept[i], 0);
    o->nr_kept = 0;
}

/* A program fills so much memory, then gives back every second page of the first part. */
static void use_memory(const struct order_test *o, u64 holes_mib, u64 full_mib)
{
    const struct mmap_args map = {.addr = TEST_BASE,
                                  .len = (holes_mib + full_mib) * MIB,
                                  .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(o->s, o->t, system_mmap(o->s, o->t, &map));
    for (u64 at = TEST_BASE; at < TEST_BASE + map.len; at += PAGE_SIZE)
        test_run(o->s, o->t, system_access(o->s, o->t, at >> PAGE_SHIFT, ACCESS_WRITE));
    for (u64 at = TEST_BASE; at < TEST_BASE + holes_mib * MIB; at += 2 * PAGE_SIZE)
        test_run(o->s, o->t, system_madvise(o->s, o->t, at, PAGE_SIZE, ABI_MADV_DONTNEED));
}

/* How many of BLOCKS are given until one is refused. */
static u64 given(const struct order_test *o, unsigned order, u32 flags)
{
    u64 nr = 0;

    while (nr < BLOCKS && ask(o, order, flags) != PFN_NONE)
        nr++;
    return nr;
}

static void expect_blocks(const struct order_test *o, const struct asked *a)
{
    u64 nr = given(o, a->order, a->flags);

    print_message("%-22s %4llu, Linux 6.1: %llu\n", a->cell, (unsigned long long)nr,
                  (unsigned long long)a->linux_6_1);
    assert_in_range(nr, a->linux_6_1 - MIN(a->linux_6_1, a->off), a->linux_6_1 + a->off);
}

static void expect_thinned(const struct asked *a, u64 nr, u64 thin)
{
    for (u64 i = 0; i < nr; i++) {
        struct order_test o = machine();

        fill(&o, FILL);
        thin_out(&o, FILL, thin);
        expect_blocks(&o, &a[i]);
        done(&o);
    }
}

/* Only what is left below the watermark is in blocks, and once there are single pages enough above
 * it, it is given to anybody. */
TEST(between_pages_that_stay_only_the_reserve_is_in_blocks)
{
    static const struct asked asked[] = {
        {"order4-singles-kernel", 4, 0, 113, SINGLES_OFF},
        {"order4-singles-atomic", 4, ALLOC_ATOMIC, 109, SINGLES_OFF},
        {"order4-singles-retry", 4, ALLOC_RETRY_MAYFAIL, 108, SINGLES_OFF},
        {"order9-singles-noretry", 9, ALLOC_NORETRY, 1, 1},
    };

    expect_thinned(asked, ARRAY_SIZE(asked), 2);
}

TEST(pages_that_stay_far_from_each_other_prevent_only_huge_blocks)
{
    static const struct asked asked[] = {
        {"order4-sparse-kernel", 4, 0, BLOCKS, 0},
        {"order4-sparse-atomic", 4, ALLOC_ATOMIC, BLOCKS, 0},
        {"order4-sparse-retry", 4, ALLOC_RETRY_MAYFAIL, BLOCKS, 0},
        {"order9-sparse-noretry", 9, ALLOC_NORETRY, 2, 2},
    };

    expect_thinned(asked, ARRAY_SIZE(asked), 64);
}

TEST(beside_pages_of_a_program_all_is_given)
{
    static const struct asked asked[] = {
        {"order4-anon-kernel", 4, 0, BLOCKS, 0},
        {"order4-anon-atomic", 4, ALLOC_ATOMIC, BLOCKS, 0},
        {"order3-anon-atomic", 3, ALLOC_ATOMIC, BLOCKS, 0},
    };

    for (u64 i = 0; i < ARRAY_SIZE(asked); i++) {
        struct order_test o = machine();

        use_memory(&o, 700, 0);
        expect_blocks(&o, &asked[i]);
        done(&o);
    }
}

/* Pipes of 1 MiB that were filled by turns, of which every nth stays. Each has an array of 256
 * buffers, which needs order 2. */
static void pipes(struct order_test *o, u64 nr, u64 n)
{
    for (u64 i = 0; i < nr; i++) {
        pfn_t array = ask(o, 2, 0);

        assert_int_not_equal(array, PFN_NONE);
        if (i % n != 0)
            give_back(o, array, 2);
    }
    fill(o, nr * MIB / PAGE_SIZE);
    thin_out(o, nr, n);
}

/* A packet socket's ring of BLOCKS blocks of order 4, each in one piece if one try gives it, of
 * single pages else. Returns how many were refused. */
static u64 ring(const struct order_test *o)
{
    u64 refused = 0;

    for (u64 nr = 0; nr < BLOCKS; nr++) {
        if (ask(o, 4, ALLOC_NORETRY) != PFN_NONE)
            continue;
        refused++;
        for (unsigned i = 0; i < 16; i++)
            assert_int_not_equal(ask(o, 0, 0), PFN_NONE);
    }
    return refused;
}

struct ring_cell {
    const char *cell;
    u64 pipes, thin;
    u64 holes_mib, full_mib; /* of a program, half given back, and not */
    /* In Linux 6.1, half of compact_stall. Off: what three runs of it differed by, and their free
     * memory (90 blocks). */
    u64 refused, off;
};

/* Each block that is refused has been compacted for twice, before and after one round of reclaim,
 * asynchronously: so no failure puts the next one off. */
TEST(a_ring_that_is_refused_blocks_compacts_twice_for_each)
{
    static const struct ring_cell cells[] = {
        {"ring-fresh", 0, 0, 0, 0, 0, 0},          {"ring-anon", 0, 0, 700, 0, 0, 0},
        {"ring-singles", 840, 2, 0, 0, 851, 231},  {"ring-sparse", 840, 64, 0, 0, 0, 0},
        {"ring-both", 400, 8, 400, 240, 1823, 92},
    };

    for (u64 i = 0; i < ARRAY_SIZE(cells); i++) {
        const struct ring_cell *cell = &cells[i];
        struct order_test o = machine();
        const struct counters *c = &o.s->counters;
        u64 refused;

        if (cell->pipes)
            pipes(&o, cell->pipes, cell->thin);
        if (cell->holes_mib)
            use_memory(&o, cell->holes_mib, cell->full_mib);
        refused = ring(&o);
        print_message("%-14s %4llu refused, Linux 6.1: %llu; compact_stall %lld, allocstall %lld\n",
                      cell->cell, (unsigned long long)refused, (unsigned long long)cell->refused,
                      (long long)c->v[COMPACT_STALL], (long long)c->v[ALLOCSTALL_NORMAL]);
        assert_in_range(refused, cell->refused - MIN(cell->refused, cell->off),
                        cell->refused + cell->off);
        /* One in a hundred may be given only after the second time. */
        assert_in_range(c->v[ALLOCSTALL_NORMAL], refused, refused + refused / 100);
        assert_in_range(c->v[COMPACT_FAIL], 2 * refused, 2 * refused + refused / 50);
        done(&o);
    }
}

TEST_MAIN()
