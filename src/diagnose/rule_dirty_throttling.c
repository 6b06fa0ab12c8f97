/* rule_dirty_throttling.c - writers wait at the dirty limit.
 *
 * Flow control and not an emergency: any copy of a large file ends up here. It is information,
 * unless memory hurts as well. */
#include "diagnose/pain.h"

/* Writers that wait show as I/O pressure. */
#define IO_SOME   5.0
/* Any device writes less in a tenth of a second; where little memory is left the limit is as
 * small. */
#define DIRTY_MIN (16.0 * MIB)

/* Percent of what is available where writers begin to be held back: the middle of
 * vm.dirty_background_ratio and vm.dirty_ratio as kernels come, 10 and 20. */
#define HELD_SHARE 15.0

/* A table of meminfo has the amounts, and neither the thresholds nor who waits. */
static void from_meminfo(struct rule_context *c)
{
    u64 dirty = figure_add(c->s->meminfo[MI_DIRTY], figure_or(c->s->meminfo[MI_WRITEBACK], 0));
    double share = share_of(dirty, c->f->available);

    if (!(share >= HELD_SHARE) || (double)dirty < DIRTY_MIN)
        return;
    finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.6,
                "%s waits to be written: %s of what is available, where writers are held back",
                SIZE(dirty), AMOUNT(share, IN_PERCENT));
    finding_detail(c, "The limit is vm.dirty_ratio, 20 %% unless it was set: the device writes "
                      "more slowly than programs do.");
    evidence_shown(c, "waits to be written", number_of(dirty), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "vm.dirty_ratio by default", 20, IN_PERCENT, "/proc/sys/vm/dirty_ratio");
    evidence(c, "Dirty", number_of(c->s->meminfo[MI_DIRTY]), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "Writeback", number_of(c->s->meminfo[MI_WRITEBACK]), IN_BYTES, "/proc/meminfo",
             "%s", "");
    evidence(c, "share of what is available", share, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
             HELD_SHARE);
}

void rule_dirty_throttling(struct rule_context *c)
{
    u64 dirty = figure_add(c->s->vmstat[NR_DIRTY], c->s->vmstat[NR_WRITEBACK]);
    u64 limit = c->s->vmstat[NR_DIRTY_THRESHOLD],
        background = c->s->vmstat[NR_DIRTY_BACKGROUND_THRESHOLD];
    const struct pressure *io = &c->f->psi[PSI_IO];
    double page = (double)figure_or(c->s->page_bytes, 4096);
    double held = (number_of(limit) + number_of(background)) / 2;
    bool hurts = pain_severity(&c->f->psi[PSI_MEM]) >= SEV_WARNING;

    if (!wants_host(c))
        return;
    if (c->s->pasted && !known(limit)) {
        from_meminfo(c);
        return;
    }
    /* Between the two thresholds writers go freely up to the middle, and are held back above it. */
    if (!(number_of(dirty) > held) || (double)dirty * page < DIRTY_MIN || io->some < IO_SOME)
        return;
    finding_add(c, hurts ? SEV_WARNING : SEV_INFO, pain_known(io) ? CONF_HIGH : CONF_MEDIUM, "host",
                0.6, "Writers are held back: %s dirty or being written, limit %s",
                AMOUNT(page * (double)dirty, IN_BYTES), AMOUNT(page * (double)limit, IN_BYTES));
    evidence(c, "nr_dirty + nr_writeback", page * (double)dirty, IN_BYTES, "/proc/vmstat",
             "over %s", AMOUNT(page * held, IN_BYTES));
    evidence_shown(c, "nr_dirty_threshold", page * (double)limit, IN_BYTES, "/proc/vmstat");
    evidence(c, "written", rate(c, NR_WRITTEN) * page, IN_BYTES_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "io pressure, some", io->some, IN_PERCENT, "/proc/pressure/io", "over %.0f %%",
             IO_SOME);
    evidence(c, "io pressure, full", io->full, IN_PERCENT, "/proc/pressure/io", "%s", "");
}
