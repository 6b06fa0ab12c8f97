/* names.h - what the person who mistyped a name probably meant.
 *
 * Use:  struct nearest n; nearest_init(&n, "pgmajfualt"); for (each known name) nearest_offer(&n,
 *       name); err_set(e, -ENOENT, "unknown counter '%s'%s", want, nearest_text(&n, buf,
 *       sizeof(buf)));
 */
#ifndef STATS_NAMES_H
#define STATS_NAMES_H

#include "base/types.h"

#define NEAREST_MAX 3

struct nearest {
    const char *wanted;
    /* best first; equal ones in the order in which they were offered */
    const char *name[NEAREST_MAX];
    unsigned distance[NEAREST_MAX];
    unsigned count;
};

/* Fewest insertions, deletions, replacements and swaps of neighbours that turn a into b; case is
 * ignored, and so is the difference between '_', '-', '.' and '/'. Names longer than 63 bytes count
 * as their first 63. */
unsigned name_distance(const char *a, const char *b);

void nearest_init(struct nearest *n, const char *wanted);

/* Keep the candidate if it is among the nearest and plausible: at most a third of the name differs,
 * or the wanted name is a part of it. The string must outlive n. */
void nearest_offer(struct nearest *n, const char *candidate);

/* "; did you mean 'a', 'b' or 'c'?", or "" when nothing is near. Returns buf. */
const char *nearest_text(const struct nearest *n, char *buf, size_t size);

#endif
