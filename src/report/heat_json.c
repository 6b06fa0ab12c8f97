/* heat_json.c - rows of touches, each in one line. */
#include "report/heat_json.h"

#include "report/json_put.h"
#include "trace/trace_format.h"

static json_object *rows_json(const struct heat_space *s)
{
    json_object *list = json_new_array();

    vec_for_each (&s->rows, row) {
        json_object *o = json_new_object(), *touches = json_new_row();

        json_put_u64(o, "from", row->first << HWT_PAGE_SHIFT);
        json_put_u64(o, "bytes", row->pages << HWT_PAGE_SHIFT);
        for (unsigned i = 0; i < HEAT_TIMES; i++)
            json_append(touches, json_new_u64(row->touches[i]));
        json_put(o, "touches", touches);
        json_append(list, o);
    }
    return list;
}

json_object *heat_json(const struct heat *h)
{
    json_object *o = json_new_object(), *processes = json_new_array(), *files = json_new_array();

    json_put_u64(o, "events", h->events);
    json_put_u64(o, "left_out", h->left_out);
    vec_for_each (&h->processes, s) {
        json_object *one = json_new_object();

        json_put_text(one, "comm", s->name);
        json_put_u64(one, "pid", s->pid);
        json_put_u64(one, "touches", s->touches);
        json_put(one, "rows", rows_json(s));
        json_append(processes, one);
    }
    json_put(o, "processes", processes);
    vec_for_each (&h->files, s) {
        json_object *one = json_new_object();

        json_put_text(one, "path", s->name);
        json_put_u64(one, "touches", s->touches);
        json_put(one, "rows", rows_json(s));
        json_append(files, one);
    }
    json_put(o, "files", files);
    return o;
}
