/* rule_direct_reclaim.c - tasks reclaim for themselves because kswapd does not keep up. */
#include "diagnose/pain.h"

/* Without pressure figures: even at 1 ms each a tenth of the time. */
#define STALLS_BLIND 100.0

/* A page in 4 KiB, and about a microsecond to look at each: from here on a CPU is busy with it for
 * a tenth of the time. */
#define SCANS_MANY  100000.0
#define STEALS_POOR 30.0 /* percent of what is looked at */
/* Fewer scans hurt where hardly a page is found and programs wait for the disk meanwhile: 100 reads
 * a second are all that a spindle does. */
#define SCANS_VAIN  10000.0
#define READS_MANY  100.0

/* sar -B has what programs scanned themselves, and not how often they stopped. */
static double scans_found(const struct rule_context *c)
{
    return 100 * rate(c, PGSTEAL_KSWAPD) / (rate(c, PGSCAN_DIRECT) + rate(c, PGSCAN_KSWAPD));
}

static bool scans_in_vain(const struct rule_context *c)
{
    return !finding_said(c, RULE_SWAP_THRASH, SEV_WARNING) &&
           rate(c, PGSCAN_DIRECT) >= SCANS_VAIN && scans_found(c) < STEALS_POOR &&
           rate(c, PGMAJFAULT) >= READS_MANY;
}

static void tell_scans(struct rule_context *c)
{
    double scans = rate(c, PGSCAN_DIRECT), found = scans_found(c);

    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", 0.7,
                "Programs reclaim memory themselves: they look at %s",
                AMOUNT(scans, IN_PAGES_PER_S));
    if (scans_in_vain(c))
        finding_title(
            c,
            "Programs reclaim memory themselves: they look at %s, and what was evicted is "
            "read again, %s major faults a second",
            AMOUNT(scans, IN_PAGES_PER_S), AMOUNT(rate(c, PGMAJFAULT), IN_COUNT));
    if (found < STEALS_POOR)
        finding_detail(c, "Of what they and kswapd look at %s can be had: nearly all is in use.",
                       AMOUNT(found, IN_PERCENT));
    evidence(c, "pgscan_direct", scans, IN_PAGES_PER_S, "/proc/vmstat", "over %.0f",
             scans < SCANS_MANY ? SCANS_VAIN : SCANS_MANY);
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
    if (isnan(f->allocstall) && (rate(c, PGSCAN_DIRECT) >= SCANS_MANY || scans_in_vain(c))) {
        tell_scans(c);
        return;
    }
    if (isnan(f->allocstall)) {
        gap_part(c, "whether programs have to reclaim memory themselves", PART_VMSTAT);
        return;
    }
    if (f->allocstall < ALLOCSTALLS_MANY)
        return;
    /* Who thrashes reclaims all the time: the thrash is the cause, and its pain is not counted
     * twice. */
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
