/* cli_help.c - help texts made from the tables of options and verbs. */
#include "cli/cli_int.h"

#include <stdio.h>

#define HELP_COLUMN 30u

/* The default is told as the verbs that replay a recording have it: they are the ones with these options. */
const struct cli_option *cli_machine_option(enum machine_option option)
{
    static struct {
        struct cli_option option;
        char name[32], arg[64], help[192];
    } made[NR_MACHINE_OPTIONS];
    const struct machine_option_info *info = &machine_option_info[option];
    struct cli_option *o = &made[option].option;

    if (o->id)
        return o;
    for (size_t i = 0; info->name[i] && i + 1 < sizeof(made->name); i++)
        made[option].name[i] = info->name[i] == '_' ? '-' : info->name[i];
    machine_option_values(option, made[option].arg, sizeof(made->arg));
    snprintf(made[option].help, sizeof(made->help), "%s (%s)", info->doc,
             *info->replay_default ? info->replay_default : info->default_text);
    *o = (struct cli_option){
        .id = CLI_MACHINE_FIRST + (int)option,
        .name = made[option].name,
        .arg = made[option].arg,
        .help = made[option].help,
    };
    return o;
}

static void render_option(const struct cli_option *o, struct strbuf *out)
{
    size_t start = out->len, width;

    if (!o->help)
        return;
    if (o->letter)
        strbuf_printf(out, "  -%c, --%s", o->letter, o->name);
    else
        strbuf_printf(out, "      --%s", o->name);
    if (o->arg)
        strbuf_printf(out, " %s", o->arg);
    width = out->len - start;
    if (width >= HELP_COLUMN) {
        strbuf_append(out, "\n");
        width = 0;
    }
    strbuf_printf(out, "%*s%s\n", (int)(HELP_COLUMN - width), "", o->help);
}

void cli_render_help(const struct cli_spec *spec, struct strbuf *out)
{
    static const struct {
        unsigned group;
        const char *title;
    } groups[] = {
        {CLI_MACHINE | CLI_COMPARE | CLI_LIMITS | CLI_SWAP_LIMIT, "The machine"},
        {CLI_OUTPUT | CLI_PROGRESS | CLI_MODE | CLI_HOST | CLI_HELP, "Output"},
    };

    strbuf_printf(out, "Usage: highwater %s [options]%s%s\n\n%s\n", spec->verb,
                  *spec->operands ? " " : "", spec->operands, spec->summary);
    if (spec->nr_options)
        strbuf_printf(out, "\nOptions:\n");
    for (unsigned i = 0; i < spec->nr_options; i++)
        render_option(&spec->options[i], out);
    for (unsigned g = 0; g < ARRAY_SIZE(groups); g++) {
        bool titled = false;

        for (unsigned i = 0; i < nr_cli_common_options; i++) {
            const struct cli_common_option *c = &cli_common_options[i];
            bool here = c->group == CLI_HELP ? (groups[g].group & CLI_OUTPUT) != 0
                                             : (groups[g].group & c->group) != 0;

            if (!here || !cli_takes(spec, c))
                continue;
            if (!titled)
                strbuf_printf(out, "\n%s:\n", groups[g].title);
            titled = true;
            render_option(&c->option, out);
        }
        for (unsigned i = 0;
             i < NR_MACHINE_OPTIONS && (groups[g].group & spec->takes & CLI_MACHINE); i++)
            render_option(cli_machine_option((enum machine_option)i), out);
    }
    if (spec->notes)
        strbuf_printf(out, "\n%s", spec->notes);
    if (spec->takes & CLI_MACHINE)
        strbuf_printf(out, "\nSizes take K, M, G or T, in powers of two: 96M is 96 MiB.\n");
}

void cli_render_program_help(struct strbuf *out)
{
    strbuf_append(
        out,
        "Usage: highwater VERB [options] [FILE] [-- COMMAND]\n\n"
        "Linux memory management as a program: record a program once, replay it on a machine with\n"
        "other limits, and see what is used for what, how reclaimable it is, and whether it "
        "hurts.\n"
        "\nVerbs:\n");
    for (unsigned i = 0; i < nr_cli_verbs; i++)
        strbuf_printf(out, "  %-10s %s\n", cli_verbs[i].name, cli_verbs[i].summary);
    strbuf_printf(
        out, "\n'highwater VERB --help' tells more. 'highwater --version' prints the version.\n");
}
