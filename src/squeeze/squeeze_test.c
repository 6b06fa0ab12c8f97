/* squeeze_test.c - the controller against a group that is written down here: exact LRU, refaults
 * counted, one access after the other. */
#include "base/alloc.h"
#include "base/prng.h"
#include "base/test.h"
#include "squeeze/squeeze.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 16384u

enum pattern { LOOP, ZIPF, HOT };

struct fake {
    enum pattern pattern;
    unsigned pages;
    double per_s; /* accesses */
    ns_t now, done;
    struct prng prng;
    unsigned next;
    double *cdf;
    /* Resident pages from the oldest to the newest in a ring around PAGES_MAX. */
    unsigned older[PAGES_MAX + 1], newer[PAGES_MAX + 1];
    bool here[PAGES_MAX], shadow[PAGES_MAX];
    u64 resident, refaults;
    u64 high; /* bytes */
    u64 high_min;
    bool no_reclaim; /* memory.reclaim takes nothing */
    u64 high_from;   /* somebody writes 1 GiB to memory.high at that time */
    u64 events_max, oom, stall_us;
    bool unreadable, empty;
    u64 reclaimed;
};

static void unlink_page(struct fake *f, unsigned page)
{
    f->newer[f->older[page]] = f->newer[page];
    f->older[f->newer[page]] = f->older[page];
}

static void link_newest(struct fake *f, unsigned page)
{
    f->older[page] = f->older[PAGES_MAX];
    f->newer[page] = PAGES_MAX;
    f->newer[f->older[PAGES_MAX]] = page;
    f->older[PAGES_MAX] = page;
}

static void evict(struct fake *f, u64 nr)
{
    while (nr-- > 0 && f->resident > 0) {
        unsigned oldest = f->newer[PAGES_MAX];

        unlink_page(f, oldest);
        f->here[oldest] = false;
        f->shadow[oldest] = true;
        f->resident--;
    }
}

static unsigned draw(struct fake *f)
{
    double u = (double)(prng_next(&f->prng) >> 11) / (double)(1ull << 53);
    unsigned low = 0, high = f->pages - 1;

    if (f->pattern == LOOP)
        return f->next++ % f->pages;
    if (f->pattern == HOT) /* the first quarter alone */
        return (unsigned)(u * f->pages / 4);
    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (f->cdf[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void touch(struct fake *f, unsigned page)
{
    if (f->here[page]) {
        unlink_page(f, page);
    } else {
        f->refaults += f->shadow[page];
        f->here[page] = true;
        f->resident++;
    }
    link_newest(f, page);
    if (f->resident * SQUEEZE_PAGE > f->high)
        evict(f, 1);
}

static void run_until(struct fake *f, ns_t until)
{
    for (; f->done < until; f->done += (ns_t)((double)NS_PER_S / f->per_s))
        touch(f, draw(f));
    f->now = until;
}

static void fake_init(struct fake *f, enum pattern pattern, unsigned pages, double per_s)
{
    double sum = 0;

    *f = (struct fake){.pattern = pattern, .pages = pages, .per_s = per_s, .high = SQUEEZE_NONE};
    f->high_min = SQUEEZE_NONE;
    f->older[PAGES_MAX] = f->newer[PAGES_MAX] = PAGES_MAX;
    prng_seed(&f->prng, 1);
    f->cdf = xcalloc(pages, sizeof(*f->cdf));
    for (unsigned i = 0; i < pages; i++)
        f->cdf[i] = sum += pow(i + 1, -1.0);
    for (unsigned i = 0; i < pages; i++)
        f->cdf[i] /= sum;
    for (unsigned i = 0; i < pages; i++) /* all of it was touched once */
        touch(f, i);
}

static int fake_read(void *ctx, const char *name, struct strbuf *out)
{
    struct fake *f = ctx;
    char text[32];

    if (f->unreadable)
        return -ENODEV;
    if (strcmp(name, "memory.current") == 0)
        strbuf_printf(out, "%" PRIu64 "\n", f->resident * SQUEEZE_PAGE);
    else if (strcmp(name, "memory.high") == 0)
        strbuf_printf(
            out, "%s\n",
            squeeze_limit_text(text, f->high_from && f->now >= f->high_from ? GIB : f->high));
    else if (strcmp(name, "memory.stat") == 0)
        strbuf_printf(
            out, "anon %" PRIu64 "\nworkingset_refault_anon %" PRIu64 "\npgmajfault %" PRIu64 "\n",
            f->resident * SQUEEZE_PAGE, f->refaults, f->refaults);
    else if (strcmp(name, "memory.events") == 0)
        strbuf_printf(out, "low 0\nhigh 0\nmax %" PRIu64 "\noom %" PRIu64 "\noom_kill 0\n",
                      f->events_max, f->oom);
    else if (strcmp(name, "memory.pressure") == 0)
        strbuf_printf(out, "some avg10=0.00 avg60=0.00 avg300=0.00 total=%" PRIu64 "\n",
                      f->stall_us);
    else if (strcmp(name, "cgroup.events") == 0)
        strbuf_printf(out, "populated %d\nfrozen 0\n", !f->empty);
    else
        return -ENOENT;
    return 0;
}

static int fake_write(void *ctx, const char *name, const char *text)
{
    struct fake *f = ctx;
    u64 bytes = strcmp(text, "max") == 0 ? SQUEEZE_NONE : strtoull(text, NULL, 10),
        before = f->resident;

    if (strcmp(name, "memory.reclaim") == 0) {
        if (f->no_reclaim)
            return -EAGAIN;
        evict(f, bytes / SQUEEZE_PAGE);
        f->reclaimed += before - f->resident;
        return 0;
    }
    assert_string_equal(name, "memory.high");
    f->high = bytes;
    f->high_min = MIN(f->high_min, bytes);
    while (f->resident * SQUEEZE_PAGE > bytes)
        evict(f, 1);
    return 0;
}

static ns_t fake_now(void *ctx)
{
    return ((struct fake *)ctx)->now;
}

static struct squeeze_config config_of(double budget, ns_t seconds)
{
    return (struct squeeze_config){.budget = budget,
                                   .floor_bytes = MIB,
                                   .duration_ns = seconds * NS_PER_S,
                                   .step_ns = NS_PER_S,
                                   .hold_ns = 6 * NS_PER_S,
                                   .stall_max = 0.05,
                                   .health_max = 1.5,
                                   .high_bytes = SQUEEZE_NONE};
}

static struct squeeze_host host_of(struct fake *f)
{
    return (struct squeeze_host){.ctx = f, .read = fake_read, .write = fake_write, .now = fake_now};
}

/* Calls each tick; each may change the fake before. Afterwards memory.high is what it was. */
static void drive(struct squeeze *s, struct fake *f, const struct squeeze_config *config,
                  void (*each)(struct fake *f, struct squeeze_health *h))
{
    const struct squeeze_host host = host_of(f);
    struct squeeze_health health = {0};
    ns_t wait;

    squeeze_begin(s, config, &host);
    while ((wait = squeeze_tick(s, &health))) {
        run_until(f, f->now + wait);
        if (each)
            each(f, &health);
    }
    if (!f->high_from)
        assert_true(f->high == SQUEEZE_NONE);
}

/* Refaults/s of the same pattern under a fixed limit. */
static double at_a_limit(enum pattern pattern, unsigned pages, double per_s, u64 bytes)
{
    struct fake *f = xcalloc(1, sizeof(*f));
    u64 before;
    double r;

    fake_init(f, pattern, pages, per_s);
    f->high = bytes;
    evict(f, f->resident > bytes / SQUEEZE_PAGE ? f->resident - bytes / SQUEEZE_PAGE : 0);
    run_until(f, f->now + 20 * NS_PER_S);
    before = f->refaults;
    run_until(f, f->now + 40 * NS_PER_S);
    r = (double)(f->refaults - before) / 40;
    free(f->cdf);
    free(f);
    return r;
}

static void done(struct squeeze *s, struct fake *f)
{
    squeeze_done(s);
    free(f->cdf);
    free(f);
}

TEST(a_zipf_group_is_sized_as_fixed_limits_have_it)
{
    const struct squeeze_config config = config_of(60, 600);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, ZIPF, 4096, 3000);
    drive(&s, f, &config, NULL);
    assert_int_equal(s.result.stop, SQUEEZE_COMPLETE);
    assert_true(s.result.found && s.result.held);
    /* The budget is crossed between 10 % less and 10 % more, as the issue wants it. */
    assert_true(at_a_limit(ZIPF, 4096, 3000, s.result.bytes * 11 / 10) <= 60);
    assert_true(at_a_limit(ZIPF, 4096, 3000, s.result.bytes * 9 / 10) >= 60);
    assert_true(s.result.refaults <= s.result.bound);
    done(&s, f);
}

TEST(a_loop_has_its_cliff_found_by_holding_and_let_go_within_a_second)
{
    const struct squeeze_config config = config_of(40, 600);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, LOOP, 4096, 2000);
    drive(&s, f, &config, NULL);
    assert_true(s.result.found);
    assert_true(s.result.bytes >= 4096 * SQUEEZE_PAGE * 97 / 100);
    assert_true(s.result.fails_bytes > 0 && s.result.fails_bytes < s.result.bytes);
    assert_true(s.result.releases > 0);
    assert_true(s.result.release_ns <= NS_PER_S);
    done(&s, f);
}

TEST(memory_that_nobody_uses_is_seen_and_no_more_is_taken_than_could_come_back)
{
    const struct squeeze_config config = config_of(20, 120);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, HOT, 8192, 3000);
    drive(&s, f, &config, NULL);
    assert_int_equal(s.result.stop, SQUEEZE_COMPLETE);
    assert_true(s.result.found && s.result.held);
    assert_int_equal(s.result.fails_bytes, 0);
    assert_true(f->reclaimed >= 20 * 120 && f->reclaimed < 20 * 120 + 200);
    assert_true(s.result.bytes < 8192 * SQUEEZE_PAGE - 20 * 119 * SQUEEZE_PAGE);
    done(&s, f);
}

static void change_of_work(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    if (f->high != SQUEEZE_NONE && f->pattern == HOT)
        f->pattern = LOOP; /* all of it, at once, in the middle of a hold */
}

TEST(a_phase_change_in_a_hold_gives_the_memory_back_within_a_second)
{
    const struct squeeze_config config = config_of(20, 120);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, HOT, 8192, 3000);
    drive(&s, f, &config, change_of_work);
    assert_true(s.result.releases > 0);
    assert_true(s.result.release_ns <= NS_PER_S);
    done(&s, f);
}

TEST(a_group_over_its_budget_is_left_alone)
{
    const struct squeeze_config config = config_of(10, 60);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, LOOP, 2048, 2000);
    const struct squeeze_host host = host_of(f);
    ns_t wait;

    squeeze_begin(&s, &config, &host);
    while ((wait = squeeze_tick(&s, NULL))) {
        run_until(f, f->now + wait);
        evict(f, 100);
    }
    assert_int_equal(s.result.stop, SQUEEZE_OVER_BUDGET);
    assert_int_equal(f->reclaimed, 0);
    assert_true(f->high_min == SQUEEZE_NONE);
    done(&s, f);
}

TEST(size_that_does_not_follow_ends_the_descent)
{
    const struct squeeze_config config = config_of(50, 120);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, HOT, 2048, 1000);
    f->no_reclaim = true;
    drive(&s, f, &config, NULL);
    assert_true(s.result.not_followed);
    assert_int_equal(s.result.stop, SQUEEZE_COMPLETE);
    assert_true(s.result.bytes == 2048 * SQUEEZE_PAGE);
    done(&s, f);
}

static void sick_in_a_hold(struct fake *f, struct squeeze_health *h)
{
    h->has_number = true;
    h->count++;
    h->number = f->high == SQUEEZE_NONE ? 10 : 16;
}

static void failed_in_a_hold(struct fake *f, struct squeeze_health *h)
{
    h->failed = f->high != SQUEEZE_NONE;
}

static void events_in_the_descent(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    f->events_max += f->reclaimed > 500;
}

static void pressure_in_the_descent(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    f->stall_us += f->reclaimed > 500 ? 100000 : 0;
}

static void other_manager(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    if (f->high != SQUEEZE_NONE && !f->high_from)
        f->high_from = f->now;
}

static void gone_in_the_descent(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    f->unreadable = f->reclaimed > 500;
}

static void killed_in_the_watch(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    f->oom += f->now > 2 * NS_PER_S;
}

/* Its memory goes with it: what is left would look like a need of nothing. */
static void ended_in_the_descent(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    if (f->reclaimed > 500) {
        f->empty = true;
        evict(f, f->resident);
    }
}

/* Stopped for a while: the look comes after the end of the hold. */
static void late_in_a_hold(struct fake *f, struct squeeze_health *h)
{
    (void)h;
    if (f->high != SQUEEZE_NONE)
        run_until(f, f->now + 20 * NS_PER_S);
}

TEST(a_look_that_comes_late_judges_the_whole_hold)
{
    const struct squeeze_config config = config_of(40, 600);
    struct fake *f = xcalloc(1, sizeof(*f));
    struct squeeze s;

    fake_init(f, ZIPF, 4096, 3000);
    drive(&s, f, &config, late_in_a_hold);
    vec_for_each (&s.result.points, p)
        assert_true(p->state != SQUEEZE_HOLD || p->seconds >= 4);
    done(&s, f);
}

TEST(every_stop_stops_and_gives_back)
{
    static const struct {
        void (*each)(struct fake *f, struct squeeze_health *h);
        enum squeeze_stop stop;
    } cases[] = {
        {sick_in_a_hold, SQUEEZE_HEALTH},        {failed_in_a_hold, SQUEEZE_HEALTH},
        {events_in_the_descent, SQUEEZE_EVENTS}, {pressure_in_the_descent, SQUEEZE_PRESSURE},
        {other_manager, SQUEEZE_MANAGER},        {gone_in_the_descent, SQUEEZE_FAILED},
        {killed_in_the_watch, SQUEEZE_EVENTS},   {ended_in_the_descent, SQUEEZE_ENDED},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const struct squeeze_config config = config_of(50, 120);
        struct fake *f = xcalloc(1, sizeof(*f));
        struct squeeze s;

        fake_init(f, HOT, 8192, 1000);
        drive(&s, f, &config, cases[i].each);
        assert_int_equal(s.result.stop, cases[i].stop);
        assert_true(s.result.why[0] != '\0');
        assert_true(!s.result.found || s.result.stop != SQUEEZE_ENDED);
        done(&s, f);
    }
}

TEST(hostile_texts_are_no_numbers)
{
    assert_true(squeeze_find_value("anon 12\nfile 9\n", "file") == 9);
    assert_true(squeeze_find_value("anon 12\nfile 9", "fil") == SQUEEZE_NONE);
    assert_true(squeeze_find_value("file 99999999999999999999999\n", "file") == SQUEEZE_NONE);
    assert_true(squeeze_find_value("file -1\n", "file") == SQUEEZE_NONE);
    assert_true(squeeze_find_value("file 1x\n", "file") == SQUEEZE_NONE);
    assert_true(squeeze_find_value("", "file") == SQUEEZE_NONE);
}

TEST_MAIN()
