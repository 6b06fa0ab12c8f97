/* topology.c - see topology.h.
 *
 * What is said is checked against itself first, node by node; then what was left open is filled
 * in. */
#include "machine/topology.h"

#include "base/masklist.h"
#include "base/units.h"

#include <ctype.h>
#include <string.h>

/* --- one node --------------------------------------------------------------------------------- */

static int set_distance(struct node_spec *node, const char *value, struct err *e)
{
    u8 distance[MAX_NUMNODES];
    unsigned nr = 0;

    while (*value) {
        unsigned n = 0;

        if (*value == ' ' || *value == ',' || *value == '\t') {
            value++;
            continue;
        }
        for (; isdigit((unsigned char)*value) && n <= DISTANCE_MAX; value++)
            n = n * 10 + (unsigned)(*value - '0');
        if ((*value && *value != ' ' && *value != ',' && *value != '\t') || n < LOCAL_DISTANCE ||
            n > DISTANCE_MAX)
            return err_set(e, -EINVAL,
                           "a distance is a number from %u (the node itself) to %u, as in '10 21'",
                           LOCAL_DISTANCE, DISTANCE_MAX);
        if (nr == MAX_NUMNODES)
            return err_set(e, -EINVAL, "more than %u distances", MAX_NUMNODES);
        distance[nr++] = (u8)n;
    }
    if (!nr)
        return err_set(e, -EINVAL, "no distance; want one for each node, as in '10 21'");
    memcpy(node->distance, distance, nr);
    node->nr_distances = (u8)nr;
    return 0;
}

static int set_ram(struct node_spec *node, const char *value, struct err *e)
{
    u64 bytes;
    int rc = parse_size(value, &bytes, e);

    if (rc)
        return rc;
    if (bytes % NODE_RAM_UNIT)
        return err_set(e, -EINVAL, "the memory of a node is a multiple of 32M, not %s", value);
    node->ram_bytes = bytes;
    node->has_ram = true;
    return 0;
}

void topology_spec_name(struct topology_spec *spec, unsigned nid)
{
    spec->node[nid].named = true;
    spec->nr = MAX(spec->nr, nid + 1);
}

int topology_spec_set(struct topology_spec *spec, unsigned nid, const char *key, const char *value,
                      struct err *e)
{
    struct node_spec *node = &spec->node[nid];
    int rc;

    if (strcmp(key, "ram") == 0) {
        rc = set_ram(node, value, e);
    } else if (strcmp(key, "cpus") == 0) {
        rc = parse_masklist(value, "CPU", &node->cpus, e);
        node->has_cpus |= rc == 0;
    } else if (strcmp(key, "distance") == 0) {
        rc = set_distance(node, value, e);
    } else {
        return err_set(e, -ENOENT, "unknown key '%s' of a node; known: ram, cpus, distance", key);
    }
    if (rc == 0)
        topology_spec_name(spec, nid);
    return rc;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int settle_ram(struct topology *t, const struct topology_spec *spec,
                      const struct topology_want *want, unsigned *ret_nid, struct err *e)
{
    char sum[UNITS_TEXT_MAX], ram[UNITS_TEXT_MAX];
    u64 total = 0, share;
    bool said = false;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        said |= spec->node[nid].has_ram;
    if (!said) {
        share = ROUND_DOWN(want->ram_bytes / t->nr_nodes, (u64)NODE_RAM_UNIT);
        if (!share && t->nr_nodes > 1)
            return err_set(e, -EINVAL, "%u nodes need at least 32M of RAM each", t->nr_nodes);
        for (unsigned nid = 0; nid < t->nr_nodes; nid++)
            t->ram_bytes[nid] = share;
        t->ram_bytes[t->nr_nodes - 1] = want->ram_bytes - share * (t->nr_nodes - 1);
        return 0;
    }
    for (unsigned nid = 0; nid < t->nr_nodes; nid++) {
        *ret_nid = nid;
        if (!spec->node[nid].has_ram)
            return err_set(
                e, -EINVAL,
                "node %u: no ram; say how much every node has (0 for none), or no node's", nid);
        t->ram_bytes[nid] = spec->node[nid].ram_bytes;
        total += t->ram_bytes[nid];
    }
    *ret_nid = MAX_NUMNODES;
    if (!total)
        return err_set(e, -EINVAL, "no node has memory");
    if (want->ram_given && total != want->ram_bytes)
        return err_set(e, -EINVAL, "the nodes have %s of RAM together, and the machine %s",
                       format_size(sum, total), format_size(ram, want->ram_bytes));
    return 0;
}

/* CPUs as the nodes name them: each in one node, and all of them. */
static int take_cpus(struct topology *t, const struct topology_spec *spec,
                     const struct topology_want *want, unsigned *ret_nid, struct err *e)
{
    u64 seen = 0, all;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++) {
        u64 cpus = spec->node[nid].cpus;

        *ret_nid = nid;
        if (seen & cpus)
            return err_set(e, -EINVAL, "node %u: CPU %u is part of another node already", nid,
                           (unsigned)__builtin_ctzll(seen & cpus));
        seen |= cpus;
        if (want->cpus_given && cpus && (unsigned)log2_floor(cpus) >= want->nr_cpus)
            return err_set(e, -EINVAL, "node %u: there is no CPU %u: the machine has %u", nid,
                           (unsigned)log2_floor(cpus), want->nr_cpus);
        t->cpus[nid] = cpus;
    }
    *ret_nid = MAX_NUMNODES;
    if (!seen)
        return err_set(e, -EINVAL, "no node has CPUs");
    t->nr_cpus = want->cpus_given ? want->nr_cpus : (unsigned)log2_floor(seen) + 1;
    all = UINT64_MAX >> (64 - t->nr_cpus);
    if (seen != all)
        return err_set(e, -EINVAL, "CPU %u is part of no node",
                       (unsigned)__builtin_ctzll(all & ~seen));
    return 0;
}

static int settle_cpus(struct topology *t, const struct topology_spec *spec,
                       const struct topology_want *want, unsigned *ret_nid, struct err *e)
{
    bool said = false;
    int rc;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        said |= spec->node[nid].has_cpus;
    if (said) {
        rc = take_cpus(t, spec, want, ret_nid, e);
        if (rc)
            return rc;
    } else {
        t->nr_cpus = want->cpus_given ? want->nr_cpus : MAX(want->nr_cpus, t->nr_nodes);
        for (unsigned cpu = 0; cpu < t->nr_cpus; cpu++)
            t->cpus[cpu * t->nr_nodes / t->nr_cpus] |= BIT_ULL(cpu);
    }
    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        for (unsigned cpu = 0; cpu < t->nr_cpus; cpu++)
            if (t->cpus[nid] >> cpu & 1)
                t->cpu_nid[cpu] = (u8)nid;
    return 0;
}

static int settle_distance(struct topology *t, const struct topology_spec *spec, unsigned *ret_nid,
                           struct err *e)
{
    for (unsigned from = 0; from < t->nr_nodes; from++) {
        const struct node_spec *node = &spec->node[from];

        *ret_nid = from;
        if (node->nr_distances && node->nr_distances != t->nr_nodes)
            return err_set(e, -EINVAL, "node %u: %u distances, and the machine has %u nodes", from,
                           node->nr_distances, t->nr_nodes);
        for (unsigned to = 0; to < t->nr_nodes; to++) {
            const struct node_spec *other = &spec->node[to];
            unsigned distance = from == to ? LOCAL_DISTANCE : REMOTE_DISTANCE;

            if (node->nr_distances)
                distance = node->distance[to];
            else if (other->nr_distances > from)
                distance = other->distance[from];
            if ((distance == LOCAL_DISTANCE) != (from == to))
                return err_set(e, -EINVAL,
                               "node %u: the distance to %s is %u; want %u for the node itself and "
                               "more for every other",
                               from, from == to ? "itself" : "another node", distance,
                               LOCAL_DISTANCE);
            t->distance[from][to] = (u8)distance;
        }
    }
    return 0;
}

int topology_init(struct topology *t, const struct topology_spec *spec,
                  const struct topology_want *want, unsigned *ret_nid, struct err *e)
{
    *t = (struct topology){.nr_nodes = want->nodes_given ? want->nr_nodes : MAX(spec->nr, 1u)};
    *ret_nid = MAX_NUMNODES;
    if (t->nr_nodes < 1 || t->nr_nodes > MAX_NUMNODES)
        return err_set(e, -EINVAL, "%u nodes: want 1 to %u", t->nr_nodes, MAX_NUMNODES);
    if (want->nr_cpus < 1 || want->nr_cpus > CPUS_MAX)
        return err_set(e, -EINVAL, "%u CPUs: want 1 to %u", want->nr_cpus, CPUS_MAX);
    if (spec->nr > t->nr_nodes) {
        *ret_nid = spec->nr - 1;
        return err_set(e, -EINVAL, "there is no node %u: the machine has %u (nodes = %u)",
                       spec->nr - 1, t->nr_nodes, t->nr_nodes);
    }
    for (unsigned nid = 0; !want->nodes_given && nid < spec->nr; nid++)
        if (!spec->node[nid].named)
            return err_set(e, -EINVAL, "node %u is missing: nodes are numbered from 0", nid);
    if (settle_ram(t, spec, want, ret_nid, e) || settle_cpus(t, spec, want, ret_nid, e))
        return -EINVAL;
    for (unsigned nid = 0; nid < t->nr_nodes; nid++) {
        *ret_nid = nid;
        if (!t->ram_bytes[nid] && !t->cpus[nid])
            return err_set(e, -EINVAL, "node %u has neither memory nor CPUs", nid);
    }
    if (settle_distance(t, spec, ret_nid, e))
        return -EINVAL;
    *ret_nid = MAX_NUMNODES;
    return 0;
}

void topology_single(struct topology *t, u64 ram_bytes, unsigned nr_cpus)
{
    *t = (struct topology){.nr_nodes = 1, .nr_cpus = nr_cpus};
    t->ram_bytes[0] = ram_bytes;
    t->cpus[0] = nr_cpus ? UINT64_MAX >> (64 - MIN(nr_cpus, CPUS_MAX)) : 0;
    t->distance[0][0] = LOCAL_DISTANCE;
}

u64 topology_ram_bytes(const struct topology *t)
{
    u64 total = 0;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        total += t->ram_bytes[nid];
    return total;
}

u64 topology_memory_nodes(const struct topology *t)
{
    u64 nodes = 0;

    for (unsigned nid = 0; nid < t->nr_nodes; nid++)
        if (t->ram_bytes[nid])
            nodes |= BIT_ULL(nid);
    return nodes;
}
