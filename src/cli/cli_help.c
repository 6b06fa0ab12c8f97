/* cli_help.c - help texts made from the tables of options and verbs. */
#include "cli/cli_int.h"

#include <stdio.h>
#include <string.h>

#define HELP_COLUMN 30

static void print_option(const struct cli_option *o)
{
    int width =
        o->letter ? printf("  -%c, --%s", o->letter, o->name) : printf("      --%s", o->name);

    if (o->arg)
        width += printf(" %s", o->arg);
    if (width >= HELP_COLUMN) {
        printf("\n");
        width = 0;
    }
    printf("%*s%s\n", HELP_COLUMN - width, "", o->help);
}

void cli_print_help(const struct cli_spec *spec)
{
    static const struct {
        unsigned group;
        const char *title;
    } groups[] = {
        {CLI_MACHINE, "The machine"},
        {CLI_OUTPUT | CLI_PROGRESS | CLI_HELP, "Output"},
    };

    printf("Usage: highwater %s [options]%s%s\n\n%s\n", spec->verb, *spec->operands ? " " : "",
           spec->operands, spec->summary);
    if (spec->nr_options)
        printf("\nOptions:\n");
    for (unsigned i = 0; i < spec->nr_options; i++)
        print_option(&spec->options[i]);
    for (unsigned g = 0; g < ARRAY_SIZE(groups); g++) {
        bool titled = false;

        for (unsigned i = 0; i < nr_cli_common_options; i++) {
            const struct cli_common_option *c = &cli_common_options[i];
            bool here = c->group == CLI_HELP ? (groups[g].group & CLI_OUTPUT) != 0
                                             : (groups[g].group & c->group) != 0;

            if (!here || !cli_takes(spec, c))
                continue;
            if (!titled)
                printf("\n%s:\n", groups[g].title);
            titled = true;
            print_option(&c->option);
        }
    }
    if (spec->notes)
        printf("\n%s", spec->notes);
    if (spec->takes & CLI_MACHINE)
        printf("\nSizes take K, M, G or T, in powers of two: 96M is 96 MiB.\n");
}

void cli_print_program_help(void)
{
    printf(
        "Usage: highwater VERB [options] [FILE] [-- COMMAND]\n\n"
        "Linux memory management as a program: record a program once, replay it on a machine with\n"
        "other limits, and see what is used for what, how reclaimable it is, and whether it "
        "hurts.\n"
        "\nVerbs:\n");
    for (unsigned i = 0; i < nr_cli_verbs; i++)
        printf("  %-10s %s\n", cli_verbs[i].name, cli_verbs[i].summary);
    printf("\n'highwater VERB --help' tells more. 'highwater --version' prints the version.\n");
}
