/* rule_mlocked.c - locked and pinned memory, which nothing can reclaim. */
#include "diagnose/left.h"

#define MUCH 20.0 /* percent of memory: the rest has to do all the giving way */

/* The process with the most of it; NULL: none has any, or it is not known. */
static const struct process_view *most_of(const struct snapshot *s, bool pinned)
{
    const struct process_view *most = NULL;
    u64 bytes = 0;

    vec_for_each (&s->processes, p) {
        u64 own = figure_or(pinned ? p->pinned : p->locked, 0);

        if (own > bytes) {
            most = p;
            bytes = own;
        }
    }
    return most;
}

static void say_most(struct rule_context *c, bool pinned)
{
    const struct process_view *most = most_of(c->s, pinned);
    u64 bytes;

    if (!most)
        return;
    bytes = pinned ? most->pinned : most->locked;
    finding_detail(c, "Most by %s (pid %u): %s.", most->comm, most->pid, SIZE(bytes));
    evidence_process(c, most, number_of(bytes), IN_BYTES, "status");
}

void rule_mlocked(struct rule_context *c)
{
    u64 locked = c->s->meminfo[MI_MLOCKED], pinned = c->f->pinned;
    double share, pinned_share = known(pinned) ? share_of(pinned, c->f->total) : 0;
    enum severity severity = left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO;

    if (!known(locked))
        locked = c->s->meminfo[MI_UNEVICTABLE];
    share = share_of(locked, c->f->total);
    if (!wants_host(c) || !(share >= MUCH || pinned_share >= MUCH))
        return;
    if (pinned_share > share || isnan(share)) {
        finding_add(c, severity, CONF_HIGH, "host", 0.35,
                    "%s of memory, %s, is pinned: it cannot be reclaimed or moved",
                    AMOUNT(pinned_share, IN_PERCENT), SIZE(pinned));
        finding_detail(c, "Devices (RDMA, VFIO) or io_uring work on it until its program lets go.");
        say_most(c, true);
        evidence_shown(c, "pinned share of MemTotal", pinned_share, IN_PERCENT, "/proc/vmstat");
    } else {
        finding_add(c, severity, CONF_HIGH, "host", 0.35, "%s of memory, %s, is locked",
                    AMOUNT(share, IN_PERCENT), SIZE(locked));
        say_most(c, false);
    }
    evidence(c, "Mlocked", number_of(locked), IN_BYTES, "/proc/meminfo", "over %.0f %% of MemTotal",
             MUCH);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
    if (known(pinned) && pinned)
        evidence(c, "pinned", number_of(pinned), IN_BYTES, "/proc/vmstat",
                 "over %.0f %% of MemTotal", MUCH);
}
