/* cli_output.c - errors, notes, the progress line, colours, and results that appear whole.
 *
 * All that is shown on stdout and stderr passes through here and is cleaned here (base/utf8.h).
 */
#include "cli/cli_int.h"
#include "cli/cli_machine.h"

#include "base/outfile.h"
#include "base/utf8.h"
#include "cli/streams.h"
#include "report/json_put.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void cli_say(const char *verb, const char *text)
{
    struct strbuf line;

    strbuf_init(&line);
    strbuf_printf(&line, "%s%s%s: ", cli_program, verb ? " " : "", verb ? verb : "");
    utf8_append_clean(&line, text);
    fprintf(stderr, "%s\n", line.text);
    strbuf_done(&line);
}

void cli_say_usage(const char *verb, const char *text)
{
    cli_say(verb, text);
    fprintf(stderr, "Try '%s%s%s --help'.\n", cli_program, verb ? " " : "", verb ? verb : "");
}

typedef void say_fn(const char *verb, const char *text);

HW_PRINTF(3, 0) static void say(struct cli *cli, say_fn *how, const char *fmt, va_list args)
{
    struct strbuf text;

    cli_progress_end(cli);
    strbuf_init(&text);
    strbuf_vprintf(&text, fmt, args);
    how(cli->spec->verb, text.text);
    strbuf_done(&text);
}

int cli_fail(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, cli_say, fmt, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_fail_err(struct cli *cli, const struct err *e)
{
    char text[1024];

    return cli_fail(cli, "%s", err_text(e, text, sizeof(text)));
}

int cli_fail_for(struct cli *cli, int rc, const struct err *e)
{
    cli_fail_err(cli, e);
    return rc == -EINVAL ? CLI_USAGE : CLI_FAILED;
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    /* One wrong command line is one message: a second would only follow from the first. */
    if (!cli->done) {
        va_start(args, fmt);
        say(cli, cli_say_usage, fmt, args);
        va_end(args);
    }
    cli->done = true;
    cli->exit_code = CLI_USAGE;
    return CLI_USAGE;
}

void cli_note(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli->quiet)
        return;
    va_start(args, fmt);
    say(cli, cli_say, fmt, args);
    va_end(args);
}

/* The length of the colour that begins `text`, "ESC [ digits m"; 0 when none does. */
static size_t colour_len(const char *text, size_t len)
{
    size_t at = 2;

    if (len < 3 || text[0] != '\033' || text[1] != '[')
        return 0;
    while (at < len && ((text[at] >= '0' && text[at] <= '9') || text[at] == ';'))
        at++;
    return at < len && text[at] == 'm' ? at + 1 : 0;
}

/* Reports clean the names they show; this holds for whatever they miss, and keeps their own lines,
 * tabs and colours. */
static void append_shown(struct strbuf *out, const char *text, size_t len, bool color)
{
    const char *end = text + len;

    while (text < end) {
        const char *from = text;
        size_t keep = 0;

        while (text < end && keep == 0) {
            keep = *text == '\n' || *text == '\t' ? 1
                   : color                        ? colour_len(text, (size_t)(end - text))
                                                  : 0;
            text += keep == 0;
        }
        utf8_append_clean_bytes(out, from, (size_t)(text - from));
        strbuf_append_bytes(out, text, keep);
        text += keep;
    }
}

static int emit_bytes(struct cli *cli, const struct strbuf *text)
{
    struct err e = {0};

    cli_progress_end(cli);
    if (cli->output) {
        if (outfile_write(cli->output, text->text, text->len, &e))
            return cli_fail_err(cli, &e);
        return CLI_OK;
    }
    return cli_print(cli->spec->verb, text);
}

int cli_print(const char *verb, const struct strbuf *text)
{
    int rc = streams_print(text->text, text->len);

    if (rc == 0)
        return CLI_OK;
    char message[128];

    snprintf(message, sizeof(message), "cannot write to stdout: %s", strerror(-rc));
    cli_say(verb, message);
    return CLI_FAILED;
}

static int emit_shown(struct cli *cli, const struct strbuf *text, bool color)
{
    struct strbuf shown;
    int rc;

    strbuf_init(&shown);
    append_shown(&shown, text->text, text->len, color);
    rc = emit_bytes(cli, &shown);
    strbuf_done(&shown);
    return rc;
}

int cli_emit(struct cli *cli, const struct strbuf *text)
{
    return emit_shown(cli, text, cli->color);
}

int cli_emit_file(struct cli *cli, const struct strbuf *bytes)
{
    return isatty(STDOUT_FILENO) ? emit_shown(cli, bytes, false) : emit_bytes(cli, bytes);
}

bool cli_wants_document(const struct cli *cli)
{
    return cli->format == CLI_JSON || cli->format == CLI_HTML;
}

int cli_emit_json(struct cli *cli, enum page_kind kind, const char *name, const struct strbuf *json)
{
    struct strbuf page;
    int rc;

    if (cli->format != CLI_HTML)
        return cli_emit(cli, json);
    strbuf_init(&page);
    page_render(kind, name, json, &page);
    rc = cli_emit_file(cli, &page);
    strbuf_done(&page);
    return rc;
}

int cli_emit_document(struct cli *cli, enum page_kind kind, const char *name, json_object *o)
{
    struct strbuf json;
    int rc;

    strbuf_init(&json);
    json_document(o, &json);
    rc = cli_emit_json(cli, kind, name, &json);
    strbuf_done(&json);
    return rc;
}

#define PROGRESS_INTERVAL (100 * NS_PER_MS)
#define PROGRESS_LONG     (5 * NS_PER_S)

void cli_progress(struct cli *cli, const char *what, u64 done, u64 total)
{
    struct timespec now;

    if (!cli->progress)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ns_t at = (ns_t)now.tv_sec * NS_PER_S + (ns_t)now.tv_nsec;
    if (!cli->progress_shown)
        cli->progress_began = at;
    if (cli->progress_shown && at - cli->progress_at < PROGRESS_INTERVAL)
        return;
    cli->progress_at = at;
    cli->progress_shown = true;
    if (total)
        fprintf(stderr, "\r\033[K%s %s: %s %" PRIu64 " %%", cli_program, cli->spec->verb, what,
                (u64)(100.0 * (double)done / (double)total));
    else
        fprintf(stderr, "\r\033[K%s %s: %s %" PRIu64, cli_program, cli->spec->verb, what, done);
    if (at - cli->progress_began >= PROGRESS_LONG) /* also while the figure stands still */
        fprintf(stderr, ", %" PRIu64 " s", (at - cli->progress_began) / NS_PER_S);
    fflush(stderr);
}

void cli_progress_end(struct cli *cli)
{
    if (cli->progress_shown)
        fprintf(stderr, "\r\033[K");
    cli->progress_shown = false;
}

const char *cli_style(const struct cli *cli, enum cli_style style)
{
    static const char *const codes[] = {
        [CLI_PLAIN] = "\033[0m",  [CLI_BOLD] = "\033[1m",    [CLI_RED] = "\033[31m",
        [CLI_GREEN] = "\033[32m", [CLI_YELLOW] = "\033[33m", [CLI_DIM] = "\033[2m",
    };

    return cli->color ? codes[style] : "";
}

int cli_done(struct cli *cli, int exit_code)
{
    cli_progress_end(cli);
    free(cli->long_options);
    free(cli->letters);
    cli_machine_done(cli);
    vec_for_each (&cli->owned, block)
        free(*block);
    vec_done(&cli->owned);
    cli->long_options = NULL;
    cli->letters = NULL;
    return exit_code;
}
