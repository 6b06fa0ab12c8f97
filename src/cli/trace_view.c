/* trace_view.c - see trace_view.h. */
#include "cli/trace_view.h"

#include "cli/terminal.h"
#include "report/heat_json.h"
#include "report/heat_text.h"
#include "report/json_put.h"
#include "report/working_set_report.h"

/* The document that has one of them. */
static void put_document(const struct trace *t, const char *key, json_object *value,
                         struct strbuf *out)
{
    json_object *o = json_new_object();

    json_put(o, "schema_version", json_new_s64(1));
    json_put_text(o, "input", t->path);
    json_put(o, key, value);
    json_document(o, out);
}

static void choose_size(const struct trace_view *view, unsigned *ret_width, unsigned *ret_height)
{
    terminal_size(ret_width, ret_height);
    if (view->width) {
        *ret_width = view->width;
        *ret_height = view->height;
    }
}

int trace_view_heat(struct cli *cli, struct trace_view *view, struct strbuf *out)
{
    struct heat_text text = {
        .input = view->trace->path,
        .colors = terminal_has_256_colors(cli),
        .files = view->files,
    };
    struct footprint f;
    struct heat heat;
    struct err e = {0};
    int rc;

    choose_size(view, &text.width, &text.height);
    view->window.heat = &heat;
    heat_init(&heat, 0);
    if (cli->format == CLI_TEXT)
        heat_text_prepare(&text, &heat);
    rc = footprint_over_time(view->trace, &view->window, &f, &e);
    if (rc) {
        heat_done(&heat);
        return cli_fail_err(cli, &e);
    }
    if (cli->format == CLI_JSON)
        put_document(view->trace, "heat", heat_json(&heat), out);
    else
        heat_text(&text, &heat, out);
    footprint_done(&f);
    heat_done(&heat);
    return CLI_OK;
}

int trace_view_wss(struct cli *cli, struct trace_view *view, struct strbuf *out)
{
    struct working_set_report report = {.input = view->trace->path};
    struct working_set set;
    struct footprint f;
    struct err e = {0};
    int rc;

    choose_size(view, &report.width, &report.height);
    report.set = view->window.set = &set;
    working_set_init(&set, 0, WORKING_SET_PAGES);
    rc = footprint_over_time(view->trace, &view->window, &f, &e);
    if (rc) {
        working_set_done(&set);
        return cli_fail_err(cli, &e);
    }
    if (cli->format == CLI_JSON)
        put_document(view->trace, "working_set", working_set_json(&set), out);
    else if (cli->format == CLI_CSV)
        working_set_csv(&set, out);
    else
        working_set_text(&report, out);
    footprint_done(&f);
    working_set_done(&set);
    return CLI_OK;
}
