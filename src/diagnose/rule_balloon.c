/* rule_balloon.c - memory of a guest that its hypervisor has.
 *
 * Kernels from 6.16 on print what the balloon holds; before, it is what was inflated less what was
 * deflated since boot, in pages.
 */
#include "diagnose/cause.h"

/* Percent of memory; a few are how hypervisors even things out. */
#define MUCH  5.0
#define LARGE (256 * MIB)

void rule_balloon(struct rule_context *c)
{
    const struct snapshot *s = c->s;
    u64 page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;
    u64 in = s->vmstat[BALLOON_INFLATE], out = s->vmstat[BALLOON_DEFLATE];
    u64 bytes = s->meminfo[MI_BALLOON];
    double share;

    if (!known(bytes) && known(s->vmstat_later[VL_NR_BALLOON_PAGES]))
        bytes = s->vmstat_later[VL_NR_BALLOON_PAGES] * page;
    if (!known(bytes) && known(in) && known(out) && in > out)
        bytes = (in - out) * page;
    /* A text may have the balloon alone. */
    if (c->s->pasted && wants_host(c) && !known(c->f->total) && known(bytes) && bytes >= LARGE) {
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.4,
                    "The hypervisor's balloon holds %s of this guest", SIZE(bytes));
        finding_detail(c, "How much memory the guest has is not told here.");
        evidence_shown(c, "balloon", number_of(bytes), IN_BYTES, "/proc/meminfo");
        return;
    }
    share = share_of(bytes, c->f->total);
    if (!wants_host(c) || !(share >= MUCH))
        return;
    finding_add(c, cause_severity(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO), CONF_HIGH,
                "host", cause_weight(c, left_is_scarce(c->f) ? 0.8 : 0.4, share),
                "The hypervisor's balloon holds %s of this guest", SIZE(bytes));
    evidence(c, "balloon", number_of(bytes), IN_BYTES,
             known(s->meminfo[MI_BALLOON]) ? "/proc/meminfo" : "/proc/vmstat",
             "over %.0f %% of MemTotal", MUCH);
    evidence(c, "balloon_inflate", number_of(in), IN_COUNT, "/proc/vmstat", "%s", "");
    evidence(c, "balloon_deflate", number_of(out), IN_COUNT, "/proc/vmstat", "%s", "");
    evidence(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo", "%s", "");
}
