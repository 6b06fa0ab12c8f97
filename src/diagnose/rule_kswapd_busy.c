/* rule_kswapd_busy.c - a table of processes shows kswapd at work: all of the time, or while the
 * CPUs wait for I/O and hardly any cache is left. */
#include "diagnose/cause.h"

#define SPINS           80.0 /* percent of a CPU: it does not sleep */
#define WORKS           15.0
#define IOWAIT          20.0 /* percent of all CPU time */
/* The CPUs do little but wait: then any work of kswapd tells that it is memory they wait for. */
#define MOSTLY          50.0
#define WORKS_AT_ALL    5.0
/* More than any holder has (cause_weight). */
#define THRASHES_WEIGHT (CAUSE_WEIGHT + 0.15)
/* Percent of memory that can be had: with more than that it may be a stream of files passing
 * through the cache, which is well. */
#define STREAM          30.0

void rule_kswapd_busy(struct rule_context *c)
{
    double cpu = c->s->kswapd_cpu, wait = c->s->iowait_told;
    double left = share_of(c->f->available, c->f->total);
    bool waits = ((cpu >= WORKS && wait >= IOWAIT) || (cpu >= WORKS_AT_ALL && wait >= MOSTLY)) &&
                 !(left >= STREAM);

    if (!wants_host(c) || (!(cpu >= SPINS) && !waits))
        return;
    /* Who holds memory is no news where the machine does nothing but read back what it drops. */
    finding_add(c, waits ? cause_severity(c, SEV_WARNING) : SEV_WARNING, CONF_MEDIUM, "host",
                waits ? THRASHES_WEIGHT : 0.45, "%s", "");
    if (left >= STREAM) {
        finding_title(
            c,
            "kswapd takes %s of a CPU although %s is available: it is one zone, one node or "
            "large blocks that are short",
            AMOUNT(cpu, IN_PERCENT), LEFT_SIZE(c->f));
        finding_detail(c, "Nothing that it can free ends the shortage that woke it.");
    } else if (waits) {
        finding_title(c,
                      "kswapd takes %s of a CPU while the CPUs wait for I/O %s of the time: memory "
                      "is short, and what is dropped is probably read again",
                      AMOUNT(cpu, IN_PERCENT), AMOUNT(wait, IN_PERCENT));
    } else {
        finding_title(c, "kswapd takes %s of a CPU: it frees memory all the time",
                      AMOUNT(cpu, IN_PERCENT));
    }
    evidence(c, "CPU time of kswapd", cpu, IN_PERCENT, "the table of processes", "over %.0f %%",
             !waits         ? SPINS
             : cpu >= WORKS ? WORKS
                            : WORKS_AT_ALL);
    if (wait > 0)
        evidence(c, "waiting for I/O", wait, IN_PERCENT, c->s->cpu_from, "%s", "");
    evidence(c, "available", number_of(c->f->available), IN_BYTES, "this text", "%s", "");
}
