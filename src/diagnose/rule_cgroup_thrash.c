/* rule_cgroup_thrash.c - a cgroup reclaims at its own limit what it needs again. */
#include "diagnose/locality.h"
#include "diagnose/pain.h"

/* 100 pages a second that had just been there: each may be a wait for the device. */
#define BUSY_PAGES       100.0
/* Without pressure figures of the group: what would keep a disk with 100 random reads a second
 * busy. */
#define BUSY_PAGES_BLIND 800.0
/* Of its limit: where its nodes have less to give, a larger limit is met by the node. */
#define ROOM_PART        4

static bool is_below(const struct snapshot *s, u32 group, const struct cgroup_view *above)
{
    for (unsigned depth = 0; group < s->cgroups.count && depth < 1000; depth++) {
        if (&s->cgroups.items[group] == above)
            return true;
        group = s->cgroups.items[group].parent;
    }
    return false;
}

/* The nodes that its programs may have memory of, by their cpusets; 0: all, or it is not told. */
static u64 nodes_of_group(const struct snapshot *s, const struct cgroup_view *g)
{
    u64 all = 0, nodes = 0;

    for (size_t i = 0; i < MIN(s->nodes.count, (size_t)64); i++)
        if (figure_or(s->nodes.items[i].total, 0))
            all |= BIT_ULL(i);
    vec_for_each (&s->processes, p)
        if (is_below(s, p->group, g))
            nodes |= nodes_of_list(s, p->mems_allowed) & all;
    return nodes == all ? 0 : nodes;
}

/* Free there, and cache that is not in use. */
static u64 left_on(const struct snapshot *s, u64 nodes)
{
    u64 sum = 0;

    for (size_t i = 0; i < MIN(s->nodes.count, (size_t)64); i++)
        if (nodes >> i & 1)
            sum = figure_add(sum, figure_add(s->nodes.items[i].free,
                                             figure_or(s->nodes.items[i].inactive_file, 0)));
    return sum;
}

/* What its limit could be raised by: of a group in a cpuset that is what its nodes have, not what
 * the machine has. */
static void tell_room(struct rule_context *c, const struct cgroup_view *g)
{
    u64 nodes = nodes_of_group(c->s, g), left = nodes ? left_on(c->s, nodes) : UNKNOWN;

    if (!known(left)) {
        finding_detail(c, "It stands at %s of %s; the %s has %s available.", SIZE(g->current),
                       SIZE(g->max), c->s->nodes.count > 1 ? "machine" : "node",
                       known(c->f->available) ? LEFT_SIZE(c->f) : "an unknown amount");
        return;
    }
    finding_detail(
        c, "It stands at %s of %s; its cpuset allows memory of node%s %s, with %s available.",
        SIZE(g->current), SIZE(g->max), nodes & (nodes - 1) ? "s" : "", NODES(nodes), SIZE(left));
    if (left < g->max / ROOM_PART)
        finding_detail(c,
                       "A larger memory.max alone moves the shortage to the node: give %s more "
                       "nodes as well.",
                       group_file(g, "cpuset.mems"));
    evidence_shown(c, "available on its nodes", number_of(left), IN_BYTES, part_names[PART_NODES]);
}

static void tell(struct rule_context *c, const struct cgroup_view *g,
                 const struct group_figures *gf, enum severity severity)
{
    const struct pressure *p = &gf->pain;
    double anon = gf->rate[GC_WORKINGSET_REFAULT_ANON], file = gf->rate[GC_WORKINGSET_REFAULT_FILE];
    bool hits = gf->event_rate[EV_MAX] > 0 || gf->event_rate[EV_HIGH] > 0;

    finding_add(c, severity, pain_known(p) && hits ? CONF_HIGH : CONF_MEDIUM, g->path,
                pain_weight(p), "%s thrashes at its limit: %s are wanted again", g->path,
                AMOUNT(gf->refaults, IN_PAGES_PER_S));
    finding_detail(c, anon > file ? "Most of them come back from swap."
                                  : "Most of them are file pages, read again.");
    if (known(g->max) && g->max < NO_LIMIT && known(g->current))
        tell_room(c, g);
    evidence(c, "workingset_refault_file", file, IN_PAGES_PER_S, group_file(g, "memory.stat"), "%s",
             "");
    evidence(c, "workingset_refault_anon", anon, IN_PAGES_PER_S, group_file(g, "memory.stat"), "%s",
             "");
    evidence(c, "refaults", gf->refaults, IN_PAGES_PER_S, group_file(g, "memory.stat"),
             "over %.0f pages/s", BUSY_PAGES);
    evidence_shown(c, "memory.current", number_of(g->current), IN_BYTES,
                   group_file(g, "memory.current"));
    evidence_shown(c, "memory.max", known(g->max) && g->max < NO_LIMIT ? number_of(g->max) : NAN,
                   IN_BYTES, group_file(g, "memory.max"));
    evidence_shown(
        c, c->s->nodes.count > 1 ? "MemAvailable of the machine" : "MemAvailable of the node",
        number_of(c->f->available), IN_BYTES, "/proc/meminfo");
    evidence(c, "pgmajfault", gf->rate[GC_PGMAJFAULT], IN_EVENTS_PER_S,
             group_file(g, "memory.stat"), "%s", "");
    evidence(c, "limit reached (max)", gf->event_rate[EV_MAX], IN_EVENTS_PER_S,
             group_file(g, g->version == 1 ? "memory.failcnt" : "memory.events"), "over 0");
    evidence_pressure(c, "lost to memory", p, group_file(g, "memory.pressure"));
}

void rule_cgroup_thrash(struct rule_context *c)
{
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];
        enum severity severity = pain_group_severity(&gf->pain);

        if (!wants_group(c, g) || !group_at_own_limit(g, gf) || !(gf->refaults >= BUSY_PAGES))
            continue;
        if (!pain_known(&gf->pain))
            severity = gf->refaults >= BUSY_PAGES_BLIND ? SEV_WARNING : SEV_INFO;
        tell(c, g, gf, MAX(severity, SEV_INFO));
    }
}
