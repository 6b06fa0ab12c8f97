/* advice.c - what to set, and why.
 *
 * memory.high goes to the smallest usable limit, or a little above where that is not usable as
 * memory.high: from there on the kernel reclaims from the group and slows it, but kills nothing.
 * memory.max stands a tenth above the smallest usable limit, as the backstop: a run that needs
 * somewhat more than the one that was recorded is slowed down first and only then killed. Both are
 * rounded to the step of the search, since the search knows no more than that.
 */
#include "size/advice.h"

#include "base/strbuf.h"
#include "base/units.h"
#include "size/judge.h"
#include "size/shape.h"

#include <stdio.h>

#define HEADROOM_PERCENT 10u
/* One part in so many of the peak is as much as the headroom: less changes no advice. */
#define UNTOUCHED_PART   (100 / HEADROOM_PERCENT)

/* bare: the same limit, were it not kept clear of what does not survive. The headroom counts from
 * there: it has room for that. */
static void stand_on(struct size_advice *a, u64 limit, u64 bare, u64 step)
{
    a->high_bytes = limit;
    a->max_bytes = MAX(ROUND_UP(bare + bare * HEADROOM_PERCENT / 100, step), limit);
}

void advice_compute(struct size_result *r, const struct size_config *config, u64 step)
{
    struct size_advice *a = &r->advice;
    u64 peak = ROUND_UP(r->unlimited.peak_bytes, step);

    (void)config;
    if (!r->usable.found || !r->unlimited.busy_ns || !r->unlimited.peak_bytes)
        return;
    a->found = true;
    a->has_high = true;
    /* More than the peak is not needed where no limit above it failed: that comes of trying only
     * larger limits. */
    if (r->usable.fails_bytes < r->unlimited.peak_bytes)
        stand_on(a, MIN(r->usable.limit_bytes, peak), MIN(r->usable.bare_bytes, peak), step);
    else
        stand_on(a, r->usable.limit_bytes, r->usable.bare_bytes, step);
}

bool advice_stand_on_usable(struct size_result *r, u64 step)
{
    if (r->advice.high_bytes >= r->usable.limit_bytes)
        return false;
    stand_on(&r->advice, r->usable.limit_bytes, r->usable.bare_bytes, step);
    return true;
}

/* Only limits far above the peak were tried, or are usable: memory.max stands on the peak. */
static bool stands_on_peak(const struct size_result *r)
{
    return r->advice.max_bytes < r->usable.limit_bytes;
}

static const char *footing_name(const struct size_result *r)
{
    return stands_on_peak(r) ? "that" : "the smallest usable limit";
}

/* How far memory.max stands above its footing, in percent. */
static unsigned headroom_percent(const struct size_result *r)
{
    u64 footing = stands_on_peak(r) ? r->unlimited.peak_bytes : r->usable.limit_bytes;

    footing = MAX(MIN(footing, r->advice.max_bytes), (u64)1);
    return (unsigned)(((r->advice.max_bytes - footing) * 100 + footing / 2) / footing);
}

static void say_nothing_found(struct size_result *r, const struct size_config *config)
{
    char peak[UNITS_TEXT_MAX];

    if (!r->unlimited.busy_ns || !r->unlimited.peak_bytes) {
        snprintf(r->advice.reason, sizeof(r->advice.reason),
                 "Nothing happens in what is judged, so no limit can be told from it.");
        return;
    }
    snprintf(r->advice.reason, sizeof(r->advice.reason),
             "No limit that was tried keeps the run within %.2f times its time without a limit. "
             "Without a limit "
             "it takes %s at its fullest; try limits nearer to that.",
             config->usable_slowdown, format_bytes(peak, r->unlimited.peak_bytes));
}

/* ": requests take 1.20 times theirs", of the largest limit that is not usable, where the time of
 * the whole run does not tell. */
static const char *slow_part(const struct size_result *r, const struct size_config *config,
                             struct strbuf *out)
{
    vec_for_each (&r->rows, row) {
        if (row->limit_bytes != r->usable.fails_bytes || !row->survives ||
            row->slowdown_by == SIZE_BY_TIME)
            continue;
        strbuf_append(out, ": ");
        judge_render(config->trace, row, out);
        strbuf_printf(out, "%s %.2f times as long",
                      row->slowdown_by == SIZE_BY_REQUESTS ? " take" : " takes", row->slowdown);
    }
    return out->text;
}

void advice_finish(struct size_result *r, const struct size_config *config)
{
    struct size_advice *a = &r->advice;
    char high[UNITS_TEXT_MAX], peak[UNITS_TEXT_MAX], fails[UNITS_TEXT_MAX], cache[UNITS_TEXT_MAX],
        untouched[UNITS_TEXT_MAX];
    struct strbuf slow;
    size_t at = 0;

    if (!a->found) {
        say_nothing_found(r, config);
        return;
    }
#define SAY(...)                                                                         \
    do {                                                                                 \
        if (at < sizeof(a->reason))                                                      \
            at += (size_t)snprintf(a->reason + at, sizeof(a->reason) - at, __VA_ARGS__); \
    } while (0)
    strbuf_init(&slow);
    format_two_bytes(high, r->usable.limit_bytes, fails,
                     r->usable.clear_of_bytes ? r->usable.clear_of_bytes : r->usable.fails_bytes);
    format_bytes(peak, r->unlimited.peak_bytes);
    if (r->usable.limit_bytes > r->unlimited.peak_bytes + r->unlimited.peak_bytes / 16) {
        if (r->rows.items[0].limit_bytes < r->unlimited.peak_bytes)
            SAY("No limit that was tried below the %s it grows to without one is usable", peak);
        else
            SAY("No limit below the %s it grows to without one was tried", peak);
        if (r->usable.fails_bytes >= r->unlimited.peak_bytes)
            SAY(", and more than that is needed");
        SAY(".");
    } else {
        SAY("%s is the smallest limit at which the run takes at most %.2f times its time without a "
            "limit",
            high, config->usable_slowdown);
        if (r->usable.clear_of_bytes)
            SAY(" and is %u %% clear of those that it does not survive (%s)", SHAPE_CLEAR_PERCENT,
                fails);
        else if (r->usable.fails_bytes)
            SAY(" (at %s it does not%s)", fails, slow_part(r, config, &slow));
        SAY(". Without a limit it grows to %s", peak);
        if (r->unlimited.disposable_bytes)
            SAY(", of which %s is page cache that it can lose without harm",
                format_bytes(cache, r->unlimited.disposable_bytes));
        SAY(".");
    }
    if (config->cgroup_v1) {
        a->has_high = false;
        SAY(" It stands %u %% above %s, for runs that need somewhat more "
            "than this one did; cgroups of version 1, as the recording's host has them, know no "
            "memory.high.",
            headroom_percent(r), footing_name(r));
    } else if (!r->verified.usable) {
        a->has_high = false;
        SAY(" memory.high near that size would slow it to %.2f times its time, so it is left "
            "unset.",
            r->verified.slowdown);
    } else {
        SAY(" memory.high%s lets the kernel reclaim before anything is killed; memory.max stands "
            "%u %% above %s, for runs that need somewhat more than this one did.",
            a->high_bytes > r->usable.limit_bytes ? ", a little above," : " there",
            headroom_percent(r), footing_name(r));
    }
    if (r->unlimited.untouched_bytes >= r->unlimited.peak_bytes / UNTOUCHED_PART)
        SAY(" At its fullest %s of it is in transparent huge pages and touched by nobody: with "
            "--thp never the run may need that much less (--compare thp=always,never tells).",
            format_bytes(untouched, r->unlimited.untouched_bytes));
    if (r->unusable_holes.count)
        SAY(" Some limits that fail lie above smaller ones that do not, so a smaller limit than "
            "this is a matter "
            "of luck.");
    SAY(" One recording is one run: record the heaviest work you expect.");
#undef SAY
    strbuf_done(&slow);
}
