/* needed.c - see needed.h, which has the formula. */
#include "diagnose/needed.h"

#include "diagnose/left.h"
#include "observe/pinned.h"

#include <stdio.h>

/* Of what is evicted so much comes back, in percent: then what stands next in the same queue is in
 * use as well. */
#define COMES_BACK    5.0
/* Of what is evicted so much was written, in percent, where writing is what fills memory. */
#define WRITTEN_MOST  50.0
/* A part of the range smaller than this share of the need is not worth a word. */
#define WORTH_PERCENT 5.0
/* low and high this close together are one figure. */
#define CLOSE_PERCENT 2.0

const char need_doc[] =
    "Memory that a cgroup or the machine needs: the smallest limit (or RAM) under which what was "
    "seen would take at most 1.1 times as long, as `size` has it.";
const char need_formula[] = "A range, because no counter says how often a page is used. low = "
                            "held, less what swap has room "
                            "for; high = held + active_file + mapped + dirty + swapped. From two "
                            "looks on, refaults and lost "
                            "time narrow it.";

const struct need_term need_terms[] = {
    {"held",
     "current - inactive_file - active_file - reclaimable slab: anonymous memory, shmem and "
     "tmpfs, mlocked pages, page tables, stacks, per-CPU data, sockets, unreclaimable slab. "
     "Always needed, but for anonymous memory and shmem that swap has room for."},
    {"active_file",
     "File cache that was used more than once. In use, and no counter says how often: "
     "between low and high."},
    {"mapped",
     "File pages used through a mapping. They stand on the inactive list until reclaim looks "
     "at them: between low and high."},
    {"dirty",
     "File pages to be written first. Programs wait for them where the disk is slower than "
     "they are: between low and high."},
    {"inactive_file", "Other inactive cache: not needed, unless its pages become active, what is "
                      "evicted comes back, or most of it was written."},
    {"swapped", "What is in swap: between low and high, until two looks show that nothing of it is "
                "wanted back."},
    {"refaults",
     "Where memory is evicted they tell whether that costs time. At most 9 % of it: the "
     "limit is enough. More: it is not, and activated refaults tell how much is missing, "
     "when they would all have stayed."},
    {"kept free", "Of the machine: the high watermarks of its zones."},
};
const unsigned nr_need_terms = ARRAY_SIZE(need_terms);

static u64 less(u64 a, u64 b)
{
    return a > b ? a - b : 0;
}

/* --- one look --------------------------------------------------------------------------------- */

/* What all formulas start from. */
struct look {
    u64 current, file; /* file: all that is no anonymous memory, with shmem */
    u64 inactive_anon, active_anon, inactive, active, slab, shmem, mapped, dirty, swapped;
    u64 swap_left, extra;
    u64 pinned;       /* anonymous memory that devices work on: it never goes to swap */
    bool generations; /* the kernel has multi-generational LRU on */
};

static bool has_pool(const struct snapshot *s)
{
    u64 pages = s->meminfo[MI_HUGE_PAGES_TOTAL], bytes = s->meminfo[MI_HUGETLB];

    return !known(pages) || pages > 0 || (known(bytes) && bytes > 0);
}

static u64 hugetlb_of_process(const struct process_view *p)
{
    return p->hugetlb;
}

static bool look_of_group(struct look *l, const struct snapshot *s, const struct cgroup_view *g)
{
    const u64 *stat = g->stat;

    *l = (struct look){
        .current = g->current,
        .file = stat[NR_FILE_PAGES],
        .inactive_anon = stat[NR_INACTIVE_ANON],
        .active_anon = stat[NR_ACTIVE_ANON],
        .inactive = stat[NR_INACTIVE_FILE],
        .active = stat[NR_ACTIVE_FILE],
        .slab = figure_or(stat[NR_SLAB_RECLAIMABLE], 0),
        .shmem = figure_or(stat[NR_SHMEM], 0),
        .mapped = figure_or(stat[NR_MAPPED], 0),
        .dirty = figure_or(stat[NR_DIRTY], 0) + figure_or(stat[NR_WRITEBACK], 0),
        .swapped = figure_or(g->swap_current, 0),
        .swap_left = swap_room_of(s, g),
        .pinned = group_pinned(s, g),
        .generations = s->lru_gen,
    };
    return !g->is_root && known(l->current) && known(l->inactive) && known(l->active);
}

/* What the kernel keeps free, so that it can always reclaim: kswapd stops at the high watermark of
 * each zone. */
static u64 kept_free(const struct snapshot *s)
{
    u64 pages = 0, page = s->page_bytes && known(s->page_bytes) ? s->page_bytes : 4096;

    vec_for_each (&s->zones, z)
        pages += figure_or(z->high, 0);
    return pages * page;
}

static bool look_of_host(struct look *l, const struct snapshot *s)
{
    const u64 *m = s->meminfo;
    u64 file = figure_add(m[MI_CACHED], m[MI_BUFFERS]);

    *l = (struct look){
        .current = UNKNOWN,
        .file = file,
        .inactive_anon = m[MI_INACTIVE_ANON],
        .active_anon = m[MI_ACTIVE_ANON],
        .inactive = m[MI_INACTIVE_FILE],
        .active = m[MI_ACTIVE_FILE],
        .slab = figure_or(m[MI_SRECLAIMABLE], 0),
        .shmem = figure_or(m[MI_SHMEM], 0),
        .mapped = figure_or(m[MI_MAPPED], 0),
        .dirty = figure_or(m[MI_DIRTY], 0) + figure_or(m[MI_WRITEBACK], 0),
        .swapped = known(m[MI_SWAP_TOTAL]) && known(m[MI_SWAP_FREE])
                       ? less(m[MI_SWAP_TOTAL], m[MI_SWAP_FREE])
                       : 0,
        .swap_left = swap_room_of(s, NULL),
        .extra = kept_free(s),
        .pinned = figure_or(snapshot_pinned_on_lists(s), 0),
        .generations = s->lru_gen,
    };
    if (known(m[MI_MEM_TOTAL]) && known(m[MI_MEM_FREE]))
        l->current = less(m[MI_MEM_TOTAL], m[MI_MEM_FREE]);
    return known(l->current) && known(l->inactive) && known(l->active) && known(l->file);
}

static u64 idle_huge(const struct snapshot *s)
{
    const u64 *m = s->meminfo;
    u64 idle, bytes;

    if (!known(m[MI_HUGE_PAGES_FREE]) || !known(m[MI_HUGE_PAGE_SIZE]))
        return 0;
    idle = less(m[MI_HUGE_PAGES_FREE], figure_or(m[MI_HUGE_PAGES_RSVD], 0));
    return __builtin_mul_overflow(idle, m[MI_HUGE_PAGE_SIZE], &bytes) ? 0 : bytes;
}

/* What a group uses of the pools: as its controller says, else as its processes do, for each of
 * which a shared page counts. */
static u64 pool_of_group(const struct snapshot *s, const struct cgroup_view *g)
{
    u64 pool = cgroup_hugetlb(g);

    return known(pool) ? pool : has_pool(s) ? group_of_processes(s, g, hugetlb_of_process) : 0;
}

/* Anonymous memory and shmem that reclaim may take: both lists but for what is pinned, which stays
 * on them; before they were told apart, what they hold. */
static u64 evictable_anon(const struct look *l, u64 held)
{
    u64 lists = figure_add(l->inactive_anon, l->active_anon);

    return less(MIN(known(lists) ? lists : held, held), l->pinned);
}

static void take_look(struct need *n, const struct look *l)
{
    u64 cache = MIN(figure_add(l->inactive, l->active), l->current);
    u64 held = less(less(l->current, cache), l->slab);
    u64 mapped, dirty;

    held = less(held, n->idle_huge) + l->extra;
    n->current = l->current;
    n->without_inactive = less(l->current, l->inactive);
    n->generations = l->generations;
    n->without_file = known(l->file) ? less(l->current, l->file) : UNKNOWN;
    n->held = held;
    n->shmem = l->shmem;
    n->inactive = MIN(l->inactive, cache);
    n->active = MIN(l->active, cache);
    n->slab = l->slab;
    n->reserve = l->extra;
    dirty = MIN(l->dirty, n->inactive);
    mapped = MIN(l->mapped, n->inactive - dirty);
    n->open[NEED_OPEN_ANON] = MIN(evictable_anon(l, held), figure_or(l->swap_left, UNKNOWN));
    n->open[NEED_OPEN_ACTIVE] = n->active;
    n->open[NEED_OPEN_DIRTY] = dirty;
    n->open[NEED_OPEN_MAPPED] = mapped;
    n->open[NEED_OPEN_SWAPPED] = l->swapped;
}

/* low and high of what is open. */
static void add_up(struct need *n)
{
    n->low = n->high = less(n->held, n->open[NEED_OPEN_ANON]);
    for (unsigned i = 0; i < NR_NEED_OPEN; i++)
        n->high += n->open[i];
}

bool need_at_a_look(const struct snapshot *s, const struct cgroup_view *g, u64 *ret_low,
                    u64 *ret_high)
{
    struct need n = {0};
    struct look l;

    if (!look_of_group(&l, s, g))
        return false;
    take_look(&n, &l);
    add_up(&n);
    *ret_low = n.low;
    *ret_high = n.high;
    return true;
}

/* --- what comes back -------------------------------------------------------------------------- */

/* What two looks tell, or what one does of the kernel's own averages. Shares of time in percent. */
struct cost {
    double refaults, anon_refaults, activated, evicted, used_again; /* pages/s; NAN */
    double some, full;                                              /* lost to memory; NAN */
    double writing; /* of the time tasks wait for I/O, the part that is for writing; NAN */
    double written; /* pages/s to devices, by all of the machine; NAN */
    double read_ms; /* of one read; NAN */
};

static double of_interval(const struct steady *t, enum steady_counter id)
{
    return turn_rate(&t->turn, t->counts[id]);
}

/* Time waiting for I/O is memory's as far as evicted pages explain what devices read. */
static double lost(const struct steady *t, enum steady_counter memory, enum steady_counter io,
                   double io_share)
{
    double m = of_interval(t, memory) / 1e4, i = of_interval(t, io) / 1e4 * io_share;

    m = isnan(m) || m < i ? (isnan(i) ? m : i) : m;
    return m > 100 ? 100 : m;
}

/* Mean time of one read, over all disks. */
static double read_latency(const struct snapshot *s, const struct figures *f)
{
    double reads = 0, ms = 0;

    vec_for_each (&s->disks, view) {
        const struct disk_figures *d = &f->disks[view - s->disks.items];

        if (view->whole && !view->stacked && d->reads > 0) {
            reads += d->reads;
            ms += d->reads * d->read_ms;
        }
    }
    return reads > 0 ? ms / reads : NAN;
}

static void cost_of(struct cost *c, const struct steady *t, const struct snapshot *s,
                    const struct figures *f, const struct pressure psi[NR_PSI_RESOURCES])
{
    double page = s->page_bytes && known(s->page_bytes) ? (double)s->page_bytes : 4096;
    double read, written, share;

    *c = (struct cost){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, read_latency(s, f)};
    if (!t || isnan(turn_seconds(&t->turn))) {
        /* One look: all waiting for I/O may be for what was evicted, or none. */
        c->full = psi[PSI_MEM].full;
        c->some = psi[PSI_IO].some > psi[PSI_MEM].some ? psi[PSI_IO].some : psi[PSI_MEM].some;
        return;
    }
    c->refaults = of_interval(t, STEADY_REFAULTS);
    c->anon_refaults = of_interval(t, STEADY_ANON_REFAULTS);
    c->activated = of_interval(t, STEADY_ACTIVATED);
    c->evicted = of_interval(t, STEADY_EVICTED);
    c->used_again = of_interval(t, STEADY_USED_AGAIN);
    read = 1024 * of_interval(t, STEADY_READ);
    written = 1024 * of_interval(t, STEADY_WRITTEN);
    c->written = written / page;
    c->writing = of_interval(t, STEADY_IO_SOME) / 1e4 * (written / (read + written));
    share = read > 0 ? c->refaults * page / read : 0;
    share = share > 1 ? 1 : share;
    c->some = lost(t, STEADY_MEMORY_SOME, STEADY_IO_SOME, share);
    c->full = lost(t, STEADY_MEMORY_FULL, STEADY_IO_FULL, share);
}

/* The lists that what comes back competes with, as the kernel has them for its test
 * (mm/workingset.c): a page of a file with the active file pages, and with anonymous memory where
 * there is swap; an anonymous page with all others. */
static u64 competing(const struct look *l, const struct cost *c)
{
    bool swap = !known(l->swap_left) || l->swap_left > 0;
    u64 anon = swap ? figure_or(figure_add(l->inactive_anon, l->active_anon), 0) : 0;

    return l->active + anon + (c->anon_refaults > 0 ? l->inactive : 0);
}

/* Bytes by which memory differs from what would lose NEED_LOST, when `lost` is lost: see
 * needed.h. */
static double distance(const struct cost *c, double lost, double competing)
{
    double off = lost > NEED_LOST ? lost - NEED_LOST : NEED_LOST - lost;

    return off * c->refaults * competing / (c->activated * lost);
}

static void narrow_enough(struct need *n, const struct cost *c, u64 w)
{
    double below = c->full > 0 && c->activated > 0 ? distance(c, c->full, (double)w) : NAN;

    n->state = NEED_ENOUGH;
    n->high = MIN(n->high, n->current);
    if (below < (double)n->current)
        n->low = MAX(n->low, MIN(n->current - (u64)below, n->high));
}

static void narrow_short(struct need *n, const struct cost *c, u64 w)
{
    double above = c->activated > 0 ? distance(c, c->some, (double)w) : NAN;

    n->state = c->full > NEED_LOST ? NEED_SHORT : NEED_BETWEEN;
    if (n->state == NEED_SHORT)
        n->low = MAX(n->low, n->current);
    n->high = above <= (double)w ? n->current + (u64)above : UNKNOWN;
    if (known(n->high))
        n->low = MIN(n->low, n->high);
}

/* Pages that become active had stood on the inactive list until then. Had they been evicted, each
 * would be a read of the disk. Where no disk is read, what that would take is not known, and may be
 * too much. */
static bool would_cost_too_much(const struct cost *c)
{
    return c->used_again > 0 && !(c->used_again * c->read_ms / 10 <= NEED_LOST);
}

/* Where memory is evicted: comes some of it back, or was most of it written? The kernel lets a part
 * of the cache stay dirty, so that a writer who waits for nobody needs the rest of it as well. */
static bool inactive_in_use(const struct cost *c)
{
    return isnan(c->refaults) || !(100 * c->refaults < COMES_BACK * c->evicted) ||
           100 * c->written > WRITTEN_MOST * c->evicted;
}

static void narrow(struct need *n, const struct look *l, const struct cost *c, bool at_limit,
                   bool limited)
{
    bool evicts = c->evicted > 0 || c->refaults > 0 || (isnan(c->evicted) && at_limit);
    u64 w = competing(l, c);

    n->lost = c->some;
    n->refaults = c->refaults;
    /* Two looks, and nothing of it came back. */
    if (!isnan(c->anon_refaults) && !(c->anon_refaults > 0))
        n->open[NEED_OPEN_SWAPPED] = 0;
    if (evicts ? inactive_in_use(c) : would_cost_too_much(c))
        n->open[NEED_OPEN_INACTIVE] =
            n->inactive - n->open[NEED_OPEN_DIRTY] - n->open[NEED_OPEN_MAPPED];
    add_up(n);
    /* How much may be dirty is a part of the limit, whether it is met or not. */
    if (c->some <= NEED_LOST && c->writing > NEED_LOST && (evicts || limited)) {
        n->state = NEED_WRITING;
        n->lost = c->writing;
        n->high = UNKNOWN;
        return;
    }
    if (!evicts)
        return;
    if (c->some <= NEED_LOST)
        narrow_enough(n, c, w);
    else if (c->some > NEED_LOST && !isnan(c->refaults))
        narrow_short(n, c, w);
    else
        n->high = UNKNOWN;
}

/* --- of whom ---------------------------------------------------------------------------------- */

static void need_init(struct need *n, u32 group)
{
    *n = (struct need){.group = group,
                       .low = UNKNOWN,
                       .high = UNKNOWN,
                       .low_seen = UNKNOWN,
                       .high_seen = UNKNOWN,
                       .lost = NAN,
                       .refaults = NAN};
}

static void seen(struct need *n, const struct steady *t)
{
    n->low_seen = t && known(t->low_seen) ? MAX(t->low_seen, n->low) : n->low;
    n->high_seen = n->high;
    if (!t || !known(n->high) || !known(t->high_seen))
        return;
    n->high_seen = MAX(t->high_seen, n->high);
    /* What it had was enough: it did not need more than the most that it had. */
    if (n->state == NEED_ENOUGH)
        n->high_seen = MAX(MIN(n->high_seen, t->current_seen), n->high);
    n->low_seen = MIN(n->low_seen, n->high_seen);
}

void need_of_group(struct need *n, const struct snapshot *s, const struct figures *f,
                   const struct history *h, u32 group)
{
    const struct cgroup_view *g = &s->cgroups.items[group];
    const struct group_figures *gf = &f->groups[group];
    const struct group_history *gh = history_group(h, g->path);
    const struct steady *t = gh ? &gh->steady : NULL;
    struct look l;
    struct cost c;

    need_init(n, group);
    if (!look_of_group(&l, s, g))
        return;
    n->pool = pool_of_group(s, g);
    take_look(n, &l);
    cost_of(&c, t, s, f, gf->psi);
    narrow(n, &l, &c, group_is_limited(s, f, group), known(gf->limit) && gf->limit < NO_LIMIT);
    if (known(gf->oom_kills_seen) && gf->oom_kills_seen > 0 && known(gf->limit) &&
        gf->limit < NO_LIMIT) {
        n->state = NEED_KILLED;
        n->low = MAX(n->low, gf->limit);
        n->high = UNKNOWN;
    }
    seen(n, t);
}

void need_of_host(struct need *n, const struct snapshot *s, const struct figures *f,
                  const struct history *h)
{
    double all = sum_known(f->refaults_file, f->refaults_anon);
    struct look l;
    struct cost c;

    need_init(n, GROUP_NONE);
    if (!look_of_host(&l, s))
        return;
    n->idle_huge = MIN(idle_huge(s), l.current);
    take_look(n, &l);
    cost_of(&c, &h->steady, s, f, f->psi);
    /* What groups refault at their own limits no memory of the machine would spare them, nor what
     * one node lacks that another has free. */
    if (f->beside_free || all - f->refaults_machine > f->refaults_machine)
        add_up(n);
    else
        narrow(n, &l, &c, left_is_little(f), false);
    seen(n, &h->steady);
}

/* --- in words --------------------------------------------------------------------------------- */

char *need_format(char buf[64], u64 low, u64 high)
{
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

    if (!known(low))
        snprintf(buf, 64, "unknown");
    else if (!known(high))
        snprintf(buf, 64, "more than %s", format_bytes(a, low));
    else if ((double)(high - low) * 100 <= CLOSE_PERCENT * (double)high)
        snprintf(buf, 64, "%s", format_bytes(a, high));
    else
        snprintf(buf, 64, "%s to %s", format_bytes(a, low), format_bytes(b, high));
    return buf;
}

static bool worth(u64 part, u64 whole)
{
    return share_of(part, whole) >= WORTH_PERCENT;
}

/* "; " between parts of a sentence, and what comes before the first. */
static void say_part(struct strbuf *out, unsigned *said, const char *before, const char *what,
                     u64 bytes, const char *text)
{
    char size[UNITS_TEXT_MAX];

    strbuf_printf(out, "%s%s%s%s", (*said)++ ? "; " : before, what, format_bytes(size, bytes),
                  text);
}

/* What leaves the range of one look open. */
static void say_open(const struct need *n, struct strbuf *out)
{
    static const char *const why[NR_NEED_OPEN] = {
        [NEED_OPEN_ANON] = " of anonymous memory and shmem could go to swap",
        [NEED_OPEN_ACTIVE] = " of file cache was used more than once",
        [NEED_OPEN_MAPPED] = " of inactive cache is mapped and may be in use",
        [NEED_OPEN_DIRTY] = " is dirty, and programs wait where the disk is slower than they are",
        [NEED_OPEN_INACTIVE] = " of inactive cache is used again, or was written",
        [NEED_OPEN_SWAPPED] = " is in swap and may be wanted back",
    };
    unsigned said = 0;

    for (unsigned i = 0; i < NR_NEED_OPEN; i++)
        if (worth(n->open[i], known(n->high) ? n->high : n->current))
            say_part(out, &said, " No counter says how much of this is in use: ", "", n->open[i],
                     why[i]);
    if (said)
        strbuf_appendc(out, '.');
}

/* What was lost, where memory was evicted. */
static void say_state(const struct need *n, struct strbuf *out)
{
    char lost[48], refaults[48];

    format_evidence(lost, n->lost, IN_PERCENT);
    format_evidence(refaults, n->refaults, IN_PAGES_PER_S);
    switch (n->state) {
    case NEED_UNWATCHED:
        say_open(n, out);
        return;
    case NEED_ENOUGH:
        strbuf_printf(out, " Memory is evicted, and at most %s of the time is lost: it has enough.",
                      lost);
        if (n->low < n->high && !worth(n->high - n->low, n->high))
            return;
        say_open(n, out);
        return;
    case NEED_SHORT:
        strbuf_printf(out, " It needs more than it has: %s of the time is lost", lost);
        break;
    case NEED_WRITING:
        strbuf_printf(
            out,
            " Its tasks wait %s of the time for the disk to write: under a larger limit more "
            "may stay dirty, which helps a burst and no steady writer.",
            lost);
        return;
    case NEED_BETWEEN:
        strbuf_printf(out, " Some of its tasks lose %s of the time", lost);
        break;
    case NEED_KILLED:
        strbuf_append(out, " It was killed at its limit: it needs more.");
        return;
    }
    if (!isnan(n->refaults))
        strbuf_printf(out, ", and %s that were evicted come back", refaults);
    strbuf_append(out, known(n->high)
                           ? "."
                           : "; how much more it needs no counter says, because these pages "
                             "would not all have stayed.");
}

/* Why the three figures that others show are not it, with what makes them so here. */
static void say_others(const struct need *n, struct strbuf *out)
{
    u64 free_to_drop = less(n->inactive, n->open[NEED_OPEN_DIRTY] + n->open[NEED_OPEN_MAPPED] +
                                             n->open[NEED_OPEN_INACTIVE]);
    u64 in_use = n->inactive - MIN(n->inactive, free_to_drop);
    bool host = n->group == GROUP_NONE;
    u64 scale = MAX(n->current, 1);
    unsigned said = 0;

    if (worth(free_to_drop + n->slab, scale))
        say_part(out, &said, " ", host ? "What is not free counts " : "Its current counts ",
                 free_to_drop + n->slab, " that can be dropped at once");
    if (worth(n->active, scale) && n->state != NEED_UNWATCHED)
        say_part(out, &said, " ",
                 said ? "less inactive_file it still counts "
                      : "Less inactive_file it still counts ",
                 n->active, " of active cache, used often or not");
    if (worth(in_use, scale))
        say_part(out, &said, " ",
                 said ? "less inactive_file it leaves out " : "Less inactive_file it leaves out ",
                 in_use, " that is mapped, dirty or in use");
    if (worth(n->shmem, scale))
        say_part(out, &said, " ",
                 said ? "less all file pages it leaves out " : "Less all file pages it leaves out ",
                 n->shmem, " of tmpfs and shared memory, which cannot be dropped");
    else if (worth(n->active + in_use, scale) && n->state != NEED_UNWATCHED)
        say_part(out, &said, " ",
                 said ? "less all file pages it leaves out " : "Less all file pages it leaves out ",
                 n->active + in_use, " of cache that may be in use");
    if (worth(n->idle_huge, scale))
        say_part(out, &said, " ", said ? "all three count " : "All three count ", n->idle_huge,
                 " of huge pages that nobody uses");
    if (said)
        strbuf_appendc(out, '.');
    else if (n->state != NEED_SHORT && n->state != NEED_KILLED && known(n->high))
        strbuf_append(out, " The other figures say about the same here.");
}

/* The figures that others show. */
static void say_figures(const struct need *n, struct strbuf *out)
{
    bool host = n->group == GROUP_NONE;
    char size[UNITS_TEXT_MAX];

    strbuf_printf(out, " (%s %s; ", host ? "not free is" : "current is",
                  format_bytes(size, n->current));
    strbuf_printf(out, "less inactive_file%s %s",
                  host ? "" : ", which kubelet calls the working set,",
                  format_bytes(size, n->without_inactive));
    if (known(n->without_file))
        strbuf_printf(out, "; less all file pages %s", format_bytes(size, n->without_file));
    strbuf_append(out, ").");
}

void need_say(const struct need *n, struct strbuf *out)
{
    char range[64], low[UNITS_TEXT_MAX];

    strbuf_printf(out, "It needs %s", need_format(range, n->low, n->high));
    say_figures(n, out);
    say_state(n, out);
    if (worth(less(n->low_seen, n->low), n->low_seen))
        strbuf_printf(out, " Earlier in this observation it needed at least %s.",
                      format_bytes(low, n->low_seen));
    say_others(n, out);
    if (n->generations && worth(n->inactive, MAX(n->current, 1)))
        strbuf_append(out, " Multi-generational LRU is on: inactive is all but the two youngest "
                           "generations, and right after an aging much of it is in use.");
    if (n->pool)
        strbuf_printf(out,
                      " Besides it uses %s of the pool of huge pages, which memory.max does "
                      "not count.",
                      format_bytes(low, n->pool));
}
