/* rule_memory_tier.c - memory on nodes without processors is in use, and pages do not move between it and the rest.
 *
 * How often such memory is used no file tells. So it is worth a warning only where a busy program has most of its memory there.
 */
#include "diagnose/locality.h"

/* Percent of the slow memory, and of a program's. */
#define USED_PERCENT 20.0
#define MOST_PERCENT 50.0
#define BUSY         5.0 /* percent of a processor */
#define MUCH_BYTES   (64 * MIB)
#define TIERING      2u

static bool is_slow(const struct node_view *n)
{
    return !n->has_cpus && known(n->total) && n->total > 0;
}

static u64 slow_bytes_of(const struct snapshot *s, const struct process_view *p, u64 *ret_all)
{
    u64 slow = 0;

    *ret_all = 0;
    vec_for_each (&s->process_nodes, row) {
        if (row->pid != p->pid)
            continue;
        *ret_all += row->bytes;
        vec_for_each (&s->nodes, n)
            if (n->id == row->node && is_slow(n))
                slow += row->bytes;
    }
    return slow;
}

/* The busiest program with most of its memory there; NULL. */
static const struct process_view *find_user(const struct rule_context *c, u64 *ret_slow,
                                            u64 *ret_all)
{
    const struct process_view *busiest = NULL;
    double most = BUSY;

    vec_for_each (&c->s->processes, p) {
        double cpu = c->f->processes[p - c->s->processes.items].cpu_percent;
        u64 all, slow = slow_bytes_of(c->s, p, &all);

        if (slow < MUCH_BYTES || !(share_of(slow, all) >= MOST_PERCENT) || cpu < most)
            continue;
        busiest = p;
        most = isnan(cpu) ? most : cpu;
        *ret_slow = slow;
        *ret_all = all;
    }
    return busiest;
}

void rule_memory_tier(struct rule_context *c)
{
    u64 total = 0, used = 0, mode = sysctl_value(c->s, "kernel.numa_balancing"), slow = 0, all = 0;
    u64 demotion = sysctl_value(c->s, "numa/demotion_enabled");
    const struct process_view *user;

    vec_for_each (&c->s->nodes, n) {
        if (is_slow(n) && known(n->free) && n->free <= n->total) {
            u64 pool = figure_or(n->huge_total, 0) * figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], 0);

            /* Pages of the pool (hugetlb) never move between the tiers. */
            total += n->total;
            used += n->total - n->free - MIN(pool, n->total - n->free);
        }
    }
    if (!wants_host(c) || !total || !known(mode) || !known(demotion) ||
        (mode & TIERING && demotion) || !(share_of(used, total) >= USED_PERCENT))
        return;
    user = find_user(c, &slow, &all);
    finding_add(c, user ? SEV_WARNING : SEV_INFO, CONF_MEDIUM, "host", 0.5,
                "%s of memory is in use on nodes without processors, and nothing moves between the "
                "tiers",
                SIZE(used));
    if (user)
        finding_detail(c, "%s has %s of its %s there.", process_label((char[64]){0}, user),
                       SIZE(slow), SIZE(all));
    if (!demotion)
        finding_detail(c, "\"echo 1 >/sys/kernel/mm/numa/demotion_enabled\" lets reclaim move cold "
                          "pages there.");
    if (!(mode & TIERING))
        finding_detail(c, "\"sysctl -w kernel.numa_balancing=2\" lets hot pages move up.");
    evidence(c, "in use on slow nodes", number_of(used), IN_BYTES, part_names[PART_NODES],
             "over %.0f %% of them", USED_PERCENT);
    if (user) {
        evidence_process(c, user, number_of(slow), IN_BYTES, "numa_maps");
        evidence_shown(c, "all of its memory", number_of(all), IN_BYTES, "/proc/PID/numa_maps");
    }
    evidence(c, "kernel.numa_balancing", number_of(mode), IN_COUNT, part_names[PART_SYSCTL_VM],
             "2 or 3: hot pages move up");
}
