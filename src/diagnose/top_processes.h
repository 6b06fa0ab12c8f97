/* top_processes.h - the processes that lead by some figure. */
#ifndef DIAGNOSE_TOP_PROCESSES_H
#define DIAGNOSE_TOP_PROCESSES_H

#include "diagnose/rule.h"

#define TOP_PROCESSES 5

/* NAN when it is not known of this process. */
typedef double process_figure(const struct rule_context *c, const struct process_view *p);

/* Indices of at most TOP_PROCESSES wanted processes with the largest figures of at least `from`,
 * largest first. How many. */
unsigned top_processes(const struct rule_context *c, process_figure *figure, double from,
                       u32 ret[TOP_PROCESSES]);
/* "host", or what the user asked about. */
const char *top_processes_scope(const struct rule_context *c);
/* Name them in the evidence, and all but the first in the detail, of the finding added last. */
void top_processes_tell(struct rule_context *c, process_figure *figure, enum evidence_unit unit,
                        const u32 *top, unsigned count, const char *file);

#endif
