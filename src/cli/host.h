/* host.h - settings of the host that a recording was made on, for the machine that replays it. */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include "base/strbuf.h"
#include "cli/cli.h"
#include "system/system.h"
#include "trace/trace.h"

/* What was taken, as "key=value" lines of system_config_set(), those that differ from the default
 * machine alone; and sentences about what matters and was not. */
struct host_taken {
    struct strbuf settings, cautions;
};

/* Set in config what the host had and the user says nothing about. taken may be NULL: nobody asks.
 * Taken: swappiness, overcommit, swap with its kind (no more than memory.swap.max of its cgroup),
 * zswap, the mode of huge pages, and readahead when all devices have the same. Not taken: the kind
 * of disk, because virtual disks say that they turn; RAM, because the limit should count and not
 * the machine; the limits of its cgroup, because a run without a limit is what others are compared
 * with. */
void cli_take_host(const struct cli *cli, const struct trace *trace, struct system_config *config,
                   struct host_taken *taken);

/* What cli_system_config() took for this recording. */
void host_taken_init(struct host_taken *t, const struct cli *cli, const struct trace *trace);
void host_taken_done(struct host_taken *t);

#endif
