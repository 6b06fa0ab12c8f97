/* rule_shmem_growth.c - tmpfs and shared memory take what is available. */
#include "diagnose/cause.h"
#include "diagnose/pain.h"

/* Percent of memory in shmem that makes it the reason when little is left. */
#define MUCH      25.0
/* Below this many percent available, it is what is missing. */
#define AVAILABLE 20.0

/* What df and ipcs tell of it; UNKNOWN without them. */
static u64 mounted(const struct snapshot *s)
{
    u64 sum = UNKNOWN;

    vec_for_each (&s->tmpfs, t)
        sum = figure_or(sum, 0) + figure_or(t->used, 0);
    return sum;
}

/* Where it is, the largest first. */
static void tell_mounts(struct rule_context *c)
{
    const struct tmpfs_view *most = NULL;

    vec_for_each (&c->s->tmpfs, t)
        if (known(t->used) && (!most || t->used > most->used))
            most = t;
    if (most && most->used)
        finding_detail(c, "The largest is %s: %s.", most->mount, SIZE(most->used));
    if (most && most->used)
        evidence_shown(c, most->mount, number_of(most->used), IN_BYTES, "df");
}

void rule_shmem_growth(struct rule_context *c)
{
    u64 shmem = c->s->meminfo[MI_SHMEM];
    enum severity pain = pain_severity(&c->f->psi[PSI_MEM]);
    double share;

    if (!known(shmem) || figure_or(mounted(c->s), 0) > shmem)
        shmem = mounted(c->s);
    share = share_of(shmem, c->f->total);
    if (!wants_host(c) || !(share >= MUCH) || c->f->available_share >= AVAILABLE)
        return;
    if (isnan(c->f->available_share) && !c->s->pasted)
        return;
    finding_add(
        c, cause_severity(c, left_is_little(c->f) || pain >= SEV_WARNING ? SEV_WARNING : SEV_INFO),
        CONF_HIGH, "host", cause_weight(c, 0.55, share),
        "Shared memory and tmpfs hold %s, %s of memory", SIZE(shmem), AMOUNT(share, IN_PERCENT));
    if (known(c->f->available))
        finding_title(c, "Shared memory and tmpfs hold %s, and only %s is available", SIZE(shmem),
                      LEFT_SIZE(c->f));
    tell_mounts(c);
    if (known(c->s->meminfo[MI_CACHED]) && shmem > c->s->meminfo[MI_CACHED] / 2)
        finding_detail(c, "Most of what free calls buff/cache is not cache: it cannot be dropped.");
    if (c->s->shmem_estimated)
        finding_detail(c,
                       "The line of Shmem is not in this text: so much of Cached and Buffers is on "
                       "no list of files.");
    evidence(c, c->s->shmem_estimated ? "Shmem, worked out" : "Shmem", number_of(shmem), IN_BYTES,
             "/proc/meminfo", "over %.0f %% of MemTotal", MUCH);
    evidence_shown(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo");
    evidence(c, "available", c->f->available_share, IN_PERCENT, "/proc/meminfo", "under %.0f %%",
             AVAILABLE);
    evidence(c, "Cached", number_of(c->s->meminfo[MI_CACHED]), IN_BYTES, "/proc/meminfo", "%s", "");
}
