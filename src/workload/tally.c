/* tally.c - counters of a machine, kept to be subtracted. */
#include "workload/tally.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void set_back_peaks(struct system *s)
{
    for (struct group *g = s->groups.root; g; g = group_next(s->groups.root, g)) {
        g->memory.peak = g->memory.usage;
        g->swap.peak = g->swap.usage;
    }
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->mm)
            s->tasks[i]->mm->hiwater_rss = mm_rss(s->tasks[i]->mm);
}

static void take_group(struct tally_group *to, const struct system *s, struct group *g)
{
    to->group = g;
    for (unsigned id = 0; id < NR_COUNTERS; id++) {
        if (counter_info[id].kind == COUNTER_EVENT) {
            to->counters[id] = group_counter(g, id);
            to->own[id] = g->counters.v[id];
        }
    }
    for (unsigned res = 0; res < NR_PSI_RESOURCES; res++) {
        for (unsigned full = 0; full < 2; full++) {
            struct psi_figures f;

            psi_show(&g->psi, (enum psi_res)res, full, s->clock.now, &f);
            to->pressure_us[res][full] = f.total_us;
        }
    }
}

void tally_take(struct tally *t, struct system *s)
{
    u32 nr = 0;

    *t = (struct tally){.at_ns = s->clock.now, .oom_kills = s->oom_kills, .nr_tasks = s->nr_tasks};
    for (unsigned id = 0; id < NR_COUNTERS; id++)
        if (counter_info[id].kind == COUNTER_EVENT)
            t->counters[id] = s->counters.v[id];
    for (struct group *g = s->groups.root; g; g = group_next(s->groups.root, g))
        nr++;
    memcpy(t->walks, s->space.walks, sizeof(t->walks));
    t->groups = xcalloc(nr, sizeof(*t->groups));
    for (struct group *g = s->groups.root; g; g = group_next(s->groups.root, g))
        take_group(&t->groups[t->nr_groups++], s, g);
    t->tasks = xcalloc(MAX(s->nr_tasks, 1u), sizeof(*t->tasks));
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *task = s->tasks[i];

        t->tasks[i].minflt = task->minflt;
        t->tasks[i].majflt = task->majflt;
        t->tasks[i].reclaim_ns = task->reclaim_ns;
        for (unsigned c = 0; c < NR_WAIT_CAUSES; c++)
            t->tasks[i].wait_ns[c] = task->wait_ns[c];
    }
    set_back_peaks(s);
}

void tally_done(struct tally *t)
{
    free(t->groups);
    free(t->tasks);
    *t = (struct tally){0};
}

const struct tally_group *tally_group(const struct tally *t, const struct group *g)
{
    static const struct tally_group nothing;

    for (u32 i = 0; i < t->nr_groups; i++)
        if (t->groups[i].group == g)
            return &t->groups[i];
    return &nothing;
}

const struct tally_task *tally_task(const struct tally *t, u32 index)
{
    static const struct tally_task nothing;

    return index < t->nr_tasks ? &t->tasks[index] : &nothing;
}

bool tally_is_past(const struct tally *t, const struct task *task)
{
    return t->at_ns && task->state >= TASK_ZOMBIE && task->end_ns <= t->at_ns;
}
