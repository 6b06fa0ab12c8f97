/* run_huge.h - what transparent huge pages did for a run, and what they cost.
 *
 * Cover and bloat are those of the moment with most anonymous memory of the group; walks and CPU
 * time those of the judged part. What nobody touched is known of the whole machine, not of each
 * group.
 */
#ifndef REPORT_RUN_HUGE_H
#define REPORT_RUN_HUGE_H

#include "report/run_report.h"

struct run_huge {
    u64 anon_bytes, huge_bytes; /* anonymous memory, and what of it was mapped by huge pages */
    u64 untouched_bytes;        /* in huge pages, used by nobody */
    u64 unmapped_bytes;         /* parts of huge pages that were unmapped and still held, at most */
    u64 walks;                  /* page walks that were done */
    u64 saved;                  /* and those that a huge page in the TLB made unnecessary */
    ns_t cpu_ns;                /* zeroing, splitting, collapsing */
    u64 faults, fallbacks, fallbacks_charge, collapses, splits, leaf_splits;
    u64 zero_allocs; /* allocations of the huge page of zeros */
    bool zero_page;  /* that page was there */
};

/* May memory be huge on this machine? What follows is about such machines alone. */
bool run_huge_enabled(const struct run_report *r);

void run_huge_fill(const struct run_report *r, struct run_huge *ret);

/* Any but that of zeros? */
static inline bool run_huge_used(const struct run_huge *h)
{
    return h->faults || h->collapses || h->huge_bytes;
}

/* One sentence without its full stop: "Huge pages cover 93 % of ...". */
void run_huge_sentence(const struct run_huge *h, struct strbuf *out);

json_object *run_huge_json(const struct run_report *r);

#endif
