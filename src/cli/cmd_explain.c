/* cmd_explain.c - highwater explain [NAME...]: what a counter, tunable, field or file means.
 *
 * Without a name it lists all topics. --names is what the completion of the shell asks for. */
#include "cli/cli.h"
#include "cli/verbs.h"
#include "report/json_put.h"
#include "report/reference.h"
#include "report/topic.h"
#include "report/topic_list.h"
#include "stats/names.h"

#include <limits.h>
#include <string.h>

enum { OPT_NAMES = 1, OPT_ALL, OPT_KERNEL };

static const struct cli_option options[] = {
    {OPT_NAMES, "names", 0, NULL, "print every known name, one a line"},
    {OPT_ALL, "all", 0, NULL,
     "explain everything in full; as JSON every table whole, which the documentation is made of"},
    {OPT_KERNEL, "kernel", 0, "PROFILE", "of this kernel's files (" KERNEL_DEFAULT ")"},
};

static const struct cli_spec spec = {
    .verb = "explain",
    .operands = "[NAME...]",
    .summary =
        "Says what a counter, tunable, option, meminfo field, cgroup file or kernel profile means. "
        "Without a name: "
        "lists them all.",
    .takes = CLI_OUTPUT,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes = "Examples:\n"
             "  highwater explain pgmajfault\n"
             "  highwater explain swappiness MemAvailable memory.high\n"
             "  highwater explain --kernel " KERNEL_DEFAULT " memory.stat\n",
    .max_operands = UINT_MAX,
};

#define SAME_NAME_MAX 8

/* Explain one name into out. 0, or CLI_FAILED after saying what may have been meant. */
static int explain(struct cli *cli, const struct topics *topics, const char *name,
                   struct topic_list *list)
{
    const struct topic *found[SAME_NAME_MAX];
    size_t nr = topics_find(topics, name, found, SAME_NAME_MAX);
    struct nearest near;
    char hint[256];

    for (size_t i = 0; i < nr; i++)
        topic_list_add(list, found[i]);
    if (nr)
        return CLI_OK;
    nearest_init(&near, name);
    for (size_t i = 0; i < topics->count; i++)
        nearest_offer(&near, topics->items[i].name);
    return cli_fail(cli, "unknown name '%s'%s", name, nearest_text(&near, hint, sizeof(hint)));
}

static int render(struct cli *cli, const struct topics *topics, bool names, bool all)
{
    struct topic_list list = {0};
    struct strbuf text;
    int rc = CLI_OK;

    strbuf_init(&text);
    if (names) {
        topics_render_names(topics, &text);
    } else {
        /* A name that nobody knows is said, and the others are explained all the same. */
        for (unsigned i = 0; i < cli->nr_operands; i++) {
            int one = explain(cli, topics, cli->operands[i], &list);

            rc = one == CLI_OK ? rc : one;
        }
        for (size_t i = 0; i < topics->count && cli->nr_operands == 0; i++)
            topic_list_add(&list, &topics->items[i]);
        if (cli->format == CLI_JSON)
            json_document(all ? reference_json() : topic_list_json(&list), &text);
        else if (cli->nr_operands || all)
            topic_list_render_text(&list, &text);
        else
            topic_list_render_index(&list, &text);
    }
    if (rc == CLI_OK || list.count > 0) {
        int emitted = cli_emit(cli, &text);

        rc = rc == CLI_OK ? emitted : rc;
    }
    strbuf_done(&text);
    vec_done(&list);
    return rc;
}

int cmd_explain(int argc, char **argv)
{
    struct topics topics;
    bool names = false, all = false;
    struct cli cli;
    int rc;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;) {
        if (id == OPT_NAMES)
            names = true;
        else if (id == OPT_ALL)
            all = true;
        else
            cli_choose(&cli, MACHINE_OPTION_kernel);
    }
    if (!cli.done && all && (names || cli.nr_operands))
        cli_usage(&cli, "--all explains everything: no name, and no --names beside it");
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    topics_init(&topics, kernel_find(cli.machine.config.kernel));
    rc = render(&cli, &topics, names, all);
    topics_done(&topics);
    return cli_done(&cli, rc);
}
