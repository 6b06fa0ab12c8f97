/* dump.c - series collected sample by sample, told series by series. */
#include "export/dump.h"

#include "export/openmetrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dump_init(struct dump *d, const bool *wanted)
{
    *d = (struct dump){.wanted = wanted};
    u64map_init(&d->index);
    arena_init(&d->texts);
}

void dump_done(struct dump *d)
{
    vec_for_each (&d->series, s)
        vec_done(&s->values);
    vec_done(&d->series);
    vec_done(&d->times);
    u64map_done(&d->index);
    arena_done(&d->texts);
}

static struct dump_series *series_of(struct dump *d, const struct metric *m,
                                     const struct metric_labels *labels)
{
    struct dump_series fresh = {.metric = m, .order = d->series.count};
    struct strbuf text;
    u64 key, at;

    strbuf_init(&text);
    metric_labels_render(labels, &text);
    key = hash_u64_pair(hash_bytes(m->name, strlen(m->name)), hash_bytes(text.text, text.len));
    if (!u64map_get(&d->index, key, &at)) {
        fresh.text = arena_strdup(&d->texts, text.text);
        for (unsigned i = 0; i < labels->count; i++)
            fresh.labels[fresh.nr_labels++] = (struct metric_label){
                labels->items[i].name, arena_strdup(&d->texts, labels->items[i].value)};
        vec_push(&d->series, fresh);
        at = d->series.count;
        u64map_put(&d->index, key, at);
    }
    strbuf_done(&text);
    return &d->series.items[at - 1];
}

static void keep(void *ctx, const struct metric *m, const struct metric_labels *labels,
                 double value)
{
    struct dump *d = ctx;
    struct dump_series *s;

    if (d->values >= DUMP_VALUES_MAX) {
        d->full = true;
        return;
    }
    s = series_of(d, m, labels);
    d->values++;
    vec_push(&s->values,
             ((struct dump_value){.sample = (u32)(d->times.count - 1), .value = value}));
}

int dump_add(struct dump *d, const struct metric_look *l, double time_s, struct err *e)
{
    vec_push(&d->times, time_s);
    metrics_each(l, d->wanted, keep, d);
    if (d->full)
        return err_set(
            e, -E2BIG,
            "more than %u million values up to sample %zu; take fewer fields (--fields), "
            "or a shorter time (--from, --to)",
            DUMP_VALUES_MAX >> 20, d->times.count);
    return 0;
}

static int by_row(const void *a, const void *b)
{
    const struct dump_series *x = a, *y = b;

    /* Rows of one family are told in one piece. */
    if (x->metric != y->metric)
        return x->metric < y->metric ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

void dump_sort(struct dump *d)
{
    if (d->series.count)
        qsort(d->series.items, d->series.count, sizeof(*d->series.items), by_row);
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void csv_name(const struct dump_series *s, struct strbuf *out)
{
    if (!*s->text) {
        strbuf_printf(out, ",%s", s->metric->sample);
        return;
    }
    strbuf_printf(out, ",\"%s{", s->metric->sample);
    for (const char *c = s->text; *c; c++)
        strbuf_append_bytes(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    strbuf_append(out, "}\"");
}

void dump_render_csv(const struct dump *d, struct strbuf *out)
{
    size_t *next = xcalloc(MAX(d->series.count, (size_t)1), sizeof(*next));
    char number[32];

    strbuf_append(out, "time_s");
    vec_for_each (&d->series, s)
        csv_name(s, out);
    strbuf_appendc(out, '\n');
    for (size_t sample = 0; sample < d->times.count; sample++) {
        strbuf_printf(out, "%.3f", d->times.items[sample]);
        for (size_t i = 0; i < d->series.count; i++) {
            const struct dump_series *s = &d->series.items[i];

            strbuf_appendc(out, ',');
            if (next[i] < s->values.count && s->values.items[next[i]].sample == sample)
                strbuf_append(out, metric_number(number, s->values.items[next[i]++].value));
        }
        strbuf_appendc(out, '\n');
    }
    free(next);
}

/* --- OpenMetrics ------------------------------------------------------------------------------ */

void dump_render_openmetrics(const struct dump *d, struct strbuf *out)
{
    const char *family = "";
    char number[32];

    vec_for_each (&d->series, s) {
        if (strcmp(family, s->metric->name) != 0) {
            family = s->metric->name;
            openmetrics_render_head(metric_find(family), EXPOSE_OPENMETRICS, out);
        }
        vec_for_each (&s->values, v)
            strbuf_printf(out, *s->text ? "%s{%s} %s %.3f\n" : "%s%s %s %.3f\n", s->metric->sample,
                          s->text, metric_number(number, v->value), d->times.items[v->sample]);
    }
    strbuf_append(out, "# EOF\n");
}
