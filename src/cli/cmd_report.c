/* cmd_report.c - highwater report FILE -o NAME.html: the page of a result that was kept as JSON. */
#include "cli/cli.h"
#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { OPT_OUTPUT = 1 };

static const struct cli_option options[] = {
    {OPT_OUTPUT, "output", 'o', "NAME.html", "write the page to NAME.html, whole or not at all"},
};

static const struct cli_spec spec = {
    .verb = "report",
    .operands = "FILE",
    .summary = "Makes one page with pictures of a result: of what 'size' printed with --format "
               "json.\nThe page needs nothing else: no network and no other file.",
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "Examples:\n"
             "  highwater size app.hwt --format json -o app.json\n"
             "  highwater report app.json -o app.html\n",
    .min_operands = 1,
    .max_operands = 1,
};

/* All of a file, "-" being the standard input. */
static int read_all(const char *path, struct strbuf *out, struct err *e)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(path, "re");
    char block[65536];
    size_t n;
    int rc = 0;

    if (!f)
        return err_at(e, -errno, path, 0, 0, "cannot open: %s", strerror(errno));
    while ((n = fread(block, 1, sizeof(block), f)) > 0 && out->len <= PAGE_JSON_MAX)
        strbuf_append_bytes(out, block, n);
    if (ferror(f))
        rc = err_at(e, -errno, path, 0, 0, "cannot read: %s", strerror(errno));
    if (!is_stdin)
        fclose(f);
    return rc;
}

static int page_of_json(struct cli *cli, const char *path)
{
    enum page_kind kind = PAGE_OF_SIZE;
    struct err e = {0};
    struct strbuf json;
    int rc;

    strbuf_init(&json);
    rc = read_all(path, &json, &e);
    if (rc == 0 && page_find_kind(json.text, json.len, &kind, &e)) {
        char why[sizeof(e.text)];

        snprintf(why, sizeof(why), "%s", e.text);
        rc = err_at(&e, -EINVAL, path, 0, 0, "%s", why);
    }
    rc = rc ? cli_fail_err(cli, &e) : cli_emit_json(cli, kind, path, &json);
    strbuf_done(&json);
    return rc;
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
    cli.format = CLI_HTML;
    return cli_done(&cli, cli.done ? cli.exit_code : page_of_json(&cli, cli.operands[0]));
}
