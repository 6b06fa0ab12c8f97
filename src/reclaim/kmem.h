/* kmem.h - what reclaim and the page cache ask of the object caches, which live in a room above.
 *
 * slab/ fills this in; where nobody did (the tests of a lower room), kernel objects cost
 * nothing. */
#ifndef RECLAIM_KMEM_H
#define RECLAIM_KMEM_H

#include "base/types.h"

struct group;
struct mem;

enum kmem_object {
    KMEM_TREE_NODE,   /* of the page cache */
    KMEM_BUFFER_HEAD, /* of a page that was written, or that is the disk's own */
};

struct kmem {
    void *ctx;
    /* delta of these came or went, paid by this group (0: by nobody). Never waits. */
    void (*objects)(void *ctx, enum kmem_object what, u16 memcg, s64 delta);
    /* Drop objects of g that can be rebuilt, as many as this priority asks for. Returns the frames
     * that became free. */
    u64 (*shrink)(void *ctx, struct group *g, unsigned nid, int priority);
};

#endif
