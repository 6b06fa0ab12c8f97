/* slabinfo.c - /proc/slabinfo: one line per object cache, newest cache first, as 6.1 prints version
 * 2.1 of it.
 *
 * Tunables are those of another allocator and 0; active_slabs is the number of slabs, as SLUB has
 * it. */
#include "procfs/procfs.h"

#include <inttypes.h>

void render_slabinfo(const struct system *s, struct strbuf *out)
{
    strbuf_append(out, "slabinfo - version: 2.1\n"
                       "# name            <active_objs> <num_objs> <objsize> <objperslab> "
                       "<pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata "
                       "<active_slabs> <num_slabs> <sharedavail>\n");
    for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
        const struct slab_cache *c = &s->slab.caches[id];

        strbuf_printf(out,
                      "%-17s %6" PRIu64 " %6" PRIu64 " %6u %4u %4u : tunables %4u %4u %4u : "
                      "slabdata %6" PRIu64 " %6" PRIu64 " %6u\n",
                      c->info->name, slab_count_active(&s->slab, (enum slab_id)id), c->nr_objects,
                      c->geo.size, c->geo.objects, 1u << c->geo.order, 0u, 0u, 0u, c->nr_slabs,
                      c->nr_slabs, 0u);
    }
}
