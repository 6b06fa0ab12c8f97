/* psi_test.c - states, aggregation, averages and triggers against figures worked out by hand from
 * the kernel's rules. */
#include "base/test.h"
#include "stats/psi.h"

#include <string.h>

#define MS     NS_PER_MS
#define PERIOD (2004 * MS) /* 2 * HZ + 1 jiffies */

static struct psi_group g;

static void start(unsigned cpus)
{
    psi_group_init(&g, cpus);
}

static u64 total_us(enum psi_res res, bool full, ns_t now)
{
    struct psi_figures f;

    psi_show(&g, res, full, now, &f);
    return f.total_us;
}

static void expect_line(enum psi_res res, ns_t now, const char *some_line)
{
    struct strbuf out;

    strbuf_init(&out);
    psi_render(&g, res, false, now, &out);
    *strchr(out.text, '\n') = '\0';
    assert_string_equal(out.text, some_line);
    strbuf_done(&out);
}

TEST(load_decays_as_in_the_kernel)
{
    /* (204800 * (2048 - 1677) + 2047) / 2048: 18.11 % after the first period of 100 %. */
    assert_int_equal(psi_calc_load(0, 1677, 100 << 11), 37100);
    assert_int_equal(psi_calc_load(0, 1981, 100 << 11), 6700);
    assert_int_equal(psi_calc_load(0, 2034, 100 << 11), 1400);
    /* Falling rounds down: 37100 * 1677 / 2048. */
    assert_int_equal(psi_calc_load(37100, 1677, 0), 30379);
    /* 1677^2 and ^3 in 11 bits, rounded: 1373, 1124; (2 periods missed) 37100 * 1373 / 2048. */
    assert_int_equal(psi_calc_load_n(37100, 1677, 0, 2), 24872);
    assert_int_equal(psi_calc_load_n(37100, 1677, 0, 3), 20361);
    assert_int_equal(psi_calc_load_n(37100, 1677, 0, 0), 37100);
}

TEST(a_stall_of_whole_periods_gives_the_known_averages)
{
    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_MEMSTALL | PSI_TSK_IOWAIT, false, 0);
    expect_line(PSI_MEM, PERIOD - 1, "some avg10=0.00 avg60=0.00 avg300=0.00 total=2003999");
    expect_line(PSI_MEM, PERIOD, "some avg10=18.11 avg60=3.27 avg300=0.68 total=2004000");
    /* The second: (37100 * 1677 + 204800 * 371 + 2047) / 2048 = 67480. */
    expect_line(PSI_MEM, 2 * PERIOD + 4 * MS,
                "some avg10=32.94 avg60=6.43 avg300=1.36 total=4012000");
    expect_line(PSI_IO, 1000 * PERIOD,
                "some avg10=100.00 avg60=100.00 avg300=99.93 total=2004000000");
    psi_check(&g);
    psi_group_done(&g);
}

TEST(averages_fall_while_nothing_happens)
{
    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_MEMSTALL, false, 0);
    psi_group_change(&g, 0, PSI_TSK_MEMSTALL, 0, false, PERIOD);
    expect_line(PSI_MEM, PERIOD, "some avg10=18.11 avg60=3.27 avg300=0.68 total=2004000");
    /* Three periods later: two missed, then one of 0 %: 24872 * 1677 / 2048 = 20366. */
    expect_line(PSI_MEM, 4 * PERIOD, "some avg10=9.94 avg60=2.95 avg300=0.66 total=2004000");
    psi_group_done(&g);
}

TEST(full_needs_everybody_to_be_stalled)
{
    const u32 running = PSI_TSK_RUNNING | PSI_TSK_ONCPU;

    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL, false, 0);
    psi_group_change(&g, 0, 0, running, false, 100 * MS); /* somebody else works */
    psi_group_change(&g, 0, running, 0, false, 300 * MS);
    assert_int_equal(total_us(PSI_MEM, false, 1000 * MS), 1000000);
    assert_int_equal(total_us(PSI_MEM, true, 1000 * MS), 800000);
    assert_int_equal(total_us(PSI_IO, true, 1000 * MS), 800000);
    assert_int_equal(total_us(PSI_CPU, false, 1000 * MS), 0);
    psi_check(&g);
    psi_group_done(&g);
}

TEST(a_cpu_that_reclaims_is_full_although_others_could_run)
{
    const u32 stall = PSI_TSK_MEMSTALL | PSI_TSK_MEMSTALL_RUNNING;

    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_RUNNING | PSI_TSK_ONCPU, false, 0);
    psi_group_change(&g, 0, 0, PSI_TSK_RUNNING, false, 0);
    psi_group_change(&g, 0, 0, stall, true, 40 * MS);
    psi_group_change(&g, 0, stall, 0, false, 60 * MS);
    assert_int_equal(total_us(PSI_MEM, true, 100 * MS), 20000);
    assert_int_equal(total_us(PSI_CPU, false, 100 * MS), 100000);
    assert_int_equal(total_us(PSI_CPU, true, 100 * MS), 0);
    psi_group_done(&g);
}

TEST(a_group_without_the_cpu_is_full_of_cpu_pressure)
{
    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_RUNNING, false, 0);
    psi_group_change(&g, 0, 0, PSI_TSK_ONCPU, false, 30 * MS);
    assert_int_equal(total_us(PSI_CPU, false, 100 * MS), 30000);
    assert_int_equal(total_us(PSI_CPU, true, 100 * MS), 30000);
    psi_group_done(&g);
}

TEST(cpus_count_by_the_time_they_are_not_idle)
{
    start(2);
    psi_group_change(&g, 0, 0, PSI_TSK_RUNNING | PSI_TSK_ONCPU, false, 0);
    psi_group_change(&g, 0, 0, PSI_TSK_MEMSTALL, false, 500 * MS);
    psi_group_change(&g, 1, 0, PSI_TSK_MEMSTALL, false, 750 * MS);
    /* 250 and 62 jiffies: (500 ms * 250 + 250 ms * 62) / 312. */
    assert_int_equal(total_us(PSI_MEM, false, 1000 * MS), 450320);
    /* A CPU of less than a jiffy has no weight. */
    psi_group_done(&g);
    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_MEMSTALL, false, 0);
    assert_int_equal(total_us(PSI_MEM, false, 3 * MS), 0);
    assert_int_equal(total_us(PSI_MEM, false, 4 * MS), 4000);
    psi_group_done(&g);
}

TEST(to_look_changes_nothing)
{
    struct psi_group before;

    start(1);
    psi_group_change(&g, 0, 0, PSI_TSK_MEMSTALL, false, 0);
    before = g;
    assert_int_equal(total_us(PSI_MEM, false, 50 * PERIOD), 50 * 2004000);
    assert_memory_equal(&before, &g, sizeof(g));
    psi_group_done(&g);
}

/* Stalled for 20 ms in every 100 ms. */
static void stall_a_fifth(ns_t from, ns_t to)
{
    for (ns_t t = from; t < to; t += 100 * MS) {
        psi_group_change(&g, 0, 0, PSI_TSK_MEMSTALL, false, t);
        psi_group_change(&g, 0, PSI_TSK_MEMSTALL, 0, false, t + 20 * MS);
    }
}

TEST(a_trigger_tells_once_per_window)
{
    struct psi_trigger *low, *high;

    start(1);
    low = psi_trigger_new(&g, PSI_MEM, "some 150000 1000000", 0);
    high = psi_trigger_new(&g, PSI_MEM, "full 250000 1000000", 0);
    assert_non_null(low);
    assert_non_null(high);
    stall_a_fifth(0, 5000 * MS);
    psi_group_run(&g, 5000 * MS);
    assert_in_range(low->nr_events, 4, 5);
    assert_in_range(low->last_event, 4000 * MS, 5000 * MS);
    assert_int_equal(high->nr_events, 0);
    psi_group_run(&g, 60 * NS_PER_S); /* and nothing comes of nothing */
    assert_in_range(low->nr_events, 4, 6);
    psi_group_done(&g);
}

/* The group is looked at as often as the triggers that are left want. */
TEST(a_trigger_that_goes_is_looked_at_no_more)
{
    struct psi_trigger *fast, *slow;

    start(1);
    slow = psi_trigger_new(&g, PSI_MEM, "some 150000 2000000", 0);
    fast = psi_trigger_new(&g, PSI_IO, "full 150000 1000000", 0);
    assert_int_equal(g.poll_period, 100 * NS_PER_MS);
    psi_trigger_free(&g, fast);
    assert_ptr_equal(g.triggers, slow);
    assert_int_equal(g.poll_period, 200 * NS_PER_MS);
    assert_int_equal(g.poll_states, 1u << PSI_MEM_SOME);
    psi_trigger_free(&g, slow);
    assert_null(g.triggers);
    assert_int_equal(g.poll_states, 0);
    psi_group_done(&g);
}

TEST(a_trigger_is_checked)
{
    start(1);
    assert_null(psi_trigger_new(&g, PSI_MEM, "some 150000", 0));
    assert_null(psi_trigger_new(&g, PSI_MEM, "any 150000 1000000", 0));
    assert_null(psi_trigger_new(&g, PSI_MEM, "some 0 1000000", 0));
    assert_null(psi_trigger_new(&g, PSI_MEM, "some 1000001 1000000", 0));
    assert_null(psi_trigger_new(&g, PSI_MEM, "some 1000 499999", 0));
    assert_null(psi_trigger_new(&g, PSI_MEM, "some 1000 10000001", 0));
    assert_non_null(psi_trigger_new(&g, PSI_MEM, "some 1000 10000000", 0));
    psi_group_done(&g);
}

TEST(a_group_that_is_switched_off_counts_no_time)
{
    struct psi_group group;
    struct psi_figures f;

    psi_group_init(&group, 1);
    psi_group_change(&group, 0, 0, PSI_TSK_MEMSTALL, false, 0);
    psi_group_switch(&group, false, NS_PER_S);
    psi_check(&group);
    psi_group_change(&group, 0, 0, PSI_TSK_IOWAIT, false, 2 * NS_PER_S);
    psi_group_switch(&group, true, 5 * NS_PER_S);
    psi_check(&group);
    psi_show(&group, PSI_MEM, false, 6 * NS_PER_S, &f);
    assert_int_equal(f.total_us, 2000000); /* 0 to 1, 5 to 6 */
    psi_show(&group, PSI_IO, false, 6 * NS_PER_S, &f);
    assert_int_equal(f.total_us, 1000000);
    psi_group_done(&group);
}

TEST(every_resource_has_a_name_a_place_and_its_two_states)
{
    bool placed[NR_PSI_RESOURCES] = {0};

    assert_int_equal(NR_PSI_RESOURCES * 2, PSI_NONIDLE);
    assert_int_equal(PSI_IO_FULL, PSI_IO * 2 + 1);
    assert_int_equal(PSI_MEM_SOME, PSI_MEM * 2);
    assert_int_equal(PSI_CPU_FULL, PSI_CPU * 2 + 1);
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        assert_int_equal(psi_res_find(psi_res_name[i]), i);
        placed[psi_res_by_worth[i]] = true;
    }
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++)
        assert_true(placed[i]);
    assert_int_equal(psi_res_find("irq"), NR_PSI_RESOURCES);
    assert_int_equal(psi_res_find(""), NR_PSI_RESOURCES);
}

TEST_MAIN()
