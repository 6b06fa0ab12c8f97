/* machine.h - from the options of the command line to the machine they describe, for every verb
 * that replays. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "cli/cli.h"
#include "system/system.h"
#include "trace/trace.h"

/* RAM of the machine when --ram is not given: more than recordings touch, so that the cgroup's
 * limit is what counts. Frames never used cost nothing. */
#define CLI_RAM_DEFAULT (64 * GIB)

/* What --compare asks for; as many variants as axes_count() says, one without --compare. */
struct axes cli_axes(const struct cli *cli);

/* The configuration for a replay of this recording. It points into cli: keep that. pre: variant <
 * axes_count() */
void cli_system_config(const struct cli *cli, const struct trace *trace, unsigned variant,
                       struct system_config *ret);

/* The profile of --host, then options, tunables and costs of the command line, and those of the
 * variant, over what the machine has. */
void cli_apply_settings(const struct cli *cli, unsigned variant, struct system_config *config);

/* A note when --swap-max limits nothing, because the machine has no swap. */
void cli_check_swap_max(struct cli *cli, const struct system_config *config);

/* The group the work runs in, /app, with the limits asked for. */
struct group *cli_work_group(const struct cli *cli, struct system *s);

/* .ini, or a text that is no recording. What cannot be read is left to the reader of recordings to
 * complain about. */
bool cli_is_scenario(const char *path);

#endif
