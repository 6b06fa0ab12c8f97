/* rule_dirty_throttling.c - writers wait at the dirty limit.
 *
 * Flow control and not an emergency: any copy of a large file ends up here. It is information, unless memory hurts as well. */
#include "diagnose/pain.h"

/* Writers that wait show as I/O pressure. */
#define IO_SOME   5.0
/* Any device writes less in a tenth of a second; where little memory is left the limit is as small. */
#define DIRTY_MIN (16.0 * MIB)

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
    /* Between the two thresholds writers go freely up to the middle, and are held back above it. */
    if (!(number_of(dirty) > held) || (double)dirty * page < DIRTY_MIN || io->some < IO_SOME)
        return;
    finding_add(c, hurts ? SEV_WARNING : SEV_INFO, pain_known(io) ? CONF_HIGH : CONF_MEDIUM, "host",
                0.6, "Writers are held back: %s dirty or being written, limit %s",
                AMOUNT(page * (double)dirty, IN_BYTES), AMOUNT(page * (double)limit, IN_BYTES));
    evidence(c, "nr_dirty + nr_writeback", page * (double)dirty, IN_BYTES, "/proc/vmstat",
             "over %s", AMOUNT(page * held, IN_BYTES));
    evidence(c, "written", rate(c, NR_WRITTEN) * page, IN_BYTES_PER_S, "/proc/vmstat", "%s", "");
    evidence(c, "io pressure, some", io->some, IN_PERCENT, "/proc/pressure/io", "over %.0f %%",
             IO_SOME);
    evidence(c, "io pressure, full", io->full, IN_PERCENT, "/proc/pressure/io", "%s", "");
}
