/* addrmap.h - from the addresses of a recording to those of a machine: ranges of pages, and how far
 * each was moved.
 *
 * Owns:       the ranges of one address space.
 * Invariants: (addrmap_check) sorted, disjoint, not empty. A range that was unmapped stays,
 * unmapped, until another takes its place: accesses that a recording puts a little behind the end
 * of a mapping go where it was.
 */
#ifndef WORKLOAD_ADDRMAP_H
#define WORKLOAD_ADDRMAP_H

#include "base/types.h"
#include "base/vec.h"
#include "space/pte.h"

struct addr_range {
    vpn_t start, end; /* pages of the recording, [start, end) */
    s64 moved;        /* pages from there to the machine's */
    bool mapped;
};

/* The last answers, by the 2 MiB that they are for. */
#define ADDR_CACHE 256u
struct addr_answer {
    vpn_t start;
    u64 nr; /* pages; 0: no answer */
    s64 moved;
};

struct addrmap {
    VEC(struct addr_range) ranges;
    struct addr_answer cache[ADDR_CACHE];
    bool cached; /* there is an answer in the cache */
};

void addrmap_init(struct addrmap *m);
void addrmap_done(struct addrmap *m);
void addrmap_copy(struct addrmap *to, const struct addrmap *from); /* pre: `to` is empty */
void addrmap_check(const struct addrmap *m);

/* [start, end) is mapped now, `moved` pages away; what was there before is forgotten. */
void addrmap_map(struct addrmap *m, vpn_t start, vpn_t end, s64 moved);

/* [start, end) is not mapped any more. */
void addrmap_unmap(struct addrmap *m, vpn_t start, vpn_t end);

/* The first range that ends above vpn, or NULL; and the one behind a range, or NULL. */
const struct addr_range *addrmap_find_after(const struct addrmap *m, vpn_t vpn);
const struct addr_range *addrmap_next(const struct addrmap *m, const struct addr_range *r);

/* How far the page is moved; 0 where nothing is known of it. For many calls between two changes. */
s64 addrmap_look_up(struct addrmap *m, vpn_t vpn);
static inline s64 addrmap_moved(struct addrmap *m, vpn_t vpn)
{
    const struct addr_answer *a = &m->cache[vpn >> 9 & (ADDR_CACHE - 1)];

    return likely(vpn - a->start < a->nr) ? a->moved : addrmap_look_up(m, vpn);
}

#endif
