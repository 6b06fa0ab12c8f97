/* process.c - from a name or a pid to streams of a recording. */
#include "cli/process.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "stats/names.h"
#include "trace/footprint.h"

#include <stdlib.h>
#include <string.h>

#define PIDS_SHOWN 8u

static bool matches(const struct footprint_process *p, const char *word)
{
    u64 pid;

    return strcmp(p->comm, word) == 0 || (parse_u64(word, &pid, NULL) == 0 && p->pid == pid);
}

/* Mark those that match and all below them; returns how many match and are below no other. */
static u32 select_trees(const struct footprint *f, const char *word, bool *selected)
{
    u32 roots = 0;

    for (u32 i = 0; i < f->nr_process; i++) { /* parents come first */
        const struct footprint_process *p = &f->process[i];
        bool below = p->parent && selected[p->parent - 1];

        selected[i] = below || matches(p, word);
        roots += selected[i] && !below;
    }
    return roots;
}

static void unknown_process(struct cli *cli, const char *word, const struct trace *t,
                            const struct footprint *f)
{
    struct nearest near;
    struct strbuf text;
    char hint[256];

    strbuf_init(&text);
    nearest_init(&near, word);
    for (u32 i = 0; i < f->nr_process; i++)
        nearest_offer(&near, f->process[i].comm);
    utf8_append_clean(&text, nearest_text(&near, hint, sizeof(hint)));
    cli_usage(cli, "--process: %s has no process '%s'%s (trace info --processes lists them)",
              t->path, word, text.text);
    strbuf_done(&text);
}

static void several_processes(struct cli *cli, const char *word, const struct footprint *f,
                              const bool *selected, u32 roots)
{
    struct strbuf pids;
    u32 shown = 0;

    strbuf_init(&pids);
    for (u32 i = 0; i < f->nr_process && shown < PIDS_SHOWN; i++) {
        const struct footprint_process *p = &f->process[i];

        if (selected[i] && !(p->parent && selected[p->parent - 1]))
            strbuf_printf(&pids, "%s%u", shown++ ? ", " : "", p->pid);
    }
    cli_usage(cli, "--process: '%s' names %u processes; give the pid of one: %s%s", word, roots,
              pids.text, roots > shown ? " ..." : "");
    strbuf_done(&pids);
}

bool cli_process_find(struct cli *cli, const char *word, const struct trace *t, bool **ret_streams)
{
    struct footprint f;
    struct err e = {0};
    bool *selected;
    u32 roots;

    *ret_streams = NULL;
    if (!word)
        return true;
    if (footprint_compute(t, NULL, &f, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    selected = xcalloc(f.nr_process + 1, sizeof(*selected));
    roots = select_trees(&f, word, selected);
    if (roots == 1) {
        *ret_streams = xcalloc(t->nr_streams + 1, sizeof(**ret_streams));
        for (u32 i = 0; i < t->nr_streams; i++)
            (*ret_streams)[i] = f.stream_process[i] && selected[f.stream_process[i] - 1];
    } else if (roots == 0) {
        unknown_process(cli, word, t, &f);
    } else {
        several_processes(cli, word, &f, selected, roots);
    }
    free(selected);
    footprint_done(&f);
    return *ret_streams != NULL;
}
