/* rule_cgroup_oom.c - the limit of one cgroup killed: which level's, whom, and why that one. */
#include "diagnose/oom_case.h"

#include <string.h>

/* Containers are restarted at once: after an hour the kill is history. */
#define WARNING_S  3600.0
/* Kills of one group within the log's last minutes that make it a loop. */
#define LOOP_KILLS 3

static bool is_group_kill(const struct log_event *e)
{
    return e->kind == LOG_OOM_KILL &&
           (e->oom_memcg || strcmp(e->constraint, "CONSTRAINT_MEMCG") == 0);
}

static const char *level_of(const struct log_event *e)
{
    return e->oom_memcg ? e->oom_memcg : "a cgroup that the log does not name";
}

static unsigned count_kills(const struct snapshot *s, const char *level)
{
    unsigned kills = 0;

    vec_for_each (&s->log, e)
        kills += is_group_kill(e) && strcmp(level_of(e), level) == 0;
    return kills;
}

static bool told_later(const struct snapshot *s, const struct log_event *e)
{
    for (const struct log_event *at = e + 1; at < s->log.items + s->log.count; at++) {
        if (is_group_kill(at) && strcmp(level_of(at), level_of(e)) == 0)
            return true;
    }
    return false;
}

static void tell(struct rule_context *c, const struct log_event *e)
{
    double age = oom_age_s(c->s, e);
    unsigned kills = count_kills(c->s, level_of(e));

    finding_add(c, oom_severity(age, WARNING_S), CONF_HIGH, level_of(e), age <= 60 ? 1 : 0.8,
                "OOM kill in a cgroup: the limit of %s%s%s%s killed %s (pid %u)", level_of(e),
                known(e->limit) ? " (" : "", known(e->limit) ? SIZE(e->limit) : "",
                known(e->limit) ? ")" : "", e->comm, e->pid);
    if (known(c->f->available) && known(c->f->total))
        finding_detail(c, "The node has %s of %s available: it is this limit, not the machine.",
                       SIZE(c->f->available), SIZE(c->f->total));
    if (e->task_memcg && e->oom_memcg && strcmp(e->task_memcg, e->oom_memcg) != 0)
        finding_detail(c,
                       "The victim ran in %s; the limit that was hit is that of a level above it.",
                       e->task_memcg);
    if (kills > 1)
        finding_detail(c, "This limit killed %u times in the log%s.", kills,
                       kills >= LOOP_KILLS ? ": it kills again and again" : "");
    oom_tell(c, e);
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
        finding_add(c, SEV_INFO, CONF_LOW, g->path, 0.3,
                    "%s has had OOM kills; when, is not known here", g->path);
        evidence(c, "oom_kill", (double)g->events[EV_OOM_KILL], IN_COUNT,
                 group_file(g, "memory.events"), "over 0");
    }
}

void rule_cgroup_oom(struct rule_context *c)
{
    vec_for_each (&c->s->log, e) {
        if (is_group_kill(e) && !told_later(c->s, e) &&
            (!e->oom_memcg || wants_path(c, e->oom_memcg)))
            tell(c, e);
    }
    from_counters(c);
    if (c->s->log.count == 0 && c->s->parts[PART_KERNEL_LOG].state != PART_OK)
        from_totals(c);
}
