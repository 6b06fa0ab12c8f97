/* kmem.h - what reclaim and the page cache ask of the object caches, which live in a room above.
 *
 * slab/ fills this in; where nobody did (the tests of a lower room), kernel objects cost nothing. */
#ifndef RECLAIM_KMEM_H
#define RECLAIM_KMEM_H

#include "base/types.h"

struct group;
struct pgdat;

struct kmem {
    void *ctx;
    /* delta tree nodes of the page cache came or went, paid by this group (0: by nobody). Never waits. */
    void (*tree_nodes)(void *ctx, u16 memcg, s64 delta);
    /* Drop objects of g that can be rebuilt, as many as this priority asks for. Returns the frames that became free. */
    u64 (*shrink)(void *ctx, struct group *g, int priority);
};

#endif
