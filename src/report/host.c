/* host.c - settings of a recording's host in words and in JSON. */
#include "report/host.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"
#include "report/text_wrap.h"

#include <string.h>

#define WRAP_COLUMNS 96u

static bool number_of(const char *text, const char *key, u64 *ret)
{
    char value[64];

    return trace_text_value(text, key, value, sizeof(value)) && parse_u64(value, ret, NULL) == 0;
}

/* ", " between parts. */
static void part(struct strbuf *out, size_t begun)
{
    if (out->len > begun)
        strbuf_append(out, ", ");
}

static void render_host(const struct trace *t, struct strbuf *out)
{
    char value[128], size[UNITS_TEXT_MAX];
    size_t begun = out->len;
    u64 number;

    if (trace_text_value(t->host, "kernel", value, sizeof(value))) {
        strbuf_append(out, "Linux ");
        utf8_append_clean(out, value);
    }
    if (number_of(t->host, "cpus", &number)) {
        part(out, begun);
        strbuf_printf(out, "%s CPU%s", format_count(size, number), number == 1 ? "" : "s");
    }
    if (number_of(t->host, "ram", &number)) {
        part(out, begun);
        strbuf_printf(out, "%s RAM", format_bytes(size, number));
    }
    if (number_of(t->host, "swap", &number)) {
        part(out, begun);
        strbuf_printf(out, "%s swap", number ? format_bytes(size, number) : "no");
        if (number && trace_text_value(t->host, "swap_kind", value, sizeof(value))) {
            strbuf_append(out, " on ");
            utf8_append_clean(out, value);
        }
    }
    if (number_of(t->host, "memory.max", &number)) {
        part(out, begun);
        strbuf_printf(out, "memory.max %s", format_bytes(size, number));
    }
}

/* Amounts of the machine read better with a unit. */
static void render_taken(const char *taken, struct strbuf *out)
{
    struct strbuf value;
    char key[64], size[UNITS_TEXT_MAX];
    bool first = true;

    strbuf_init(&value);
    while (trace_text_next(&taken, key, sizeof(key), &value)) {
        bool bytes = strcmp(key, "swap") == 0 || strcmp(key, "readahead") == 0;
        u64 number;

        strbuf_printf(out, "%s%s ", first ? "; taken from it: " : ", ", key);
        first = false;
        if (bytes && parse_u64(value.text, &number, NULL) == 0)
            strbuf_append(out, format_bytes(size, number));
        else
            utf8_append_clean(out, value.text);
    }
    strbuf_done(&value);
    if (first)
        strbuf_append(out, "; nothing taken from it");
}

bool host_render_line(const struct trace *t, const struct host_note *note, struct strbuf *out)
{
    if (!t || !*t->host)
        return false;
    render_host(t, out);
    render_taken(note->taken ? note->taken : "", out);
    return true;
}

void host_render_cautions(const struct host_note *note, struct strbuf *out)
{
    struct strbuf text;

    if (note->profile) {
        strbuf_append(out, "\nCosts and the disk are those of ");
        utf8_append_clean(out, note->profile);
        strbuf_append(out, " (--host).\n");
    }
    if (!note->cautions || !*note->cautions)
        return;
    strbuf_init(&text);
    strbuf_printf(&text, "Note: %s", note->cautions);
    strbuf_appendc(out, '\n');
    text_wrap(out, text.text, 0, WRAP_COLUMNS);
    strbuf_appendc(out, '\n');
    strbuf_done(&text);
}

json_object *host_pairs_json(const char *text)
{
    json_object *o = json_new_object();
    struct strbuf clean, value;
    char name[256];

    strbuf_init(&clean);
    strbuf_init(&value);
    while (trace_text_next(&text, name, sizeof(name), &value)) {
        strbuf_reset(&clean);
        utf8_append_clean(&clean, name);
        json_put_text(o, clean.text, value.text);
    }
    strbuf_done(&clean);
    strbuf_done(&value);
    return o;
}

void host_put_json(json_object *o, const struct trace *t, const struct host_note *note)
{
    if (note->profile)
        json_put_text(o, "host_profile", note->profile);
    if (!t || !*t->host)
        return;
    json_put(o, "host", host_pairs_json(t->host));
    json_put(o, "host_taken", host_pairs_json(note->taken ? note->taken : ""));
    if (note->cautions && *note->cautions)
        json_put_text(o, "host_cautions", note->cautions);
}
