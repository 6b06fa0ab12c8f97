/* names.c - edit distance and the three best matches.
 *
 * The distance is that of Damerau and Levenshtein in its restricted form (no edit inside a swapped
 * pair): three rows of the usual table. A wanted name that is part of a candidate ("majfault" in
 * "pgmajfault") is near whatever the lengths are, since people remember the middle of a counter's
 * name; it counts as distance 1, after exact matches.
 */
#include "stats/names.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 63u

static unsigned fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A' + 'a');
    if (c == '-' || c == '.' || c == '/')
        return '_';
    return (unsigned char)c;
}

static size_t fold_name(const char *name, unsigned *ret)
{
    size_t n = 0;

    for (; name[n] && n < NAME_MAX_LEN; n++)
        ret[n] = fold(name[n]);
    return n;
}

unsigned name_distance(const char *a, const char *b)
{
    unsigned from[NAME_MAX_LEN], to[NAME_MAX_LEN];
    unsigned rows[3][NAME_MAX_LEN + 1];
    size_t from_len = fold_name(a, from), to_len = fold_name(b, to);

    for (size_t j = 0; j <= to_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= from_len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= to_len; j++) {
            unsigned best = above[j - 1] + (from[i - 1] != to[j - 1]);

            best = MIN(best, above[j] + 1);
            best = MIN(best, row[j - 1] + 1);
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                best = MIN(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[from_len % 3][to_len];
}

/* Is `part` in `whole`, both folded? Parts of one or two letters are in everything and mean
 * nothing. */
static bool is_part(const char *part, const char *whole)
{
    unsigned p[NAME_MAX_LEN], w[NAME_MAX_LEN];
    size_t part_len = fold_name(part, p), whole_len = fold_name(whole, w);

    if (part_len < 3)
        return false;
    for (size_t at = 0; at + part_len <= whole_len; at++) {
        if (memcmp(w + at, p, part_len * sizeof(p[0])) == 0)
            return true;
    }
    return false;
}

void nearest_init(struct nearest *n, const char *wanted)
{
    *n = (struct nearest){.wanted = wanted};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
    unsigned distance = name_distance(n->wanted, candidate);
    unsigned at;

    if (distance > 1 && is_part(n->wanted, candidate))
        distance = 1;
    if (distance > MAX(strlen(n->wanted), strlen(candidate)) / 3)
        return;
    for (at = 0; at < n->count; at++) {
        if (strcmp(n->name[at], candidate) == 0)
            return;
    }
    for (at = n->count; at > 0 && n->distance[at - 1] > distance; at--) {
        if (at < NEAREST_MAX) {
            n->name[at] = n->name[at - 1];
            n->distance[at] = n->distance[at - 1];
        }
    }
    if (at == NEAREST_MAX)
        return;
    n->name[at] = candidate;
    n->distance[at] = distance;
    n->count = MIN(n->count + 1, NEAREST_MAX);
}

const char *nearest_text(const struct nearest *n, char *buf, size_t size)
{
    size_t len = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < n->count && len < size; i++) {
        const char *join = i == 0 ? "; did you mean " : i + 1 == n->count ? " or " : ", ";
        int wrote = snprintf(buf + len, size - len, "%s'%s'%s", join, n->name[i],
                             i + 1 == n->count ? "?" : "");
        len += wrote > 0 ? (size_t)wrote : 0;
    }
    return buf;
}
