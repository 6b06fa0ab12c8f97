/* rule_hugepages_unused.c - hugetlb pages set aside for nobody, or for programs that do not touch
 * them.
 *
 * Of all sizes where /sys tells them: /proc/meminfo has one size only. A promised page
 * (HugePages_Rsvd) is as lost to everybody else as one that nobody asked for, but its program may
 * touch it any moment: that is told only while memory is short.
 */
#include "diagnose/cause.h"
#include "diagnose/pain.h"
#include "diagnose/refused.h"

/* Percent of memory that is withheld from everybody else. */
#define MUCH        5.0
#define SWAP_FULL   95.0 /* percent */
#define SWAP_MOSTLY 75.0 /* percent */

struct pools {
    u64 total, unused, promised; /* bytes; UNKNOWN */
    const char *where;
};

static u64 product(u64 count, u64 each)
{
    u64 bytes;

    return known(count) && known(each) && !__builtin_mul_overflow(count, each, &bytes) ? bytes
                                                                                       : UNKNOWN;
}

static struct pools sum_pools(const struct snapshot *s)
{
    const u64 *m = s->meminfo, size = m[MI_HUGE_PAGE_SIZE];
    struct pools p = {product(m[MI_HUGE_PAGES_TOTAL], size), product(m[MI_HUGE_PAGES_FREE], size),
                      product(m[MI_HUGE_PAGES_RSVD], size), "/proc/meminfo"};

    if (s->huge.count == 0)
        return p;
    p = (struct pools){0, 0, 0, part_names[PART_HUGEPAGES]};
    vec_for_each (&s->huge, h) {
        p.total = figure_add(p.total, product(h->total, h->page_bytes));
        p.unused = figure_add(p.unused, product(h->free, h->page_bytes));
        p.promised = figure_add(p.promised, product(h->reserved, h->page_bytes));
    }
    return p;
}

/* Pools of a paste that does not say how much memory there is. */
static void from_pools(struct rule_context *c, const struct pools *p)
{
    u64 promised = figure_or(p->promised, 0),
        idle = known(p->unused) && p->unused >= promised ? p->unused - promised : UNKNOWN;

    if (!known(p->total) || p->total == 0)
        return;
    if (known(idle))
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.5,
                    idle == 0
                        ? "%s of huge pages are set aside, and all of them are used or promised"
                    : idle >= p->total
                        ? "%s of huge pages are set aside, and none of them is used or promised"
                        : "%s of huge pages are set aside, and %s of them are neither used nor "
                          "promised",
                    SIZE(p->total), SIZE(idle));
    else
        finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.5,
                    "%s of huge pages are set aside; whether they are used is not in this text",
                    SIZE(p->total));
    evidence(c, "huge pages set aside", number_of(p->total), IN_BYTES, p->where, "%s", "");
    evidence(c, "not used", number_of(p->unused), IN_BYTES, p->where, "%s", "");
    evidence(c, "of these promised", number_of(p->promised), IN_BYTES, p->where, "%s", "");
}

/* What the pool would be without the idle pages, where it is the only one. */
static void tell_command(struct rule_context *c, u64 idle)
{
    u64 total = c->s->meminfo[MI_HUGE_PAGES_TOTAL], size = c->s->meminfo[MI_HUGE_PAGE_SIZE];

    if (c->s->huge.count > 1 || !known(total) || !known(size) || !size || idle / size > total)
        return;
    finding_detail(c, "`sysctl -w vm.nr_hugepages=%llu` gives them back at once.",
                   (unsigned long long)(total - idle / size));
    evidence(c, "huge pages used or promised", number_of(total - idle / size), IN_COUNT,
             "/proc/meminfo", "%s", "");
}

/* Most of swap is in use, and of memory there is little more than the least that does not matter:
 * what comes next has neither. */
static bool both_run_out(const struct figures *f)
{
    return f->swap_used_share >= SWAP_MOSTLY && number_of(f->available) < 4 * left_little(f);
}

void rule_hugepages_unused(struct rule_context *c)
{
    struct pools p = sum_pools(c->s);
    u64 promised = figure_or(p.promised, 0);
    u64 idle = known(p.unused) && (known(p.promised) || c->s->pasted) && p.unused >= promised
                   ? p.unused - promised
                   : UNKNOWN;
    /* Swap that filled up while they lay idle filled up because of them. */
    bool swapped =
        known(c->f->swap_used) && (c->f->swap_used_share >= SWAP_FULL || both_run_out(c->f));
    bool hurts = left_is_scarce(c->f) || swapped || pain_machine_severity(c->f) >= SEV_WARNING;
    bool nobody = share_of(idle, c->f->total) >= MUCH;
    enum severity severity = hurts ? MAX(SEV_WARNING, pain_machine_severity(c->f)) : SEV_INFO;
    u64 lost = nobody ? idle : p.unused;

    /* Somebody has just asked for more of them, and got these (rule_hugepages_short.c). */
    if (hugepages_write_fell_short(c->s))
        return;
    if (wants_host(c) && c->s->pasted && !known(c->f->total))
        from_pools(c, &p);
    if (!wants_host(c) || !(nobody || (hurts && share_of(p.unused, c->f->total) >= MUCH)))
        return;
    finding_add(c, cause_severity(c, severity), nobody ? CONF_HIGH : CONF_MEDIUM, "host",
                cause_weight(c, hurts ? WEIGHT_CAUSE : 0.5, share_of(lost, c->f->total)),
                nobody ? "%s of huge pages are set aside and neither used nor promised"
                       : "%s of huge pages are promised to programs that have not touched them",
                SIZE(lost));
    if (swapped)
        finding_detail(c, "Meanwhile %s of other memory was swapped out, and swap is %s.",
                       SIZE(c->f->swap_used),
                       c->f->swap_used_share >= SWAP_FULL ? "full" : "nearly full");
    else if (hurts)
        finding_detail(c, "Memory is short meanwhile: it would fit in here.");
    if (nobody)
        tell_command(c, idle);
    evidence(c, "huge pages set aside", number_of(p.total), IN_BYTES, p.where, "%s", "");
    evidence(c, "not used", number_of(p.unused), IN_BYTES, p.where, "over %.0f %% of MemTotal",
             MUCH);
    evidence(c, "of these promised", number_of(p.promised), IN_BYTES, p.where, "%s", "");
    evidence(c, "HugePages_Total", number_of(c->s->meminfo[MI_HUGE_PAGES_TOTAL]), IN_COUNT,
             "/proc/meminfo", "%s", "");
    evidence(c, "HugePages_Free", number_of(c->s->meminfo[MI_HUGE_PAGES_FREE]), IN_COUNT,
             "/proc/meminfo", "%s", "");
    evidence(c, "HugePages_Rsvd", number_of(c->s->meminfo[MI_HUGE_PAGES_RSVD]), IN_COUNT,
             "/proc/meminfo", "%s", "");
    evidence(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "swap used", number_of(c->f->swap_used), IN_BYTES, "/proc/meminfo", "%s", "");
}
