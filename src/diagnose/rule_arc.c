/* rule_arc.c - the cache of ZFS holds much memory. */
#include "diagnose/cause.h"

#define MUCH      10.0 /* percent of memory */
#define ABOVE_MAX 1.1  /* it goes over its maximum by a little while it evicts */

void rule_arc(struct rule_context *c)
{
    u64 arc = c->s->arc_size;
    double share = share_of(arc, c->f->total);

    if (!wants_host(c) || !known(arc) || share < MUCH || (isnan(share) && arc == 0))
        return;
    finding_add(c, cause_severity(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO), CONF_HIGH,
                "host", cause_weight(c, 0.5, isnan(share) ? MUCH : share),
                "The ARC, the cache of ZFS, holds %s, which free and top call used", SIZE(arc));
    if (!isnan(share))
        finding_title(
            c, "The ARC, the cache of ZFS, holds %s, %s of memory, which free and top call used",
            SIZE(arc), AMOUNT(share, IN_PERCENT));
    if (known(c->s->arc_max) && (double)arc > ABOVE_MAX * (double)c->s->arc_max)
        finding_title(c, "The ARC, the cache of ZFS, holds %s, above its maximum of %s", SIZE(arc),
                      SIZE(c->s->arc_max));
    else if (known(c->s->arc_max))
        finding_detail(c, "It may grow to %s.", SIZE(c->s->arc_max));
    /* The same text has what free calls used: it counts the ARC, and its cache does not. */
    if (known(c->s->free_used) && c->s->free_used > arc && !isnan(share)) {
        finding_detail(c, "free's %s used counts it; %s is something else. buff/cache does not.",
                       SIZE(c->s->free_used), SIZE(c->s->free_used - arc));
        evidence_shown(c, "free: used", number_of(c->s->free_used), IN_BYTES, "free");
        evidence_shown(c, "used without the ARC", number_of(c->s->free_used - arc), IN_BYTES,
                       "free");
    }
    evidence(c, "ARC size", number_of(arc), IN_BYTES, "/proc/spl/kstat/zfs/arcstats",
             "over %.0f %% of MemTotal", MUCH);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/spl/kstat/zfs/arcstats");
    evidence(c, "ARC maximum", number_of(c->s->arc_max), IN_BYTES, "/proc/spl/kstat/zfs/arcstats",
             "%s", "");
}
