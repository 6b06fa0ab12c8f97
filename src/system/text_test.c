/* text_test.c - programs and their text under a limit: reading around faults, as the modelled
 * kernel and later ones do it. */
#include "base/test.h"

#include "system/access.h"
#include "system/cgroup.h"
#include "system/file.h"
#include "system/machine_testing.h"
#include "system/mmap.h"

#define VPN    (TEST_BASE >> PAGE_SHIFT)
#define TEXT   (TEST_BASE + GIB)
#define PAGES  200u /* of the program's file */
#define MAPPED 96u  /* of it, from page 16 on */
#define FIRST  16u

struct fixture {
    struct system *s;
    struct task *t;
    struct inode *inode;
    struct file *file;
};

static void fixture_init(struct fixture *f, bool refaults, bool text)
{
    struct system_config c;
    struct mmap_args a;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = TEST_RAM;
    c.nr_cpus = 1;
    c.tunables.x_readahead_refaults = refaults;
    c.tunables.x_readahead_text = text;
    f->s = test_system_new(&c);
    f->t = system_task_new(f->s, system_group(f->s, "/app"), 100, 1, "test");
    f->inode = system_inode(f->s, INODE_REGULAR, 1, 10, "/program", PAGES * PAGE_SIZE);
    f->file = system_open(f->s, f->inode, 0);
    a = (struct mmap_args){.addr = TEXT,
                           .len = MAPPED * PAGE_SIZE,
                           .prot = ABI_PROT_READ | ABI_PROT_EXEC,
                           .offset = FIRST * PAGE_SIZE,
                           .file = f->file->id};
    assert_int_equal(test_run(f->s, f->t, system_mmap(f->s, f->t, &a)), STEP_DONE);
}

static void fixture_done(struct fixture *f)
{
    system_check(f->s);
    test_system_free(f->s);
}

/* The program runs what page `index` of its file holds. */
static void run_page(struct fixture *f, u64 index)
{
    test_run(f->s, f->t,
             system_access(f->s, f->t, (TEXT >> PAGE_SHIFT) + index - FIRST, ACCESS_READ));
}

/* Pages [first, end) are cached, and their neighbours are not. */
static void assert_cached(const struct fixture *f, u64 first, u64 end)
{
    assert_int_equal(pagecache_find(f->inode, first - 1), PFN_NONE);
    for (u64 i = first; i < end; i++)
        assert_int_not_equal(pagecache_find(f->inode, i), PFN_NONE);
    assert_int_equal(pagecache_find(f->inode, end), PFN_NONE);
}

TEST(text_is_read_around_a_fault_or_on_to_the_end_of_its_mapping)
{
    for (int later = 0; later < 2; later++) {
        struct fixture f;

        fixture_init(&f, false, later);
        run_page(&f, 40);
        assert_cached(&f, later ? 40 : 24, later ? 72 : 56);
        run_page(&f, 100);
        assert_cached(&f, later ? 100 : 84, later ? FIRST + MAPPED : 116);
        fixture_done(&f);
    }
}

TEST(data_is_read_around_a_fault_by_later_kernels_too)
{
    struct fixture f;
    struct mmap_args a = {.addr = TEST_BASE, .len = PAGES * PAGE_SIZE, .prot = ABI_PROT_READ};

    fixture_init(&f, true, true);
    a.file = f.file->id;
    test_run(f.s, f.t, system_mmap(f.s, f.t, &a));
    test_run(f.s, f.t, system_access(f.s, f.t, VPN + 40, ACCESS_READ));
    assert_cached(&f, 24, 56);
    fixture_done(&f);
}

TEST(pages_that_came_back_forgive_a_miss_or_none)
{
    for (int later = 0; later < 2; later++) {
        struct fixture f;

        fixture_init(&f, later, false);
        run_page(&f, 40); /* maps [32, 48) around it when it is made again */
        f.file->ra.mmap_miss = 50;
        for (u64 i = 48; i < 52; i++)
            frame_set(frames_get(&f.s->frames, pagecache_find(f.inode, i)), PG_WORKINGSET);
        run_page(&f, 54); /* of [48, 56) the one at 48 has the readahead mark */
        assert_int_equal(f.file->ra.mmap_miss, later ? 50 - 4 : 50 - 7);
        fixture_done(&f);
    }
}

TEST(readahead_goes_past_pages_without_room_or_ends_there)
{
    s64 tried[2];

    for (int later = 0; later < 2; later++) {
        const struct mmap_args a = {
            .addr = TEST_BASE, .len = 300 * PAGE_SIZE, .prot = ABI_PROT_READ | ABI_PROT_WRITE};
        struct fixture f;
        struct group *g;

        fixture_init(&f, later, true);
        run_page(&f, 100);
        g = f.t->group;
        test_run(f.s, f.t, system_mmap(f.s, f.t, &a));
        for (u64 i = 0; i < 200; i++)
            test_run(f.s, f.t, system_access(f.s, f.t, VPN + i, ACCESS_WRITE));
        group_set_limit(g, LIMIT_MAX, g->memory.usage + 8); /* and nothing of it can be reclaimed */
        for (u64 i = 200; g->memory.usage < g->memory.max - 4; i++)
            test_run(f.s, f.t, system_access(f.s, f.t, VPN + i, ACCESS_WRITE));
        run_page(&f, 40);
        assert_int_not_equal(pagecache_find(f.inode, 40), PFN_NONE);
        tried[later] = g->counters.v[MEMCG_MAX];
        fixture_done(&f);
    }
    assert_true(tried[1] < tried[0] / 2);
}

TEST_MAIN()
