/* check.c - see check.h. */
#include "size/check.h"

struct check_verdict check_recording(const struct size_result *r, u64 max_bytes, bool trusted)
{
    if (!r->unlimited.busy_ns || !r->unlimited.peak_bytes)
        return (struct check_verdict){CHECK_CANNOT_TELL, CHECK_NOTHING};
    if (size_base_is_short(&r->unlimited))
        return (struct check_verdict){CHECK_CANNOT_TELL, CHECK_SHORT};
    if (!r->usable.found)
        return (struct check_verdict){CHECK_DOES_NOT_FIT, CHECK_NO_NEED};
    if (max_bytes < r->usable.limit_bytes)
        return (struct check_verdict){CHECK_DOES_NOT_FIT, CHECK_BY_NEED};
    if (!trusted)
        return (struct check_verdict){CHECK_CANNOT_TELL, CHECK_INCOMPLETE};
    return (struct check_verdict){CHECK_FITS, CHECK_BY_NEED};
}

enum check_change check_change(const struct check_earlier *earlier, const struct size_envelope *now,
                               u64 *ret_tolerance)
{
    u64 measured = earlier->need_bytes / 100 * CHECK_TOLERANCE_PERCENT,
        spread = earlier->recordings > 1 ? earlier->spread_bytes : now->spread_bytes,
        tolerance = MAX(measured, spread);

    *ret_tolerance = tolerance;
    if (now->need_bytes > earlier->need_bytes && now->need_bytes - earlier->need_bytes > tolerance)
        return CHECK_GREW;
    if (earlier->need_bytes > now->need_bytes && earlier->need_bytes - now->need_bytes > tolerance)
        return CHECK_SHRANK;
    return CHECK_SAME;
}
