/* fleet_text.c - a fleet as a table for people, and for spreadsheets. */
#include "base/units.h"
#include "base/utf8.h"
#include "fleet/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH_MAX 44u
#define SUMS_MAX       12u /* namespaces and nodes that are listed */

static const char *bytes(char buf[UNITS_TEXT_MAX], u64 n)
{
    if (n != STORE_NONE)
        return format_bytes(buf, n);
    snprintf(buf, UNITS_TEXT_MAX, "-");
    return buf;
}

/* Columns of a terminal, near enough: characters of UTF-8. */
static unsigned width_of(const char *text)
{
    unsigned width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* Cut in the middle of a long name nothing is lost that tells one from another: its end goes, with
 * a mark. */
static void put_name(struct strbuf *out, const char *name, unsigned width)
{
    unsigned wide = width_of(name), shown = 0;

    for (const char *at = name; *at; at++) {
        if (((unsigned char)*at & 0xc0) != 0x80 && ++shown >= width && wide > width)
            break;
        strbuf_appendc(out, *at);
    }
    if (wide > width)
        strbuf_appendc(out, '~');
    else
        strbuf_fill(out, ' ', width - wide);
}

static void full_name(const struct fleet_row *row, struct strbuf *out)
{
    if (*row->namespace && strcmp(row->source, "systemd") != 0)
        strbuf_printf(out, "%s/", row->namespace);
    strbuf_append(out, row->name);
}

static unsigned percent(u64 part, u64 whole)
{
    return whole ? (unsigned)MIN(100.0 * (double)part / (double)whole + 0.5, 9999.0) : 0;
}

static void put_count(struct strbuf *out, u64 n, const char *what, bool *ret_any)
{
    if (!n)
        return;
    strbuf_printf(out, "%s%" PRIu64 " %s", *ret_any ? ", " : "", n, what);
    *ret_any = true;
}

static void put_risks(const struct fleet *f, struct strbuf *out)
{
    bool any = false;

    strbuf_append(out, "at risk    ");
    put_count(out, f->risks[FLEET_KILLED], "killed by their limit", &any);
    put_count(out, f->risks[FLEET_SLOW], "slowed by it", &any);
    put_count(out, f->risks[FLEET_TIGHT], "so near that the error of the measurement decides",
              &any);
    strbuf_append(out, any ? "\n" : "none of those that are measured\n");
    any = false;
    strbuf_append(out, "besides    ");
    put_count(out, f->risks[FLEET_NO_LIMIT], "without a limit", &any);
    put_count(out, f->risks[FLEET_NOT_MEASURED], "not measured", &any);
    put_count(out, f->risks[FLEET_NO_ANSWER], "measured without an answer", &any);
    put_count(out, f->risks[FLEET_FITS], "fit", &any);
    put_count(out, f->risks[FLEET_NOT_DEPLOYED], "measured, but in nothing that was imported",
              &any);
    strbuf_append(out, any ? "\n" : "nothing\n");
}

static void put_head(const struct fleet *f, const char *input, struct strbuf *out)
{
    const struct fleet_sum *t = &f->total;
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

    strbuf_printf(out,
                  "%s: services with results %zu, containers and units imported %" PRIu64 "\n\n",
                  input, f->services.count, t->containers);
    if (t->containers) {
        strbuf_printf(out, "promised   %s as requests (limits where there is no request)\n",
                      bytes(a, t->promised_bytes));
        strbuf_printf(out, "needed     %s", bytes(a, t->needed_bytes));
        if (t->measured)
            strbuf_printf(out,
                          " by the %" PRIu64 " that are measured, which are promised %s (%u %%)",
                          t->measured, bytes(b, t->measured_promised_bytes),
                          percent(t->needed_bytes, t->measured_promised_bytes));
        strbuf_printf(out, "\nwaste      %s of limits above the need\n", bytes(a, t->waste_bytes));
    }
    if (f->rows.count)
        put_risks(f, out);
}

static void put_row(const struct fleet_row *row, unsigned width, struct strbuf *out)
{
    const struct fleet_service *s = row->service;
    char request[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX], peak[UNITS_TEXT_MAX], need[UNITS_TEXT_MAX],
        max[UNITS_TEXT_MAX], waste[UNITS_TEXT_MAX], replicas[UNITS_TEXT_MAX] = "-";
    struct strbuf name;

    if (row->replicas)
        format_short_count(replicas, row->replicas);
    strbuf_init(&name);
    full_name(row, &name);
    put_name(out, name.text, width);
    strbuf_done(&name);
    strbuf_printf(out, " %5s %10s %10s %10s %10s %10s %10s  %s", replicas,
                  bytes(request, row->request_bytes),
                  bytes(limit, MIN(row->limit_bytes, row->high_bytes)),
                  bytes(peak, s ? s->peak_bytes : STORE_NONE),
                  bytes(need, s && s->answered ? s->need_bytes : STORE_NONE),
                  bytes(max, s && s->answered ? s->max_bytes : STORE_NONE),
                  bytes(waste, row->waste_bytes), fleet_risk_name(row->risk));
    if (s && s->incomplete)
        strbuf_append(out, ", incomplete recording");
    strbuf_appendc(out, '\n');
}

static void put_rows(const struct fleet *f, u64 top, struct strbuf *out)
{
    size_t shown = top ? (size_t)MIN((u64)f->rows.count, top) : f->rows.count;
    unsigned width = 7;
    struct strbuf name;

    strbuf_init(&name);
    for (size_t i = 0; i < shown; i++) {
        strbuf_reset(&name);
        full_name(&f->rows.items[i], &name);
        width = MAX(width, MIN(width_of(name.text), NAME_WIDTH_MAX));
    }
    strbuf_done(&name);
    strbuf_appendc(out, '\n');
    put_name(out, "service", width);
    strbuf_printf(out, " %5s %10s %10s %10s %10s %10s %10s  %s\n", "times", "request", "limit",
                  "peak", "need", "to set", "waste", "risk");
    for (size_t i = 0; i < shown; i++)
        put_row(&f->rows.items[i], width, out);
    if (shown < f->rows.count)
        strbuf_printf(out, "and %zu more\n", f->rows.count - shown);
}

static void put_sums(const char *what, const char *none, const struct fleet_sum *sums, size_t nr,
                     struct strbuf *out)
{
    unsigned width = width_of(what);

    if (nr == 0 || (nr == 1 && !*sums->name))
        return;
    for (size_t i = 0; i < MIN(nr, (size_t)SUMS_MAX); i++)
        width = MAX(width, MIN(width_of(*sums[i].name ? sums[i].name : none), NAME_WIDTH_MAX));
    strbuf_appendc(out, '\n');
    put_name(out, what, width);
    strbuf_printf(out, " %10s %10s %13s %10s %10s %9s %8s\n", "containers", "promised",
                  "to measured", "needed", "waste", "unlimited", "at risk");
    for (size_t i = 0; i < MIN(nr, (size_t)SUMS_MAX); i++) {
        char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], c[UNITS_TEXT_MAX], d[UNITS_TEXT_MAX];

        put_name(out, *sums[i].name ? sums[i].name : none, width);
        strbuf_printf(out, " %10" PRIu64 " %10s %13s %10s %10s %9" PRIu64 " %8" PRIu64 "\n",
                      sums[i].containers, bytes(a, sums[i].promised_bytes),
                      bytes(b, sums[i].measured_promised_bytes), bytes(c, sums[i].needed_bytes),
                      bytes(d, sums[i].waste_bytes), sums[i].unlimited, sums[i].at_risk);
    }
    if (nr > SUMS_MAX)
        strbuf_printf(out, "and %zu more\n", nr - SUMS_MAX);
}

void fleet_text(const struct fleet *f, const char *input, u64 top, struct strbuf *out)
{
    put_head(f, input, out);
    if (!f->rows.count) {
        strbuf_append(
            out, "Nothing is in it yet: 'highwater size FILE --store DB --service NAME' puts in "
                 "what a service needs,\n'highwater fleet import FILE --store DB' what it "
                 "is promised.\n");
        return;
    }
    put_rows(f, top, out);
    put_sums("namespace", "(none)", f->namespaces.items, f->namespaces.count, out);
    put_sums("node", "(not known)", f->nodes.items, f->nodes.count, out);
}

/* A field of RFC 4180. What a spreadsheet would take for a formula is a text. */
static void put_field(struct strbuf *out, const char *text)
{
    bool quote = text[strcspn(text, ",\"\r\n")] != '\0' || (*text && strchr("=+-@", *text));

    if (quote)
        strbuf_appendc(out, '"');
    if (*text && strchr("=+-@", *text))
        strbuf_appendc(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            strbuf_appendc(out, '"');
        strbuf_appendc(out, *text);
    }
    if (quote)
        strbuf_appendc(out, '"');
}

static void put_number(struct strbuf *out, u64 n)
{
    strbuf_appendc(out, ',');
    if (n != STORE_NONE)
        strbuf_printf(out, "%" PRIu64, n);
}

void fleet_csv(const struct fleet *f, struct strbuf *out)
{
    strbuf_append(out,
                  "source,namespace,workload,container,node,service,risk,replicas,request_bytes,"
                  "limit_bytes,high_bytes,peak_bytes,need_bytes,memory_max_bytes,"
                  "memory_high_bytes,waste_bytes,recordings,incomplete\n");
    vec_for_each (&f->rows, row) {
        const struct fleet_service *s = row->service;
        const char *const texts[] = {row->source,
                                     row->namespace,
                                     row->workload,
                                     row->container,
                                     row->nodes,
                                     s ? s->name : "",
                                     fleet_risk_name(row->risk)};
        const u64 numbers[] = {row->replicas,
                               row->request_bytes,
                               row->limit_bytes,
                               row->high_bytes,
                               s ? s->peak_bytes : STORE_NONE,
                               s && s->answered ? s->need_bytes : STORE_NONE,
                               s && s->answered ? s->max_bytes : STORE_NONE,
                               s && s->answered ? s->high_bytes : STORE_NONE,
                               row->waste_bytes,
                               s ? s->recordings : 0,
                               s ? s->incomplete : 0};

        for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
            strbuf_append(out, i ? "," : "");
            put_field(out, texts[i]);
        }
        for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
            put_number(out, numbers[i]);
        strbuf_appendc(out, '\n');
    }
}
