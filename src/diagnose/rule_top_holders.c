/* rule_top_holders.c - who holds anonymous memory. */
#include "diagnose/top_processes.h"

/* Percent of memory, so that a list of trifles is not shown. */
#define FROM_PERCENT 1.0

static double held(const struct rule_context *c, const struct process_view *p)
{
    (void)c;
    /* Before 4.5 only the whole RSS is known. */
    return number_of(known(p->rss_anon) ? p->rss_anon : p->rss);
}

void rule_top_holders(struct rule_context *c)
{
    u32 top[TOP_PROCESSES];
    double from = number_of(c->f->total) * FROM_PERCENT / 100;
    unsigned count = top_processes(c, held, isnan(from) || c->options->pid ? 0 : from, top);

    gap_cut(c, "whether other processes hold more", PART_PROCESSES);
    if (count == 0) {
        if (c->s->processes.count == 0)
            gap_part(c, "who holds memory", PART_PROCESSES);
        return;
    }
    finding_add(c, SEV_INFO, CONF_HIGH, top_processes_scope(c), 0.02,
                "Most anonymous memory: %s (pid %u), %s", c->s->processes.items[top[0]].comm,
                c->s->processes.items[top[0]].pid,
                AMOUNT(held(c, &c->s->processes.items[top[0]]), IN_BYTES));
    top_processes_tell(c, held, IN_BYTES, top, count, "status");
}
