/* run_nodes.h - where memory was on a machine of several nodes, and what it cost that some of it
 * was far away.
 *
 * Accesses are those that missed in the TLB, of which each is taken to reach memory; what the TLB
 * held is taken to be in the CPU's caches. Of the whole run, by name of the program.
 */
#ifndef REPORT_RUN_NODES_H
#define REPORT_RUN_NODES_H

#include "report/run_report.h"

/* Is there more than one node? What follows is about such machines alone. */
bool run_nodes_enabled(const struct run_report *r);

/* Tables of nodes and programs, and a sentence for the worst of these, with what mends it. */
void run_nodes_text(const struct run_report *r, struct strbuf *out);

/* Did a node run short while another had plenty, or was somebody killed for one? Then a sentence
 * says so, with what mends it; false: no. */
bool run_nodes_short(const struct run_report *r, struct strbuf *out);

json_object *run_nodes_json(const struct run_report *r);

#endif
