/* verbs.c - the table of verbs, from verbs.def. */
#include "cli/verbs.h"

#include "cli/cli.h"

const struct cli_verb cli_verbs[] = {
#define VERB(name, summary) {#name, cmd_##name, summary},
#include "cli/verbs.def"
#undef VERB
};
const unsigned nr_cli_verbs = ARRAY_SIZE(cli_verbs);
