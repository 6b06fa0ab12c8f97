/* rule_pressure.c - time lost waiting for memory, and in which cgroups; a verdict of its own when
 * nothing above explains it. */
#include "diagnose/pain.h"

#include <string.h>

#define TOLD 3

/* The group with the most pressure below `less`, deepest first among equals. */
static const struct cgroup_view *next_worst(struct rule_context *c, double less,
                                            const struct cgroup_view *after)
{
    const struct cgroup_view *best = NULL;
    double most = 0;

    vec_for_each (&c->s->cgroups, g) {
        double some = c->f->groups[g - c->s->cgroups.items].psi[PSI_MEM].some;

        if (g->is_root || !wants_group(c, g) || !(some >= PAIN_NONE_SOME) || g == after)
            continue;
        if (some < less && (some > most || (some == most && best && g->depth > best->depth))) {
            best = g;
            most = some;
        }
    }
    return best;
}

static void tell_worst(struct rule_context *c)
{
    const struct cgroup_view *at = NULL;
    double less = INFINITY;
    struct strbuf text;

    strbuf_init(&text);
    for (unsigned i = 0; i < TOLD && (at = next_worst(c, less, at)); i++) {
        const struct pressure *p = &c->f->groups[at - c->s->cgroups.items].psi[PSI_MEM];

        strbuf_printf(&text, "%s%s %s", i ? ", " : "", at->path, AMOUNT(p->some, IN_PERCENT));
        evidence(c, at->path, p->some, IN_PERCENT, group_file(at, "memory.pressure"), "%s", "");
        less = p->some;
    }
    if (text.len)
        finding_detail(c, "Most in: %s.", text.text);
    strbuf_done(&text);
}

static void tell_host(struct rule_context *c)
{
    const struct pressure *p = &c->f->psi[PSI_MEM];
    enum severity severity = pain_severity(p);

    if (!pain_known(p)) {
        gap_part(c, "how much time is lost waiting for memory", PART_PRESSURE_MEMORY);
        return;
    }
    if (severity == SEV_GOOD)
        return;
    /* Where a cause was named, the pressure is its measure and no second alarm. */
    if (finding_said(c, NR_RULES, SEV_WARNING))
        severity = SEV_INFO;
    finding_add(c, severity, CONF_MEDIUM, "host", 0.1 + 0.5 * pain_weight(p),
                "Programs wait for memory %s of the time", AMOUNT(p->some, IN_PERCENT));
    evidence_pressure(c, "memory pressure", p, PRESSURE_FILE);
    tell_worst(c);
}

/* A group that waits, which no finding is about, nor about one of its children. */
static bool is_unexplained(struct rule_context *c, const struct cgroup_view *g)
{
    size_t len = strlen(g->path);

    vec_for_each (&c->out->items, f) {
        if (f->severity >= SEV_WARNING && strncmp(f->scope, g->path, len) == 0 &&
            (f->scope[len] == '\0' || f->scope[len] == '/'))
            return false;
    }
    return true;
}

void rule_pressure(struct rule_context *c)
{
    if (wants_host(c))
        tell_host(c);
    /* Children come after their parents: going backwards, the level where it happens is told
     * first. */
    for (size_t i = c->s->cgroups.count; i-- > 0;) {
        const struct cgroup_view *g = &c->s->cgroups.items[i];
        const struct pressure *p = &c->f->groups[i].psi[PSI_MEM];
        enum severity severity = pain_group_severity(p);

        if (g->is_root || severity < SEV_WARNING || !wants_group(c, g) || !is_unexplained(c, g))
            continue;
        /* Without a limit of its own it waits for what the machine lacks, which is said. */
        if (finding_said_of(c, "host", SEV_WARNING) && !group_is_limited(c->s, c->f, (u32)i))
            continue;
        finding_add(c, MIN(severity, SEV_WARNING), CONF_MEDIUM, g->path, 0.5 * pain_weight(p),
                    "%s waits for memory %s of the time", group_said(c, g),
                    AMOUNT(p->some, IN_PERCENT));
        evidence_pressure(c, "memory.pressure", p, group_file(g, "memory.pressure"));
    }
}
