/* reconcile.c - one amount, many names: each tool's formula, computed here, and the reason in
 * words.
 *
 *     free: used          MemTotal - MemAvailable (procps 4); MemTotal - MemFree - Cached - Buffers - SReclaimable (procps 3)
 *     docker stats        memory.current - inactive_file
 *     kubectl top         the same, called working set: active cache counts, though it can be dropped
 *     sum of RSS          every process counts every page it maps: shared ones as often as there are processes
 *     sum of PSS          a page counts 1/n in each of the n processes that map it
 *     memory.current      what was charged to the group: pages that it read first, mapped or not, and kernel memory; not pages that it
 *                         uses and another group read first
 */
#include "diagnose/reconcile.h"

#include "base/units.h"

#include <stdio.h>
#include <string.h>

struct sums {
    u64 processes, rss, pss, mapped; /* mapped: RssFile + RssShmem */
    u64 with_pss,
        rss_with_pss; /* PSS is read of the largest processes only, and of others' by root only */
};

static void add(u64 *sum, u64 figure)
{
    if (known(figure))
        *sum = figure_or(*sum, 0) + figure;
}

static bool is_in(const struct snapshot *s, u32 group, u32 top)
{
    while (group != top && group < s->cgroups.count)
        group = s->cgroups.items[group].parent;
    return group == top;
}

/* Over the processes of a group and of all below; GROUP_NONE: all. */
static struct sums sum_processes(const struct snapshot *s, u32 group)
{
    struct sums sums = {.rss = UNKNOWN, .pss = UNKNOWN, .mapped = UNKNOWN};

    vec_for_each (&s->processes, p) {
        if (group != GROUP_NONE && !is_in(s, p->group, group))
            continue;
        /* Kernel threads have no memory of their own. */
        if (!known(p->rss) || p->rss == 0)
            continue;
        /* Up to 6.1 /proc/PID/status may lag behind the page tables by 64 pages a thread; RSS is
         * never less than PSS. */
        u64 rss = known(p->pss) ? MAX(p->rss, p->pss) : p->rss;

        sums.processes++;
        add(&sums.rss, rss);
        if (known(p->pss)) {
            sums.with_pss++;
            sums.rss_with_pss += rss;
            add(&sums.pss, p->pss);
        }
        add(&sums.mapped, p->rss_file);
        add(&sums.mapped, p->rss_shmem);
    }
    return sums;
}

static void figure(struct reconciliation *r, const char *tool, u64 bytes, const char *why)
{
    if (known(bytes))
        vec_push(&r->figures, ((struct tool_figure){tool, bytes, why}));
}

/* A sentence around one amount, left out when that is not known. */
#define say(out, fmt, bytes)                                                         \
    do {                                                                             \
        if (known(bytes))                                                            \
            strbuf_printf(out, fmt, format_bytes((char[UNITS_TEXT_MAX]){0}, bytes)); \
    } while (0)

static u64 minus(u64 a, u64 b)
{
    if (!known(a) || !known(b))
        return UNKNOWN;
    return a > b ? a - b : 0;
}

static void say_processes(struct strbuf *out, const struct sums *sums)
{
    char number[UNITS_TEXT_MAX];

    if (!known(sums->rss))
        return;
    if (sums->processes == 1) {
        say(out, " The RSS of its process is %s", sums->rss);
        say(out, ", PSS %s", sums->pss);
        strbuf_appendc(out, '.');
        return;
    }
    strbuf_printf(out, " The RSS of %s processes adds up to",
                  format_count(number, sums->processes));
    say(out, " %s, shared pages once in each", sums->rss);
    if (sums->with_pss == sums->processes) {
        say(out, "; their PSS, which divides them, to %s", sums->pss);
    } else if (known(sums->pss)) {
        say(out, "; the PSS, which divides them, is known of processes with %s of that",
            sums->rss_with_pss);
        say(out, " and adds up to %s", sums->pss);
    }
    strbuf_appendc(out, '.');
}

/* An amount worth a word. */
#define say_some(out, fmt, bytes)         \
    do {                                  \
        if (known(bytes) && (bytes) != 0) \
            say(out, fmt, bytes);         \
    } while (0)

/* A sum over some of the processes is no figure to compare with. */
static void figure_pss(struct reconciliation *r, const struct sums *sums)
{
    if (sums->with_pss == sums->processes)
        figure(r, "sum of PSS", sums->pss, "shared pages are divided among the processes");
}

/* What was pasted of free is quoted; versions of it differ in what they call used. */
static void say_free(struct strbuf *text, const struct snapshot *s, u64 used, u64 older)
{
    u64 pasted = s->free_used;
    u64 apart = known(pasted) ? MAX(pasted, used) - MIN(pasted, used) : 0;

    if (known(pasted) && apart <= s->free_step) {
        say(text, "free says %s used: MemTotal less what is available", pasted);
        strbuf_append(text, ", as procps 4 counts it, as far as free rounds.");
        return;
    }
    if (known(pasted)) {
        say(text, "free says %s used here. MemTotal less what is available", pasted);
        say(text, ", as procps 4 counts it, is %s.", used);
        return;
    }
    say(text, "free says %s used: MemTotal less what is available", used);
    if (known(older))
        say(text, " (before procps 4: %s, less free memory and all cache, tmpfs with it)", older);
    strbuf_append(text, ".");
}

static void reconcile_host(struct diagnosis *d, const struct figures *f)
{
    const u64 *m = d->last->meminfo;
    struct reconciliation r = {.scope = "host"};
    u64 not_cache =
        minus(f->total, figure_add(m[MI_MEM_FREE], figure_add(m[MI_CACHED], m[MI_BUFFERS])));
    u64 older = minus(not_cache, figure_or(m[MI_SRECLAIMABLE], 0));
    u64 used = minus(f->total, f->available);
    struct sums sums = sum_processes(d->last, GROUP_NONE);
    struct strbuf text;

    if (!known(used))
        return;
    strbuf_init(&text);
    say_free(&text, d->last, used, older);
    say_processes(&text, &sums);
    strbuf_append(&text, " Neither sees kernel memory");
    say_some(&text, ", unmapped tmpfs (shared memory is %s in all)", m[MI_SHMEM]);
    say_some(&text, ", huge pages (%s)", m[MI_HUGETLB]);
    strbuf_append(&text, " or cache that nobody maps.");
    figure(&r, "free: used, as pasted", d->last->free_used, "the text");
    figure(&r, "free: used", used, "MemTotal - MemAvailable (procps 4)");
    figure(&r, "free: used, older", older,
           "MemTotal - MemFree - Cached - Buffers - SReclaimable (procps 3)");
    figure(&r, "free: available", f->available, "MemAvailable");
    figure(&r, "sum of RSS", sums.rss, "shared pages count once in each process");
    figure_pss(&r, &sums);
    r.text = strbuf_steal(&text);
    vec_push(&d->reconciliations, r);
}

static void say_elsewhere(struct strbuf *text, const struct cgroup_view *g, const struct sums *sums)
{
    u64 own = figure_add(g->stat[NR_ANON_PAGES], g->stat[NR_MAPPED]);
    u64 beyond = minus(sums->pss, own);

    /* A page more or less is not worth a sentence: 1 MiB is. */
    if (known(beyond) && beyond >= MIB)
        say(text, " About %s of what they map is charged to other groups, which read it first.",
            beyond);
}

static void reconcile_group(struct diagnosis *d, const struct figures *f, u32 index)
{
    const struct cgroup_view *g = &d->last->cgroups.items[index];
    const struct group_figures *gf = &f->groups[index];
    struct reconciliation r = {0};
    struct sums sums = sum_processes(d->last, index);
    u64 cache = minus(g->stat[NR_FILE_PAGES], figure_or(g->stat[NR_SHMEM], 0));
    struct strbuf text;

    if (!known(g->current))
        return;
    snprintf(r.scope, sizeof(r.scope), "%s", g->path);
    strbuf_init(&text);
    strbuf_append(&text, g->version == 1 ? "memory.usage_in_bytes" : "memory.current");
    say(&text, " is %s", g->current);
    say(&text, ": %s anonymous", g->stat[NR_ANON_PAGES]);
    say_some(&text, ", %s cache", cache);
    say_some(&text, ", %s shared memory", g->stat[NR_SHMEM]);
    say_some(&text, ", %s kernel", g->stat[MEMCG_KERNEL]);
    strbuf_appendc(&text, '.');
    if (gf->working_set == g->current)
        strbuf_append(&text, " docker stats and kubectl top show the same: no cache is inactive.");
    else if (known(gf->working_set)) {
        say(&text, " docker stats and kubectl top show %s", gf->working_set);
        say(&text, ", without %s of inactive cache, but with the active.",
            g->stat[NR_INACTIVE_FILE]);
    }
    say_processes(&text, &sums);
    say_elsewhere(&text, g, &sums);
    figure(&r, g->version == 1 ? "memory.usage_in_bytes" : "memory.current", g->current,
           "all that is charged");
    figure(&r, "docker stats, kubectl top", gf->working_set, "less inactive_file");
    figure(&r, "anonymous", g->stat[NR_ANON_PAGES], "memory.stat anon");
    figure(&r, "sum of RSS", sums.rss, "shared pages count once in each process");
    figure_pss(&r, &sums);
    r.text = strbuf_steal(&text);
    vec_push(&d->reconciliations, r);
}

/* Of v1 the root shows figures, but it has no limit and is the machine. */
static bool is_whole_machine(const struct cgroup_view *g)
{
    return g->is_root || (g->parent == GROUP_NONE && (!known(g->max) || g->max >= NO_LIMIT));
}

/* The largest group with processes of its own that is smaller than the last one told. */
static u32 next_largest(const struct snapshot *s, u64 below, u32 after)
{
    u32 best = GROUP_NONE;

    vec_for_each (&s->cgroups, g) {
        u32 index = (u32)(g - s->cgroups.items);
        bool later =
            known(g->current) && (g->current < below || (g->current == below && index > after));

        if (!later || is_whole_machine(g) || !known(g->nr_procs) || g->nr_procs == 0)
            continue;
        if (best == GROUP_NONE || g->current > s->cgroups.items[best].current)
            best = index;
    }
    return best;
}

void reconcile(struct diagnosis *d, const struct figures *f)
{
    const struct snapshot *s = d->last;
    const struct cgroup_view *g = d->options.cgroup ? snapshot_cgroup(s, d->options.cgroup) : NULL;
    const struct process_view *p = d->options.pid ? snapshot_process(s, d->options.pid) : NULL;
    u64 below = UNKNOWN;
    u32 after = 0;

    if (d->options.cgroup || d->options.pid) {
        if (g)
            reconcile_group(d, f, (u32)(g - s->cgroups.items));
        else if (p && p->group < s->cgroups.count)
            reconcile_group(d, f, p->group);
        return;
    }
    reconcile_host(d, f);
    for (unsigned i = 0; i < RECONCILED_GROUPS; i++) {
        u32 index = next_largest(s, below, after);

        if (index == GROUP_NONE)
            break;
        reconcile_group(d, f, index);
        below = s->cgroups.items[index].current;
        after = index;
    }
}

void reconciliation_done(struct reconciliation *r)
{
    free(r->text);
    vec_done(&r->figures);
}
