/* rule_shmem_growth.c - tmpfs and shared memory take what is available. */
#include "diagnose/left.h"
#include "diagnose/pain.h"

/* Percent of memory in shmem that makes it the reason when little is left. */
#define MUCH      25.0
/* Below this many percent available, it is what is missing. */
#define AVAILABLE 20.0

void rule_shmem_growth(struct rule_context *c)
{
    u64 shmem = c->s->meminfo[MI_SHMEM];
    double share = share_of(shmem, c->f->total);
    enum severity pain = pain_severity(&c->f->psi[PSI_MEM]);

    if (!wants_host(c) || !(share >= MUCH) || !(c->f->available_share < AVAILABLE))
        return;
    finding_add(c, left_is_little(c->f) || pain >= SEV_WARNING ? SEV_WARNING : SEV_INFO, CONF_HIGH,
                "host", 0.55, "Shared memory and tmpfs hold %s, and only %s is available",
                SIZE(shmem), SIZE(c->f->available));
    if (known(c->s->meminfo[MI_CACHED]) && shmem > c->s->meminfo[MI_CACHED] / 2)
        finding_detail(c, "Most of what free calls buff/cache is not cache: it cannot be dropped.");
    evidence(c, "Shmem", number_of(shmem), IN_BYTES, "/proc/meminfo", "over %.0f %% of MemTotal",
             MUCH);
    evidence(c, "available", c->f->available_share, IN_PERCENT, "/proc/meminfo", "under %.0f %%",
             AVAILABLE);
    evidence(c, "Cached", number_of(c->s->meminfo[MI_CACHED]), IN_BYTES, "/proc/meminfo", "%s", "");
}
