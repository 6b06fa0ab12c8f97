/* snapshot_test.c - real texts of several kernels, and trees that lack things. */
#include "base/test.h"

#include "observe/reading_int.h"

TEST(live_host_has_its_totals)
{
    struct source *src;
    struct snapshot s;
    struct err e = {0};

    assert_int_equal(source_dir_open("/", &src, &e), 0);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_ALL & ~(1ull << PART_PROCESSES), &e), 0);
    snapshot_check(&s);
    assert_int_equal(s.parts[PART_MEMINFO].state, PART_OK);
    assert_true(known(s.meminfo[MI_MEM_TOTAL]) && s.meminfo[MI_MEM_TOTAL] > MIB);
    assert_true(known(s.vmstat[PGFAULT]));
    assert_true(s.cpu.nr_cpus > 0);
    assert_true(s.cgroups.count > 0 || s.parts[PART_CGROUPS].why[0]);
    snapshot_done(&s);
    source_free(src);
}

TEST(directory_without_proc_is_an_error)
{
    struct source *src;
    struct snapshot s;
    struct err e = {0};

    assert_int_equal(source_dir_open("src", &src, &e), 0);
    assert_int_equal(src->kind, SOURCE_ARCHIVE);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_ALL, &e), -ENOENT);
    assert_non_null(strstr(e.text, "proc/meminfo"));
    snapshot_done(&s);
    source_free(src);
    assert_int_equal(source_dir_open("meson.build", &src, &e), -ENOTDIR);
    assert_int_equal(source_dir_open("no/such/dir", &src, &e), -ENOENT);
}

static struct snapshot read_root(const char *root, u64 parts)
{
    struct source *src;
    struct snapshot s;
    struct err e = {0};

    assert_int_equal(source_dir_open(root, &src, &e), 0);
    snapshot_init(&s);
    if (snapshot_read(&s, src, parts, &e) != 0)
        fail_msg("%s: %s", root, e.text);
    snapshot_check(&s);
    source_free(src);
    return s;
}

TEST(kernel_6_1_gives_its_figures)
{
    struct snapshot s = read_root("tests/diff/fixtures-6.1/384M", SNAPSHOT_ALL);
    const struct cgroup_view *group = snapshot_cgroup(&s, "/file");
    const struct process_view *process = snapshot_process(&s, 222);

    assert_int_equal(s.kind, SOURCE_ARCHIVE);
    assert_true(s.cgroup_v2 && !s.cgroup_v1);
    assert_int_equal(s.page_bytes, 4096);
    assert_int_equal(s.parts[PART_SLABINFO].state, PART_OK);
    assert_true(s.slabs.count > 100);
    assert_int_equal(s.huge.count, 1);
    assert_int_equal(s.huge.items[0].page_bytes, 2 * MIB);
    assert_string_equal(s.thp_enabled, "never");
    assert_false(s.lru_gen); /* 0x0000: built, and turned off */
    assert_int_equal(s.nodes.count, 1);
    assert_true(s.nodes.items[0].has_cpus && known(s.nodes.items[0].anon));
    assert_int_equal(s.parts[PART_ZRAM].state, PART_MISSING);
    assert_string_equal(s.parts[PART_ZRAM].why, "not in this archive");
    assert_non_null(group);
    assert_true(known(group->current) && known(group->stat[NR_FILE_PAGES]));
    assert_true(known(group->psi[PSI_MEM].full.total_us));
    assert_true(s.cgroups.items[0].is_root && !group->is_root);
    assert_non_null(process);
    assert_string_equal(process->comm, "pattern");
    assert_int_equal(process->rss_file, 18944 * KIB);
    assert_int_equal(process->minor_faults, 1839);
    assert_int_equal(process->major_faults, 2776);
    assert_ptr_equal(&s.cgroups.items[process->group], group);
    snapshot_done(&s);
}

TEST_MAIN()
