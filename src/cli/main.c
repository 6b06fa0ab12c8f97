/* main.c - highwater VERB ...: finds the verb and runs it. */
#include "cli/cli_int.h"

#include "stats/names.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct nearest near;
    char hint[256];

    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        fprintf(stderr, "highwater: a verb is missing\nTry 'highwater --help'.\n");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        if (argc == 2) {
            cli_print_program_help();
            return CLI_OK;
        }
        /* "help VERB" is "VERB --help". */
        static char help[] = "--help";
        argv[1] = argv[2];
        argv[2] = help;
        argc = 3;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("highwater %s\n", HW_VERSION);
        return CLI_OK;
    }
    for (unsigned i = 0; i < nr_cli_verbs; i++) {
        if (strcmp(cli_verbs[i].name, argv[1]) == 0)
            return cli_verbs[i].run(argc - 1, argv + 1);
    }
    nearest_init(&near, argv[1]);
    for (unsigned i = 0; i < nr_cli_verbs; i++)
        nearest_offer(&near, cli_verbs[i].name);
    fprintf(stderr, "highwater: unknown verb '%s'%s\nTry 'highwater --help'.\n", argv[1],
            nearest_text(&near, hint, sizeof(hint)));
    return CLI_USAGE;
}
