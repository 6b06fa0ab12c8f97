/* rule_top_swappers.c - who is in swap. */
#include "diagnose/top_processes.h"

/* Less is the start-up code of daemons. */
#define FROM (16.0 * MIB)

static double swapped(const struct rule_context *c, const struct process_view *p)
{
    (void)c;
    return number_of(p->swap);
}

void rule_top_swappers(struct rule_context *c)
{
    u32 top[TOP_PROCESSES];
    unsigned count = top_processes(c, swapped, FROM, top);

    if (count == 0)
        return;
    finding_add(c, SEV_INFO, CONF_HIGH, top_processes_scope(c), 0.03, "Most memory in swap: %s, %s",
                process_label((char[64]){0}, &c->s->processes.items[top[0]]),
                AMOUNT(swapped(c, &c->s->processes.items[top[0]]), IN_BYTES));
    top_processes_tell(c, swapped, IN_BYTES, top, count, "status");
}
