/* groups.c - what many control groups cost an access.
 *
 * Tasks in 10 groups, and in 1,000, each below one parent with a limit, fault in new pages in turn,
 * a charge batch at a time; then the parent's limit makes reclaim walk over all groups. A charge
 * costs its path to the root and nothing for the others, reclaim asks each group in turn, as Linux
 * does.
 *
 * groups_fault_ratio    CPU time of a fault with 1,000 groups over that with 10
 * groups_reclaim_ratio  the same while the parent is at its limit
 */
#include "bench.h"

#include "base/alloc.h"
#include "system/access.h"
#include "system/cgroup.h"
#include "system/mmap.h"
#include "system/system.h"

#include <stdio.h>

#define BASE       0x10000000ull
#define FAULTS     200000u
#define TURN       64u
#define RUNS       3
#define BYTES_EACH (64 * MIB)

static struct task *task_in_new_group(struct system *s, unsigned n)
{
    const struct mmap_args map = {.addr = BASE, .len = BYTES_EACH, .prot = 3};
    char path[32];
    struct task *t;

    snprintf(path, sizeof(path), "/pods/%u", n);
    t = system_task_new(s, system_group(s, path), 100 + n, 1, "pod");
    system_mmap(s, t, &map);
    return t;
}

/* Page after page of each task, TURN of them before the next has its turn. */
static double fault_in(struct system *s, struct task **tasks, unsigned nr, u64 faults)
{
    double began = bench_seconds();

    for (u64 i = 0; i < faults; i++) {
        struct task *t = tasks[i / TURN % nr];
        vpn_t vpn = (BASE >> PAGE_SHIFT) + i / TURN / nr * TURN + i % TURN;
        u64 daemon_ns;

        while (system_access(s, t, vpn, ACCESS_WRITE) == STEP_WAIT)
            system_run_until(s, MAX(t->wait.until, s->clock.now), &daemon_ns);
    }
    return bench_seconds() - began;
}

static double seconds_with(unsigned nr_groups, bool limited)
{
    struct system *s = xcalloc(1, sizeof(*s));
    struct task **tasks = xcalloc(nr_groups, sizeof(struct task *));
    struct system_config c;
    double seconds;

    system_config_init(&c);
    c.thp = "never";
    c.ram_bytes = 4 * GIB;
    c.tunables.overcommit_memory = 1;
    c.nr_swaps = 1;
    c.swaps[0] =
        (struct swap_spec){.name = "/dev/swap", .bytes = 2 * GIB, .priority = -1, .device = "ram"};
    if (system_init(s, &c, NULL))
        abort();
    for (unsigned i = 0; i < nr_groups; i++)
        tasks[i] = task_in_new_group(s, i);
    if (limited)
        group_set_limit(group_find(&s->groups, "/pods"), LIMIT_MAX, FAULTS / 2 + 64 * 1024);
    seconds = fault_in(s, tasks, nr_groups, FAULTS);
    system_done(s);
    free(tasks);
    free(s);
    return seconds;
}

static double ratio(bool limited)
{
    double few = 1e9, many = 1e9;

    for (unsigned i = 0; i < RUNS; i++) {
        few = MIN(few, seconds_with(10, limited));
        many = MIN(many, seconds_with(1000, limited));
    }
    return many / few;
}

void bench_groups(struct bench *b)
{
    bench_figure(b, "groups_fault_ratio", ratio(false), "x",
                 "CPU time of a fault with 1,000 cgroups against 10");
    bench_figure(b, "groups_reclaim_ratio", ratio(true), "x",
                 "the same with their parent at its limit");
}
