/* rule_direct_reclaim.c - tasks reclaim for themselves because kswapd does not keep up. */
#include "diagnose/pain.h"

/* Without pressure figures: even at 1 ms each a tenth of the time. */
#define STALLS_BLIND 100.0

/* A page in 4 KiB, and about a microsecond to look at each: from here on a CPU is busy with it for a tenth of the time. */
#define SCANS_MANY  100000.0
#define STEALS_POOR 30.0 /* percent of what is looked at */

/* sar -B has what programs scanned themselves, and not how often they stopped. */
static void tell_scans(struct rule_context *c)
{
    double scans = rate(c, PGSCAN_DIRECT), all = scans + rate(c, PGSCAN_KSWAPD),
           found = 100 * rate(c, PGSTEAL_KSWAPD) / all;

    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", 0.7,
                "Programs reclaim memory themselves: they look at %s",
                AMOUNT(scans, IN_PAGES_PER_S));
    if (found < STEALS_POOR)
        finding_detail(c, "Of what they and kswapd look at %s can be had: nearly all is in use.",
                       AMOUNT(found, IN_PERCENT));
    evidence(c, "pgscan_direct", scans, IN_PAGES_PER_S, "/proc/vmstat", "over %.0f", SCANS_MANY);
    evidence(c, "reclaimed of scanned", found, IN_PERCENT, "/proc/vmstat", "under %.0f %%",
             STEALS_POOR);
    evidence(c, "pgmajfault", rate(c, PGMAJFAULT), IN_EVENTS_PER_S, "/proc/vmstat", "%s", "");
}

void rule_direct_reclaim(struct rule_context *c)
{
    const struct figures *f = c->f;
    const struct pressure *p = &f->pain;
    enum severity severity = pain_severity(p);

    if (!wants_host(c))
        return;
    if (isnan(f->allocstall) && rate(c, PGSCAN_DIRECT) >= SCANS_MANY) {
        tell_scans(c);
        return;
    }
    if (isnan(f->allocstall)) {
        gap_part(c, "whether programs have to reclaim memory themselves", PART_VMSTAT);
        return;
    }
    if (f->allocstall < ALLOCSTALLS_MANY)
        return;
    /* Who thrashes reclaims all the time: the thrash is the cause, and its pain is not counted twice. */
    if (severity > SEV_INFO && (finding_said(c, RULE_SWAP_THRASH, SEV_WARNING) ||
                                finding_said(c, RULE_FILE_THRASH, SEV_WARNING)))
        severity = SEV_INFO;
    if (!pain_known(p))
        severity = f->allocstall >= STALLS_BLIND ? SEV_WARNING : SEV_INFO;
    finding_add(c, MAX(severity, SEV_INFO), pain_known(p) ? CONF_HIGH : CONF_MEDIUM, "host",
                0.8 * pain_weight(p),
                "Programs stop %s times a second to reclaim memory themselves",
                AMOUNT(f->allocstall, IN_COUNT));
    if (pain_severity(p) < SEV_WARNING)
        finding_detail(c, "It costs hardly any time so far.");
    evidence(c, "allocstall", f->allocstall, IN_EVENTS_PER_S, "/proc/vmstat", "over %.0f /s",
             ALLOCSTALLS_MANY);
    evidence(c, "pgsteal_direct", rate(c, PGSTEAL_DIRECT), IN_PAGES_PER_S, "/proc/vmstat", "%s",
             "");
    evidence(c, "pgsteal_kswapd", rate(c, PGSTEAL_KSWAPD), IN_PAGES_PER_S, "/proc/vmstat", "%s",
             "");
    evidence(c, "reclaimed of scanned", f->efficiency, IN_PERCENT, "/proc/vmstat", "%s", "");
    evidence_pressure(c, "lost to memory", p, PRESSURE_FILE);
}
