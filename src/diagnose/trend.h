/* trend.h - how a figure grew over time, in bounded memory.
 *
 * At most TREND_POINTS points are kept. When they are full every second one goes and the distance
 * between new points doubles, so that the first and the last value stay and the points in between
 * are spread over the whole time. Invariants: times rise strictly; count <= TREND_POINTS.
 */
#ifndef DIAGNOSE_TREND_H
#define DIAGNOSE_TREND_H

#include "base/types.h"

#define TREND_POINTS 24

struct trend {
    ns_t at[TREND_POINTS];
    u64 value[TREND_POINTS];
    ns_t gap; /* least distance between kept points, but for the last */
    u32 count;
};

/* What a trend shows. */
struct growth {
    u32 points;
    double seconds;       /* from the first to the last */
    double per_s;         /* median of the slopes of all pairs of points: outliers do not matter */
    double rising;        /* share of the steps that went up, 0 to 1 */
    double late_to_early; /* growth in the second half over that in the first; near 0: a plateau */
    u64 from, to;
};

/* Times that do not rise and unknown values (UINT64_MAX) are left out. */
void trend_add(struct trend *t, ns_t at, u64 value);

/* False with fewer than three points. */
bool trend_growth(const struct trend *t, struct growth *ret);

#endif
