/* size.c - the sweep: grid, search, neighbours, holes.
 *
 * Without a limit the work has a peak P and takes a time T. Limits that matter lie below P.
 *
 *   1. The grid: `grid` limits from P down to P / 16, each a fixed factor below the last, all
 *      rounded to a step of about P / 256 (at least 64 KiB). It shows the shape and where outcomes
 *      change. It is tried from the top, two limits at a time, and left where one does not survive:
 *      no boundary lies below, and to thrash is what takes longest (five to ten times a run that
 *      fits). Unless the user chooses the grid, or machines are compared.
 *   2. The search, for "usable" and for "survives" at once: a boundary is the smallest tried limit
 *      such that it and all tried limits above it pass. Between it and the failing limit below it
 *      lies the interval, in which one limit is tried after the other until it is a 128th of the
 *      limit wide, or a step if that is more: where the slowdowns of its ends, or of the two limits
 *      above it, say that the bound is crossed; where a program without swap is killed, at what it
 *      held that was no page cache; else, and whenever a guess by slowdowns did not halve the
 *      interval, in its middle. The interval of "survives" may stay wider, a 16th, where it lies so
 *      far below that of "usable" that it says nothing of what to set. Where even the peak is too
 *      little, because what a group may do grows with its limit (a writer's share of dirty pages),
 *      limits of 2, 4, ... 64 times the peak are tried first, so that the boundary lies inside what
 *      was tried whatever the shape.
 *   3. Running out is not monotonic (a run may be killed at 77 MiB, thrash at 73, and be killed at
 *      48), so three limits just above each boundary are tried too, 1, 2 and 4 widths up, unless
 *      the search was there; one where it says nothing of what to set. If one fails, the boundary
 *      moves above it and the search goes on there. Tried limits that fail above one that passes
 *      are reported as holes.
 *
 * Rejected: to replay a sample before, aligned runs of pages chosen by hash with everything scaled
 * along. A fourth of 500 MiB are 60 runs of 2 MiB, far too few to tell their need to a step (0.3
 * %), so that every exact replay near the answer would be made all the same, and most of the time
 * goes there. Fewer replays that thrash, and fewer in the search, took the cost to half.
 * Rejected: plain bisection from 0 to P. It finds *a* boundary, and may report one with a hole
 * right above it.
 */
#include "size/size.h"

#include "base/alloc.h"
#include "base/masklist.h"
#include "size/advice.h"
#include "size/pool.h"
#include "size/shape.h"

#include <stdlib.h>

#define GRID_DEFAULT  8u
#define GRID_SPAN     16u  /* the lowest limit of the grid is the peak over this */
#define STEPS_OF_PEAK 256u /* a search ends at about P over this */
#define STEP_MIN      (64 * KIB)
#define LIMIT_MIN     (256 * KIB) /* below this not even the page tables of a program fit */
#define WIDTH_OF_LIMIT \
    128u /* a search ends in an interval of the limit over this, or of a step if that is more */
#define FAR_OF_LIMIT 16u /* the same for one that tells nothing of what to set */
/* how far below what is held the kill is looked for: held bytes over this */
#define HELD_LESS    32u
/* times the bound: a slowdown at the lower end of an interval that says nothing of where in it the
 * boundary lies */
#define STEEP        2.0
#define NR_SEARCHES  2u
#define NEIGHBOURS   3u /* limits above a boundary that must pass too */
#define BEYOND_BATCH 3u
#define ROUNDS_MAX   24u
#define BEYOND_MAX   64u /* times the peak */
#define GRID_BATCH   2u

struct sweep {
    const struct size_config *config;
    struct size_result *out;
    u64 step;
    u64 done_events;
};

typedef bool (*passes_fn)(const struct size_row *row);

/* The search for one boundary. */
struct search {
    passes_fn passes;
    double bound;     /* a slowdown up to which limits pass */
    bool guessed;     /* the limit that was tried last was a guess, */
    u64 width_before; /* in an interval as wide as this */
};

static bool row_survives(const struct size_row *row)
{
    return row->survives;
}

static bool row_usable(const struct size_row *row)
{
    return row->usable;
}

const char *size_source_name(enum size_source source)
{
    switch (source) {
    case SIZE_UNLIMITED:
        return "unlimited";
    case SIZE_ASKED:
        return "asked";
    case SIZE_GRID:
        return "grid";
    case SIZE_SEARCH:
        return "search";
    case SIZE_NEIGHBOUR:
        return "neighbour";
    case SIZE_BEYOND:
        return "beyond";
    case SIZE_VERIFY:
        return "verify";
    }
    hw_unreachable();
}

/* --- trying limits --- */

static bool tried(const struct sweep *s, u64 limit)
{
    vec_for_each (&s->out->rows, row)
        if (row->limit_bytes == limit)
            return true;
    return false;
}

static int by_limit(const void *a, const void *b)
{
    const struct size_row *x = a, *y = b;

    return (x->limit_bytes > y->limit_bytes) - (x->limit_bytes < y->limit_bytes);
}

/* Replay at each of these that was not tried yet. */
static int try_limits(struct sweep *s, const u64 *limits, unsigned nr, enum size_source source,
                      struct err *e)
{
    VEC(struct size_row) fresh = {0};
    int r;

    for (unsigned i = 0; i < nr; i++) {
        bool known = tried(s, limits[i]);

        vec_for_each (&fresh, row)
            known |= row->limit_bytes == limits[i];
        if (!known)
            vec_push(&fresh,
                     ((struct size_row){
                         .limit_bytes = limits[i], .high_bytes = UINT64_MAX, .source = source}));
    }
    r = pool_run(s->config, &s->out->unlimited, &s->out->service, fresh.items,
                 (unsigned)fresh.count, &s->done_events, e);
    for (size_t i = 0; r == 0 && i < fresh.count; i++) {
        vec_push(&s->out->rows, fresh.items[i]);
        s->out->replays++;
    }
    vec_done(&fresh);
    if (s->out->rows.count)
        qsort(s->out->rows.items, s->out->rows.count, sizeof(struct size_row), by_limit);
    return r;
}

#define BASE_LOST_PERCENT \
    10u /* of its busy time, waited for memory: the run without a limit is short */

bool size_base_is_short(const struct size_row *unlimited)
{
    return unlimited->outcome == REPLAY_COMPLETED &&
           unlimited->stall_ns > unlimited->busy_ns / 100 * BASE_LOST_PERCENT;
}

int size_blame_unlimited(const struct size_config *config, const struct size_row *row,
                         struct err *e)
{
    struct strbuf nodes;
    int rc;

    if (row->outcome != REPLAY_OOM || !row->oom_nodes)
        return err_at(
            e, -ENODATA, config->trace->path, 0, 0,
            "even without a limit the replay ends in '%s': give the machine more memory (--ram)",
            replay_outcome_name(row->outcome));
    strbuf_init(&nodes);
    strbuf_masklist(&nodes, row->oom_nodes);
    rc = err_at(e, -ENODATA, config->trace->path, 0, 0,
                "even without a limit the replay ends in 'oom': its memory policy or cpuset allows "
                "node%s %s alone, and nothing is left there; give the machine more memory (--ram), "
                "or let it have other nodes (--preferred %d)",
                row->oom_nodes & (row->oom_nodes - 1) ? "s" : "", nodes.text,
                __builtin_ctzll(row->oom_nodes));
    strbuf_done(&nodes);
    return rc;
}

static int run_unlimited(struct sweep *s, struct err *e)
{
    struct size_row *row = &s->out->unlimited;
    int r;

    *row = (struct size_row){
        .limit_bytes = UINT64_MAX, .high_bytes = UINT64_MAX, .source = SIZE_UNLIMITED};
    r = pool_run(s->config, NULL, &s->out->service, row, 1, &s->done_events, e);
    if (r)
        return r;
    s->out->replays++;
    if (row->outcome == REPLAY_COMPLETED && !row->survives)
        return err_at(e, -ENODATA, s->config->trace->path, 0, 0,
                      "the replay ends before it comes to %s %s",
                      s->config->from_name ? "--from" : "--process",
                      s->config->from_name ? s->config->from_name : s->config->process);
    if (row->outcome == REPLAY_OOM && s->config->keep_oom)
        return 0;
    return row->outcome == REPLAY_COMPLETED ? 0 : size_blame_unlimited(s->config, row, e);
}

static u64 round_limit(const struct sweep *s, u64 bytes)
{
    return MAX(ROUND_UP(bytes, s->step), (u64)LIMIT_MIN);
}

static u64 step_for(u64 peak)
{
    u64 step = STEP_MIN;

    while (step * STEPS_OF_PEAK * 2 <= peak)
        step *= 2;
    return step;
}

/* Limits from the largest to the smallest, until one does not survive: no boundary lies below
 * it. */
static int try_from_the_top(struct sweep *s, const u64 *limits, unsigned nr, struct err *e)
{
    bool whole = s->config->grid || s->config->whole_grid;
    unsigned batch = whole ? nr : GRID_BATCH;

    for (unsigned i = 0; i < nr; i += batch) {
        int r = try_limits(s, limits + i, MIN(batch, nr - i), SIZE_GRID, e);

        if (r)
            return r;
        if (!whole && !s->out->rows.items[0].survives)
            break;
    }
    return 0;
}

/* below `peak`, which may be another machine's, and at our own peak */
static int try_grid(struct sweep *s, u64 peak, struct err *e)
{
    unsigned n = s->config->grid ? s->config->grid : GRID_DEFAULT;
    u64 *limits = xcalloc(n + 1, sizeof(*limits));
    double factor = 1, ratio = 1;
    int r;

    /* ratio^(n - 1) == 1 / GRID_SPAN, without libm: Newton would do as well, but n is small. */
    if (n > 1) {
        double low = 0, high = 1;

        for (unsigned i = 0; i < 60; i++) {
            double power = 1;

            ratio = (low + high) / 2;
            for (unsigned k = 1; k < n; k++)
                power *= ratio;
            if (power * GRID_SPAN < 1)
                low = ratio;
            else
                high = ratio;
        }
    }
    limits[0] = round_limit(s, s->out->unlimited.peak_bytes);
    for (unsigned i = 1; i <= n; i++, factor *= ratio)
        limits[i] = round_limit(s, (u64)((double)peak * factor));
    r = try_from_the_top(s, limits, n + 1, e);
    free(limits);
    return r;
}

/* --- boundaries --- */

/* The smallest tried limit such that it and all above it pass; and the failing one below it. */
static struct size_boundary boundary_of(const struct size_result *out, passes_fn passes)
{
    struct size_boundary b = {0};

    for (size_t i = out->rows.count; i-- > 0;) {
        const struct size_row *row = &out->rows.items[i];

        if (!passes(row)) {
            b.fails_bytes = row->limit_bytes;
            break;
        }
        b.found = true;
        b.limit_bytes = row->limit_bytes;
    }
    return b;
}

static const struct size_row *row_at(const struct size_result *out, u64 limit)
{
    for (size_t i = 0; i < out->rows.count; i++)
        if (out->rows.items[i].limit_bytes == limit)
            return &out->rows.items[i];
    return NULL;
}

/* Is the interval in which the smallest limit that survives lies so far below the usable ones that
 * it says nothing of what to set? */
static bool is_far(const struct size_boundary *survives, const struct size_boundary *usable)
{
    return usable->found && shape_clear(survives->limit_bytes) <= usable->fails_bytes;
}

static u64 width_of(const struct sweep *s, u64 limit, u64 part)
{
    return MAX(ROUND_DOWN(limit / part, s->step), s->step);
}

/* How wide the interval below a boundary may stay. */
static u64 width_for(const struct sweep *s, const struct search *search,
                     const struct size_boundary *b)
{
    struct size_boundary usable = boundary_of(s->out, row_usable);
    u64 part = search->passes == row_survives && is_far(b, &usable) ? FAR_OF_LIMIT : WIDTH_OF_LIMIT;

    return width_of(s, b->limit_bytes, part);
}

/* The slowdown of a row, for one that was cut short that of the whole work at the pace so far; 0:
 * it tells nothing, as the row was killed. */
static double pace_of(const struct size_result *out, const struct size_row *row)
{
    if (!row || (row->outcome != REPLAY_COMPLETED && row->outcome != REPLAY_THRASH) || !row->events)
        return 0;
    return row->outcome == REPLAY_COMPLETED
               ? row->slowdown
               : row->slowdown * (double)out->unlimited.events / (double)row->events;
}

/* Where the line through the slowdowns of two limits reaches `bound`; 0: they tell nothing of
 * it. */
static u64 cross(u64 a, double slow_a, u64 b, double slow_b, double bound)
{
    double at;

    if (slow_a <= slow_b || slow_b <= 0 || b <= a)
        return 0;
    at = (double)b - (bound - slow_b) / (slow_a - slow_b) * (double)(b - a);
    return at > 0 && at < 1e18 ? (u64)at : 0;
}

/* Below what a program holds that is no page cache it is killed, if there is no swap: there, or a
 * little below, where the kernel's own caches go. 0: neither lies within the interval. */
static u64 guess_held(const struct sweep *s, u64 low, u64 high, u64 least)
{
    u64 held = ROUND_UP(s->out->unlimited.held_bytes, s->step), less = held - held / HELD_LESS;

    if (held >= low + least && held + least <= high)
        return held;
    return less >= low + least && less + least <= high ? less : 0;
}

/* Where in the interval the boundary is likely to be, by the slowdowns: on the line through its two
 * ends, or, where the lower end was killed or not tried, through the upper one and the next limit
 * above. 0: no idea. */
static u64 guess_slowdown(const struct sweep *s, const struct search *search,
                          const struct size_boundary *b)
{
    const struct size_result *out = s->out;
    const struct size_row *high = row_at(out, b->limit_bytes);
    const struct size_row *low = b->fails_bytes ? row_at(out, b->fails_bytes) : NULL;
    const struct size_row *up = high + 1 < out->rows.items + out->rows.count ? high + 1 : NULL;
    double slow_low = pace_of(out, low);

    if (slow_low > 0 && slow_low <= search->bound * STEEP)
        return cross(b->fails_bytes, slow_low, b->limit_bytes, high->slowdown, search->bound);
    if (!up)
        return 0;
    return cross(b->limit_bytes, high->slowdown, up->limit_bytes, up->slowdown, search->bound);
}

/* The limit to try next in the interval below the boundary; false when it is narrow enough. */
static bool choose_limit(const struct sweep *s, struct search *search, u64 *ret)
{
    struct size_boundary b = boundary_of(s->out, search->passes);
    u64 low = b.fails_bytes ? b.fails_bytes : MIN((u64)LIMIT_MIN, b.limit_bytes);
    u64 width = b.limit_bytes - low, least = width_for(s, search, &b), at;
    bool halved = !search->guessed || width <= search->width_before / 2;

    if (!b.found || width <= least)
        return false;
    search->width_before = width;
    search->guessed = false;
    /* A guess by slowdowns must have halved the interval, or the middle is next. */
    at = halved ? guess_slowdown(s, search, &b) : 0;
    if (at > low && at < b.limit_bytes) {
        /* Just beside an end it would leave nearly all of the interval. */
        at = CLAMP(at, low + least, b.limit_bytes - least);
        search->guessed = true;
    } else {
        at = halved ? guess_held(s, low, b.limit_bytes, least) : 0;
    }
    at = ROUND_DOWN(at ? at : low + width / 2, s->step);
    if (at <= low || at >= b.limit_bytes)
        at = b.limit_bytes - s->step;
    *ret = at;
    return at > low && !tried(s, at);
}

/* Is the interval no wider than that of a boundary that tells nothing? */
static bool is_near(const struct sweep *s, const struct search *search)
{
    struct size_boundary b = boundary_of(s->out, search->passes);

    return b.limit_bytes - b.fails_bytes <= b.limit_bytes / FAR_OF_LIMIT;
}

/* Cut the intervals below all boundaries until they are narrow: a limit of each at once. */
static int narrow(struct sweep *s, struct search *searches, unsigned nr, struct err *e)
{
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        u64 limits[NR_SEARCHES];
        unsigned n = 0;
        int r;

        /* Once it is near enough, a boundary waits for those before it, which may show that it
         * is. */
        for (unsigned i = 0; i < nr; i++)
            if (n == 0 || !is_near(s, &searches[i]))
                n += choose_limit(s, &searches[i], &limits[n]);
        if (n == 0)
            return 0;
        r = try_limits(s, limits, n, SIZE_SEARCH, e);
        if (r)
            return r;
    }
    return 0;
}

/* Was a limit tried that is nearer than half a width? */
static bool tried_near(const struct sweep *s, u64 limit, u64 width)
{
    vec_for_each (&s->out->rows, row)
        if (MAX(row->limit_bytes, limit) - MIN(row->limit_bytes, limit) <= width / 2)
            return true;
    return false;
}

/* Limits just above each boundary. True in *ret_moved when one of them fails and a boundary is a
 * higher one now. */
static int try_neighbours(struct sweep *s, struct search *searches, unsigned nr, bool *ret_moved,
                          struct err *e)
{
    u64 limits[NR_SEARCHES * NEIGHBOURS], before[NR_SEARCHES];
    unsigned n = 0;
    int r;

    for (unsigned i = 0; i < nr; i++) {
        struct size_boundary b = boundary_of(s->out, searches[i].passes);
        u64 width = width_for(s, &searches[i], &b);
        unsigned above = width > width_of(s, b.limit_bytes, WIDTH_OF_LIMIT) ? 1 : NEIGHBOURS;

        before[i] = b.limit_bytes;
        for (unsigned k = 0; b.found && k < above; k++) {
            u64 limit = b.limit_bytes + (width << k);

            if (limit < MAX(s->out->unlimited.peak_bytes, vec_last(&s->out->rows).limit_bytes) &&
                !tried_near(s, limit, width))
                limits[n++] = limit;
        }
    }
    r = try_limits(s, limits, n, SIZE_NEIGHBOUR, e);
    *ret_moved = false;
    for (unsigned i = 0; i < nr; i++)
        *ret_moved |= boundary_of(s->out, searches[i].passes).limit_bytes != before[i];
    return r;
}

/* The largest limit so far does not pass: try larger ones. */
static int go_beyond(struct sweep *s, passes_fn passes, struct err *e)
{
    for (u64 times = 2; times <= BEYOND_MAX; times *= 8) {
        u64 limits[BEYOND_BATCH];
        int r;

        if (boundary_of(s->out, passes).found)
            return 0;
        for (unsigned i = 0; i < BEYOND_BATCH; i++)
            limits[i] = round_limit(s, s->out->unlimited.peak_bytes * (times << i));
        r = try_limits(s, limits, BEYOND_BATCH, SIZE_BEYOND, e);
        if (r)
            return r;
    }
    return 0;
}

static int find_boundaries(struct sweep *s, struct err *e)
{
    struct search searches[NR_SEARCHES] = {
        {.passes = row_usable, .bound = s->config->usable_slowdown},
        {.passes = row_survives, .bound = s->config->max_slowdown}};
    bool moved = true;
    int r = 0;

    for (unsigned i = 0; r == 0 && i < NR_SEARCHES; i++)
        r = go_beyond(s, searches[i].passes, e);
    for (unsigned round = 0; r == 0 && round < ROUNDS_MAX && moved; round++) {
        r = narrow(s, searches, NR_SEARCHES, e);
        if (r == 0)
            r = try_neighbours(s, searches, NR_SEARCHES, &moved, e);
    }
    return r;
}

/* A limit is usable where a little less memory survives as well: how much that is may be off by as
 * much. More than the peak is never needed. *ret_clear is the smallest limit that is clear of the
 * edge; it is tried, unless the user chose the limits. */
static int stay_clear(struct sweep *s, u64 *ret_clear, struct err *e)
{
    u64 peak = ROUND_UP(s->out->unlimited.peak_bytes, s->step), clear = 0;

    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        struct size_boundary edge = boundary_of(s->out, row_survives);
        u64 before = clear;
        int r;

        if (!edge.found || !edge.fails_bytes)
            break;
        clear = MIN(round_limit(s, shape_clear(edge.fails_bytes)), MAX(peak, edge.limit_bytes));
        if (clear == before || s->config->nr_limits ||
            boundary_of(s->out, row_usable).limit_bytes >= clear)
            break;
        r = try_limits(s, &clear, 1, SIZE_NEIGHBOUR, e);
        if (r)
            return r;
    }
    *ret_clear = clear;
    return 0;
}

static void note_boundaries(struct size_result *out, u64 clear)
{
    struct size_boundary clear_of_it;

    out->survives = boundary_of(out, row_survives);
    out->usable = boundary_of(out, row_usable);
    out->survives.bare_bytes = out->survives.limit_bytes;
    out->usable.bare_bytes = out->usable.limit_bytes;
    shape_mark_near_edge(out, clear);
    clear_of_it = boundary_of(out, row_usable);
    out->usable.found = clear_of_it.found;
    out->usable.limit_bytes = clear_of_it.limit_bytes;
    if (out->usable.bare_bytes < out->usable.limit_bytes)
        out->usable.clear_of_bytes = out->survives.fails_bytes;
    shape_band(out, row_survives, &out->survives);
    shape_band(out, row_usable, &out->usable);
}

/* --- what it comes to --- */

static void note_holes(struct size_result *out)
{
    bool survived = false, used = false;

    vec_for_each (&out->rows, row) {
        if (survived && !row->survives)
            vec_push(&out->holes, row->limit_bytes);
        if (used && !row->usable)
            vec_push(&out->unusable_holes, row->limit_bytes);
        survived |= row->survives;
        used |= row->usable;
    }
}

/* Cache that a usable limit leaves and the smallest usable one does without. */
static void note_disposable(struct size_result *out)
{
    const struct size_row *smallest =
        out->usable.found ? row_at(out, out->usable.limit_bytes) : NULL;
    u64 needed = smallest ? smallest->file_bytes : 0;

    if (!smallest)
        return;
    vec_for_each (&out->rows, row)
        if (row->usable && row->file_bytes > needed)
            row->disposable_bytes = row->file_bytes - needed;
    if (out->unlimited.file_bytes > needed)
        out->unlimited.disposable_bytes = out->unlimited.file_bytes - needed;
}

/* memory.high moves towards memory.max until it costs little. */
static int verify_high(struct sweep *s, struct err *e)
{
    struct size_advice *a = &s->out->advice;
    struct size_row *row = &s->out->verified;
    u64 lowest = a->high_bytes;

    for (unsigned third = 0; third < (s->config->cgroup_v1 ? 1 : 3); third++) {
        int r;

        a->high_bytes = ROUND_UP(lowest + (a->max_bytes - lowest) * third / 3, s->step);
        file_uses_free(row->files);
        *row = (struct size_row){.limit_bytes = a->max_bytes,
                                 .high_bytes = s->config->cgroup_v1 ? UINT64_MAX : a->high_bytes,
                                 .source = SIZE_VERIFY};
        r = pool_run(s->config, &s->out->unlimited, &s->out->service, row, 1, &s->done_events, e);
        s->out->replays++;
        if (r || row->usable)
            return r;
    }
    return 0;
}

/* The advice is a pair of limits nobody has run yet: run it. It may stand on the peak, below the
 * smallest limit that was tried and is usable; where that is too little it is given up. */
static int verify_advice(struct sweep *s, struct err *e)
{
    int r = s->out->advice.found ? verify_high(s, e) : 0;

    if (r == 0 && s->out->advice.found && !s->out->verified.usable &&
        advice_stand_on_usable(s->out, s->step))
        r = verify_high(s, e);
    return r;
}

static int check_config(const struct size_config *c, struct err *e)
{
    assert(c->usable_slowdown >= 1 && c->max_slowdown >= c->usable_slowdown);
    for (unsigned i = 0; i < c->nr_limits; i++)
        if (c->limits[i] < PAGE_SIZE)
            return err_set(e, -EINVAL, "a limit of %llu bytes holds no page of 4,096",
                           (unsigned long long)c->limits[i]);
    return 0;
}

int size_run(const struct size_config *config, struct size_result *ret, struct err *e)
{
    int r = size_unlimited(config, ret, e);

    return r ? r : size_limits(config, ret->unlimited.peak_bytes, ret, e);
}

int size_unlimited(const struct size_config *config, struct size_result *ret, struct err *e)
{
    struct sweep s = {.config = config, .out = ret};
    int r;

    *ret = (struct size_result){0};
    r = check_config(config, e);
    if (r == 0)
        r = run_unlimited(&s, e);
    if (r)
        size_result_done(ret);
    return r;
}

int size_limits(const struct size_config *config, u64 grid_peak, struct size_result *ret,
                struct err *e)
{
    struct sweep s = {.config = config, .out = ret, .done_events = ret->unlimited.events};
    u64 clear = 0;
    int r;

    s.step = step_for(grid_peak);
    if (config->nr_limits) {
        r = try_limits(&s, config->limits, config->nr_limits, SIZE_ASKED, e);
    } else {
        r = try_grid(&s, grid_peak, e);
        if (r == 0 && config->also_bytes)
            r = try_limits(&s, &config->also_bytes, 1, SIZE_ASKED, e);
        if (r == 0)
            r = find_boundaries(&s, e);
    }
    if (r == 0)
        r = stay_clear(&s, &clear, e);
    if (r == 0) {
        note_boundaries(ret, clear);
        shape_plateaus(ret);
        ret->first_kill_bytes = shape_first_kill(ret);
        note_holes(ret);
        note_disposable(ret);
        ret->peak_plus_15 =
            ROUND_UP(ret->unlimited.peak_bytes + ret->unlimited.peak_bytes * 15 / 100, PAGE_SIZE);
        advice_compute(ret, config, s.step);
        r = verify_advice(&s, e);
        advice_finish(ret, config);
    }
    if (r)
        size_result_done(ret);
    return r;
}

int size_try(const struct size_config *config, struct size_result *result, u64 max_bytes,
             u64 high_bytes, struct size_row *ret, struct err *e)
{
    struct size_row row = {
        .limit_bytes = max_bytes, .high_bytes = high_bytes, .source = SIZE_VERIFY};
    u64 done_events = result->unlimited.events;
    int r = pool_run(config, &result->unlimited, &result->service, &row, 1, &done_events, e);

    file_uses_free(row.files);
    row.files = NULL;
    if (r == 0)
        *ret = row;
    return r;
}

void size_result_done(struct size_result *r)
{
    vec_done(&r->rows);
    vec_done(&r->holes);
    vec_done(&r->unusable_holes);
    vec_done(&r->plateaus);
    file_uses_free(r->unlimited.files);
    file_uses_free(r->verified.files);
    r->unlimited.files = r->verified.files = NULL;
    service_done(&r->service);
}
