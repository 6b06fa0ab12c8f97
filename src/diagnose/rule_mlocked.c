/* rule_mlocked.c - locked and pinned memory, which nothing can reclaim: of the machine, and of a
 * group's limit.
 *
 * Where what is left thrashes or runs short, that memory is the cause: it is told before what shows
 * of it. */
#include "diagnose/left.h"
#include "diagnose/pain.h"
#include "observe/pinned.h"

#define MUCH 20.0 /* percent of memory: the rest has to do all the giving way */

/* The worst of what rules said before that follows when memory cannot give way. `otherwise`: none
 * did. */
static enum severity severity_of_pain(const struct rule_context *c, enum severity otherwise)
{
    static const enum rule follows[] = {RULE_SWAP_THRASH, RULE_FILE_THRASH,
                                        RULE_MEMORY_LOW_AVAILABLE};

    for (enum severity severity = SEV_CRITICAL; severity > otherwise; severity--)
        for (unsigned i = 0; i < ARRAY_SIZE(follows); i++)
            if (finding_said(c, follows[i], severity))
                return severity;
    return otherwise;
}

/* The process with most locked memory; NULL: none has any, or it is not known. */
static const struct process_view *most_locked(const struct snapshot *s)
{
    const struct process_view *most = NULL;
    u64 bytes = 0;

    vec_for_each (&s->processes, p) {
        if (figure_or(p->locked, 0) > bytes) {
            most = p;
            bytes = p->locked;
        }
    }
    return most;
}

static void say_most(struct rule_context *c, const struct process_view *most, u64 bytes)
{
    if (!most)
        return;
    finding_detail(c, "Most by %s (pid %u): %s.", most->comm, most->pid, SIZE(bytes));
    evidence_process(c, most, number_of(bytes), IN_BYTES, "status");
}

static void say_pinned(struct rule_context *c, const struct cgroup_view *g)
{
    const struct process_view *most = most_pinned(c->s, g);

    vec_last(&c->out->items).cause = CAUSE_PINNED;
    finding_detail(c, "Devices (RDMA, VFIO) or io_uring work on it until its program lets go.");
    say_most(c, most, most ? process_pinned(most) : 0);
}

static void look_at_host(struct rule_context *c)
{
    u64 locked = c->s->meminfo[MI_MLOCKED], pinned = c->f->pinned;
    u64 unevictable = c->s->meminfo[MI_UNEVICTABLE];
    bool beyond = false;
    double share, pinned_share = known(pinned) ? share_of(pinned, c->f->total) : 0;
    enum severity plain = left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO;
    enum severity severity = pain_is_inside(c->f) ? plain : severity_of_pain(c, plain);
    double weight =
        severity > plain || (severity == plain && plain > SEV_INFO) ? WEIGHT_CAUSE : 0.35;

    /* What cannot be evicted is more than what mlock locked. */
    if (known(unevictable) && (!known(locked) || unevictable > 2 * locked)) {
        locked = unevictable;
        beyond = true;
    }
    share = share_of(locked, c->f->total);
    if (!(share >= MUCH || pinned_share >= MUCH))
        return;
    if (pinned_share > share || isnan(share)) {
        finding_add(c, severity, CONF_HIGH, "host", weight,
                    "%s of memory, %s, is pinned: it cannot be reclaimed or moved",
                    AMOUNT(pinned_share, IN_PERCENT), SIZE(pinned));
        say_pinned(c, NULL);
        evidence_shown(c, "pinned share of MemTotal", pinned_share, IN_PERCENT, "/proc/vmstat");
    } else {
        finding_add(c, severity, CONF_HIGH, "host", weight, "%s of memory, %s, %s",
                    AMOUNT(share, IN_PERCENT), SIZE(locked),
                    beyond ? "cannot be evicted (ramfs, SHM_LOCK, secretmem, mlock)" : "is locked");
        if (beyond && known(c->s->meminfo[MI_MLOCKED])) {
            finding_detail(c,
                           "Only %s of it is locked by mlock: the rest is files of a ramfs, shared "
                           "memory locked by SHM_LOCK, or secretmem.",
                           SIZE(c->s->meminfo[MI_MLOCKED]));
            evidence_shown(c, "Mlocked", number_of(c->s->meminfo[MI_MLOCKED]), IN_BYTES,
                           "/proc/meminfo");
        }
        say_most(c, most_locked(c->s), most_locked(c->s) ? most_locked(c->s)->locked : 0);
    }
    if (severity > plain)
        finding_detail(c, "All else has to give way, and what is told below follows from that.");
    if (locked || share >= MUCH)
        evidence(c, beyond ? "Unevictable" : "Mlocked", number_of(locked), IN_BYTES,
                 "/proc/meminfo", "over %.0f %% of MemTotal", MUCH);
    if (share > 0)
        evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
    if (known(pinned) && pinned)
        evidence(c, "pinned", number_of(pinned), IN_BYTES, "/proc/vmstat",
                 "over %.0f %% of MemTotal", MUCH);
}

/* No file of a group counts what is pinned: its processes tell. */
static void look_at_group(struct rule_context *c, const struct cgroup_view *g)
{
    u64 pinned = group_pinned(c->s, g);
    enum severity severity = SEV_CRITICAL;

    if (!(share_of(pinned, g->max) >= MUCH))
        return;
    while (severity > SEV_INFO && !finding_said_of(c, g->path, severity))
        severity--;
    finding_add(c, severity, CONF_HIGH, g->path, severity > SEV_INFO ? WEIGHT_CAUSE : 0.35,
                "Pinned memory holds %s of the limit of %s (%s): it cannot be reclaimed",
                SIZE(pinned), group_said(c, g), SIZE(g->max));
    say_pinned(c, g);
    if (severity > SEV_INFO)
        finding_detail(c, "What else runs there has the rest.");
    evidence(c, "pinned (VmPin)", number_of(pinned), IN_BYTES, "/proc/PID/status",
             "over %.0f %% of memory.max", MUCH);
    evidence_shown(c, "memory.max", number_of(g->max), IN_BYTES, group_file(g, "memory.max"));
    evidence_shown(c, "memory.current", number_of(g->current), IN_BYTES,
                   group_file(g, "memory.current"));
}

void rule_mlocked(struct rule_context *c)
{
    if (wants_host(c))
        look_at_host(c);
    vec_for_each (&c->s->cgroups, g)
        if (wants_group(c, g) && !g->is_root && known(g->max) && g->max > 0 && g->max < NO_LIMIT)
            look_at_group(c, g);
}
