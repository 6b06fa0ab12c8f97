/* buddyinfo.c - /proc/buddyinfo: free blocks by order, for every zone with memory. */
#include "procfs/procfs.h"

#include <inttypes.h>

void render_buddyinfo(const struct system *s, struct strbuf *out)
{
    static const char *const names[NR_ZONES] = {"DMA", "DMA32", "Normal", "Movable"};

    for (unsigned i = 0; i < NR_ZONES; i++) {
        const struct zone *z = &s->frames.zones[i];

        if (!zone_populated(z))
            continue;
        strbuf_printf(out, "Node 0, zone %8s ", names[i]);
        for (unsigned order = 0; order < ORDER_MAX; order++)
            strbuf_printf(out, "%6" PRIu64 " ", z->nr_free[order]);
        strbuf_appendc(out, '\n');
    }
}
