/* rule_pressure_wrong.c - pressure that the kernel's own counters contradict (figures.c finds it,
 * and no other rule takes it for pressure). */
#include "diagnose/rule.h"

static void tell(struct rule_context *c, const char *scope, const char *who,
                 const struct pressure *p, const char *where)
{
    bool still = p->wrong == PRESSURE_STANDS;

    finding_add(
        c, SEV_INFO, CONF_MEDIUM, scope, 0.4,
        still ? "The memory pressure of %s stands at %s and its total does not move: a fault of "
                "the kernel, not a lack of memory"
              : "The memory pressure of %s is %s, while nothing is reclaimed or comes back: a "
                "fault of the kernel, not a lack of memory",
        who, AMOUNT(p->wrong_some, IN_PERCENT));
    evidence(c, "memory pressure, some", p->wrong_some, IN_PERCENT, where, "%s", "");
    evidence(c, "of the interval", p->some_share, IN_PERCENT, where, "%s", "");
    evidence(c, "scanned by reclaim", c->f->scanned, IN_PAGES_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "refaults", sum_known(c->f->refaults_file, c->f->refaults_anon), IN_PAGES_PER_S,
             "/proc/vmstat", "%s", "");
    evidence(c, "allocstall", c->f->allocstall, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
}

void rule_pressure_wrong(struct rule_context *c)
{
    if (wants_host(c) && c->f->psi[PSI_MEM].wrong)
        tell(c, "host", "the machine", &c->f->psi[PSI_MEM], "/proc/pressure/memory");
    vec_for_each (&c->s->cgroups, g) {
        const struct pressure *p = &c->f->groups[g - c->s->cgroups.items].psi[PSI_MEM];

        if (p->wrong && !g->is_root && wants_group(c, g))
            tell(c, g->path, group_said(c, g), p, group_file(g, "memory.pressure"));
    }
}
