/* rules_host_test.c - each rule about the machine: when it speaks, how loud, and when it is
 * silent. */
#include "base/test.h"
#include "diagnose/pain.h"
#include "diagnose/rig_testing.h"
#include "stats/tunables.h"

RIG_TEST(a_quiet_machine_is_healthy_and_has_no_findings)
{
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    assert_int_equal(r->d.findings.items.count, 0);
    assert_non_null(strstr(r->d.headline, "8.0 GiB of 16.0 GiB available"));
}

RIG_TEST(nothing_known_is_cannot_tell_and_no_finding)
{
    snapshot_done(&r->now);
    snapshot_init(&r->now);
    for (unsigned i = 0; i < NR_PARTS; i++)
        r->now.parts[i] = (struct part_status){.state = PART_MISSING, .why = "not in this archive"};
    r->single = true;
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
    assert_int_equal(r->d.findings.items.count, 0);
    assert_true(r->d.findings.gaps.count > 5);
    assert_int_equal(r->d.accounting.lines.count, 0);
}

RIG_TEST(one_sample_with_pressure_is_a_verdict_with_gaps)
{
    r->single = true;
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    assert_true(rig_has_gap(r, RULE_SWAP_THRASH) || rig_has_gap(r, RULE_FILE_THRASH));
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++)
        memset(&r->now.psi[i], 0xff, sizeof(r->now.psi[i]));
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
}

/* With refaults since boot the one look cannot tell whether the disk is waited for because of
 * them. */
RIG_TEST(one_sample_of_waits_for_io_is_healthy_if_nothing_was_ever_wanted_again)
{
    r->single = true;
    rig_pressure(r, PSI_IO, 30, 25);
    r->now.vmstat[WORKINGSET_REFAULT_ANON] = r->now.vmstat[PSWPIN] = 0;
    r->now.vmstat[WORKINGSET_REFAULT_FILE] = 1000;
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    r->now.vmstat[WORKINGSET_REFAULT_FILE] = 1001;
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
    r->now.vmstat[WORKINGSET_REFAULT_FILE] = UNKNOWN;
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
}

RIG_TEST(swap_thrash_needs_both_directions)
{
    rig_pressure(r, PSI_MEM, 30, 25);
    rig_rate(r, PSWPIN, 1000);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), -1);
    rig_rate(r, PSWPOUT, 249);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), -1);
    rig_rate(r, PSWPOUT, 250);
    rig_rate(r, WORKINGSET_REFAULT_ANON, 800);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_CRITICAL);
    assert_int_equal(rig_found(r, RULE_SWAP_THRASH)->confidence, CONF_HIGH);
    assert_ptr_equal(rig_found(r, RULE_SWAP_THRASH), &r->d.findings.items.items[0]);
    assert_int_equal(r->d.verdict, VERDICT_CRITICAL);
}

RIG_TEST(swap_thrash_is_as_bad_as_the_time_it_costs)
{
    rig_rate(r, PSWPIN, 5000);
    rig_rate(r, PSWPOUT, 5000);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_INFO);
    rig_pressure(r, PSI_MEM, 9.99, 4.99);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_INFO);
    rig_pressure(r, PSI_MEM, 10, 0);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_WARNING);
    rig_pressure(r, PSI_MEM, 19, 19);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_WARNING);
    rig_pressure(r, PSI_MEM, 20, 20);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_CRITICAL);
}

RIG_TEST(io_pressure_counts_as_far_as_swap_explains_the_reads)
{
    rig_rate(r, PSWPIN, 5000);
    rig_rate(r, PSWPOUT, 5000);
    rig_rate(r, PGPGIN, 20000); /* KiB/s: all of it */
    rig_pressure(r, PSI_IO, 60, 50);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_CRITICAL);
    rig_rate(r, PGPGIN, 400000); /* a twentieth of it */
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_INFO);
}

RIG_TEST(a_burst_of_two_seconds_is_no_state)
{
    struct psi_view *p = &r->now.psi[PSI_MEM];

    rig_rate(r, PSWPIN, 5000);
    rig_rate(r, PSWPOUT, 5000);
    rig_pressure(r, PSI_MEM, 18, 18);
    p->some.avg60 = p->full.avg60 = 330 / 2;
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_INFO);
}

RIG_TEST(over_ten_seconds_the_totals_count_and_not_the_averages)
{
    ns_t at = r->before.taken_at + 20 * NS_PER_S;

    r->now.taken_at = at;
    for (unsigned i = 0; i < NR_PARTS; i++)
        r->now.parts[i].read_at = at;
    rig_rate(r, PSWPIN, 100000);
    rig_rate(r, PSWPOUT, 100000);
    r->now.psi[PSI_MEM].some.total_us = 1000 + 3 * 1000000;
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_WARNING);
}

RIG_TEST(used_swap_at_rest_is_good_news)
{
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 4 * GIB - 16 * MIB + 4096);
    assert_int_equal(rig_severity(r, RULE_SWAP_IDLE), -1);
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 100 * MIB);
    rig_rate(r, PSWPIN, 9);
    assert_int_equal(rig_severity(r, RULE_SWAP_IDLE), SEV_GOOD);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    rig_rate(r, PSWPIN, 10);
    assert_int_equal(rig_severity(r, RULE_SWAP_IDLE), -1);
    rig_rate(r, PSWPIN, 0);
    r->single = true;
    assert_int_equal(rig_severity(r, RULE_SWAP_IDLE), -1);
    assert_true(rig_has_gap(r, RULE_SWAP_THRASH));
}

RIG_TEST(file_thrash_is_refaults_that_cost_time)
{
    rig_rate(r, WORKINGSET_REFAULT_FILE, 255);
    rig_pressure(r, PSI_MEM, 30, 6);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), -1);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 256);
    rig_rate(r, WORKINGSET_ACTIVATE_FILE, 200);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_WARNING);
    assert_int_equal(rig_found(r, RULE_FILE_THRASH)->confidence, CONF_HIGH);
    rig_pressure(r, PSI_MEM, 0, 0);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_INFO);
}

RIG_TEST(without_pressure_figures_rates_decide_and_are_less_sure)
{
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        memset(&r->before.psi[i], 0xff, sizeof(r->before.psi[i]));
        memset(&r->now.psi[i], 0xff, sizeof(r->now.psi[i]));
    }
    r->now.parts[PART_PRESSURE_MEMORY].state = PART_UNSUPPORTED;
    rig_rate(r, WORKINGSET_REFAULT_FILE, 799);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_INFO);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 800);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_WARNING);
    assert_int_equal(rig_found(r, RULE_FILE_THRASH)->confidence, CONF_MEDIUM);
    assert_true(rig_has_gap(r, RULE_FILE_THRASH));
}

RIG_TEST(a_busy_disk_is_memory_when_refaults_explain_the_reads)
{
    rig_pressure(r, PSI_IO, 50, 40);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 5000);
    rig_rate(r, WORKINGSET_ACTIVATE_FILE, 250);
    rig_rate(r, PGPGIN, 40000); /* refaults are half of it */
    assert_int_equal(rig_severity(r, RULE_MEMORY_THRASH_AS_IO), SEV_WARNING);
    assert_null(rig_found(r, RULE_IO_BOTTLENECK));
    rig_rate(r, PGPGIN, 41000);
    assert_int_equal(rig_severity(r, RULE_MEMORY_THRASH_AS_IO), -1);
}

RIG_TEST(a_long_file_read_over_and_over_is_io_and_no_thrash)
{
    rig_pressure(r, PSI_IO, 50, 40);
    rig_pressure(r, PSI_MEM, 1, 1);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 5000);
    rig_rate(r, WORKINGSET_ACTIVATE_FILE, 249);
    rig_rate(r, PGPGIN, 20000); /* every page of it is a refault that activates nothing */
    assert_int_equal(rig_severity(r, RULE_MEMORY_THRASH_AS_IO), -1);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_INFO);
    assert_int_equal(rig_severity(r, RULE_IO_BOTTLENECK), SEV_INFO);
}

RIG_TEST(a_busy_disk_without_refaults_acquits_memory)
{
    rig_pressure(r, PSI_IO, 50, 40);
    rig_rate(r, PGPGIN, 40000);
    assert_int_equal(rig_severity(r, RULE_IO_BOTTLENECK), SEV_INFO);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    assert_non_null(strstr(r->d.headline, "but programs wait for I/O 50 %"));
    rig_pressure(r, PSI_IO, 19, 19);
    assert_int_equal(rig_severity(r, RULE_IO_BOTTLENECK), -1);
    assert_null(strstr(r->d.headline, "I/O"));
}

RIG_TEST(refaults_that_activate_nothing_do_not_explain_the_stalls_of_direct_reclaim)
{
    rig_rate(r, WORKINGSET_REFAULT_FILE, 5000);
    rig_rate(r, PGPGIN, 20000);
    rig_pressure(r, PSI_MEM, 15, 6);
    /* Nothing else to explain the pressure: activations come in bursts. */
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_WARNING);
    r->now.allocstall = r->before.allocstall + 100;
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_INFO);
    assert_int_equal(rig_severity(r, RULE_DIRECT_RECLAIM), SEV_WARNING);
    rig_rate(r, WORKINGSET_RESTORE_FILE, 300);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_WARNING);
}

RIG_TEST(direct_reclaim_is_stalls_that_cost_time)
{
    r->now.allocstall = r->before.allocstall + 9;
    rig_pressure(r, PSI_MEM, 15, 1);
    assert_int_equal(rig_severity(r, RULE_DIRECT_RECLAIM), -1);
    r->now.allocstall = r->before.allocstall + 10;
    assert_int_equal(rig_severity(r, RULE_DIRECT_RECLAIM), SEV_WARNING);
    rig_pressure(r, PSI_MEM, 1, 0);
    assert_int_equal(rig_severity(r, RULE_DIRECT_RECLAIM), SEV_INFO);
    r->now.allocstall = UNKNOWN;
    assert_int_equal(rig_severity(r, RULE_DIRECT_RECLAIM), -1);
    assert_true(rig_has_gap(r, RULE_DIRECT_RECLAIM));
}

RIG_TEST(background_reclaim_without_stalls_is_good_news)
{
    rig_rate(r, PGSTEAL_KSWAPD, 256);
    rig_rate(r, PGSCAN_KSWAPD, 256);
    assert_int_equal(rig_severity(r, RULE_KSWAPD_KEEPS_UP), SEV_GOOD);
    r->now.allocstall++;
    assert_int_equal(rig_severity(r, RULE_KSWAPD_KEEPS_UP), -1);
    r->now.allocstall--;
    rig_rate(r, PGSTEAL_KSWAPD, 255);
    assert_int_equal(rig_severity(r, RULE_KSWAPD_KEEPS_UP), -1);
}

RIG_TEST(a_full_cache_is_good_news_unless_it_hurts)
{
    RIG_BOTH(r, meminfo[MI_MEM_FREE], GIB / 4);
    RIG_BOTH(r, meminfo[MI_CACHED], 12 * GIB);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 11 * GIB);
    RIG_BOTH(r, meminfo[MI_ANON_PAGES], 3 * GIB);
    assert_int_equal(rig_severity(r, RULE_HEALTHY_CACHE), SEV_GOOD);
    RIG_BOTH(r, meminfo[MI_SHMEM], 9 * GIB);
    assert_int_equal(rig_severity(r, RULE_HEALTHY_CACHE), -1);
    RIG_BOTH(r, meminfo[MI_SHMEM], 0);
    rig_pressure(r, PSI_MEM, 1, 0);
    assert_int_equal(rig_severity(r, RULE_HEALTHY_CACHE), -1);
}

RIG_TEST(little_available_with_swap_is_a_warning_only_at_the_end)
{
    /* 5 % of 16 GiB. */
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 820 * MIB);
    assert_int_equal(rig_severity(r, RULE_MEMORY_LOW_AVAILABLE), -1);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 819 * MIB);
    assert_int_equal(rig_severity(r, RULE_MEMORY_LOW_AVAILABLE), SEV_INFO);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 100 * MIB);
    assert_int_equal(rig_severity(r, RULE_MEMORY_LOW_AVAILABLE), SEV_INFO);
    rig_rate(r, PSWPOUT, 10);
    assert_int_equal(rig_severity(r, RULE_MEMORY_LOW_AVAILABLE), SEV_WARNING);
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 400 * MIB);
    assert_int_equal(rig_severity(r, RULE_MEMORY_LOW_AVAILABLE), SEV_CRITICAL);
    assert_int_equal(rig_severity(r, RULE_NO_SWAP_LOW_AVAILABLE), -1);
}

RIG_TEST(little_available_without_swap_is_worse)
{
    RIG_BOTH(r, meminfo[MI_SWAP_TOTAL], 0);
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 0);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 1639 * MIB);
    assert_int_equal(rig_severity(r, RULE_NO_SWAP_LOW_AVAILABLE), -1);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 1638 * MIB);
    assert_int_equal(rig_severity(r, RULE_NO_SWAP_LOW_AVAILABLE), SEV_INFO);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 819 * MIB);
    assert_int_equal(rig_severity(r, RULE_NO_SWAP_LOW_AVAILABLE), SEV_WARNING);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 163 * MIB);
    assert_int_equal(rig_severity(r, RULE_NO_SWAP_LOW_AVAILABLE), SEV_CRITICAL);
}

RIG_TEST(full_swap_matters_when_memory_is_scarce)
{
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 205 * MIB);
    assert_int_equal(rig_severity(r, RULE_SWAP_FULL), -1);
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 204 * MIB);
    assert_int_equal(rig_severity(r, RULE_SWAP_FULL), SEV_INFO);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 1600 * MIB);
    assert_int_equal(rig_severity(r, RULE_SWAP_FULL), SEV_WARNING);
}

RIG_TEST(dirty_throttling_is_above_the_middle_of_the_thresholds_and_no_alarm)
{
    RIG_BOTH(r, vmstat[NR_DIRTY_BACKGROUND_THRESHOLD], 100000);
    RIG_BOTH(r, vmstat[NR_DIRTY_THRESHOLD], 200000);
    RIG_BOTH(r, vmstat[NR_DIRTY], 150000);
    rig_pressure(r, PSI_IO, 60, 50);
    assert_int_equal(rig_severity(r, RULE_DIRTY_THROTTLING), -1);
    RIG_BOTH(r, vmstat[NR_WRITEBACK], 1);
    assert_int_equal(rig_severity(r, RULE_DIRTY_THROTTLING), SEV_INFO);
    rig_pressure(r, PSI_IO, 4, 4);
    assert_int_equal(rig_severity(r, RULE_DIRTY_THROTTLING), -1);
}

RIG_TEST(reclaim_that_meets_writeback_is_a_warning_when_it_waits)
{
    rig_rate(r, NR_VMSCAN_IMMEDIATE_RECLAIM, 255);
    rig_rate(r, PGSCAN_KSWAPD, 2000);
    assert_int_equal(rig_severity(r, RULE_WRITEBACK_CONGESTION), -1);
    rig_rate(r, NR_VMSCAN_IMMEDIATE_RECLAIM, 256);
    assert_int_equal(rig_severity(r, RULE_WRITEBACK_CONGESTION), SEV_INFO);
    rig_pressure(r, PSI_MEM, 12, 2);
    assert_int_equal(rig_severity(r, RULE_WRITEBACK_CONGESTION), SEV_WARNING);
}

RIG_TEST(slab_says_which_cache)
{
    struct slab_view dentry = {
        .name = "dentry", .bytes = 3 * GIB, .reclaimable_known = true, .reclaimable = true};
    struct slab_view task = {.name = "task_struct", .bytes = 4 * GIB, .reclaimable_known = true};

    RIG_BOTH(r, meminfo[MI_SRECLAIMABLE], 4 * GIB - 1);
    vec_push(&r->now.slabs, task);
    vec_push(&r->now.slabs, dentry);
    assert_int_equal(rig_severity(r, RULE_SLAB_GROWTH), -1);
    RIG_BOTH(r, meminfo[MI_SRECLAIMABLE], 4 * GIB);
    assert_int_equal(rig_severity(r, RULE_SLAB_GROWTH), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_SLAB_GROWTH)->detail, "dentry 3.0 GiB"));
    assert_null(strstr(rig_found(r, RULE_SLAB_GROWTH)->detail, "task_struct"));
    vec_reset(&r->now.slabs);
    r->now.parts[PART_SLABINFO] = (struct part_status){.state = PART_DENIED, .why = "needs root"};
    rig_run(r);
    assert_true(rig_has_gap(r, RULE_SLAB_GROWTH));
}

RIG_TEST(unreclaimable_slab_is_a_warning_when_memory_is_scarce)
{
    RIG_BOTH(r, meminfo[MI_SUNRECLAIM], 16 * GIB * 15 / 100 + 1);
    assert_int_equal(rig_severity(r, RULE_SLAB_UNRECLAIMABLE), SEV_INFO);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], GIB);
    assert_int_equal(rig_severity(r, RULE_SLAB_UNRECLAIMABLE), SEV_WARNING);
    RIG_BOTH(r, meminfo[MI_SUNRECLAIM], 16 * GIB * 14 / 100);
    assert_int_equal(rig_severity(r, RULE_SLAB_UNRECLAIMABLE), -1);
}

RIG_TEST(shared_memory_by_design_is_good_news)
{
    RIG_BOTH(r, meminfo[MI_SHMEM], 4 * GIB);
    assert_int_equal(rig_severity(r, RULE_SHMEM_LARGE), SEV_GOOD);
    assert_null(rig_found(r, RULE_SHMEM_GROWTH));
    RIG_BOTH(r, meminfo[MI_SHMEM], GIB);
    assert_int_equal(rig_severity(r, RULE_SHMEM_LARGE), -1);
}

RIG_TEST(shared_memory_that_takes_what_is_left_is_not)
{
    RIG_BOTH(r, meminfo[MI_SHMEM], 4 * GIB);
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 3 * GIB);
    assert_int_equal(rig_severity(r, RULE_SHMEM_GROWTH), SEV_INFO);
    assert_null(rig_found(r, RULE_SHMEM_LARGE));
    RIG_BOTH(r, meminfo[MI_MEM_AVAILABLE], 800 * MIB);
    assert_int_equal(rig_severity(r, RULE_SHMEM_GROWTH), SEV_WARNING);
}

RIG_TEST(memory_in_no_counter_is_said)
{
    /* An absent line is not 0. */
    RIG_BOTH(r, meminfo[MI_ANON_PAGES], 4 * GIB);
    assert_int_equal(rig_severity(r, RULE_KERNEL_UNACCOUNTED), -1);
    RIG_BOTH(r, meminfo[MI_SUNRECLAIM], 0);
    RIG_BOTH(r, meminfo[MI_SRECLAIMABLE], 0);
    RIG_BOTH(r, meminfo[MI_ANON_PAGES], 8 * GIB - 16 * GIB / 10 + MIB);
    assert_int_equal(rig_severity(r, RULE_KERNEL_UNACCOUNTED), -1);
    RIG_BOTH(r, meminfo[MI_ANON_PAGES], 8 * GIB - 16 * GIB / 10 - MIB);
    assert_int_equal(rig_severity(r, RULE_KERNEL_UNACCOUNTED), SEV_INFO);
    assert_int_equal(rig_found(r, RULE_KERNEL_UNACCOUNTED)->confidence, CONF_MEDIUM);
    RIG_BOTH(r, meminfo[MI_PERCPU], UNKNOWN);
    assert_int_equal(rig_severity(r, RULE_KERNEL_UNACCOUNTED), -1);
}

RIG_TEST(page_tables_from_a_twentieth_of_memory)
{
    RIG_BOTH(r, meminfo[MI_PAGE_TABLES], 819 * MIB);
    assert_int_equal(rig_severity(r, RULE_PAGE_TABLES), -1);
    RIG_BOTH(r, meminfo[MI_PAGE_TABLES], 820 * MIB);
    assert_int_equal(rig_severity(r, RULE_PAGE_TABLES), SEV_INFO);
}

RIG_TEST(locked_memory_from_a_fifth_of_memory)
{
    RIG_BOTH(r, meminfo[MI_MLOCKED], 16 * GIB / 5 - MIB);
    assert_int_equal(rig_severity(r, RULE_MLOCKED), -1);
    RIG_BOTH(r, meminfo[MI_MLOCKED], 16 * GIB / 5 + MIB);
    assert_int_equal(rig_severity(r, RULE_MLOCKED), SEV_INFO);
}

RIG_TEST(pinned_memory_is_told_from_locked_memory)
{
    RIG_BOTH(r, vmstat[NR_FOLL_PIN_RELEASED], 1000);
    RIG_BOTH(r, vmstat[NR_FOLL_PIN_ACQUIRED], 1000 + (16 * GIB / 5 - MIB) / 4096);
    assert_int_equal(rig_severity(r, RULE_MLOCKED), -1);
    RIG_BOTH(r, vmstat[NR_FOLL_PIN_ACQUIRED], 1000 + (16 * GIB / 5 + MIB) / 4096);
    assert_int_equal(rig_severity(r, RULE_MLOCKED), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_MLOCKED)->title, "is pinned: it cannot be reclaimed"));
    RIG_BOTH(r, meminfo[MI_MLOCKED], 16 * GIB / 4);
    assert_int_equal(rig_severity(r, RULE_MLOCKED), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_MLOCKED)->title, "is locked"));
}

RIG_TEST(pinned_memory_is_told_before_the_thrash_that_it_causes)
{
    RIG_BOTH(r, vmstat[NR_FOLL_PIN_RELEASED], 0);
    RIG_BOTH(r, vmstat[NR_FOLL_PIN_ACQUIRED], 12 * GIB / 4096);
    rig_rate(r, PSWPIN, 5000);
    rig_rate(r, PSWPOUT, 5000);
    rig_rate(r, WORKINGSET_REFAULT_ANON, 5000);
    rig_pressure(r, PSI_MEM, 60, 40);
    assert_int_equal(rig_severity(r, RULE_SWAP_THRASH), SEV_CRITICAL);
    assert_int_equal(rig_severity(r, RULE_MLOCKED), SEV_CRITICAL);
    assert_true(rig_found(r, RULE_MLOCKED)->weight > rig_found(r, RULE_SWAP_THRASH)->weight);
}

RIG_TEST(the_commit_limit_matters_where_it_is_kept_to)
{
    const struct tunable_info *mode = tunable_find("vm.overcommit_memory");

    RIG_BOTH(r, meminfo[MI_COMMIT_LIMIT], 10 * GIB);
    RIG_BOTH(r, meminfo[MI_COMMITTED_AS], 99 * GIB / 10);
    r->now.sysctl[mode - tunable_info] = 0;
    assert_int_equal(rig_severity(r, RULE_OVERCOMMIT), -1);
    r->now.sysctl[mode - tunable_info] = 2;
    assert_int_equal(rig_severity(r, RULE_OVERCOMMIT), SEV_WARNING);
    RIG_BOTH(r, meminfo[MI_COMMITTED_AS], 9 * GIB);
    assert_int_equal(rig_severity(r, RULE_OVERCOMMIT), SEV_INFO);
    r->now.sysctl[mode - tunable_info] = UNKNOWN;
    assert_int_equal(rig_severity(r, RULE_OVERCOMMIT), -1);
    assert_true(rig_has_gap(r, RULE_OVERCOMMIT));
}

RIG_TEST(compressed_swap_tells_its_ratio)
{
    struct zram_view z = {
        .name = "zram0", .original = GIB, .compressed = GIB / 4, .used_total = GIB / 4};

    vec_push(&r->now.zrams, z);
    assert_int_equal(rig_severity(r, RULE_COMPRESSED_SWAP), SEV_INFO);
    assert_null(strstr(rig_found(r, RULE_COMPRESSED_SWAP)->title, "badly"));
    r->now.zrams.items[0].used_total = GIB;
    assert_int_equal(rig_severity(r, RULE_COMPRESSED_SWAP), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_COMPRESSED_SWAP)->title, "badly"));
    rig_pressure(r, PSI_MEM, 20, 8);
    assert_int_equal(rig_severity(r, RULE_COMPRESSED_SWAP), SEV_WARNING);
}

RIG_TEST(pressure_alone_is_an_alarm_and_beside_a_cause_its_measure)
{
    rig_pressure(r, PSI_MEM, 30, 10);
    assert_int_equal(rig_severity(r, RULE_PRESSURE), SEV_WARNING);
    r->now.allocstall = r->before.allocstall + 1000;
    assert_int_equal(rig_severity(r, RULE_PRESSURE), SEV_INFO);
    assert_int_equal(r->d.verdict, VERDICT_WARNING);
    rig_pressure(r, PSI_MEM, 0.99, 0.5);
    assert_int_equal(rig_severity(r, RULE_PRESSURE), -1);
}

RIG_TEST(pressure_that_moves_while_nothing_stalls_is_wrong_and_no_pressure)
{
    rig_pressure(r, PSI_MEM, 60, 60);
    rig_rate(r, COMPACT_MIGRATE_SCANNED, 0);
    assert_int_equal(rig_severity(r, RULE_PRESSURE_WRONG), SEV_INFO);
    assert_null(rig_found(r, RULE_PRESSURE));
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    /* Who waits for a device that does not answer moves no counter either. */
    rig_pressure(r, PSI_IO, 60, 60);
    assert_int_equal(rig_severity(r, RULE_PRESSURE_WRONG), -1);
    assert_non_null(rig_found(r, RULE_PRESSURE));
    rig_pressure(r, PSI_IO, 0, 0);
    rig_rate(r, PGSCAN_KSWAPD, 1);
    assert_int_equal(rig_severity(r, RULE_PRESSURE_WRONG), -1);
}

RIG_TEST(pressure_of_minutes_whose_total_stands_still_is_wrong)
{
    struct psi_line *some = &r->now.psi[PSI_MEM].some;

    some->avg10 = some->avg60 = some->avg300 = 5200;
    assert_int_equal(rig_severity(r, RULE_PRESSURE_WRONG), SEV_INFO);
    assert_non_null(strstr(rig_found(r, RULE_PRESSURE_WRONG)->title, "stands at 52 %"));
    /* It ended just now: the averages go down one after the other. */
    some->avg10 = 4000;
    assert_int_equal(rig_severity(r, RULE_PRESSURE_WRONG), -1);
}

RIG_TEST(processes_are_named_largest_first)
{
    rig_process(r, 10, "small", 200 * MIB, 0);
    rig_process(r, 20, "large", 3 * GIB, 15 * MIB);
    rig_process(r, 30, "tiny", MIB, 100 * MIB);
    r->now.processes.items[0].major_faults = 10;
    r->now.processes.items[1].major_faults = 9;
    rig_run(r);
    assert_non_null(strstr(rig_found(r, RULE_TOP_HOLDERS)->title, "large (pid 20), 3.0 GiB"));
    assert_int_equal(rig_found(r, RULE_TOP_HOLDERS)->evidence.count, 2);
    assert_non_null(strstr(rig_found(r, RULE_TOP_SWAPPERS)->title, "tiny (pid 30)"));
    assert_int_equal(rig_found(r, RULE_TOP_SWAPPERS)->evidence.count, 1);
    assert_non_null(strstr(rig_found(r, RULE_TOP_FAULTERS)->title, "small (pid 10)"));
    assert_int_equal(rig_found(r, RULE_TOP_FAULTERS)->evidence.count, 1);
    r->options.pid = 10;
    rig_run(r);
    assert_non_null(strstr(rig_found(r, RULE_TOP_HOLDERS)->title, "small (pid 10)"));
    r->options.pid = 11;
    rig_run(r);
    assert_int_equal(r->d.verdict, VERDICT_UNKNOWN);
}

RIG_TEST(only_keeps_what_was_asked_for)
{
    rig_pressure(r, PSI_MEM, 30, 25);
    rig_rate(r, PSWPIN, 1000);
    rig_rate(r, PSWPOUT, 1000);
    r->options.only = "overcommit-near-limit,cache";
    rig_run(r);
    assert_int_equal(r->d.findings.items.count, 0);
    assert_int_equal(r->d.verdict, VERDICT_HEALTHY);
    r->options.only = "swap";
    rig_run(r);
    assert_int_equal(r->d.findings.items.count, 1);
    assert_int_equal(r->d.verdict, VERDICT_CRITICAL);
}

RIG_TEST(every_rule_has_all_its_texts_and_a_name_of_its_own)
{
    rig_run(r);
    for (unsigned i = 0; i < NR_RULES; i++) {
        const struct rule_info *info = &rule_info[i];

        assert_int_equal(rule_find(info->name), i);
        assert_true(rule_is_family(info->family));
        assert_non_null(rule_functions[i]);
        /* --only takes both: a name that is also a family has to be of that family. */
        for (unsigned j = 0; j < NR_RULES; j++) {
            if (strcmp(info->name, rule_info[j].family) == 0)
                assert_string_equal(info->family, info->name);
        }
        assert_true(strlen(info->meaning) > 20 && strlen(info->look_next) > 5 &&
                    strlen(info->teach) > 40);
        assert_true(strlen(info->change) > 5 && strlen(info->disproof) > 5);
    }
}

RIG_TEST(waiting_for_evicted_pages_cites_the_file_that_it_is_from)
{
    unsigned cited = 0;

    rig_pressure(r, PSI_IO, 15, 15);
    rig_rate(r, WORKINGSET_REFAULT_FILE, 5000);
    rig_rate(r, WORKINGSET_ACTIVATE_FILE, 5000);
    rig_rate(r, PGPGIN, 20000);
    assert_int_equal(rig_severity(r, RULE_FILE_THRASH), SEV_WARNING);
    vec_for_each (&rig_found(r, RULE_FILE_THRASH)->evidence, e)
        cited += strcmp(e->where, "/proc/pressure/io") == 0;
    assert_int_equal(cited, 2);
}

TEST_MAIN()
