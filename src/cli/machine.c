/* machine.c - defaults of the machine a recording is replayed on. */
#include "cli/machine.h"

#include "base/units.h"
#include "cli/host.h"
#include "cli/profile.h"
#include "system/cgroup.h"

#include <stdio.h>
#include <string.h>

/* CPUs of the machine that was recorded, 1 when the recording does not say. */
static unsigned recorded_cpus(const struct trace *trace)
{
    char text[32];
    u64 cpus;

    if (!trace || (!trace_text_value(trace->meta, "cpus", text, sizeof(text)) &&
                   !trace_text_value(trace->host, "cpus", text, sizeof(text))))
        return 1;
    if (parse_u64(text, &cpus, NULL))
        return 1;
    return (unsigned)CLAMP(cpus, 1, CPUS_MAX);
}

struct axes cli_axes(const struct cli *cli)
{
    return (struct axes){cli->machine.compared.items, (unsigned)cli->machine.compared.count};
}

void cli_apply_settings(const struct cli *cli, unsigned variant, struct system_config *config)
{
    const struct axes axes = cli_axes(cli);

    cli_profile_apply(cli, config);
    for (size_t i = 0; i < cli->machine.settings.count; i++) {
        const struct cli_setting *s = &cli->machine.settings.items[i];
        int rc = system_config_set(config, s->key, s->value, NULL);

        assert(rc == 0); /* it was taken when it was read */
    }
    if (cli->policy_option)
        config->numa_label = cli->policy_option;
    if (cli->cpunodebind_option)
        config->cpunodebind_label = cli->cpunodebind_option;
    for (unsigned i = 0; i < axes.nr; i++) {
        int rc = system_config_set(config, axes.items[i].key, axes_value(&axes, variant, i), NULL);

        assert(rc == 0);
        if (strcmp(axes.items[i].key, "numa") == 0)
            config->numa_label = "numa";
        if (strcmp(axes.items[i].key, "cpunodebind") == 0)
            config->cpunodebind_label = "cpunodebind";
    }
}

/* What swap is a share of: RAM as asked for, else that of the recording's host, which is more than
 * a default. */
static u64 ram_of(const struct trace *trace, const struct system_config *config)
{
    char text[32];
    u64 bytes;

    if (!(config->given & BIT(MACHINE_OPTION_ram_bytes)) && trace &&
        trace_text_value(trace->host, "ram", text, sizeof(text)) &&
        parse_u64(text, &bytes, NULL) == 0 && bytes)
        return MIN(bytes, config->ram_bytes);
    return config->ram_bytes;
}

void cli_system_config(const struct cli *cli, const struct trace *trace, unsigned variant,
                       struct system_config *ret)
{
    system_config_init(ret);
    ret->ram_bytes = CLI_RAM_DEFAULT;
    ret->nr_cpus = recorded_cpus(trace);
    cli_take_host(cli, trace, ret, NULL);
    cli_apply_settings(cli, variant, ret);
    cli_profile_add_devices(cli, NULL, ret);
    system_config_settle_swap(ret, ram_of(trace, ret));
    if (ret->swap_bytes) {
        const char *device = ret->swap_device ? ret->swap_device : ret->disk;

        ret->swaps[0] = (struct swap_spec){
            .bytes = ret->swap_bytes,
            .priority = -1,
            .device = device,
        };
        ret->nr_swaps = 1;
    }
}

void cli_check_swap_max(struct cli *cli, const struct system_config *config)
{
    vec_for_each (&cli->machine.compared, axis)
        if (strcmp(axis->key, "swap") == 0)
            return;
    if (cli->machine.has_swap_max && config->nr_swaps == 0)
        cli_note(cli, "--swap-max limits nothing: the machine has no swap (--swap SIZE)");
}

struct group *cli_work_group(const struct cli *cli, struct system *s)
{
    const struct cli_machine *m = &cli->machine;
    struct group *g = system_group(s, "/app");

    if (m->has_memory_max)
        group_set_limit(g, LIMIT_MAX, group_limit_pages(m->memory_max));
    if (m->has_memory_high)
        group_set_limit(g, LIMIT_HIGH, group_limit_pages(m->memory_high));
    if (m->has_swap_max)
        group_set_limit(g, LIMIT_SWAP_MAX, group_limit_pages(m->swap_max));
    return g;
}

bool cli_is_scenario(const char *path)
{
    size_t len = strlen(path);
    char magic[4] = "";
    FILE *f;
    bool text;

    if (len > 4 && strcmp(path + len - 4, ".ini") == 0)
        return true;
    if (len > 4 && strcmp(path + len - 4, ".hwt") == 0)
        return false;
    f = fopen(path, "re");
    if (!f)
        return false;
    text = fread(magic, 1, 1, f) == 1 && magic[0] && strchr("[#;\n", magic[0]);
    fclose(f);
    return text;
}
