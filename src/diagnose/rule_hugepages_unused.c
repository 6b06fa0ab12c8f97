/* rule_hugepages_unused.c - hugetlb pages set aside for nobody. */
#include "diagnose/cause.h"
#include "diagnose/pain.h"

/* Percent of memory that is withheld from everybody else. */
#define MUCH 5.0

void rule_hugepages_unused(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 size = m[MI_HUGE_PAGE_SIZE], idle = UNKNOWN;
    bool hurts = left_is_scarce(c->f) || pain_severity(&c->f->psi[PSI_MEM]) >= SEV_WARNING;

    if (!wants_host(c))
        return;
    if (known(m[MI_HUGE_PAGES_FREE]) && known(m[MI_HUGE_PAGES_RSVD]) && known(size) &&
        m[MI_HUGE_PAGES_FREE] >= m[MI_HUGE_PAGES_RSVD])
        idle = (m[MI_HUGE_PAGES_FREE] - m[MI_HUGE_PAGES_RSVD]) * size;
    if (!(share_of(idle, c->f->total) >= MUCH))
        return;
    finding_add(c, cause_severity(c, hurts ? SEV_WARNING : SEV_INFO), CONF_HIGH, "host",
                cause_weight(c, 0.5, share_of(idle, c->f->total)),
                "%s of huge pages are set aside and neither used nor promised", SIZE(idle));
    if (hurts)
        finding_detail(c, "Memory is short meanwhile: it would fit in here.");
    evidence(c, "HugePages_Total", number_of(m[MI_HUGE_PAGES_TOTAL]), IN_COUNT, "/proc/meminfo",
             "%s", "");
    evidence(c, "HugePages_Free", number_of(m[MI_HUGE_PAGES_FREE]), IN_COUNT, "/proc/meminfo", "%s",
             "");
    evidence(c, "HugePages_Rsvd", number_of(m[MI_HUGE_PAGES_RSVD]), IN_COUNT, "/proc/meminfo", "%s",
             "");
    evidence(c, "idle", number_of(idle), IN_BYTES, "/proc/meminfo", "over %.0f %% of MemTotal",
             MUCH);
}
