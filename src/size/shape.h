/* shape.h - what a sweep looks like: bands round its boundaries, plateaus, how far the advice is
 * from harm. */
#ifndef SIZE_SHAPE_H
#define SIZE_SHAPE_H

#include "size/size.h"

/* Smallest limits that memory decides were measured within this of the kernel's; those that a
 * device decides may lie farther off (docs/fidelity.md; tests/diff/advice_heavy.py asserts 2 % or 1
 * MiB). */
#define SHAPE_ERROR_PERCENT 5u

/* The smallest limit that stays clear of what does not survive: this much less memory, which is how
 * far a measured edge lies off, must survive too before a limit is called usable. */
#define SHAPE_CLEAR_PERCENT 2u
u64 shape_clear(u64 fails_bytes);

/* Take `usable` from rows below clear_bytes, and mark them near_edge. */
void shape_mark_near_edge(struct size_result *r, u64 clear_bytes);

/* Set the band of a boundary: the measured error, and the limits between the smallest tried one
 * that passes and the largest that does not, which differ where running out is not monotonic; down
 * to the largest that fails below it, to 0 where none was tried. */
void shape_band(const struct size_result *r, bool (*passes)(const struct size_row *row),
                struct size_boundary *b);

/* What a limit costs on a real machine, where its effects are those of a limit between low and high
 * here: from the tried limits there and the next on either side. Without one above, no limit is the
 * next. */
struct shape_cost {
    double least, most; /* times the time without a limit */
    bool may_fail;      /* one of them does not survive; most is of those that do */
};
struct shape_cost shape_cost(const struct size_result *r, u64 low_bytes, u64 high_bytes);

/* Find plateaus: tried limits, the largest of them SHAPE_PLATEAU_SPAN times the smallest or more,
 * that cost the same and too much. */
#define SHAPE_PLATEAU_SPAN 1.5
#define SHAPE_PLATEAU_SAME 0.03 /* of the time without a limit */
void shape_plateaus(struct size_result *r);

/* What a run lost most time to, over the one without a limit; in words, "" when it lost none. */
const char *shape_why(const struct size_row *base, const struct size_row *row);

/* The largest tried limit under which something was killed; 0: none. */
u64 shape_first_kill(const struct size_result *r);

#endif
