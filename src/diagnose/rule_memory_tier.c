/* rule_memory_tier.c - memory on nodes without processors is in use, and pages do not move between
 * it and the rest.
 *
 * How often such memory is used no file tells. So it is worth a warning only where a busy program
 * has most of its memory there.
 */
#include "diagnose/locality.h"

/* Percent of the slow memory, and of a program's. */
#define USED_PERCENT 20.0
#define MOST_PERCENT 50.0
#define BUSY         5.0 /* percent of a processor */
#define MUCH_BYTES   (64 * MIB)
#define TIERING      2u

static u64 slow_bytes_of(const struct snapshot *s, const struct process_view *p, u64 *ret_all)
{
    u64 slow = 0;

    *ret_all = 0;
    vec_for_each (&s->process_nodes, row) {
        if (row->pid != p->pid)
            continue;
        *ret_all += row->bytes;
        vec_for_each (&s->nodes, n)
            if (n->id == row->node && node_is_slow(n))
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

/* What moves between the tiers, as the settings tell: the end of a sentence. */
static const char *what_moves(const struct snapshot *s, u64 mode, u64 demotion)
{
    if (!known(mode) && known(demotion) && !demotion && s->vmstat[PGPROMOTE_SUCCESS] == 0)
        return ", and nothing has moved between the tiers";
    if (!known(mode) || !known(demotion))
        return ": whether pages move between the tiers is not told";
    if (demotion)
        return ": reclaim moves cold pages there, and hot ones do not come back";
    return mode & TIERING ? ": hot pages come back, and cold ones are not moved there"
                          : ", and nothing moves between the tiers";
}

/* Bytes that reclaim moved there since boot; UNKNOWN. */
static u64 demoted(const struct snapshot *s)
{
    u64 pages = figure_add(s->vmstat[PGDEMOTE_KSWAPD], s->vmstat[PGDEMOTE_DIRECT]);

    return known(pages) && pages < (u64)1 << 44 ? pages * s->page_bytes : UNKNOWN;
}

static void tell(struct rule_context *c, const struct process_view *user, u64 slow, u64 all)
{
    u64 mode = sysctl_value(c->s, "kernel.numa_balancing");
    u64 demotion = sysctl_value(c->s, "numa/demotion_enabled"), moved = demoted(c->s);

    if (user)
        finding_detail(c, "%s has %s of its %s there.", process_label((char[64]){0}, user),
                       SIZE(slow), SIZE(all));
    if (known(demotion) && demotion && known(moved)) {
        finding_detail(c, "Reclaim has moved %s there since boot.", SIZE(moved));
        evidence_shown(c, "pgdemote_kswapd and pgdemote_direct", number_of(moved), IN_BYTES,
                       "/proc/vmstat");
    }
    if (!known(demotion) || !demotion)
        finding_detail(c, "\"echo 1 >/sys/kernel/mm/numa/demotion_enabled\" lets reclaim move cold "
                          "pages there.");
    if (!known(mode) || !(mode & TIERING))
        finding_detail(c, "\"sysctl -w kernel.numa_balancing=2\" lets hot pages move up.");
}

void rule_memory_tier(struct rule_context *c)
{
    u64 total = 0, used = 0, mode = sysctl_value(c->s, "kernel.numa_balancing"), slow = 0, all = 0;
    u64 demotion = sysctl_value(c->s, "numa/demotion_enabled");
    const struct process_view *user;

    vec_for_each (&c->s->nodes, n) {
        if (node_is_slow(n) && known(n->free) && n->free <= n->total) {
            u64 pool = figure_or(n->huge_bytes, 0);

            /* Pages of the pool (hugetlb) never move between the tiers. */
            total += n->total;
            used += n->total - n->free - MIN(pool, n->total - n->free);
        }
    }
    /* A text need not have the settings; of a machine that has no such files nothing could be
     * changed. */
    if (!wants_host(c) || !total || (!c->s->pasted && (!known(mode) || !known(demotion))) ||
        (known(mode) && known(demotion) && mode & TIERING && demotion) ||
        !(share_of(used, total) >= USED_PERCENT))
        return;
    user = find_user(c, &slow, &all);
    finding_add(c, user ? SEV_WARNING : SEV_INFO, CONF_MEDIUM, "host", 0.5,
                "%s of memory is in use on nodes without processors%s", SIZE(used),
                what_moves(c->s, mode, demotion));
    tell(c, user, slow, all);
    evidence(c, "in use on slow nodes", number_of(used), IN_BYTES, part_names[PART_NODES],
             "over %.0f %% of them", USED_PERCENT);
    if (user) {
        evidence_placed(c, user, number_of(slow));
        evidence_shown(c, "all of its memory", number_of(all), IN_BYTES,
                       placement_source((char[64]){0}, c->s, user));
    }
    evidence(c, "kernel.numa_balancing", number_of(mode), IN_COUNT, part_names[PART_SYSCTL_VM],
             "2 or 3: hot pages move up");
}
