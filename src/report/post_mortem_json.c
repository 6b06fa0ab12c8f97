/* post_mortem_json.c - memory at the moment of a kill and the timeline as JSON; null where the log
 * does not say. */
#include "diagnose/oom_tell.h"
#include "diagnose/post_mortem.h"
#include "report/json_put.h"
#include "report/post_mortem_report.h"

static void put_known(json_object *o, const char *key, u64 figure)
{
    if (known(figure))
        json_put_u64(o, key, figure);
    else
        json_put(o, key, NULL);
}

static void put_text(json_object *o, const char *key, const char *text)
{
    if (text && *text)
        json_put_text(o, key, text);
    else
        json_put(o, key, NULL);
}

static json_object *row_json(const struct diagnose_report *r, const struct timeline_row *row)
{
    const struct log_event *e = row->first->e;
    json_object *o = json_new_object();
    char where[160];

    json_put_text(o, "what", incident_what(e));
    put_text(o, "cause",
             row->first->ruling.cause < NR_CAUSES ? cause_info[row->first->ruling.cause].name
                                                  : NULL);
    put_known(o, "time_us", e->stamp.year_guessed ? UNKNOWN : e->stamp.wall_us);
    put_known(o, "since_boot_us", e->at_us);
    json_put_u64(o, "boot", e->stamp.boot);
    put_text(o, "program", row->who);
    put_text(o, "told_by", row->by);
    put_known(o, "pid", row->pid ? row->pid : UNKNOWN);
    put_text(o, "invoker", e->invoker);
    put_text(o, "group", e->task_memcg);
    put_text(o, "limit_of", e->oom_memcg);
    json_put_u64(o, "incidents", row->incidents);
    json_put_u64(o, "processes", row->kills);
    put_known(o, "bytes", row->bytes);
    json_put_text(o, "where", oom_where(where, r->diagnosis->last, e, OOM_PART_KILL));
    return o;
}

json_object *post_mortem_json(const struct diagnose_report *r)
{
    const struct post_mortem *p = r->diagnosis->post_mortem;
    json_object *o, *timeline, *lines;

    if (!p->main)
        return NULL;
    o = json_new_object();
    lines = json_new_array();
    timeline = json_new_array();
    vec_for_each (&p->accounting.lines, l) {
        json_object *line = json_new_object();

        json_put_text(line, "name", l->name);
        json_put(line, "bytes", json_new_s64(l->bytes));
        json_put(line, "depth", json_new_s64(l->depth));
        json_put(line, "remainder", json_new_bool(l->is_remainder));
        put_text(line, "note", l->note);
        json_append(lines, line);
    }
    json_put(o, "accounting", lines);
    vec_for_each (&p->timeline, row)
        json_append(timeline, row_json(r, row));
    json_put(o, "timeline", timeline);
    json_put_u64(o, "left_out", p->left_out);
    return o;
}
