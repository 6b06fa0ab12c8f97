/* diagnose_json.c - a diagnosis as a JSON document; docs/schema/diagnose.schema.json describes it.
 *
 * What is not known is null, never 0. Evidence has the number in its unit beside the text, so that
 * nobody has to parse the text.
 */
#include "report/diagnose_report.h"

#include "diagnose/needed.h"
#include "report/json_put.h"
#include "report/post_mortem_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_VERSION 1

static json_object *number_json(double number)
{
    char text[64];

    if (!isfinite(number))
        return NULL;
    if (number == floor(number) && fabs(number) < 9e15)
        return json_new_s64((int64_t)number);
    snprintf(text, sizeof(text), "%.3f", number);
    return json_new_number(number, text);
}

static void put_known(json_object *o, const char *key, u64 figure)
{
    json_put(o, key, known(figure) ? json_new_u64(figure) : NULL);
}

static void put_text_or_null(json_object *o, const char *key, const char *text)
{
    if (text && *text)
        json_put_text(o, key, text);
    else
        json_put(o, key, NULL);
}

static json_object *source_json(const struct diagnose_report *r)
{
    static const char *const kinds[] = {
        [SOURCE_LIVE] = "live",       [SOURCE_CONTAINER] = "container",
        [SOURCE_ARCHIVE] = "archive", [SOURCE_SIMULATED] = "simulated",
        [SOURCE_CAPTURE] = "capture",
    };
    const struct snapshot *s = r->diagnosis->last;
    json_object *o = json_new_object();

    json_put_text(o, "kind", kinds[s->kind]);
    json_put_text(o, "name", r->source);
    put_text_or_null(o, "hostname", s->hostname);
    put_text_or_null(o, "release", s->release);
    json_put(o, "time_us", known(s->wall_us) ? json_new_u64(s->wall_us) : NULL);
    json_put(o, "uptime_us", known(s->uptime_us) ? json_new_u64(s->uptime_us) : NULL);
    json_put(o, "samples", json_new_u64(r->samples));
    json_put(o, "interval_seconds",
             number_json(s->interval_untold ? NAN : r->diagnosis->interval_s));
    json_put(o, "worst_moment", json_new_bool(r->worst));
    put_text_or_null(o, "read", r->read && *r->read ? r->read : NULL);
    return o;
}

static json_object *evidence_json(const struct evidence *e)
{
    json_object *o = json_new_object();

    json_put_text(o, "name", e->name);
    json_put(o, "value", number_json(e->number));
    json_put_text(o, "unit", evidence_units[e->unit]);
    json_put_text(o, "text", e->value);
    put_text_or_null(o, "threshold", e->threshold);
    json_put_text(o, "where", e->where);
    return o;
}

static json_object *finding_json(const struct diagnose_report *r, const struct finding *f)
{
    const struct rule_info *info = &rule_info[f->rule];
    struct advice advice = finding_advice(f);
    json_object *o = json_new_object(), *evidence = json_new_array();

    json_put_text(o, "rule", info->name);
    put_text_or_null(o, "cause", f->cause < NR_CAUSES ? cause_info[f->cause].name : NULL);
    json_put_text(o, "family", info->family);
    json_put_text(o, "severity", severity_name(f->severity));
    json_put_text(o, "confidence", confidence_name(f->confidence));
    json_put_text(o, "scope", f->scope);
    json_put_text(o, "title", f->title);
    put_text_or_null(o, "detail", f->detail);
    vec_for_each (&f->evidence, e)
        json_append(evidence, evidence_json(e));
    json_put(o, "evidence", evidence);
    json_put_text(o, "meaning", advice.meaning);
    json_put_text(o, "look_next", advice.look_next);
    json_put_text(o, "change", advice.change);
    json_put_text(o, "disproof", advice.disproof);
    if (r->explain)
        json_put_text(o, "explanation", info->teach);
    return o;
}

static json_object *pressure_json(const struct psi_view *v)
{
    json_object *o = json_new_object();

    for (unsigned full = 0; full < 2; full++) {
        const struct psi_line *l = full ? &v->full : &v->some;
        json_object *line = NULL;

        if (known(l->avg10)) {
            line = json_new_object();
            json_put(line, "avg10", number_json((double)l->avg10 / 100));
            json_put(line, "avg60", number_json((double)l->avg60 / 100));
            json_put(line, "avg300", number_json((double)l->avg300 / 100));
            put_known(line, "total_us", l->total_us);
        }
        json_put(o, full ? "full" : "some", line);
    }
    return o;
}

static json_object *accounting_json(const struct accounting *a)
{
    json_object *o = json_new_object(), *lines = json_new_array();

    json_put_text(o, "scope", a->scope);
    vec_for_each (&a->lines, l) {
        json_object *line = json_new_object();

        json_put_text(line, "name", l->name);
        json_put(line, "bytes", json_new_s64(l->bytes));
        json_put(line, "depth", json_new_s64(l->depth));
        json_put(line, "remainder", json_new_bool(l->is_remainder));
        put_text_or_null(line, "note", l->note);
        json_append(lines, line);
    }
    json_put(o, "lines", lines);
    return o;
}

static json_object *reconciliation_json(const struct reconciliation *r)
{
    json_object *o = json_new_object(), *figures = json_new_array();

    json_put_text(o, "scope", r->scope);
    json_put_text(o, "text", r->text);
    vec_for_each (&r->figures, f) {
        json_object *figure = json_new_object();

        json_put_text(figure, "tool", f->tool);
        json_put_u64(figure, "bytes", f->bytes);
        json_put_text(figure, "why", f->why);
        json_append(figures, figure);
    }
    json_put(o, "figures", figures);
    return o;
}

/* How much memory is needed, beside what others show. */
static json_object *needed_json(const struct diagnosis *d, const struct need *n)
{
    static const char *const states[] = {
        [NEED_UNWATCHED] = "unwatched", [NEED_ENOUGH] = "enough",   [NEED_SHORT] = "short",
        [NEED_BETWEEN] = "between",     [NEED_WRITING] = "writing", [NEED_KILLED] = "killed",
    };
    static const char *const open_names[NR_NEED_OPEN] = {
        [NEED_OPEN_ANON] = "swappable",         [NEED_OPEN_ACTIVE] = "active_file",
        [NEED_OPEN_MAPPED] = "inactive_mapped", [NEED_OPEN_DIRTY] = "dirty",
        [NEED_OPEN_INACTIVE] = "inactive_file", [NEED_OPEN_SWAPPED] = "swapped",
    };
    json_object *o = json_new_object(), *open = json_new_object();
    struct strbuf text;

    json_put_text(o, "scope",
                  n->group == GROUP_NONE ? "host" : d->last->cgroups.items[n->group].path);
    json_put_u64(o, "low", n->low);
    put_known(o, "high", n->high);
    json_put_u64(o, "low_seen", n->low_seen);
    put_known(o, "high_seen", n->high_seen);
    json_put_u64(o, "current", n->current);
    json_put_u64(o, "current_less_inactive_file", n->without_inactive);
    put_known(o, "current_less_file", n->without_file);
    json_put_u64(o, "held", n->held);
    json_put_u64(o, "hugetlb", n->pool);
    for (unsigned i = 0; i < NR_NEED_OPEN; i++)
        json_put_u64(open, open_names[i], n->open[i]);
    json_put(o, "open", open);
    json_put_text(o, "state", states[n->state]);
    json_put(o, "lost_percent", number_json(n->lost));
    json_put(o, "refaults_per_second", number_json(n->refaults));
    strbuf_init(&text);
    need_say(n, &text);
    json_put_text(o, "text", text.text);
    strbuf_done(&text);
    return o;
}

static json_object *left_out_json(const struct findings *f)
{
    json_object *list = json_new_array();

    for (unsigned i = 0; i < NR_RULES; i++) {
        json_object *o;

        if (!f->left_out[i])
            continue;
        o = json_new_object();
        json_put_text(o, "rule", rule_info[i].name);
        json_put_u64(o, "count", f->left_out[i]);
        json_append(list, o);
    }
    return list;
}

/* The largest groups, in the order of the tree. */
#define GROUPS_MAX 100u

static void put_limit(json_object *o, const char *key, u64 limit)
{
    json_put(o, key, limit < NO_LIMIT ? json_new_u64(limit) : NULL);
}

static json_object *group_json(const struct cgroup_view *g)
{
    json_object *o = json_new_object();

    json_put_text(o, "path", g->path);
    put_known(o, "memory.current", g->current);
    put_limit(o, "memory.max", g->max);
    put_limit(o, "memory.high", g->high);
    put_known(o, "memory.swap.current", g->swap_current);
    put_known(o, "anon", g->stat[NR_ANON_PAGES]);
    put_known(o, "file", g->stat[NR_FILE_PAGES]);
    put_known(o, "kernel", g->stat[MEMCG_KERNEL]);
    put_known(o, "oom_kill", g->events[EV_OOM_KILL]);
    put_known(o, "memory_some_us", g->psi[PSI_MEM].some.total_us);
    return o;
}

static int largest_first(const void *a, const void *b)
{
    u64 x = *(const u64 *)a, y = *(const u64 *)b;

    return (x < y) - (x > y);
}

static json_object *groups_json(const struct diagnosis *d)
{
    const struct snapshot *s = d->last;
    json_object *list = json_new_array();
    VEC(u64) sizes = {0};
    u64 least = 0, shown = 0;

    vec_for_each (&s->cgroups, g)
        if (known(g->current))
            vec_push(&sizes, g->current);
    if (sizes.count > GROUPS_MAX) {
        qsort(sizes.items, sizes.count, sizeof(u64), largest_first);
        least = sizes.items[GROUPS_MAX - 1];
    }
    vec_done(&sizes);
    vec_for_each (&s->cgroups, g) {
        size_t under = d->options.cgroup ? strlen(d->options.cgroup) : 0;

        if (!known(g->current) || g->current < least || shown == GROUPS_MAX)
            continue;
        if (under > 1 && (strncmp(g->path, d->options.cgroup, under) != 0 ||
                          (g->path[under] && g->path[under] != '/')))
            continue;
        json_append(list, group_json(g));
        shown++;
    }
    return list;
}

static json_object *machines_json(const struct diagnose_report *r)
{
    json_object *list = json_new_array();

    for (size_t i = 0; i < r->nr_machines; i++) {
        const struct diagnose_machine *m = &r->machines[i];
        json_object *o = json_new_object();

        if (*m->name)
            json_put_text(o, "machine", m->name);
        else
            json_put(o, "machine", NULL);
        json_put_text(o, "verdict", verdict_name(m->verdict));
        json_put(o, "exit_code", json_new_s64((int)m->verdict));
        json_put_text(o, "headline", m->headline);
        json_append(list, o);
    }
    return list;
}

json_object *diagnose_json(const struct diagnose_report *r)
{
    const struct diagnosis *d = r->diagnosis;
    json_object *o = json_new_object(), *findings = json_new_array();
    json_object *gaps = json_new_array(), *tools = json_new_array();
    json_object *pressure = json_new_object(), *needed = json_new_array(), *over_time;

    json_put(o, "schema_version", json_new_s64(SCHEMA_VERSION));
    json_put_text(o, "verdict", verdict_name(d->verdict));
    json_put(o, "exit_code", json_new_s64((int)d->verdict));
    json_put_text(o, "headline", d->headline);
    json_put(o, "machines", machines_json(r));
    json_put(o, "source", source_json(r));
    vec_for_each (&d->findings.items, f)
        json_append(findings, finding_json(r, f));
    json_put(o, "findings", findings);
    json_put(o, "findings_left_out", left_out_json(&d->findings));
    vec_for_each (&d->findings.gaps, g) {
        json_object *gap = json_new_object();

        json_put_text(gap, "rule", rule_info[g->rule].name);
        json_put_text(gap, "what", g->what);
        json_put_text(gap, "why", g->why);
        json_append(gaps, gap);
    }
    json_put(o, "not_measurable", gaps);
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++)
        json_put(pressure, psi_res_name[psi_res_by_worth[i]],
                 pressure_json(&d->last->psi[psi_res_by_worth[i]]));
    json_put(o, "pressure", pressure);
    json_put(o, "accounting", accounting_json(&d->accounting));
    json_put(o, "post_mortem", post_mortem_json(r));
    vec_for_each (&d->reconciliations, at)
        json_append(tools, reconciliation_json(at));
    json_put(o, "reconciliation", tools);
    vec_for_each (&d->needs, n)
        json_append(needed, needed_json(d, n));
    json_put(o, "needed", needed);
    json_put(o, "cgroups", groups_json(d));
    over_time = r->over_time ? diagnose_over_time_json(r->over_time) : NULL;
    json_put(o, "over_time", over_time);
    if (over_time)
        json_put(o, "findings_over_time", diagnose_tracks_json(r->over_time));
    return o;
}
