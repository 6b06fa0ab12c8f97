/* buddyinfo.c - /proc/buddyinfo: free blocks by order, for every zone with memory. */
#include "procfs/procfs.h"

#include <inttypes.h>

void render_buddyinfo(const struct system *s, struct strbuf *out)
{
    for (unsigned i = 0; i < s->frames.nr_zones; i++) {
        const struct zone *z = &s->frames.zones[i];

        if (!zone_populated(z))
            continue;
        strbuf_printf(out, "Node %u, zone %8s ", z->nid, z->name);
        for (unsigned order = 0; order < ORDER_MAX; order++)
            strbuf_printf(out, "%6" PRIu64 " ", z->nr_free[order]);
        strbuf_appendc(out, '\n');
    }
}
