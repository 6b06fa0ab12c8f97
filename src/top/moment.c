/* moment.c - rates between two snapshots, each over the time between the two readings of its own
 * file. */
#include "top/moment.h"

#include <math.h>

double moment_rate(u64 before, u64 after, ns_t before_at, ns_t after_at)
{
    if (!known(before) || !known(after) || after < before || after_at <= before_at)
        return NAN;
    return (double)(after - before) * 1e9 / (double)(after_at - before_at);
}

struct span {
    const struct snapshot *before, *now;
};

static double part_rate(const struct span *span, enum part part, u64 before, u64 after)
{
    return moment_rate(before, after, span->before->parts[part].read_at,
                       span->now->parts[part].read_at);
}

static double counter_rate(const struct span *span, enum counter counter)
{
    return part_rate(span, PART_VMSTAT, span->before->vmstat[counter], span->now->vmstat[counter]);
}

/* What is unknown of the two counts nothing, as long as the other is known: old kernels have one
 * name for both. */
static double sum_rate(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

/* Of a second; NAN stays. The kernel's clock may run ahead of ours by a little, and nothing is lost
 * more than all the time. */
static double to_percent(double us_per_s)
{
    return us_per_s > 1e6 ? 100 : us_per_s / 1e4;
}

static void compute_pressure(struct moment *m, const struct span *span)
{
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        const struct psi_view *before = &span->before->psi[i], *now = &span->now->psi[i];

        m->some[i] =
            to_percent(part_rate(span, psi_parts[i], before->some.total_us, now->some.total_us));
        m->full[i] =
            to_percent(part_rate(span, psi_parts[i], before->full.total_us, now->full.total_us));
    }
}

void moment_compute(struct moment *m, const struct snapshot *before, const struct snapshot *now)
{
    const struct span span = {before, now};
    double page = (double)(known(now->page_bytes) && now->page_bytes ? now->page_bytes : 4096);

    *m = (struct moment){.at = now->taken_at, .wall_us = now->wall_us};
    for (unsigned i = 0; i < NR_FLOWS; i++)
        m->flow[i] = NAN;
    for (unsigned i = 0; i < NR_HUGE_RATES; i++)
        m->huge[i] = NAN;
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++)
        m->some[i] = m->full[i] = NAN;
    if (!before)
        return;
    m->flow[FLOW_FAULTS] = counter_rate(&span, PGFAULT);
    m->flow[FLOW_MAJOR] = counter_rate(&span, PGMAJFAULT);
    m->flow[FLOW_READ] = counter_rate(&span, PGPGIN) * KIB;
    m->flow[FLOW_REFAULT] = sum_rate(counter_rate(&span, WORKINGSET_REFAULT_FILE),
                                     counter_rate(&span, WORKINGSET_REFAULT_ANON)) *
                            page;
    m->flow[FLOW_SWAP_IN] = counter_rate(&span, PSWPIN) * page;
    m->flow[FLOW_KSWAPD] = counter_rate(&span, PGSTEAL_KSWAPD) * page;
    m->flow[FLOW_DIRECT] = counter_rate(&span, PGSTEAL_DIRECT) * page;
    m->flow[FLOW_WRITEBACK] = counter_rate(&span, NR_WRITTEN) * page;
    m->flow[FLOW_SWAP_OUT] = counter_rate(&span, PSWPOUT) * page;
    m->flow[FLOW_STALLS] = part_rate(&span, PART_VMSTAT, before->allocstall, now->allocstall);
    m->huge[HUGE_FAULTS] = counter_rate(&span, THP_FAULT_ALLOC);
    m->huge[HUGE_FALLBACKS] = counter_rate(&span, THP_FAULT_FALLBACK);
    m->huge[HUGE_SPLITS] = counter_rate(&span, THP_SPLIT_PAGE);
    m->huge[HUGE_COLLAPSES] = counter_rate(&span, THP_COLLAPSE_ALLOC);
    compute_pressure(m, &span);
}

void moments_clear(struct moments *h)
{
    h->count = h->next = 0;
}

void moments_add(struct moments *h, const struct moment *m)
{
    h->ring[h->next] = *m;
    h->next = (h->next + 1) % MOMENTS_MAX;
    h->count = MIN(h->count + 1, MOMENTS_MAX);
}

const struct moment *moments_at(const struct moments *h, u32 i)
{
    assert(i < h->count);
    return &h->ring[(h->next + MOMENTS_MAX - 1 - i) % MOMENTS_MAX];
}
