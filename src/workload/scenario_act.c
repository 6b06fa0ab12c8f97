/* scenario_act.c - acts in order of time; of those due together, in the order of the file. */
#include "workload/scenario_act.h"

#include "base/alloc.h"
#include "system/cgroup.h"
#include "system/swap.h"
#include "workload/scenario_run.h"

#include <errno.h>
#include <string.h>

const struct scenario_head *scenario_act_head(const struct scenario_act *a)
{
    if (a->device)
        return &a->device->head;
    return a->write ? &a->write->head : a->rm ? &a->rm->head : &a->rmdir->head;
}

ns_t scenario_act_at(const struct scenario_act *a)
{
    if (a->device)
        return a->swapon ? a->device->swapon : a->device->swapoff;
    return a->write ? a->write->at : a->rm ? a->rm->at : a->rmdir->at;
}

static void add_act(struct scenario_run *run, struct scenario_act act)
{
    act.due = act.next = scenario_act_at(&act);
    run->acts[run->nr_acts++] = act;
}

void scenario_acts_init(struct scenario_run *run)
{
    const struct scenario *sc = run->scenario;

    run->acts =
        xcalloc(sc->writes.count + sc->rms.count + sc->rmdirs.count + 2 * sc->devices.count + 1,
                sizeof(*run->acts));
    for (size_t i = 0; i < sc->writes.count; i++)
        add_act(run, (struct scenario_act){.write = &sc->writes.items[i]});
    for (size_t i = 0; i < sc->rms.count; i++)
        add_act(run, (struct scenario_act){.rm = &sc->rms.items[i]});
    for (size_t i = 0; i < sc->rmdirs.count; i++)
        add_act(run, (struct scenario_act){.rmdir = &sc->rmdirs.items[i]});
    for (size_t i = 0; i < sc->devices.count; i++) {
        const struct scenario_device *d = &sc->devices.items[i];

        if (d->swapon)
            add_act(run, (struct scenario_act){.device = d, .swapon = true});
        if (d->swapoff)
            add_act(run, (struct scenario_act){.device = d});
    }
}

void scenario_acts_done(struct scenario_run *run)
{
    free(run->acts);
}

static unsigned line_of(const struct scenario_act *a)
{
    return scenario_act_head(a)->line;
}

static struct scenario_act *next_act(const struct scenario_run *run)
{
    struct scenario_act *next = NULL;

    for (size_t i = 0; i < run->nr_acts; i++) {
        struct scenario_act *a = &run->acts[i];

        if (!next || a->next < next->next || (a->next == next->next && line_of(a) < line_of(next)))
            next = a;
    }
    return next;
}

ns_t scenario_acts_next(const struct scenario_run *run)
{
    const struct scenario_act *a = next_act(run);

    return a ? a->next : NS_NEVER;
}

/* Every process of the [task]; one that begins later does not count, as it is not there to be
 * moved. */
static int move_task(struct scenario_run *run, const struct scenario_write *w)
{
    const struct scenario_job *job = &run->jobs[w->task_index];
    struct system *s = run->config.system;
    struct control_state st = {0};
    struct control c = w->control;
    int rc = -ESRCH;

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        if (t->state >= TASK_ZOMBIE || t->pid != t->tgid || scenario_job_of(run, t->tgid) != job)
            continue;
        c.number = t->tgid;
        rc = control_write(s, &c, &st);
        if (rc)
            break;
    }
    return rc;
}

static int remove_group(struct scenario_run *run, const struct scenario_rmdir *r)
{
    struct system *s = run->config.system;
    struct group *g = group_find(&s->groups, r->cgroup.text);

    return g ? system_group_remove(s, g) : -ENOENT;
}

/* The area on the device, among those the machine was made with. */
static unsigned area_of(const struct system *s, const struct scenario_device *d)
{
    for (unsigned i = 0; i < s->config.nr_swaps; i++)
        if (strcmp(s->config.swaps[i].device, d->head.name) == 0)
            return i;
    hw_unreachable(); /* scenario_check() saw to it */
}

#define SWAPOFF_PID 900u /* below those of tasks */

/* The swapoff command is a process of the root group. The time it takes is its own: others do not
 * give it their CPU. */
/* From this one on. */
static u32 free_pid(const struct system *s, u32 pid)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->pid == pid && s->tasks[i]->state < TASK_ZOMBIE)
            return free_pid(s, pid + 1);
    return pid;
}

int scenario_swapoff(struct scenario_run *run, unsigned area, struct task **task, ns_t *ret_until)
{
    struct system *s = run->config.system;
    u64 before = s->mem.cpu_ns;
    enum step step;
    int error = 0;

    if (!*task)
        *task = system_task_new(s, s->groups.root, free_pid(s, SWAPOFF_PID + area), 1, "swapoff");
    step = system_swapoff(s, *task, s->config.swaps[area].name, &error);
    if (step == STEP_WAIT) {
        *ret_until = MAX((*task)->wait.until, s->clock.now + s->mem.cpu_ns - before);
        *ret_until = MAX(*ret_until, s->clock.now + 1);
        return -EINPROGRESS;
    }
    if (step == STEP_DEAD)
        return -EINTR; /* killed for memory */
    system_exit(s, *task, error ? 1 << 8 : 0, true);
    return error;
}

static int do_act(struct scenario_run *run, struct scenario_act *a)
{
    int rc;

    if (a->device && a->swapon)
        return system_swapon(run->config.system, area_of(run->config.system, a->device));
    if (a->device)
        return scenario_swapoff(run, area_of(run->config.system, a->device), &a->task,
                                &a->state.until);
    if (a->rm)
        return scenario_file_remove(run, (size_t)a->rm->file_index);
    if (a->rmdir)
        return remove_group(run, a->rmdir);
    if (a->write->task_index >= 0)
        return move_task(run, a->write);
    rc = control_write(run->config.system, &a->write->control, &a->state);
    sched_affinities_changed(&run->sched); /* cpuset.cpus, or another group */
    return rc;
}

/* kills: so many were killed before. */
static void operated(struct scenario_run *run, u64 kills)
{
    struct system *s = run->config.system;

    s->daemon_ns += system_take_cpu_ns(s); /* the shell's, on an idle CPU if there is one */
    if (s->oom_kills + s->kills != kills)
        sched_wake_killed(&run->sched, s->clock.now);
}

void scenario_acts_do(struct scenario_run *run)
{
    struct system *s = run->config.system;
    u64 kills = s->oom_kills + s->kills;
    struct scenario_act *a;

    while ((a = next_act(run)) && a->next <= s->clock.now) {
        int rc = do_act(run, a);

        if (rc == -EINPROGRESS) {
            a->next = a->state.until;
            continue;
        }
        if (a->state.trigger)
            a->trigger = a->state.trigger;
        a->state = (struct control_state){0};
        a->done++;
        if (a->write && control_is_pool(&a->write->control)) {
            a->pool = control_pool_pages(s, &a->write->control);
            a->pool_surplus = a->write->control.nid == MAX_NUMNODES ? s->hugetlb.surplus : 0;
        }
        if (rc) {
            a->refused++;
            a->error = rc;
        }
        a->due = a->write && a->write->every ? a->due + a->write->every : NS_NEVER;
        a->next = MAX(a->due, s->clock.now);
    }
    operated(run, kills);
}

int scenario_operate(struct scenario_run *run, scenario_operation_fn *operation, void *ctx)
{
    u64 kills = run->config.system->oom_kills + run->config.system->kills;
    int rc = operation(run, ctx);

    sched_affinities_changed(&run->sched);
    operated(run, kills);
    return rc;
}
