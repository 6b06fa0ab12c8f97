/* rule_kernel_unaccounted.c - memory that no counter explains. */
#include "diagnose/left.h"

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
    double share = share_of(c->f->unaccounted, c->f->total), much = early ? MUCH_EARLY : MUCH;

    if (!wants_host(c) || !(share >= much) ||
        (c->f->unaccounted < FLOOR && share < 100 * SMALL_PART))
        return;
    finding_add(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO, early ? CONF_LOW : CONF_MEDIUM,
                "host", 0.5, "%s, %s of memory, is in use and in no counter",
                SIZE(c->f->unaccounted), AMOUNT(share, IN_PERCENT));
    evidence(c, "not accounted for", number_of(c->f->unaccounted), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of MemTotal", much);
}
