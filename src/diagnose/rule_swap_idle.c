/* rule_swap_idle.c - swap holds what nobody wants back. */
#include "diagnose/pain.h"

/* Less is not worth a word. */
#define USED_MIN   (16 * MIB)
/* A page now and then is a daemon waking up. */
#define IDLE_PAGES 10.0

void rule_swap_idle(struct rule_context *c)
{
    const struct pressure *p = &c->f->psi[PSI_MEM];
    double in = rate(c, PSWPIN);

    if (!wants_host(c) || !known(c->f->swap_used) || c->f->swap_used < USED_MIN)
        return;
    /* rule_swap_thrash has said what is missing. */
    if (isnan(in) || in >= IDLE_PAGES || p->some >= PAIN_WARNING_SOME)
        return;
    finding_add(c, SEV_GOOD, pain_known(p) ? CONF_HIGH : CONF_MEDIUM, "host", 0.6,
                "%s in swap, and nobody wants it back", SIZE(c->f->swap_used));
    evidence(c, "swap used", number_of(c->f->swap_used), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "pswpin", in, IN_PAGES_PER_S, "/proc/vmstat", "under %.0f pages/s", IDLE_PAGES);
    evidence(c, "pswpout", rate(c, PSWPOUT), IN_PAGES_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "memory pressure, some", p->some, IN_PERCENT, PRESSURE_FILE, "under %.0f %%",
             PAIN_WARNING_SOME);
}
