/* cli_machine.h - the options of a machine, apart from those of all verbs: a program without a
 * machine has none (slim/). */
#ifndef CLI_CLI_MACHINE_H
#define CLI_CLI_MACHINE_H

#include "cli/cli.h"

extern const unsigned nr_cli_machine_options;

/* A row of machine.def as an option, "--swap-device nvme|ssd|...". pre: option <
 * nr_cli_machine_options */
const struct cli_option *cli_machine_option(unsigned option);

void cli_machine_init(struct cli *cli);
/* Take the value of the common option of this id, which is in cli->arg. False: the option is none
 * of a machine. */
bool cli_machine_store(struct cli *cli, int id);
void cli_machine_done(struct cli *cli);

#endif
