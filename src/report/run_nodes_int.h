/* run_nodes_int.h - what the notes of nodes share. */
#ifndef REPORT_RUN_NODES_INT_H
#define REPORT_RUN_NODES_INT_H

#include "report/run_nodes.h"

static inline double run_percent(u64 part, u64 whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

/* Pages of the node, managed or free. */
u64 run_node_pages(const struct system *s, unsigned nid, bool free);
bool run_node_has_memory(const struct system *s, unsigned nid);
/* The nodes that new memory of the task may come from. */
u64 run_nodes_for_task(const struct system *s, const struct task *t);
/* Did the workload itself say by which policy the task runs? Then options of the command line do
 * not count for it. */
bool run_chose_policy(const struct system *s, const struct task *t);
/* "CONSTRAINT_CPUSET": of the last kill for a policy or a cpuset. */
const char *run_bound_constraint(const struct system *s);

#endif
