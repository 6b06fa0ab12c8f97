/* rule_hugepages_in_use.c - hugetlb pages doing what they were set aside for. */
#include "diagnose/rule.h"

#define MUCH 5.0  /* percent of memory */
#define USED 75.0 /* percent of the huge pages, used or promised */

void rule_hugepages_in_use(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 total = m[MI_HUGE_PAGES_TOTAL], unused = m[MI_HUGE_PAGES_FREE],
        promised = figure_or(m[MI_HUGE_PAGES_RSVD], 0);
    u64 size = m[MI_HUGE_PAGE_SIZE], bytes = known(total) && known(size) ? total * size : UNKNOWN;
    double used;

    if (!wants_host(c) || !known(unused) || !(share_of(bytes, c->f->total) >= MUCH))
        return;
    used = 100 - share_of(unused > promised ? unused - promised : 0, total);
    if (used < USED)
        return;
    finding_add(c, SEV_GOOD, CONF_HIGH, "host", 0.4, "%s are in huge pages, and they are used",
                SIZE(bytes));
    if (unused <= promised) {
        finding_detail(c, "None is left: the next program that maps huge pages is refused.");
        evidence_shown(c, "HugePages_Free less HugePages_Rsvd", 0, IN_COUNT, "/proc/meminfo");
    }
    evidence(c, "hugetlb", number_of(bytes), IN_BYTES, "/proc/meminfo", "over %.0f %% of MemTotal",
             MUCH);
    evidence(c, "used or promised", used, IN_PERCENT, "/proc/meminfo", "over %.0f %%", USED);
}
