/* capture_dump.c - each sample looked at as `export` would have, from the first on, so that rates
 * and needs are those of the whole capture. */
#include "cli/capture_dump.h"

#include "export/dump.h"
#include "observe/sampler.h"
#include "report/dump_json.h"

#include <string.h>

struct work {
    struct cli *cli;
    const struct capture_dump *request;
    struct sampler *sampler;
    struct diagnosis diagnosis;
    struct metric_groups groups;
    struct dump dump;
    size_t lost; /* samples that do not decode */
};

static int list_fields(struct cli *cli)
{
    const char *family = "";
    struct strbuf text;
    size_t count;
    const struct metric *rows = metrics(&count);
    int rc;

    strbuf_init(&text);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, family) == 0)
            continue;
        family = rows[i].name;
        strbuf_printf(&text, "%s\n    %s, of each %s. %s\n", rows[i].sample,
                      metric_type_name(rows[i].type), metric_scope_names[rows[i].scope],
                      rows[i].doc);
    }
    rc = cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

/* When a sample was taken. A clock that was set back would have two samples at one time: then time
 * is counted on from the first one. */
static double time_of(const struct capture *c, size_t index)
{
    const struct capture_sample *at = capture_sample(c, index), *first = capture_sample(c, 0);

    return capture_steps_back(c) ? (double)first->wall_us / 1e6 + (double)at->since_first / 1e9
                                 : (double)at->wall_us / 1e6;
}

static int look_through(struct work *w, size_t from, size_t to, struct err *e)
{
    for (size_t i = 0; i <= to; i++) {
        struct metric_look l;
        int rc = sampler_seek(w->sampler, i, e);

        if (rc == -EBADMSG) {
            w->lost++;
            continue;
        }
        if (rc)
            return rc;
        diagnosis_add(&w->diagnosis, sampler_snapshot(w->sampler));
        cli_progress(w->cli, "samples", i + 1, to + 1);
        if (i < from)
            continue;
        diagnosis_conclude(&w->diagnosis);
        metric_look_init(&l, sampler_snapshot(w->sampler), &w->diagnosis, true, &w->groups);
        rc = dump_add(&w->dump, &l, time_of(sampler_capture(w->sampler), i), e);
        metric_look_done(&l);
        if (rc)
            return rc;
    }
    return 0;
}

static int emit(struct work *w)
{
    const char *format = w->request->format;
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    dump_sort(&w->dump);
    if (format && strcmp(format, "json") == 0)
        dump_render_json(&w->dump, &text);
    else if (format && strcmp(format, "openmetrics") == 0)
        dump_render_openmetrics(&w->dump, &text);
    else
        dump_render_csv(&w->dump, &text);
    rc = cli_emit(w->cli, &text);
    strbuf_done(&text);
    if (rc == CLI_OK && w->lost)
        cli_note(w->cli, "%s: %zu samples could not be read and were left out", w->request->file,
                 w->lost);
    return rc;
}

/* The samples that are asked for. */
static int choose_time(struct work *w, size_t *from, size_t *to)
{
    const struct capture *c = sampler_capture(w->sampler);
    const struct capture_dump *r = w->request;
    struct err e = {0};

    *from = 0;
    *to = capture_count(c) - 1;
    if (r->from && capture_parse_at(c, r->from, from, &e))
        return cli_usage(w->cli, "--from: %s", e.text);
    if (r->to && capture_parse_at(c, r->to, to, &e))
        return cli_usage(w->cli, "--to: %s", e.text);
    if (*from > *to)
        return cli_usage(w->cli, "--from %s comes after --to %s", r->from, r->to ? r->to : "");
    return CLI_OK;
}

static int dump(struct work *w)
{
    size_t from, to;
    struct err e = {0};
    int rc = choose_time(w, &from, &to);

    if (rc)
        return rc;
    rc = look_through(w, from, to, &e);
    cli_progress_end(w->cli);
    return rc ? cli_fail_err(w->cli, &e) : emit(w);
}

int capture_dump(struct cli *cli, const struct capture_dump *request)
{
    struct work w = {.cli = cli, .request = request};
    bool *wanted = NULL;
    struct err e = {0};
    int rc;

    if (request->fields && strcmp(request->fields, "help") == 0)
        return list_fields(cli);
    if (request->fields && metrics_choose(request->fields, &wanted, &e))
        return cli_usage(cli, "--fields: %s; '--fields help' lists them all", e.text);
    if (sampler_open(request->file, SNAPSHOT_ALL, &w.sampler, &e)) {
        free(wanted);
        return cli_fail_err(cli, &e);
    }
    if (!sampler_capture(w.sampler)) {
        sampler_free(w.sampler);
        free(wanted);
        return cli_fail(cli, "%s: a directory; dump wants a capture (FILE.hwc)", request->file);
    }
    diagnosis_init(&w.diagnosis, NULL);
    metric_groups_init(&w.groups, 0);
    dump_init(&w.dump, wanted);
    rc = dump(&w);
    dump_done(&w.dump);
    metric_groups_done(&w.groups);
    diagnosis_done(&w.diagnosis);
    sampler_free(w.sampler);
    free(wanted);
    return rc;
}
