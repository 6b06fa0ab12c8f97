/* calibrate_report.c - costs and the device as keys of a scenario. */
#include "report/calibrate_report.h"

#include "base/units.h"
#include "base/utf8.h"
#include "frames/frame.h"
#include "machine/cost.h"
#include "report/json_put.h"

#include <stdio.h>
#include <string.h>

#define CALIBRATE_SCHEMA_VERSION 1

unsigned calibrate_unsteady(const struct calibration *c)
{
    const struct calibrate_figure *disk[] = {&c->disk.read_ns, &c->disk.write_ns,
                                             &c->disk.read_rate, &c->disk.write_rate};
    unsigned nr = 0;

    for (unsigned i = 0; i < NR_CALIBRATE_TIMINGS; i++)
        nr += calibrate_is_unsteady(&c->timings[i]);
    for (size_t i = 0; i < ARRAY_SIZE(disk); i++)
        nr += calibrate_is_unsteady(disk[i]);
    return nr;
}

/* Half the distance of the quartiles, in percent of the median. */
static double spread(const struct calibrate_figure *f)
{
    return f->median > 0 ? 50 * (f->high - f->low) / f->median : 0;
}

static void put_spread(const struct calibrate_figure *f, struct strbuf *out)
{
    strbuf_printf(out, "+-%.0f %%%s", spread(f), calibrate_is_unsteady(f) ? ", unsteady" : "");
}

static u32 default_of(const char *name)
{
    for (unsigned i = 0; i < NR_COSTS; i++)
        if (strcmp(cost_info[i].name, name) == 0)
            return cost_info[i].default_ns;
    return 0;
}

static void render_costs(const struct calibration *c, struct strbuf *out)
{
    for (unsigned i = 0; i < c->nr_costs; i++) {
        const struct calibrate_cost *cost = &c->costs[i];
        struct strbuf key;

        strbuf_init(&key);
        strbuf_printf(&key, "cost.%s = %u", cost->name, cost->ns);
        strbuf_printf(out, "# %s of %s, ", cost->derived ? "a part" : "median",
                      calibrate_timing_info[cost->from].name);
        put_spread(&c->timings[cost->from], out);
        strbuf_printf(out, "; default %u\n%s\n", default_of(cost->name), key.text);
        strbuf_done(&key);
    }
}

/* What is left of a page's read when its transfer and the CPU's part are taken off. */
static u64 latency_of(const struct calibrate_figure *ns, const struct calibrate_figure *rate)
{
    double transfer = rate->median > 0 ? (double)PAGE_SIZE * NS_PER_S / rate->median : 0,
           left = ns->median - transfer -
                  (double)(default_of("io_submit") + default_of("io_complete") +
                           default_of("syscall"));

    return (u64)MAX(left, ns->median / 10);
}

static void render_amount(const char *key, const char *value, const struct calibrate_figure *f,
                          struct strbuf *out)
{
    strbuf_printf(out, "# %u times, ", f->rounds);
    put_spread(f, out);
    strbuf_printf(out, "\n%s = %s\n", key, value);
}

static void render_disk(const struct calibration *c, struct strbuf *out)
{
    const struct calibrate_disk *d = &c->disk;
    const struct calibrate_figure *read = d->rotational ? &d->next_ns : &d->read_ns;
    char value[64];

    strbuf_append(out, "\n# the disk under ");
    utf8_append_clean(out, d->path);
    strbuf_printf(out, ", %s\n[device " CALIBRATE_DEVICE "]\nprofile = %s\n",
                  d->direct ? "past the page cache (O_DIRECT)"
                            : "through the page cache, which was emptied (no O_DIRECT there)",
                  d->rotational ? "hdd" : "nvme");
    snprintf(value, sizeof(value), "%lluns", (unsigned long long)latency_of(read, &d->read_rate));
    render_amount("read_latency", value, read, out);
    snprintf(value, sizeof(value), "%lluns",
             (unsigned long long)latency_of(&d->write_ns, &d->write_rate));
    render_amount("write_latency", value, &d->write_ns, out);
    snprintf(value, sizeof(value), "%lluK/s",
             (unsigned long long)MAX(d->read_rate.median / KIB, 1.0));
    render_amount("read_rate", value, &d->read_rate, out);
    snprintf(value, sizeof(value), "%lluK/s",
             (unsigned long long)MAX(d->write_rate.median / KIB, 1.0));
    render_amount("write_rate", value, &d->write_rate, out);
    strbuf_printf(out, "queue_depth = %u\n", d->rotational ? 1 : d->queue_depth);
}

void calibrate_render_profile(const struct calibration *c, struct strbuf *out)
{
    unsigned unsteady = calibrate_unsteady(c);

    strbuf_printf(
        out,
        "# Costs of operations on this host, by 'highwater calibrate' in %.1f s. For --host "
        "of run and size.\n# In ns; beside each the quartiles of its %u rounds.\n",
        c->seconds, CALIBRATE_ROUNDS);
    if (unsteady)
        strbuf_printf(out,
                      "# %u figure%s unsteady, because something else ran: measure again when the "
                      "host is idle.\n",
                      unsteady, unsteady == 1 ? " is" : "s are");
    if (*c->compressor)
        strbuf_printf(out, "# This host compresses swap with %s.\n", c->compressor);
    strbuf_append(out, "[machine]\n");
    if (c->disk.path)
        strbuf_append(out, "disk = " CALIBRATE_DEVICE "\n");
    render_costs(c, out);
    if (c->disk.path)
        render_disk(c, out);
}

/* --- JSON --- */

static json_object *number(double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%.3f", value);
    return json_new_number(value, text);
}

static json_object *figure_json(const struct calibrate_figure *f)
{
    json_object *o = json_new_object();

    json_put(o, "median", number(f->median));
    json_put(o, "low", number(f->low));
    json_put(o, "high", number(f->high));
    json_put_u64(o, "rounds", f->rounds);
    json_put(o, "unsteady", json_new_bool(calibrate_is_unsteady(f)));
    return o;
}

static json_object *costs_json(const struct calibration *c)
{
    json_object *o = json_new_object();

    for (unsigned i = 0; i < c->nr_costs; i++) {
        const struct calibrate_cost *cost = &c->costs[i];
        json_object *one = json_new_object();
        char key[64];

        snprintf(key, sizeof(key), "cost.%s", cost->name);
        json_put_u64(one, "ns", cost->ns);
        json_put_u64(one, "default_ns", default_of(cost->name));
        json_put_text(one, "from", calibrate_timing_info[cost->from].name);
        json_put(one, "derived", json_new_bool(cost->derived));
        json_put(o, key, one);
    }
    return o;
}

static json_object *disk_json(const struct calibrate_disk *d)
{
    json_object *o = json_new_object();

    json_put_text(o, "path", d->path);
    json_put(o, "direct", json_new_bool(d->direct));
    json_put(o, "rotational", json_new_bool(d->rotational));
    json_put_u64(o, "file_bytes", d->bytes);
    json_put_u64(o, "queue_depth", d->queue_depth);
    json_put(o, "random_read_ns", figure_json(&d->read_ns));
    json_put(o, "next_read_ns", figure_json(&d->next_ns));
    json_put(o, "random_write_ns", figure_json(&d->write_ns));
    json_put(o, "read_bytes_per_s", figure_json(&d->read_rate));
    json_put(o, "write_bytes_per_s", figure_json(&d->write_rate));
    return o;
}

json_object *calibrate_json(const struct calibration *c)
{
    json_object *o = json_new_object(), *timings = json_new_object();

    json_put(o, "schema_version", json_new_s64(CALIBRATE_SCHEMA_VERSION));
    for (unsigned i = 0; i < NR_CALIBRATE_TIMINGS; i++)
        if (c->timings[i].rounds)
            json_put(timings, calibrate_timing_info[i].name, figure_json(&c->timings[i]));
    json_put(o, "timings_ns", timings);
    json_put(o, "costs", costs_json(c));
    json_put(o, "disk", c->disk.path ? disk_json(&c->disk) : NULL);
    json_put(o, "compressor", *c->compressor ? json_new_text(c->compressor) : NULL);
    json_put_u64(o, "unsteady", calibrate_unsteady(c));
    json_put(o, "seconds", number(c->seconds));
    return o;
}
