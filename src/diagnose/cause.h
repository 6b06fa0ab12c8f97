/* cause.h - what fills memory, against that little is left of it.
 *
 * Of a machine that is watched, that little is left is the news, and who holds memory stands below
 * it. Whoever pastes a table knows that memory is short and asks who holds it: there a cause is as
 * severe as the shortage that it explains, and comes first.
 */
#ifndef DIAGNOSE_CAUSE_H
#define DIAGNOSE_CAUSE_H

#include "diagnose/left.h"

/* More than any finding of a shortage has (rule_memory_low_available.c). */
#define CAUSE_WEIGHT 0.65

/* How severe a holder of memory is, that would be of severity `own` by itself. */
static inline enum severity cause_severity(const struct rule_context *c, enum severity own)
{
    enum severity most = own;

    if (!c->s->pasted)
        return own;
    for (enum severity at = SEV_WARNING; at <= SEV_CRITICAL; at++) {
        if (finding_said(c, RULE_MEMORY_LOW_AVAILABLE, at) ||
            finding_said(c, RULE_NO_SWAP_LOW_AVAILABLE, at) ||
            finding_said(c, RULE_SWAP_FULL, at) || finding_said(c, RULE_SWAP_THRASH, at))
            most = MAX(most, at);
    }
    return most;
}

/* Of several holders the largest comes first; share in percent of memory. */
static inline double cause_weight(const struct rule_context *c, double own, double share)
{
    return c->s->pasted && share > 0 ? CAUSE_WEIGHT + MIN(share, 100.0) / 1000 : own;
}

/* What no process holds, and a line of its own names: pools of huge pages and the ARC of ZFS. A
 * remainder that they explain is none. */
static inline u64 named_beside_processes(const struct snapshot *s)
{
    u64 idle, most = (u64)1 << 56, pools = figure_or(snapshot_pools(s, &idle), 0);

    return MIN(pools, most) + MIN(figure_or(s->arc_size, 0), most);
}

#endif
