/* post_mortem.c - the timeline of a log, and the accounting of the kill that leads. */
#include "diagnose/post_mortem.h"

#include "diagnose/accounting.h"
#include "diagnose/oom_tell_int.h"

#include <stdio.h>
#include <string.h>

const char *incident_what(const struct log_event *e)
{
    switch (e->kind) {
    case LOG_OOM_KILL:
        return e->pid || *e->comm ? "killed" : "killer ran";
    case LOG_OOM_NO_VICTIM:
        return "none to kill";
    case LOG_ALLOC_FAILURE:
        return "alloc failed";
    case LOG_HUNG_TASK:
        return "hung";
    case LOG_SOFT_LOCKUP:
        return "CPU stuck";
    case LOG_OOM_REAPED:
        return "reaped";
    case LOG_KILLED_BY:
        return strcmp(e->killer, "kubelet") == 0 ? "evicted" : "killed";
    case LOG_OOM_TOLD:
        return "killed";
    case LOG_OOMD_LOOKED:
        return "oomd chose";
    case LOG_SIGKILLED:
        return "signal 9";
    case LOG_NODE_TOLD:
        return "node told";
    case LOG_HOTPLUG_FAILED:
        return "no hot-add";
    case LOG_CMA_FAILED:
        return "no CMA";
    case LOG_BALLOON_FAILED:
        return "balloon";
    case LOG_MEM_INFO:
    case NR_LOG_EVENT_KINDS:
        return "part of one";
    }
    return "";
}

static struct timeline_row row_of(const struct incident *i)
{
    const struct log_event *e = i->e;
    struct timeline_row row = {.first = i,
                               .last = i,
                               .incidents = i->reports,
                               .kills = i->kills,
                               .pid = e->pid,
                               .mixed = i->mixed,
                               .bytes = e->anon_rss};
    char name[128];

    snprintf(row.who, sizeof(row.who), "%.47s", *e->comm ? oom_whole_name(name, e) : e->invoker);
    memcpy(row.by, e->killer, sizeof(row.by));
    if (e->task_memcg || e->oom_memcg)
        group_label(row.group, e->task_memcg ? e->task_memcg : e->oom_memcg);
    if (!known(row.bytes) && i->facts.victim)
        row.bytes = oom_held(i->facts.victim);
    return row;
}

/* One row for all incidents of one kind, program and group. */
static void add(struct post_mortem *p, const struct incident *i, bool together)
{
    struct timeline_row row = row_of(i);

    vec_for_each (&p->timeline, at) {
        if (!together || at->first->e->kind != i->e->kind || strcmp(at->who, row.who) != 0 ||
            strcmp(at->by, row.by) != 0 || strcmp(at->group, row.group) != 0 ||
            at->first->e->stamp.boot != i->e->stamp.boot)
            continue;
        at->last = i;
        at->incidents += row.incidents;
        at->kills += row.kills;
        at->pid = 0;
        return;
    }
    vec_push(&p->timeline, row);
}

/* Others tell of a kill within this time. */
#define RETOLD_US 10000000ull

static bool differ(const char *a, const char *b)
{
    return *a && *b && strcmp(a, b) != 0;
}

static bool is_unit(const char *label)
{
    const char *dot = strrchr(label, '.');

    return dot && (strcmp(dot, ".service") == 0 || strcmp(dot, ".scope") == 0);
}

/* Two names of groups can be of one: the kernel has a path, others the name of a unit, pod or
 * container. */
static bool other_group(const struct timeline_row *a, const struct timeline_row *b)
{
    return differ(a->group, b->group) &&
           (strcmp(a->by, b->by) == 0 || (is_unit(a->group) && is_unit(b->group)));
}

/* ... or the same is told of that group with a time, of one moment. */
static bool is_told_with_time(const struct incidents *in, const struct incident *i)
{
    const struct timeline_row row = row_of(i);
    u64 first = UNKNOWN;

    if (!*row.group)
        return false;
    vec_for_each (&in->items, other) {
        const struct timeline_row of = row_of(other);
        u64 at = other->e->stamp.wall_us;

        if (other->e->kind != LOG_OOM_TOLD || !known(at) || strcmp(of.group, row.group) != 0)
            continue;
        if (known(first) && (at > first ? at - first : first - at) > RETOLD_US)
            return false;
        first = at;
    }
    return known(first);
}

/* Somebody says without a time that there was a kill, and the text has one kill by the kernel, of
 * nobody else: that is the one. */
static bool is_told_without_time(const struct incidents *in, const struct incident *i)
{
    const struct timeline_row row = row_of(i);
    const struct incident *kill = NULL;
    unsigned kills = 0;

    vec_for_each (&in->items, other)
        if (other->e->kind == LOG_OOM_KILL) {
            kill = other;
            kills++;
        }
    if (kills == 1) {
        const struct timeline_row of_kill = row_of(kill);

        return kill->kills <= 1 && !differ(row.who, of_kill.who) && !other_group(&row, &of_kill) &&
               (!i->e->pid || !kill->e->pid || i->e->pid == kill->e->pid);
    }
    return is_told_with_time(in, i);
}

static bool is_kill(const struct log_event *e)
{
    return e->kind == LOG_OOM_KILL || e->kind == LOG_KILLED_BY || e->kind == LOG_OOM_TOLD;
}

/* "Main process exited, code=killed, status=9/KILL" follows a kill that is told of that unit or
 * container: so many of one group as it has kills are those. */
static bool is_end_of_kill(const struct incidents *in, const struct incident *i)
{
    const struct timeline_row row = row_of(i);
    unsigned ends = 0;
    u64 kills = 0;

    if (!*row.group)
        return false;
    vec_for_each (&in->items, other) {
        const struct timeline_row of = row_of(other);

        if (strcmp(of.group, row.group) != 0)
            continue;
        ends += other->e->kind == LOG_SIGKILLED;
        kills += is_kill(other->e) ? MAX(other->kills, 1u) : 0;
    }
    return ends <= kills;
}

/* Do systemd, kubelet or containerd tell here of a kill that has a row: at the same moment, and of
 * nobody else? */
static bool is_retold(const struct post_mortem *p, const struct incidents *in,
                      const struct incident *i)
{
    const struct log_event *told = i->e;
    struct timeline_row row = row_of(i);
    u64 at = told->stamp.wall_us;

    if (told->kind == LOG_SIGKILLED && !known(at))
        return is_end_of_kill(in, i);
    if (told->kind != LOG_OOM_TOLD)
        return false;
    if (!known(at))
        return is_told_without_time(in, i);
    vec_for_each (&p->timeline, other) {
        const struct log_event *e = other->last->e;
        u64 then = e->stamp.wall_us;

        if (!is_kill(e) || !known(then) || (at > then ? at - then : then - at) > RETOLD_US)
            continue;
        if (!differ(row.who, other->who) && !other_group(&row, other) &&
            (!told->pid || !e->pid || told->pid == e->pid))
            return true;
    }
    return false;
}

void post_mortem_take(struct post_mortem *p, const struct diagnosis *d)
{
    const struct incidents *in = d->incidents;

    post_mortem_done(p);
    vec_for_each (&d->findings.items, f) {
        if (f->incident < in->items.count) {
            p->main = &in->items.items[f->incident];
            break;
        }
    }
    if (!p->main)
        return;
    oom_account(&p->main->facts, &p->accounting);
    accounting_check(&p->accounting);
    vec_for_each (&in->items, i)
        if (i->e->kind != LOG_MEM_INFO && !is_retold(p, in, i))
            add(p, i, in->items.count > TIMELINE_ROWS);
    if (p->timeline.count > TIMELINE_ROWS) {
        size_t beyond = p->timeline.count - TIMELINE_ROWS;

        /* The last ones are kept. */
        memmove(p->timeline.items, p->timeline.items + beyond,
                TIMELINE_ROWS * sizeof(p->timeline.items[0]));
        p->timeline.count = TIMELINE_ROWS;
        p->left_out = beyond;
    }
}

void post_mortem_done(struct post_mortem *p)
{
    vec_done(&p->accounting.lines);
    vec_done(&p->timeline);
    p->main = NULL;
    p->left_out = 0;
}
