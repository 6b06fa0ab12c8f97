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

/* Kills in cgroups that were seen, or (in all) of which the groups tell. A parent of cgroup v2 counts those of its children, one of v1 its own
 * only. */
static u64 kills_in_groups(const struct rule_context *c, bool in_all)
{
    u64 kills = 0;

    vec_for_each (&c->s->cgroups, g) {
        u64 seen =
            in_all ? g->events[EV_OOM_KILL] : c->f->groups[g - c->s->cgroups.items].oom_kills_seen;

        /* The root has no memory.events: its children stand for it. */
        if (known(seen) &&
            (g->version == 1 || g->parent == GROUP_NONE || c->s->cgroups.items[g->parent].is_root))
            kills += seen;
    }
    return kills;
}

/* Kills that no log tells, and no cgroup accounts for. */
static void from_counters(struct rule_context *c)
{
    u64 seen = c->f->oom_kills_seen, all = c->s->vmstat[OOM_KILL];

    if (known(seen) && seen > kills_in_groups(c, false)) {
        finding_add(c, SEV_CRITICAL, CONF_MEDIUM, "host", 1, "Out of memory: %s killed just now",
                    seen == 1 ? "a process was" : "processes were");
        evidence(c, "oom_kill", (double)seen, IN_COUNT, "/proc/vmstat", "over 0, all samples");
    } else if (known(all) && all > kills_in_groups(c, true)) {
        finding_add(c, SEV_INFO, CONF_LOW, "host", 0.3,
                    "The OOM killer has killed since boot; when, is not known here");
        evidence(c, "oom_kill", (double)all, IN_COUNT, "/proc/vmstat", "over 0");
    }
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
                age >= 1 ? ", " : "", age >= 1 ? AMOUNT(age, IN_SECONDS) : "",
                age >= 1 ? " ago" : "");
    if (kills > 1)
        finding_detail(c, "The log has %u such kills; this is the last.", kills);
    oom_tell(c, last);
}
