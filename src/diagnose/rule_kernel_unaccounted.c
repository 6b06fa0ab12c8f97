/* rule_kernel_unaccounted.c - memory that no counter explains. */
#include "diagnose/cause.h"

/* Percent of memory. Page tables of the kernel, per-CPU lists and drivers leave one to four; old kernels lack counters. */
#define MUCH       10.0
#define MUCH_EARLY 15.0
/* Less is the kernel's own on a machine of any size, or a quarter of a small one. */
#define FLOOR      (256 * MIB)
#define SMALL_PART 0.25

void rule_kernel_unaccounted(struct rule_context *c)
{
    /* Percpu came with 4.20, the last counter of weight. */
    bool early = !known(c->s->meminfo[MI_PERCPU]);
    u64 arc = figure_or(c->s->arc_size, 0), hidden = c->f->unaccounted;
    double share, much = early ? MUCH_EARLY : MUCH;

    /* The ARC is in no counter of the kernel, and its own says how large it is. */
    if (known(hidden))
        hidden = hidden > arc ? hidden - arc : 0;
    share = share_of(hidden, c->f->total);
    if (!wants_host(c) || !(share >= much) || (hidden < FLOOR && share < 100 * SMALL_PART))
        return;
    finding_add(c, cause_severity(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO),
                early ? CONF_LOW : CONF_MEDIUM, "host", cause_weight(c, 0.5, share),
                "%s, %s of memory, is in use and in no counter", SIZE(hidden),
                AMOUNT(share, IN_PERCENT));
    evidence(c, "not accounted for", number_of(hidden), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of MemTotal", much);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
}
