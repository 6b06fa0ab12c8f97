/* pagecache_test.c - pages in and out of a file's tree, what is counted, and what is found. */
#include "base/test.h"

#include "backing/machine_testing.h"

static struct machine m;
static struct backing b;
static struct inode *inode, *shmem;

static int setup(void **state)
{
    (void)state;
    machine_init(&m, 1);
    backing_init(&b, &m.frames, &m.counters);
    inode = inode_new(&b, INODE_REGULAR, 8, 100, "/data", 64 * MIB, &m.disk);
    shmem = inode_new(&b, INODE_SHMEM, 1, 7, NULL, MIB, NULL);
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

static struct frame *frame(pfn_t pfn)
{
    return frames_get(&m.frames, pfn);
}

TEST_WITH(a_page_is_found_until_it_is_taken_out, setup, teardown)
{
    pfn_t pfn = machine_take(&m);

    assert_int_equal(pagecache_add(&b, inode, 1ull << 34, pfn), 0);
    assert_int_equal(pagecache_find(inode, 1ull << 34), pfn);
    assert_int_equal(pagecache_find(inode, 0), PFN_NONE);
    assert_int_equal(frame(pfn)->mapping, inode->id);
    assert_true(frame_index(frame(pfn)) == 1ull << 34);
    assert_true(frame_test(frame(pfn), PG_PAGECACHE));
    assert_int_equal(m.counters.v[NR_FILE_PAGES], 1);
    assert_int_equal(m.counters.v[NR_SHMEM], 0);
    pagecache_check(&b);
    pagecache_del(&b, pfn, 0);
    assert_int_equal(pagecache_find(inode, 1ull << 34), PFN_NONE);
    assert_int_equal(frame(pfn)->mapping, 0);
    assert_int_equal(m.counters.v[NR_FILE_PAGES], 0);
    assert_int_equal(b.xa_nodes, 0);
}

TEST_WITH(an_evicted_page_leaves_its_shadow_for_the_next_one, setup, teardown)
{
    pfn_t pfn = machine_take(&m);

    pagecache_add(&b, inode, 5, pfn);
    pagecache_del(&b, pfn, 0x1235);
    assert_int_equal(inode->nr_pages, 0);
    assert_int_equal(inode->nr_shadows, 1);
    assert_int_equal(pagecache_find(inode, 5), PFN_NONE);
    assert_int_equal(pagecache_entry(inode, 5), 0x1235);
    assert_int_equal(pagecache_next(inode, 0, UINT64_MAX), PFN_NONE);
    assert_int_equal(pagecache_next_miss(inode, 5, 4), 5);
    assert_int_equal(pagecache_add(&b, inode, 5, pfn), 0x1235);
    assert_int_equal(inode->nr_shadows, 0);
}

TEST_WITH(nodes_with_nothing_but_shadows_are_counted, setup, teardown)
{
    pfn_t pfns[128];

    for (u64 i = 0; i < 128; i++)
        pagecache_add(&b, inode, i, pfns[i] = machine_take(&m));
    assert_int_equal(b.xa_nodes, 3); /* two leaves and a root */
    for (u64 i = 0; i < 64; i++)
        pagecache_del(&b, pfns[i], 1);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 1);
    pagecache_clear_shadows(&b, inode, 0, 62);
    assert_int_equal(inode->nr_shadows, 1);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 1);
    pagecache_clear_shadows(&b, inode, 0, UINT64_MAX);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 0);
    assert_int_equal(b.xa_nodes, 2);
    assert_int_equal(inode->nr_pages, 64);
}

TEST_WITH(the_node_that_lost_its_pages_first_is_the_oldest, setup, teardown)
{
    pfn_t pfns[256];
    u64 first = 1;

    inode->memcg = 3;
    assert_null(shadow_nodes_oldest(&b, 3, &first));
    for (u64 i = 0; i < 256; i++)
        pagecache_add(&b, inode, i, pfns[i] = machine_take(&m));
    for (u64 i = 0; i < 256; i++)
        pagecache_del(&b, pfns[(i + 128) % 256], 1); /* leaves 2, 3, 0, 1 */
    assert_int_equal(shadow_nodes_count(&b, 3), 4);
    assert_int_equal(shadow_nodes_count(&b, 0), 0);
    assert_ptr_equal(shadow_nodes_oldest(&b, 3, &first), inode);
    assert_int_equal(first, 128);
    pagecache_add(&b, inode, 150, pfns[0]); /* leaf 2 has a page again */
    assert_ptr_equal(shadow_nodes_oldest(&b, 3, &first), inode);
    assert_int_equal(first, 192);
    pagecache_clear_shadows(&b, inode, first, first + 63);
    shadow_nodes_oldest(&b, 3, &first);
    assert_int_equal(first, 0);
    pagecache_check(&b);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 2);
}

/* A tree of page 0 alone has no node; it gets one when the tree grows. */
TEST_WITH(the_shadow_of_page_0_alone_needs_no_node, setup, teardown)
{
    pfn_t first = machine_take(&m), other = machine_take(&m);

    pagecache_add(&b, inode, 0, first);
    pagecache_del(&b, first, 0x11);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 0);
    pagecache_add(&b, inode, 100, other);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 1);
    pagecache_check(&b);
    pagecache_del(&b, other, 0);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 0);
    pagecache_check(&b);
}

TEST_WITH(shmem_pages_are_swap_backed_and_not_dirty_file_pages, setup, teardown)
{
    pfn_t pfn = machine_take(&m);

    pagecache_add(&b, shmem, 3, pfn);
    assert_true(frame_test(frame(pfn), PG_SWAPBACKED));
    assert_int_equal(m.counters.v[NR_SHMEM], 1);
    assert_true(pagecache_set_dirty(&b, pfn, 9));
    assert_int_equal(m.counters.v[NR_DIRTY], 0);
    assert_null(shmem->wb);
    pagecache_check(&b);
    pagecache_del(&b, pfn, entry_from_swap(77));
    assert_true(frame_test(frame(pfn), PG_DIRTY));
    assert_int_equal(entry_swap(pagecache_entry(shmem, 3)), 77);
    assert_int_equal(m.counters.v[NR_SHMEM], 0);
    pagecache_set_value(&b, shmem, 3, 0);
    assert_int_equal(pagecache_entry(shmem, 3), 0);
}

TEST_WITH(a_dirty_page_is_counted_once_until_it_is_written, setup, teardown)
{
    pfn_t pfn = machine_take(&m);
    const struct counters *zone = &frames_zone_of(&m.frames, pfn)->counters;

    pagecache_add(&b, inode, 9, pfn);
    assert_true(pagecache_set_dirty(&b, pfn, 50));
    assert_false(pagecache_set_dirty(&b, pfn, 60));
    assert_int_equal(m.counters.v[NR_DIRTY], 1);
    assert_int_equal(m.counters.v[NR_DIRTIED], 1);
    assert_int_equal(zone->v[NR_ZONE_WRITE_PENDING], 1);
    assert_int_equal(inode->dirtied_when, 50);
    assert_int_equal(pagecache_next_dirty(inode, 0), pfn);
    assert_int_equal(pagecache_next_dirty(inode, 10), PFN_NONE);

    assert_true(pagecache_clear_dirty(&b, pfn));
    assert_false(pagecache_clear_dirty(&b, pfn));
    pagecache_start_writeback(&b, pfn);
    assert_int_equal(m.counters.v[NR_DIRTY], 0);
    assert_int_equal(m.counters.v[NR_WRITEBACK], 1);
    assert_int_equal(zone->v[NR_ZONE_WRITE_PENDING], 1);
    assert_int_equal(pagecache_next_writeback(inode, 0), pfn);
    pagecache_set_dirty(&b, pfn, 70); /* again, while it is being written */
    pagecache_check(&b);
    pagecache_end_writeback(&b, pfn);
    assert_int_equal(m.counters.v[NR_WRITTEN], 1);
    assert_int_equal(m.counters.v[NR_WRITEBACK], 0);
    assert_int_equal(pagecache_next_dirty(inode, 0), pfn);
    pagecache_del(&b, pfn, 0); /* truncated */
    assert_int_equal(m.counters.v[NR_DIRTY], 0);
    assert_int_equal(zone->v[NR_ZONE_WRITE_PENDING], 0);
    assert_false(wb_has_dirty_io(inode->wb));
}

TEST_WITH(writeback_of_a_swap_cache_page_is_counted_without_a_file, setup, teardown)
{
    pfn_t pfn = machine_take(&m);

    frame_set(frame(pfn), PG_ANON | PG_SWAPBACKED);
    pagecache_set_dirty(&b, pfn, 1);
    pagecache_clear_dirty(&b, pfn);
    pagecache_start_writeback(&b, pfn);
    assert_int_equal(m.counters.v[NR_WRITEBACK], 1);
    pagecache_end_writeback(&b, pfn);
    assert_int_equal(m.counters.v[NR_WRITTEN], 1);
    assert_int_equal(m.counters.v[NR_DIRTIED], 0);
}

static void expect_dirty(const struct bdi_writeback *wb, struct inode **want, size_t n)
{
    const struct list_head *at = wb->b_dirty.next;

    assert_int_equal(list_count(&wb->b_dirty), n);
    for (size_t i = 0; i < n; i++, at = at->next)
        assert_ptr_equal(list_entry(at, struct inode, dirty_at), want[i]);
}

TEST_WITH(dirty_inodes_come_in_the_order_they_became_dirty, setup, teardown)
{
    struct inode *files[3];
    pfn_t pfns[3];

    for (u64 i = 0; i < 3; i++) {
        files[i] = inode_new(&b, INODE_REGULAR, 8, 200 + i, NULL, MIB, &m.disk);
        pagecache_add(&b, files[i], 0, pfns[i] = machine_take(&m));
    }
    pagecache_set_dirty(&b, pfns[2], 10);
    pagecache_set_dirty(&b, pfns[0], 20);
    pagecache_set_dirty(&b, pfns[1], 30);
    for (u64 i = 0; i < 3; i++)
        assert_ptr_equal(files[i]->wb, files[0]->wb);
    assert_int_equal(files[0]->wb->stat[WB_RECLAIMABLE], 3);
    expect_dirty(files[0]->wb, (struct inode *[]){files[2], files[0], files[1]}, 3);
    pagecache_clear_dirty(&b, pfns[0]);
    expect_dirty(files[0]->wb, (struct inode *[]){files[2], files[1]}, 2);
    pagecache_set_dirty(&b, pfns[0], 40);
    expect_dirty(files[0]->wb, (struct inode *[]){files[2], files[1], files[0]}, 3);
    pagecache_check(&b);
}

/* As 6.1 does: where everything looked at is cached, the last page looked at is the answer. */
TEST_WITH(misses_are_found_as_the_kernel_finds_them, setup, teardown)
{
    for (u64 i = 10; i < 20; i++)
        pagecache_add(&b, inode, i, machine_take(&m));
    assert_int_equal(pagecache_next_miss(inode, 10, 32), 20);
    assert_int_equal(pagecache_next_miss(inode, 10, 4), 13);
    assert_int_equal(pagecache_next_miss(inode, 9, 4), 9);
    assert_int_equal(pagecache_prev_miss(inode, 19, 32), 9);
    assert_int_equal(pagecache_prev_miss(inode, 19, 4), 16);
    assert_int_equal(pagecache_prev_miss(inode, 20, 4), 20);
    pagecache_add(&b, shmem, 0, machine_take(&m));
    pagecache_add(&b, shmem, 1, machine_take(&m));
    assert_true(pagecache_prev_miss(shmem, 1, 8) == UINT64_MAX);
}

TEST_WITH(inodes_are_found_by_number_and_ids_are_used_again, setup, teardown)
{
    struct inode *gone = inode_new(&b, INODE_REGULAR, 8, 300, "/tmp/x", 0, &m.disk);
    struct inode *next;
    u32 id = gone->id;

    assert_ptr_equal(inode_find(&b, 8, 100), inode);
    assert_ptr_equal(inode_find(&b, 1, 7), shmem);
    assert_null(inode_find(&b, 9, 100));
    gone->nlink = 0; /* unlinked, still open; the number is used again */
    assert_ptr_equal(inode_find(&b, 8, 300), gone);
    next = inode_new(&b, INODE_REGULAR, 8, 300, "/tmp/y", 0, &m.disk);
    assert_ptr_equal(inode_find(&b, 8, 300), next);
    inode_free(&b, gone);
    assert_ptr_equal(inode_find(&b, 8, 300), next);
    assert_int_equal(inode_new(&b, INODE_REGULAR, 8, 301, NULL, 0, &m.disk)->id, id);
    inode_free(&b, next);
    assert_null(inode_find(&b, 8, 300));
}

TEST_WITH(unlinked_namesakes_may_go_in_any_order, setup, teardown)
{
    struct inode *same[3];

    for (u32 i = 0; i < 3; i++) {
        same[i] = inode_new(&b, INODE_REGULAR, 8, 300, NULL, 0, &m.disk);
        same[i]->nlink = 0;
    }
    inode_free(&b, same[1]);
    assert_ptr_equal(inode_find(&b, 8, 300), same[2]);
    inode_free(&b, same[2]);
    assert_ptr_equal(inode_find(&b, 8, 300), same[0]);
    inode_free(&b, same[0]);
    assert_null(inode_find(&b, 8, 300));
}

TEST_WITH(a_freed_inode_takes_its_shadows_along, setup, teardown)
{
    struct inode *gone = inode_new(&b, INODE_REGULAR, 8, 300, NULL, MIB, &m.disk);
    pfn_t pfn = machine_take(&m);

    pagecache_add(&b, gone, 99, pfn);
    pagecache_del(&b, pfn, 0x99);
    inode_free(&b, gone);
    assert_int_equal(b.xa_nodes, 0);
    assert_int_equal(m.counters.v[WORKINGSET_NODES], 0);
}

TEST_WITH(files_take_their_window_from_the_inode, setup, teardown)
{
    struct file *f = file_new(&b, inode, FILE_SYNC);
    u32 id = f->id;

    assert_int_equal(f->ra.ra_pages, 32);
    assert_true(f->ra.prev_pos == -1);
    assert_ptr_equal(file_get(&b, id), f);
    file_hold(f);
    file_put(&b, f);
    assert_int_equal(inode->opens, 1);
    file_put(&b, f);
    assert_int_equal(inode->opens, 0);
    f = file_new(&b, shmem, 0);
    assert_int_equal(f->id, id);
    assert_int_equal(f->ra.ra_pages, 0);
    file_put(&b, f);
}

TEST_MAIN()
