/* rule_cgroup_near_max.c - a cgroup whose limit is filled with memory it cannot give back. */
#include "diagnose/cause.h"
#include "diagnose/containers.h"
#include "diagnose/pain.h"

#include <string.h>

/* Percent of the limit that only swap or its owner gives back. */
#define FIRM_SHARE 90.0
/* Without swap the rest is all that is left before a kill: a twentieth is what a program's size
 * varies by anyway. */
#define FIRM_END   95.0

/* Percent of the limit, where nothing says what is in it. */
#define USED_SHARE 95.0
#define USED_END   98.0

/* Kills that its counters tell make a full group no forecast. */
static bool tell_kills(struct rule_context *c, const struct cgroup_view *g)
{
    u64 kills = g->events[EV_OOM_KILL];

    if (!known(kills) || kills == 0)
        return false;
    vec_last(&c->out->items).severity = MAX(vec_last(&c->out->items).severity, SEV_WARNING);
    vec_last(&c->out->items).weight = CAUSE_WEIGHT;
    finding_detail(c, "Its limit has killed %s times.", AMOUNT((double)kills, IN_COUNT));
    evidence(c, "oom_kill", (double)kills, IN_COUNT, group_file(g, "memory.events"), "over 0");
    return true;
}

/* A node with so much available, in percent, has room, whatever kubectl top counts. */
#define NODE_PLENTY 25.0

/* "kubectl top nodes": what a node uses of what it may give to pods. The kernel has no limit
 * there. */
static void from_node(struct rule_context *c, const struct cgroup_view *g)
{
    double used = share_of(g->current, g->max);
    const struct cgroup_view *most = NULL;
    bool has_room = known(c->f->available) && c->f->available_share > NODE_PLENTY;

    if (!(used >= USED_SHARE))
        return;
    finding_add(c, has_room ? SEV_INFO : SEV_WARNING, CONF_MEDIUM, g->path,
                has_room ? 0.2 : cause_weight(c, 0.4, used), "%s uses %s of its memory: %s of %s",
                g->path + 1, AMOUNT(used, IN_PERCENT), SIZE(g->current), SIZE(g->max));
    vec_last(&c->out->items).cause = CAUSE_WORKING_SET;
    finding_detail(c, "kubectl top counts the working set: cache that was read more than once "
                      "(active_file) is used, too.");
    if (has_room) {
        finding_detail(c,
                       "%s (%s) are available in the same text: most of it is cache, or the "
                       "figures are of another node or time.",
                       SIZE(c->f->available), AMOUNT(c->f->available_share, IN_PERCENT));
        evidence(c, "available", c->f->available_share, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
                 NODE_PLENTY);
        evidence_shown(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo");
    }
    vec_for_each (&c->s->cgroups, other)
        if (known(other->current) && !other->is_root && strlen(other->path) > 1 &&
            !cgroup_is_node(other) && (!most || other->current > most->current))
            most = other;
    if (most) {
        finding_detail(c, "The largest of the pods in this text is %s with %s.", most->path + 1,
                       SIZE(most->current));
        evidence_shown(c, "largest pod", number_of(most->current), IN_BYTES, "the table");
    }
    evidence(c, "use", number_of(g->current), IN_BYTES, "the table", "%s", "");
    evidence(c, "what it may give", number_of(g->max), IN_BYTES, "the table", "%s", "");
    evidence(c, "share of that", used, IN_PERCENT, "the table", "over %.0f %%", USED_SHARE);
}

/* A container that has read so many times its limit from disk reads more than fits into it, or the
 * same again. */
#define READ_AGAIN 10

/* "docker stats" has what was read from disk since the container started: reads that fill the limit
 * again and again are of file cache. */
static void tell_blocks(struct rule_context *c, const struct cgroup_view *g, const char *name)
{
    const struct container_view *v = container_find(c->s, g->path);

    if (!v || !known(v->blocks_read) || v->blocks_read > (u64)1 << 60)
        return;
    if (v->blocks_read / READ_AGAIN >= g->max) {
        finding_title(c,
                      "%s stands at its limit (%s of %s), and has read %s from disk since it "
                      "started: likely its file cache is evicted and read again",
                      name, SIZE(g->current), SIZE(g->max), SIZE(v->blocks_read));
        finding_detail(c, "workingset_refault_file in its memory.stat and its memory.pressure "
                          "would prove it; a program that reads much once does so, too.");
    } else if (v->blocks_read < g->max / READ_AGAIN) {
        finding_detail(c,
                       "It has read only %s from disk since it started, so what fills it is no "
                       "cache of files that it read.",
                       SIZE(v->blocks_read));
    }
    evidence_shown(c, "BLOCK I/O, read", number_of(v->blocks_read), IN_BYTES, "the table");
}

/* Newer versions of docker stats leave inactive file cache out: a container that evicts and reads
 * again looks as if it had room. */
#define READ_FAR_AGAIN 100
#define ROOMY_SHARE    50.0

static void from_reads(struct rule_context *c, const struct cgroup_view *g, const char *name,
                       double used)
{
    const struct container_view *v = container_find(c->s, g->path);

    if (!v || !(used >= ROOMY_SHARE) || !known(v->blocks_read) || v->blocks_read > (u64)1 << 60 ||
        v->blocks_read / READ_FAR_AGAIN < g->max)
        return;
    finding_add(c, SEV_INFO, CONF_LOW, g->path, 0.2,
                "%s has read %s from disk since it started, and its limit is %s, of which %s is "
                "used: its file cache may be evicted and read again",
                name, SIZE(v->blocks_read), SIZE(g->max), SIZE(g->current));
    finding_detail(c, "Newer versions of docker stats leave inactive file cache out of the use, so "
                      "that the limit may be reached all the same. workingset_refault_file in its "
                      "memory.stat and its memory.pressure would prove it; a program that reads "
                      "much once, or runs for long, does so, too.");
    evidence_shown(c, "BLOCK I/O, read", number_of(v->blocks_read), IN_BYTES, "the table");
    evidence_shown(c, "use", number_of(g->current), IN_BYTES, "the table");
    evidence_shown(c, "limit", number_of(g->max), IN_BYTES, "the table");
}

/* A table of containers has use and limit alone. */
static void from_usage(struct rule_context *c, const struct cgroup_view *g)
{
    double used = share_of(g->current, g->max);
    const char *name = group_said(c, g) + (group_said(c, g) == g->path);

    if (!(used >= USED_SHARE)) {
        from_reads(c, g, name, used);
        return;
    }
    finding_add(c, used >= USED_END ? SEV_WARNING : SEV_INFO, CONF_MEDIUM, g->path,
                cause_weight(c, 0.4, used), "%s stands at its limit: %s of %s (%s)", name,
                SIZE(g->current), SIZE(g->max), AMOUNT(used, IN_PERCENT));
    if (tell_kills(c, g))
        finding_title(c, "%s stands at its limit: %s of %s (%s), which has killed %s times", name,
                      SIZE(g->current), SIZE(g->max), AMOUNT(used, IN_PERCENT),
                      AMOUNT((double)g->events[EV_OOM_KILL], IN_COUNT));
    vec_last(&c->out->items).cause = CAUSE_USE_AT_LIMIT;
    finding_detail(c,
                   "How much of it is file cache that would give way, this text does not say: "
                   "see memory.stat. What it cannot give back makes the next allocation a kill.");
    if (!(known(g->events[EV_OOM_KILL]) && g->events[EV_OOM_KILL]))
        tell_blocks(c, g, name);
    evidence(c, "use", number_of(g->current), IN_BYTES, "the table", "%s", "");
    evidence(c, "limit", number_of(g->max), IN_BYTES, "the table", "%s", "");
    evidence(c, "share of the limit", used, IN_PERCENT, "the table", "over %.0f %%", USED_SHARE);
}

/* What memory.stat has of the kernel's own: as one figure since 5.18, as its parts before; none of
 * it on v1. */
static u64 kernel_told(const struct cgroup_view *g)
{
    static const enum counter parts[] = {NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE,
                                         NR_KERNEL_STACK, NR_PAGE_TABLE_PAGES, MEMCG_PERCPU};
    u64 sum = 0;

    if (known(g->stat[MEMCG_KERNEL]))
        return g->stat[MEMCG_KERNEL];
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
        sum += figure_or(g->stat[parts[i]], 0);
    return sum;
}

/* Charged and neither anonymous nor file: what the kernel holds for the group. UNKNOWN where the
 * others are not told. */
static u64 kernel_charged(const struct cgroup_view *g)
{
    u64 rest = g->current;

    if (!known(rest) || !known(g->stat[NR_ANON_PAGES]) || !known(g->stat[NR_FILE_PAGES]))
        return g->stat[MEMCG_KERNEL];
    rest -= MIN(rest, g->stat[NR_ANON_PAGES]);
    rest -= MIN(rest, g->stat[NR_FILE_PAGES]);
    return MAX(rest, kernel_told(g));
}

/* Is there room in swap for what this group has? */
static bool swap_takes(const struct rule_context *c, const struct cgroup_view *g)
{
    u64 left = swap_room_of(c->s, g);

    return known(left) && left > 0;
}

/* What fills it, in the words of whoever looks at one container's files. */
static void tell_contents(struct rule_context *c, const struct cgroup_view *g,
                          const struct group_figures *gf)
{
    const struct {
        const char *name;
        u64 bytes;
    } kinds[] = {
        {"anonymous memory: heaps", g->stat[NR_ANON_PAGES]},
        {"shared memory and tmpfs (/dev/shm, emptyDir in memory)", g->stat[NR_SHMEM]},
        {"kernel memory charged to it (slab, sockets, page tables), which no process owns",
         kernel_charged(g)},
    };
    const char *path = group_said(c, g);
    unsigned most = 0;

    for (unsigned i = 1; i < ARRAY_SIZE(kinds); i++)
        if (figure_or(kinds[i].bytes, 0) > figure_or(kinds[most].bytes, 0))
            most = i;
    if (!known(kinds[most].bytes))
        return;
    finding_title(c, "%s is full: %s of its %s is %s", path, SIZE(kinds[most].bytes), SIZE(g->max),
                  kinds[most].name);
    evidence_shown(c, "most of it", number_of(kinds[most].bytes), IN_BYTES,
                   group_file(g, "memory.stat"));
    if (swap_takes(c, g))
        finding_detail(c, "%s of it is no cache; swap has %s free for what is anonymous.",
                       SIZE(gf->firm), SIZE(swap_room_of(c->s, g)));
    else
        finding_detail(c, "%s cannot be reclaimed without swap.", SIZE(gf->firm));
    evidence_shown(c, "not reclaimable, without swap", number_of(gf->firm), IN_BYTES,
                   group_file(g, "memory.stat"));
    if (tell_kills(c, g))
        finding_title(c, "%s is full: %s of its %s is %s, and its limit has killed %s times", path,
                      SIZE(kinds[most].bytes), SIZE(g->max), kinds[most].name,
                      AMOUNT((double)g->events[EV_OOM_KILL], IN_COUNT));
    evidence(c, "limit", number_of(g->max), IN_BYTES, group_file(g, "memory.max"), "%s", "");
}

/* Statistics of a group that somebody pasted without its limit: what there is most of. */
static void from_contents(struct rule_context *c, const struct cgroup_view *g)
{
    const struct {
        const char *name;
        u64 bytes;
    } kinds[] = {
        {"anonymous memory: heaps", g->stat[NR_ANON_PAGES]},
        {"shared memory and tmpfs", g->stat[NR_SHMEM]},
        {"file cache",
         known(g->stat[NR_FILE_PAGES])
             ? g->stat[NR_FILE_PAGES] - MIN(figure_or(g->stat[NR_SHMEM], 0), g->stat[NR_FILE_PAGES])
             : UNKNOWN},
        {"reclaimable kernel objects (dentries and inodes), which give way like cache and which "
         "kubectl top counts as used",
         g->stat[NR_SLAB_RECLAIMABLE]},
        {"unreclaimable kernel objects", g->stat[NR_SLAB_UNRECLAIMABLE]},
    };
    u64 swap = g->swap_current;
    unsigned most = 0;

    for (unsigned i = 1; i < ARRAY_SIZE(kinds); i++)
        if (figure_or(kinds[i].bytes, 0) > figure_or(kinds[most].bytes, 0))
            most = i;
    if (!known(kinds[most].bytes) || kinds[most].bytes < MIB || !known(g->current) ||
        kinds[most].bytes > g->current)
        return;
    finding_add(c, SEV_INFO, CONF_MEDIUM, g->path, 0.3, "%s holds %s, %s of it %s",
                group_said(c, g), SIZE(g->current), SIZE(kinds[most].bytes), kinds[most].name);
    finding_detail(c, "Its limit is not in this text (memory.max, memory.limit_in_bytes).");
    if (known(swap) && swap > 0)
        finding_detail(c, "%s more of it is in swap.", SIZE(swap));
    evidence(c, "use", number_of(g->current), IN_BYTES, group_file(g, "memory.stat"), "%s", "");
    evidence(c, "most of it", number_of(kinds[most].bytes), IN_BYTES, group_file(g, "memory.stat"),
             "%s", "");
    evidence(c, "in swap", number_of(swap), IN_BYTES, group_file(g, "memory.stat"), "%s", "");
}

void rule_cgroup_near_max(struct rule_context *c)
{
    gap_cut(c, "whether all control groups are well", PART_CGROUPS);
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];
        double firm = share_of(gf->firm, g->max);
        bool no_swap = (known(g->swap_max) && g->swap_max == 0) ||
                       (known(c->f->swap_total) && c->f->swap_total == 0);
        bool hits = gf->event_rate[EV_MAX] > 0;
        /* Somebody looked because of trouble, and no swap is told of. */
        bool stands = c->s->pasted && share_of(g->current, g->max) >= USED_END &&
                      !(known(c->f->swap_total) && c->f->swap_total > 0);

        if (c->s->pasted && wants_group(c, g) && !g->is_root &&
            (!known(g->max) || g->max >= NO_LIMIT) && c->s->cgroups.count <= 3)
            from_contents(c, g);
        if (!wants_group(c, g) || !known(g->max) || g->max >= NO_LIMIT)
            continue;
        if (c->s->pasted && cgroup_is_node(g)) {
            from_node(c, g);
            continue;
        }
        if (!(firm >= FIRM_SHARE)) {
            if (c->s->pasted && !(share_of(gf->firm_most, g->max) < FIRM_SHARE))
                from_usage(c, g);
            continue;
        }
        /* With swap, or with some room, filled is a design (a database). Pushing against the wall
         * without swap ends soon. */
        bool takes = swap_takes(c, g);

        finding_add(c, (no_swap && (hits || firm >= FIRM_END)) || stands ? SEV_WARNING : SEV_INFO,
                    hits ? CONF_HIGH : CONF_MEDIUM, g->path,
                    stands ? cause_weight(c, 0.4, firm) : 0.4,
                    "%s is close to its limit: %s of %s cannot be reclaimed%s", g->path,
                    SIZE(gf->firm), SIZE(g->max),
                    no_swap                        ? ", and it has no swap"
                    : known(swap_room_of(c->s, g)) ? ", and its swap is full"
                                                   : " without swap");
        if (takes) {
            finding_title(c,
                          "%s is close to its limit: %s of %s is no cache; swap has %s free for "
                          "what is anonymous%s",
                          g->path, SIZE(gf->firm), SIZE(g->max), SIZE(swap_room_of(c->s, g)),
                          figure_or(c->f->pinned, 0) ? " and not pinned" : "");
            evidence_shown(c, "swap free for it", number_of(swap_room_of(c->s, g)), IN_BYTES,
                           "/proc/meminfo, memory.swap.max");
        }
        if (c->s->pasted)
            tell_contents(c, g, gf);
        evidence_shown(c, "of this", number_of(gf->firm), IN_BYTES, group_file(g, "memory.stat"));
        evidence_shown(c, "memory.max", number_of(g->max), IN_BYTES, group_file(g, "memory.max"));
        evidence(c, "not reclaimable, without swap", firm, IN_PERCENT, group_file(g, "memory.stat"),
                 "over %.0f %% of the limit", FIRM_SHARE);
        evidence(c, "anon", number_of(g->stat[NR_ANON_PAGES]), IN_BYTES,
                 group_file(g, "memory.stat"), "%s", "");
        evidence(c, "shmem", number_of(g->stat[NR_SHMEM]), IN_BYTES, group_file(g, "memory.stat"),
                 "%s", "");
        evidence(c, "limit reached (max)", gf->event_rate[EV_MAX], IN_EVENTS_PER_S,
                 group_file(g, g->version == 1 ? "memory.failcnt" : "memory.events"), "over 0");
    }
}
