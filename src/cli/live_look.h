/* live_look.h - highwater live --watch-only: what counters say of a group when nothing is
 * touched. */
#ifndef CLI_LIVE_LOOK_H
#define CLI_LIVE_LOOK_H

#include "cli/cli.h"

/* root: a machine's root, or a capture. duration_ns 0: a minute of a live machine, all of a
 * capture. Returns the exit code. */
int live_look(struct cli *cli, const char *root, const char *group, ns_t duration_ns, ns_t step_ns);

#endif
