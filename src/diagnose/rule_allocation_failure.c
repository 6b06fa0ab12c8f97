/* rule_allocation_failure.c - allocations that failed, as the kernel log tells. */
#include "diagnose/oom_case.h"

/* Callers that cannot wait have a fallback for a failure now and then; this many in an hour are a state. */
#define MANY     10
#define RECENT_S 3600.0
#define ORDER_HIGH \
    3 /* PAGE_ALLOC_COSTLY_ORDER: up to it the allocator tries hard, beyond it may give up */

void rule_allocation_failure(struct rule_context *c)
{
    const struct log_event *last = NULL;
    unsigned recent = 0, high = 0;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->log, e) {
        double age = oom_age_s(c->s, e);

        if (e->kind != LOG_ALLOC_FAILURE || age > RECENT_S)
            continue;
        recent++;
        high += e->order > ORDER_HIGH;
        last = e;
    }
    if (!last)
        return;
    finding_add(c, recent >= MANY ? SEV_WARNING : SEV_INFO, CONF_MEDIUM, "host", 0.4,
                "%u page allocation%s failed, the last of order %u for %s", recent,
                recent == 1 ? "" : "s", last->order, last->comm);
    finding_detail(c, high * 2 > recent
                          ? "Most were for large blocks: memory is in pieces."
                          : "Most were for single pages or small blocks: the reserve was empty.");
    evidence(c, "page allocation failures", recent, IN_COUNT, part_names[PART_KERNEL_LOG],
             "%u in an hour", MANY);
    evidence(c, "order of the last", last->order, IN_COUNT, part_names[PART_KERNEL_LOG],
             "over %u: fragmentation", ORDER_HIGH);
}
