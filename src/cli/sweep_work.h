/* sweep_work.h - parts of a sweep that run elsewhere, and the folder that they meet in.
 *
 * Each part is `highwater sweep PLAN --shard I/N --work WORK` somewhere; it leaves files of whole
 * results in WORK, and these are collected into the store and removed.
 */
#ifndef CLI_SWEEP_WORK_H
#define CLI_SWEEP_WORK_H

#include "cli/cli.h"
#include "fleet/sweep.h"

#define SWEEP_SHARDS_MAX 10000u

struct sweep_request {
    const char *store, *work;
    u64 jobs; /* 0: not given */
    u64 shards, shard;
    bool is_shard, collect;
};

struct sweep_context {
    struct cli *cli;
    const struct sweep_request *req;
    struct sweep *sweep;
    struct store *store; /* NULL in a part */
};

/* Tasks without a result. */
void sweep_missing(const struct sweep *s, sweep_tasks *ret);

/* Read all files of results in the work folder, put what is new into the store, remove them. A
 * folder that is not there has none; a file that is no whole one, or has results of no task of the
 * plan, is left, with a note. */
int sweep_collect(struct sweep_context *c, struct err *e);

/* Run the tasks of one part that have a result neither in the work folder nor, where there is one,
 * in the store. Returns the exit code. */
int sweep_shard(struct sweep_context *c);

#endif
