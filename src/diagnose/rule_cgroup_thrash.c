/* rule_cgroup_thrash.c - a cgroup reclaims at its own limit what it needs again. */
#include "diagnose/pain.h"

/* 100 pages a second that had just been there: each may be a wait for the device. */
#define BUSY_PAGES       100.0
/* Without pressure figures of the group: what would keep a disk with 100 random reads a second busy. */
#define BUSY_PAGES_BLIND 800.0

static void tell(struct rule_context *c, const struct cgroup_view *g,
                 const struct group_figures *gf, enum severity severity)
{
    const struct pressure *p = &gf->pain;
    double anon = gf->rate[GC_WORKINGSET_REFAULT_ANON], file = gf->rate[GC_WORKINGSET_REFAULT_FILE];
    bool hits = gf->event_rate[EV_MAX] > 0 || gf->event_rate[EV_HIGH] > 0;

    finding_add(c, severity, pain_known(p) && hits ? CONF_HIGH : CONF_MEDIUM, g->path,
                pain_weight(p), "%s thrashes at its limit: %s are wanted again", g->path,
                AMOUNT(gf->refaults, IN_PAGES_PER_S));
    finding_detail(c, anon > file ? "Most of them come back from swap."
                                  : "Most of them are file pages, read again.");
    if (known(g->max) && g->max < NO_LIMIT && known(g->current))
        finding_detail(c, "It stands at %s of %s; the node has %s available.", SIZE(g->current),
                       SIZE(g->max),
                       known(c->f->available) ? LEFT_SIZE(c->f) : "an unknown amount");
    evidence(c, "workingset_refault_file", file, IN_PAGES_PER_S, group_file(g, "memory.stat"), "%s",
             "");
    evidence(c, "workingset_refault_anon", anon, IN_PAGES_PER_S, group_file(g, "memory.stat"), "%s",
             "");
    evidence(c, "refaults", gf->refaults, IN_PAGES_PER_S, group_file(g, "memory.stat"),
             "over %.0f pages/s", BUSY_PAGES);
    evidence_shown(c, "memory.current", number_of(g->current), IN_BYTES,
                   group_file(g, "memory.current"));
    evidence_shown(c, "memory.max", known(g->max) && g->max < NO_LIMIT ? number_of(g->max) : NAN,
                   IN_BYTES, group_file(g, "memory.max"));
    evidence_shown(c, "MemAvailable of the node", number_of(c->f->available), IN_BYTES,
                   "/proc/meminfo");
    evidence(c, "pgmajfault", gf->rate[GC_PGMAJFAULT], IN_EVENTS_PER_S,
             group_file(g, "memory.stat"), "%s", "");
    evidence(c, "limit reached (max)", gf->event_rate[EV_MAX], IN_EVENTS_PER_S,
             group_file(g, g->version == 1 ? "memory.failcnt" : "memory.events"), "over 0");
    evidence_pressure(c, "lost to memory", p, group_file(g, "memory.pressure"));
}

void rule_cgroup_thrash(struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];
        enum severity severity = pain_group_severity(&gf->pain);

        if (!wants_group(c, g) || !group_at_own_limit(g, gf) || !(gf->refaults >= BUSY_PAGES))
            continue;
        if (!pain_known(&gf->pain))
            severity = gf->refaults >= BUSY_PAGES_BLIND ? SEV_WARNING : SEV_INFO;
        tell(c, g, gf, MAX(severity, SEV_INFO));
    }
}
