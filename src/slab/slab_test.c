/* slab_test.c - slabs on CPUs and on the node, who pays, and what shrinkers take.
 *
 * The machine has 64 MiB and one CPU; a slab of dentry is one page with 21 objects, and a CPU keeps
 * 12 of them. */
#include "slab/machine_testing.h"

static struct slab_machine m;

static int setup(void **state)
{
    (void)state;
    slab_machine_init(&m, 64 * MIB, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    slab_machine_check(&m);
    slab_machine_done(&m);
    return 0;
}

static const struct slab_cache *dentries(void)
{
    return &m.slab.caches[SLAB_DENTRY];
}

static u64 slabs(void)
{
    return dentries()->nr_slabs;
}

/* --- slabs ------------------------------------------------------------------------------------ */
TEST_WITH(objects_fill_one_slab_after_the_other, setup, teardown)
{
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 21);
    assert_int_equal(slabs(), 1);
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 1);
    assert_int_equal(slabs(), 2);
    assert_int_equal(m.counters.v[NR_SLAB_RECLAIMABLE], 2 * PAGE_SIZE);
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, NULL), 22);
}

TEST_WITH(what_a_cpu_holds_counts_as_active, setup, teardown)
{
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 22);
    slab_free(&m.slab, SLAB_DENTRY, NULL, 20);
    assert_int_equal(slab_count_active(&m.slab, SLAB_DENTRY), 42);
}

TEST_WITH(empty_slabs_of_a_cpu_stay, setup, teardown)
{
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 5 * 21);
    slab_free(&m.slab, SLAB_DENTRY, NULL, 5 * 21);
    assert_int_equal(slabs(), 5); /* one it takes from, four on its list */
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 5 * 21);
    assert_int_equal(slabs(), 5);
}

TEST_WITH(a_cpu_that_has_its_fill_gives_to_the_node, setup, teardown)
{
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 40 * 21);
    /* One object out of each of the first 13: the 13th finds 12 on the list, which go to the
     * node. */
    for (unsigned i = 0; i < 13; i++) {
        assert_int_equal(dentries()->partial.count, 0);
        slab_free(&m.slab, SLAB_DENTRY, NULL, 1);
        slab_free(&m.slab, SLAB_DENTRY, NULL, 20);
        slab_alloc(&m.slab, SLAB_KMALLOC_64, NULL, 1); /* another cache is not touched */
    }
    /* They were empty: the node keeps five and frees seven. */
    assert_int_equal(dentries()->partial.count, 5);
    assert_int_equal(slabs(), 33);
    assert_int_equal(m.slab.pages_freed, 7);
    /* What the node has is used before new pages: the CPU's own (the 40th is full), 1 of its list,
     * then 5. */
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 6 * 21);
    assert_int_equal(slabs(), 33);
    assert_int_equal(dentries()->partial.count, 0);
}

TEST_WITH(the_node_gives_a_cpu_one_slab_and_half_a_list, setup, teardown)
{
    struct group *g = group_new(&m.groups, m.groups.root, "a");

    for (unsigned i = 0; i < 40; i++) { /* each slab: one of g, the others the root's */
        slab_alloc(&m.slab, SLAB_DENTRY, g, 1);
        slab_alloc(&m.slab, SLAB_DENTRY, NULL, 20);
    }
    slab_free(&m.slab, SLAB_DENTRY, g, 13);
    assert_int_equal(dentries()->partial.count, 12);
    assert_int_equal(slab_count_active(&m.slab, SLAB_DENTRY), 40 * 21 - 12);
    slab_alloc(&m.slab, SLAB_DENTRY, g, 1); /* into the one on the CPU's list */
    assert_int_equal(dentries()->partial.count, 12);
    slab_alloc(&m.slab, SLAB_DENTRY, g, 1);
    assert_int_equal(dentries()->partial.count, 12 - 1 - 7);
    assert_int_equal(slabs(), 40);
}

TEST_WITH(large_objects_do_with_small_blocks_when_memory_is_in_pieces, setup, teardown)
{
    pfn_t taken[4096];
    unsigned nr = 0;

    /* Every second frame of what there is: no block of order 1 is left but the zone's reserve. */
    for (pfn_t p;
         nr < ARRAY_SIZE(taken) && (p = frames_try_alloc(&m.frames, nodes_near(0), 3, MT_UNMOVABLE,
                                                         ALLOC_NO_WATERMARKS, 0)) != PFN_NONE;)
        taken[nr++] = p;
    for (unsigned i = 0; i < nr; i += 2)
        frames_free(&m.frames, taken[i], 1, 0);
    frames_drain_pcp(&m.frames);
    slab_alloc(&m.slab, SLAB_TASK_STRUCT, NULL, 3); /* order 3 holds 5, order 1 holds 1 */
    assert_int_equal(m.slab.caches[SLAB_TASK_STRUCT].nr_slabs, 3);
    assert_int_equal(m.slab.caches[SLAB_TASK_STRUCT].nr_pages, 6);
}

TEST_WITH(without_any_memory_objects_are_nowhere, setup, teardown)
{
    while (frames_try_alloc(&m.frames, nodes_near(0), 0, MT_UNMOVABLE, ALLOC_NO_WATERMARKS, 0) !=
           PFN_NONE)
        ;
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 30);
    assert_int_equal(slabs(), 0);
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, NULL), 30);
    slab_free(&m.slab, SLAB_DENTRY, NULL, 30);
}

/* --- who pays --------------------------------------------------------------------------------- */
TEST_WITH(a_group_pays_bytes_and_is_charged_pages, setup, teardown)
{
    struct group *g = group_new(&m.groups, m.groups.root, "a");

    slab_alloc(&m.slab, SLAB_DENTRY, g, 20);
    assert_int_equal(g->counters.v[NR_SLAB_RECLAIMABLE], 20 * 200);
    assert_int_equal(g->kernel_pages, 1);
    slab_alloc(&m.slab, SLAB_DENTRY, g, 1);
    assert_int_equal(g->kernel_pages, 2); /* 4,200 bytes */
    slab_alloc(&m.slab, SLAB_TASK_STRUCT, g, 1);
    assert_int_equal(g->counters.v[NR_SLAB_UNRECLAIMABLE], 6152);
}

TEST_WITH(the_figures_of_a_real_group_come_out, setup, teardown)
{
    /* tests/diff/fixtures-6.1/384M/sys/fs/cgroup/anon/memory.stat: a file's inode and name, two
     * tree nodes and a buffer head; an address space with 10 mappings, 4 of them with anonymous
     * pages, and 3 open files. */
    struct group *g = group_new(&m.groups, m.groups.root, "anon");

    slab_alloc(&m.slab, SLAB_EXT4_INODE_CACHE, g, 1);
    slab_alloc(&m.slab, SLAB_DENTRY, g, 1);
    slab_alloc(&m.slab, SLAB_RADIX_TREE_NODE, g, 2);
    slab_alloc(&m.slab, SLAB_BUFFER_HEAD, g, 1);
    slab_alloc(&m.slab, SLAB_MM_STRUCT, g, 1);
    slab_alloc(&m.slab, SLAB_VM_AREA_STRUCT, g, 10);
    slab_alloc(&m.slab, SLAB_ANON_VMA, g, 4);
    slab_alloc(&m.slab, SLAB_ANON_VMA_CHAIN, g, 4);
    slab_alloc(&m.slab, SLAB_FILP, g, 3);
    slab_alloc(&m.slab, SLAB_MAPLE_NODE, g, 2); /* nobody pays */
    assert_int_equal(g->counters.v[NR_SLAB_RECLAIMABLE], 2696);
    assert_int_equal(g->counters.v[NR_SLAB_UNRECLAIMABLE], 4288);
}

TEST_WITH(the_root_does_not_pay, setup, teardown)
{
    slab_alloc(&m.slab, SLAB_DENTRY, m.groups.root, 100);
    assert_int_equal(m.groups.root->counters.v[NR_SLAB_RECLAIMABLE], 0);
    assert_int_equal(m.groups.root->memory.usage, 0);
}

TEST_WITH(freed_bytes_pay_for_the_next_objects_of_the_group, setup, teardown)
{
    struct group *a = group_new(&m.groups, m.groups.root, "a");
    struct group *b = group_new(&m.groups, m.groups.root, "b");

    slab_alloc(&m.slab, SLAB_DENTRY, a, 10);
    slab_alloc(&m.slab, SLAB_DENTRY, b, 10); /* the CPU turns to b: a keeps its 2,096 bytes */
    assert_int_equal(slab_group_of(&m.slab, a)->spare_bytes, 4096 - 10 * 200);
    slab_alloc(&m.slab, SLAB_DENTRY, a,
               10); /* one page more is charged before the bytes are found */
    slab_alloc(&m.slab, SLAB_DENTRY, a, 10);
    assert_int_equal(a->kernel_pages, 2);
    slab_free(&m.slab, SLAB_DENTRY, a, 30);
    assert_int_equal(a->counters.v[NR_SLAB_RECLAIMABLE], 0);
    assert_true(a->kernel_pages <= 1);
}

TEST_WITH(a_dead_groups_objects_are_its_parents, setup, teardown)
{
    struct group *p = group_new(&m.groups, m.groups.root, "p");
    struct group *c = group_new(&m.groups, p, "c");

    slab_alloc(&m.slab, SLAB_DENTRY, c, 50);
    slab_alloc(&m.slab, SLAB_DENTRY, p, 7);
    slab_alloc(&m.slab, SLAB_EXT4_INODE_CACHE, c, 50);
    slab_note_unused(&m.slab, c, 50);
    slab_reparent(&m.slab, c, p);
    assert_int_equal(c->memory.usage - m.groups.stock[0].nr_pages * (m.groups.stock[0].group == c),
                     0);
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, p), 57);
    slab_free(&m.slab, SLAB_DENTRY, c, 1); /* whoever remembers c frees p's */
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, p), 56);
    slab_machine_check(&m);
    slab_reparent(&m.slab, p, m.groups.root);
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, m.groups.root), 56);
}

/* --- shrinkers -------------------------------------------------------------------------------- */
static void walk(struct group *g, u64 names)
{
    slab_alloc(&m.slab, SLAB_DENTRY, g, names);
    slab_alloc(&m.slab, SLAB_EXT4_INODE_CACHE, g, names);
    slab_alloc(&m.slab, SLAB_LSM_INODE_CACHE, g, names);
    slab_note_unused(&m.slab, g, names);
}

TEST_WITH(a_pass_asks_for_two_objects_in_4096, setup, teardown)
{
    struct group *g = group_new(&m.groups, m.groups.root, "a");
    struct slab_group *sg = slab_group_of(&m.slab, g);

    walk(g, 8192);
    slab_shrink(&m.slab, g, 0, 12); /* 8192 >> 12, times 4, by 2 seeks: 4, which is no batch */
    assert_int_equal(m.counters.v[SLABS_SCANNED], 0);
    assert_int_equal(sg->nr_deferred[SHRINK_SUPER], 4);
    slab_shrink(&m.slab, g, 0, 2); /* 4096 + (4 >> 2): four batches */
    assert_int_equal(m.counters.v[SLABS_SCANNED], 4096);
    assert_int_equal(sg->nr_deferred[SHRINK_SUPER], 4);
    assert_true(sg->unused_dentries < 8192 - 4096 + 1024);
    assert_true(sg->unused_inodes > 0);
    sg->nr_deferred[SHRINK_SUPER] = 100000; /* the gentlest pass makes 24 of them */
    slab_shrink(&m.slab, g, 0, 12);
    assert_int_equal(m.counters.v[SLABS_SCANNED], 4096);
    assert_true(sg->nr_deferred[SHRINK_SUPER] <= 2 * 8192);
}

TEST_WITH(inodes_go_after_their_names, setup, teardown)
{
    struct group *g = group_new(&m.groups, m.groups.root, "a");
    struct slab_group *sg = slab_group_of(&m.slab, g);
    u64 freed = 0;

    walk(g, 5000);
    for (unsigned pass = 0; pass < 200; pass++)
        freed += slab_shrink(&m.slab, g, 0, 0);
    assert_int_equal(sg->unused_dentries + sg->unused_inodes, 0);
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, g), 0);
    assert_int_equal(slab_count(&m.slab, SLAB_EXT4_INODE_CACHE, g), 0);
    assert_true(freed > 1500); /* of 239 + 1540 + 40 pages */
}

TEST_WITH(without_cache_pressure_nothing_goes, setup, teardown)
{
    m.tunables.vfs_cache_pressure = 0;
    walk(m.groups.root, 5000);
    for (unsigned pass = 0; pass < 20; pass++)
        assert_int_equal(slab_shrink(&m.slab, m.groups.root, 0, 0), 0);
}

TEST_WITH(drop_takes_all_that_can_go, setup, teardown)
{
    walk(NULL, 1000);
    slab_alloc(&m.slab, SLAB_DENTRY, NULL, 5); /* in use */
    assert_int_equal(slab_drop(&m.slab), 1000);
    assert_int_equal(slab_count(&m.slab, SLAB_DENTRY, NULL), 5);
    assert_int_equal(slab_count(&m.slab, SLAB_EXT4_INODE_CACHE, NULL), 0);
}

TEST_MAIN()
