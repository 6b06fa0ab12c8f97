/* rule_kthread_busy.c - a table of processes shows kcompactd, khugepaged or ksmd at work all of the
 * time. */
#include "diagnose/cause.h"

#define SPINS 80.0 /* percent of a CPU: it does not sleep */
/* ksmd sleeps between batches by its settings: half a CPU for good is much. */
#define MUCH  50.0

static const struct {
    const char *name, *does;
    double from;
} threads[NR_KTHREADS] = {
    [KTHREAD_KCOMPACTD] = {"kcompactd",
                           "moves pages all the time to make large blocks, and does not get there",
                           SPINS},
    [KTHREAD_KHUGEPAGED] = {"khugepaged", "looks for huge pages to make all the time", SPINS},
    [KTHREAD_KSMD] = {"ksmd", "compares pages to merge equal ones all the time", MUCH},
};

void rule_kthread_busy(struct rule_context *c)
{
    unsigned which = 0;
    double cpu;

    for (unsigned i = 1; i < NR_KTHREADS; i++)
        if (c->s->kthread_cpu[i] > c->s->kthread_cpu[which])
            which = i;
    cpu = c->s->kthread_cpu[which];
    if (!wants_host(c) || !(cpu >= threads[which].from))
        return;
    finding_add(c, SEV_WARNING, CONF_MEDIUM, "host", 0.45, "%s takes %s of a CPU: it %s",
                threads[which].name, AMOUNT(cpu, IN_PERCENT), threads[which].does);
    if (which == KTHREAD_KCOMPACTD)
        finding_detail(c,
                       "Memory is in pieces rather than short: somebody asks for blocks again and "
                       "again, or pages that cannot be moved (pinned ones, the kernel's) make each "
                       "pass fail.");
    evidence(c, "CPU time", cpu, IN_PERCENT, "the table of processes", "over %.0f %%",
             threads[which].from);
    evidence(c, "available", number_of(c->f->available), IN_BYTES, "this text", "%s", "");
}
