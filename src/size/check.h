/* check.h - a budget of memory as a gate: do recordings fit in it, and do they need more than an
 * earlier version did?
 *
 * Words:   fits: the budget is usable for the recording, and so is every larger limit that was
 *          tried. cannot tell: nothing was found against it, but the recording does not say enough.
 *          What is missing may need memory, so an incomplete recording that does not fit does not
 *          fit, and one that fits is not known to. grew: the largest need is above the earlier one
 *          by more than runs of one version differ.
 */
#ifndef SIZE_CHECK_H
#define SIZE_CHECK_H

#include "size/envelope.h"

enum check_outcome { CHECK_FITS, CHECK_DOES_NOT_FIT, CHECK_CANNOT_TELL };

/* Why it is what it is. */
enum check_reason {
    CHECK_BY_NEED,    /* the need is below or above the budget; without a budget: it has a need */
    CHECK_NO_NEED,    /* no limit that was tried is usable */
    CHECK_NOTHING,    /* nothing happens in what is judged */
    CHECK_SHORT,      /* the machine itself has too little memory for it */
    CHECK_INCOMPLETE, /* the recording does not hold all that was done */
};

struct check_verdict {
    enum check_outcome outcome;
    enum check_reason reason;
};

/* max_bytes: the budget; UINT64_MAX: none, so that what has a need fits. trusted: the recording is
 * complete, or is to be taken for that. */
struct check_verdict check_recording(const struct size_result *r, u64 max_bytes, bool trusted);

/* What an earlier version needed. */
struct check_earlier {
    u64 need_bytes;
    u64 spread_bytes;
    unsigned recordings; /* that this is of, at least 1 */
};

enum check_change { CHECK_SAME, CHECK_GREW, CHECK_SHRANK };

/* Measured needs of the same work may differ by so much, in percent: what a search leaves open. */
#define CHECK_TOLERANCE_PERCENT 2u

/* How the need changed. *ret_tolerance: changes up to that count for nothing: the spread of the
 * earlier recordings; where there was one, which tells no spread, that of the new ones (so that all
 * of them must need more); CHECK_TOLERANCE_PERCENT at least.
 *   pre: now->outcome is not ENVELOPE_NO_NEED */
enum check_change check_change(const struct check_earlier *earlier, const struct size_envelope *now,
                               u64 *ret_tolerance);

#endif
