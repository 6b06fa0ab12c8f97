/* topic_list.h - several topics as text, as an index, as JSON or as names. */
#ifndef REPORT_TOPIC_LIST_H
#define REPORT_TOPIC_LIST_H

#include "base/vec.h"
#include "report/topic.h"

#include <json-c/json.h>

struct topic_list {
    const struct topic **items;
    size_t count, capacity;
};

void topic_list_add(struct topic_list *list, const struct topic *topic);

/* Each in full, separated by a blank line. */
void topic_list_render_text(const struct topic_list *list, struct strbuf *out);
/* One line each, under a heading per kind. */
void topic_list_render_index(const struct topic_list *list, struct strbuf *out);
/* {"schema_version": 1, "topics": [{kind, name, doc, unit, where, ...}]} */
json_object *topic_list_json(const struct topic_list *list);

/* Every name once, one a line. */
void topics_render_names(const struct topics *t, struct strbuf *out);
#endif
