/* rule_memory_thrash_as_io.c - a busy disk that reads what was in memory a moment ago. */
#include "diagnose/pain.h"

/* Waiting for I/O that somebody would notice. */
#define IO_SOME    10.0
#define DISK_BUSY  60.0
/* Of the bytes read, refaults and swap-ins: more than half makes memory the main cause. */
#define READ_SHARE 50.0
/* 1 MiB/s: the share of less is an accident. */
#define READ_BYTES (1.0 * MIB)

/* A little below the thrash itself, which is the cause, whether it is the machine's or one
 * cgroup's. */
static double weight_below_cause(const struct rule_context *c)
{
    double weight = pain_weight(&c->f->pain), cause = 0;

    vec_for_each (&c->out->items, at) {
        bool thrash = at->rule == RULE_SWAP_THRASH || at->rule == RULE_FILE_THRASH ||
                      at->rule == RULE_CGROUP_THRASH;

        if (thrash && at->severity >= SEV_WARNING)
            cause = MAX(cause, at->weight);
    }
    return 0.9 * (cause > 0 ? MIN(cause, weight) : weight);
}

void rule_memory_thrash_as_io(struct rule_context *c)
{
    const struct figures *f = c->f;
    double busy = f->busiest_disk == UINT32_MAX ? NAN : f->disks[f->busiest_disk].busy;
    bool waits = f->psi[PSI_IO].some >= IO_SOME || busy >= DISK_BUSY;
    bool hurts = pain_severity(&f->pain) >= SEV_WARNING || finding_said(c, NR_RULES, SEV_WARNING);

    if (!wants_host(c) || !waits || !(f->device_read_bytes >= READ_BYTES) ||
        !(f->memory_read_share >= READ_SHARE))
        return;
    hurts &= !pain_is_of_a_node(c);
    finding_add(c, hurts ? SEV_WARNING : SEV_INFO, pain_known(&f->pain) ? CONF_HIGH : CONF_MEDIUM,
                "host", weight_below_cause(c),
                "The disk is busy because %s is short: %s of what it reads was just evicted",
                pain_is_of_a_node(c) ? "a node" : "memory",
                AMOUNT(f->memory_read_share, IN_PERCENT));
    evidence(c, "reads of evicted pages", f->memory_read_share, IN_PERCENT,
             "/proc/vmstat, /proc/diskstats", "over %.0f %%", READ_SHARE);
    evidence(c, "read from devices", f->device_read_bytes, IN_BYTES_PER_S, "/proc/diskstats", "%s",
             "");
    if (f->busiest_disk != UINT32_MAX)
        evidence(c, c->s->disks.items[f->busiest_disk].name, busy, IN_PERCENT, "/proc/diskstats",
                 "busy over %.0f %%", DISK_BUSY);
    evidence(c, "io pressure, some", f->psi[PSI_IO].some, IN_PERCENT, "/proc/pressure/io",
             "over %.0f %%", IO_SOME);
    evidence_pressure(c, "lost to memory", &f->pain, PRESSURE_FILE);
}
