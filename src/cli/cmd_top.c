/* cmd_top.c - highwater top [FILE | DIR] [DELAY]: the live view in a terminal, of this machine,
 * another root, or a capture. */
#include "base/units.h"
#include "cli/cli.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "stats/names.h"
#include "top/screen.h"
#include "top/top.h"

#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_ROOT = 1, OPT_AT, OPT_SCREEN, OPT_ONCE, OPT_SIZE, OPT_NO_COLOR };

static const struct cli_option options[] = {
    {OPT_ROOT, "root", 0, "DIR", "show the machine whose /proc and /sys are in DIR (/)"},
    {OPT_AT, "at", 0, "TIME", "start at TIME of a capture (at its end)"},
    {OPT_SCREEN, "screen", 0, "NAME",
     "start with overview, cgroups, processes, zones or slab (overview)"},
    {OPT_ONCE, "once", 0, NULL, "print one screen as text and end: needs no terminal"},
    {OPT_SIZE, "size", 0, "WxH", "with --once: columns and rows (the terminal's, or 80x24)"},
    {OPT_NO_COLOR, "no-color", 0, NULL, "no colours; NO_COLOR says the same"},
};

static const struct cli_spec spec = {
    .verb = "top",
    .operands = "[FILE | DIR] [DELAY]",
    .summary =
        "Shows in a terminal what memory is used for, what it would cost to get back, and "
        "whether the\n"
        "shortage hurts: of this machine, every DELAY seconds (1), of a capture (FILE.hwc), or "
        "of a\n"
        "copied tree of its files (DIR).",
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "Keys: 1 to 5 choose a screen, / filters, < and > sort, Space pauses, Enter shows a "
        "finding,\n"
        "? explains the screen and all keys, q quits. In a capture Left and Right step, PgUp "
        "and PgDn\n"
        "step by ten, Home and End go to its ends, g goes to a time, n and N to another verdict.\n"
        "\n"
        "Examples:\n"
        "  highwater top\n"
        "  highwater top 5 --screen cgroups\n"
        "  highwater top incident.hwc --at 03:10\n"
        "  highwater top --once --size 132x40\n",
    .max_operands = 2,
};

static bool choose_size(struct cli *cli, struct top_options *o)
{
    unsigned width, height;

    if (!terminal_parse_size(cli, SCREEN_WIDTH_MIN, SCREEN_HEIGHT_MIN, &width, &height))
        return false;
    o->width = (int)width;
    o->height = (int)height;
    return true;
}

static void choose_screen(struct cli *cli, struct top_options *o)
{
    struct nearest near;
    char hint[256];

    o->screen = screen_find(cli->arg);
    if (o->screen != NR_SCREENS)
        return;
    nearest_init(&near, cli->arg);
    for (unsigned i = 0; i < NR_SCREENS; i++)
        nearest_offer(&near, screens[i].name);
    cli_usage(cli,
              "--screen: unknown screen '%s', want overview, cgroups, processes, zones or slab%s",
              cli->arg, nearest_text(&near, hint, sizeof(hint)));
}

/* A time, or else a file. A file called "5" is "./5". */
static int take_operand(struct cli *cli, const char *operand, struct top_options *o, bool *has_root)
{
    struct err e = {0};
    struct stat st;

    if (parse_duration(operand, &o->delay, &e) == 0) {
        if (o->delay < 100 * NS_PER_MS || o->delay > 3600 * NS_PER_S)
            return cli_usage(cli, "DELAY goes from 0.1 s to 1 h, not %s", operand);
        return CLI_OK;
    }
    if (stat(operand, &st) != 0)
        return cli_usage(cli, "'%s' is neither a DELAY such as 1 or 0.5s nor a file: %s", operand,
                         strerror(errno));
    if (*has_root)
        return cli_usage(cli, "there is a root already, '%s', so '%s' is one too many", o->root,
                         operand);
    *has_root = true;
    o->root = o->name = operand;
    /* The name alone: the screen has other use for the room. */
    if (S_ISREG(st.st_mode) && strrchr(operand, '/'))
        o->name = strrchr(operand, '/') + 1;
    return CLI_OK;
}

static int run(struct cli *cli, const struct top_options *o, bool once)
{
    struct strbuf text;
    struct err e = {0};
    int rc, by = 0;

    if (!once) {
        if (top_run(o, &by, &e))
            return cli_fail_err(cli, &e);
        /* Ctrl-C is a way to quit; who sends another signal wants to see it. */
        if (by && by != SIGINT) {
            signal(by, SIG_DFL);
            raise(by);
        }
        return CLI_OK;
    }
    strbuf_init(&text);
    rc = top_once(o, &text, &e) ? cli_fail_err(cli, &e) : cli_emit(cli, &text);
    strbuf_done(&text);
    return rc;
}

int cmd_top(int argc, char **argv)
{
    const char *no_color = getenv("NO_COLOR");
    struct top_options o = {
        .root = "/",
        .name = "",
        .delay = NS_PER_S,
        .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        .color = !(no_color && *no_color),
        .width = 80,
        .height = 24,
    };
    bool once = false, has_root = false, has_size = false;
    struct cli cli;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;) {
        switch (id) {
        case OPT_ROOT:
            o.root = o.name = cli.arg;
            has_root = true;
            break;
        case OPT_AT:
            o.at = cli.arg;
            break;
        case OPT_SCREEN:
            choose_screen(&cli, &o);
            break;
        case OPT_ONCE:
            once = true;
            break;
        case OPT_SIZE:
            has_size = choose_size(&cli, &o);
            break;
        case OPT_NO_COLOR:
            o.color = false;
            break;
        }
    }
    for (unsigned i = 0; !cli.done && i < cli.nr_operands; i++)
        take_operand(&cli, cli.operands[i], &o, &has_root);
    if (!cli.done && has_size && !once)
        cli_usage(&cli, "--size is for --once; the terminal knows its own size");
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    return cli_done(&cli, run(&cli, &o, once));
}
