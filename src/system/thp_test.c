/* thp_test.c - what one process writes after fork is never seen by the other, whatever maps the
 * memory and how.
 *
 * The kinds of memory are those that the kernel's own test of copy-on-write tries
 * (tests/diff/cow-6.1.json: Linux 6.1 passes them), without pages that a pipe or a device holds and
 * without hugetlb; each kind is tried with each case. The counts are those of the cells in
 * tests/diff/thp-6.1.json, for one huge page of their eight. */
#include "base/test.h"

#include "system/access.h"
#include "system/cgroup.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define RAM        (768 * MIB) /* Linux has no huge pages below 512 MiB */
#define HUGE_BYTES ((u64)HPAGE_PMD_NR * PAGE_SIZE)
#define HALF       (HUGE_BYTES / 2)
#define RW         (ABI_PROT_READ | ABI_PROT_WRITE)
#define AT         (TEST_BASE + HUGE_BYTES)
#define MOVED      (TEST_BASE + GIB)

static struct system *s;
static struct task *parent, *child;
static vaddr_t mem; /* the memory that is tried, of `pages` pages */
static u64 pages;

static void done(enum step step, const struct task *t)
{
    assert_int_equal(step, STEP_DONE);
    assert_int_equal(t->error, 0);
}

static u64 counter(enum counter id)
{
    return (u64)s->counters.v[id];
}

static void start(void)
{
    struct system_config c;

    system_config_init(&c);
    c.thp = "always";
    c.ram_bytes = RAM;
    c.nr_cpus = 1;
    c.bytes = true;
    c.nr_swaps = 1;
    c.swaps[0] = (struct swap_spec){
        .name = "/dev/swap", .bytes = 64 * MIB, .priority = -1, .device = "nvme"};
    s = test_system_new(&c);
    parent = system_task_new(s, s->groups.root, 100, 1, "parent");
}

static void leave(struct task *t)
{
    system_exit(s, t, 0, true);
    system_check(s);
}

static void stop(void)
{
    leave(parent);
    test_sleep(s, s->clock.now + NS_PER_S);
    assert_int_equal(counter(NR_ANON_PAGES), 0);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), 0);
    assert_int_equal(s->oom_kills, 0);
    system_check(s);
    test_system_free(s);
}

static void map(u64 len)
{
    const struct mmap_args a = {.addr = AT, .len = len, .prot = RW};

    done(test_run(s, parent, system_mmap(s, parent, &a)), parent);
    mem = AT;
    pages = len / PAGE_SIZE;
}

static void fork_child(void)
{
    done(test_run(s, parent, system_fork(s, parent, 101, false, &child)), parent);
    assert_non_null(child);
}

static void advise(vaddr_t addr, u64 len, u32 advice)
{
    done(test_run(s, parent, system_madvise(s, parent, addr, len, advice)), parent);
}

static void protect(struct task *t, vaddr_t addr, u64 len, u32 prot)
{
    done(test_run(s, t, system_mprotect(s, t, addr, len, prot)), t);
}

static void unmap(struct task *t, vaddr_t addr, u64 len)
{
    done(test_run(s, t, system_munmap(s, t, addr, len)), t);
}

/* Each page has a word of its own, `what` of which says who wrote it. */
static void write_words(struct task *t, u64 what)
{
    for (u64 i = 0; i < pages; i++) {
        u64 word = what << 32 | i;

        done(test_run(s, t, system_store(s, t, mem + i * PAGE_SIZE + 8 * i % PAGE_SIZE, &word, 8)),
             t);
    }
}

static void expect_words(struct task *t, u64 what)
{
    for (u64 i = 0; i < pages; i++) {
        u64 word = 0;

        done(test_run(s, t, system_load(s, t, mem + i * PAGE_SIZE + 8 * i % PAGE_SIZE, &word, 8)),
             t);
        assert_int_equal(word, what << 32 | i);
    }
}

/* --- kinds of memory -------------------------------------------------------------------------- */
enum { BEFORE = 1, FIRST, SECOND, THIRD }; /* who wrote a word */

static void base_pages(void)
{
    map(4 * PAGE_SIZE);
    write_words(parent, BEFORE);
    assert_int_equal(counter(THP_FAULT_ALLOC), 0);
}

static void huge_page(void)
{
    map(HUGE_BYTES);
    write_words(parent, BEFORE);
    assert_int_equal(counter(THP_FAULT_ALLOC), 1);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), HPAGE_PMD_NR);
}

static void pte_mapped(void)
{
    huge_page();
    protect(parent, mem, PAGE_SIZE, ABI_PROT_READ);
    protect(parent, mem, PAGE_SIZE, RW);
    assert_int_equal(counter(THP_SPLIT_PMD), 1);
    assert_int_equal(counter(THP_SPLIT_PAGE), 0);
    assert_int_equal(counter(THP_DEFERRED_SPLIT_PAGE), 0);
}

static void single_pte(void)
{
    huge_page();
    unmap(parent, mem + PAGE_SIZE, HUGE_BYTES - PAGE_SIZE);
    pages = 1;
    assert_int_equal(counter(THP_SPLIT_PMD), 1);
    assert_int_equal(counter(THP_DEFERRED_SPLIT_PAGE), 1);
    assert_int_equal(counter(THP_SPLIT_PAGE), 0);
}

static void partly_moved(void)
{
    huge_page();
    done(test_run(s, parent, system_mremap(s, parent, mem + HALF, HALF, MOVED, HALF)), parent);
    pages /= 2;
    expect_words(parent, BEFORE);
    assert_int_equal(counter(THP_SPLIT_PMD), 1);
    assert_int_equal(counter(THP_SPLIT_PAGE), 0);
}

/* A child that has gone shared its first half. */
static void partly_shared(void)
{
    huge_page();
    advise(mem + HALF, HALF, ABI_MADV_DONTFORK);
    fork_child();
    assert_int_equal(child->mm->rss_anon, HALF / PAGE_SIZE);
    leave(child);
    advise(mem + HALF, HALF, ABI_MADV_DOFORK);
}

static void collapsed(void)
{
    map(HUGE_BYTES);
    advise(mem, HUGE_BYTES, ABI_MADV_NOHUGEPAGE);
    write_words(parent, BEFORE);
    advise(mem, HUGE_BYTES, ABI_MADV_HUGEPAGE);
    advise(mem, HUGE_BYTES, ABI_MADV_COLLAPSE);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), HPAGE_PMD_NR);
}

static const struct kind {
    const char *name;
    void (*make)(void);
} kinds[] = {
    {"base pages", base_pages},
    {"huge page", huge_page},
    {"PTE-mapped huge page", pte_mapped},
    {"single PTE of a huge page", single_pte},
    {"partly moved huge page", partly_moved},
    {"partly shared huge page", partly_shared},
    {"collapsed huge page", collapsed},
};

/* --- what is done to it before fork ----------------------------------------------------------- */
static void nothing(void)
{
}

static void swap_out(void)
{
    u64 swapped = counter(PSWPOUT);

    advise(mem, pages * PAGE_SIZE, ABI_MADV_PAGEOUT);
    test_sleep(s, s->clock.now + NS_PER_S);
    assert_true(counter(PSWPOUT) >= swapped + pages);
}

/* Nothing is short of memory here: what may be thrown away is still there. */
static void make_free(void)
{
    advise(mem, pages * PAGE_SIZE, ABI_MADV_FREE);
}

static const struct treatment {
    const char *name;
    void (*apply)(void);
} treatments[] = {
    {"as it is", nothing},
    {"swapped out", swap_out},
    {"with MADV_FREE", make_free},
};

/* --- cases ------------------------------------------------------------------------------------ */
static void both_write(struct task *first, struct task *second)
{
    write_words(first, FIRST);
    expect_words(second, BEFORE);
    system_check(s);
    write_words(second, SECOND);
    expect_words(first, FIRST);
    expect_words(second, SECOND);
    system_check(s);
}

static void parent_writes_first(void)
{
    both_write(parent, child);
}

static void child_writes_first(void)
{
    both_write(child, parent);
}

/* Memory that becomes writable again must not be taken for memory that only one has. */
static void written_after_mprotect(void)
{
    protect(child, mem, pages * PAGE_SIZE, ABI_PROT_READ);
    protect(child, mem, pages * PAGE_SIZE, RW);
    protect(parent, mem, pages * PAGE_SIZE, ABI_PROT_READ);
    protect(parent, mem, pages * PAGE_SIZE, RW);
    both_write(child, parent);
}

static void unmapped_by_child(void)
{
    unmap(child, mem, pages * PAGE_SIZE);
    write_words(parent, FIRST);
    expect_words(parent, FIRST);
}

static void unmapped_by_parent(void)
{
    unmap(parent, mem, pages * PAGE_SIZE);
    system_check(s);
    expect_words(child, BEFORE);
    write_words(child, FIRST);
    expect_words(child, FIRST);
}

static void advised_free_by_child(void)
{
    done(test_run(s, child, system_madvise(s, child, mem, pages * PAGE_SIZE, ABI_MADV_FREE)),
         child);
    write_words(child, FIRST);
    expect_words(parent, BEFORE);
    write_words(parent, SECOND);
    expect_words(child, FIRST);
}

static void child_exits_between(void)
{
    write_words(child, FIRST);
    leave(child);
    expect_words(parent, BEFORE);
    write_words(parent, SECOND);
    expect_words(parent, SECOND);
    fork_child();
    write_words(parent, THIRD);
    expect_words(child, SECOND);
}

static void try_kinds(void (*body)(void))
{
    for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
        for (size_t i = 0; i < ARRAY_SIZE(treatments); i++) {
            print_message("%s, %s\n", kinds[k].name, treatments[i].name);
            start();
            kinds[k].make();
            treatments[i].apply();
            system_check(s);
            fork_child();
            body();
            leave(child);
            stop();
        }
}

#define CASE(body)       \
    TEST(body##_unseen)  \
    {                    \
        try_kinds(body); \
    }
CASE(parent_writes_first)
CASE(child_writes_first)
CASE(written_after_mprotect)
CASE(unmapped_by_child)
CASE(unmapped_by_parent)
CASE(advised_free_by_child)
CASE(child_exits_between)

/* --- counts ----------------------------------------------------------------------------------- */
/* The cell fork-both-write-all. */
TEST(the_child_that_writes_first_leaves_the_huge_page_to_its_parent)
{
    start();
    huge_page();
    fork_child();
    both_write(child, parent);
    assert_int_equal(counter(THP_SPLIT_PMD), 1);
    assert_int_equal(counter(THP_SPLIT_PAGE), 0);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), HPAGE_PMD_NR);
    assert_int_equal(counter(NR_ANON_PAGES), 2 * HPAGE_PMD_NR);
    leave(child);
    stop();
}

/* The cell fork-parent-writes: the child copies even those pages that only it has still mapped. */
TEST(a_parent_that_writes_some_pages_first_has_both_mappings_split)
{
    start();
    huge_page();
    fork_child();
    for (u64 i = 0; i < HPAGE_PMD_NR; i += 16)
        done(test_run(s, parent, system_access(s, parent, (mem >> PAGE_SHIFT) + i, ACCESS_WRITE)),
             parent);
    assert_int_equal(counter(THP_SPLIT_PMD), 1);
    assert_int_equal(counter(THP_DEFERRED_SPLIT_PAGE), 0);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), HPAGE_PMD_NR);
    write_words(child, FIRST);
    expect_words(parent, BEFORE);
    assert_int_equal(counter(THP_SPLIT_PMD), 2);
    assert_int_equal(counter(THP_DEFERRED_SPLIT_PAGE), 1);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), 0);
    assert_int_equal(counter(NR_ANON_PAGES), 2 * HPAGE_PMD_NR);
    leave(child);
    stop();
}

/* The cell fork-exits. */
TEST(what_a_child_left_is_reused_and_not_copied)
{
    start();
    huge_page();
    fork_child();
    leave(child);
    write_words(parent, FIRST);
    assert_int_equal(counter(NR_ANON_TRANSPARENT_HUGEPAGES), HPAGE_PMD_NR);
    assert_int_equal(counter(NR_ANON_PAGES), HPAGE_PMD_NR);
    assert_int_equal(counter(THP_SPLIT_PMD), 0);
    stop();
}

TEST_MAIN()
