/* rule_memory_high_throttling.c - a cgroup over memory.high reclaims and sleeps. */
#include "diagnose/pain.h"

/* A percent below it is at it: reclaim goes a little below. */
#define AT_HIGH   99.0
/* So far beyond it only a group gets that is slowed down all the time. */
#define OVER_HIGH 101.0

static void tell(struct rule_context *c, const struct cgroup_view *g,
                 const struct group_figures *gf)
{
    const struct pressure *p = &gf->psi[PSI_MEM];
    enum severity severity = pain_known(p) ? pain_group_severity(p) : SEV_INFO;
    u64 swap = swap_room_of(c->s, g);
    bool over = known(gf->firm) && gf->firm > g->high;
    /* What swap has room for can still be taken from it. */
    bool hopeless = over && (!known(swap) || swap < gf->firm - g->high);

    /* Nobody is that far beyond it for nothing, where no figure says how much time it costs. */
    if (!pain_known(p) && share_of(g->current, g->high) >= OVER_HIGH)
        severity = SEV_WARNING;
    finding_add(c, MAX(severity, SEV_INFO), pain_known(p) ? CONF_HIGH : CONF_MEDIUM, g->path,
                pain_weight(p), "%s is slowed down by memory.high, %s", group_said(c, g),
                SIZE(g->high));
    if (hopeless)
        finding_detail(c,
                       "%s of it cannot be reclaimed%s, more than memory.high: it will stay slow.",
                       SIZE(gf->firm),
                       !known(swap) ? " without swap"
                       : swap       ? ", and swap has no room for so much"
                                    : ", and there is no room in swap");
    else if (over) {
        finding_detail(c, "%s of it is no cache, more than memory.high; swap has %s free for it.",
                       SIZE(gf->firm), SIZE(swap));
        evidence_shown(c, "swap free for it", number_of(swap), IN_BYTES,
                       "/proc/meminfo, memory.swap.max");
    } else if (severity < SEV_WARNING)
        finding_detail(c, "Only disposable cache is trimmed; hardly any time is lost.");
    evidence(c, "memory.events high", gf->event_rate[EV_HIGH], IN_EVENTS_PER_S,
             group_file(g, "memory.events"), "over 0");
    evidence(c, "memory.current", number_of(g->current), IN_BYTES, group_file(g, "memory.current"),
             "at %s", SIZE(g->high));
    evidence(c, "not reclaimable, without swap", number_of(gf->firm), IN_BYTES,
             group_file(g, "memory.stat"), "%s", "");
    evidence_pressure(c, "memory.pressure", p, group_file(g, "memory.pressure"));
}

/* Of one look there are totals alone: the limit was met, it is stood at, and somebody waits. */
static bool stands_at(const struct rule_context *c, const struct cgroup_view *g,
                      const struct group_figures *gf)
{
    double share = share_of(g->current, g->high);

    if (c->s->pasted && share >= OVER_HIGH)
        return true;
    return c->s->pasted && isnan(gf->event_rate[EV_HIGH]) && known(g->events[EV_HIGH]) &&
           g->events[EV_HIGH] > 0 && share_of(g->current, g->high) >= AT_HIGH &&
           gf->psi[PSI_MEM].some >= PAIN_NONE_SOME;
}

void rule_memory_high_throttling(struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];

        /* memory.events counts those below too: the level that throttles is the one with a
         * memory.high that is met. */
        if (wants_group(c, g) && known(g->high) && g->high < NO_LIMIT &&
            ((gf->event_rate[EV_HIGH] > 0 && group_at_own_limit(g, gf)) || stands_at(c, g, gf)))
            tell(c, g, gf);
    }
}
