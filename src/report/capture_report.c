/* capture_report.c - a capture as text and JSON. */
#include "report/capture_report.h"
#include "report/json_put.h"

#include "base/units.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_WIDTH 16

static void key(struct strbuf *out, const char *name)
{
    strbuf_printf(out, "%-*s", KEY_WIDTH, name);
}

/* Local time for people. */
static void put_time(struct strbuf *out, u64 wall_us)
{
    time_t at = (time_t)(wall_us / 1000000);
    char text[64];
    struct tm tm;

    if (localtime_r(&at, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &tm))
        strbuf_append(out, text);
    else
        strbuf_printf(out, "@%" PRIu64, wall_us / 1000000);
}

static const struct capture_sample *last_sample(const struct capture *c)
{
    return capture_sample(c, capture_count(c) - 1);
}

static void put_damages(const struct capture_loss *loss, struct strbuf *out)
{
    char size[UNITS_TEXT_MAX], samples[UNITS_TEXT_MAX];

    strbuf_printf(out, "%s lost in %" PRIu64 " place%s", format_bytes(size, loss->bytes),
                  loss->count, loss->count == 1 ? "" : "s");
    if (loss->samples)
        strbuf_printf(out, "; %s later sample%s built on it", format_count(samples, loss->samples),
                      loss->samples == 1 ? "" : "s");
    strbuf_appendc(out, '\n');
    vec_for_each (&loss->damages, d)
        strbuf_printf(out, "  at offset %" PRIu64 ", %" PRIu64 " bytes: %s\n", d->offset, d->bytes,
                      d->reason);
}

void capture_report_info_text(const struct capture *c, const char *path, struct strbuf *out)
{
    char text[UNITS_TEXT_MAX], each[UNITS_TEXT_MAX];
    const struct capture_loss *loss = capture_loss(c);
    u64 steps = capture_steps_back(c);

    key(out, "file");
    utf8_append_clean(out, path);
    strbuf_printf(out, ", %s, %s a sample\n", format_bytes(text, capture_bytes(c)),
                  format_bytes(each, capture_bytes(c) / capture_count(c)));
    key(out, "samples");
    strbuf_printf(out, "%s, in %u chunk%s\n", format_count(text, capture_count(c)),
                  last_sample(c)->chunk + 1, last_sample(c)->chunk ? "s" : "");
    key(out, "from");
    put_time(out, capture_sample(c, 0)->wall_us);
    strbuf_appendc(out, '\n');
    key(out, "to");
    put_time(out, last_sample(c)->wall_us);
    strbuf_printf(out, ", %s later\n", format_ns(text, last_sample(c)->since_first));
    if (steps) {
        key(out, "clock");
        strbuf_printf(out, "set back %s time%s meanwhile; --at +TIME counts on\n",
                      format_count(text, steps), steps == 1 ? "" : "s");
    }
    key(out, "damage");
    if (loss->count || loss->samples)
        put_damages(loss, out);
    else
        strbuf_append(out, "none\n");
}

json_object *capture_report_info_json(const struct capture *c, const char *path)
{
    json_object *root = json_new_object(), *list = json_new_array();
    const struct capture_loss *loss = capture_loss(c);

    json_put_u64(root, "schema_version", 1);
    json_put_text(root, "file", path);
    json_put_u64(root, "bytes", capture_bytes(c));
    json_put_u64(root, "samples", capture_count(c));
    json_put_u64(root, "chunks", (u64)last_sample(c)->chunk + 1);
    json_put_u64(root, "first_us", capture_sample(c, 0)->wall_us);
    json_put_u64(root, "last_us", last_sample(c)->wall_us);
    json_put_u64(root, "duration_ns", last_sample(c)->since_first);
    json_put_u64(root, "clock_set_back", capture_steps_back(c));
    json_put_u64(root, "lost_bytes", loss->bytes);
    json_put_u64(root, "lost_samples", loss->samples);
    json_put_u64(root, "damage_count", loss->count);
    vec_for_each (&loss->damages, d) {
        json_object *o = json_new_object();

        json_put_u64(o, "offset", d->offset);
        json_put_u64(o, "bytes", d->bytes);
        json_put_text(o, "reason", d->reason);
        json_append(list, o);
    }
    json_put(root, "damage", list);
    return root;
}

void capture_report_file(const char *path, bool read_now, int result, size_t len,
                         struct strbuf *out)
{
    if (result && !len)
        strbuf_printf(out, "%10s  ", "-");
    else
        strbuf_printf(out, "%10zu  ", len);
    utf8_append_clean(out, path);
    if (result)
        strbuf_printf(out, "  (%s)", strerror(-result));
    if (!read_now)
        strbuf_append(out, "  (as last read before)");
    strbuf_appendc(out, '\n');
}
