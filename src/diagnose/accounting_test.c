/* accounting_test.c - all memory adds up, whatever the counters say. */
#include "base/prng.h"
#include "base/test.h"
#include "diagnose/accounting.h"
#include "diagnose/rig_testing.h"

static const struct account_line *find(const struct accounting *a, const char *name)
{
    vec_for_each (&a->lines, l) {
        if (strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

TEST(shmem_is_no_cache_and_the_rest_is_a_remainder)
{
    struct accounting a = {0};
    struct snapshot s;
    u64 *m;

    rig_snapshot_init(&s, NS_PER_S);
    m = s.meminfo;
    m[MI_MEM_FREE] = 1 * GIB;
    m[MI_ANON_PAGES] = 5 * GIB;
    m[MI_CACHED] = 6 * GIB;
    m[MI_SHMEM] = 2 * GIB;
    m[MI_INACTIVE_FILE] = 3 * GIB;
    m[MI_ACTIVE_FILE] = 1 * GIB;
    m[MI_DIRTY] = GIB / 2;
    m[MI_SRECLAIMABLE] = 1 * GIB;
    accounting_host(&a, &s);
    accounting_check(&a);
    assert_int_equal(find(&a, "file cache")->bytes, 4 * GIB);
    assert_int_equal(find(&a, "inactive, clean")->bytes, 5 * GIB / 2);
    assert_string_equal(find(&a, "inactive, clean")->note, "free to drop");
    s.lru_gen = true;
    accounting_host(&a, &s);
    assert_string_equal(find(&a, "inactive, clean")->note,
                        "older generations: free to drop, unless used again");
    assert_int_equal(find(&a, "dirty or being written")->bytes, GIB / 2);
    assert_int_equal(find(&a, "shared memory, tmpfs")->bytes, 2 * GIB);
    assert_int_equal(accounting_unaccounted(&a), 3 * GIB);
    vec_done(&a.lines);
    snapshot_done(&s);
}

TEST(huge_pages_and_vmalloc_are_counted_where_the_kernel_counts_them)
{
    struct accounting a = {0};
    struct snapshot s;

    rig_snapshot_init(&s, NS_PER_S);
    s.meminfo[MI_HUGE_PAGE_SIZE] = 2 * MIB;
    s.meminfo[MI_HUGE_PAGES_TOTAL] = 512;
    s.meminfo[MI_HUGE_PAGES_FREE] = 128;
    s.meminfo[MI_VMALLOC_USED] = 64 * MIB;
    s.meminfo[MI_KERNEL_STACK] = 16 * MIB;
    snprintf(s.release, sizeof(s.release), "4.18.0-553.el8");
    accounting_host(&a, &s);
    assert_int_equal(find(&a, "huge pages (hugetlb)")->bytes, GIB);
    assert_int_equal(find(&a, "in use")->bytes, 768 * MIB);
    assert_int_equal(find(&a, "not in use")->bytes, 256 * MIB);
    assert_null(find(&a, "promised"));
    assert_null(find(&a, "vmalloc"));
    s.meminfo[MI_HUGE_PAGES_RSVD] = 100;
    accounting_host(&a, &s);
    assert_int_equal(find(&a, "promised")->bytes, 200 * MIB);
    assert_int_equal(find(&a, "not in use")->bytes, 56 * MIB);
    accounting_check(&a);
    snprintf(s.release, sizeof(s.release), "6.1.0-18-amd64");
    accounting_host(&a, &s);
    assert_int_equal(find(&a, "vmalloc")->bytes, 48 * MIB);
    accounting_check(&a);
    vec_done(&a.lines);
    snapshot_done(&s);
}

TEST(slabs_of_a_tool_are_counted_beyond_what_may_be_cache)
{
    struct accounting a = {0};
    struct snapshot s;

    rig_snapshot_init(&s, NS_PER_S);
    s.meminfo[MI_MEM_TOTAL] = 16 * GIB;
    s.meminfo[MI_MEM_FREE] = 1 * GIB;
    s.meminfo[MI_CACHED] = 2 * GIB;
    s.meminfo[MI_SLAB] = 10 * GIB;
    s.meminfo[MI_ANON_PAGES] = UNKNOWN;
    accounting_host(&a, &s);
    assert_int_equal(find(&a, "slab")->bytes, 10 * GIB);
    assert_int_equal(find(&a, "not told")->bytes, 3 * GIB);
    s.cache_has_slab = true;
    accounting_host(&a, &s);
    assert_int_equal(find(&a, "slab")->bytes, 8 * GIB);
    assert_int_equal(find(&a, "not told")->bytes, 5 * GIB);
    accounting_check(&a);
    vec_done(&a.lines);
    snapshot_done(&s);
}

TEST(any_figures_add_up)
{
    struct accounting a = {0};
    struct prng prng;

    prng_seed(&prng, 7);
    for (unsigned round = 0; round < 2000; round++) {
        struct snapshot s;
        struct cgroup_view g;

        rig_snapshot_init(&s, NS_PER_S);
        for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
            s.meminfo[i] = prng_below(&prng, 4) ? prng_below(&prng, 64 * GIB) : UNKNOWN;
        snprintf(s.release, sizeof(s.release), round % 2 ? "6.1" : "3.10");
        /* Counts are multiplied by a size: keep the product in 64 bits. */
        s.meminfo[MI_HUGE_PAGES_TOTAL] = prng_below(&prng, 1000);
        s.meminfo[MI_HUGE_PAGES_FREE] = prng_below(&prng, 2000);
        accounting_host(&a, &s);
        accounting_check(&a);
        memset(&g, 0, sizeof(g));
        g.path = (char[]){"/x"};
        g.current = prng_below(&prng, GIB);
        for (unsigned i = 0; i < NR_COUNTERS; i++)
            g.stat[i] = prng_below(&prng, 4) ? prng_below(&prng, GIB) : UNKNOWN;
        accounting_group(&a, &g);
        accounting_check(&a);
        snapshot_done(&s);
    }
    vec_done(&a.lines);
}

TEST(without_a_total_there_is_nothing_to_add)
{
    struct accounting a = {0};
    struct snapshot s;

    snapshot_init(&s);
    accounting_host(&a, &s);
    assert_int_equal(a.lines.count, 0);
    assert_int_equal(accounting_unaccounted(&a), UNKNOWN);
    snapshot_done(&s);
}

TEST_MAIN()
