/* cli_settings.c - settings of the machine by key: --set KEY=VALUE, and --compare KEY=V1,V2... for
 * several machines. */
#include "cli/cli_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* A copy of KEY=VALUE that lives as long as cli, cut at the '='. NULL after a usage error. */
static char *split(struct cli *cli, const char *option, const char *assignment, const char *want)
{
    const char *equals = strchr(assignment, '=');
    char *key;

    if (!equals || equals == assignment) {
        cli_usage(cli, "%s wants %s, not '%s'", option, want, assignment);
        return NULL;
    }
    key = xstrdup(assignment);
    vec_push(&cli->owned, key);
    key[equals - assignment] = '\0';
    return key;
}

/* The name that the tables have for the key: one option has one name however it is spelled. */
static const char *canonical(struct cli *cli, const char *key)
{
    enum machine_option option = machine_option_find(key);
    const struct tunable_info *tunable;

    if (option < NR_MACHINE_OPTIONS)
        return machine_option_info[option].name;
    tunable = tunable_find(key);
    if (tunable && tunable->effect == TUNABLE_KEPT)
        cli_note(cli, "%s is kept and shown, but changes nothing yet", tunable->key);
    return tunable ? tunable->key : key;
}

void cli_note_kept(struct cli *cli, const struct tunables *t)
{
    struct tunables defaults;

    tunables_init(&defaults);
    for (unsigned i = 0; i < nr_tunables; i++)
        if (tunable_info[i].effect == TUNABLE_KEPT &&
            tunables_get(t, &tunable_info[i]) != tunables_get(&defaults, &tunable_info[i]))
            cli_note(cli, "%s is kept and shown, but changes nothing yet", tunable_info[i].key);
}

void cli_add_setting(struct cli *cli, struct cli_setting setting)
{
    const char *twin = system_config_twin(setting.key);

    vec_for_each (&cli->machine.settings, other)
        if (twin && strcmp(other->key, twin) == 0)
            cli_usage(cli, "%s=%s and %s=%s set the same; want one of them", other->key,
                      other->value, setting.key, setting.value);
    vec_push(&cli->machine.settings, setting);
}

void cli_set(struct cli *cli, const char *assignment)
{
    char *key = split(cli, "--set", assignment, "KEY=VALUE"), *value;
    struct err e = {0};

    if (!key)
        return;
    value = key + strlen(key) + 1;
    if (system_config_set(&cli->machine.config, key, value, &e))
        cli_usage(cli, "--set: %s", e.text);
    else
        cli_add_setting(cli, (struct cli_setting){canonical(cli, key), value});
}

/* Each value must be one that the option itself takes, and none may stand there twice. */
static void check_values(struct cli *cli, const struct axis *axis)
{
    for (unsigned i = 0; i < axis->nr && !cli->done; i++) {
        struct system_config scratch = cli->machine.config;
        struct err e = {0};

        if (system_config_set(&scratch, axis->key, axis->values[i], &e)) {
            cli_usage(cli, "--compare: %s", e.text);
            return;
        }
        for (unsigned k = 0; k < i && !cli->done; k++)
            if (strcmp(axis->values[k], axis->values[i]) == 0)
                cli_usage(cli, "--compare: %s has the value %s twice", axis->key, axis->values[i]);
    }
}

static void add_axis(struct cli *cli, struct axis axis)
{
    const char *twin = system_config_twin(axis.key);
    struct axes all;

    vec_for_each (&cli->machine.compared, other) {
        if (twin && strcmp(other->key, twin) == 0) {
            cli_usage(cli, "--compare: %s and %s set the same; want one of them", other->key,
                      axis.key);
            return;
        }
        if (strcmp(other->key, axis.key) == 0) {
            cli_usage(cli, "--compare: %s is given twice; want all its values in one: %s=%s,%s",
                      axis.key, axis.key, other->values[0], axis.values[0]);
            return;
        }
    }
    vec_push(&cli->machine.compared, axis);
    all = (struct axes){cli->machine.compared.items, (unsigned)cli->machine.compared.count};
    if (axes_count(&all) > CLI_VARIANTS_MAX) /* each axis is no longer than that: no overflow */
        cli_usage(cli, "--compare: %u combinations; want at most %u", axes_count(&all),
                  CLI_VARIANTS_MAX);
}

void cli_compare(struct cli *cli, const char *assignment)
{
    char *key = split(cli, "--compare", assignment, "KEY=VALUE,VALUE"), *rest;
    struct axis axis = {0};
    const char **values;

    if (!key)
        return;
    rest = key + strlen(key) + 1;
    if (strcmp(key, "memory-max") == 0 || strcmp(key, "memory.max") == 0) {
        cli_usage(cli, "--compare: limits are compared by 'highwater size --limits %s'", rest);
        return;
    }
    values = xcalloc(strlen(rest) + 1, sizeof(*values));
    vec_push(&cli->owned, values);
    for (char *one; (one = strsep(&rest, ",")) != NULL;)
        values[axis.nr++] = one;
    axis.key = key;
    axis.values = values;
    if (axis.nr > CLI_VARIANTS_MAX)
        cli_usage(cli, "--compare: %u values of %s; want at most %u", axis.nr, key,
                  CLI_VARIANTS_MAX);
    else
        check_values(cli, &axis);
    if (cli->done)
        return;
    axis.key = canonical(cli, key);
    add_axis(cli, axis);
}
