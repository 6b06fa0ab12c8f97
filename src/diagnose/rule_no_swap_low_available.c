/* rule_no_swap_low_available.c - little memory is left, and no swap could take any. */
#include "diagnose/left.h"
#include "diagnose/pain.h"

/* Is there enough that swap could take, for it to help? */
static bool swap_would_help(const struct rule_context *c)
{
    const u64 *m = c->s->meminfo;

    return !known(m[MI_ANON_PAGES]) || !known(m[MI_SHMEM]) ||
           (double)(m[MI_ANON_PAGES] + m[MI_SHMEM]) >= left_little(c->f);
}

void rule_no_swap_low_available(struct rule_context *c)
{
    const struct figures *f = c->f;
    enum severity pain = pain_severity(&f->psi[PSI_MEM]), severity;

    if (!wants_host(c) || !known(f->swap_total) || f->swap_total != 0 || !left_is_scarce(f) ||
        !swap_would_help(c))
        return;
    severity = left_is_nothing(f) ? SEV_CRITICAL : left_is_little(f) ? SEV_WARNING : SEV_INFO;
    finding_add(c, MAX(severity, pain),
                f->available_estimated || f->available_below ? CONF_MEDIUM : CONF_HIGH, "host", 0.6,
                "%s of %s available, and no swap", LEFT_SIZE(f), SIZE(f->total));
    if (known(c->s->meminfo[MI_ANON_PAGES]))
        finding_detail(c, "%s of anonymous memory cannot be reclaimed.",
                       SIZE(c->s->meminfo[MI_ANON_PAGES]));
    left_tell_reserve(c);
    evidence(c, f->available_estimated ? "MemAvailable, estimated" : "MemAvailable",
             number_of(f->available), IN_BYTES, "/proc/meminfo", "under %s",
             SIZE((u64)(2 * left_little(f))));
    evidence_shown(c, "MemTotal", number_of(f->total), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "anonymous memory", number_of(c->s->meminfo[MI_ANON_PAGES]), IN_BYTES,
                   "/proc/meminfo");
    evidence(c, "SwapTotal", 0, IN_BYTES, "/proc/meminfo", "0");
    evidence_pressure(c, "memory pressure", &f->psi[PSI_MEM], PRESSURE_FILE);
}
