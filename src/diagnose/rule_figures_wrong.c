/* rule_figures_wrong.c - figures of /proc/meminfo that cannot be beside each other: then nothing is
 * concluded from them.
 *
 * What was found, and that all of its figures are taken for none, is observe/meminfo.c's.
 */
#include "diagnose/rule.h"

#include <stdio.h>

void rule_figures_wrong(struct rule_context *c)
{
    const struct meminfo_contradiction *k = &c->s->contradiction;
    enum evidence_unit unit = !k->of_pool && k->field == MI_HUGE_PAGES_FREE ? IN_COUNT : IN_BYTES;
    char line[32] = "";

    if (!k->found || !wants_host(c))
        return;
    if (k->line)
        snprintf(line, sizeof(line), " (line %u)", k->line);
    finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.9,
                "The figures contradict each other: %s%s%s is %s, more than %s, %s; nothing is "
                "concluded from them",
                meminfo_keys[k->field], k->of_pool ? " times Hugepagesize" : "", line,
                AMOUNT(number_of(k->value), unit), meminfo_keys[k->than],
                AMOUNT(number_of(k->bound), unit));
    finding_detail(c, "A digit too many or too few, figures of two machines in one text, or a "
                      "container that shows its limit as MemTotal and its host's lines beside it.");
    evidence_shown(c, meminfo_keys[k->field], number_of(k->value), unit, "/proc/meminfo");
    evidence_shown(c, meminfo_keys[k->than], number_of(k->bound), unit, "/proc/meminfo");
}
