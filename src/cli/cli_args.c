/* cli_args.c - option arguments that are numbers, and the errors they cause. */
#include "cli/cli.h"

#include "base/units.h"

#include <string.h>

bool cli_parse_size(struct cli *cli, const char *option, u64 *ret)
{
    struct err e = {0};

    if (strcmp(cli->arg, "max") == 0) {
        *ret = CLI_SIZE_MAX;
        return true;
    }
    if (parse_size(cli->arg, ret, &e) == 0)
        return true;
    cli_usage(cli, "%s: %s", option, e.text);
    return false;
}

bool cli_parse_u64(struct cli *cli, const char *option, u64 *ret)
{
    struct err e = {0};

    if (parse_u64(cli->arg, ret, &e) == 0)
        return true;
    cli_usage(cli, "%s: %s", option, e.text);
    return false;
}

bool cli_parse_f64(struct cli *cli, const char *option, double *ret)
{
    struct err e = {0};

    if (parse_f64(cli->arg, ret, &e) == 0)
        return true;
    cli_usage(cli, "%s: %s", option, e.text);
    return false;
}
