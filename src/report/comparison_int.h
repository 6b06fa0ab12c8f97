/* comparison_int.h - columns of tables whose rows are sweeps. */
#ifndef REPORT_COMPARISON_INT_H
#define REPORT_COMPARISON_INT_H

#include "report/columns.h"
#include "size/size.h"

/* Time and peak without a limit, and the two smallest limits. results: one for each row. */
void comparison_put_boundaries(struct columns *c, const struct size_result *results);

/* The time under one limit. base_ns: what times are compared with; 0: those of the same row without
 * a limit. `name` must live as long as c. */
void comparison_put_limit(struct columns *c, const struct size_result *results, u64 limit,
                          const char *name, ns_t base_ns, double usable);

/* The limits that are shown, rising; of those of the grid that none survives only the largest.
 * Returns how many, of *ret_all. ret has room for as many as the first result has rows. */
unsigned comparison_choose_limits(const struct size_result *results, unsigned nr_results, u64 *ret,
                                  unsigned *ret_all);

/* What the columns of limits mean. base: what their times are over. */
void comparison_limits_legend(unsigned nr, unsigned all, const char *base, struct strbuf *out);

#endif
