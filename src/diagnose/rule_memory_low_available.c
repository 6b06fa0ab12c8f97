/* rule_memory_low_available.c - MemAvailable is nearly used up, on a machine with swap. */
#include "diagnose/left.h"
#include "diagnose/pain.h"

/* With that much of swap left it can still take what nobody uses. */
#define SWAP_LEFT_PERCENT 10.0
/* Pages a second that are no traffic. */
#define QUIET_PAGES       10.0

void rule_memory_low_available(struct rule_context *c)
{
    const struct figures *f = c->f;
    bool swap_known = known(f->swap_total) && !isnan(f->swap_used_share);
    bool swap_left = 100 - f->swap_used_share > SWAP_LEFT_PERCENT;
    /* Nothing left, swap idle, nobody waits: what is cold has left, and what is there is in use. */
    bool quiet = rate(c, PSWPOUT) < QUIET_PAGES && rate(c, PSWPIN) < QUIET_PAGES;
    enum severity pain = pain_severity(&f->psi[PSI_MEM]), severity;

    if (!wants_host(c))
        return;
    if (c->s->lxcfs)
        gap_add(c, "what the machine around this container has left",
                "lxcfs shows the container's own figures in /proc/meminfo");
    if (!known(f->available)) {
        if (c->s->pasted && known(c->s->meminfo[MI_MEM_FREE]))
            gap_add(c, "how much memory is left",
                    "this text says what is free, and not what is available (MemAvailable): cache "
                    "may be dropped");
        else if (known(f->total))
            gap_add(c, "how much memory is left",
                    "this kernel prints no MemAvailable, and there is no /proc/zoneinfo to work it "
                    "out from");
        else
            gap_part(c, "how much memory is left", PART_MEMINFO);
        return;
    }
    /* Without swap it is the next rule's. */
    if (!(f->available_below ? left_is_scarce(f) : left_is_little(f)) ||
        (known(f->swap_total) && f->swap_total == 0) || (!known(f->swap_total) && !c->s->pasted))
        return;
    if (!swap_left)
        severity = left_is_nothing(f) ? SEV_CRITICAL : SEV_WARNING;
    else
        severity = left_is_nothing(f) && !quiet ? SEV_WARNING : SEV_INFO;
    finding_add(c, MAX(severity, pain),
                f->available_estimated || f->available_below ? CONF_MEDIUM : CONF_HIGH, "host", 0.6,
                "Little memory is left: %s of %s available", LEFT_SIZE(f), SIZE(f->total));
    finding_detail(c, !swap_known  ? "Whether there is swap is not in this text."
                      : !swap_left ? "Swap is nearly full as well."
                      : finding_said(c, RULE_SWAP_THRASH, SEV_WARNING)
                          ? "Swap has room, but what goes there is wanted back."
                          : "There is swap to take what nobody uses.");
    left_tell_reserve(c);
    evidence(c, f->available_estimated ? "MemAvailable, estimated" : "MemAvailable",
             number_of(f->available), IN_BYTES, "/proc/meminfo", "under %s",
             SIZE((u64)left_little(f)));
    evidence_shown(c, "MemTotal", number_of(f->total), IN_BYTES, "/proc/meminfo");
    evidence(c, "swap used", f->swap_used_share, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
             100 - SWAP_LEFT_PERCENT);
    evidence_pressure(c, "memory pressure", &f->psi[PSI_MEM], PRESSURE_FILE);
}
