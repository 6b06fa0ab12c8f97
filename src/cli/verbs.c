/* verbs.c - the table of verbs, from verbs.def. */
#include "cli/verbs.h"

#include "cli/cli.h"

const char cli_program[] = "highwater";
const char cli_purpose[] =
    "Linux memory management as a program: record a program once, replay it on a machine with\n"
    "other limits, and see what is used for what, how reclaimable it is, and whether it hurts.\n";
const char cli_parts[] = " pages archives http ";

const struct cli_verb cli_verbs[] = {
#define VERB(name, summary) {#name, cmd_##name, summary},
#include "cli/verbs.def"
#undef VERB
};
const unsigned nr_cli_verbs = ARRAY_SIZE(cli_verbs);
