/* rule_resize_failed.c - a guest whose memory should have grown or shrunk, and did not. */
#include "diagnose/oom_tell.h"

#define WARNING_S 86400.0

void rule_resize_failed(struct rule_context *c)
{
    static const enum log_event_kind kinds[] = {LOG_HOTPLUG_FAILED, LOG_BALLOON_FAILED};

    if (!wants_host(c))
        return;
    for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
        const struct incident *last = NULL;
        char where[160];
        u64 count = 0;

        vec_for_each (&c->incidents->items, i) {
            if (i->e->kind != kinds[k])
                continue;
            count += 1 + i->e->repeats;
            last = i;
        }
        if (!last)
            continue;
        finding_add(
            c, MIN(oom_severity(last->age_s, WARNING_S), SEV_WARNING), CONF_HIGH, "host", 0.45,
            "%s",
            kinds[k] == LOG_HOTPLUG_FAILED
                ? "Memory that was to be added to this machine could not be: the kernel refused it"
                : "The balloon got no pages: the hypervisor wants memory back, and there is none "
                  "to "
                  "spare");
        vec_last(&c->out->items).incident = (u32)(last - c->incidents->items.items);
        if (last->e->words)
            finding_detail(c, "The log says: %s.", last->e->words);
        evidence(c, "messages of the kind", (double)count, IN_COUNT,
                 oom_where(where, c->s, last->e, NR_OOM_PARTS), "%s", "");
    }
}
