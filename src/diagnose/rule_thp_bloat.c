/* rule_thp_bloat.c - transparent huge pages hold what nobody touched, while memory is short.
 *
 * No counter says how much of a huge page is used. What says that much is not: pages of zeroes
 * among those swapped out (a huge page is split for that, and its untouched parts are zeroes), huge
 * pages that were split because they are mostly zeroes (6.12), and huge pages of which programs
 * gave a part back. Without such a sign it is worth knowing, and no more.
 */
#include "diagnose/pain.h"

#include "diagnose/left.h"
#include "diagnose/oom_tell.h"

#include <string.h>

/* Percent of anonymous memory in huge pages, and of all memory. */
#define MOST             50.0
#define MUCH             10.0
/* Percent of the swapped pages that are zeroes: programs that are in use write something else into
 * nearly all of theirs. */
#define ZEROES           10.0
/* Percent of all huge pages ever made of which a part was given back. */
#define PARTS_GIVEN_BACK 25.0

struct signs {
    double zeroes, given_back, underused; /* percent, percent, pages */
};

/* Of the stored or swapped pages those that take no space, because they are zeroes. */
static double zeroes_in_swap(const struct snapshot *s)
{
    u64 same = 0, all = 0, zero = s->vmstat[SWPOUT_ZERO], out = s->vmstat[PSWPOUT];
    u64 page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;

    vec_for_each (&s->zrams, z) {
        if (!known(z->same_pages) || !known(z->original))
            continue;
        same += z->same_pages;
        all += z->original / page;
    }
    if (all > 0)
        return share_of(same, all);
    return known(zero) ? share_of(zero, figure_add(zero, out)) : NAN;
}

static struct signs signs_of(const struct snapshot *s)
{
    u64 made = figure_add(s->vmstat[THP_FAULT_ALLOC], s->vmstat[THP_COLLAPSE_ALLOC]);

    return (struct signs){zeroes_in_swap(s), share_of(s->vmstat[THP_DEFERRED_SPLIT_PAGE], made),
                          number_of(s->vmstat[THP_UNDERUSED_SPLIT_PAGE])};
}

static bool is_proven(const struct signs *signs)
{
    return signs->zeroes >= ZEROES || signs->given_back >= PARTS_GIVEN_BACK || signs->underused > 0;
}

static void tell(struct rule_context *c, enum severity pain, const char *scope, u64 huge, u64 anon,
                 bool calm, const char *where)
{
    struct signs signs = signs_of(c->s);
    bool proven = is_proven(&signs);

    finding_add(c, proven && !calm ? MAX(pain, SEV_WARNING) : SEV_INFO,
                proven ? CONF_MEDIUM : CONF_LOW, scope, 0.9,
                "%s of %s anonymous memory is in transparent huge pages %s", SIZE(huge), SIZE(anon),
                calm ? "at a limit that it has met" : "while memory is short");
    if (signs.zeroes >= ZEROES)
        finding_detail(c, "%s of what was swapped out is zeroes: it was never touched.",
                       AMOUNT(signs.zeroes, IN_PERCENT));
    if (signs.given_back >= PARTS_GIVEN_BACK)
        finding_detail(c, "Programs gave back parts of %s of all huge pages; the rest keeps them.",
                       AMOUNT(signs.given_back, IN_PERCENT));
    if (!proven)
        finding_detail(c, "How much of it is touched no counter says.");
    if (*c->s->thp_enabled)
        finding_detail(c, "transparent_hugepage/enabled is %s.", c->s->thp_enabled);
    evidence(c, "in transparent huge pages", number_of(huge), IN_BYTES, where,
             "over %.0f %% of anonymous memory", MOST);
    evidence(c, "anonymous memory", number_of(anon), IN_BYTES, where, "%s", "");
    evidence(c, "zeroes among swapped pages", signs.zeroes, IN_PERCENT,
             c->s->zrams.count ? part_names[PART_ZRAM] : "/proc/vmstat", "over %.0f %%", ZEROES);
    evidence(c, "thp_deferred_split_page", signs.given_back, IN_PERCENT, "/proc/vmstat",
             "over %.0f %% of huge pages made", PARTS_GIVEN_BACK);
    evidence(c, "thp_underused_split_page", signs.underused, IN_COUNT, "/proc/vmstat", "over 0");
    evidence(c, "thp_fault_alloc", rate(c, THP_FAULT_ALLOC), IN_EVENTS_PER_S, "/proc/vmstat", "%s",
             "");
    evidence(c, "thp_collapse_alloc", rate(c, THP_COLLAPSE_ALLOC), IN_EVENTS_PER_S, "/proc/vmstat",
             "%s", "");
    evidence(c, "thp_split_page", rate(c, THP_SPLIT_PAGE), IN_EVENTS_PER_S, "/proc/vmstat", "%s",
             "");
}

/* The last kill of that limit. */
static bool is_last_kill(const struct rule_context *c, const struct incident *i)
{
    const struct incident *end = c->incidents->items.items + c->incidents->items.count;

    if (!incident_of_group(i) || !i->kills || !i->e->oom_memcg)
        return false;
    for (const struct incident *at = i + 1; at < end; at++)
        if (incident_of_group(at) && at->e->oom_memcg &&
            strcmp(at->e->oom_memcg, i->e->oom_memcg) == 0)
            return false;
    return true;
}

/* A limit killed, and most of what filled it was huge. Who is gone holds nothing any more: the
 * report alone tells. */
static void tell_kill(struct rule_context *c, const struct incident *i)
{
    const u64 *g = i->e->report ? i->e->report->group : NULL;

    if (!g || !(share_of(g[OOM_G_ANON_THP], g[OOM_G_ANON]) >= MOST))
        return;
    finding_add(
        c, SEV_INFO, CONF_LOW, i->e->oom_memcg, 0.9,
        "%s of %s anonymous memory was in transparent huge pages when the limit of %s killed",
        SIZE(g[OOM_G_ANON_THP]), SIZE(g[OOM_G_ANON]), i->e->oom_memcg);
    finding_detail(c, "How much of it was touched no counter says; without huge pages the program "
                      "may fit.");
    if (*c->s->thp_enabled)
        finding_detail(c, "transparent_hugepage/enabled is %s.", c->s->thp_enabled);
    oom_figure((char[48]){0}, c, i->e, OOM_PART_GROUP_STATS, "anon_thp",
               number_of(g[OOM_G_ANON_THP]), IN_BYTES);
    oom_figure((char[48]){0}, c, i->e, OOM_PART_GROUP_STATS, "anon", number_of(g[OOM_G_ANON]),
               IN_BYTES);
}

/* Is what nobody touched in huge pages, at most all of them, much against what the group lacks?
 * Huge pages are broken up on their way to swap, so of a group that swaps fewer are left: then what
 * counts is whether they could make the room for all that is there. */
static bool could_be_bloated(const struct cgroup_view *g, u64 huge, u64 anon)
{
    bool most = share_of(huge, anon) >= MOST;
    bool room = known(g->swap_current) && g->swap_current > 0 && huge >= g->swap_current;

    return known(huge) && (most || room) && share_of(huge, g->current) >= MUCH;
}

/* A group that stands at its limit without waiting gave something away for it, or will. */
static bool gave_way(const struct cgroup_view *g, const struct group_figures *gf)
{
    return figure_or(g->swap_current, 0) > 0 || gf->reclaimed > 0;
}

static bool tell_groups(struct rule_context *c)
{
    bool told = false;

    vec_for_each (&c->s->cgroups, g) {
        const struct group_figures *gf = &c->f->groups[g - c->s->cgroups.items];
        enum severity pain = pain_group_severity(&gf->pain);
        u64 huge = g->stat[NR_ANON_TRANSPARENT_HUGEPAGES], anon = g->stat[NR_ANON_PAGES];

        if (!wants_group(c, g) || g->is_root || !group_at_own_limit(g, gf) ||
            !could_be_bloated(g, huge, anon) || (pain < SEV_INFO && !gave_way(g, gf)))
            continue;
        tell(c, pain, g->path, huge, anon, pain < SEV_INFO, group_file(g, "memory.stat"));
        told |= pain >= SEV_INFO;
    }
    return told;
}

void rule_thp_bloat(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    enum severity pain = pain_machine_severity(c->f);
    bool told = tell_groups(c);
    u64 huge = m[MI_ANON_HUGE_PAGES], anon = m[MI_ANON_PAGES];

    vec_for_each (&c->incidents->items, i)
        if (is_last_kill(c, i))
            tell_kill(c, i);
    /* Memory runs short in a group that is told, or in the machine. */
    if (told || !wants_host(c) || (!left_is_scarce(c->f) && pain < SEV_WARNING) ||
        !(share_of(huge, anon) >= MOST) || !(share_of(huge, c->f->total) >= MUCH))
        return;
    tell(c, pain, "host", huge, anon, false, "/proc/meminfo");
}
