/* trend.c - points thinned out by time, and the slope through them.
 *
 * The slope is the median over all pairs of points (Theil and Sen): up to 29 % of the points may be
 * anything. A least-squares line was rejected because one spike at an end tilts it.
 */
#include "diagnose/trend.h"

#include <math.h>
#include <stdlib.h>

#define NR_PAIRS (TREND_POINTS * (TREND_POINTS - 1) / 2)

static void thin_out(struct trend *t)
{
    u32 kept = 0;

    for (u32 i = 0; i < t->count; i += 2) {
        t->at[kept] = t->at[i];
        t->value[kept++] = t->value[i];
    }
    t->count = kept;
    t->gap = (t->at[kept - 1] - t->at[0]) / (kept - 1);
}

void trend_add(struct trend *t, ns_t at, u64 value)
{
    if (value == UINT64_MAX || (t->count && at <= t->at[t->count - 1]))
        return;
    /* The last point may stand closer than the gap: the next one then takes its place. */
    if (t->count >= 2 && at - t->at[t->count - 2] < t->gap)
        t->count--;
    else if (t->count == TREND_POINTS)
        thin_out(t);
    t->at[t->count] = at;
    t->value[t->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double slope(const struct trend *t, u32 a, u32 b)
{
    return ((double)t->value[b] - (double)t->value[a]) / ((double)(t->at[b] - t->at[a]) / 1e9);
}

bool trend_growth(const struct trend *t, struct growth *ret)
{
    double slopes[NR_PAIRS];
    u32 nr = 0, up = 0, half = 0;
    double early, late;

    if (t->count < 3)
        return false;
    for (u32 a = 0; a < t->count; a++) {
        for (u32 b = a + 1; b < t->count; b++)
            slopes[nr++] = slope(t, a, b);
    }
    qsort(slopes, nr, sizeof(slopes[0]), compare);
    for (u32 i = 1; i < t->count; i++)
        up += t->value[i] > t->value[i - 1];
    /* The halves are of time. */
    while (half + 2 < t->count &&
           2 * (t->at[half + 1] - t->at[0]) <= t->at[t->count - 1] - t->at[0])
        half++;
    half = MAX(half, 1u);
    early = slope(t, 0, half);
    late = slope(t, half, t->count - 1);
    *ret = (struct growth){
        .points = t->count,
        .seconds = (double)(t->at[t->count - 1] - t->at[0]) / 1e9,
        .per_s = nr % 2 ? slopes[nr / 2] : (slopes[nr / 2 - 1] + slopes[nr / 2]) / 2,
        .rising = (double)up / (t->count - 1),
        .late_to_early = early > 0  ? late / early
                         : late > 0 ? INFINITY
                                    : 0,
        .from = t->value[0],
        .to = t->value[t->count - 1],
    };
    return true;
}
