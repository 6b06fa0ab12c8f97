/* openmetrics.c - families one after the other, each with its type, unit and help before its
 * values. */
#include "export/openmetrics.h"

#include <string.h>

const char *const exposition_types[NR_EXPOSITIONS] = {
    [EXPOSE_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    [EXPOSE_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
};

static const char *type_name(const struct metric *m, enum exposition form)
{
    return form == EXPOSE_TEXT && m->type == METRIC_INFO ? "gauge" : metric_type_name(m->type);
}

void openmetrics_render_head(const struct metric *m, enum exposition form, struct strbuf *out)
{
    const char *name = form == EXPOSE_TEXT ? m->sample : m->name;

    strbuf_printf(out, "# HELP %s ", name);
    for (const char *c = m->doc; *c; c++) {
        if (*c == '\\' || *c == '\n' || (*c == '"' && form == EXPOSE_OPENMETRICS))
            strbuf_appendc(out, '\\');
        strbuf_appendc(out, *c == '\n' ? 'n' : *c);
    }
    strbuf_printf(out, "\n# TYPE %s %s\n", name, type_name(m, form));
    if (form == EXPOSE_OPENMETRICS && m->unit != METRIC_NONE)
        strbuf_printf(out, "# UNIT %s %s\n", name, metric_unit_names[m->unit]);
}

struct page {
    enum exposition form;
    const char *family; /* the one that was begun */
    struct strbuf *out;
};

static void add_value(void *ctx, const struct metric *m, const struct metric_labels *labels,
                      double value)
{
    struct page *page = ctx;
    char number[32];

    if (!page->family || strcmp(page->family, m->name) != 0) {
        /* The first row of a family has its text, whichever has a value. */
        openmetrics_render_head(metric_find(m->name), page->form, page->out);
        page->family = m->name;
    }
    strbuf_append(page->out, m->sample);
    if (labels->count) {
        strbuf_appendc(page->out, '{');
        metric_labels_render(labels, page->out);
        strbuf_appendc(page->out, '}');
    }
    strbuf_appendc(page->out, ' ');
    strbuf_append(page->out, metric_number(number, value));
    strbuf_appendc(page->out, '\n');
}

void openmetrics_render(const struct metric_look *l, enum exposition form, struct strbuf *out)
{
    struct page page = {.form = form, .out = out};

    metrics_each(l, NULL, add_value, &page);
    if (form == EXPOSE_OPENMETRICS)
        strbuf_append(out, "# EOF\n");
}
