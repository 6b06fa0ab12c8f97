/* rule_writeback_congestion.c - reclaim meets dirty pages and waits for the device. */
#include "diagnose/pain.h"

/* Pages that reclaim met while they were being written, a second: 1 MiB, or a tenth of all it
 * looked at. */
#define MET_PAGES 256.0
#define MET_SHARE 0.1

void rule_writeback_congestion(struct rule_context *c)
{
    double met = rate(c, NR_VMSCAN_IMMEDIATE_RECLAIM), throttled = rate(c, NR_THROTTLED_WRITTEN);
    const struct pressure *p = &c->f->pain;
    bool waits = throttled > 0;
    enum severity severity = pain_severity(p);

    if (!wants_host(c) || (isnan(met) && isnan(throttled)))
        return;
    if (!waits && !(met >= MET_PAGES && met >= MET_SHARE * c->f->scanned))
        return;
    if (!pain_known(p))
        severity = waits ? SEV_WARNING : SEV_INFO;
    finding_add(c, MAX(severity, SEV_INFO), waits && pain_known(p) ? CONF_HIGH : CONF_MEDIUM,
                "host", 0.9 * pain_weight(p),
                "Reclaim meets %s that are being written, and has to wait",
                AMOUNT(sum_known(met, 0), IN_PAGES_PER_S));
    if (severity < SEV_WARNING)
        finding_detail(c, "It costs hardly any time so far.");
    evidence(c, "nr_vmscan_immediate_reclaim", met, IN_PAGES_PER_S, "/proc/vmstat",
             "over %.0f pages/s", MET_PAGES);
    evidence(c, "nr_throttled_written", throttled, IN_PAGES_PER_S, "/proc/vmstat", "over 0");
    evidence(c, "Dirty", number_of(c->s->meminfo[MI_DIRTY]), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "Writeback", number_of(c->s->meminfo[MI_WRITEBACK]), IN_BYTES, "/proc/meminfo",
             "%s", "");
    evidence_pressure(c, "lost to memory", p, PRESSURE_FILE);
}
