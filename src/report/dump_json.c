/* dump_json.c - series by series: the whole document as objects would take a hundred bytes for each
 * value. */
#include "report/dump_json.h"

#include "report/json_put.h"

#include <inttypes.h>
#include <stdio.h>

static json_object *series_json(const struct dump *d, const struct dump_series *s)
{
    json_object *o = json_new_object(), *labels = json_new_object(), *values = json_new_array();
    size_t sample = 0;
    char number[32];

    for (unsigned i = 0; i < s->nr_labels; i++)
        json_put_text(labels, s->labels[i].name, s->labels[i].value);
    vec_for_each (&s->values, v) {
        for (; sample < v->sample; sample++)
            json_append(values, NULL);
        json_append(values, json_new_number(v->value, metric_number(number, v->value)));
        sample++;
    }
    for (; sample < d->times.count; sample++)
        json_append(values, NULL);
    json_put_text(o, "name", s->metric->sample);
    json_put_text(o, "type", metric_type_name(s->metric->type));
    json_put_text(o, "unit", metric_unit_names[s->metric->unit]);
    json_put(o, "labels", labels);
    json_put(o, "values", values);
    return o;
}

void dump_render_json(const struct dump *d, struct strbuf *out)
{
    strbuf_printf(out, "{\n\"schema_version\": %d,\n\"times_s\": [", DUMP_SCHEMA_VERSION);
    for (size_t i = 0; i < d->times.count; i++)
        strbuf_printf(out, "%s%.3f", i ? "," : "", d->times.items[i]);
    strbuf_append(out, "],\n\"series\": [");
    for (size_t i = 0; i < d->series.count; i++) {
        strbuf_append(out, i ? ",\n" : "\n");
        json_render(series_json(d, &d->series.items[i]), JSON_LINE, out);
    }
    strbuf_append(out, "\n]\n}\n");
}
