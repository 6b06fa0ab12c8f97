/* needed_test.c - how much memory a group or the machine needs, from one look and from two. */
#include "base/test.h"
#include "diagnose/needed.h"
#include "diagnose/rig_testing.h"

static const struct need *need_of(const struct rig *r, u32 group)
{
    vec_for_each (&r->d.needs, n)
        if (n->group == group)
            return n;
    return NULL;
}

/* /web with a limit far away: 1 GiB anonymous, 256 MiB active and 512 MiB inactive cache, no
 * swap. */
static u32 web(struct rig *r, u64 max)
{
    u32 index = rig_group(r, "/web", GIB, 768 * MIB, max);
    struct snapshot *both[] = {&r->before, &r->now};

    for (unsigned i = 0; i < ARRAY_SIZE(both); i++) {
        u64 *stat = both[i]->cgroups.items[index].stat;

        both[i]->meminfo[MI_SWAP_TOTAL] = both[i]->meminfo[MI_SWAP_FREE] = 0;
        both[i]->cgroups.items[index].swap_current = 0;
        stat[NR_INACTIVE_ANON] = GIB;
        stat[NR_INACTIVE_FILE] = 512 * MIB;
        stat[NR_ACTIVE_FILE] = 256 * MIB;
    }
    return index;
}

/* So many a second; of the interval of 1 s that is between the two looks. */
#define COUNT(r, index, id, number) ((r)->now.cgroups.items[index].stat[id] = (number))

/* Percent of the interval that all tasks of the group wait for memory. */
static void lose(struct rig *r, u32 index, double percent)
{
    r->now.cgroups.items[index].psi[PSI_MEM] = rig_psi(percent, percent);
    r->before.cgroups.items[index].psi[PSI_MEM] = rig_psi(percent, percent);
    r->before.cgroups.items[index].psi[PSI_MEM].some.total_us = 1000;
    r->before.cgroups.items[index].psi[PSI_MEM].full.total_us = 1000;
}

RIG_TEST(one_look_is_a_range_from_what_is_held_to_what_was_used_twice)
{
    u32 index = web(r, NO_LIMIT);
    const struct need *n;

    r->single = true;
    rig_run(r);
    n = need_of(r, index);
    assert_int_equal(n->state, NEED_UNWATCHED);
    assert_int_equal(n->low, GIB);
    assert_int_equal(n->high, GIB + 256 * MIB);
    assert_int_equal(n->current, GIB + 768 * MIB);
    assert_int_equal(n->without_inactive, GIB + 256 * MIB);
    assert_int_equal(n->without_file, GIB);
}

RIG_TEST(pinned_memory_goes_to_no_swap)
{
    u32 index = web(r, 4 * GIB);
    u64 open;

    r->now.meminfo[MI_SWAP_TOTAL] = r->now.meminfo[MI_SWAP_FREE] = 4 * GIB;
    rig_process(r, 7, "rdma", 900 * MIB, 0);
    vec_last(&r->now.processes).group = index;
    vec_last(&r->now.processes).pinned = 0;
    rig_run(r);
    open = need_of(r, index)->open[NEED_OPEN_ANON];
    assert_int_equal(open, GIB);
    vec_last(&r->now.processes).pinned = 700 * MIB;
    r->now.vmstat[NR_FOLL_PIN_ACQUIRED] = r->now.vmstat[NR_FOLL_PIN_RELEASED] + 700 * 256;
    rig_run(r);
    assert_int_equal(need_of(r, index)->open[NEED_OPEN_ANON], open - 700 * MIB);
}

RIG_TEST(pages_of_the_pool_are_told_beside_what_a_group_needs)
{
    u32 index = web(r, 4 * GIB);
    struct strbuf text;
    u64 low;

    rig_run(r);
    low = need_of(r, index)->low;
    assert_int_equal(need_of(r, index)->pool, 0);
    r->now.cgroups.items[index].nr_huge = 1;
    r->now.cgroups.items[index].huge[0] =
        (struct group_huge_view){.page_bytes = 2 * MIB, .current = 3 * GIB};
    rig_run(r);
    assert_int_equal(need_of(r, index)->low, low);
    assert_int_equal(need_of(r, index)->pool, 3 * GIB);
    strbuf_init(&text);
    need_say(need_of(r, index), &text);
    assert_non_null(strstr(text.text, "3.0 GiB of the pool of huge pages"));
    strbuf_done(&text);
}

RIG_TEST(mapped_and_dirty_pages_of_the_inactive_list_are_in_the_range)
{
    u32 index = web(r, NO_LIMIT);

    COUNT(r, index, NR_MAPPED, 100 * MIB);
    COUNT(r, index, NR_DIRTY, 40 * MIB);
    COUNT(r, index, NR_WRITEBACK, 10 * MIB);
    rig_run(r);
    assert_int_equal(need_of(r, index)->high, GIB + 406 * MIB);
    /* Never more than is there. */
    COUNT(r, index, NR_MAPPED, 2 * GIB);
    rig_run(r);
    assert_int_equal(need_of(r, index)->high, GIB + 768 * MIB);
}

RIG_TEST(swap_makes_anonymous_memory_a_part_of_the_range_as_far_as_it_has_room)
{
    u32 index = web(r, NO_LIMIT);

    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 600 * MIB);
    rig_run(r);
    assert_int_equal(need_of(r, index)->low, GIB - 600 * MIB);
    r->now.cgroups.items[index].swap_max = 100 * MIB;
    rig_run(r);
    assert_int_equal(need_of(r, index)->low, GIB - 100 * MIB);
    /* Nothing tells whether there is swap. */
    RIG_BOTH(r, meminfo[MI_SWAP_FREE], UNKNOWN);
    r->now.cgroups.items[index].swap_max = NO_LIMIT;
    rig_run(r);
    assert_int_equal(need_of(r, index)->low, 0);
}

RIG_TEST(inactive_pages_that_become_active_faster_than_the_disk_could_bring_them_are_in_use)
{
    u32 index = web(r, NO_LIMIT);
    struct disk_view disk = {.name = "sda", .whole = true};

    vec_push(&r->before.disks, disk);
    disk.reads = 100;
    disk.read_ms = 100; /* 1 ms each */
    vec_push(&r->now.disks, disk);
    COUNT(r, index, PGACTIVATE, 90); /* 9 % of the time */
    rig_run(r);
    assert_int_equal(need_of(r, index)->high, GIB + 256 * MIB);
    COUNT(r, index, PGACTIVATE, 92);
    rig_run(r);
    assert_int_equal(need_of(r, index)->high, GIB + 768 * MIB);
    /* No disk was read: what it would take is not known. */
    vec_reset(&r->now.disks);
    COUNT(r, index, PGACTIVATE, 1);
    rig_run(r);
    assert_int_equal(need_of(r, index)->high, GIB + 768 * MIB);
}

RIG_TEST(what_is_evicted_and_stays_away_leaves_the_range_as_it_is)
{
    u32 index = web(r, GIB + 768 * MIB);

    COUNT(r, index, PGSTEAL_KSWAPD, 0);
    COUNT(r, index, PGSTEAL_DIRECT, 1000);
    COUNT(r, index, WORKINGSET_REFAULT_FILE, 49);
    rig_run(r);
    assert_int_equal(need_of(r, index)->state, NEED_ENOUGH);
    assert_int_equal(need_of(r, index)->high, GIB + 256 * MIB);
    COUNT(r, index, WORKINGSET_REFAULT_FILE, 50);
    rig_run(r);
    assert_int_equal(need_of(r, index)->high, GIB + 768 * MIB);
}

RIG_TEST(a_limit_that_costs_little_is_enough_and_refaults_tell_how_much_less_would_be)
{
    u32 index = web(r, GIB + 768 * MIB);
    double lost = 5, left;

    COUNT(r, index, PGSTEAL_DIRECT, 1000);
    COUNT(r, index, WORKINGSET_REFAULT_FILE, 1000);
    COUNT(r, index, WORKINGSET_ACTIVATE_FILE, 800);
    lose(r, index, lost);
    rig_run(r);
    assert_int_equal(need_of(r, index)->state, NEED_ENOUGH);
    assert_int_equal(need_of(r, index)->high, GIB + 768 * MIB);
    /* (P - p) R W / (A p), with the active list as W */
    left = (NEED_LOST - lost) * 1000 * 256 / (800 * lost);
    assert_in_range(need_of(r, index)->low / MIB, (u64)(1792 - left) - 1, (u64)(1792 - left) + 1);
}

RIG_TEST(a_limit_that_costs_too_much_is_not_enough)
{
    u32 index = web(r, GIB + 768 * MIB);
    double lost = 12, more;

    COUNT(r, index, PGSTEAL_DIRECT, 1000);
    COUNT(r, index, WORKINGSET_REFAULT_FILE, 1000);
    COUNT(r, index, WORKINGSET_ACTIVATE_FILE, 800);
    lose(r, index, lost);
    rig_run(r);
    assert_int_equal(need_of(r, index)->state, NEED_SHORT);
    assert_int_equal(need_of(r, index)->low, GIB + 768 * MIB);
    more = (lost - NEED_LOST) * 1000 * 256 / (800 * lost);
    assert_in_range(need_of(r, index)->high / MIB, (u64)(1792 + more) - 1, (u64)(1792 + more) + 1);
    /* Pages that would not have stayed say nothing of how much is missing. */
    COUNT(r, index, WORKINGSET_ACTIVATE_FILE, 100);
    rig_run(r);
    assert_false(known(need_of(r, index)->high));
    assert_int_equal(need_of(r, index)->low, GIB + 768 * MIB);
}

RIG_TEST(who_was_killed_at_a_limit_needs_more)
{
    u32 index = web(r, 2 * GIB);

    r->now.cgroups.items[index].events[EV_OOM_KILL] = 1;
    r->now.cgroups.items[index].current = GIB + 768 * MIB;
    rig_run(r);
    assert_int_equal(need_of(r, index)->state, NEED_KILLED);
    assert_int_equal(need_of(r, index)->low, 2 * GIB);
    assert_false(known(need_of(r, index)->high));
}

RIG_TEST(the_machine_needs_what_it_keeps_free_and_not_huge_pages_for_nobody)
{
    struct zone_view zone = {.name = "Normal", .high = 25600}; /* 100 MiB */
    const u64 held = 12 * GIB - 4 * GIB;                       /* not free, less both lists */

    RIG_BOTH(r, meminfo[MI_SWAP_FREE], 0);
    RIG_BOTH(r, meminfo[MI_SWAP_TOTAL], 0);
    RIG_BOTH(r, meminfo[MI_INACTIVE_FILE], 3 * GIB);
    RIG_BOTH(r, meminfo[MI_ACTIVE_FILE], GIB);
    vec_push(&r->now.zones, zone);
    rig_run(r);
    assert_int_equal(need_of(r, GROUP_NONE)->low, held + 100 * MIB);
    assert_int_equal(need_of(r, GROUP_NONE)->high, held + 100 * MIB + GIB);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_FREE], 1024);
    RIG_BOTH(r, meminfo[MI_HUGE_PAGES_RSVD], 512);
    rig_run(r);
    assert_int_equal(need_of(r, GROUP_NONE)->low, held - GIB + 100 * MIB);
}

RIG_TEST(figures_that_are_not_there_are_no_need)
{
    u32 index = web(r, NO_LIMIT);

    r->now.cgroups.items[index].stat[NR_ACTIVE_FILE] = UNKNOWN;
    rig_run(r);
    assert_null(need_of(r, index));
    assert_null(need_of(r, GROUP_NONE)); /* no lists in this meminfo */
}

RIG_TEST(the_sentence_names_what_is_open_and_what_misleads)
{
    u32 index = web(r, NO_LIMIT);
    struct strbuf text;

    r->single = true;
    rig_run(r);
    strbuf_init(&text);
    need_say(need_of(r, index), &text);
    assert_string_equal(
        text.text,
        "It needs 1.0 GiB to 1.3 GiB (current is 1.8 GiB; less inactive_file, which kubelet calls "
        "the working set, 1.3 GiB; less all file pages 1.0 GiB). No counter says how much of this "
        "is in use: 256.0 MiB of file cache was used more than once. Its current counts 512.0 MiB "
        "that can be dropped at once.");
    strbuf_done(&text);
}

TEST_MAIN()
