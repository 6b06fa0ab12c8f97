/* cli.c - reading options: a verb's own and the common ones, with getopt_long.
 *
 * getopt_long gets its arrays from the tables, prints nothing itself (opterr 0), and what it could
 * not place is reported here, with the nearest option. Common options are stored in struct cli as
 * they come; the verb sees only its own.
 */
#include "cli/cli_int.h"

#include "base/alloc.h"
#include "base/outfile.h"
#include "base/units.h"
#include "cli/cli_machine.h"
#include "cli/host_memory.h"
#include "cli/memory.h"
#include "stats/names.h"
#include "system/config.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct cli_common_option cli_common_options[] = {
#define CLI_OPTION(id, group, name, letter, arg, help) \
    {{CLI_ID_##id, name, letter, arg, help}, CLI_##group},
#include "cli/cli_options.def"
#undef CLI_OPTION
};
const unsigned nr_cli_common_options = ARRAY_SIZE(cli_common_options);

static void add_option(struct cli *cli, unsigned *at, const struct cli_option *o)
{
    cli->long_options[(*at)++] = (struct option){
        .name = o->name,
        .has_arg = o->arg ? required_argument : no_argument,
        .val = o->id,
    };
    if (o->letter) {
        size_t len = strlen(cli->letters);

        cli->letters[len] = o->letter;
        cli->letters[len + 1] = o->arg ? ':' : '\0';
    }
}

void cli_init(struct cli *cli, const struct cli_spec *spec, int argc, char **argv)
{
    unsigned max = spec->nr_options + nr_cli_common_options + nr_cli_machine_options;
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    unsigned at = 0;

    memory_guard(spec->verb, spec->failed ? spec->failed : CLI_FAILED);
    *cli = (struct cli){.spec = spec, .argc = argc, .argv = argv, .mode = OUTFILE_PRIVATE};
    cli_machine_init(cli);
    cli->color =
        isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    cli->progress = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;

    cli->long_options = xcalloc(max + 1, sizeof(*cli->long_options));
    cli->letters = xcalloc(2 * max + 3, 1);
    /* '+' stops at the first operand, which then is the command, '-' hands over each; ':' tells a
     * missing argument from a wrong option. */
    snprintf(cli->letters, 3, "%s",
             spec->takes & CLI_COMMAND        ? "+:"
             : spec->takes & CLI_THEN_COMMAND ? "-:"
                                              : ":");
    for (unsigned i = 0; i < spec->nr_options; i++)
        add_option(cli, &at, &spec->options[i]);
    for (unsigned i = 0; i < nr_cli_common_options; i++) {
        if (cli_takes(spec, &cli_common_options[i]))
            add_option(cli, &at, &cli_common_options[i].option);
    }
    for (unsigned i = 0; i < nr_cli_machine_options && (spec->takes & CLI_MACHINE); i++)
        add_option(cli, &at, cli_machine_option(i));
    opterr = 0;
    optind = 0; /* GNU: start anew */
}

/* The id of a letter, as the long option of the same table row. */
static int id_of_letter(const struct cli *cli, int letter)
{
    for (unsigned i = 0; i < cli->spec->nr_options; i++) {
        if (cli->spec->options[i].letter == letter)
            return cli->spec->options[i].id;
    }
    for (unsigned i = 0; i < nr_cli_common_options; i++) {
        if (cli_takes(cli->spec, &cli_common_options[i]) &&
            cli_common_options[i].option.letter == letter)
            return cli_common_options[i].option.id;
    }
    return letter;
}

static void unknown_option(struct cli *cli)
{
    const char *given = cli->argv[optind - 1];
    size_t name_len;
    struct nearest near;
    char name[64], dashed[NEAREST_MAX][64], hint[256];

    if (given[0] != '-' || given[1] != '-') {
        cli_usage(cli, "unknown option '-%c'", optopt);
        return;
    }
    name_len = strcspn(given + 2, "=");
    snprintf(name, sizeof(name), "--%.*s", (int)MIN(name_len, 50), given + 2);
    for (const struct option *o = cli->long_options; o->name; o++) {
        if (strlen(o->name) == name_len && strncmp(o->name, given + 2, name_len) == 0) {
            cli_usage(cli, "option '%s' takes no value", name);
            return;
        }
    }
    nearest_init(&near, name + 2);
    for (const struct option *o = cli->long_options; o->name; o++)
        nearest_offer(&near, o->name);
    /* those that are as near as the nearest: which of them was meant nobody knows */
    while (near.count > 1 && near.distance[near.count - 1] > near.distance[0])
        near.count--;
    for (unsigned i = 0; i < near.count; i++) {
        snprintf(dashed[i], sizeof(dashed[i]), "--%s", near.name[i]);
        near.name[i] = dashed[i];
    }
    nearest_text(&near, hint, sizeof(hint));
    cli_usage(cli, "unknown option '%s'%s", name,
              near.count ? hint : system_config_boot_hint(name + 2));
}

/* Is it one of "a|b|c"? */
static bool is_one_of(const char *list, const char *word)
{
    size_t len = strlen(word);

    if (strchr(word, '|'))
        return false;
    for (const char *at = list; at; at = strchr(at, '|')) {
        at += *at == '|';
        if (len && strncmp(at, word, len) == 0 && (at[len] == '|' || !at[len]))
            return true;
    }
    return false;
}

static void choose_format(struct cli *cli)
{
    cli->format_given = true;
    if (strcmp(cli->arg, "text") == 0)
        cli->format = CLI_TEXT;
    else if (strcmp(cli->arg, "json") == 0)
        cli->format = CLI_JSON;
    else if (strcmp(cli->arg, "markdown") == 0 && cli->spec->takes & CLI_PAGE)
        cli->format = CLI_MARKDOWN;
    else if (strcmp(cli->arg, "html") == 0 && cli->spec->takes & CLI_PICTURES)
        cli->format = CLI_HTML;
    else if (strcmp(cli->arg, "csv") == 0 && cli->spec->takes & CLI_SHEET)
        cli->format = CLI_CSV;
    else if (is_one_of(cli->spec->formats, cli->arg)) {
        cli->format = CLI_OWN;
        cli->format_name = cli->arg;
    } else if (cli->spec->formats)
        cli_usage(cli, "unknown format '%s', want text, json%s%s or one of %s", cli->arg,
                  cli->spec->takes & CLI_PICTURES ? ", html" : "",
                  cli->spec->takes & CLI_SHEET ? ", csv" : "", cli->spec->formats);
    else
        cli_usage(cli, "unknown format '%s', want text%s%s", cli->arg,
                  cli->spec->takes & CLI_PAGE ? ", markdown" : "",
                  cli->spec->takes & CLI_PICTURES ? ", json or html"
                  : cli->spec->takes & CLI_SHEET  ? ", json or csv"
                                                  : " or json");
}

static void choose_mode(struct cli *cli)
{
    size_t len = strlen(cli->arg);

    if (len >= 3 && len <= 4 && strspn(cli->arg, "01234567") == len)
        cli->mode = (unsigned)strtoul(cli->arg, NULL, 8);
    else
        cli->mode = 0;
    if ((cli->mode & 0400) == 0 || cli->mode > 0777)
        cli_usage(cli,
                  "--mode: '%s' is no mode of a file that you can read, want one from 400 to 777 "
                  "such as 640",
                  cli->arg);
}

static void print_help(struct cli *cli)
{
    struct strbuf text;

    strbuf_init(&text);
    cli_render_help(cli->spec, &text);
    cli->exit_code = cli_print(cli->spec->verb, &text);
    cli->done = true;
    strbuf_done(&text);
}

static void store_common(struct cli *cli, int id)
{
    if (cli_machine_store(cli, id))
        return;
    switch (id) {
    case CLI_ID_FORMAT:
        choose_format(cli);
        break;
    case CLI_ID_OUTPUT:
        cli->output = cli->arg;
        break;
    case CLI_ID_MODE:
        choose_mode(cli);
        break;
    case CLI_ID_HOST_MEMORY:
        if (cli_parse_size(cli, "--host-memory", &cli->host_memory) && cli->host_memory < MIB)
            cli_usage(cli, "--host-memory: want at least 1M, not %s", cli->arg);
        break;
    case CLI_ID_NO_COLOR:
        cli->no_color = true;
        break;
    case CLI_ID_PROGRESS:
        cli->progress_forced = true;
        break;
    case CLI_ID_QUIET:
        cli->quiet = true;
        break;
    case CLI_ID_HELP:
        print_help(cli);
        break;
    default:
        hw_unreachable();
    }
}

/* All options are read: what is left are operands. */
static int finish(struct cli *cli)
{
    const struct cli_spec *spec = cli->spec;

    cli->operands = cli->argv + optind;
    cli->nr_operands = (unsigned)(cli->argc - optind);
    if (cli->first_operand) { /* it stands somewhere before the command: in front of it is room */
        *--cli->operands = cli->first_operand;
        cli->nr_operands++;
    }
    if (!cli->format_given && spec->takes & CLI_PICTURES && cli->output &&
        page_is_name(cli->output))
        cli->format = CLI_HTML;
    if (cli->format == CLI_HTML && *page_absent)
        cli_usage(cli, "%s", page_absent);
    cli->color = cli->color && !cli->no_color && !cli->output;
    cli->progress = (cli->progress || cli->progress_forced) && !cli->quiet;
    if (cli->nr_operands < spec->min_operands)
        cli_usage(cli, "%s is missing", spec->operands);
    else if (cli->nr_operands > spec->max_operands)
        cli_usage(cli, "unexpected '%s'", cli->operands[spec->max_operands]);
    if (spec->takes & CLI_HOST)
        alloc_set_budget(cli->host_memory ? cli->host_memory : host_memory_default());
    return 0;
}

#define OPERAND 1 /* what getopt_long() calls one, with '-' */

/* The second is the command's name: from there on nothing is ours. */
static bool take_operand(struct cli *cli)
{
    if (!cli->first_operand) {
        cli->first_operand = optarg;
        return true;
    }
    optind--;
    return false;
}

int cli_next(struct cli *cli)
{
    while (!cli->done) {
        int id = getopt_long(cli->argc, cli->argv, cli->letters, cli->long_options, NULL);

        if (id == OPERAND && cli->spec->takes & CLI_THEN_COMMAND) {
            if (take_operand(cli))
                continue;
            return finish(cli);
        }
        if (id == -1)
            return finish(cli);
        cli->arg = optarg;
        if (id == '?')
            unknown_option(cli);
        else if (id == ':')
            cli_usage(cli, "option '%s' wants a value", cli->argv[optind - 1]);
        else {
            id = id > 0 && id <= CHAR_MAX ? id_of_letter(cli, id) : id;
            if (id < CLI_COMMON_FIRST)
                return id;
            store_common(cli, id);
        }
    }
    return 0;
}
