/* rule_host_oom.c - the kernel killed because the whole machine was out of memory. */
#include "diagnose/oom_case.h"

#include <string.h>

/* For a day somebody may still be looking for what happened. */
#define WARNING_S 86400.0

static bool is_host_kill(const struct log_event *e)
{
    return e->kind == LOG_OOM_KILL && !e->oom_memcg &&
           strcmp(e->constraint, "CONSTRAINT_MEMCG") != 0;
}

/* Kills that the log does not tell but the counters do, less those that cgroups account for. */
static void from_counters(struct rule_context *c)
{
    u64 kills = c->f->oom_kills_seen, in_groups = 0;

    if (!known(kills) || kills == 0)
        return;
    vec_for_each (&c->s->cgroups, g) {
        u64 seen = c->f->groups[g - c->s->cgroups.items].oom_kills_seen;

        /* Without memory.events of the groups it cannot be told whose limit it was. */
        if (g->parent == GROUP_NONE && known(seen))
            in_groups = MAX(in_groups, seen);
        else if (known(seen) && seen)
            in_groups = MAX(in_groups, seen);
    }
    if (kills <= in_groups)
        return;
    finding_add(
        c, SEV_CRITICAL, CONF_MEDIUM, "host", 1, "Out of memory: %s process%s killed just now",
        AMOUNT((double)(kills - in_groups), IN_COUNT), kills - in_groups == 1 ? " was" : "es were");
    evidence(c, "oom_kill", (double)kills, IN_COUNT, "/proc/vmstat",
             "over 0 since the first sample");
}

void rule_host_oom(struct rule_context *c)
{
    const struct log_event *last = NULL;
    unsigned kills = 0;
    double age;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->log, e) {
        if (is_host_kill(e)) {
            kills++;
            last = e;
        }
    }
    if (!last) {
        from_counters(c);
        if (c->s->log.count == 0 && c->s->parts[PART_KERNEL_LOG].state != PART_OK)
            gap_part(c, "whether and whom the OOM killer killed before", PART_KERNEL_LOG);
        return;
    }
    age = oom_age_s(c->s, last);
    finding_add(c, oom_severity(age, WARNING_S), CONF_HIGH, "host", age <= 60 ? 1 : 0.8,
                "Out of memory: the machine killed %s (pid %u)%s%s%s", last->comm, last->pid,
                isnan(age) ? "" : ", ", isnan(age) ? "" : AMOUNT(age, IN_SECONDS),
                isnan(age) ? "" : " ago");
    if (kills > 1)
        finding_detail(c, "The log has %u such kills; this is the last.", kills);
    oom_tell(c, last);
}
