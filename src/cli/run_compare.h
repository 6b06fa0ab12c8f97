/* run_compare.h - highwater run --compare: the same work on several machines at once, and one
 * table. */
#ifndef CLI_RUN_COMPARE_H
#define CLI_RUN_COMPARE_H

#include "cli/run.h"

/* Each variant of the machine, by play_one(). The exit code. */
int run_compare(struct run *run, int (*play_one)(struct run *run, struct err *e));

#endif
