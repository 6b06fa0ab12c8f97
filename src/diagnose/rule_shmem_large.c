/* rule_shmem_large.c - much shared memory by design: used, not cache, and nothing hurts. */
#include "diagnose/left.h"
#include "diagnose/pain.h"

/* Percent of memory that is worth a word. */
#define MUCH 10.0

void rule_shmem_large(struct rule_context *c)
{
    u64 shmem = c->s->meminfo[MI_SHMEM];
    double share = share_of(shmem, c->f->total);

    if (!wants_host(c) || !(share >= MUCH) || finding_said(c, RULE_SHMEM_GROWTH, SEV_INFO) ||
        left_is_scarce(c->f) || pain_severity(&c->f->psi[PSI_MEM]) >= SEV_WARNING)
        return;
    finding_add(c, SEV_GOOD, pain_known(&c->f->psi[PSI_MEM]) ? CONF_HIGH : CONF_MEDIUM, "host", 0.4,
                "%s of the cache is shared memory or tmpfs: count it as used", SIZE(shmem));
    evidence(c, c->s->shmem_estimated ? "Shmem, worked out" : "Shmem", number_of(shmem), IN_BYTES,
             "/proc/meminfo", "over %.0f %% of MemTotal", MUCH);
    evidence(c, "available", c->f->available_share, IN_PERCENT, "/proc/meminfo", "%s", "");
}
