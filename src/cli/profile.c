/* profile.c - a profile is read as a scenario is, and has only what describes a machine.
 *
 * What it sets: options that it gives, costs and tunables that differ from the defaults, and all of
 * its devices.
 */
#include "cli/profile.h"

#include "base/alloc.h"
#include "workload/scenario.h"
#include "workload/scenario_run.h"

#include <stdlib.h>
#include <string.h>

struct cli_profile {
    const char *path;
    struct scenario scenario;
    struct system_config config; /* of the scenario: with its devices */
};

static bool describes_a_machine_alone(const struct scenario *sc)
{
    return sc->tasks.count + sc->cgroups.count + sc->files.count + sc->writes.count +
               sc->rms.count + sc->rmdirs.count ==
           0;
}

void cli_profile_read(struct cli *cli)
{
    struct cli_profile *p;
    struct err e = {0};
    int rc;

    if (cli->profile) {
        cli_usage(cli, "--host is given twice: %s and %s", cli->profile->path, cli->arg);
        return;
    }
    p = xcalloc(1, sizeof(*p));
    p->path = cli->arg;
    rc = scenario_read_machine(&p->scenario, p->path, &e);
    cli->profile = p;
    if (rc) {
        cli->exit_code = cli_fail_for(cli, rc, &e);
        cli->done = true;
    } else if (!describes_a_machine_alone(&p->scenario)) {
        cli_usage(cli,
                  "--host: %s is a scenario; want a profile, which has [machine] and [device] "
                  "alone ('highwater calibrate' writes one)",
                  p->path);
    } else {
        cli_note_kept(cli, &p->scenario.machine.config.tunables);
        scenario_system_config(&p->scenario, &p->config);
    }
}

const char *cli_profile_path(const struct cli *cli)
{
    return cli->profile ? cli->profile->path : NULL;
}

static bool gives(const struct cli_profile *p, enum machine_option option)
{
    return p->scenario.machine.line[option] != 0;
}

static bool tunable_differs(const struct cli_profile *p, const struct tunable_info *info)
{
    return tunables_get(&p->config.tunables, info) != info->default_value;
}

bool cli_profile_says(const struct cli *cli, const char *key)
{
    const struct tunable_info *tunable = tunable_find(key);
    enum machine_option option = machine_option_find(key);

    if (!cli->profile)
        return false;
    if (option < NR_MACHINE_OPTIONS)
        return gives(cli->profile, option);
    return tunable && tunable_differs(cli->profile, tunable);
}

static size_t option_size(enum machine_option option)
{
    switch (machine_option_info[option].kind) {
    case MACHINE_SIZE:
    case MACHINE_NUMBER:
    case MACHINE_SWAP:
    case MACHINE_NODES:
        return sizeof(u64);
    case MACHINE_COUNT:
        return sizeof(u32);
    case MACHINE_BOOL:
        return sizeof(bool);
    case MACHINE_POLICY:
        return sizeof(struct mempolicy);
    case MACHINE_POOL:
        return sizeof(struct pool_spec);
    case MACHINE_DISK:
    case MACHINE_DEVICE:
    case MACHINE_COMPRESSOR:
    case MACHINE_KERNEL:
    case MACHINE_LRU:
    case MACHINE_THP:
        return sizeof(const char *);
    }
    hw_unreachable();
}

void cli_profile_apply(const struct cli *cli, struct system_config *config)
{
    const struct cli_profile *p = cli->profile;

    if (!p)
        return;
    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++) {
        size_t at = machine_option_info[i].offset;

        if (!gives(p, (enum machine_option)i))
            continue;
        config->given |= BIT(i);
        memcpy((char *)config + at, (const char *)&p->config + at,
               option_size((enum machine_option)i));
    }
    for (unsigned i = 0; i < NR_COSTS; i++) {
        u32 ns = *(const u32 *)(const void *)((const char *)&p->config.cost + cost_info[i].offset);

        if (ns != cost_info[i].default_ns)
            *(u32 *)(void *)((char *)&config->cost + cost_info[i].offset) = ns;
    }
    for (unsigned i = 0; i < nr_tunables; i++)
        if (tunable_differs(p, &tunable_info[i]))
            *(u64 *)(void *)((char *)&config->tunables + tunable_info[i].offset) =
                tunables_get(&p->config.tunables, &tunable_info[i]);
}

void cli_profile_add_devices(const struct cli *cli, struct arena *arena,
                             struct system_config *config)
{
    const struct cli_profile *p = cli->profile;
    struct device_profile *all;

    if (!p || !p->config.nr_profiles)
        return;
    if (!config->nr_profiles) {
        config->profiles = p->config.profiles;
        config->nr_profiles = p->config.nr_profiles;
        return;
    }
    all = arena_array(arena, struct device_profile, config->nr_profiles + p->config.nr_profiles);
    for (unsigned i = 0; i < config->nr_profiles; i++)
        all[i] = config->profiles[i];
    for (unsigned i = 0; i < p->config.nr_profiles; i++)
        all[config->nr_profiles + i] = p->config.profiles[i];
    config->profiles = all;
    config->nr_profiles += p->config.nr_profiles;
}

void cli_profile_free(struct cli_profile *p)
{
    if (!p)
        return;
    scenario_done(&p->scenario);
    free(p);
}
