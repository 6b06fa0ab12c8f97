/* working_set.c - a map of the pages that are followed, each with three small numbers: the part of
 * its last touch, its longest rest, and that it is there.
 *
 *     parts     0   1   2   3   4   5   6
 *     touches   x   x               x        last 5, longest rest 3
 */
#include "trace/working_set.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define RECENT 4096u /* keys that were touched lately */

struct recent {
    u64 key;
    u32 part;
    bool used;
};

struct working_set_table {
    struct u64map pages; /* key -> last part << 8 | longest rest */
    u64 pages_max, mask; /* followed are keys with none of these bits */
    u64 now[WORKING_SET_PARTS];
    struct recent recent[RECENT];
};

_Static_assert(WORKING_SET_PARTS <= 256, "a part is 8 bits");

void working_set_init(struct working_set *w, u64 events, u64 pages_max)
{
    *w = (struct working_set){.events = events, .each = 1};
    w->table = xcalloc(1, sizeof(*w->table));
    w->table->pages_max = pages_max;
    u64map_init(&w->table->pages);
}

void working_set_done(struct working_set *w)
{
    if (!w->table)
        return;
    u64map_done(&w->table->pages);
    free(w->table);
    w->table = NULL;
}

static u32 last_of(u64 value)
{
    return (u32)(value >> 8);
}

static u32 rest_of(u64 value)
{
    return (u32)(value & 0xff);
}

/* Follow half of the pages. What was counted of the others in each part goes with them, since they
 * stand for nobody now. */
static void halve(struct working_set_table *t)
{
    struct u64map kept;
    u64 cursor, key, value;

    t->mask = t->mask << 1 | 1;
    u64map_init(&kept);
    u64map_for_each (&t->pages, cursor, key, value)
        if ((key & t->mask) == 0)
            u64map_put(&kept, key, value);
    u64map_done(&t->pages);
    t->pages = kept;
    for (unsigned i = 0; i < WORKING_SET_PARTS; i++)
        t->now[i] /= 2;
}

static void touch(struct working_set *w, u64 key, u64 now)
{
    struct working_set_table *t = w->table;
    struct recent *r = &t->recent[key >> 40 & (RECENT - 1)];
    u64 part = w->events ? (u64)((double)now * WORKING_SET_PARTS / (double)w->events) : 0, value;

    part = MIN(part, (u64)WORKING_SET_PARTS - 1);
    if (r->used && r->key == key && r->part == part)
        return;
    *r = (struct recent){.key = key, .part = (u32)part, .used = true};
    if (key & t->mask)
        return;
    if (u64map_get(&t->pages, key, &value)) {
        if (last_of(value) >= part)
            return;
        u64map_put(&t->pages, key, part << 8 | MAX(rest_of(value), (u32)part - last_of(value) - 1));
    } else {
        while (t->pages.count >= t->pages_max && (key & t->mask) == 0)
            halve(t);
        if (key & t->mask)
            return;
        u64map_put(&t->pages, key, part << 8);
    }
    t->now[part]++;
}

void working_set_touch_memory(struct working_set *w, u32 process, u64 page, u64 now)
{
    touch(w, hash_u64_pair((u64)process << 1, page), now);
}

void working_set_touch_file(struct working_set *w, u32 file, u64 page, u64 now)
{
    touch(w, hash_u64_pair((u64)file << 1 | 1, page), now);
}

void working_set_finish(struct working_set *w)
{
    struct working_set_table *t = w->table;
    u64 cursor, key, value;

    w->each = t->mask + 1;
    u64map_for_each (&t->pages, cursor, key, value) {
        w->last[last_of(value)] += w->each;
        w->rest[rest_of(value)] += w->each;
    }
    w->touched = t->pages.count * w->each;
    for (unsigned i = 0; i < WORKING_SET_PARTS; i++)
        w->pages[i] = t->now[i] * w->each;
    working_set_done(w);
}

static int ascending(const void *a, const void *b)
{
    const u64 *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

u64 working_set_percentile(const struct working_set *w, double share)
{
    u64 sorted[WORKING_SET_PARTS];
    size_t at = (size_t)(share * WORKING_SET_PARTS);

    memcpy(sorted, w->pages, sizeof(sorted));
    qsort(sorted, WORKING_SET_PARTS, sizeof(sorted[0]), ascending);
    /* The smallest that is no less than this share of them. */
    if ((double)at < share * WORKING_SET_PARTS)
        at++;
    return sorted[CLAMP(at, (size_t)1, (size_t)WORKING_SET_PARTS) - 1];
}
