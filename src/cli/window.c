/* window.c - from the words of --from and --to to places in a recording. */
#include "cli/window.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "cli/machine.h"
#include "stats/names.h"
#include "system/cgroup.h"

#include <stdlib.h>
#include <string.h>

#define MARKS_SHOWN 8u

/* "; it has 'warm', 'ready' and 3 more": the marks of the recording, each name once. */
static void list_marks(const struct trace *t, struct strbuf *out)
{
    size_t shown = 0, left = 0;

    for (size_t i = 0; i < t->nr_marks; i++) {
        if (trace_mark_find(t, t->marks[i].name) != &t->marks[i])
            continue;
        if (shown == MARKS_SHOWN) {
            left++;
            continue;
        }
        strbuf_append(out, shown++ ? ", '" : "; it has '");
        utf8_append_clean(out, t->marks[i].name);
        strbuf_appendc(out, '\'');
    }
    if (left)
        strbuf_printf(out, " and %zu more", left);
    if (!shown)
        strbuf_append(out, ": it has none, and a time is a number with a unit, like 5s");
}

static void unknown_mark(struct cli *cli, const char *option, const char *word,
                         const struct trace *t)
{
    struct nearest near;
    struct strbuf known;
    char hint[256];

    strbuf_init(&known);
    nearest_init(&near, word);
    for (size_t i = 0; i < t->nr_marks; i++)
        if (trace_mark_find(t, t->marks[i].name) == &t->marks[i])
            nearest_offer(&near, t->marks[i].name);
    nearest_text(&near, hint, sizeof(hint));
    if (*hint)
        utf8_append_clean(&known, hint);
    else
        list_marks(t, &known);
    cli_usage(cli, "%s: %s has no mark '%s'%s", option, t->path, word, known.text);
    strbuf_done(&known);
}

/* A name may have been used again. */
static void tell_which(struct cli *cli, const char *option, const struct trace *t,
                       const struct trace_mark *meant)
{
    char time[UNITS_TEXT_MAX];
    size_t nr = 0;

    for (size_t i = 0; i < t->nr_marks; i++)
        nr += strcmp(t->marks[i].name, meant->name) == 0;
    if (nr > 1)
        cli_note(cli, "%s: %zu marks have the name '%s'; the last of them is meant, after %s",
                 option, nr, meant->name, format_ns(time, meant->time_ns));
}

static bool find_place(struct cli *cli, const char *option, const char *word, const struct trace *t,
                       struct trace_place *ret)
{
    const struct trace_mark *mark;
    struct err e = {0};
    ns_t ns;

    *ret = (struct trace_place){0};
    if (!word)
        return true;
    mark = trace_mark_find(t, word);
    if (mark && parse_duration(word, &ns, NULL) == 0)
        cli_note(cli, "%s %s: a mark of the recording has this name, and is meant", option, word);
    if (mark) {
        *ret = (struct trace_place){TRACE_PLACE_STAMP, mark->stamp};
        tell_which(cli, option, t, mark);
    } else if (parse_duration(word, &ns, &e) == 0) {
        *ret = (struct trace_place){TRACE_PLACE_NS, ns};
    } else {
        unknown_mark(cli, option, word, t);
    }
    return !cli->done;
}

static bool wrong_order(struct cli *cli, const struct cli_window *window)
{
    cli_usage(cli, "--to %s does not come after --from %s", window->to, window->from);
    return false;
}

/* Replay without a limit, up to both places. */
static int locate(struct cli *cli, const struct trace *t, const volatile int *stop,
                  struct replay_config *config, struct replay_progress *ret, ns_t *ret_ns,
                  struct err *e)
{
    struct system *s = xcalloc(1, sizeof(*s));
    struct system_config machine;
    struct replay replay;
    int rc;

    cli_system_config(cli, t, 0, &machine);
    rc = system_init(s, &machine, e);
    if (rc) {
        free(s);
        return rc;
    }
    config->trace = t;
    config->system = s;
    config->group = system_group(s, "/app");
    config->stop = stop;
    replay_init(&replay, config);
    switch (replay_run(&replay)) {
    case REPLAY_STOPPED:
        rc = err_set(e, -EINTR, "interrupted");
        break;
    case REPLAY_FAILED:
        rc = err_at(e, replay.error, t->path, 0, 0, "cannot read it to its end: %s",
                    strerror(-replay.error));
        break;
    default:
        break;
    }
    *ret = replay.window;
    *ret_ns = replay.window.begun_ns + replay.stats.virtual_ns;
    replay_done(&replay);
    system_done(s);
    free(s);
    return rc;
}

/* Times become numbers of events. */
static bool settle_times(struct cli *cli, const struct cli_window *window, const struct trace *t,
                         const volatile int *stop, struct trace_place *from, struct trace_place *to)
{
    struct replay_config config = {.from = *from, .to = *to};
    struct replay_progress at;
    struct err e = {0};
    char text[UNITS_TEXT_MAX];
    ns_t ns;

    if (locate(cli, t, stop, &config, &at, &ns, &e)) {
        cli->exit_code = cli_fail_err(cli, &e);
        return false;
    }
    if (!at.begun) {
        cli_usage(cli, "--from %s is never reached: without a limit %s ends after %s", window->from,
                  t->path, format_ns(text, ns));
        return false;
    }
    if (at.ended && at.ended_events == at.begun_events && from->kind == TRACE_PLACE_NS &&
        to->kind == TRACE_PLACE_NS && to->at > from->at) {
        cli_usage(cli,
                  "nothing happens between --from %s and --to %s: a wait that began after %s lasts "
                  "longer",
                  window->from, window->to, format_ns(text, at.begun_ns));
        return false;
    }
    if (at.ended && at.ended_events <= at.begun_events)
        return window->from
                   ? wrong_order(cli, window)
                   : (cli_usage(cli, "--to %s: nothing comes before it", window->to), false);
    if (from->kind == TRACE_PLACE_NS)
        *from = (struct trace_place){TRACE_PLACE_EVENTS, at.begun_events};
    if (to->kind == TRACE_PLACE_NS)
        *to = at.ended ? (struct trace_place){TRACE_PLACE_EVENTS, at.ended_events}
                       : (struct trace_place){0};
    return true;
}

bool cli_window_find(struct cli *cli, const struct cli_window *window, const struct trace *t,
                     const volatile int *stop, struct trace_place *ret_from,
                     struct trace_place *ret_to)
{
    if (!find_place(cli, "--from", window->from, t, ret_from) ||
        !find_place(cli, "--to", window->to, t, ret_to))
        return false;
    if (ret_from->kind == ret_to->kind && ret_from->kind != TRACE_PLACE_NONE &&
        ret_to->at <= ret_from->at)
        return wrong_order(cli, window);
    if (ret_from->kind == TRACE_PLACE_NS || ret_to->kind == TRACE_PLACE_NS)
        return settle_times(cli, window, t, stop, ret_from, ret_to);
    return true;
}
