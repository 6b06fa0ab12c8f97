/* cli_output.c - errors, notes, the progress line, colours, and results that appear whole. */
#include "cli/cli_int.h"

#include "base/outfile.h"
#include "cli/streams.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void say(struct cli *cli, const char *fmt, va_list args) HW_PRINTF(2, 0);

static void say(struct cli *cli, const char *fmt, va_list args)
{
    cli_progress_end(cli);
    fprintf(stderr, "highwater %s: ", cli->spec->verb);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

int cli_fail(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(cli, fmt, args);
    va_end(args);
    return CLI_FAILED;
}

int cli_fail_err(struct cli *cli, const struct err *e)
{
    char text[1024];

    return cli_fail(cli, "%s", err_text(e, text, sizeof(text)));
}

int cli_usage(struct cli *cli, const char *fmt, ...)
{
    va_list args;

    /* One wrong command line is one message: a second would only follow from the first. */
    if (!cli->done) {
        va_start(args, fmt);
        say(cli, fmt, args);
        va_end(args);
        fprintf(stderr, "Try 'highwater %s --help'.\n", cli->spec->verb);
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
    say(cli, fmt, args);
    va_end(args);
}

int cli_emit(struct cli *cli, const struct strbuf *text)
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
    fprintf(stderr, "highwater%s%s: cannot write to stdout: %s\n", verb ? " " : "",
            verb ? verb : "", strerror(-rc));
    return CLI_FAILED;
}

#define PROGRESS_INTERVAL (100 * NS_PER_MS)

void cli_progress(struct cli *cli, const char *what, u64 done, u64 total)
{
    struct timespec now;

    if (!cli->progress)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ns_t at = (ns_t)now.tv_sec * NS_PER_S + (ns_t)now.tv_nsec;
    if (cli->progress_shown && at - cli->progress_at < PROGRESS_INTERVAL)
        return;
    cli->progress_at = at;
    cli->progress_shown = true;
    if (total)
        fprintf(stderr, "\r\033[Khighwater %s: %s %" PRIu64 " %%", cli->spec->verb, what,
                (u64)(100.0 * (double)done / (double)total));
    else
        fprintf(stderr, "\r\033[Khighwater %s: %s %" PRIu64, cli->spec->verb, what, done);
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
    cli->long_options = NULL;
    cli->letters = NULL;
    return exit_code;
}
