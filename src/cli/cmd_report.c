/* cmd_report.c - highwater report FILE -o NAME.html: the page of a result that was kept as JSON.
 *
 * Of a capture it is the page of 'diagnose', of a recording that of 'run' without a limit: what
 * these verbs make with -o. */
#include "cli/cli.h"
#include "cli/result_file.h"
#include "cli/verbs.h"
#include "diagnose/diagnose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OPT_OUTPUT = 1 };

static const struct cli_option options[] = {
    {OPT_OUTPUT, "output", 'o', "NAME.html", "write the page to NAME.html, whole or not at all"},
};

static const struct cli_spec spec = {
    .verb = "report",
    .operands = "FILE",
    .summary =
        "Makes one page with pictures of a result: of what 'size', 'run' or 'diagnose' printed "
        "with\n--format json; of a capture (FILE.hwc) as 'diagnose' does, of a recording "
        "(FILE.hwt) as 'run'.\nThe page needs nothing else: no network and no other file.",
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "Examples:\n"
             "  highwater size app.hwt --format json -o app.json\n"
             "  highwater report app.json -o app.html\n"
             "  highwater report host.hwc -o incident.html\n",
    .min_operands = 1,
    .max_operands = 1,
};

static int page_of_json(struct cli *cli, const char *path)
{
    enum page_kind kind = PAGE_OF_SIZE;
    struct err e = {0};
    struct strbuf json;
    int rc;

    strbuf_init(&json);
    rc = result_file_read(path, &json, &e);
    if (rc == 0 && json.text[strspn(json.text, " \t\r\n")] != '{')
        rc = err_at(&e, -EINVAL, path, 0, 0,
                    "it is no result as --format json prints it, no capture and no recording; of a "
                    "log or of pasted text 'highwater diagnose FILE -o NAME.html' makes a page");
    if (rc == 0 && page_find_kind(json.text, json.len, &kind, &e)) {
        char why[sizeof(e.text)];

        snprintf(why, sizeof(why), "%s", e.text);
        rc = err_at(&e, -EINVAL, path, 0, 0, "%s", why);
    }
    if (rc == 0 && kind == PAGE_OF_CHECK)
        rc =
            err_at(&e, -EINVAL, path, 0, 0,
                   "a result of 'check' has no page; 'check --format junit' is for CI systems, and "
                   "'size' of the same recordings has one");
    rc = rc ? cli_fail_err(cli, &e) : cli_emit_json(cli, kind, path, &json);
    strbuf_done(&json);
    return rc;
}

/* A capture or a recording, by its first bytes: whose page it is. NULL: neither. */
static const struct cli_verb *verb_of(const char *path)
{
    static const char *const verbs[] = {[RESULT_RECORDING] = "run", [RESULT_CAPTURE] = "diagnose"};
    enum result_kind kind = result_file_kind(path);

    for (unsigned v = 0; v < nr_cli_verbs && kind != RESULT_DOCUMENT; v++)
        if (strcmp(cli_verbs[v].name, verbs[kind]) == 0)
            return &cli_verbs[v];
    return NULL;
}

/* The exit code is that of a page and not of a verdict, but for a capture of which nothing can be
 * told. */
static int page_of_verb(const struct cli_verb *verb, char *path, const char *output, bool quiet)
{
    char name[16], o[] = "-o", q[] = "-q", end[] = "--";
    char *words[7] = {name, o, (char *)output}; /* getopt writes to none */
    int argc = 3, rc;

    snprintf(name, sizeof(name), "%s", verb->name);
    if (quiet)
        words[argc++] = q;
    words[argc++] = end;
    words[argc++] = path;
    rc = verb->run(argc, words);
    return strcmp(verb->name, "diagnose") != 0 ? rc : rc == VERDICT_UNKNOWN ? CLI_FAILED : CLI_OK;
}

static int page_of(struct cli *cli, char *path)
{
    const struct cli_verb *verb = verb_of(path);

    cli->format = CLI_HTML;
    return verb ? page_of_verb(verb, path, cli->output, cli->quiet) : page_of_json(cli, path);
}

int cmd_report(int argc, char **argv)
{
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;)
        cli.output = cli.arg;
    if (!cli.done && !cli.output)
        cli_usage(&cli, "-o NAME.html is missing");
    else if (!cli.done && !page_is_name(cli.output))
        cli_usage(&cli, "--output '%s': want a name that ends with .html", cli.output);
    return cli_done(&cli, cli.done ? cli.exit_code : page_of(&cli, cli.operands[0]));
}
