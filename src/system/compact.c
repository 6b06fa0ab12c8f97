/* compact.c - see compact.h. */
#include "system/compact.h"

#include "balance/kcompactd.h"
#include "reclaim/lru.h"

void system_compact(struct system *s, unsigned nid)
{
    lru_add_drain_all(&s->mem);
    for (unsigned i = 0; i < s->frames.nr_nodes; i++)
        if (nid == MAX_NUMNODES || nid == i)
            compact_node(&s->mem, &s->frames.nodes[i]);
}
