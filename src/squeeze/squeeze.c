/* squeeze.c - the controller: see squeeze.h.
 *
 *     watch ----> descend ----> approach <---+
 *                  ^   |           |         |
 *                  |   v           v         |
 *                  rest <------  hold -------+----> done (from everywhere, by a stop)
 *
 * Descend: each step takes budget + boost + growth pages/s. Growth is what is allocated anew
 *          meanwhile; without taking it too, the size would not fall. Boost goes up to three times
 *          the budget while less than a quarter of it comes back, and to nothing from half of it
 *          on. What has to be taken is saved up until it is worth a batch of the kernel's, which
 *          takes no less.
 * Search:  the size that the descent settles at is held first. Then down or up in steps that double
 *          (2.5, 5, 10 %), until one size keeps the budget and one below it does not; then halves
 *          between them, until they are 2.5 % apart.
 * Noise:   refaults are counted events: a count of n is as good as n +- sqrt(n), so an early
 *          verdict waits for four of these above.
 */
#include "squeeze/squeeze.h"

#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WATCH_STEPS      5u
#define WATCH_NS_MIN     (5 * NS_PER_S)
#define BOOST_MAX        3.0  /* times the budget */
#define BOOST_SIZE_MAX   0.01 /* of the size, a second */
#define GROWTH_SIZE_MAX  0.02 /* of the size, a second: what grows faster is not followed */
#define BATCH            32.0 /* pages that one round of reclaim takes at least */
#define SETTLED          0.8  /* of the budget comes back */
#define DESCENT_SHARE    0.6  /* of the duration; the rest is for holds */
#define BRAKE            2.0  /* times the budget ends a hold at once */
#define STEP_PERCENT     2.5
#define STEP_PERCENT_MAX 10.0
#define HOLD_LOOK_NS     (NS_PER_S / 4)
#define REST_NS_MAX      (30 * NS_PER_S)
#define APPROACH_NS_MAX  (30 * NS_PER_S)
#define UNFOLLOWED_MAX   5u
#define LOST_SHARE       0.25 /* of its own memory: gone by itself, it is another service */
#define FOLLOW_SLACK     0.02 /* of the size held, above which it does not follow */

static double seconds_of(ns_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static u64 refaults_of(const struct squeeze_sample *s)
{
    return s->refault_anon + s->refault_file;
}

/* What reclaim does not change: it moves anonymous memory to swap. */
static u64 own_bytes(const struct squeeze_sample *s)
{
    return s->anon_bytes + s->swap_bytes;
}

/* Counters of a group do not go back; one that does is worth nothing. */
static double rise(u64 from, u64 to)
{
    return to > from ? (double)(to - from) : 0;
}

static double rate(u64 from, u64 to, ns_t ns)
{
    return ns ? rise(from, to) / seconds_of(ns) : 0;
}

static u64 aligned(double bytes)
{
    return bytes <= 0 ? 0 : ROUND_DOWN((u64)bytes, SQUEEZE_PAGE);
}

/* --- what is kept --- */

static void add_point(struct squeeze *s, enum squeeze_state state, bool passed, u64 size,
                      const struct squeeze_sample *from, const struct squeeze_sample *to)
{
    ns_t ns = to->at - from->at;
    struct squeeze_point p = {
        .state = state,
        .passed = passed,
        .size_bytes = size,
        .seconds = seconds_of(ns),
        .refault_anon = rate(from->refault_anon, to->refault_anon, ns),
        .refault_file = rate(from->refault_file, to->refault_file, ns),
        .swap_in = rate(from->swap_in, to->swap_in, ns),
        .majflt = rate(from->majflt, to->majflt, ns),
        .stall = from->stall_ns == SQUEEZE_NONE || to->stall_ns == SQUEEZE_NONE || ns == 0
                     ? NAN
                     : rise(from->stall_ns, to->stall_ns) / (double)ns,
    };

    if (s->result.points.count == SQUEEZE_POINTS_MAX) { /* every second one of the descent goes */
        size_t kept = 0, seen = 0;

        vec_for_each (&s->result.points, at)
            if (at->state != SQUEEZE_DESCEND || seen++ % 2 == 0)
                s->result.points.items[kept++] = *at;
        s->result.points.count = kept;
    }
    if (s->result.points.count < SQUEEZE_POINTS_MAX)
        vec_push(&s->result.points, p);
}

static void enter(struct squeeze *s, enum squeeze_state state, ns_t at)
{
    s->state = state;
    s->state_at = at;
    s->window_nr = 0;
    s->boost = 0;
    s->credit = 0;
    s->unfollowed = 0;
}

static void push_interval(struct squeeze *s, const struct squeeze_sample *now)
{
    const struct squeeze_sample *last = &s->last;
    double refaults = rise(refaults_of(last), refaults_of(now));
    double change = ((double)now->size_bytes - (double)last->size_bytes) / (double)SQUEEZE_PAGE;
    struct squeeze_interval i = {
        .seconds = seconds_of(now->at - last->at),
        .refaults = refaults,
        .growth = change + (double)s->got - refaults,
        .size_bytes = now->size_bytes,
    };

    memmove(s->window + 1, s->window, sizeof(s->window) - sizeof(*s->window));
    s->window[0] = i;
    s->window_nr = MIN(s->window_nr + 1, SQUEEZE_WINDOW);
    s->got = 0;
}

/* Means over the newest `nr` intervals. */
static struct squeeze_interval mean(const struct squeeze *s, unsigned nr)
{
    struct squeeze_interval m = {0};
    double size = 0;

    nr = MIN(nr, s->window_nr);
    for (unsigned i = 0; i < nr; i++) {
        m.seconds += s->window[i].seconds;
        m.refaults += s->window[i].refaults;
        m.growth += s->window[i].growth;
        size += (double)s->window[i].size_bytes * s->window[i].seconds;
    }
    if (m.seconds > 0) {
        m.refaults /= m.seconds;
        m.growth /= m.seconds;
        m.size_bytes = (u64)(size / m.seconds);
    }
    return m;
}

/* --- the end --- */

int squeeze_release(struct squeeze *s)
{
    char text[32];
    int rc;

    if (!s->high_set)
        return 0;
    rc = s->host.write(s->host.ctx, "memory.high", squeeze_limit_text(text, s->config.high_bytes));
    if (rc == 0)
        s->high_set = false;
    return rc;
}

/* The smallest size that kept the budget, by the best that was done. */
static void conclude(struct squeeze *s)
{
    struct squeeze_result *r = &s->result;

    if (s->pass_bytes) {
        r->found = true;
        r->held = s->pass_held;
        r->bytes = s->pass_bytes;
    } else if (s->fail_bytes) { /* the watch kept it */
        r->found = s->fail_bytes < r->before_bytes;
        r->bytes = r->before_bytes;
    } else if (r->settled_bytes) {
        r->found = true;
        r->bytes = r->settled_bytes;
    }
    if (r->stop == SQUEEZE_ENDED) /* what was judged is no more */
        r->found = false;
    r->fails_bytes = r->found && s->fail_bytes < r->bytes ? s->fail_bytes : 0;
}

static ns_t stop(struct squeeze *s, enum squeeze_stop stop, const char *why)
{
    struct squeeze_result *r = &s->result;

    if (squeeze_release(s) && stop != SQUEEZE_FAILED) {
        stop = SQUEEZE_FAILED;
        why = "memory.high could not be written back";
    }
    r->stop = stop;
    snprintf(r->why, sizeof(r->why), "%s", why);
    conclude(s);
    s->state = SQUEEZE_DONE;
    return 0;
}

static void account(struct squeeze *s, const struct squeeze_sample *now)
{
    struct squeeze_result *r = &s->result;

    r->lowest_bytes = MIN(r->lowest_bytes, now->size_bytes);
    r->largest_bytes = MAX(r->largest_bytes, now->size_bytes);
    r->seconds_ns = now->at - s->first.at;
    if (s->state == SQUEEZE_WATCH)
        return;
    r->horizon_ns = now->at - s->before.at;
    r->grown_bytes = now->swap_bytes && own_bytes(now) > own_bytes(&s->before)
                         ? own_bytes(now) - own_bytes(&s->before)
                         : 0;
    double t = seconds_of(r->horizon_ns);
    double expected = r->before * t;
    double faults = s->majflt_rate * t;

    r->refaults = (u64)MAX(rise(refaults_of(&s->before), refaults_of(now)) - expected, 0.0);
    r->majflt = (u64)MAX(rise(s->before.majflt, now->majflt) - faults, 0.0);
    r->bound = (u64)(s->config.budget * t);
}

/* --- taking away --- */

/* Take what is due at `pages_s` a second, but nothing below bottom_bytes. 0, or a negative
 * errno. */
static int take(struct squeeze *s, const struct squeeze_sample *now, double pages_s,
                u64 bottom_bytes)
{
    double growth = CLAMP(mean(s, SQUEEZE_WINDOW).growth, 0.0,
                          (double)(now->size_bytes / SQUEEZE_PAGE) * GROWTH_SIZE_MAX);
    double dt = seconds_of(now->at - s->last.at);
    u64 left = now->size_bytes > bottom_bytes ? now->size_bytes - bottom_bytes : 0, after;
    char text[32];
    double ask;
    int rc;

    s->credit = MIN(s->credit + (pages_s + growth) * dt, MAX(4 * BATCH, 2 * (pages_s + growth)));
    ask = MIN(s->credit, (double)(left / SQUEEZE_PAGE));
    if (ask < BATCH)
        return 0;
    snprintf(text, sizeof(text), "%" PRIu64, (u64)ask * SQUEEZE_PAGE);
    rc = s->host.write(s->host.ctx, "memory.reclaim", text);
    if (rc && rc != -EAGAIN && rc != -EINTR)
        return rc;
    rc = squeeze_read_number(&s->host, "memory.current", &after);
    if (rc)
        return rc;
    s->got = after < now->size_bytes ? (now->size_bytes - after) / SQUEEZE_PAGE : 0;
    s->credit -= (double)s->got;
    s->unfollowed = (double)s->got < ask / 4 ? s->unfollowed + 1 : 0;
    if (s->unfollowed)
        s->credit = 0;
    s->result.reclaimed += (u64)MAX((double)s->got - growth * dt, 0.0);
    return 0;
}

static bool is_spent(const struct squeeze *s)
{
    return (double)s->result.reclaimed >= s->config.budget * seconds_of(s->config.duration_ns);
}

/* --- the search --- */

static bool has_time(const struct squeeze *s, const struct squeeze_sample *now, ns_t ns)
{
    return now->at + ns < s->first.at + s->config.duration_ns;
}

static ns_t hold_next(struct squeeze *s, const struct squeeze_sample *now, u64 bytes)
{
    s->target_bytes = MAX(ROUND_DOWN(bytes, SQUEEZE_PAGE), s->config.floor_bytes);
    enter(s, SQUEEZE_APPROACH, now->at);
    return s->config.step_ns;
}

static ns_t choose_next(struct squeeze *s, const struct squeeze_sample *now)
{
    u64 pass = s->pass_bytes, fail = s->fail_bytes, top = s->result.before_bytes;
    double step = s->search_percent / 100;

    if (!pass && fail && (double)fail * (1 + step) >= (double)top) {
        if (fail >= top)
            return stop(s, SQUEEZE_UNSTEADY,
                        "more than the budget came back at the size that it had before");
        s->pass_bytes = pass = top; /* as the watch saw */
        s->pass_held = false;
    }
    if (pass && fail && (double)(pass - fail) <= (double)pass * STEP_PERCENT / 100)
        return stop(s, SQUEEZE_COMPLETE, "the answer is as close as it gets");
    if (pass && !fail && (pass <= s->config.floor_bytes || s->result.not_followed || is_spent(s)))
        return stop(s, SQUEEZE_COMPLETE,
                    pass <= s->config.floor_bytes ? "the floor keeps the budget"
                    : s->result.not_followed      ? "reclaim finds nothing more to take"
                                                  : "budget x duration pages were taken");
    if (!has_time(s, now, s->config.hold_ns))
        return stop(s, SQUEEZE_TIME, "its time is over");
    s->search_percent = MIN(s->search_percent * 2, STEP_PERCENT_MAX);
    if (pass && fail)
        return hold_next(s, now, fail + (pass - fail) / 2);
    return hold_next(s, now, aligned((double)(pass ? pass : fail) * (pass ? 1 - step : 1 + step)));
}

static ns_t verdict(struct squeeze *s, const struct squeeze_sample *now, bool passed)
{
    bool early = now->at - s->state_at < s->config.hold_ns;
    ns_t noticed = s->last.at;
    int rc = squeeze_release(s);

    if (rc)
        return stop(s, SQUEEZE_FAILED, strerror(-rc));
    if (s->state == SQUEEZE_HOLD) {
        s->result.holds++;
        add_point(s, SQUEEZE_HOLD, passed, s->target_bytes,
                  early || !s->judged ? &s->hold_from : &s->judge_from, now);
    }
    if (early && !passed && s->state == SQUEEZE_HOLD) {
        s->result.releases++;
        s->result.release_ns = MAX(s->result.release_ns, s->host.now(s->host.ctx) - noticed);
    }
    if (passed) {
        s->pass_bytes = s->target_bytes;
        s->pass_held = true;
        return choose_next(s, now);
    }
    s->fail_bytes = MAX(s->fail_bytes, s->target_bytes);
    s->descended = true;
    enter(s, SQUEEZE_REST, now->at);
    return s->config.step_ns;
}

/* --- states --- */

static ns_t watch(struct squeeze *s, const struct squeeze_sample *now)
{
    ns_t ns = MIN(MAX(WATCH_STEPS * s->config.step_ns, WATCH_NS_MIN),
                  MAX(s->config.duration_ns / 10, s->config.step_ns));
    ns_t seen = now->at - s->first.at;

    if (seen < ns)
        return s->config.step_ns;
    s->before = *now;
    s->result.before_bytes = now->size_bytes;
    s->result.before = rate(refaults_of(&s->first), refaults_of(now), seen);
    s->majflt_rate = rate(s->first.majflt, now->majflt, seen);
    s->stall_rate = now->stall_ns == SQUEEZE_NONE || s->first.stall_ns == SQUEEZE_NONE
                        ? 0
                        : rise(s->first.stall_ns, now->stall_ns) / (double)seen;
    add_point(s, SQUEEZE_WATCH, true, now->size_bytes, &s->first, now);
    if (s->result.before > s->config.budget)
        return stop(s, SQUEEZE_OVER_BUDGET,
                    "more than the budget comes back before anything was taken away");
    if (now->size_bytes <= s->config.floor_bytes)
        return stop(s, SQUEEZE_COMPLETE,
                    "nothing can be taken from it: it is no larger than the floor");
    enter(s, SQUEEZE_DESCEND, now->at);
    return s->config.step_ns;
}

static ns_t end_descent(struct squeeze *s, const struct squeeze_sample *now, u64 bytes)
{
    s->descended = true;
    return hold_next(s, now, bytes);
}

static void choose_boost(struct squeeze *s, double refaults, u64 size_bytes)
{
    double budget = s->config.budget;
    double most = MIN(budget * BOOST_MAX, (double)(size_bytes / SQUEEZE_PAGE) * BOOST_SIZE_MAX);

    if (s->window_nr >= 2 && refaults < budget / 4)
        s->boost = MIN(MAX(s->boost * 1.5, budget / 2), most);
    else if (refaults > budget / 2)
        s->boost = 0;
}

static ns_t descend(struct squeeze *s, const struct squeeze_sample *now)
{
    struct squeeze_interval short_mean = mean(s, 3), m = mean(s, SQUEEZE_WINDOW);
    double budget = s->config.budget;
    ns_t share = (ns_t)((double)s->config.duration_ns * DESCENT_SHARE);
    int rc;

    add_point(s, SQUEEZE_DESCEND, false, m.size_bytes, &s->last, now);
    if (short_mean.refaults > BRAKE * budget + 4 * sqrt(BRAKE * budget)) {
        enter(s, SQUEEZE_REST, now->at);
        return s->config.step_ns;
    }
    if (now->size_bytes <= s->config.floor_bytes + (u64)BATCH * SQUEEZE_PAGE) {
        s->result.at_floor = true;
        return end_descent(s, now, s->config.floor_bytes);
    }
    if (s->unfollowed >= UNFOLLOWED_MAX) {
        s->result.not_followed = true;
        return end_descent(s, now, now->size_bytes);
    }
    if (s->window_nr == SQUEEZE_WINDOW && s->boost <= 0 && m.refaults >= SETTLED * budget) {
        s->result.settled_bytes = m.size_bytes;
        s->result.settled_refaults = m.refaults;
        return end_descent(s, now, m.size_bytes);
    }
    if (is_spent(s) || now->at - s->first.at > share)
        return end_descent(s, now, now->size_bytes);
    choose_boost(s, short_mean.refaults, now->size_bytes);
    rc = take(s, now, budget + s->boost, s->config.floor_bytes);
    return rc ? stop(s, SQUEEZE_FAILED, strerror(-rc)) : s->config.step_ns;
}

static ns_t begin_hold(struct squeeze *s, const struct squeeze_sample *now)
{
    char text[32];
    int rc;

    s->high_set = true; /* a write that fails half way is undone, too */
    rc = s->host.write(s->host.ctx, "memory.high", squeeze_limit_text(text, s->target_bytes));
    if (rc)
        return stop(s, SQUEEZE_FAILED, strerror(-rc));
    s->hold_from = *now;
    s->judged = false;
    enter(s, SQUEEZE_HOLD, now->at);
    return MIN(s->config.step_ns, HOLD_LOOK_NS);
}

static ns_t approach(struct squeeze *s, const struct squeeze_sample *now)
{
    struct squeeze_interval m = mean(s, 3);
    double budget = s->config.budget;
    int rc;

    if (now->size_bytes <=
            s->target_bytes + MAX(s->target_bytes / 200, 2 * (u64)BATCH * SQUEEZE_PAGE) ||
        now->at - s->state_at > APPROACH_NS_MAX)
        return begin_hold(s, now);
    if (s->window_nr >= 3 && m.refaults > BRAKE * budget + 4 * sqrt(BRAKE * budget))
        return verdict(s, now, false);
    if (s->unfollowed >= UNFOLLOWED_MAX) {
        s->result.not_followed = true;
        return verdict(s, now, false);
    }
    rc = take(s, now, budget * (1 + BOOST_MAX), s->target_bytes);
    return rc ? stop(s, SQUEEZE_FAILED, strerror(-rc)) : s->config.step_ns;
}

static ns_t hold(struct squeeze *s, const struct squeeze_sample *now)
{
    ns_t held = now->at - s->hold_from.at;
    double expected = BRAKE * s->config.budget * seconds_of(held);
    double came = rise(refaults_of(&s->hold_from), refaults_of(now));
    bool follows = (double)now->size_bytes <=
                   (double)s->target_bytes * (1 + FOLLOW_SLACK) + 2 * BATCH * (double)SQUEEZE_PAGE;

    if (came > expected + 4 * sqrt(expected) + 8 || (held >= NS_PER_S && !follows))
        return verdict(s, now, false);
    if (now->stall_ns != SQUEEZE_NONE && s->hold_from.stall_ns != SQUEEZE_NONE &&
        held >= NS_PER_S &&
        rise(s->hold_from.stall_ns, now->stall_ns) / (double)held >
            s->stall_rate + s->config.stall_max)
        return verdict(s, now, false);
    /* A look that comes late, on a busy host, judges the whole hold, not what is left of it. */
    if (!s->judged && held >= s->config.hold_ns / 3 && held < s->config.hold_ns * 2 / 3) {
        s->judged = true;
        s->judge_from = *now;
    }
    if (held >= s->config.hold_ns) {
        const struct squeeze_sample *from = s->judged ? &s->judge_from : &s->hold_from;

        return verdict(s, now,
                       rate(refaults_of(from), refaults_of(now), now->at - from->at) <=
                           s->config.budget);
    }
    return MIN(s->config.step_ns, HOLD_LOOK_NS);
}

/* Until no more than the budget comes back over two intervals, with nothing being taken. */
static ns_t rest(struct squeeze *s, const struct squeeze_sample *now)
{
    struct squeeze_interval m = mean(s, 2);

    if (s->window_nr >= 2 && m.refaults <= s->config.budget) {
        if (s->descended)
            return choose_next(s, now);
        enter(s, SQUEEZE_DESCEND, now->at);
    } else if (now->at - s->state_at > REST_NS_MAX) {
        return stop(s, SQUEEZE_UNSTEADY,
                    "more than the budget comes back with nothing being taken away: the work "
                    "changed");
    }
    return s->config.step_ns;
}

/* --- stops of every state --- */

/* True: it is worse than before. */
static bool is_unwell(struct squeeze *s, const struct squeeze_health *h, char *why, size_t size)
{
    if (h->failed) {
        snprintf(why, size, "--watch says that the service is not well");
        return true;
    }
    if (!h->has_number || h->count == s->health_seen)
        return false;
    if (s->state == SQUEEZE_WATCH) {
        s->health_nr++;
        s->health_base += (h->number - s->health_base) / s->health_nr;
        s->health_seen = h->count;
        return false;
    }
    s->health_seen = h->count;
    s->health_bad =
        s->health_nr && h->number > s->health_base * s->config.health_max ? s->health_bad + 1 : 0;
    if (s->health_bad < 2)
        return false;
    snprintf(why, size, "--watch went from %.6g to %.6g", s->health_base, h->number);
    return true;
}

static const char *event_that_counted(const struct squeeze *s, const struct squeeze_sample *now)
{
    const struct squeeze_sample *a = &s->first, *b = &s->before;

    if (s->state == SQUEEZE_WATCH) /* b is a; nothing was done to it yet */
        return now->oom_kill > a->oom_kill || now->oom > a->oom
                   ? "memory.events counted oom before anything was taken away"
                   : NULL;
    if (now->oom_kill > b->oom_kill || now->oom > b->oom)
        return "memory.events counted oom";
    if (now->events_max > b->events_max && b->events_max == a->events_max)
        return "memory.events counted max: it met memory.max";
    if (now->events_low > b->events_low && b->events_low == a->events_low)
        return "memory.events counted low: protected memory would be reclaimed";
    if (now->swap_fail > b->swap_fail && b->swap_fail == a->swap_fail)
        return "memory.swap.events counted: there is no swap left for it";
    return NULL;
}

/* True: the rest would be a size for nobody. Without swap in use nothing was moved there that could
 * be missed, or swap is not counted; so that tells nothing. */
static bool has_ended(const struct squeeze *s, const struct squeeze_sample *now, char *why,
                      size_t size)
{
    u64 was = own_bytes(&s->last), is = own_bytes(now);
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX];

    if (now->empty) {
        snprintf(why, size, "its last process ended");
        return true;
    }
    if (!s->last.swap_bytes || (double)is > (double)was * (1 - LOST_SHARE) || was - is < 4 * MIB)
        return false;
    snprintf(why, size,
             "its own memory, with swap, went from %s to %s by itself: it was restarted, or its "
             "work changed",
             format_bytes(a, was), format_bytes(b, is));
    return true;
}

/* SQUEEZE_COMPLETE: nothing says so. */
static enum squeeze_stop find_stop(struct squeeze *s, const struct squeeze_sample *now,
                                   const struct squeeze_health *health, char *why, size_t size)
{
    const char *event = event_that_counted(s, now);

    if (s->config.stop && *s->config.stop) {
        snprintf(why, size, "it was asked to stop");
        return SQUEEZE_ASKED;
    }
    if (now->high_bytes != (s->high_set ? s->target_bytes : s->config.high_bytes)) {
        s->high_set = false; /* theirs stays */
        snprintf(why, size, "somebody else wrote memory.high, which is left as it is now");
        return SQUEEZE_MANAGER;
    }
    if (event) {
        snprintf(why, size, "%s", event);
        return SQUEEZE_EVENTS;
    }
    if (s->state != SQUEEZE_WATCH && has_ended(s, now, why, size))
        return SQUEEZE_ENDED;
    if (is_unwell(s, health, why, size))
        return SQUEEZE_HEALTH;
    if (s->state == SQUEEZE_DESCEND && now->stall_ns != SQUEEZE_NONE) {
        double share = rise(s->last.stall_ns, now->stall_ns) / (double)(now->at - s->last.at);

        s->stalled = share > s->stall_rate + s->config.stall_max ? s->stalled + 1 : 0;
        if (s->stalled >= 2) {
            snprintf(why, size, "it waits for memory %.1f %% of the time", 100 * share);
            return SQUEEZE_PRESSURE;
        }
    }
    if (!has_time(s, now, 0)) {
        snprintf(why, size, "its time is over");
        return SQUEEZE_TIME;
    }
    return SQUEEZE_COMPLETE;
}

static ns_t go_on(struct squeeze *s, const struct squeeze_sample *now)
{
    switch (s->state) {
    case SQUEEZE_WATCH:
        return watch(s, now);
    case SQUEEZE_DESCEND:
        return descend(s, now);
    case SQUEEZE_APPROACH:
        return approach(s, now);
    case SQUEEZE_HOLD:
        return hold(s, now);
    case SQUEEZE_REST:
        return rest(s, now);
    case SQUEEZE_DONE:
        break;
    }
    return 0;
}

ns_t squeeze_tick(struct squeeze *s, const struct squeeze_health *health)
{
    static const struct squeeze_health none;
    struct squeeze_sample now;
    enum squeeze_stop why_stop;
    char why[256];
    struct err e;
    ns_t wait;
    int rc;

    if (s->state == SQUEEZE_DONE)
        return 0;
    err_clear(&e);
    rc = squeeze_look(&s->host, &now, &e);
    if (rc)
        return stop(s, SQUEEZE_FAILED,
                    rc == -ENODEV || rc == -ENOENT ? "the group was removed" : e.text);
    if (!s->looked) {
        s->looked = true;
        s->first = s->before = s->last = now;
        s->state_at = now.at;
        s->result.lowest_bytes = s->result.largest_bytes = s->result.before_bytes = now.size_bytes;
    } else if (now.at <= s->last.at) {
        return s->config.step_ns;
    }
    account(s, &now);
    why_stop = find_stop(s, &now, health ? health : &none, why, sizeof(why));
    if (why_stop != SQUEEZE_COMPLETE)
        return stop(s, why_stop, why);
    if (now.at == s->last.at)
        return s->config.step_ns;
    push_interval(s, &now);
    wait = go_on(s, &now);
    s->last = now;
    return wait;
}

void squeeze_begin(struct squeeze *s, const struct squeeze_config *config,
                   const struct squeeze_host *host)
{
    *s = (struct squeeze){.config = *config, .host = *host, .search_percent = STEP_PERCENT};
}

void squeeze_done(struct squeeze *s)
{
    vec_done(&s->result.points);
}

const char *squeeze_stop_name(enum squeeze_stop stop_)
{
    static const char *const names[NR_SQUEEZE_STOPS] = {
        [SQUEEZE_COMPLETE] = "complete",
        [SQUEEZE_TIME] = "time",
        [SQUEEZE_OVER_BUDGET] = "over_budget",
        [SQUEEZE_UNSTEADY] = "unsteady",
        [SQUEEZE_PRESSURE] = "pressure",
        [SQUEEZE_EVENTS] = "events",
        [SQUEEZE_HEALTH] = "watch",
        [SQUEEZE_MANAGER] = "other_manager",
        [SQUEEZE_ASKED] = "asked",
        [SQUEEZE_FAILED] = "failed",
        [SQUEEZE_ENDED] = "service_ended",
    };

    return names[stop_];
}

const char *squeeze_state_name(enum squeeze_state state)
{
    static const char *const names[] = {
        [SQUEEZE_WATCH] = "watch", [SQUEEZE_DESCEND] = "descend", [SQUEEZE_APPROACH] = "approach",
        [SQUEEZE_HOLD] = "hold",   [SQUEEZE_REST] = "rest",       [SQUEEZE_DONE] = "done",
    };

    return names[state];
}
