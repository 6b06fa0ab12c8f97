/* loadavg.c - how many tasks want to run or wait for a device or for memory, on average.
 *
 * Every 5 s and a jiffy, three exponential means in 11 bits of fraction. Mirrors calc_global_load()
 * of kernel/sched/loadavg.c, Linux 6.1. */
#include "system/system_int.h"

#define LOAD_FREQ_NS ((5 * HZ + 1) * JIFFY_NS)

u32 system_count_running(const struct system *s)
{
    const struct psi_group *g = &s->groups.root->psi;
    u32 n = 0;

    for (unsigned cpu = 0; g->cpus && cpu < s->config.nr_cpus; cpu++)
        n += g->cpus[cpu].tasks[PSI_NR_RUNNING];
    return n;
}

u32 system_count_blocked(const struct system *s)
{
    u32 n = 0;

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        n += t->state == TASK_WAITING && t->wait.cause != WAIT_NOTHING &&
             t->wait.cause != WAIT_SLEEP;
    }
    return n;
}

void loadavg_init(struct system *s)
{
    s->load_at = LOAD_FREQ_NS;
}

void loadavg_update(struct system *s)
{
    static const u64 decay[] = {1884, 2014, 2037}; /* 2048 / exp(5 s / 1, 5, 15 min) */
    u64 active = (u64)(system_count_running(s) + system_count_blocked(s)) << PSI_FIXED_BITS;

    for (unsigned i = 0; i < ARRAY_SIZE(decay); i++)
        s->load[i] = psi_calc_load(s->load[i], decay[i], active);
    s->load_at += LOAD_FREQ_NS;
}
