/* rule_file_thrash.c - file pages are evicted and read again: the working set does not fit into the
 * page cache. */
#include "diagnose/pain.h"

/* 1 MiB/s of pages that had just been there. */
#define BUSY_PAGES       256.0
/* Without pressure figures: what a disk with 100 random reads a second, of 8 pages each, cannot
 * hide. */
#define BUSY_PAGES_BLIND 800.0

void rule_file_thrash(struct rule_context *c)
{
    const struct figures *f = c->f;
    const struct pressure *p = &f->pain;
    double refaults = f->refaults_file;
    bool inside = pain_is_inside(f);
    double wanted = rate(c, WORKINGSET_ACTIVATE_FILE);
    enum severity severity = pain_severity(p);

    if (!wants_host(c))
        return;
    if (isnan(refaults)) {
        gap_part(c, "whether evicted file pages are wanted again", PART_VMSTAT);
        return;
    }
    if (refaults < BUSY_PAGES)
        return;
    if (!pain_known(p)) {
        gap_part(c, "how much time refaults cost", PART_PRESSURE_MEMORY);
        severity = refaults >= BUSY_PAGES_BLIND ? SEV_WARNING : SEV_INFO;
    }
    if (inside)
        severity = MIN(severity, SEV_WARNING);
    if (pain_is_of_a_node(c))
        severity = MIN(severity, SEV_INFO);
    if (f->refaults_wanted < BUSY_PAGES) /* the pressure is of something else */
        severity = MIN(severity, SEV_INFO);
    finding_add(c, MAX(severity, SEV_INFO),
                pain_known(p) && wanted > refaults / 4 ? CONF_HIGH : CONF_MEDIUM, "host",
                inside ? WEIGHT_INSIDE : pain_weight(p),
                "Page-cache thrash: %s are read again soon after eviction",
                AMOUNT(refaults, IN_PAGES_PER_S));
    if (f->refaults_wanted < BUSY_PAGES)
        finding_detail(c, "No page of it would have stayed: more is read than memory could hold.");
    else if (pain_is_of_a_node(c))
        finding_detail(c, SAY_NODE_IS_SHORT);
    else if (severity < SEV_WARNING)
        finding_detail(c, "Hardly anybody waits for it so far.");
    if (inside)
        finding_detail(c, "Most of it happens inside cgroups that are at their own limits.");
    if (known(f->swap_total) && f->swap_total == 0 && !f->beside_free)
        finding_detail(
            c, "There is no swap: only the cache can give way to %s of anonymous memory.",
            known(c->s->meminfo[MI_ANON_PAGES]) ? SIZE(c->s->meminfo[MI_ANON_PAGES]) : "all");
    evidence(c, "workingset_refault_file", refaults, IN_PAGES_PER_S, "/proc/vmstat",
             "over %.0f pages/s", BUSY_PAGES);
    evidence(c, "workingset_activate_file", wanted, IN_PAGES_PER_S, "/proc/vmstat", "%s", "");
    evidence_shown(c, "anonymous memory", number_of(c->s->meminfo[MI_ANON_PAGES]), IN_BYTES,
                   "/proc/meminfo");
    evidence(c, "pswpin", rate(c, PSWPIN), IN_PAGES_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "reads of evicted pages", f->memory_read_share, IN_PERCENT, "/proc/diskstats", "%s",
             "");
    evidence_pressure(c, "lost to memory", p, PRESSURE_FILE);
}
