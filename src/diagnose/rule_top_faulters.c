/* rule_top_faulters.c - who waits for page faults. */
#include "diagnose/top_processes.h"

/* At 0.1 to 10 ms each, ten a second begin to be felt. */
#define FROM 10.0

static double faults(const struct rule_context *c, const struct process_view *p)
{
    return c->f->processes[p - c->s->processes.items].major_rate;
}

void rule_top_faulters(struct rule_context *c)
{
    u32 top[TOP_PROCESSES];
    unsigned count = top_processes(c, faults, FROM, top);

    if (count == 0)
        return;
    finding_add(c, SEV_INFO, CONF_HIGH, top_processes_scope(c), 0.04,
                "Most major faults: %s (pid %u), %s", c->s->processes.items[top[0]].comm,
                c->s->processes.items[top[0]].pid,
                AMOUNT(faults(c, &c->s->processes.items[top[0]]), IN_EVENTS_PER_S));
    top_processes_tell(c, faults, IN_EVENTS_PER_S, top, count, "stat");
}
