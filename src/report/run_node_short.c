/* run_node_short.c - a node that was the limit: a kill for a policy or a cpuset, and reclaim beside
 * free memory. */
#include "report/run_nodes_int.h"

#include "base/masklist.h"
#include "base/units.h"
#include "base/utf8.h"
#include "system/cpuset.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define SHORT_PERCENT  10.0 /* of a node, free: it is short */
#define PLENTY_PERCENT 20.0 /* of a node, free: it is not */
#define SPARE_PERCENT  3.0  /* of the other nodes, free: less is what watermarks keep */

const char *run_bound_constraint(const struct system *s)
{
    return s->oom_bound.cpuset ? "CONSTRAINT_CPUSET" : "CONSTRAINT_MEMORY_POLICY";
}

static const struct task *who_asked(const struct system *s)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (strcmp(s->tasks[i]->comm, s->oom_bound.comm) == 0)
            return s->tasks[i];
    return NULL;
}

/* Of these nodes the one with most free memory; MAX_NUMNODES: none has any. */
static unsigned most_free(const struct system *s, u64 nodes)
{
    unsigned best = MAX_NUMNODES;
    u64 most = 0;

    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (nodes >> nid & 1 && run_node_pages(s, nid, true) > most) {
            most = run_node_pages(s, nid, true);
            best = nid;
        }
    return best;
}

/* The cpuset that it is in gets one node more, of those that its parent has. */
static void save_by_cpuset(const struct run_report *r, const struct task *t, struct strbuf *out)
{
    const struct system *s = r->system;
    const struct group *owner = cpuset_owner(t->group);
    u64 mems = s->oom_bound.nodes, all = topology_memory_nodes(&s->frames.topology);
    u64 allowed = owner->parent ? cpuset_mems_of(s, owner->parent) : all;
    unsigned nid = most_free(s, allowed & ~mems);
    char path[512];

    group_path(owner, path, sizeof(path));
    if (nid == MAX_NUMNODES) {
        strbuf_append(out, " No cpuset above ");
        utf8_append_clean(out, path);
        strbuf_append(out, " has more nodes with free memory: it needs them first.");
        return;
    }
    strbuf_append(out, " To let it overflow: cpuset.mems = ");
    strbuf_masklist(out, mems | BIT_ULL(nid));
    strbuf_append(out, r->scenario ? " in [cgroup " : " of ");
    utf8_append_clean(out, r->scenario ? path + 1 : path);
    strbuf_append(out, r->scenario ? "]." : ".");
}

static void save_by_policy(const struct run_report *r, const struct task *t, struct strbuf *out)
{
    const struct system *s = r->system;
    u64 nodes = s->oom_bound.nodes;
    bool own = run_chose_policy(s, t);

    if (t->mempolicy.policy.mode != MPOL_BIND || (own && !r->scenario)) {
        strbuf_append(out, " The program binds its memory itself: it would have to prefer the "
                           "node instead (MPOL_PREFERRED).");
        return;
    }
    strbuf_printf(out, " To let it overflow: %s%s:", own ? "numa = " : "--numa ",
                  nodes & (nodes - 1) ? "preferred-many" : "preferred");
    strbuf_masklist(out, nodes);
    strbuf_append(out, own ? " in its [task]." : ".");
}

/* What was free on nodes that it may not use, with the cache there, would not have helped it. */
static bool all_are_full(const struct system *s)
{
    u64 pages = 0, left = s->oom_bound.free_pages;

    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        if (!(s->oom_bound.nodes >> nid & 1)) {
            pages += run_node_pages(s, nid, false);
            left += (u64)node_counter(&s->frames, nid, NR_INACTIVE_FILE) +
                    (u64)node_counter(&s->frames, nid, NR_ACTIVE_FILE);
        }
    return run_percent(left, pages) < SPARE_PERCENT;
}

static void tell_kill(const struct run_report *r, struct strbuf *out)
{
    const struct system *s = r->system;
    const struct task *t = who_asked(s);
    char bytes[UNITS_TEXT_MAX];

    strbuf_printf(out, "\nNote: node%s ", s->oom_bound.nodes & (s->oom_bound.nodes - 1) ? "s" : "");
    strbuf_masklist(out, s->oom_bound.nodes);
    strbuf_append(out, " had nothing left for ");
    utf8_append_clean(out, s->oom_bound.comm);
    strbuf_printf(out,
                  all_are_full(s) ? ", whose %s allows no other; the other nodes were full as "
                                    "well, with %s free: memory is short, whatever binds it (%s)."
                                  : ", whose %s allows no other, while %s were free elsewhere "
                                    "(%s).",
                  s->oom_bound.cpuset ? "cpuset" : "memory policy",
                  format_bytes(bytes, s->oom_bound.free_pages * PAGE_SIZE),
                  run_bound_constraint(s));
    if (t && !all_are_full(s) && s->oom_bound.cpuset)
        save_by_cpuset(r, t, out);
    else if (t && !all_are_full(s))
        save_by_policy(r, t, out);
    strbuf_appendc(out, '\n');
}

/* Somebody who may have memory of this node alone; NULL: nobody. */
static const struct task *bound_to(const struct system *s, unsigned nid)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (!s->tasks[i]->kthread && run_nodes_for_task(s, s->tasks[i]) == BIT_ULL(nid))
            return s->tasks[i];
    return NULL;
}

/* All that reclaim took went to a slower node: nothing was lost. */
static bool tell_demoted(const struct run_report *r, unsigned nid, struct strbuf *out)
{
    u64 demoted = run_machine_events(r, PGDEMOTE_KSWAPD) + run_machine_events(r, PGDEMOTE_DIRECT),
        taken = run_machine_events(r, PGSTEAL_KSWAPD) + run_machine_events(r, PGSTEAL_DIRECT);
    char bytes[UNITS_TEXT_MAX];

    if (!demoted || demoted < taken)
        return false;
    strbuf_printf(out,
                  "\nNote: node %u filled up, and %s moved from there to a slower node "
                  "(pgdemote_kswapd, pgdemote_direct); nothing was evicted.\n",
                  nid, format_bytes(bytes, demoted * PAGE_SIZE));
    return true;
}

bool run_nodes_short(const struct run_report *r, struct strbuf *out)
{
    const struct system *s = r->system;
    unsigned least = 0, most = 0;
    double part[MAX_NUMNODES] = {0};
    const struct task *who;
    char bytes[UNITS_TEXT_MAX];

    if (!run_nodes_enabled(r))
        return false;
    if (s->oom_bound.kills) {
        tell_kill(r, out);
        return true;
    }
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        part[nid] = run_node_has_memory(s, nid)
                        ? run_percent(r->fullest.free_pages[nid], run_node_pages(s, nid, false))
                        : NAN;
        if (!(part[least] <= part[nid]))
            least = nid;
        if (!(part[most] >= part[nid]))
            most = nid;
    }
    if (!(part[least] < SHORT_PERCENT) || !(part[most] >= PLENTY_PERCENT) ||
        !(run_machine_events(r, PGSCAN_KSWAPD) + run_machine_events(r, PGSCAN_DIRECT)))
        return false;
    if (tell_demoted(r, least, out))
        return true;
    who = bound_to(s, least);
    strbuf_printf(out, "\nNote: memory of node %u was reclaimed while node %u had %s free: ", least,
                  most, format_bytes(bytes, r->fullest.free_pages[most] * PAGE_SIZE));
    if (s->tunables.zone_reclaim_mode) {
        strbuf_printf(out,
                      "vm.zone_reclaim_mode is %" PRIu64 ". With 0 memory overflows to the next "
                      "node instead.\n",
                      s->tunables.zone_reclaim_mode);
    } else if (who) {
        utf8_append_clean(out, who->comm);
        strbuf_printf(out,
                      " may have no other. \"preferred\" or \"interleave\" instead of \"bind\", or "
                      "more nodes in its cpuset, let it overflow.\n");
    } else {
        strbuf_append(out,
                      "memory overflows first, and what is left is what its watermarks keep.\n");
    }
    return true;
}
