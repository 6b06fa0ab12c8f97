/* cli_machine.c - the options of a machine: rows of machine.def, policies as numactl has them,
 * settings and profiles. */
#include "cli/cli_machine.h"

#include "base/alloc.h"
#include "cli/cli_int.h"
#include "cli/profile.h"

#include <stdio.h>
#include <string.h>

/* Ids of the machine's options: this and enum machine_option. */
#define CLI_MACHINE_FIRST 2000

const unsigned nr_cli_machine_options = NR_MACHINE_OPTIONS;

/* The default is told as the verbs that replay a recording have it: they are the ones with these
 * options. */
const struct cli_option *cli_machine_option(unsigned option)
{
    static struct {
        struct cli_option option;
        char name[32], arg[64], help[192];
    } made[NR_MACHINE_OPTIONS];
    const struct machine_option_info *info = &machine_option_info[option];
    struct cli_option *o = &made[option].option;

    if (o->id)
        return o;
    for (size_t i = 0; info->name[i] && i + 1 < sizeof(made->name); i++)
        made[option].name[i] = info->name[i] == '_' ? '-' : info->name[i];
    machine_option_values((enum machine_option)option, made[option].arg, sizeof(made->arg));
    snprintf(made[option].help, sizeof(made->help), "%s (%s)", info->doc,
             *info->replay_default ? info->replay_default : info->default_text);
    *o = (struct cli_option){
        .id = CLI_MACHINE_FIRST + (int)option,
        .name = made[option].name,
        .arg = made[option].arg,
        .help = made[option].help,
    };
    return o;
}

void cli_choose(struct cli *cli, enum machine_option option)
{
    struct err e = {0};
    char label[64];

    if (option == MACHINE_OPTION_numa && cli->policy_option)
        snprintf(label, sizeof(label), "%s", cli->policy_option);
    else
        snprintf(label, sizeof(label), "--%s", cli_machine_option(option)->name);
    if (machine_option_set(&cli->machine.config, option, label, cli->arg, &e))
        cli_usage(cli, "%s", e.text);
    else
        cli_add_setting(cli, (struct cli_setting){machine_option_info[option].name, cli->arg});
    if (option == MACHINE_OPTION_cpunodebind)
        cli->cpunodebind_option = "--cpunodebind";
}

/* --numa, --membind and the like are one policy: no two of them, as numactl has it. */
static void claim_policy(struct cli *cli, const char *option)
{
    if (cli->policy_option && strcmp(cli->policy_option, option) != 0)
        cli_usage(cli, "%s and %s: programs have one memory policy; leave one of them out",
                  cli->policy_option, option);
    cli->policy_option = option;
}

/* --membind LIST is --numa bind:LIST, and so on. */
static void choose_policy(struct cli *cli, const char *option, const char *mode)
{
    size_t size = strlen(mode) + strlen(cli->arg) + 2;
    char *policy = xmalloc(size);

    claim_policy(cli, option);
    vec_push(&cli->owned, policy);
    snprintf(policy, size, "%s:%s", mode, cli->arg);
    cli->arg = policy;
    cli_choose(cli, MACHINE_OPTION_numa);
}

bool cli_machine_store(struct cli *cli, int id)
{
    struct cli_machine *m = &cli->machine;

    if (id >= CLI_MACHINE_FIRST) {
        if (id == CLI_MACHINE_FIRST + MACHINE_OPTION_numa)
            claim_policy(cli, "--numa");
        cli_choose(cli, (enum machine_option)(id - CLI_MACHINE_FIRST));
        return true;
    }
    switch (id) {
    case CLI_ID_MEMORY_MAX:
        m->has_memory_max = cli_parse_size(cli, "--memory-max", &m->memory_max);
        return true;
    case CLI_ID_MEMORY_HIGH:
        m->has_memory_high = cli_parse_size(cli, "--memory-high", &m->memory_high);
        return true;
    case CLI_ID_SWAP_MAX:
        m->has_swap_max = cli_parse_size(cli, "--swap-max", &m->swap_max);
        return true;
    case CLI_ID_SET:
        cli_set(cli, cli->arg);
        return true;
    case CLI_ID_MEMBIND:
        choose_policy(cli, "--membind", "bind");
        return true;
    case CLI_ID_INTERLEAVE:
        choose_policy(cli, "--interleave", "interleave");
        return true;
    case CLI_ID_PREFERRED:
        choose_policy(cli, "--preferred", "preferred");
        return true;
    case CLI_ID_PREFERRED_MANY:
        choose_policy(cli, "--preferred-many", "preferred-many");
        return true;
    case CLI_ID_PROFILE:
        cli_profile_read(cli);
        return true;
    case CLI_ID_NO_HOST:
        cli->machine.no_host = true;
        return true;
    case CLI_ID_COMPARE:
        cli_compare(cli, cli->arg);
        return true;
    default:
        return false;
    }
}

void cli_machine_init(struct cli *cli)
{
    system_config_init(&cli->machine.config);
}

void cli_machine_done(struct cli *cli)
{
    cli_profile_free(cli->profile);
    cli->profile = NULL;
    vec_done(&cli->machine.settings);
    vec_done(&cli->machine.compared);
}
