/* rule_hugepages_in_use.c - hugetlb pages doing what they were set aside for. */
#include "diagnose/top_processes.h"

#define MUCH 5.0  /* percent of memory */
#define USED 75.0 /* percent of the huge pages, used or promised */

static double pool_held(const struct rule_context *c, const struct process_view *p)
{
    (void)c;
    return number_of(p->hugetlb);
}

/* Nothing else says who has them: no RSS, no memory.current. */
static void tell_users(struct rule_context *c)
{
    u32 top[TOP_PROCESSES];
    unsigned count = top_processes(c, pool_held, 1, top);
    const struct cgroup_view *most = NULL;
    char label[64];

    if (count) {
        const struct process_view *p = &c->s->processes.items[top[0]];

        finding_detail(c, "%s has mapped %s of them.", process_label(label, p), SIZE(p->hugetlb));
        top_processes_tell(c, pool_held, IN_BYTES, top, count, "status");
    }
    vec_for_each (&c->s->cgroups, g) {
        u64 held = cgroup_hugetlb(g);

        /* The deepest of those that have as much: a group counts what is below it. */
        if (known(held) && held > 0 && (!most || held >= cgroup_hugetlb(most)))
            most = g;
    }
    if (!most)
        return;
    finding_detail(c, "%s uses %s, under hugetlb limits and not under memory.max.",
                   group_said(c, most), SIZE(cgroup_hugetlb(most)));
    evidence_shown(c, "hugetlb current", number_of(cgroup_hugetlb(most)), IN_BYTES,
                   group_file(most, "hugetlb.*.current"));
}

void rule_hugepages_in_use(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 total = m[MI_HUGE_PAGES_TOTAL], unused = m[MI_HUGE_PAGES_FREE],
        promised = figure_or(m[MI_HUGE_PAGES_RSVD], 0);
    u64 size = m[MI_HUGE_PAGE_SIZE], bytes = known(total) && known(size) ? total * size : UNKNOWN;
    double used, touched;

    if (!wants_host(c) || !known(unused) || !(share_of(bytes, c->f->total) >= MUCH))
        return;
    unused = MIN(unused, total);
    used = 100 - share_of(unused > promised ? unused - promised : 0, total);
    if (used < USED)
        return;
    touched = 100 - share_of(unused, total);
    if (touched >= USED) {
        finding_add(c, SEV_GOOD, CONF_HIGH, "host", 0.4, "%s are in huge pages, and they are used",
                    SIZE(bytes));
    } else {
        /* Where memory is short, what lies idle under a promise is the news, and told
         * (rule_hugepages_unused.c). */
        if (finding_said(c, RULE_HUGEPAGES_UNUSED, SEV_WARNING))
            return;
        finding_add(c, SEV_GOOD, CONF_HIGH, "host", 0.4,
                    "%s are in huge pages: %s of them are in use, and %s are promised to programs "
                    "that have not touched them yet",
                    SIZE(bytes), SIZE((total - unused) * size), SIZE(MIN(promised, unused) * size));
        evidence_shown(c, "hugetlb in use", number_of((total - unused) * size), IN_BYTES,
                       "/proc/meminfo");
        evidence_shown(c, "hugetlb promised", number_of(MIN(promised, unused) * size), IN_BYTES,
                       "/proc/meminfo");
    }
    if (unused <= promised) {
        finding_detail(c, "None is left: the next program that maps huge pages is refused.");
        evidence_shown(c, "HugePages_Free less HugePages_Rsvd", 0, IN_COUNT, "/proc/meminfo");
    }
    evidence(c, "hugetlb", number_of(bytes), IN_BYTES, "/proc/meminfo", "over %.0f %% of MemTotal",
             MUCH);
    evidence(c, "used or promised", used, IN_PERCENT, "/proc/meminfo", "over %.0f %%", USED);
    tell_users(c);
}
