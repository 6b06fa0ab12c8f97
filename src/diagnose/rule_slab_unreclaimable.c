/* rule_slab_unreclaimable.c - kernel objects that no pressure frees. */
#include "diagnose/cause.h"
#include "diagnose/slabs.h"

/* Percent of memory: an ordinary machine has one to five. */
#define MUCH 15.0

void rule_slab_unreclaimable(struct rule_context *c)
{
    u64 slab = c->s->meminfo[MI_SUNRECLAIM];
    double share = share_of(slab, c->f->total);

    if (!wants_host(c) || !(share >= MUCH))
        return;
    finding_add(c, cause_severity(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO), CONF_MEDIUM,
                "host", cause_weight(c, 0.5, share),
                "Unreclaimable kernel objects hold %s, %s of memory", SIZE(slab),
                AMOUNT(share, IN_PERCENT));
    evidence(c, "SUnreclaim", number_of(slab), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of MemTotal", MUCH);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
    slabs_tell(c, false);
    slabs_name_largest(c, false, slab);
}
