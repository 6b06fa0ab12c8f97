/* openmetrics.h - one look as text that Prometheus scrapes.
 *
 * Two forms: OpenMetrics 1.0, and the older text format 0.0.4, which the textfile collector of
 * node_exporter reads and scrapers that do not ask for the other. They differ in how counters are
 * declared, in units, and in the end mark.
 */
#ifndef EXPORT_OPENMETRICS_H
#define EXPORT_OPENMETRICS_H

#include "export/metric.h"

enum exposition { EXPOSE_OPENMETRICS, EXPOSE_TEXT, NR_EXPOSITIONS };

extern const char *const exposition_types[NR_EXPOSITIONS]; /* the media type, for HTTP */

void openmetrics_render(const struct metric_look *l, enum exposition form, struct strbuf *out);

/* The lines before the first value of a family. */
void openmetrics_render_head(const struct metric *m, enum exposition form, struct strbuf *out);

#endif
