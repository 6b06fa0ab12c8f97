/* topology.h - which memory and which CPUs belong together: the nodes of a machine and how far they
 * are from each other.
 *
 * Mirrors:    what firmware tells Linux (the SRAT and SLIT tables), drivers/acpi/numa/srat.c:
 *             slit_valid().
 * Owns:       nothing: a pure function from what is wanted to a description.
 * Invariants: every CPU is part of one node; a node has memory or CPUs or both; distance[n][n] is
 *             LOCAL_DISTANCE and every other one is larger.
 *
 * Nodes have their memory one after the other in the physical address space (frames/ram_map.h), as
 * firmware lays them out.
 */
#ifndef MACHINE_TOPOLOGY_H
#define MACHINE_TOPOLOGY_H

#include "base/err.h"
#include "base/types.h"

#define MAX_NUMNODES     64u
#define CPUS_MAX         64u
#define LOCAL_DISTANCE   10u
#define REMOTE_DISTANCE  20u
#define RECLAIM_DISTANCE 30u  /* a node farther away is no neighbour: node_reclaim_distance */
#define DISTANCE_MAX     254u /* 255 says "unreachable" */
#define NODE_RAM_UNIT    (32 * MIB)

/* What is said of one node; what is not said follows from the others. */
struct node_spec {
    bool named, has_ram, has_cpus;
    u8 nr_distances; /* 0: not said */
    u8 distance[MAX_NUMNODES];
    u64 ram_bytes;
    u64 cpus; /* bit per CPU */
};

struct topology_spec {
    u32 nr; /* 1 + the highest node that anything is said of */
    struct node_spec node[MAX_NUMNODES];
};

/* The machine that the nodes must add up to. `given`: somebody said so, and it is no default. */
struct topology_want {
    u32 nr_nodes, nr_cpus;
    u64 ram_bytes;
    bool nodes_given, cpus_given, ram_given;
};

struct topology {
    unsigned nr_nodes, nr_cpus;
    u64 ram_bytes[MAX_NUMNODES];
    u64 cpus[MAX_NUMNODES]; /* bit per CPU */
    u8 cpu_nid[CPUS_MAX];
    u8 distance[MAX_NUMNODES][MAX_NUMNODES];
};

/* Say something of a node: key is "ram" (a size), "cpus" (a list: 0-3,8; may be empty) or
 * "distance" (numbers separated by blanks or commas: one for each node). 0; -ENOENT for an unknown
 * key; -EINVAL for the value.   pre: nid < MAX_NUMNODES */
int topology_spec_set(struct topology_spec *spec, unsigned nid, const char *key, const char *value,
                      struct err *e);

/* There is a node of this number, whatever else is said of it.   pre: nid < MAX_NUMNODES */
void topology_spec_name(struct topology_spec *spec, unsigned nid);

/* Work out the whole. 0, or -EINVAL; then *ret_nid is the node to blame, or MAX_NUMNODES for the
 * machine as such.
 *
 * Memory: as said, or the machine's in equal shares of 32 MiB units (the last node has the rest).
 * CPUs: as said, or in equal runs. Distances: as said, or what the other node says of the way back,
 * or REMOTE_DISTANCE. */
int topology_init(struct topology *t, const struct topology_spec *spec,
                  const struct topology_want *want, unsigned *ret_nid, struct err *e);

/* One node with everything. */
void topology_single(struct topology *t, u64 ram_bytes, unsigned nr_cpus);

u64 topology_ram_bytes(const struct topology *t);

static inline bool topology_has_cpus(const struct topology *t, unsigned nid)
{
    return t->cpus[nid] != 0;
}

/* Memory of the lower tier: a node with memory and without processors. */
static inline bool node_is_slow(const struct topology *t, unsigned nid)
{
    return t->ram_bytes[nid] && !t->cpus[nid];
}

static inline u64 topology_all_nodes(const struct topology *t)
{
    return UINT64_MAX >> (64 - t->nr_nodes);
}

u64 topology_memory_nodes(const struct topology *t);

#endif
