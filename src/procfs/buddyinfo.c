/* buddyinfo.c - free blocks by order, for every zone with memory: /proc/buddyinfo, and what that
 * means for requests of each order, in extfrag/ of debugfs. */
#include "frames/fragmentation.h"
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

static void render_index(const struct system *s, struct strbuf *out,
                         void (*put)(const struct zone *z, unsigned order, struct strbuf *out))
{
    for (unsigned i = 0; i < s->frames.nr_zones; i++) {
        const struct zone *z = &s->frames.zones[i];

        if (!zone_populated(z))
            continue;
        strbuf_printf(out, "Node %u, zone %8s ", z->nid, z->name);
        for (unsigned order = 0; order < ORDER_MAX; order++)
            put(z, order, out);
        strbuf_appendc(out, '\n');
    }
}

/* Where the request would succeed the index is -1000; the kernel's division shows that as
 * -1.000. */
static void put_extfrag(const struct zone *z, unsigned order, struct strbuf *out)
{
    s32 index = zone_fragmentation_index(z, order);

    strbuf_printf(out, "%2d.%03d ", index / 1000, index % 1000);
}

static void put_unusable(const struct zone *z, unsigned order, struct strbuf *out)
{
    u32 index = zone_unusable_index(z, order);

    strbuf_printf(out, "%u.%03u ", index / 1000, index % 1000);
}

void render_extfrag_index(const struct system *s, struct strbuf *out)
{
    render_index(s, out, put_extfrag);
}

void render_unusable_index(const struct system *s, struct strbuf *out)
{
    render_index(s, out, put_unusable);
}
