/* trace_processes.c - the processes of a recording as a tree. */
#include "report/trace_report.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"

#include <limits.h>
#include <stdlib.h>

#define DEPTH_SHOWN 12u
#define NAME_WIDTH  28

static void process_line(const struct footprint *f, u32 index, unsigned depth, struct strbuf *out)
{
    const struct footprint_process *p = &f->process[index];
    char count[UNITS_TEXT_MAX], anon[UNITS_TEXT_MAX], file[UNITS_TEXT_MAX];
    int indent = (int)MIN(depth, DEPTH_SHOWN) * 2;
    struct strbuf comm;

    strbuf_init(&comm);
    utf8_append_clean(&comm, *p->comm ? p->comm : "?");
    strbuf_printf(out, "%10u  %*s%-*s %10s %5.1f %% %12s %12s %8u\n", p->pid, indent, "",
                  MAX(NAME_WIDTH - indent, 1), comm.text,
                  format_short_count(count, p->instructions),
                  f->instructions ? 100.0 * (double)p->instructions / (double)f->instructions : 0,
                  format_bytes(anon, p->anon_pages_peak << HWT_PAGE_SHIFT),
                  format_bytes(file, p->file_pages << HWT_PAGE_SHIFT), p->threads);
    strbuf_done(&comm);
}

/* By index: which processes are asked for. */
static bool *select_processes(const struct trace_report *r)
{
    const struct footprint *f = r->footprint;
    bool *selected = xcalloc(f->nr_process + 1, sizeof(*selected));

    for (u32 i = 0; i < r->trace->nr_streams; i++)
        if (f->stream_process[i])
            selected[f->stream_process[i] - 1] |= !r->streams || r->streams[i];
    return selected;
}

/* Parents stand before their children in f->process, so a tree has no circle. */
void trace_report_processes_text(const struct trace_report *r, struct strbuf *out)
{
    const struct footprint *f = r->footprint;
    u32 *first = xcalloc(f->nr_process + 1, sizeof(*first)); /* child of index + 1, 0: roots */
    u32 *next = xcalloc(f->nr_process + 1, sizeof(*next));   /* sibling, as index + 1 */
    bool *selected = select_processes(r);
    unsigned depth = 0, top = UINT_MAX; /* top: depth of the first that is shown */
    u32 at;

    for (u32 i = f->nr_process; i > 0; i--) { /* the earliest comes first */
        next[i] = first[f->process[i - 1].parent];
        first[f->process[i - 1].parent] = i;
    }
    strbuf_printf(out, "%10s  %-*s %10s %7s %12s %12s %8s\n", "", NAME_WIDTH, "", "instruc-",
                  "of all", "anonymous", "pages", "");
    strbuf_printf(out, "%10s  %-*s %10s %7s %12s %12s %8s\n", "pid", NAME_WIDTH, "command", "tions",
                  "CPU", "at most", "of files", "threads");
    at = first[0];
    while (at) {
        if (selected[at - 1]) {
            top = MIN(top, depth);
            process_line(f, at - 1, depth - top, out);
        }
        if (first[at]) {
            at = first[at];
            depth++;
            continue;
        }
        while (at && !next[at]) {
            at = f->process[at - 1].parent;
            depth -= at != 0;
        }
        if (at)
            at = next[at];
    }
    free(selected);
    free(first);
    free(next);
}
