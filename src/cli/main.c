/* main.c - highwater VERB ...: finds the verb and runs it. */
#include "cli/cli_int.h"
#include "cli/memory.h"
#include "cli/signals.h"
#include "cli/streams.h"

#include "stats/names.h"

#include <locale.h>
#include <string.h>

enum about { PROGRAM_HELP, VERSION };

static int print(enum about what)
{
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    if (what == VERSION)
        strbuf_printf(&text, "%s " HW_VERSION "\n", cli_program);
    else
        cli_render_program_help(&text);
    rc = cli_print(NULL, &text);
    strbuf_done(&text);
    return rc;
}

int main(int argc, char **argv)
{
    struct nearest near;
    char hint[256];
    struct strbuf message;

    if (!streams_open())
        return CLI_FAILED; /* there is nowhere to say why */
    signals_clean_up();
    memory_guard("", CLI_FAILED);
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        cli_say_usage(NULL, "a verb is missing");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        if (argc == 2)
            return print(PROGRAM_HELP);
        /* "help VERB" is "VERB --help". */
        static char help[] = "--help";
        argv[1] = argv[2];
        argv[2] = help;
        argc = 3;
    }
    if (strcmp(argv[1], "--version") == 0)
        return print(VERSION);
    for (unsigned i = 0; i < nr_cli_verbs; i++) {
        if (strcmp(cli_verbs[i].name, argv[1]) == 0)
            return cli_verbs[i].run(argc - 1, argv + 1);
    }
    nearest_init(&near, argv[1]);
    for (unsigned i = 0; i < nr_cli_verbs; i++)
        nearest_offer(&near, cli_verbs[i].name);
    strbuf_init(&message);
    strbuf_printf(&message, "unknown verb '%s'%s", argv[1],
                  nearest_text(&near, hint, sizeof(hint)));
    cli_say_usage(NULL, message.text);
    strbuf_done(&message);
    return CLI_USAGE;
}
