/* snapshot_test.c - real texts of several kernels, and trees that lack things. */
#include "base/test.h"

#include "observe/reading_int.h"

static void live_host_has_its_totals(void **state)
{
    struct source *src;
    struct snapshot s;
    struct err e = {0};

    (void)state;
    assert_int_equal(source_dir_open("/", &src, &e), 0);
    snapshot_init(&s);
    assert_int_equal(snapshot_read(&s, src, SNAPSHOT_TOTALS, &e), 0);
    snapshot_check(&s);
    assert_int_equal(s.parts[PART_MEMINFO].state, PART_OK);
    assert_true(known(s.meminfo[MI_MEM_TOTAL]) && s.meminfo[MI_MEM_TOTAL] > MIB);
    assert_true(known(s.vmstat[PGFAULT]));
    assert_true(s.cpu.nr_cpus > 0);
    snapshot_done(&s);
    source_free(src);
}

static void directory_without_proc_is_an_error(void **state)
{
    struct source *src;
    struct snapshot s;
    struct err e = {0};

    (void)state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_host_has_its_totals),
        cmocka_unit_test(directory_without_proc_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
