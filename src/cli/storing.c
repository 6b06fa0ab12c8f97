/* storing.c - see storing.h. */
#include "cli/storing.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "cli/profile.h"
#include "report/json_put.h"
#include "report/runtimes_report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 512u

/* A value of a text of the recording, cleaned; "" where it has none. */
static void take(const char *text, const char *key, struct strbuf *out)
{
    char value[TEXT_MAX];

    strbuf_init(out);
    if (trace_text_value(text, key, value, sizeof(value)))
        utf8_append_clean(out, value);
}

/* The program's name: of the first word of a command, without its folder; of an import without a
 * command that of the file. */
static void name_service(const struct strbuf *command, const char *path, struct strbuf *out)
{
    const char *from = command->len ? command->text : path, *slash;
    size_t len = command->len ? strcspn(from, " ") : strlen(from);

    slash = memrchr(from, '/', len);
    if (slash && slash + 1 < from + len) {
        len -= (size_t)(slash + 1 - from);
        from = slash + 1;
    }
    if (!command->len && len > 4 && strcmp(from + len - 4, ".hwt") == 0)
        len -= 4;
    strbuf_append_bytes(out, from, len);
}

int storing_facts_init(struct storing_facts *f, const struct trace *t, const char *path,
                       const char *service, struct err *e)
{
    take(t->meta, "command", &f->command);
    take(t->meta, "date", &f->recorded_at);
    take(t->host, "kernel", &f->kernel);
    if (!f->kernel.len) {
        strbuf_done(&f->kernel);
        take(t->meta, "kernel", &f->kernel);
    }
    strbuf_init(&f->host);
    host_render_line(t, NULL, &f->host);
    strbuf_init(&f->service);
    if (service)
        strbuf_append(&f->service, service);
    else
        name_service(&f->command, path, &f->service);
    return store_hash_file(path, f->hash, e);
}

void storing_facts_done(struct storing_facts *f)
{
    strbuf_done(&f->command);
    strbuf_done(&f->service);
    strbuf_done(&f->host);
    strbuf_done(&f->kernel);
    strbuf_done(&f->recorded_at);
}

typedef VEC(char *) lines;

static void add(lines *v, const char *key, const char *value)
{
    struct strbuf line;

    strbuf_init(&line);
    utf8_append_clean(&line, key);
    strbuf_appendc(&line, '=');
    utf8_append_clean(&line, value);
    vec_push(v, strbuf_steal(&line));
}

static void add_u64(lines *v, const char *key, u64 value)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    add(v, key, text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void storing_settings(const struct sizing *s, const struct sizing_recording *r, struct strbuf *out)
{
    const struct cli_machine *m = &s->cli->machine;
    const struct sizing_request *req = s->req;
    struct strbuf own;
    lines all = {0};
    char ratio[32];

    vec_for_each (&m->settings, setting)
        add(&all, setting->key, setting->value);
    if (m->has_swap_max)
        add_u64(&all, "swap-max", m->swap_max);
    if (m->no_host)
        add(&all, "host", "none");
    if (cli_profile_path(s->cli))
        add(&all, "host", cli_profile_path(s->cli));
    if (req->process)
        add(&all, "process", req->process);
    if (req->window.from)
        add(&all, "from", req->window.from);
    if (req->window.to)
        add(&all, "to", req->window.to);
    snprintf(ratio, sizeof(ratio), "%g", req->usable_slowdown);
    add(&all, "usable-slowdown", ratio);
    strbuf_init(&own);
    runtimes_settings(&r->runtimes, &own);
    if (own.len)
        add(&all, "program", own.text);
    strbuf_done(&own);
    qsort(all.items, all.count, sizeof(*all.items), by_text);
    vec_for_each (&all, line) {
        strbuf_printf(out, "%s\n", *line);
        free(*line);
    }
    vec_done(&all);
}

/* What one recording came to; texts are those of the facts and of the rest. */
static struct store_result result_of(const struct size_report *report,
                                     const struct storing_facts *f)
{
    const struct size_result *r = report->result;
    const struct size_row *base = &r->unlimited;
    bool complete = trace_is_complete(report->config->trace), found = r->advice.found;

    return (struct store_result){
        .service = f->service.text,
        .program = f->command.text,
        .version = HW_VERSION,
        .host = f->host.text,
        .kernel = f->kernel.text,
        .recorded_at = f->recorded_at.text,
        .recording = report->input,
        .recording_hash = f->hash,
        .outcome = !found     ? "no need"
                   : complete ? "found"
                              : "incomplete",
        .complete = complete,
        .peak_bytes = base->peak_bytes,
        .need_bytes = found ? envelope_need(r) : STORE_NONE,
        .need_high_bytes = found && r->usable.found ? r->usable.high_bytes : STORE_NONE,
        .survives_bytes = r->survives.found ? r->survives.limit_bytes : STORE_NONE,
        .max_bytes = found ? r->advice.max_bytes : STORE_NONE,
        .high_bytes = found && r->advice.has_high ? r->advice.high_bytes : STORE_NONE,
        .anon_bytes = base->anon_bytes,
        .file_bytes = base->file_bytes,
        .disposable_bytes = base->disposable_bytes,
        .swap_peak_bytes = base->swap_peak_bytes,
        .majflt = base->majflt,
        .refaults = base->refault_anon + base->refault_file,
        .stall_ns = base->stall_ns,
        .busy_ns = base->busy_ns,
        .replays = r->replays,
    };
}

static int put_opened(const struct sizing *s, struct store *store, const struct store_result *rows)
{
    struct err e = {0};

    if (store_put_results(store, rows, s->nr, &e))
        return cli_fail_err(s->cli, &e);
    cli_note(s->cli, "stored as '%s' in %s", rows->service, s->req->store);
    return CLI_OK;
}

static int put_rows(const struct sizing *s, const struct store_result *rows)
{
    struct store *store;
    struct err e = {0};
    int rc;

    if (store_open(s->req->store, STORE_WRITE, &store, &e))
        return cli_fail_err(s->cli, &e);
    rc = put_opened(s, store, rows);
    store_close(store);
    return rc;
}

int storing_put(const struct sizing *s, const struct size_report *reports,
                const char *const *outcomes)
{
    struct store_result *rows;
    struct storing_facts *facts;
    struct strbuf *settings, *documents;
    int rc = CLI_OK;
    struct err e = {0};

    if (!s->req->store)
        return CLI_OK;
    rows = xcalloc(s->nr, sizeof(*rows));
    facts = xcalloc(s->nr, sizeof(*facts));
    settings = xcalloc(s->nr, sizeof(*settings));
    documents = xcalloc(s->nr, sizeof(*documents));
    for (unsigned i = 0; i < s->nr; i++) {
        strbuf_init(&settings[i]);
        strbuf_init(&documents[i]);
        if (storing_facts_init(&facts[i], s->recordings[i].trace, s->cli->operands[i],
                               s->req->service, &e) &&
            rc == CLI_OK)
            rc = cli_fail_err(s->cli, &e);
        storing_settings(s, &s->recordings[i], &settings[i]);
        json_render(size_json(&reports[i]), JSON_LINE, &documents[i]);
        rows[i] = result_of(&reports[i], &facts[i]);
        rows[i].verb = s->cli->spec->verb;
        rows[i].settings = settings[i].text;
        rows[i].document = documents[i].text;
        rows[i].stored_at = (u64)time(NULL);
        if (outcomes)
            rows[i].outcome = outcomes[i];
    }
    if (rc == CLI_OK)
        rc = put_rows(s, rows);
    for (unsigned i = 0; i < s->nr; i++) {
        storing_facts_done(&facts[i]);
        strbuf_done(&settings[i]);
        strbuf_done(&documents[i]);
    }
    free(documents);
    free(settings);
    free(facts);
    free(rows);
    return rc;
}
