/* runtimes_report.c - one sentence or two for each program: what it goes by, what that was in the
 * recording, what to set. */
#include "report/runtimes_report.h"

#include "base/alloc.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"
#include "report/text_wrap.h"

#include <stdlib.h>
#include <string.h>

#define WRAP_COLUMNS 96u
#define USES_SHOWN   8u

static void append_settings(const struct runtime_use *u, const char *between, struct strbuf *out)
{
    char *all = xstrdup(u->settings), *lines = all;
    bool first = true;

    for (char *line; (line = strsep(&lines, "\n")); first = false) {
        strbuf_append(out, first ? "" : between);
        utf8_append_clean(out, line);
    }
    free(all);
}

/* "java (pid 12, the Java virtual machine)" */
static void append_program(const struct runtime_use *u, struct strbuf *out)
{
    const struct runtime_info *info = &runtime_info[u->runtime];
    char number[UNITS_TEXT_MAX];

    utf8_append_clean(out, *u->comm ? u->comm : info->name);
    strbuf_printf(out, " (pid %u", u->pid);
    if (u->processes > 1)
        strbuf_printf(out, " and %s more", format_count(number, u->processes - 1));
    if (strcmp(u->comm, info->name) != 0)
        strbuf_printf(out, ", %s", info->name);
    strbuf_append(out, ")");
}

/* It chose by what it saw, and would choose anew. */
static void say_adapts(const struct runtimes *r, const struct runtime_use *u, u64 limit,
                       struct strbuf *out)
{
    const struct runtime_info *info = &runtime_info[u->runtime];
    bool ram = info->sees == RUNTIME_SEES_RAM;
    u64 seen = ram ? r->ram_bytes : r->seen_bytes, then = runtime_bound(u, seen),
        now = runtime_bound(u, MIN(limit, seen ? seen : limit));
    char size[UNITS_TEXT_MAX], bound[UNITS_TEXT_MAX];

    strbuf_printf(out, " sizes %s by %s.", info->what,
                  ram ? "the machine's RAM, whatever the limit" : "the memory it sees");
    if (then)
        strbuf_printf(out, " It was recorded with at most %s, by the %s that it saw.",
                      format_bytes(bound, then), format_bytes(size, seen));
    else if (seen)
        strbuf_printf(out, " It was recorded where it saw %s.", format_bytes(size, seen));
    if (*u->settings) {
        strbuf_append(out, " It was told ");
        append_settings(u, ", ", out);
        strbuf_append(out, ".");
    }
    if (!ram && limit != UINT64_MAX && now)
        strbuf_printf(out, " Under a limit of %s it would choose at most %s by itself.",
                      format_bytes(size, limit), format_bytes(bound, now));
    if (r->starved_percent)
        strbuf_printf(out,
                      " While it was recorded it waited %u %% of its time for a CPU that others "
                      "had; it sizes by the clock too, and may take more where it runs freely.",
                      r->starved_percent);
    strbuf_printf(
        out,
        " What is said here holds for what it chose then: set %s together with the limit. "
        "To choose both, record it with several values and give all recordings to "
        "'highwater size'.",
        info->flag);
}

static void say_set(const struct runtime_use *u, struct strbuf *out)
{
    strbuf_printf(out, " would size %s by %s, but was recorded with ",
                  runtime_info[u->runtime].what,
                  runtime_info[u->runtime].sees == RUNTIME_SEES_RAM ? "the machine's RAM"
                                                                    : "the memory it sees");
    append_settings(u, ", ", out);
    strbuf_append(out, ": what is said here holds with that, so set both together.");
}

static void say_unaware(const struct runtime_use *u, struct strbuf *out)
{
    const struct runtime_info *info = &runtime_info[u->runtime];
    char size[UNITS_TEXT_MAX];

    if (u->runtime == RUNTIME_GO)
        strbuf_append(out, " lets its heap grow to what is in use and GOGC percent (100) more, "
                           "whatever the limit");
    else
        strbuf_printf(out, " is told by its settings how much to take for %s, whatever the limit",
                      info->what);
    if (u->shared_bytes && u->runtime == RUNTIME_POSTGRESQL)
        strbuf_printf(out, "; it made shared memory of %s", format_bytes(size, u->shared_bytes));
    if (*u->settings) {
        strbuf_append(out, "; it was recorded with ");
        append_settings(u, ", ", out);
    }
    strbuf_printf(out, ": set %s together with the limit%s.", info->flag,
                  u->runtime == RUNTIME_GO ? ", and somewhat below it, so that it collects "
                                             "before it is killed"
                                           : "");
}

static void say(const struct runtimes *r, const struct runtime_use *u, u64 limit,
                struct strbuf *out)
{
    append_program(u, out);
    if (runtime_info[u->runtime].sees == RUNTIME_SEES_NOTHING)
        say_unaware(u, out);
    else if (runtime_is_set(u))
        say_set(u, out);
    else
        say_adapts(r, u, limit, out);
}

void runtimes_render(const struct runtimes *r, u64 limit, struct strbuf *out)
{
    struct strbuf text;

    strbuf_init(&text);
    for (size_t i = 0; r && i < MIN(r->uses.count, (size_t)USES_SHOWN); i++) {
        strbuf_reset(&text);
        strbuf_append(&text, "Note: ");
        say(r, &r->uses.items[i], limit, &text);
        strbuf_appendc(out, '\n');
        text_wrap(out, text.text, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
    }
    if (r && r->uses.count > USES_SHOWN)
        strbuf_printf(out, "\nNote: and %zu programs more that choose how much memory they take.\n",
                      r->uses.count - USES_SHOWN);
    strbuf_done(&text);
}

void runtimes_settings(const struct runtimes *r, struct strbuf *out)
{
    size_t begun = out->len;

    for (size_t i = 0; r && i < r->uses.count; i++) {
        if (!*r->uses.items[i].settings)
            continue;
        strbuf_append(out, out->len > begun ? " " : "");
        append_settings(&r->uses.items[i], " ", out);
    }
}

static json_object *settings_json(const struct runtime_use *u)
{
    json_object *list = json_new_array();
    char *all = xstrdup(u->settings), *lines = all;

    for (char *line; (line = strsep(&lines, "\n"));)
        if (*line)
            json_append(list, json_new_text(line));
    free(all);
    return list;
}

static json_object *use_json(const struct runtimes *r, const struct runtime_use *u, u64 limit)
{
    static const char *const sees[] = {[RUNTIME_SEES_LIMIT] = "limit",
                                       [RUNTIME_SEES_RAM] = "ram",
                                       [RUNTIME_SEES_NOTHING] = "nothing"};
    const struct runtime_info *info = &runtime_info[u->runtime];
    u64 seen = info->sees == RUNTIME_SEES_RAM ? r->ram_bytes : r->seen_bytes,
        then = runtime_bound(u, seen), now = limit == UINT64_MAX ? 0 : runtime_bound(u, limit);
    json_object *o = json_new_object();
    struct strbuf text;

    strbuf_init(&text);
    say(r, u, limit, &text);
    json_put_text(o, "name", info->name);
    json_put_text(o, "program", u->comm);
    json_put_u64(o, "pid", u->pid);
    json_put_u64(o, "processes", u->processes);
    json_put_text(o, "sizes_itself_by", sees[info->sees]);
    json_put(o, "settings", settings_json(u));
    json_put(o, "bounded_by_settings", json_new_bool(runtime_is_set(u)));
    if (seen && info->sees != RUNTIME_SEES_NOTHING)
        json_put_u64(o, "recorded_seen_bytes", seen);
    if (then)
        json_put_u64(o, "recorded_bound_bytes", then);
    if (now)
        json_put_u64(o, "limit_bound_bytes", now);
    if (u->shared_bytes)
        json_put_u64(o, "shared_bytes", u->shared_bytes);
    json_put_text(o, "flag", info->flag);
    json_put_text(o, "text", text.text);
    strbuf_done(&text);
    return o;
}

void runtimes_put_json(json_object *o, const struct runtimes *r, u64 limit)
{
    json_object *list;

    if (!r || !r->uses.count)
        return;
    list = json_new_array();
    vec_for_each (&r->uses, u)
        json_append(list, use_json(r, u, limit));
    json_put(o, "runtimes", list);
}
