/* machine.c - no options of a machine: highwater-observe has none to run. See cli/cli_machine.h. */
#include "cli/cli_machine.h"

const unsigned nr_cli_machine_options = 0;

const struct cli_option *cli_machine_option(unsigned option)
{
    (void)option;
    hw_unreachable();
}

void cli_machine_init(struct cli *cli)
{
    (void)cli;
}

bool cli_machine_store(struct cli *cli, int id)
{
    (void)cli;
    (void)id;
    return false;
}

void cli_machine_done(struct cli *cli)
{
    (void)cli;
}
