/* rule_cpu_steal.c - the hypervisor gives this guest's CPUs to others: the machine is slow, and
 * memory is not why.
 *
 * Never a warning: it says nothing of memory. It is said because who waits for a CPU looks for
 * memory first. */
#include "diagnose/rule.h"

#define STEAL 20.0 /* percent of all CPU time: one second in five */

void rule_cpu_steal(struct rule_context *c)
{
    double told = c->s->steal_told, steal = told >= c->f->steal ? told : c->f->steal;

    if (isnan(steal) && told > 0)
        steal = told;
    if (!wants_host(c) || !(steal >= STEAL))
        return;
    finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.55,
                "The hypervisor takes %s of the CPU time of this guest for others (steal): that "
                "makes it slow, and more memory would not help",
                AMOUNT(steal, IN_PERCENT));
    evidence(c, "steal", steal, IN_PERCENT, *c->s->cpu_from ? c->s->cpu_from : "/proc/stat",
             "over %.0f %%", STEAL);
}
