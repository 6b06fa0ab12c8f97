/* axes.h - settings to compare: every combination of a value of each key. Keys are those of
 * system_config_set(). */
#ifndef REPORT_AXES_H
#define REPORT_AXES_H

#include "base/types.h"

struct axis {
    const char *key;
    const char *const *values;
    unsigned nr; /* values, at least 1 */
};

struct axes {
    const struct axis *items;
    unsigned nr;
};

/* Combinations; 1 without axes. They are numbered so that the last key changes fastest. */
static inline unsigned axes_count(const struct axes *a)
{
    unsigned count = 1;

    for (unsigned i = 0; i < a->nr; i++)
        count *= a->items[i].nr;
    return count;
}

/* The value of one key in a combination. */
static inline const char *axes_value(const struct axes *a, unsigned combination, unsigned key)
{
    for (unsigned i = a->nr; i-- > key + 1;)
        combination /= a->items[i].nr;
    return a->items[key].values[combination % a->items[key].nr];
}

#endif
