/* rule_numa_imbalance.c - one node is exhausted while another has memory.
 *
 * What is not bound to a node overflows to the next before any node is reclaimed: every zone of the
 * list is tried above its low watermark first. So a node that stands at its watermarks while
 * another has plenty is well used, unless somebody is reclaimed or waits: then something is bound
 * to it (cpuset, mempolicy, numactl, a virtual machine), or numa_foreign says who is sent away.
 * With vm.zone_reclaim_mode on, a node is reclaimed before another one is asked, whoever asks: then
 * it is full of cache, most of which could be dropped, and the reclaim is what tells.
 */
#include "diagnose/locality.h"
#include "diagnose/pain.h"

/* Percent of a node: who has less does not fill it. */
#define HOLDER_PERCENT  20.0
/* Pages a second that wanted one node and came from another. */
#define FOREIGN_PAGES   256.0
/* Pages a second that are reclaimed though another node has plenty: 1 MiB/s. */
#define RECLAIMED       256.0
/* ... percent of all allocations that wanted this node, since boot. */
#define FOREIGN_PERCENT 1.0
/* Percent of all that was read since boot: half of the reads were for nothing. */
#define REREAD_PERCENT  50.0

/* Its cpuset lets it have memory of this node and no other. */
static bool has_only(const struct snapshot *s, const struct process_view *p, u32 node)
{
    u64 mems = nodes_of_list(s, p->mems_allowed);

    return mems && !(mems & (mems - 1)) && s->nodes.items[__builtin_ctzll(mems)].id == node;
}

/* Bytes on this node that could not be elsewhere, by policy or cpuset. */
static u64 tied_to(const struct snapshot *s, const struct process_view *p, u32 node)
{
    vec_for_each (&s->process_nodes, row)
        if (row->pid == p->pid && row->node == node)
            return has_only(s, p, node) ? row->bytes : row->bound;
    return 0;
}

/* Who has most of the node's memory and may have no other; NULL: nobody fills it so. */
static const struct process_view *most_tied(const struct snapshot *s, const struct node_view *node)
{
    const struct process_view *most = NULL;
    u64 bytes = 0;

    vec_for_each (&s->processes, p) {
        u64 tied = tied_to(s, p, node->id);

        if (tied > bytes) {
            bytes = tied;
            most = p;
        }
    }
    return most && share_of(bytes, node->total) >= HOLDER_PERCENT ? most : NULL;
}

/* What moves memory of a program that runs, while there is room. */
static void tell_move(struct rule_context *c, const struct process_view *p,
                      const struct spare *spare)
{
    char pid[16];

    if (!node_is_slow(spare->roomy))
        finding_detail(c, "\"migratepages %s %u %u\" moves its memory to node %u now.",
                       process_number(pid, p), spare->full->id, spare->roomy->id, spare->roomy->id);
}

/* ... and what would let it. */
static bool tell_who(struct rule_context *c, const struct spare *spare)
{
    const struct node_view *node = spare->full;
    const struct process_view *most = most_tied(c->s, node);
    u64 bytes = most ? tied_to(c->s, most, node->id) : 0;

    if (!most)
        return false;
    finding_detail(c, "%s has %s there and may have no other.", process_label((char[64]){0}, most),
                   SIZE(bytes));
    if (!has_only(c->s, most, node->id)) {
        finding_detail(c,
                       "Start it with \"numactl --preferred=%u\" or \"--interleave=all\" instead "
                       "of \"--membind=%u\".",
                       node->id, node->id);
        tell_move(c, most, spare);
    } else if (most->group < c->s->cgroups.count)
        finding_detail(c, "Its cpuset says so: give %s more nodes.",
                       group_file(&c->s->cgroups.items[most->group], "cpuset.mems"));
    evidence_placed(c, most, number_of(bytes));
    return true;
}

/* Who has most of the node's memory, whatever ties it there; NULL: nobody fills it. */
static const struct process_view *most_on(const struct snapshot *s, const struct node_view *node,
                                          struct process_node_view *ret)
{
    *ret = (struct process_node_view){0};
    vec_for_each (&s->process_nodes, row)
        if (row->node == node->id && row->bytes > ret->bytes)
            *ret = *row;
    return share_of(ret->bytes, node->total) >= HOLDER_PERCENT ? snapshot_process(s, ret->pid)
                                                               : NULL;
}

/* Of a text: who is on the node as far as it says, and how to find out. */
static void tell_holder(struct rule_context *c, const struct spare *spare)
{
    const struct node_view *node = spare->full;
    struct process_node_view row;
    const struct process_view *most = most_on(c->s, node, &row);
    char pid[16];

    if (tell_who(c, spare))
        return;
    if (!most) {
        finding_detail(c, "Who is on it: \"numastat -p PATTERN\", or N%u= in /proc/PID/numa_maps.",
                       node->id);
        if (!node_is_slow(spare->roomy))
            finding_detail(c,
                           "\"migratepages PID %u %u\" moves its memory to node %u now; start what "
                           "is bound with \"numactl --preferred=%u\" instead of \"--membind=%u\".",
                           node->id, spare->roomy->id, spare->roomy->id, node->id, node->id);
        return;
    }
    finding_detail(c, "%s has %s there.", process_label((char[64]){0}, most), SIZE(row.bytes));
    if (!row.policies)
        finding_detail(c,
                       "If it is bound to it (\"bind\" in /proc/%s/numa_maps), start it with "
                       "\"numactl --preferred=%u\" or \"--interleave=all\" instead of "
                       "\"--membind=%u\".",
                       process_number(pid, most), node->id, node->id);
    else
        finding_detail(c, "No policy binds it: what it asks for now comes from another node.");
    tell_move(c, most, spare);
    evidence_placed(c, most, number_of(row.bytes));
}

/* vm.zone_reclaim_mode, where it is what has a node reclaimed before another one is asked; 0: it is
 * off, not known, or somebody may have no other node. */
static u64 mode_to_blame(const struct rule_context *c, const struct spare *spare)
{
    u64 mode = sysctl_value(c->s, "vm.zone_reclaim_mode");

    return spare->free && !most_tied(c->s, spare->full) ? figure_or(mode, 0) : 0;
}

static void tell_mode(struct rule_context *c)
{
    u64 mode = sysctl_value(c->s, "vm.zone_reclaim_mode");

    if (!known(mode) || mode == 0)
        return;
    finding_detail(c,
                   "vm.zone_reclaim_mode has a node reclaimed before another is asked: \"sysctl -w "
                   "vm.zone_reclaim_mode=0\" lets memory overflow instead.");
    evidence(c, "vm.zone_reclaim_mode", number_of(mode), IN_COUNT, part_names[PART_SYSCTL_VM],
             "over 0");
}

/* The title, and who or what is to blame. */
static void add(struct rule_context *c, enum severity severity, enum confidence confidence,
                double weight, const struct spare *spare)
{
    const struct node_view *full = spare->full, *roomy = spare->roomy;
    const char *room =
        SIZE(spare->free ? roomy->free : roomy->free + figure_or(roomy->inactive_file, 0));
    const char *how = spare->free ? "free" : "free or in cache that can be dropped";

    if (mode_to_blame(c, spare)) {
        finding_add(c, severity, confidence, "host", weight,
                    "Node %u (%s free of %s) is reclaimed while node %u has %s %s: "
                    "vm.zone_reclaim_mode says so",
                    full->id, SIZE(full->free), SIZE(full->total), roomy->id, room, how);
        vec_last(&c->out->items).cause = CAUSE_ZONE_RECLAIM;
    } else {
        finding_add(c, severity, confidence, "host", weight,
                    "Node %u is exhausted (%s of %s free) while node %u has %s %s", full->id,
                    SIZE(full->free), SIZE(full->total), roomy->id, room, how);
    }
}

static void show_nodes(struct rule_context *c, const struct spare *spare)
{
    const struct node_view *full = spare->full, *roomy = spare->roomy;

    bool cache = node_left(full) > NODE_EXHAUSTED;

    evidence(c, cache ? "free share of the exhausted node" : "left on the exhausted node",
             cache ? share_of(full->free, full->total) : node_left(full), IN_PERCENT,
             part_names[PART_NODES], "under %.0f %%, or at its watermarks", NODE_EXHAUSTED);
    evidence(c, "left on the other node", node_left(roomy), IN_PERCENT, part_names[PART_NODES],
             "over %.0f %%", NODE_PLENTY);
    evidence_shown(c, "free on the exhausted node", number_of(full->free), IN_BYTES,
                   part_names[PART_NODES]);
    evidence_shown(c, "size of the exhausted node", number_of(full->total), IN_BYTES,
                   part_names[PART_NODES]);
    evidence_shown(c, "free on the other node", number_of(roomy->free), IN_BYTES,
                   part_names[PART_NODES]);
    evidence_shown(c, "droppable cache there", number_of(roomy->inactive_file), IN_BYTES,
                   part_names[PART_NODES]);
}

/* Bytes of programs on the node, as far as is told. */
static u64 programs_on(const struct snapshot *s, const struct node_view *node)
{
    u64 bytes = 0;

    vec_for_each (&s->process_nodes, row)
        bytes += row->node == node->id ? row->bytes : 0;
    return bytes;
}

/* Does the text tell that what fills the node is not cache, which would give way? */
static bool is_told_to_stay(const struct snapshot *s, const struct node_view *node)
{
    u64 stays = MAX(programs_on(s, node), figure_or(node->anon, 0));

    return known(node->inactive_file) ||
           (known(node->file) && share_of(node->free + node->file, node->total) < NODE_PLENTY) ||
           share_of(stays, node->total) >= 100 - NODE_PLENTY || most_tied(s, node);
}

/* Huge pages (hugetlb) that nobody uses and that fill a part of the node. */
static u64 idle_pool(const struct node_view *node)
{
    u64 idle = figure_or(node->huge_free_bytes, 0);

    return known(node->huge_bytes) && idle <= node->huge_bytes &&
                   share_of(idle, node->total) >= HOLDER_PERCENT
               ? idle
               : 0;
}

/* False: no pool fills it. */
static bool tell_pool(struct rule_context *c, const struct node_view *node)
{
    u64 idle = idle_pool(node), size = figure_or(c->s->meminfo[MI_HUGE_PAGE_SIZE], 2 * MIB), left;

    if (!idle || !size)
        return false;
    left = (node->huge_bytes - idle) / size;
    finding_detail(
        c,
        "%s of huge pages on node %u are not used: \"echo %llu "
        ">/sys/devices/system/node/node%u/hugepages/hugepages-%llukB/nr_hugepages\" gives "
        "back those that nobody was promised.",
        SIZE(idle), node->id, (unsigned long long)left, node->id, (unsigned long long)(size / KIB));
    evidence(c, "huge pages not used there", number_of(idle), IN_BYTES, part_names[PART_NODES],
             "over %.0f %% of it", HOLDER_PERCENT);
    evidence_shown(c, "huge pages in use there", (double)left, IN_COUNT, part_names[PART_NODES]);
    evidence_shown(c, "size of a huge page, kB", (double)(size / KIB), IN_ID, "/proc/meminfo");
    return true;
}

/* The roomy node is a slower tier. */
static void tell_slow(struct rule_context *c, const struct node_view *roomy)
{
    u64 demotion = sysctl_value(c->s, "numa/demotion_enabled");

    finding_detail(c,
                   "Node %u has no processors: its memory is slower (CXL, persistent memory). What "
                   "is asked for now comes from there.",
                   roomy->id);
    if (!known(demotion) || !demotion)
        finding_detail(c, "\"echo 1 >/sys/kernel/mm/numa/demotion_enabled\" has reclaim move cold "
                          "pages there.");
}

/* All nodes that are as full as the fullest. */
struct full_nodes {
    u64 nodes, free, total;
    unsigned count;
    bool told_to_stay; /* what fills them is not cache, as far as the text tells */
    u64 no_cache; /* of them, since the whole machine has less cache than they have in use; 0 */
};

/* All cache of the machine, wherever it lies; UNKNOWN. */
static u64 cache_of_machine(const struct snapshot *s)
{
    return known(s->meminfo[MI_CACHED])
               ? figure_add(s->meminfo[MI_CACHED], figure_or(s->meminfo[MI_BUFFERS], 0))
               : UNKNOWN;
}

static struct full_nodes find_full(const struct snapshot *s, const struct spare *spare)
{
    struct full_nodes sum = {.told_to_stay = true};
    u64 cache;

    for (size_t i = 0; i < MIN(s->nodes.count, (size_t)64); i++) {
        const struct node_view *n = &s->nodes.items[i];

        if (n != spare->full && (!known(n->total) || !n->total || node_is_slow(n) ||
                                 n == spare->roomy || !node_is_exhausted(s, n, spare->free)))
            continue;
        sum.nodes |= BIT_ULL(i);
        sum.free += n->free;
        sum.total += n->total;
        sum.told_to_stay &= is_told_to_stay(s, n);
        sum.count++;
    }
    cache = cache_of_machine(s);
    if (!sum.told_to_stay && known(cache) && sum.free <= sum.total &&
        sum.total - sum.free > cache &&
        share_of(sum.total - sum.free - cache, sum.total) >= 100 - NODE_PLENTY) {
        sum.no_cache = sum.total - sum.free - cache;
        sum.told_to_stay = true;
    }
    return sum;
}

static void title_pasted(struct rule_context *c, const struct spare *spare,
                         const struct full_nodes *at)
{
    const struct node_view *full = spare->full, *roomy = spare->roomy;
    u64 idle = idle_pool(full);
    char why[128];

    if (idle)
        snprintf(why, sizeof(why), "%s of huge pages there are not used", SIZE(idle));
    else if (!at->told_to_stay)
        snprintf(why, sizeof(why), "how much of the rest is cache, which gives way, is not told");
    else
        snprintf(why, sizeof(why), "what is bound to node%s %s runs out first",
                 at->count > 1 ? "s" : "", NODES(at->nodes));
    finding_title(c, "Node%s %s ha%s %s free of %s, while node %u%s has %s: %s",
                  at->count > 1 ? "s" : "", NODES(at->nodes), at->count > 1 ? "ve" : "s",
                  SIZE(at->free), SIZE(at->total), roomy->id,
                  node_is_slow(roomy) ? ", which has no processors," : "", SIZE(roomy->free), why);
}

static void tell_pasted(struct rule_context *c, const struct spare *spare)
{
    const struct node_view *full = spare->full, *roomy = spare->roomy;
    struct full_nodes at = find_full(c->s, spare);

    if (mode_to_blame(c, spare)) {
        add(c, SEV_WARNING, CONF_MEDIUM, 0.66, spare);
    } else {
        finding_add(c, at.told_to_stay ? SEV_WARNING : SEV_INFO,
                    at.told_to_stay ? CONF_MEDIUM : CONF_LOW, "host", 0.66, "%s", "");
        title_pasted(c, spare, &at);
        if (!at.told_to_stay && !idle_pool(full))
            finding_detail(c, "A node that is full of cache is a well used node: numastat -m tells "
                              "which it is (FilePages, Inactive(file)).");
    }
    if (at.no_cache) {
        finding_detail(c,
                       "At least %s there is no cache, which gives way: the whole machine has %s "
                       "of that.",
                       SIZE(at.no_cache), SIZE(cache_of_machine(c->s)));
        evidence_shown(c, "cache of the machine", number_of(cache_of_machine(c->s)), IN_BYTES,
                       "/proc/meminfo");
    }
    if (!tell_pool(c, full))
        tell_holder(c, spare);
    if (node_is_slow(roomy))
        tell_slow(c, roomy);
    tell_mode(c);
    if (at.count > 1) {
        evidence_shown(c, "free on the full nodes", number_of(at.free), IN_BYTES,
                       part_names[PART_NODES]);
        evidence_shown(c, "size of the full nodes", number_of(at.total), IN_BYTES,
                       part_names[PART_NODES]);
    }
    evidence(c, "free on the exhausted node", number_of(full->free), IN_BYTES,
             part_names[PART_NODES], "under %.0f %% of it", NODE_EXHAUSTED);
    evidence(c, "free on the other node", number_of(roomy->free), IN_BYTES, part_names[PART_NODES],
             "over %.0f %% of it", NODE_PLENTY);
    evidence_shown(c, "size of the exhausted node", number_of(full->total), IN_BYTES,
                   part_names[PART_NODES]);
}

/* Pages, of all that was read from devices since boot, that had been evicted before; percent. */
static double reread_since_boot(const struct snapshot *s)
{
    u64 refaults = s->vmstat[WORKINGSET_REFAULT_FILE], in = s->vmstat[PGPGIN];
    u64 page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;

    return known(refaults) && known(in) ? share_of(refaults * (page / 1024), in) : NAN;
}

/* One look: whether the node is reclaimed now nobody saw. What is bound to it, or the mode, has it
 * reclaimed whenever something is asked of it, and what was evicted so far shows that it was. */
static void tell_once(struct rule_context *c, const struct spare *spare)
{
    double reread = reread_since_boot(c->s);
    const struct pressure *io = &c->f->psi[PSI_IO];
    enum severity pain = pain_machine_severity(c->f);
    u64 evicted =
        figure_or(c->s->vmstat[PSWPOUT], 0) + figure_or(c->s->vmstat[WORKINGSET_REFAULT_FILE], 0);

    if (!spare->free || (!mode_to_blame(c, spare) && !most_tied(c->s, spare->full)) || !evicted)
        return;
    if (reread >= REREAD_PERCENT && io->some >= PAIN_WARNING_SOME)
        pain = MAX(pain, SEV_WARNING);
    add(c, MAX(pain, SEV_INFO), CONF_MEDIUM, pain >= SEV_WARNING ? WEIGHT_CAUSE : 0.7, spare);
    tell_who(c, spare);
    tell_mode(c);
    show_nodes(c, spare);
    evidence(c, "evicted before, of what was read since boot", reread, IN_PERCENT, "/proc/vmstat",
             "over %.0f %%", REREAD_PERCENT);
    evidence_shown(c, "pswpout since boot", number_of(c->s->vmstat[PSWPOUT]), IN_COUNT,
                   "/proc/vmstat");
    evidence(c, "io pressure, some", io->some, IN_PERCENT, "/proc/pressure/io",
             "warning from %.0f %%", PAIN_WARNING_SOME);
    evidence_pressure(c, "lost to memory", &c->f->pain, PRESSURE_FILE);
}

static void tell(struct rule_context *c, const struct spare *spare)
{
    enum severity pain = pain_machine_severity(c->f);
    double foreign = c->f->nodes[spare->full - c->s->nodes.items].foreign;
    bool sent_away = foreign >= FOREIGN_PAGES, reclaimed = c->f->reclaimed >= RECLAIMED;

    if (isnan(foreign)) {
        if (c->history->snapshots < 2)
            tell_once(c, spare);
        gap_part(c, "whether memory is allocated on the wrong node now", PART_NODES);
        return;
    }
    /* A full node that nobody asks anything of is a well used node. */
    if (!sent_away && !reclaimed && pain < SEV_WARNING)
        return;
    add(c, pain >= SEV_WARNING ? pain : SEV_INFO,
        sent_away || mode_to_blame(c, spare) ? CONF_HIGH : CONF_MEDIUM,
        pain >= SEV_WARNING ? WEIGHT_CAUSE : 0.7, spare);
    if (mode_to_blame(c, spare))
        tell_mode(c);
    else if (reclaimed && !sent_away)
        finding_detail(c,
                       "Memory is reclaimed although there is plenty elsewhere: something is bound "
                       "to node %u (cpuset, mempolicy, numactl).",
                       spare->full->id);
    else if (sent_away)
        finding_detail(c,
                       "What asks for memory of node %u gets it from another node, farther away.",
                       spare->full->id);
    if (!tell_pool(c, spare->full))
        tell_who(c, spare);
    if (!mode_to_blame(c, spare))
        tell_mode(c);
    show_nodes(c, spare);
    evidence(c, "numa_foreign", foreign, IN_PAGES_PER_S, part_names[PART_NODES],
             "over %.0f pages/s", FOREIGN_PAGES);
    evidence(c, "reclaimed", c->f->reclaimed, IN_PAGES_PER_S, "/proc/vmstat", "over %.0f pages/s",
             RECLAIMED);
    evidence_pressure(c, "lost to memory", &c->f->pain, PRESSURE_FILE);
}

/* Allocations that had wanted this node, and those of them that another served; between two counts
 * where a text has them. */
struct wanted {
    u64 all, foreign;
    bool between;
};

/* Fewer between two counts are what other commands ask for meanwhile, or rounding. */
#define BETWEEN_MIN 4096

static struct wanted wanted_of(u64 hit, u64 foreign, u64 hit_before, u64 foreign_before)
{
    struct wanted w = {UNKNOWN, UNKNOWN, false};

    if (!known(hit) || !known(foreign))
        return w;
    w = (struct wanted){hit + foreign, foreign, false};
    if (known(hit_before) && known(foreign_before) && hit >= hit_before &&
        foreign >= foreign_before && hit - hit_before + foreign - foreign_before >= BETWEEN_MIN)
        w = (struct wanted){hit - hit_before + foreign - foreign_before, foreign - foreign_before,
                            true};
    return w;
}

/* Of a node, or of all (NULL). */
static void tell_counts(struct rule_context *c, const struct wanted *w, const char *whose,
                        const char *where)
{
    double share = share_of(w->foreign, w->all);
    const char *when = w->between ? "between the counts in this text" : "since boot";

    if (share >= FOREIGN_PERCENT)
        finding_add(c, w->between ? SEV_WARNING : SEV_INFO, w->between ? CONF_HIGH : CONF_MEDIUM,
                    "host", w->between ? 0.6 : 0.4,
                    w->between
                        ? "%s%s full: %s of the allocations meant for %s came from another node "
                          "%s"
                        : "%s%s full at times: %s of the allocations meant for %s came from "
                          "another node %s",
                    whose ? whose : "Nodes", whose ? " was" : " were", AMOUNT(share, IN_PERCENT),
                    whose ? "it" : "them", when);
    else
        finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.05,
                    "Memory came from the node that it was meant for: at most %s did not %s",
                    AMOUNT(share, IN_PERCENT), when);
    if (w->between)
        finding_detail(c, "numastat -m has what is free on each node now.");
    else
        finding_detail(
            c, "These counts say nothing of now; numastat -m has what is free on each node.");
    evidence(c, "from another node", share, IN_PERCENT, where, "over %.0f %%", FOREIGN_PERCENT);
    evidence_shown(c, w->between ? "of them from another node" : "numa_foreign",
                   number_of(w->foreign), IN_COUNT, where);
    evidence_shown(c, w->between ? "allocations meanwhile" : "numa_hit and numa_foreign",
                   number_of(w->all), IN_COUNT, where);
}

/* Percent of a node's pages: who runs elsewhere takes that much of it. */
#define STRANGERS_PERCENT 20.0

/* Pages that programs of other nodes took there because they were told to (a policy, a cpuset),
 * without what is interleaved. */
static double strangers_share(const struct node_view *n)
{
    u64 other = n->other_node;

    if (!known(other) || !known(n->local_node))
        return NAN;
    other -= MIN(other, figure_or(n->interleave_hit, 0) + figure_or(n->numa_miss, 0));
    return share_of(other, n->local_node + n->other_node);
}

static void tell_strangers(struct rule_context *c)
{
    const struct node_view *most = NULL;
    double share = STRANGERS_PERCENT;

    vec_for_each (&c->s->nodes, n) {
        if (!(strangers_share(n) >= share))
            continue;
        most = n;
        share = strangers_share(n);
    }
    if (!most)
        return;
    finding_add(c, SEV_INFO, CONF_MEDIUM, "host", 0.3,
                "%s of the memory taken on node %u since boot went to programs that ran on other "
                "nodes (other_node)",
                AMOUNT(share, IN_PERCENT), most->id);
    finding_detail(c, "A policy, a cpuset or a virtual machine's settings sent them there, or they "
                      "moved later: \"numastat -p PATTERN\" and \"taskset -cp PID\" say who.");
    evidence(c, "taken by programs of other nodes", share, IN_PERCENT, part_names[PART_NODES],
             "over %.0f %%", STRANGERS_PERCENT);
}

/* A pasted numastat: counts since boot, and no sizes. */
static void from_counts(struct rule_context *c)
{
    struct wanted worst = {0, 0, false};
    u32 node = 0;
    char whose[24];

    vec_for_each (&c->s->nodes, n) {
        struct wanted w = wanted_of(n->numa_hit, n->numa_foreign, n->hit_before, n->foreign_before);

        if (!known(w.all) || !w.all || w.between < worst.between)
            continue;
        if (worst.all && w.between == worst.between &&
            !(share_of(w.foreign, w.all) > share_of(worst.foreign, worst.all)))
            continue;
        worst = w;
        node = n->id;
    }
    if (!worst.all)
        return;
    snprintf(whose, sizeof(whose), "Node %u", node);
    tell_counts(c, &worst, whose, part_names[PART_NODES]);
    tell_strangers(c);
}

/* The same of the whole machine, in /proc/vmstat. */
static void from_vmstat(struct rule_context *c)
{
    struct wanted w = wanted_of(c->s->vmstat[NUMA_HIT], c->s->vmstat[NUMA_FOREIGN],
                                c->s->numa_hit_before, c->s->numa_foreign_before);

    if (known(w.all) && w.all && w.foreign)
        tell_counts(c, &w, NULL, "/proc/vmstat");
}

/* A text of nodes that are all well: how far the fullest is. */
static void tell_fullest(struct rule_context *c)
{
    const struct node_view *least = NULL;
    double share;

    if (!c->s->is_text || c->s->nodes.count < 2)
        return;
    vec_for_each (&c->s->nodes, n) {
        /* A slow tier is there to be filled. */
        share = known(n->free) && n->total && !node_is_slow(n) ? share_of(n->free, n->total) : NAN;
        if (!isnan(share) && (!least || share < share_of(least->free, least->total)))
            least = n;
    }
    if (!least)
        return;
    share = share_of(least->free, least->total);
    finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.05,
                "Node %u has the least free memory: %s of %s (%s)", least->id, SIZE(least->free),
                SIZE(least->total), AMOUNT(share, IN_PERCENT));
    if (known(least->inactive_file))
        finding_detail(c, "%s more there is cache that can be dropped.",
                       SIZE(least->inactive_file));
    else
        finding_detail(c, "How much of the rest is cache, which gives way, numastat -m says.");
    evidence(c, "free on that node", number_of(least->free), IN_BYTES, part_names[PART_NODES],
             "over %.0f %% of it", NODE_EXHAUSTED);
    evidence_shown(c, "size of that node", number_of(least->total), IN_BYTES,
                   part_names[PART_NODES]);
    evidence_shown(c, "free share of that node", share, IN_PERCENT, part_names[PART_NODES]);
    evidence_shown(c, "droppable cache there", number_of(least->inactive_file), IN_BYTES,
                   part_names[PART_NODES]);
}

void rule_numa_imbalance(struct rule_context *c)
{
    struct spare spare = spare_find(c->s);
    bool sized = false;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->nodes, n)
        sized |= known(n->total) && n->total && known(n->free);
    if (!sized && c->s->pasted)
        from_counts(c);
    if (c->s->nodes.count == 0 && c->s->pasted)
        from_vmstat(c);
    /* Of a text nobody knows whether a full slow tier is asked for anything. */
    if (!spare.full || (c->s->pasted && node_is_slow(spare.full))) {
        if (sized)
            tell_fullest(c);
        return;
    }
    if (c->s->pasted)
        tell_pasted(c, &spare);
    else
        tell(c, &spare);
}
