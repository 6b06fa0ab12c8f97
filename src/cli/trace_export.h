/* trace_export.h - `trace export`: a recording as a plain sequence of pages. */
#ifndef CLI_TRACE_EXPORT_H
#define CLI_TRACE_EXPORT_H

#include "cli/cli.h"
#include "trace/footprint.h"

/* format: "csv" or "oracle". To --output, whole or not at all; csv without it to stdout, piece by
 * piece. */
int trace_export(struct cli *cli, const struct trace *t, const struct footprint_window *window,
                 const char *format);

#endif
