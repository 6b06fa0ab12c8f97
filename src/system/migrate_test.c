/* migrate_test.c - pages and huge pages that move to another node are the same pages, and each
 * count follows. */
#include "balance/balance.h"
#include "base/test.h"
#include "compact/migrate.h"
#include "reclaim/lru.h"
#include "reclaim/thp.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/file.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define BASE_VPN (TEST_BASE >> PAGE_SHIFT)

/* Two nodes; the process runs on the first one. */
static struct system *machine(const char *thp)
{
    struct system_config c;

    system_config_init(&c);
    c.nr_nodes = 2;
    c.nr_cpus = 2;
    c.ram_bytes = 2 * TEST_RAM;
    c.bytes = true;
    c.thp = thp;
    return test_system_new(&c);
}

static void store(struct system *s, struct task *t, u64 page, u64 value)
{
    test_run(s, t, system_store(s, t, TEST_BASE + page * PAGE_SIZE + 8 * (page % 500), &value, 8));
}

static u64 load(struct system *s, struct task *t, u64 page)
{
    u64 value = 0;

    test_run(s, t, system_load(s, t, TEST_BASE + page * PAGE_SIZE + 8 * (page % 500), &value, 8));
    return value;
}

static struct task *process(struct system *s, u64 pages)
{
    struct task *t = system_task_new(s, system_group(s, "/g"), 10, 1, "work");
    const struct mmap_args map = {
        .addr = TEST_BASE, .len = pages * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};

    test_run(s, t, system_mmap(s, t, &map));
    for (u64 i = 0; i < pages; i++)
        store(s, t, i, i * 7 + 1);
    lru_add_drain_all(&s->mem);
    return t;
}

static pfn_t frame_behind(const struct task *t, u64 page)
{
    return pte_ref_pfn(pagetable_lookup(t->mm, BASE_VPN + page), BASE_VPN + page);
}

/* What its entry names: the head of a huge page. */
static pfn_t folio_behind(const struct task *t, u64 page)
{
    return pte_pfn(*pagetable_lookup(t->mm, BASE_VPN + page).slot);
}

static unsigned node_behind(const struct system *s, const struct task *t, u64 page)
{
    return frame_nid(&s->frames, frame_behind(t, page));
}

static s64 counter(const struct system *s, enum counter id)
{
    return s->counters.v[id];
}

static void check_values(struct system *s, struct task *t, u64 pages)
{
    for (u64 i = 0; i < pages; i++)
        assert_int_equal(load(s, t, i), i * 7 + 1);
    system_check(s);
}

TEST(a_page_moves_with_its_counts)
{
    struct system *s = machine("never");
    struct task *t = process(s, 8);
    s64 anon[2] = {node_counter(&s->frames, 0, NR_ANON_PAGES),
                   node_counter(&s->frames, 1, NR_ANON_PAGES)};
    u64 usage = t->group->memory.usage;

    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 3), 0, MR_SYSCALL), 0);
    assert_int_equal(counter(s, PGMIGRATE_SUCCESS), 0); /* it is there */
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 3), 1, MR_SYSCALL), 0);
    assert_int_equal(node_behind(s, t, 3), 1);
    assert_int_equal(node_behind(s, t, 4), 0);
    assert_int_equal(counter(s, PGMIGRATE_SUCCESS), 1);
    assert_int_equal(node_counter(&s->frames, 0, NR_ANON_PAGES), anon[0] - 1);
    assert_int_equal(node_counter(&s->frames, 1, NR_ANON_PAGES), anon[1] + 1);
    assert_int_equal(group_node_counter(&s->groups, t->group, 1, NR_ANON_PAGES), 1);
    assert_int_equal(t->group->memory.usage, usage);
    check_values(s, t, 8);
    test_system_free(s);
}

TEST(a_huge_page_moves_whole_with_all_that_map_it)
{
    struct system *s = machine("always");
    struct task *t = process(s, HPAGE_PMD_NR), *child = NULL;
    u64 touched = s->space.touched.pages, usage;

    assert_non_null(pagetable_find_huge(t->mm, BASE_VPN));
    test_run(s, t, system_fork(s, t, 11, false, &child));
    usage = t->group->memory.usage;
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 77), 1, MR_SYSCALL), 0);
    assert_non_null(pagetable_find_huge(t->mm, BASE_VPN));
    assert_int_equal(node_behind(s, t, 77), 1);
    assert_int_equal(frame_behind(child, 77), frame_behind(t, 77));
    assert_int_equal(counter(s, PGMIGRATE_SUCCESS), HPAGE_PMD_NR);
    assert_int_equal(counter(s, THP_MIGRATION_SUCCESS), 1);
    assert_int_equal(counter(s, THP_MIGRATION_FAIL), 0);
    assert_int_equal(node_counter(&s->frames, 1, NR_ANON_TRANSPARENT_HUGEPAGES), HPAGE_PMD_NR);
    assert_int_equal(node_counter(&s->frames, 0, NR_ANON_TRANSPARENT_HUGEPAGES), 0);
    assert_int_equal(t->group->memory.usage, usage);
    assert_int_equal(s->space.touched.pages, touched);
    check_values(s, t, HPAGE_PMD_NR);
    check_values(s, child, HPAGE_PMD_NR);
    test_system_free(s);
}

/* Each page has entries of its own, some have none: they still move as one. */
TEST(a_huge_page_that_is_mapped_by_page_moves_as_one)
{
    struct system *s = machine("always");
    struct task *t = process(s, HPAGE_PMD_NR), *child = NULL;

    test_run(s, t, system_fork(s, t, 11, false, &child));
    test_run(s, t, system_munmap(s, t, TEST_BASE + 500 * PAGE_SIZE, 12 * PAGE_SIZE));
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 9), 1, MR_MEMPOLICY), 0);
    assert_int_equal(node_behind(s, t, 499), 1);
    assert_int_equal(frame_behind(t, 499), frame_behind(child, 499));
    assert_int_equal(counter(s, THP_MIGRATION_SUCCESS), 1);
    check_values(s, t, 500);
    check_values(s, child, HPAGE_PMD_NR);
    test_system_free(s);
}

/* Leave no block of this order or above on the node. */
static void use_up(struct system *s, unsigned nid, unsigned order)
{
    for (unsigned o = ORDER_MAX; o-- > order;)
        for (;;) {
            pfn_t pfn = frames_try_alloc(&s->frames, (struct alloc_nodes){BIT_ULL(nid), nid}, o,
                                         MT_MOVABLE, ALLOC_NO_WATERMARKS | ALLOC_MOVABLE, 0);

            if (pfn == PFN_NONE)
                break;
            for (pfn_t at = pfn; at < pfn + (1u << o); at++)
                frame_set_kind(frames_get(&s->frames, at), FRAME_KERNEL);
        }
}

/* Give n single pages of it back. */
static void free_some(struct system *s, unsigned nid, u32 n)
{
    for (pfn_t p = s->frames.end_pfn - 1; p && n; p--) {
        if (frame_nid(&s->frames, p) != nid || !frame_is(frames_get(&s->frames, p), FRAME_KERNEL) ||
            p % 2)
            continue;
        frame_set_kind(frames_get(&s->frames, p), FRAME_PAGE);
        frames_free(&s->frames, p, 0, 1);
        n--;
    }
    frames_drain_pcp(&s->frames);
}

TEST(a_huge_page_without_room_is_split_or_stays)
{
    struct system *s = machine("always");
    struct task *t = process(s, HPAGE_PMD_NR);

    use_up(s, 1, 0);
    free_some(s, 1, 3000);
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 0), 1, MR_NUMA_MISPLACED), -ENOMEM);
    assert_non_null(pagetable_find_huge(t->mm, BASE_VPN));
    assert_int_equal(counter(s, THP_MIGRATION_FAIL), 1);
    assert_int_equal(counter(s, PGMIGRATE_FAIL), HPAGE_PMD_NR);
    assert_int_equal(counter(s, THP_MIGRATION_SPLIT), 0);

    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 0), 1, MR_SYSCALL), 0);
    assert_null(pagetable_find_huge(t->mm, BASE_VPN));
    assert_int_equal(counter(s, THP_MIGRATION_FAIL), 2);
    assert_int_equal(counter(s, THP_MIGRATION_SPLIT), 1);
    assert_int_equal(counter(s, PGMIGRATE_SUCCESS), HPAGE_PMD_NR);
    assert_int_equal(counter(s, PGMIGRATE_FAIL), HPAGE_PMD_NR);
    for (u64 i = 0; i < HPAGE_PMD_NR; i++)
        assert_int_equal(node_behind(s, t, i), 1);
    check_values(s, t, HPAGE_PMD_NR);
    test_system_free(s);
}

TEST(a_page_under_io_or_in_a_batch_stays)
{
    struct system *s = machine("never");
    struct task *t = process(s, 2);
    struct frame *f = frames_get(&s->frames, frame_behind(t, 0));

    frame_set(f, PG_LOCKED);
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 0), 1, MR_SYSCALL), -EAGAIN);
    frame_clear(f, PG_LOCKED);
    lru_remove(&s->mem, frame_behind(t, 0));
    lru_add(&s->mem, frame_behind(t, 0));
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 0), 1, MR_SYSCALL), -EBUSY);
    use_up(s, 1, 0);
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 1), 1, MR_SYSCALL), -ENOMEM);
    assert_int_equal(node_behind(s, t, 0), 0);
    assert_int_equal(node_behind(s, t, 1), 0);
    system_check(s);
    test_system_free(s);
}

static int move_to(struct system *s, struct task *t, u64 page, unsigned nid)
{
    struct alloc_place place = {.nodes = {BIT_ULL(nid), nid}};
    struct wait wait;
    int err = 0;

    while (balance_migrate(&s->mem, &t->attempt, folio_behind(t, page), &place, MR_SYSCALL, &err,
                           &wait) == BALANCE_WAIT)
        test_sleep(s, wait.until);
    return err;
}

/* Cache fills the node: some of it goes for the page that comes. */
TEST(memory_is_reclaimed_for_a_page_that_moves)
{
    struct system *s = machine("always");
    struct task *t = process(s, 2 * HPAGE_PMD_NR), *other;
    struct mmap_args map = {.addr = TEST_BASE, .len = 48 * MIB, .prot = ABI_PROT_READ};
    s64 scanned;

    other = system_task_new(s, system_group(s, "/h"), 20, 1, "reader");
    other->cpus_allowed = 2;
    other->cpu = 1;
    map.file = system_open(s, system_inode(s, INODE_REGULAR, 1, 2, "data", 48 * MIB), 0)->id;
    test_run(s, other, system_mmap(s, other, &map));
    for (u64 i = 0; i < 48 * MIB / PAGE_SIZE; i++)
        load(s, other, i);
    use_up(s, 1, 0);
    scanned = counter(s, PGSCAN_DIRECT);
    assert_int_equal(migrate_folio_to(&s->mem, folio_behind(t, 0), 1, MR_SYSCALL), -ENOMEM);
    assert_int_equal(move_to(s, t, HPAGE_PMD_NR, 1), 0);
    assert_int_equal(node_behind(s, t, HPAGE_PMD_NR), 1);
    assert_true(counter(s, PGSCAN_DIRECT) > scanned);
    check_values(s, t, 2 * HPAGE_PMD_NR);
    test_system_free(s);
}

TEST_MAIN()
