/* topic_list.c - the forms in which topics are shown. */
#include "report/topic_list.h"
#include "report/json_put.h"

#include <inttypes.h>
#include <string.h>

void topic_list_add(struct topic_list *list, const struct topic *topic)
{
    vec_push(list, topic);
}

void topic_list_render_text(const struct topic_list *list, struct strbuf *out)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            strbuf_appendc(out, '\n');
        topic_render(list->items[i], out);
    }
}

void topic_list_render_index(const struct topic_list *list, struct strbuf *out)
{
    for (unsigned kind = 0; kind < NR_TOPIC_KINDS; kind++) {
        strbuf_printf(out, "%s%s:\n", kind ? "\n" : "", topic_kind_title((enum topic_kind)kind));
        for (size_t i = 0; i < list->count; i++) {
            if (list->items[i]->kind == kind)
                strbuf_printf(out, "  %-31s %s\n", list->items[i]->name, list->items[i]->doc);
        }
    }
}

static json_object *topic_json(const struct topic *t)
{
    json_object *o = json_new_object();
    char values[256];

    json_put_text(o, "kind", topic_kind_name(t->kind));
    json_put_text(o, "name", t->name);
    json_put_text(o, "doc", t->doc);
    json_put_text(o, "where", t->where);
    if (*t->unit)
        json_put_text(o, "unit", t->unit);
    if (t->kind == TOPIC_COUNTER || t->kind == TOPIC_MEMORY_STAT)
        json_put_text(o, "type", t->is_event ? "event" : "gauge");
    if (t->kind == TOPIC_OPTION) {
        json_put_text(o, "values", machine_option_values(t->option, values, sizeof(values)));
        json_put_text(o, "default", machine_option_info[t->option].default_text);
    }
    if (t->kind == TOPIC_TUNABLE || t->kind == TOPIC_COST) {
        const char *const *names = t->tunable ? tunable_names(t->tunable->unit) : NULL;

        json_put(o, "default",
                 names ? json_new_text(names[t->default_value]) : json_new_u64(t->default_value));
        if (names) {
            json_put_text(o, "values", tunable_choices(t->tunable, values, sizeof(values)));
        } else {
            json_put(o, "min", json_new_u64(t->min));
            json_put(o, "max", json_new_u64(t->max));
        }
        json_put(o, "modelled", json_new_bool(t->is_modelled));
    }
    return o;
}

json_object *topic_list_json(const struct topic_list *list)
{
    json_object *root = json_new_object();
    json_object *topics = json_new_array();

    json_put(root, "schema_version", json_new_s64(1));
    for (size_t i = 0; i < list->count; i++)
        json_append(topics, topic_json(list->items[i]));
    json_put(root, "topics", topics);
    return root;
}

void topics_render_names(const struct topics *t, struct strbuf *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct topic *first;

        topics_find(t, t->items[i].name, &first, 1);
        if (first == &t->items[i])
            strbuf_printf(out, "%s\n", t->items[i].name);
    }
}
