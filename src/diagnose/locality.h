/* locality.h - where a process runs and where its memory lies, as numa_maps and its allowed
 * processors say.
 *
 * Nodes are bits by their place in snapshot.nodes, of which the first 64 are looked at.
 */
#ifndef DIAGNOSE_LOCALITY_H
#define DIAGNOSE_LOCALITY_H

#include "diagnose/rule.h"

struct locality {
    u64 total;            /* bytes that numa_maps shows */
    u64 home;             /* nodes that it may run on */
    bool confined;        /* there are processors on others */
    u64 away;             /* bytes on nodes that it may not run on */
    u64 away_at;          /* those nodes */
    u64 remote;           /* of these, on nodes that have processors */
    u64 interleaved_away; /* of these, under a policy that interleaves */
    u64 told_away;        /* ... that binds, or prefers a node */
    u64 pool_away;        /* ... in huge pages of the pool (hugetlb) */
    u64 pool_page;        /* their size; 0: not told */
    bool own_policy;      /* of its own making (mbind): what numactl says holds for all mappings */
    size_t most_at;       /* the node with most of the remote bytes */
    u64 most;             /* bytes there */
    bool partial;         /* the table of it is cut: there is more */
};

/* The nodes of a list of processors, "0-3,8". 0: none is known. */
u64 nodes_of_cpus(const struct snapshot *s, const char *list);

/* False: the files do not say where it runs or where its memory lies. */
bool locality_of(const struct snapshot *s, const struct process_view *p, struct locality *ret);

/* The nodes of a list of their numbers. 0: none is known. */
u64 nodes_of_list(const struct snapshot *s, const char *list);

/* "0" or "0-1,3": the numbers of these nodes. Returns buf. */
char *nodes_text(char *buf, size_t size, const struct snapshot *s, u64 nodes);
#define NODES(nodes) nodes_text((char[64]){0}, 64, c->s, nodes) /* in a rule */

/* Bytes that are free on them; UNKNOWN. */
u64 nodes_free(const struct snapshot *s, u64 nodes);

/* Said to have no processors: memory of a slower tier (CXL, persistent memory). */
bool node_is_slow(const struct node_view *n);

/* What a process has on which node: "/proc/7/numa_maps", or "numastat -p 7" where that told it.
 * Returns buf. */
char *placement_source(char buf[64], const struct snapshot *s, const struct process_view *p);

/* Evidence of the finding added last: bytes of the process, under its name. */
void evidence_placed(struct rule_context *c, const struct process_view *p, double bytes);

/* A node that is nearly used up while another has plenty. */
struct spare {
    const struct node_view *full, *roomy; /* NULL: there is no such pair */
    bool free;                            /* roomy has it free, not in cache that can be dropped */
};
/* Percent of a node that is free or could be at once. */
#define NODE_EXHAUSTED 3.0
#define NODE_PLENTY    20.0

struct spare spare_find(const struct snapshot *s);
/* Next to nothing is left of it, or what kswapd keeps free where another node has plenty. */
bool node_is_exhausted(const struct snapshot *s, const struct node_view *n, bool plenty);
/* Free, and on the inactive list of files, in percent of the node; NAN. */
double node_left(const struct node_view *n);

#endif
