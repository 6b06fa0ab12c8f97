/* rule_kswapd_keeps_up.c - memory is reclaimed in the background, and nobody has to wait. */
#include "diagnose/pain.h"

#define BUSY_PAGES 256.0 /* 1 MiB/s: it has something to do */
#define STALLS     1.0

void rule_kswapd_keeps_up(struct rule_context *c)
{
    const struct pressure *p = &c->f->psi[PSI_MEM];
    double freed = rate(c, PGSTEAL_KSWAPD);

    if (!wants_host(c) || !(freed >= BUSY_PAGES) || !(c->f->allocstall < STALLS) ||
        p->some >= PAIN_NONE_SOME)
        return;
    finding_add(c, SEV_GOOD, pain_known(p) ? CONF_HIGH : CONF_MEDIUM, "host", 0.7,
                "kswapd frees %s, and no program has to wait", AMOUNT(freed, IN_PAGES_PER_S));
    evidence(c, "pgsteal_kswapd", freed, IN_PAGES_PER_S, "/proc/vmstat", "over %.0f pages/s",
             BUSY_PAGES);
    evidence(c, "allocstall", c->f->allocstall, IN_EVENTS_PER_S, "/proc/vmstat", "under %.0f /s",
             STALLS);
    evidence(c, "reclaimed of scanned", c->f->efficiency, IN_PERCENT, "/proc/vmstat", "%s", "");
    evidence(c, "memory pressure, some", p->some, IN_PERCENT, PRESSURE_FILE, "under %.0f %%",
             PAIN_NONE_SOME);
}
