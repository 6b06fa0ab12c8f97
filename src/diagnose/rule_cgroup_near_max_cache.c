/* rule_cgroup_near_max_cache.c - a cgroup at its limit that is filled with disposable cache. */
#include "diagnose/pain.h"

#define NEAR_PERCENT 90.0 /* of the limit, in use */
#define FIRM_PERCENT 60.0 /* of the limit, that could not be dropped */
#define REFAULTS     10.0 /* pages/s: less is chance */

void rule_cgroup_near_max_cache(struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];
        const struct pressure *p = &gf->psi[PSI_MEM];
        double used = share_of(g->current, g->max), firm = share_of(gf->firm_most, g->max);

        if (!wants_group(c, g) || !known(g->max) || g->max >= NO_LIMIT || !(used >= NEAR_PERCENT) ||
            !(firm <= FIRM_PERCENT))
            continue;
        if (p->some >= PAIN_NONE_SOME || gf->refaults >= REFAULTS ||
            finding_said_of(c, g->path, SEV_WARNING))
            continue;
        finding_add(c, SEV_GOOD, pain_known(p) && !isnan(gf->refaults) ? CONF_HIGH : CONF_MEDIUM,
                    g->path, 0.8, "%s uses %s of its limit, %s of that is cache it can lose",
                    group_said(c, g), AMOUNT(used, IN_PERCENT), SIZE(gf->cache));
        evidence(c, "memory.current", used, IN_PERCENT, group_file(g, "memory.current"),
                 "over %.0f %% of the limit", NEAR_PERCENT);
        evidence_shown(c, "cache that it can lose", number_of(gf->cache), IN_BYTES,
                       group_file(g, "memory.stat"));
        evidence(c, "not reclaimable, without swap", firm, IN_PERCENT, group_file(g, "memory.stat"),
                 "under %.0f %% of the limit", FIRM_PERCENT);
        evidence(c, "refaults", gf->refaults, IN_PAGES_PER_S, group_file(g, "memory.stat"),
                 "under %.0f pages/s", REFAULTS);
        evidence(c, "memory.pressure, some", p->some, IN_PERCENT, group_file(g, "memory.pressure"),
                 "under %.0f %%", PAIN_NONE_SOME);
    }
}
