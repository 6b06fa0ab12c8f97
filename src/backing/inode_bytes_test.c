/* inode_bytes_test.c - what a file holds: generated, from the host, written back, cut off. */
#include "base/test.h"

#include "backing/machine_testing.h"

#include <string.h>
#include <unistd.h>

static struct machine m;
static struct backing b;
static u8 page[PAGE_SIZE], expect[PAGE_SIZE];

static int setup(void **state)
{
    (void)state;
    machine_init(&m, 1);
    backing_init(&b, &m.frames, &m.counters);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    backing_done(&b);
    machine_done(&m);
    return 0;
}

static struct inode *file_of(u64 size)
{
    return inode_new(&b, INODE_REGULAR, 3, 4, NULL, size, &m.disk);
}

static bool zero_from(size_t from)
{
    for (size_t i = from; i < PAGE_SIZE; i++)
        if (page[i])
            return false;
    return true;
}

TEST_WITH(generated_content_depends_on_file_and_page_only, setup, teardown)
{
    struct inode *inode = file_of(3 * PAGE_SIZE);

    assert_int_equal(inode_read_bytes(inode, 1, page), 0);
    inode_generate_bytes(3, 4, 1, expect);
    assert_memory_equal(page, expect, PAGE_SIZE);
    /* the documented function, byte 8 of page 1 */
    assert_int_equal(page[8], (u8)hash_u64_pair(hash_u64_pair(3, 4), 513));
    inode_generate_bytes(3, 4, 2, expect);
    assert_memory_not_equal(page, expect, PAGE_SIZE);
    inode_generate_bytes(3, 5, 1, expect);
    assert_memory_not_equal(page, expect, PAGE_SIZE);
}

TEST_WITH(bytes_past_the_end_are_zeros, setup, teardown)
{
    struct inode *inode = file_of(PAGE_SIZE + 10);

    assert_int_equal(inode_read_bytes(inode, 1, page), 0);
    inode_generate_bytes(3, 4, 1, expect);
    assert_memory_equal(page, expect, 10);
    assert_true(zero_from(10));
    assert_int_equal(inode_read_bytes(inode, 2, page), 0);
    assert_true(zero_from(0));
}

TEST_WITH(what_was_written_back_is_read_again, setup, teardown)
{
    struct inode *inode = file_of(2 * PAGE_SIZE);

    memset(expect, 0x5a, PAGE_SIZE);
    assert_int_equal(inode_write_bytes(inode, 1, expect), 0);
    assert_int_equal(inode_read_bytes(inode, 1, page), 0);
    assert_memory_equal(page, expect, PAGE_SIZE);
    memset(expect, 0xa5, PAGE_SIZE);
    inode_write_bytes(inode, 1, expect);
    inode_read_bytes(inode, 1, page);
    assert_memory_equal(page, expect, PAGE_SIZE);
}

TEST_WITH(a_truncated_file_forgets_for_good, setup, teardown)
{
    struct inode *inode = file_of(4 * PAGE_SIZE);

    memset(expect, 0x5a, PAGE_SIZE);
    inode_write_bytes(inode, 2, expect);
    inode_write_bytes(inode, 3, expect);
    inode_set_size(inode, 2 * PAGE_SIZE + 100);
    inode_set_size(inode, 8 * PAGE_SIZE);
    inode_read_bytes(inode, 2, page);
    assert_memory_equal(page, expect, 100);
    assert_true(zero_from(100));
    inode_read_bytes(inode, 3, page);
    assert_true(zero_from(0));
    inode_set_size(inode, 5);
    inode_set_size(inode, PAGE_SIZE);
    inode_read_bytes(inode, 0, page);
    inode_generate_bytes(3, 4, 0, expect);
    assert_memory_equal(page, expect, 5);
    assert_true(zero_from(5));
}

TEST_WITH(a_host_file_is_read_and_left_alone, setup, teardown)
{
    char name[] = "/tmp/highwater-test-XXXXXX";
    int fd = mkstemp(name);
    struct inode *inode = file_of(2 * PAGE_SIZE);

    assert_true(fd >= 0);
    unlink(name);
    memset(expect, 'x', PAGE_SIZE);
    assert_int_equal(pwrite(fd, expect, PAGE_SIZE, 0), PAGE_SIZE);
    inode->host_fd = fd;
    assert_int_equal(inode_read_bytes(inode, 0, page), 0);
    assert_memory_equal(page, expect, PAGE_SIZE);
    assert_int_equal(inode_read_bytes(inode, 1, page), 0); /* the host's file is shorter */
    assert_true(zero_from(0));
    memset(page, 'y', PAGE_SIZE);
    inode_write_bytes(inode, 0, page);
    assert_int_equal(pread(fd, page, PAGE_SIZE, 0), PAGE_SIZE);
    assert_memory_equal(page, expect, PAGE_SIZE);
    inode_read_bytes(inode, 0, page);
    assert_int_equal(page[0], 'y');
    close(fd);
    inode->host_fd = fd; /* closed: every read fails */
    assert_int_equal(inode_read_bytes(inode, 1, page), -EIO);
}

TEST_WITH(host_write_changes_the_host_file, setup, teardown)
{
    char name[] = "/tmp/highwater-test-XXXXXX";
    int fd = mkstemp(name);
    struct inode *inode = file_of(0);

    assert_true(fd >= 0);
    unlink(name);
    inode->host_fd = fd;
    inode->host_write = true;
    inode_set_size(inode, PAGE_SIZE + 6);
    memset(expect, 'z', PAGE_SIZE);
    assert_int_equal(inode_write_bytes(inode, 1, expect), 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), PAGE_SIZE + 6);
    inode_read_bytes(inode, 1, page);
    assert_memory_equal(page, expect, 6);
    assert_true(zero_from(6));
    inode_set_size(inode, PAGE_SIZE + 2);
    inode_set_size(inode, PAGE_SIZE + 6);
    inode_read_bytes(inode, 1, page);
    assert_true(zero_from(2));
    close(fd);
}

TEST_MAIN()
