/* sweep_report.c - what a sweep came to, from the rows of its tasks alone, in the order of the
 * plan: the same wherever they were run. */
#include "base/units.h"
#include "base/utf8.h"
#include "fleet/sweep.h"
#include "page/page.h"
#include "report/json_put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *short_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The smallest limit that passes and above which all that were tried pass; STORE_NONE: none. */
static u64 boundary(const struct sweep *s, unsigned first, bool usable)
{
    u64 found = STORE_NONE;

    for (unsigned l = (unsigned)s->plan->limits.count; l > 0; l--) {
        const struct sweep_result *r = &s->results[first + l];

        if (!r->outcome || !(usable ? r->usable : r->survives))
            break;
        found = s->plan->limits.items[l - 1];
    }
    return found;
}

static const char *limit_text(char buf[UNITS_TEXT_MAX], u64 bytes)
{
    if (bytes != STORE_NONE)
        return format_limit(buf, bytes);
    snprintf(buf, UNITS_TEXT_MAX, "none");
    return buf;
}

static void put_pair(const struct sweep *s, unsigned first, unsigned name_width,
                     unsigned setting_width, struct strbuf *out)
{
    const struct plan_task t = plan_task(s->plan, first);
    const struct sweep_result *base = &s->results[first];
    unsigned each = (unsigned)s->plan->limits.count + 1, done = 0;
    char peak[UNITS_TEXT_MAX], usable[UNITS_TEXT_MAX], survives[UNITS_TEXT_MAX], count[32];
    struct strbuf setting;

    for (unsigned i = 0; i < each; i++)
        done += s->results[first + i].outcome != NULL;
    strbuf_init(&setting);
    plan_variant_name(s->plan, t.variant, &setting);
    snprintf(count, sizeof(count), "%u/%u", done, each);
    strbuf_append_padded(out, short_name(s->plan->recordings.items[t.recording]), name_width);
    strbuf_append(out, setting_width ? "  " : "");
    strbuf_append_padded(out, setting.text, setting_width);
    strbuf_printf(out, " %10s %10s %11s %11s\n", count,
                  base->outcome ? format_bytes(peak, base->peak_bytes) : "-",
                  limit_text(survives, boundary(s, first, false)),
                  limit_text(usable, boundary(s, first, true)));
    strbuf_done(&setting);
}

void sweep_text(const struct sweep *s, struct strbuf *out)
{
    unsigned each = (unsigned)s->plan->limits.count + 1, name_width = 9, setting_width = 0;

    for (size_t i = 0; i < s->plan->recordings.count; i++)
        name_width = MAX(name_width, (unsigned)strlen(short_name(s->plan->recordings.items[i])));
    for (unsigned v = 0; v < plan_variants(s->plan); v++) {
        struct strbuf setting;

        strbuf_init(&setting);
        plan_variant_name(s->plan, v, &setting);
        setting_width = MAX(setting_width, (unsigned)setting.len);
        strbuf_done(&setting);
    }
    strbuf_printf(out, "%u of %u tasks: recordings %zu, machines %u, limits %zu and none\n\n",
                  s->done, s->nr, s->plan->recordings.count, plan_variants(s->plan),
                  s->plan->limits.count);
    strbuf_append_padded(out, "recording", name_width);
    strbuf_append(out, setting_width ? "  " : "");
    strbuf_append_padded(out, setting_width ? "machine" : "", setting_width);
    strbuf_printf(out, " %10s %10s %11s %11s\n", "done", "grows to", "survives", "usable at");
    for (unsigned first = 0; first < s->nr; first += each)
        put_pair(s, first, name_width, setting_width, out);
}

static void put_field(struct strbuf *out, const char *text)
{
    strbuf_appendc(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            strbuf_appendc(out, '"');
        strbuf_appendc(out, *text);
    }
    strbuf_appendc(out, '"');
}

void sweep_csv(const struct sweep *s, struct strbuf *out)
{
    strbuf_append(out,
                  "recording,machine,limit_bytes,outcome,survives,usable,slowdown,peak_bytes\n");
    for (unsigned i = 0; i < s->nr; i++) {
        const struct plan_task t = plan_task(s->plan, i);
        const struct sweep_result *r = &s->results[i];
        struct strbuf setting;

        if (!r->outcome)
            continue;
        strbuf_init(&setting);
        plan_variant_name(s->plan, t.variant, &setting);
        put_field(out, s->plan->recordings.items[t.recording]);
        strbuf_appendc(out, ',');
        put_field(out, setting.text);
        strbuf_done(&setting);
        strbuf_appendc(out, ',');
        if (t.limit_bytes != STORE_NONE)
            strbuf_printf(out, "%" PRIu64, t.limit_bytes);
        strbuf_printf(out, ",%s,%d,%d,%s,%" PRIu64 "\n", r->outcome, r->survives, r->usable,
                      r->slowdown, r->peak_bytes);
    }
}

static int task_json(const struct sweep *s, unsigned task, json_object **ret, struct err *e)
{
    const struct plan_task t = plan_task(s->plan, task);
    const struct sweep_result *r = &s->results[task];
    json_object *row, *o, *settings;
    struct err why = {0};

    if (page_parse(r->row, strlen(r->row), &row, &why))
        return err_set(e, -EIO, "the result of task %s is damaged: %s", s->keys[task], why.text);
    o = json_new_object();
    settings = json_new_object();
    for (unsigned i = 0; i < s->plan->machine.count; i++)
        json_put_text(settings, s->plan->machine.items[i].key, plan_value(s->plan, t.variant, i));
    json_put_text(o, "recording", s->plan->recordings.items[t.recording]);
    json_put_text(o, "recording_hash", s->plan->hashes.items[t.recording]);
    json_put(o, "settings", settings);
    json_put(o, "result", row);
    *ret = o;
    return 0;
}

int sweep_json(const struct sweep *s, json_object **ret, struct err *e)
{
    json_object *o = json_new_object(), *tasks = json_new_array();
    int rc = 0;

    json_put(o, "schema_version", json_new_s64(SWEEP_SCHEMA_VERSION));
    json_put_text(o, "verb", "sweep");
    json_put_u64(o, "tasks", s->nr);
    json_put_u64(o, "done", s->done);
    for (unsigned i = 0; i < s->nr && rc == 0; i++) {
        json_object *one;

        if (!s->results[i].outcome)
            continue;
        rc = task_json(s, i, &one, e);
        if (rc == 0)
            json_append(tasks, one);
    }
    json_put(o, "results", tasks);
    if (rc)
        json_drop(o);
    else
        *ret = o;
    return rc;
}
