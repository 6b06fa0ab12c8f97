/* rule_use_not_in_processes.c - what all processes hold is far less than what is in use: the kernel, or nobody that is counted. */
#include "diagnose/cause.h"

/* Shares in percent: of what is used, in processes at most; of memory, used beside them. */
#define IN_PROCESSES 50.0
#define MUCH         30.0

void rule_use_not_in_processes(struct rule_context *c)
{
    u64 rss = c->f->rss_sum, used = c->s->used, beside;
    double share;

    if (!wants_host(c) || !c->s->pasted || !c->s->processes_whole || !known(rss) || !known(used))
        return;
    beside = used > rss ? used - rss : 0;
    share = share_of(beside, c->f->total);
    if (!(share_of(rss, used) <= IN_PROCESSES) || !(share >= MUCH))
        return;
    finding_add(c, cause_severity(c, SEV_INFO), CONF_MEDIUM, "host", CAUSE_WEIGHT,
                "No process holds it: all together have %s of the %s that is used", SIZE(rss),
                SIZE(used));
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
    evidence(c, "RSS of all processes", number_of(rss), IN_BYTES, "the table of processes",
             "under %.0f %% of used", IN_PROCESSES);
    evidence(c, "used", number_of(used), IN_BYTES, "free", "%s", "");
}
