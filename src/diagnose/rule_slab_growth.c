/* rule_slab_growth.c - reclaimable object caches hold much memory. */
#include "diagnose/cause.h"
#include "diagnose/slabs.h"

/* Percent of memory: from a quarter on people ask where it went. */
#define MUCH 25.0

void rule_slab_growth(struct rule_context *c)
{
    u64 slab = c->s->meminfo[MI_SRECLAIMABLE];
    double share = share_of(slab, c->f->total);

    if (!wants_host(c) || !(share >= MUCH))
        return;
    finding_add(c, cause_severity(c, SEV_INFO), CONF_HIGH, "host", cause_weight(c, 0.4, share),
                "Kernel object caches (dentries and inodes: names of files) hold %s, %s of memory",
                SIZE(slab), AMOUNT(share, IN_PERCENT));
    evidence(c, "SReclaimable", number_of(slab), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of MemTotal", MUCH);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
    slabs_tell(c, true);
}
