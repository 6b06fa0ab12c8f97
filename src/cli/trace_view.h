/* trace_view.h - `trace heat` and `trace wss`: what of a recording is in use when. */
#ifndef CLI_TRACE_VIEW_H
#define CLI_TRACE_VIEW_H

#include "cli/cli.h"
#include "trace/footprint.h"

struct trace_view {
    const struct trace *trace;
    struct footprint_window window; /* places and streams */
    unsigned width, height;         /* 0: the terminal's */
    bool files;                     /* heat: of files */
};

/* Append the answer; CLI_OK or CLI_FAILED. */
int trace_view_heat(struct cli *cli, struct trace_view *view, struct strbuf *out);
int trace_view_wss(struct cli *cli, struct trace_view *view, struct strbuf *out);

#endif
