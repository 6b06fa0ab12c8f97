/* rule_use_not_in_processes.c - what all processes hold is far less than what is in use: the
 * kernel, or nobody that is counted. */
#include "diagnose/cause.h"

/* Shares in percent: of what is used, in processes at most; of memory, used beside them. */
#define IN_PROCESSES 50.0
#define MUCH         30.0
/* ... of which nobody can say that it is well, unless this is available all the same. */
#define MOST         60.0
#define PLENTY       20.0
/* A table of the largest leaves out some hundred others, none larger than its smallest. */
#define OTHERS       200

/* What all processes hold at most: the sum of the table, and for those that it leaves out its
 * smallest row each. */
static u64 at_most(const struct rule_context *c)
{
    u64 smallest = UNKNOWN;

    if (c->s->processes_whole || !known(c->f->rss_sum))
        return c->f->rss_sum;
    if (!c->s->processes_largest)
        return UNKNOWN;
    vec_for_each (&c->s->processes, p)
        smallest = MIN(smallest, p->rss);
    return known(smallest) ? c->f->rss_sum + MIN(smallest, (u64)1 << 40) * OTHERS : UNKNOWN;
}

void rule_use_not_in_processes(struct rule_context *c)
{
    u64 rss = at_most(c), used = c->s->used, told, beside;
    double share;

    if (!wants_host(c) || !c->s->pasted || !known(rss) || !known(used))
        return;
    /* What the text names, others tell. */
    told = rss + named_beside_processes(c->s);
    beside = used > told ? used - told : 0;
    share = share_of(beside, c->f->total);
    if (!(share_of(rss, used) <= IN_PROCESSES) || !(share >= MUCH))
        return;
    finding_add(c,
                cause_severity(c, share >= MOST && !(c->f->available_share >= PLENTY) ? SEV_WARNING
                                                                                      : SEV_INFO),
                CONF_MEDIUM, "host", cause_weight(c, CAUSE_WEIGHT, share),
                "No process holds it: all together have %s of the %s that is used", SIZE(rss),
                SIZE(used));
    if (!c->s->processes_whole) {
        finding_title(c,
                      "No program holds it: the %s largest have %s of the %s that is used, and the "
                      "kernel the rest (a cache of ZFS, slab, a driver)",
                      AMOUNT((double)c->s->processes.count, IN_COUNT), SIZE(c->f->rss_sum),
                      SIZE(used));
        evidence(c, "RSS of the largest processes", number_of(c->f->rss_sum), IN_BYTES,
                 "the table of processes", "%s", "");
        evidence(c, "the largest processes", (double)c->s->processes.count, IN_COUNT,
                 "the table of processes", "%s", "");
    }
    if (known(c->s->kernel_used)) {
        finding_title(c,
                      "No process holds it: the kernel has %s of the %s that is used, all programs "
                      "together %s",
                      SIZE(c->s->kernel_used), SIZE(used), SIZE(rss));
        evidence(c, "kernel dynamic memory", number_of(c->s->kernel_used), IN_BYTES, "smem -w",
                 "%s", "");
    }
    finding_detail(c, "The rest is the kernel's: slab, a cache of ZFS, huge pages set aside, a "
                      "driver or a balloon. /proc/meminfo and slabtop tell which.");
    evidence(c, c->s->processes_whole ? "RSS of all processes" : "RSS of all processes, at most",
             number_of(rss), IN_BYTES, "the table of processes", "under %.0f %% of used",
             IN_PROCESSES);
    evidence(c, "used", number_of(used), IN_BYTES, "free", "%s", "");
}
