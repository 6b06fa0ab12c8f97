/* rule_thp_compaction.c - faults compact memory themselves to get huge pages. */
#include "diagnose/pain.h"

/* A direct compaction takes from 1 to some 10 ms: fewer than 10 in a second cannot add up to a tenth of the time. */
#define STALLS 10.0

void rule_thp_compaction(struct rule_context *c)
{
    double stalls = rate(c, COMPACT_STALL), fails = rate(c, COMPACT_FAIL),
           good = rate(c, COMPACT_SUCCESS);
    const struct pressure *p = &c->f->pain;
    enum severity severity = pain_severity(p);

    if (!wants_host(c) || !(stalls >= STALLS))
        return;
    bool huge = sum_known(rate(c, THP_FAULT_ALLOC), rate(c, THP_FAULT_FALLBACK)) > 0;

    finding_add(c, MAX(severity, SEV_INFO), pain_known(p) ? CONF_HIGH : CONF_MEDIUM, "host",
                0.85 * pain_weight(p), "Programs stop %s times a second to compact memory for %s",
                AMOUNT(stalls, IN_COUNT), huge ? "huge pages" : "large blocks");
    if (fails > good)
        finding_detail(c, "Most of it is in vain: %s fail.",
                       AMOUNT(100 * fails / (fails + good), IN_PERCENT));
    if (fails > good)
        evidence_shown(c, "compactions that fail", 100 * fails / (fails + good), IN_PERCENT,
                       "/proc/vmstat");
    if (huge && *c->s->thp_defrag)
        finding_detail(c, "transparent_hugepage/defrag is %s.", c->s->thp_defrag);
    evidence(c, "compact_stall", stalls, IN_EVENTS_PER_S, "/proc/vmstat", "over %.0f /s", STALLS);
    evidence(c, "compact_fail", fails, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "compact_success", good, IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "thp_fault_fallback", rate(c, THP_FAULT_FALLBACK), IN_EVENTS_PER_S, "/proc/vmstat",
             "%s", "");
    evidence_pressure(c, "lost to memory", p, PRESSURE_FILE);
}
