/* verbs.h - int cmd_<verb>(int argc, char **argv) of every row of verbs.def; argv[0] is the verb.
 * Returns the exit code. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#define VERB(name, summary) int cmd_##name(int argc, char **argv);
#include "cli/verbs.def"
#undef VERB

#endif
