/* lacks.c - what a recording lacks, as a list. */
#include "report/lacks.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"
#include "report/text_wrap.h"

#define LACKS_COLUMNS 96u

struct lack {
    const char *reason, *text;
    u64 count;
};

/* The next reason with a count, from *at on; false at the end. Reasons of the format come first. */
static bool next_lack(const struct trace_lacks *lacks, unsigned *at, struct lack *ret)
{
    for (; *at < HWT_INCOMPLETE_MAX + 2; (*at)++) {
        unsigned reason = *at;

        if (reason < HWT_INCOMPLETE_MAX)
            *ret = (struct lack){trace_incomplete_name(reason), trace_incomplete_text(reason),
                                 lacks->by_reason[reason]};
        else if (reason == HWT_INCOMPLETE_MAX)
            *ret =
                (struct lack){"unknown_ops", "operations of a later version", lacks->unknown_ops};
        else
            *ret =
                (struct lack){"unknown_chunks", "chunks of a later version", lacks->unknown_chunks};
        if (ret->count) {
            (*at)++;
            return true;
        }
    }
    return false;
}

const char *recording_end(const struct trace *t)
{
    static const struct {
        const char *value, *text;
    } ends[] = {
        {"time", "stopped by --stop-after"},
        {"signal", "stopped by a signal"},
        {"leader", "ended with the first process (--follow leader), which left others"},
        {"size", "ended early: the file reached --max-size"},
        {"disk", "ended early: its disk was full, or could not be written"},
        {"failure", "ended early: the recorder itself failed in a process, which ended with it"},
    };
    char value[16];

    if (!t->closed || !trace_text_value(t->end, "ended_by", value, sizeof(value)))
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        if (strcmp(ends[i].value, value) == 0)
            return ends[i].text;
    return NULL;
}

void program_end_append(int status, struct strbuf *out)
{
    const char *name;

    if (!WIFSIGNALED(status)) {
        strbuf_printf(out, "exit status %d", WEXITSTATUS(status));
        return;
    }
    name = sigabbrev_np(WTERMSIG(status));
    strbuf_printf(out, "killed by signal %d%s%s", WTERMSIG(status), name ? ", SIG" : "",
                  name ? name : "");
}

bool recording_failed(const struct trace *t, int *ret)
{
    char value[16];

    if (!t->closed || recording_end(t) ||
        !trace_text_value(t->end, "exit_status", value, sizeof(value)))
        return false;
    *ret = (int)strtol(value, NULL, 10);
    return *ret != 0;
}

void failed_remark(const struct trace *t, const char *name, struct strbuf *out)
{
    struct strbuf note;
    int status;

    if (!recording_failed(t, &status))
        return;
    strbuf_init(&note);
    strbuf_append(&note, "Note: when it was recorded, the command ");
    if (name) {
        strbuf_append(&note, "of ");
        utf8_append_clean(&note, name);
        strbuf_appendc(&note, ' ');
    }
    strbuf_append(&note, WIFSIGNALED(status) ? "was " : "ended with ");
    program_end_append(status, &note);
    strbuf_append(&note, WIFSIGNALED(status)
                             ? ". Unless that is how it always ends, what it did not come to may "
                               "need more memory."
                             : ". If that is a failure, what it did not come to may need more "
                               "memory: record a run that succeeds.");
    strbuf_appendc(out, '\n');
    text_wrap(out, note.text, 0, LACKS_COLUMNS);
    strbuf_appendc(out, '\n');
    strbuf_done(&note);
}

bool lacks_render_text(const struct trace_lacks *lacks, struct strbuf *out)
{
    char number[UNITS_TEXT_MAX];
    struct lack lack;
    bool any = false;

    for (unsigned at = 0; next_lack(lacks, &at, &lack); any = true)
        strbuf_printf(out, "%s%s (%s)", any ? "; " : "", lack.text,
                      format_count(number, lack.count));
    return any;
}

static void unexplained_remark(u64 count, struct strbuf *out)
{
    char number[UNITS_TEXT_MAX];

    if (count)
        strbuf_printf(out,
                      "\nNote: %s operation%s a file or a range that the recording does not "
                      "explain; %s nothing.\n",
                      format_count(number, count), count == 1 ? " names" : "s name",
                      count == 1 ? "it did" : "they did");
}

static void nodes_remark(u64 cut, u64 absent, struct strbuf *out)
{
    char number[UNITS_TEXT_MAX], ignored[UNITS_TEXT_MAX];
    u64 all = cut + absent;

    if (all)
        strbuf_printf(
            out,
            "\nNote: the recording sets %s memory polic%s or CPU affinit%s with nodes or "
            "CPUs that this machine has not (--nodes, --cpus): %s did nothing, since it has "
            "none of theirs; of others those count that it has.\n",
            format_count(number, all), all == 1 ? "y" : "ies", all == 1 ? "y" : "ies",
            format_count(ignored, absent));
}

static void policies_remark(u64 refused, struct strbuf *out)
{
    char number[UNITS_TEXT_MAX];

    if (refused)
        strbuf_printf(out,
                      "\nNote: when it was recorded, the host refused the program %s call%s that "
                      "place%s memory or tasks (`highwater trace info` names them): it runs "
                      "without, as it did there. --membind, --interleave and --preferred give a "
                      "policy here.\n",
                      format_count(number, refused), refused == 1 ? "" : "s",
                      refused == 1 ? "s" : "");
}

void misfits_remark(const struct replay_misfits *m, struct strbuf *out)
{
    unexplained_remark(m->unexplained, out);
    nodes_remark(m->nodes_cut, m->nodes_absent, out);
    policies_remark(m->policies_refused, out);
}

void lacks_put(json_object *list, const char *reason, u64 count, const char *text)
{
    json_object *o = json_new_object();

    json_put_text(o, "reason", reason);
    json_put_u64(o, "count", count);
    json_put_text(o, "text", text);
    json_append(list, o);
}

json_object *lacks_json(const struct trace_lacks *lacks)
{
    json_object *list = NULL;
    struct lack lack;

    for (unsigned at = 0; next_lack(lacks, &at, &lack);) {
        if (!list)
            list = json_new_array();
        lacks_put(list, lack.reason, lack.count, lack.text);
    }
    return list;
}

json_object *incomplete_json(const struct trace *t)
{
    json_object *list = lacks_json(&t->lacks);

    if (!list)
        list = json_new_array();
    if (t->nr_damage)
        lacks_put(list, "damage", t->nr_damage + t->damage_omitted, "damaged places");
    if (!t->closed)
        lacks_put(list, "cut", 1, "end of the recording, which was cut off");
    return list;
}
