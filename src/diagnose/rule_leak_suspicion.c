/* rule_leak_suspicion.c - growth without a plateau, whose it is, and when it reaches the limit.
 *
 * The group with the growth is named, not all above it: a parent whose growth is that of one child
 * is left out. */
#include "diagnose/rule.h"

#include <stdio.h>
#include <string.h>

/* Shorter than half a minute, or with fewer points, any start of a program looks like a leak. */
#define SPAN_MIN_S    30.0
#define POINTS_MIN    6
/* Nearly every step goes up, and the second half grows at least half as fast as the first. */
#define RISING        0.9
#define LATE_EARLY    0.5
/* Less than a twentieth of what was there, or than 8 MiB, is breathing. */
#define GROWN_SHARE   0.05
#define GROWN_MIN     (8 * MIB)
/* Further away than a day a straight line says nothing; nearer than an hour somebody should look
 * now. */
#define FAR_S         86400.0
#define NEAR_S        3600.0
/* A line may be drawn on to ten times its length: what half a minute shows is no forecast for an
 * hour. */
#define EXTENDS       10.0
/* From ten minutes on start-up phases are over; an hour speaks for itself. */
#define SPAN_MEDIUM_S 600.0
#define SPAN_HIGH_S   3600.0
/* A child that has this much of a parent's slope explains it. */
#define EXPLAINS      0.7

static bool is_leak(const struct trend *t, struct growth *g)
{
    return trend_growth(t, g) && g->points >= POINTS_MIN && g->seconds >= SPAN_MIN_S &&
           g->rising >= RISING && g->late_to_early >= LATE_EARLY && g->to >= g->from + GROWN_MIN &&
           (double)(g->to - g->from) >= GROWN_SHARE * (double)g->from;
}

/* The process in the group (GROUP_NONE: any) that grows most, told after the finding. */
static void tell_process(struct rule_context *c, u32 group, double slope)
{
    const struct process_view *best = NULL;
    struct growth g, best_growth = {0};

    vec_for_each (&c->s->processes, p) {
        const struct process_history *h = history_process(c->history, p->pid, p->start_ticks);

        if (h && h->anon && (group == GROUP_NONE || p->group == group) &&
            trend_growth(h->anon, &g) && g.per_s > best_growth.per_s) {
            best = p;
            best_growth = g;
        }
    }
    if (!best || best_growth.per_s < slope / 2)
        return;
    finding_detail(c, "The process that grows is %s (pid %u): %s.", best->comm, best->pid,
                   AMOUNT(best_growth.per_s, IN_BYTES_PER_S));
    evidence_process(c, best, best_growth.per_s, IN_BYTES_PER_S, "status");
}

static void tell(struct rule_context *c, const char *scope, const char *what,
                 const struct growth *g, double room, const char *where, u32 group)
{
    double left_s = room / g->per_s;
    bool near = left_s <= NEAR_S && left_s <= EXTENDS * g->seconds;
    enum confidence confidence = g->seconds >= SPAN_HIGH_S     ? CONF_HIGH
                                 : g->seconds >= SPAN_MEDIUM_S ? CONF_MEDIUM
                                                               : CONF_LOW;

    finding_add(c, near ? SEV_WARNING : SEV_INFO, confidence, scope, near ? 0.5 : 0.2,
                "%s of %s grows by %s without a pause", what,
                strcmp(scope, "host") == 0 ? "the machine" : scope,
                AMOUNT(g->per_s, IN_BYTES_PER_S));
    if (left_s <= FAR_S)
        finding_detail(c, "At this rate it reaches the end in %s.", AMOUNT(left_s, IN_SECONDS));
    tell_process(c, group, g->per_s);
    evidence_shown(c, "time left at this rate", left_s, IN_SECONDS, where);
    evidence(c, "growth", g->per_s, IN_BYTES_PER_S, where, "%s", "");
    evidence(c, "from", (double)g->from, IN_BYTES, where, "%s", "");
    evidence(c, "to", (double)g->to, IN_BYTES, where, "%s", "");
    evidence(c, "observed for", g->seconds, IN_SECONDS, where, "over %.0f s", SPAN_MIN_S);
    evidence(c, "steps that went up", 100 * g->rising, IN_PERCENT, where, "over %.0f %%",
             100 * RISING);
    evidence(c, "second half against first", g->late_to_early, IN_TIMES, where, "over %.1f",
             LATE_EARLY);
}

static bool child_explains(struct rule_context *c, u32 index, double slope)
{
    vec_for_each (&c->s->cgroups, child) {
        const struct group_history *h = history_group(c->history, child->path);
        struct growth g;

        if (child->parent == index && h && trend_growth(&h->anon, &g) &&
            g.per_s >= EXPLAINS * slope)
            return true;
    }
    return false;
}

static bool tell_groups(struct rule_context *c)
{
    bool told = false;

    vec_for_each (&c->s->cgroups, g) {
        u32 index = (u32)(g - c->s->cgroups.items);
        const struct group_figures *gf = &c->f->groups[index];
        const struct group_history *h = history_group(c->history, g->path);
        u64 end = known(gf->limit) && gf->limit < NO_LIMIT ? gf->limit : UNKNOWN;
        double room =
            number_of(known(end) ? (end > figure_or(gf->firm, 0) ? end - figure_or(gf->firm, 0) : 0)
                                 : c->f->available);
        struct growth growth;

        if (g->is_root || !wants_group(c, g) || !h || !is_leak(&h->anon, &growth) ||
            child_explains(c, index, growth.per_s))
            continue;
        tell(c, g->path, "Anonymous memory", &growth, room, group_file(g, "memory.stat"), index);
        told = true;
    }
    return told;
}

void rule_leak_suspicion(struct rule_context *c)
{
    double room = number_of(c->f->available);
    struct growth g;
    bool told = tell_groups(c);

    if (!wants_host(c))
        return;
    if (c->history->snapshots >= 2 &&
        (double)(c->history->last_at - c->history->first_at) / 1e9 < SPAN_MIN_S)
        gap_add(c, "whether something leaks", "it takes %.0f s of observation or more", SPAN_MIN_S);
    else if (c->history->snapshots < 2)
        gap_add(c, "whether something leaks", "slopes need many samples, and this is one");
    if (!told && is_leak(&c->history->anon, &g))
        tell(c, "host", "Anonymous memory", &g, room, "/proc/meminfo", GROUP_NONE);
    if (is_leak(&c->history->sunreclaim, &g))
        tell(c, "host", "Unreclaimable kernel memory", &g, room, "/proc/meminfo", GROUP_NONE);
}
