/* file_use_test.c - what is told of files: used again once per stay, cached at the mark, the
 * largest and the others. */
#include "base/test.h"

#include "backing/machine_testing.h"

#include <stdio.h>

static struct machine m;
static struct backing b;
static struct inode *inode;

static int setup(void **state)
{
    (void)state;
    machine_init(&m, 1);
    backing_init(&b, &m.frames, &m.counters);
    inode = inode_new(&b, INODE_REGULAR, 8, 100, "/data", 64 * MIB, &m.disk);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pagecache_check(&b);
    backing_done(&b);
    machine_done(&m);
    return 0;
}

static pfn_t add(struct inode *to, u64 index)
{
    pfn_t pfn = machine_take(&m);

    pagecache_add(&b, to, index, pfn);
    return pfn;
}

static void use(pfn_t pfn, unsigned n)
{
    struct frame *f = frames_get(&m.frames, pfn);

    if (f->private < FILE_USED_AGAIN)
        file_use_more(&b, f, n);
}

TEST_WITH(a_page_is_used_again_by_its_second_use_and_once_per_stay, setup, teardown)
{
    pfn_t pfn = add(inode, 0), other = add(inode, 1);

    use(pfn, 1);
    assert_int_equal(inode->use.again, 0);
    use(pfn, 1);
    use(pfn, 1);
    assert_int_equal(inode->use.again, 1);
    use(other, 2);
    assert_int_equal(inode->use.again, 2);
    assert_int_equal(inode->use.nr_again, 2);
    pagecache_del(&b, pfn, 0);
    assert_int_equal(inode->use.nr_again, 1);
    pagecache_add(&b, inode, 0, pfn);
    use(pfn, 1);
    assert_int_equal(inode->use.again, 2); /* a new stay */
    use(pfn, 1);
    assert_int_equal(inode->use.again, 3);
    assert_int_equal(inode->use.came, 3);
    assert_int_equal(inode->use.peak, 2);
}

TEST_WITH(a_page_that_moves_keeps_its_uses, setup, teardown)
{
    pfn_t from = add(inode, 0), to = machine_take(&m);

    use(from, 1);
    pagecache_replace(&b, from, to);
    use(to, 1);
    assert_int_equal(inode->use.again, 1);
    assert_int_equal(frames_get(&m.frames, from)->private, 0);
}

/* The figures of the only file that is told. */
static struct file_use_row only_row(void)
{
    struct file_uses *u = file_uses_new(&b);
    struct file_use_row row = u->rows[0];

    assert_int_equal(u->nr, 1);
    assert_int_equal(u->nr_others, 0);
    row.path = NULL;
    file_uses_free(u);
    return row;
}

TEST_WITH(cached_pages_are_those_of_the_last_mark, setup, teardown)
{
    pfn_t pfn = add(inode, 0);

    add(inode, 1);
    file_uses_mark(&b);
    assert_int_equal(only_row().cached, 2);
    pagecache_del(&b, pfn, 0);
    assert_int_equal(only_row().cached, 2);
    file_uses_mark(&b);
    assert_int_equal(only_row().cached, 1);
    add(inode, 2);
    add(inode, 3);
    assert_int_equal(only_row().cached, 1);
    assert_int_equal(only_row().use.peak, 3);
}

TEST_WITH(a_freed_file_keeps_its_figures_and_its_mark, setup, teardown)
{
    pfn_t pfn = add(inode, 0);

    use(pfn, 2);
    file_uses_mark(&b);
    pagecache_del(&b, pfn, 0);
    inode->nlink = 0;
    inode_free(&b, inode);
    assert_int_equal(only_row().cached, 1);
    assert_true(only_row().deleted);
    assert_int_equal(only_row().use.again, 1);
    file_uses_mark(&b);
    assert_int_equal(only_row().cached, 0);
    file_uses_begin(&b);
    inode = inode_new(&b, INODE_REGULAR, 8, 101, NULL, MIB, &m.disk);
    add(inode, 0);
    assert_false(only_row().deleted);
}

TEST_WITH(what_came_before_the_beginning_counts_as_coming_then, setup, teardown)
{
    pfn_t pfn = add(inode, 0);

    add(inode, 1);
    use(pfn, 2);
    pagecache_del(&b, add(inode, 2), 0);
    file_uses_begin(&b);
    assert_int_equal(only_row().use.came, 2);
    assert_int_equal(only_row().use.peak, 2);
    assert_int_equal(only_row().use.again, 1);
    assert_int_equal(only_row().cached, 2);
}

/* Files of 1 to nr pages, every second one freed before the last mark, when their pages are
 * gone. */
static void many_files(unsigned nr)
{
    for (unsigned i = 1; i <= nr; i++) {
        struct inode *file = inode_new(&b, INODE_REGULAR, 8, 1000 + i, NULL, MIB, &m.disk);
        pfn_t pfns[64];

        for (unsigned p = 0; p < i; p++)
            pfns[p] = add(file, p);
        for (unsigned p = 0; p < i && i % 2; p++)
            pagecache_del(&b, pfns[p], 0);
        if (i % 2)
            inode_free(&b, file);
    }
    file_uses_mark(&b);
}

TEST_WITH(the_largest_are_told_and_the_others_are_a_sum, setup, teardown)
{
    struct file_uses *u;
    u64 cached = 0, came = 0;

    many_files(60);
    u = file_uses_new(&b);
    assert_int_equal(u->nr, FILE_USES_MAX);
    assert_int_equal(u->nr_others, 60 - FILE_USES_MAX);
    for (unsigned i = 0; i < u->nr; i++) {
        assert_int_equal(u->rows[i].use.peak, 60 - i);
        assert_int_equal(u->rows[i].deleted, (60 - i) % 2);
        cached += u->rows[i].cached;
        came += u->rows[i].use.came;
    }
    assert_int_equal(came + u->others.use.came, 60 * 61 / 2);
    assert_int_equal(cached + u->others.cached, 30 * 31); /* those of even length */
    file_uses_free(u);
}

TEST_WITH(shared_memory_and_files_without_pages_are_not_told, setup, teardown)
{
    struct inode *shmem = inode_new(&b, INODE_SHMEM, 1, 7, NULL, MIB, NULL);
    struct file_uses *u;

    add(shmem, 0);
    u = file_uses_new(&b);
    assert_int_equal(u->nr + u->nr_others, 0);
    file_uses_free(u);
}

TEST_MAIN()
