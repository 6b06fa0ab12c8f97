/* cli_int.h - the common options as a table; for this room alone. */
#ifndef CLI_CLI_INT_H
#define CLI_CLI_INT_H

#include "cli/cli.h"

#define CLI_HELP 0u /* every verb takes it */

/* Ids of common options, out of the way of the verbs' own, which are small. */
enum cli_common_id {
    CLI_COMMON_FIRST = 1000,
#define CLI_OPTION(id, group, name, letter, arg, help) CLI_ID_##id,
#include "cli/cli_options.def"
#undef CLI_OPTION
};

struct cli_common_option {
    struct cli_option option;
    unsigned group;
};

extern const struct cli_common_option cli_common_options[];
extern const unsigned nr_cli_common_options;

static inline bool cli_takes(const struct cli_spec *spec, const struct cli_common_option *common)
{
    return common->group == CLI_HELP || (spec->takes & common->group) != 0;
}

/* Help, from the tables. */
void cli_render_help(const struct cli_spec *spec, struct strbuf *out);
void cli_render_program_help(struct strbuf *out);

/* To stdout. CLI_OK; or CLI_FAILED, after saying why on stderr in the name of `verb` (NULL: of the
 * program). */
int cli_print(const char *verb, const struct strbuf *text);

/* "highwater VERB: text" on stderr, one cleaned line; "highwater: text" for the program (NULL). */
void cli_say(const char *verb, const char *text);
/* The same, and where help is. */
void cli_say_usage(const char *verb, const char *text);

/* --set KEY=VALUE and --compare KEY=V1,V2...: kept, or a usage error was reported. */
void cli_set(struct cli *cli, const char *assignment);
/* Remember a setting, or refuse it beside its twin. */
void cli_add_setting(struct cli *cli, struct cli_setting setting);
void cli_compare(struct cli *cli, const char *assignment);

#endif
