/* size_plot.h - the time of a sweep over its limits, drawn with characters. */
#ifndef REPORT_SIZE_PLOT_H
#define REPORT_SIZE_PLOT_H

#include "base/strbuf.h"
#include "size/size.h"

/* Ten lines of 72 columns; nothing when fewer than SIZE_PLOT_MIN limits were tried. */
#define SIZE_PLOT_MIN 6u
void size_plot(const struct size_result *res, const struct size_config *config, struct strbuf *out);

#endif
