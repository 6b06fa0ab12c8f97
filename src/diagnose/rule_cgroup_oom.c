/* rule_cgroup_oom.c - the limit of one cgroup killed: which level's, what filled it, whom, and why
 * that one. */
#include "diagnose/left.h"
#include "diagnose/oom_tell.h"

#include <string.h>

/* Containers are restarted at once: after an hour the kill is history. */
#define WARNING_S     3600.0
/* A count of kills without a log, of a paste: before what only says that little is left. */
#define WEIGHT_KILLED 0.65

static const char *level_of(const struct incident *i)
{
    return i->e->oom_memcg ? i->e->oom_memcg
           : i->facts.told ? i->facts.told->task_memcg
                           : "a cgroup that the log does not name";
}

static bool at_level(const struct incident *i, const char *level)
{
    return incident_of_group(i) && strcmp(level_of(i), level) == 0;
}

/* The text has a report that says more than who was killed. */
static bool tells_cause(const struct incident *i)
{
    return i->ruling.cause != CAUSE_UNTOLD && i->ruling.cause != CAUSE_LIMIT;
}

/* A cause is more than who was killed, and that more than that somebody was to be. */
static int tells_much(const struct incident *i)
{
    return tells_cause(i) ? 2 : *i->e->comm || i->e->pid;
}

/* One finding a limit: an incident that tells more before one that tells less, the last of
 * those. */
static bool stands_for_level(const struct rule_context *c, const struct incident *i)
{
    const struct incident *end = c->incidents->items.items + c->incidents->items.count;
    bool timed = true;

    for (const struct incident *at = c->incidents->items.items; at < end; at++)
        timed &= !at_level(at, level_of(i)) || incident_is_timed(at);
    for (const struct incident *at = c->incidents->items.items; at < end; at++) {
        if (at == i || !at_level(at, level_of(i)))
            continue;
        if (tells_much(at) != tells_much(i) ? tells_much(at) > tells_much(i)
                                            : incident_comes_before(at, i, timed))
            return false;
    }
    return true;
}

static void tell(struct rule_context *c, const struct incident *i)
{
    u64 incidents = 0, kills = 0;

    vec_for_each (&c->incidents->items, at) {
        if (at_level(at, level_of(i))) {
            incidents++;
            kills += at->kills;
        }
    }
    oom_tell(c, i, level_of(i), oom_severity(i->age_s, WARNING_S),
             i->age_s <= 60                         ? 1
             : incident_is_history(c->incidents, i) ? 0.6
                                                    : 0.8);
    oom_tell_others(c, i, incidents, kills);
}

/* Groups whose counters moved while nobody could read the log. */
static void from_counters(struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];
        bool own = known(g->events_local[EV_OOM]) ? gf->event_delta[EV_LOCAL(EV_OOM)] != 0
                                                  : known(g->max) && g->max < NO_LIMIT;

        if (!wants_group(c, g) || g->is_root || !known(gf->oom_kills_seen) ||
            gf->oom_kills_seen == 0 || !own || finding_said_of(c, g->path, SEV_INFO))
            continue;
        finding_add(c, SEV_CRITICAL, CONF_HIGH, g->path, 1,
                    "OOM kill in a cgroup: %s process%s killed at the limit of %s",
                    AMOUNT((double)gf->oom_kills_seen, IN_COUNT),
                    gf->oom_kills_seen == 1 ? " was" : "es were", g->path);
        if (known(g->max) && g->max < NO_LIMIT)
            finding_detail(c, "Its memory.max is %s.", SIZE(g->max));
        if (known(g->max) && g->max < NO_LIMIT)
            evidence_shown(c, "memory.max", number_of(g->max), IN_BYTES,
                           group_file(g, "memory.max"));
        evidence(c, "oom_kill", (double)gf->oom_kills_seen, IN_COUNT,
                 group_file(g, "memory.events"), "over 0, all samples");
    }
}

/* One sample and no log: something was killed here since the group was made. */
static void from_totals(struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g) {
        if (!wants_group(c, g) || g->is_root || !known(g->events[EV_OOM_KILL]) ||
            g->events[EV_OOM_KILL] == 0 || !known(g->max) || g->max >= NO_LIMIT ||
            finding_said_of(c, g->path, SEV_INFO))
            continue;
        finding_add(c, c->s->pasted && left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO, CONF_LOW,
                    g->path, c->s->pasted ? WEIGHT_KILLED : 0.3,
                    "%s has had OOM kills; when, is not known here", g->path);
        if (c->s->pasted)
            finding_title(
                c, "The kernel has killed %s at the limit of %s (%s); when, is not in this text",
                TIMES(g->events[EV_OOM_KILL]),
                strcmp(g->path, "/") == 0 ? "this container" : g->path, SIZE(g->max));
        evidence_shown(c, "memory.max", number_of(g->max), IN_BYTES, group_file(g, "memory.max"));
        evidence(c, "oom_kill", (double)g->events[EV_OOM_KILL], IN_COUNT,
                 group_file(g, "memory.events"), "over 0");
    }
}

/* A report that lost the name of its group, in a log that has others: another look at one of
 * those. */
static bool adds_nothing(const struct rule_context *c, const struct incident *i)
{
    if (i->e->oom_memcg || i->kills || known(i->e->limit))
        return false;
    vec_for_each (&c->incidents->items, at)
        if (incident_of_group(at) && at->e->oom_memcg)
            return true;
    return false;
}

void rule_cgroup_oom(struct rule_context *c)
{
    vec_for_each (&c->incidents->items, i) {
        if (incident_of_group(i) && !adds_nothing(c, i) &&
            (!i->e->oom_memcg || wants_path(c, i->e->oom_memcg)) && stands_for_level(c, i))
            tell(c, i);
    }
    from_counters(c);
    if (c->s->log.count == 0 && c->s->parts[PART_KERNEL_LOG].state != PART_OK)
        from_totals(c);
}
