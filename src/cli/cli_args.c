/* cli_args.c - option arguments that are numbers, and the errors they cause. */
#include "cli/cli.h"

#include "base/units.h"

#include <string.h>
#include <unistd.h>

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

#define JOBS_MAX 256u

bool cli_parse_jobs(struct cli *cli, u64 *ret)
{
    if (!cli_parse_u64(cli, "--jobs", ret))
        return false;
    if (*ret >= 1 && *ret <= JOBS_MAX)
        return true;
    cli_usage(cli, "--jobs is between 1 and %u, not %s", JOBS_MAX, cli->arg);
    return false;
}

unsigned cli_jobs(u64 given)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    return (unsigned)(given ? given : CLAMP((u64)MAX(cpus, 1L), 1u, JOBS_MAX));
}
