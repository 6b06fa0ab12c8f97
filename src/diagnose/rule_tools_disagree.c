/* rule_tools_disagree.c - a table of nodes or containers counts as used what free counts as cache.
 *
 *     free: used                     neither free nor cache
 *     kubectl top, docker stats      usage less inactive_file: cache that was read more than once counts
 *     podman stats, systemd-cgtop    usage: all cache counts
 *
 * What a container uses beyond all that is neither free nor cache on its machine can only be cache;
 * where its own memory.stat was pasted too, that says how much.
 */
#include "diagnose/left.h"
#include "diagnose/rule.h"

#include <string.h>

/* Percent of memory, or of what the table says: less is no question. */
#define MUCH 10.0
/* Percent by which figures of two moments and of rounding tools differ. */
#define SAME 10.0

static const char *name_of(const struct cgroup_view *g)
{
    static const char *const prefixes[] = {CGROUP_NODE_PREFIX, "/docker/", "/podman/"};

    for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++)
        if (strncmp(g->path, prefixes[i], strlen(prefixes[i])) == 0)
            return g->path + strlen(prefixes[i]);
    return g->path + 1;
}

/* Who printed the figure of this group. */
static const char *tool_of(const struct rule_context *c, const struct cgroup_view *g)
{
    if (cgroup_is_node(g))
        return "kubectl top";
    return strncmp(g->path, "/podman/", 8) == 0 ? "podman stats" : c->s->groups_from;
}

/* Does it leave inactive file pages out? */
static bool is_working_set(const char *tool)
{
    return strcmp(tool, "podman stats") != 0 && strstr(tool, "systemd") == NULL &&
           strstr(tool, "systemctl") == NULL;
}

static void tell_formula(struct rule_context *c, const char *tool)
{
    if (is_working_set(tool))
        finding_detail(c,
                       "It shows the working set, usage less inactive_file: cache that was read "
                       "more than once (active_file) counts as used and gives way all the same.");
    else
        finding_detail(c, "It shows memory.current, which counts all page cache.");
}

static bool is_about(u64 a, u64 b)
{
    return known(a) && known(b) && fabs((double)a - (double)b) <= (double)b * SAME / 100;
}

/* --- beside free or /proc/meminfo ------------------------------------------------------------- */

/* Programs, tmpfs and the kernel: neither free nor cache. UNKNOWN. */
static u64 firm_of(const struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 cache = figure_add(m[MI_CACHED], figure_or(m[MI_BUFFERS], 0)), taken;

    if (!known(cache) || !known(m[MI_MEM_FREE]) || !known(c->f->total))
        return UNKNOWN;
    /* tmpfs is counted with the cache, and does not give way. */
    cache -= MIN(cache, figure_or(m[MI_SHMEM], 0));
    taken = m[MI_MEM_FREE] + cache;
    return taken < c->f->total ? c->f->total - taken : UNKNOWN;
}

/* Is the node of the table the machine that free was run on? Its size, which the table has from a
 * rounded share, leaves out what is reserved for the system; its use lies between what is no cache
 * and what is not free. */
static bool is_this_machine(const struct rule_context *c, const struct cgroup_view *g, u64 firm)
{
    double total = (double)c->f->total, size = (double)g->max, use = (double)g->current;

    return known(g->max) && g->max < NO_LIMIT && size > total * 0.7 && size < total * 1.05 &&
           use > (double)firm * 0.9 && use < total - (double)c->s->meminfo[MI_MEM_FREE] * 0.9;
}

/* The table's row that says most beyond what free says; NULL. */
static const struct cgroup_view *most_beyond(const struct rule_context *c, u64 firm)
{
    const struct cgroup_view *most = NULL;

    vec_for_each (&c->s->cgroups, g) {
        if (!known(g->current) || g->is_root || g->current < firm ||
            (double)(g->current - firm) < (double)c->f->total * MUCH / 100)
            continue;
        if (cgroup_is_node(g) ? !is_this_machine(c, g, firm) : g->current > c->f->total)
            continue;
        if (!most || g->current > most->current)
            most = g;
    }
    return most;
}

static void beside_host(struct rule_context *c)
{
    const struct figures *f = c->f;
    u64 firm = firm_of(c), cache;
    const struct cgroup_view *g = known(firm) ? most_beyond(c, firm) : NULL;
    const char *tool;
    double share;

    if (!g || !known(f->available))
        return;
    tool = tool_of(c, g);
    cache = g->current - firm;
    share = share_of(g->current, g->max < NO_LIMIT ? g->max : UNKNOWN);
    finding_add(c, left_is_little(f) ? SEV_INFO : SEV_GOOD, CONF_HIGH, "host", 0.9, "%s", "");
    if (cgroup_is_node(g))
        finding_title(
            c,
            "%s of %s is available although %s says %s (%s) for %s: %s of that is active page "
            "cache, which it counts",
            LEFT_SIZE(f), SIZE(f->total), tool, SIZE(g->current), AMOUNT(share, IN_PERCENT),
            name_of(g), SIZE(cache));
    else
        finding_title(c,
                      "%s of %s is available although %s says %s for %s: at least %s of that is "
                      "page cache, which it counts",
                      LEFT_SIZE(f), SIZE(f->total), tool, SIZE(g->current), name_of(g),
                      SIZE(cache));
    tell_formula(c, tool);
    if (cgroup_is_node(g))
        finding_detail(c, "kubelet compares the same figure with its eviction threshold.");
    evidence(c, tool, number_of(g->current), IN_BYTES, "the table", "over %s", SIZE(firm));
    evidence_shown(c, "share of the node", cgroup_is_node(g) ? share : NAN, IN_PERCENT,
                   "the table");
    evidence_shown(c, "neither free nor cache", number_of(firm), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "the difference", number_of(cache), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "MemAvailable", number_of(f->available), IN_BYTES, "/proc/meminfo");
    evidence_shown(c, "MemTotal", number_of(f->total), IN_BYTES, "/proc/meminfo");
}

/* --- beside the group's own files, or its processes ------------------------------------------- */

static bool has_stat(const struct cgroup_view *g)
{
    return known(g->stat[NR_ANON_PAGES]) && known(g->stat[NR_FILE_PAGES]);
}

/* Whose statistics these are: of the row with the same use, or of the only row. */
static const struct cgroup_view *stat_of(const struct rule_context *c,
                                         const struct cgroup_view *row)
{
    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];

        if (has_stat(g) && !has_stat(row) && group_said(c, g) != g->path &&
            (is_about(gf->working_set, row->current) || is_about(g->current, row->current)))
            return g;
    }
    return NULL;
}

static bool beside_stat(struct rule_context *c, const struct cgroup_view *row)
{
    const struct cgroup_view *g = stat_of(c, row);
    u64 anon, file, cache;

    if (!g)
        return false;
    anon = g->stat[NR_ANON_PAGES];
    file = g->stat[NR_FILE_PAGES] - MIN(g->stat[NR_FILE_PAGES], figure_or(g->stat[NR_SHMEM], 0));
    /* What the tool took away was cache too. */
    cache = file - MIN(file, g->current > row->current ? g->current - row->current : 0);
    if (!(share_of(cache, row->current) >= MUCH))
        return false;
    finding_add(c, SEV_INFO, CONF_HIGH, row->path, 0.35,
                "%s says %s for %s: %s of that is page cache, which gives way, and %s anonymous "
                "memory",
                tool_of(c, row), SIZE(row->current), name_of(row), SIZE(cache), SIZE(anon));
    tell_formula(c, tool_of(c, row));
    evidence_shown(c, tool_of(c, row), number_of(row->current), IN_BYTES, "the table");
    evidence_shown(c, "page cache in it", number_of(cache), IN_BYTES, group_file(g, "memory.stat"));
    evidence_shown(c, "anon", number_of(anon), IN_BYTES, group_file(g, "memory.stat"));
    return true;
}

/* Resident memory of all processes of the text; UNKNOWN where it has only some. */
static u64 all_processes(const struct rule_context *c)
{
    const struct process_view *first = snapshot_process(c->s, 1);

    return first || c->s->processes_whole ? c->f->rss_sum : UNKNOWN;
}

static void beside_processes(struct rule_context *c, const struct cgroup_view *row)
{
    u64 rss = all_processes(c);
    u64 rest = known(rss) && rss < row->current ? row->current - rss : 0;

    if (rss == 0 || !(share_of(rest, row->current) >= MUCH) || rest < 16 * MIB)
        return;
    finding_add(c, SEV_INFO, CONF_MEDIUM, row->path, 0.35,
                "%s says %s for %s, and its processes hold %s: %s of it is no program's",
                tool_of(c, row), SIZE(row->current), name_of(row), SIZE(rss), SIZE(rest));
    finding_detail(c,
                   "That is page cache that was read or written here, files in tmpfs (/dev/shm, "
                   "emptyDir in memory), or kernel memory: memory.stat of its group says which.");
    tell_formula(c, tool_of(c, row));
    evidence_shown(c, tool_of(c, row), number_of(row->current), IN_BYTES, "the table");
    evidence_shown(c, "sum of RSS", number_of(rss), IN_BYTES, "the table of processes");
    evidence_shown(c, "the difference", number_of(rest), IN_BYTES, "the table");
}

/* The row of a table of containers that somebody asks about: the only one. */
static const struct cgroup_view *only_row(const struct rule_context *c)
{
    const struct cgroup_view *only = NULL;

    vec_for_each (&c->s->cgroups, g) {
        if (g->is_root || !known(g->current) || has_stat(g) || cgroup_is_node(g))
            continue;
        if (only)
            return NULL;
        only = g;
    }
    return only;
}

void rule_tools_disagree(struct rule_context *c)
{
    const struct cgroup_view *row;
    bool host = known(c->f->total);

    if (!c->s->pasted || !*c->s->groups_from || !wants_host(c))
        return;
    beside_host(c);
    row = only_row(c);
    if (row && !beside_stat(c, row) && !host)
        beside_processes(c, row);
}
