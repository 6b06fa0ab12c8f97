/* rule_healthy_cache.c - little is free because the cache has it, and nothing hurts. */
#include "diagnose/pain.h"

/* Percent of memory. Below it people begin to ask where their memory went. */
#define FREE_LOW  15.0
/* There has to be something to take, and cache has to be what it is made of. */
#define AVAILABLE 20.0
#define CACHE     30.0
/* A stall of an allocation now and then is noise. */
#define STALLS    1.0

void rule_healthy_cache(struct rule_context *c)
{
    const struct figures *f = c->f;
    const struct pressure *p = &f->psi[PSI_MEM];
    double free_share = share_of(c->s->meminfo[MI_MEM_FREE], f->total);
    const u64 *m = c->s->meminfo;
    double cache = share_of(figure_add(f->cache, figure_or(m[MI_SRECLAIMABLE], 0)), f->total);
    /* One look at a table: a machine with that much to take does not make its programs wait for
     * it. */
    bool one_look = c->s->pasted && isnan(f->allocstall);
    bool calm = pain_known(p) ? p->some < PAIN_NONE_SOME : one_look || f->allocstall < STALLS;

    /* free has buffers and reclaimable slab within its cache. */
    if (c->s->pasted && !known(m[MI_BUFFERS]) && known(m[MI_CACHED]) && known(m[MI_SHMEM]))
        cache = share_of(m[MI_CACHED] - MIN(m[MI_SHMEM], m[MI_CACHED]), f->total);
    if (!wants_host(c) || !(free_share < FREE_LOW) || !(f->available_share >= AVAILABLE) ||
        !(cache >= CACHE) || !calm)
        return;
    /* Pages that come back soon are not cache to spare. */
    if (finding_said(c, RULE_FILE_THRASH, SEV_INFO))
        return;
    finding_add(c, SEV_GOOD, pain_known(p) ? CONF_HIGH : CONF_MEDIUM, "host", 0.9,
                "Only %s is free, and that is fine: %s can be had at once",
                AMOUNT(free_share, IN_PERCENT), LEFT_SIZE(f));
    evidence(c, "MemFree", free_share, IN_PERCENT, "/proc/meminfo", "under %.0f %%", FREE_LOW);
    evidence_shown(c, "available", number_of(f->available), IN_BYTES, "/proc/meminfo");
    evidence(c, "MemAvailable", f->available_share, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
             AVAILABLE);
    evidence(c, "cache and reclaimable slab", cache, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
             CACHE);
    evidence(c, "allocstall", f->allocstall, IN_EVENTS_PER_S, "/proc/vmstat", "under %.0f /s",
             STALLS);
    evidence(c, "memory pressure, some", p->some, IN_PERCENT, PRESSURE_FILE, "under %.0f %%",
             PAIN_NONE_SOME);
}
