/* diagnose_plot.h - the time of a capture in a text: a line for each figure, and one for each
 * finding that hurt. */
#ifndef REPORT_DIAGNOSE_PLOT_H
#define REPORT_DIAGNOSE_PLOT_H

#include "base/strbuf.h"
#include "report/diagnose_over_time.h"

/* Lines of at most 80 columns, each with a newline; nothing where there are fewer than
 * DIAGNOSE_OVER_TIME_MIN looks, or nothing that is known. Figures that never were above 0 have no
 * line. */
void diagnose_plot(const struct diagnose_over_time *o, struct strbuf *out);

#endif
