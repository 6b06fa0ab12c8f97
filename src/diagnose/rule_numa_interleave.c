/* rule_numa_interleave.c - a program that runs on one part of the machine has its memory spread
 * over all of it.
 *
 * Interleave is for memory that all nodes use alike, or that no node has room for. Of a program
 * whose processors are all on some nodes, and whose memory would fit there, it makes a part of all
 * accesses remote for nothing.
 */
#include "diagnose/locality.h"

#define AWAY_PERCENT 25.0 /* half of what two nodes make of it */
#define MUCH_BYTES   (64 * MIB)
#define MUCH_PERCENT 1.0
#define BUSY         5.0

static void tell(struct rule_context *c, const struct process_view *p, const struct locality *l,
                 u64 room)
{
    const struct process_figures *pf = &c->f->processes[p - c->s->processes.items];
    double share = share_of(l->interleaved_away, l->total);
    char scope[64], where[64], pid[16];

    snprintf(scope, sizeof(scope), "pid %s (%s)", process_number(pid, p), p->comm);
    placement_source(where, c->s, p);
    finding_add(c, pf->cpu_percent < BUSY ? SEV_INFO : SEV_WARNING,
                isnan(pf->cpu_percent) ? CONF_MEDIUM : CONF_HIGH, scope, 0.55 + share / 1000,
                "%s runs on node %s, and interleaving puts %s of its %s of memory elsewhere",
                process_label((char[64]){0}, p), NODES(l->home), AMOUNT(share, IN_PERCENT),
                SIZE(l->total));
    finding_detail(c,
                   "There is room for all of it where it runs: start it with \"numactl "
                   "--cpunodebind=%s --localalloc\"; \"migratepages %s all %s\" moves its memory "
                   "now.",
                   NODES(l->home), pid, NODES(l->home));
    evidence(c, "interleaved to other nodes", share, IN_PERCENT, where, "over %.0f %%",
             AWAY_PERCENT);
    evidence_placed(c, p, number_of(l->total));
    evidence(c, "CPU time it uses", pf->cpu_percent, IN_PERCENT, "/proc/PID/stat",
             "over %.0f %% of a processor", BUSY);
    evidence(c, "free where it runs", number_of(room), IN_BYTES, part_names[PART_NODES],
             "over %s that would come back", SIZE(l->interleaved_away));
}

void rule_numa_interleave(struct rule_context *c)
{
    if (c->s->nodes.count < 2)
        return;
    vec_for_each (&c->s->processes, p) {
        struct locality l;
        u64 room;

        if (!wants_process(c, p) || !locality_of(c->s, p, &l) || !l.confined ||
            l.interleaved_away < MUCH_BYTES ||
            !(share_of(l.interleaved_away, l.total) >= AWAY_PERCENT) ||
            share_of(l.interleaved_away, c->f->total) < MUCH_PERCENT)
            continue;
        room = nodes_free(c->s, l.home);
        if (known(room) && room > l.interleaved_away)
            tell(c, p, &l, room);
    }
}
