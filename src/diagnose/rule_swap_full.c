/* rule_swap_full.c - no swap space is left. */
#include "diagnose/left.h"
#include "diagnose/locality.h"
#include "diagnose/pain.h"

#define FULL_PERCENT 95.0

void rule_swap_full(struct rule_context *c)
{
    const struct figures *f = c->f;
    bool hurts = left_is_scarce(f) || pain_severity(&f->psi[PSI_MEM]) >= SEV_WARNING;
    struct spare spare = spare_find(c->s);

    if (!wants_host(c) || !(f->swap_used_share >= FULL_PERCENT))
        return;
    finding_add(c, hurts ? SEV_WARNING : SEV_INFO, hurts ? CONF_HIGH : CONF_MEDIUM, "host", 0.45,
                "Swap is full: %s of %s used", SIZE(f->swap_used), SIZE(f->swap_total));
    if (hurts && known(f->available) && known(f->total)) {
        finding_title(c, "%s of %s is available, and swap is full (%s): both are used up",
                      LEFT_SIZE(f), SIZE(f->total), SIZE(f->swap_total));
        evidence_shown(c, "SwapTotal", number_of(f->swap_total), IN_BYTES, "/proc/meminfo");
    }
    if (!hurts && known(f->available))
        finding_title(c, "Swap is full (%s), but memory is not short: %s of %s is available",
                      SIZE(f->swap_total), LEFT_SIZE(f), SIZE(f->total));
    if (!known(f->available) && c->s->available_below) {
        finding_title(c, "Swap is full (%s), and less than %s of %s is available",
                      SIZE(f->swap_total), SIZE(c->s->available_below + KIB), SIZE(f->total));
        evidence_shown(c, "MemAvailable, at most", number_of(c->s->available_below + KIB), IN_BYTES,
                       "/proc/meminfo");
    }
    finding_detail(c, hurts ? "Memory is short as well: nothing anonymous can leave any more."
                      : spare.full          ? "Memory of the machine is not short, but that of a "
                                              "node is: what may have memory there alone went to "
                                              "swap beside free memory."
                      : known(f->available) ? "Memory is not short, so nothing needs to leave."
                                            : "Whether memory is short, this text does not tell.");
    if (!hurts && spare.full)
        evidence_shown(c, "free on the full node", number_of(spare.full->free), IN_BYTES,
                       part_names[PART_NODES]);
    evidence(c, "swap used", f->swap_used_share, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
             FULL_PERCENT);
    evidence_shown(c, "used", number_of(f->swap_used), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "SwapTotal", number_of(f->swap_total), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "MemTotal", number_of(f->total), IN_BYTES, "/proc/meminfo");
    evidence(c, "MemAvailable", number_of(f->available), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "pswpin", rate(c, PSWPIN), IN_PAGES_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "pswpout", rate(c, PSWPOUT), IN_PAGES_PER_S, "/proc/vmstat", "%s", "");
}
