/* rule_swap_thrash.c - anonymous memory goes out to swap and is wanted back. */
#include "diagnose/pain.h"

/* 1 MiB/s of pages in each direction: less is housekeeping on any device. */
#define BUSY_PAGES     256.0
/* What comes back without as much as a quarter going out again is recovery: something old wakes
 * up. */
#define BOTH_WAYS      0.25
/* Where nobody measured lost time: after what hurts, before what only says that little is left. */
#define WEIGHT_UNKNOWN 0.65
/* Of the swap-ins, pages that were evicted recently: the second sign, which does not depend on
 * pressure. */
#define REFAULT_SHARE  0.5

void rule_swap_thrash(struct rule_context *c)
{
    double in = rate(c, PSWPIN), out = rate(c, PSWPOUT);
    const struct pressure *p = &c->f->pain;
    bool refaults = c->f->refaults_anon >= REFAULT_SHARE * in;
    bool inside = pain_is_inside(c->f);
    enum severity severity = pain_severity(p);

    if (!wants_host(c))
        return;
    if (isnan(in) || isnan(out)) {
        if (c->f->swap_used > 0 || !known(c->f->swap_used))
            gap_part(c, "whether swap is thrashing", PART_VMSTAT);
        return;
    }
    if (in < BUSY_PAGES || out < BOTH_WAYS * in)
        return;
    if (!pain_known(p)) {
        gap_part(c, "how much time swapping costs", PART_PRESSURE_MEMORY);
        severity = SEV_WARNING;
    }
    /* Inside one cgroup's limit it is that group's emergency, not the machine's. */
    if (inside)
        severity = MIN(severity, SEV_WARNING);
    if (pain_is_of_a_node(c))
        severity = MIN(severity, SEV_INFO);
    finding_add(c, MAX(severity, SEV_INFO), pain_known(p) && refaults ? CONF_HIGH : CONF_MEDIUM,
                "host",
                inside          ? WEIGHT_INSIDE
                : pain_known(p) ? pain_weight(p)
                                : WEIGHT_UNKNOWN,
                "Swap thrash: %s come back from swap, %s go out", AMOUNT(in, IN_PAGES_PER_S),
                AMOUNT(out, IN_PAGES_PER_S));
    if (pain_is_of_a_node(c))
        finding_detail(c, SAY_NODE_IS_SHORT);
    else if (severity < SEV_WARNING)
        finding_detail(c, "Hardly anybody waits for it: the swap device is fast enough for now.");
    if (inside)
        finding_detail(c, "Most of it happens inside cgroups that are at their own limits.");
    evidence(c, "pswpin", in, IN_PAGES_PER_S, "/proc/vmstat", "over %.0f pages/s", BUSY_PAGES);
    evidence(c, "pswpout", out, IN_PAGES_PER_S, "/proc/vmstat", "over pswpin / 4");
    evidence(c, "workingset_refault_anon", c->f->refaults_anon, IN_PAGES_PER_S, "/proc/vmstat",
             "over pswpin / 2");
    evidence(c, "pgmajfault", rate(c, PGMAJFAULT), IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence_pressure(c, "lost to memory", p, PRESSURE_FILE);
}
