/* profile.h - --host PROFILE: costs, settings and the disk of a host, as 'highwater calibrate'
 * writes them. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "base/arena.h"
#include "cli/cli.h"

/* Read cli->arg, a scenario of [machine] and [device] alone. A usage error or a failure was
 * reported when cli->done is set. */
void cli_profile_read(struct cli *cli);

/* The file's name; NULL without --host. */
const char *cli_profile_path(const struct cli *cli);

/* Does the profile set this option of the machine, or this tunable? */
bool cli_profile_says(const struct cli *cli, const char *key);

/* What it sets, over what the machine has. It points into cli. */
void cli_profile_apply(const struct cli *cli, struct system_config *config);

/* Its devices beside those that the machine has of its own. They point into cli, or into the arena
 * where there are others. */
void cli_profile_add_devices(const struct cli *cli, struct arena *arena,
                             struct system_config *config);

void cli_profile_free(struct cli_profile *p);

#endif
