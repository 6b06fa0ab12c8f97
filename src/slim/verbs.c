/* verbs.c - the verbs of highwater-observe: those that only look. */
#include "cli/verbs.h"

#include "cli/cli.h"

const char cli_program[] = "highwater-observe";
const char cli_purpose[] =
    "What memory of this machine is used for, how reclaimable it is, and whether the shortage\n"
    "hurts: the verbs of highwater that only look, in one file that needs no other. It reads\n"
    "text, gzip and zstd, no archives, and serves no HTTP.\n";
const char cli_parts[] = " ";

const struct cli_verb cli_verbs[] = {
#define VERB(name, summary) {#name, cmd_##name, summary},
#include "slim/verbs.def"
#undef VERB
};
const unsigned nr_cli_verbs = ARRAY_SIZE(cli_verbs);
