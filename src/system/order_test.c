/* order_test.c - blocks of many pages in memory whose pages cannot move, and in memory whose pages can, beside what Linux 6.1 gave.
 *
 * The figures are those of the cells of tests/diff/pools-6.1.json whose names are printed: a module (tests/diff/order.c) filled a machine of 1 GiB with
 * single pages of the kernel until one was refused, gave back all but every 2nd or 64th, and asked for 2,000 blocks; or a program gave
 * back every second page of 700 MiB first. What each may be off is what three runs of the kernel differed by.
 * order9-anon-noretry is not here: what it gets is what the guest does not hold for itself (docs/fidelity.md).
 */
#include <stdlib.h>

#include "balance/balance.h"
#include "base/test.h"
#include "system/access.h"
#include "system/block.h"
#include "system/cgroup.h"
#include "system/machine_test.h"
#include "system/mmap.h"

#define FILL        260000u /* more than there are */
#define BLOCKS      2000u
/* Three runs of one cell differ by up to 16 blocks, cells that ask the same of the same memory by 5. */
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
    c.ram_bytes = GIB;
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

/* All memory in single pages of the kernel, of which every nth stays. */
static void fill_and_thin(struct order_test *o, u64 n)
{
    while (o->nr_kept < FILL && (o->kept[o->nr_kept] = ask(o, 0, ALLOC_NORETRY)) != PFN_NONE)
        o->nr_kept++;
    assert_in_range(o->nr_kept, 200000, FILL - 1);
    for (u64 i = 0; i < o->nr_kept; i++) {
        if (i % n == 0)
            continue;
        frame_set_kind(frames_get(&o->s->frames, o->kept[i]), FRAME_PAGE);
        frames_free(&o->s->frames, o->kept[i], 0, 0);
    }
    o->nr_kept = 0;
}

/* A program gives back every second of its pages. */
static void holes(const struct order_test *o)
{
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = 700 * MIB, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(o->s, o->t, system_mmap(o->s, o->t, &map));
    for (u64 at = TEST_BASE; at < TEST_BASE + map.len; at += PAGE_SIZE)
        test_run(o->s, o->t, system_access(o->s, o->t, at >> PAGE_SHIFT, ACCESS_WRITE));
    for (u64 at = TEST_BASE; at < TEST_BASE + map.len; at += 2 * PAGE_SIZE)
        test_run(o->s, o->t, system_madvise(o->s, o->t, at, PAGE_SIZE, ABI_MADV_DONTNEED));
}

/* How many of BLOCKS are given until one is refused. */
static u64 given(const struct order_test *o, unsigned order, u32 flags)
{
    u64 nr = 0;

    while (nr < BLOCKS && ask(o, order, flags | ALLOC_COMP) != PFN_NONE)
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

        fill_and_thin(&o, thin);
        expect_blocks(&o, &a[i]);
        done(&o);
    }
}

/* Only what is left below the watermark is in blocks, and once there are single pages enough above it, it is given to anybody. */
static void between_pages_that_stay_only_the_reserve_is_in_blocks(void **state HW_UNUSED)
{
    static const struct asked asked[] = {
        {"order4-singles-kernel", 4, 0, 113, SINGLES_OFF},
        {"order4-singles-atomic", 4, ALLOC_ATOMIC, 109, SINGLES_OFF},
        {"order4-singles-retry", 4, ALLOC_RETRY_MAYFAIL, 108, SINGLES_OFF},
        {"order9-singles-noretry", 9, ALLOC_NORETRY, 1, 1},
    };

    expect_thinned(asked, ARRAY_SIZE(asked), 2);
}

static void pages_that_stay_far_from_each_other_prevent_only_huge_blocks(void **state HW_UNUSED)
{
    static const struct asked asked[] = {
        {"order4-sparse-kernel", 4, 0, BLOCKS, 0},
        {"order4-sparse-atomic", 4, ALLOC_ATOMIC, BLOCKS, 0},
        {"order4-sparse-retry", 4, ALLOC_RETRY_MAYFAIL, BLOCKS, 0},
        {"order9-sparse-noretry", 9, ALLOC_NORETRY, 2, 2},
    };

    expect_thinned(asked, ARRAY_SIZE(asked), 64);
}

static void beside_pages_of_a_program_all_is_given(void **state HW_UNUSED)
{
    static const struct asked asked[] = {
        {"order4-anon-kernel", 4, 0, BLOCKS, 0},
        {"order4-anon-atomic", 4, ALLOC_ATOMIC, BLOCKS, 0},
        {"order3-anon-atomic", 3, ALLOC_ATOMIC, BLOCKS, 0},
    };

    for (u64 i = 0; i < ARRAY_SIZE(asked); i++) {
        struct order_test o = machine();

        holes(&o);
        expect_blocks(&o, &asked[i]);
        done(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_pages_that_stay_only_the_reserve_is_in_blocks),
        cmocka_unit_test(pages_that_stay_far_from_each_other_prevent_only_huge_blocks),
        cmocka_unit_test(beside_pages_of_a_program_all_is_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
