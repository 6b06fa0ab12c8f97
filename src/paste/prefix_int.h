/* prefix_int.h - numbers and dates at the front of a line, for prefix.c.
 *
 * Each takes what it reads off the front; false, and nothing taken, where it is not there.
 * `take_text`: in any language, with a weekday and a zone.
 */
#ifndef PASTE_PREFIX_INT_H
#define PASTE_PREFIX_INT_H

#include "paste/prefix.h"

#define UNKNOWN_US UINT64_MAX

struct moment {
    int year, month, day, hour, minute, second; /* year 0: not said; month from 1 */
    u64 us;
    int offset_minutes;
};

/* Exactly n digits. */
bool date_take_digits(struct span *s, unsigned n, int *ret);
bool date_take_char(struct span *s, char c);
/* ".123456" or ",123" behind a second, in microseconds. */
u64 date_take_fraction(struct span *s);

bool moment_take_clock(struct span *s, struct moment *m);
bool moment_take_iso(struct span *s, struct moment *m);
bool moment_take_month(struct span *s, struct moment *m);
bool moment_take_text(struct span *s, struct moment *m);
u64 moment_wall_us(const struct moment *m);

#endif
