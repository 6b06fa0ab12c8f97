/* rule_mlocked.c - locked and pinned memory, which nothing can reclaim. */
#include "diagnose/left.h"

#define MUCH 20.0 /* percent of memory: the rest has to do all the giving way */

void rule_mlocked(struct rule_context *c)
{
    u64 locked = c->s->meminfo[MI_MLOCKED], pins = c->s->vmstat[NR_FOLL_PIN_ACQUIRED];
    u64 released = c->s->vmstat[NR_FOLL_PIN_RELEASED];
    double share;
    const struct process_view *most = NULL;

    if (!known(locked))
        locked = c->s->meminfo[MI_UNEVICTABLE];
    share = share_of(locked, c->f->total);
    if (!wants_host(c) || !(share >= MUCH))
        return;
    vec_for_each (&c->s->processes, p) {
        if (known(p->locked) && (!most || p->locked > most->locked))
            most = p;
    }
    finding_add(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO, CONF_HIGH, "host", 0.35,
                "%s of memory, %s, is locked", AMOUNT(share, IN_PERCENT), SIZE(locked));
    if (most && most->locked)
        finding_detail(c, "Most by %s (pid %u): %s.", most->comm, most->pid, SIZE(most->locked));
    if (most && most->locked)
        evidence_process(c, most, number_of(most->locked), IN_BYTES, "status");
    evidence(c, "Mlocked", number_of(locked), IN_BYTES, "/proc/meminfo", "over %.0f %% of MemTotal",
             MUCH);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
    if (known(pins) && known(released) && pins > released)
        evidence(c, "pages pinned", (double)(pins - released), IN_COUNT, "/proc/vmstat", "%s", "");
}
