/* calibrate_test.c - medians and quartiles, costs from timings, files without names. What a host's
 * figures are, no test can know. */
#include "base/test.h"

#include "calibrate/calibrate_int.h"
#include "machine/cost.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

TEST(the_median_and_the_quartiles_leave_out_what_was_disturbed)
{
    double values[] = {9, 1, 1000, 8, 10, 11, 10};
    struct calibrate_figure f = calibrate_figure_of(values, 7),
                            none = calibrate_figure_of(values, 0);

    assert_true(f.median == 10 && f.low == 8 && f.high == 11 && f.rounds == 7);
    assert_true(none.rounds == 0 && !calibrate_is_unsteady(&none));
    assert_true(calibrate_is_unsteady(&f)); /* 3 of 10 */
    f.low = f.high = 10;
    assert_false(calibrate_is_unsteady(&f));
}

static u32 cost(const struct calibration *c, const char *name)
{
    for (unsigned i = 0; i < c->nr_costs; i++)
        if (strcmp(c->costs[i].name, name) == 0)
            return c->costs[i].ns;
    return 0;
}

static void set(struct calibration *c, enum calibrate_timing id, double ns)
{
    c->timings[id] = (struct calibrate_figure){.median = ns, .low = ns, .high = ns, .rounds = 1};
}

TEST(costs_are_what_is_left_of_a_timing)
{
    struct calibration c = {0};

    set(&c, CALIBRATE_ZERO, 300);
    set(&c, CALIBRATE_TOUCH, 1420);
    set(&c, CALIBRATE_SYSCALL, 200);
    set(&c, CALIBRATE_MMAP, 2400);
    set(&c, CALIBRATE_CYCLE, 0.25);
    set(&c, CALIBRATE_LZ4, 9000);
    set(&c, CALIBRATE_UNLZ4, 1700);
    calibrate_costs(&c);
    assert_int_equal(cost(&c, "zero_page"), 300);
    assert_int_equal(cost(&c, "minor_fault"), 1000); /* 500 and 60 parts of 1,120 */
    assert_int_equal(cost(&c, "page_alloc"), 120);
    assert_int_equal(cost(&c, "vma_op"), 1000);
    assert_int_equal(cost(&c, "instruction_x100"), 25);
    assert_int_equal(cost(&c, "compress_lzo"), 9400); /* LZ4 is twice as slow as by default */
    assert_int_equal(cost(&c, "copy_page"), 0);       /* not timed, not told */
}

TEST(no_cost_is_nothing_however_disturbed_the_host)
{
    struct calibration c = {0};

    set(&c, CALIBRATE_ZERO, 5000);
    set(&c, CALIBRATE_TOUCH, 100);
    calibrate_costs(&c);
    assert_int_equal(cost(&c, "minor_fault"), 50);
}

static unsigned entries(const char *folder)
{
    DIR *d = opendir(folder);
    unsigned nr = 0;

    while (readdir(d))
        nr++;
    closedir(d);
    return nr;
}

TEST(the_file_has_no_name)
{
    char folder[] = "calibrate_test.XXXXXX";
    unsigned before;
    int fd;

    assert_non_null(mkdtemp(folder));
    before = entries(folder);
    fd = calibrate_unnamed_file(folder, 0);
    assert_true(fd >= 0);
    assert_int_equal(entries(folder), before);
    close(fd);
    rmdir(folder);
    assert_int_equal(calibrate_unnamed_file("nothing/here", 0), -ENOENT);
}

TEST(a_round_times_what_every_host_has)
{
    double ns[NR_CALIBRATE_TIMINGS] = {0};

    calibrate_memory_round(ns, NULL);
    assert_true(ns[CALIBRATE_CYCLE] > 0.05 && ns[CALIBRATE_CYCLE] < 1000);
    assert_true(ns[CALIBRATE_TOUCH] > 0 && ns[CALIBRATE_ZERO] > 0 && ns[CALIBRATE_COPY] > 0);
    assert_true(ns[CALIBRATE_LZ4] > 0 && ns[CALIBRATE_ZSTD] > 0);
    assert_true(ns[CALIBRATE_RECLAIM] == 0); /* no disk */
}

TEST_MAIN()
