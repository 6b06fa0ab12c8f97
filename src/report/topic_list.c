/* topic_list.c - the forms in which topics are shown. */
#include "report/topic_list.h"

#include <inttypes.h>
#include <json-c/json.h>
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

static void put(json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static json_object *topic_json(const struct topic *t)
{
    json_object *o = json_object_new_object();

    put(o, "kind", topic_kind_name(t->kind));
    put(o, "name", t->name);
    put(o, "doc", t->doc);
    put(o, "where", t->where);
    if (*t->unit)
        put(o, "unit", t->unit);
    if (t->kind == TOPIC_COUNTER || t->kind == TOPIC_MEMORY_STAT)
        put(o, "type", t->is_event ? "event" : "gauge");
    if (t->kind == TOPIC_TUNABLE || t->kind == TOPIC_COST) {
        json_object_object_add(o, "default", json_object_new_uint64(t->default_value));
        json_object_object_add(o, "min", json_object_new_uint64(t->min));
        json_object_object_add(o, "max", json_object_new_uint64(t->max));
        json_object_object_add(o, "modelled", json_object_new_boolean(t->is_modelled));
    }
    return o;
}

void topic_list_render_json(const struct topic_list *list, struct strbuf *out)
{
    json_object *root = json_object_new_object();
    json_object *topics = json_object_new_array();

    json_object_object_add(root, "schema_version", json_object_new_int(1));
    for (size_t i = 0; i < list->count; i++)
        json_object_array_add(topics, topic_json(list->items[i]));
    json_object_object_add(root, "topics", topics);
    strbuf_printf(out, "%s\n",
                  json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                           JSON_C_TO_STRING_SPACED |
                                                           JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
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
