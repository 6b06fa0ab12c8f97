/* pageset.c - a u64map of bitmaps. */
#include "trace/pageset.h"

#include "base/alloc.h"
#include "base/bitmap.h"

void pageset_init(struct pageset *s)
{
    *s = (struct pageset){.last_key = ~(u64)0};
    u64map_init(&s->chunks);
}

void pageset_done(struct pageset *s)
{
    u64 cursor, key, value;

    u64map_for_each (&s->chunks, cursor, key, value)
        free((void *)(uintptr_t)value);
    u64map_done(&s->chunks);
    s->last_key = ~(u64)0;
}

static u64 *find_chunk(const struct pageset *s, u64 key)
{
    u64 value;

    return u64map_get(&s->chunks, key, &value) ? (u64 *)(uintptr_t)value : NULL;
}

u64 *pageset_chunk(struct pageset *s, u64 key)
{
    u64 *bits = find_chunk(s, key);

    if (!bits) {
        bits = xcalloc(PAGESET_CHUNK_PAGES / 64, sizeof(u64));
        u64map_put(&s->chunks, key, (u64)(uintptr_t)bits);
    }
    return bits;
}

bool pageset_test(const struct pageset *s, u64 page)
{
    const u64 *bits = find_chunk(s, page >> PAGESET_CHUNK_SHIFT);

    return bits && bitmap_test(bits, page & (PAGESET_CHUNK_PAGES - 1));
}

u64 pageset_set_range(struct pageset *s, u64 first, u64 nr)
{
    u64 before = s->count, end = first + nr;

    while (first < end) {
        u64 *bits = pageset_chunk(s, first >> PAGESET_CHUNK_SHIFT);
        u64 from = first & (PAGESET_CHUNK_PAGES - 1);
        u64 to = MIN(from + (end - first), (u64)PAGESET_CHUNK_PAGES);

        s->count += to - from - bitmap_count_range(bits, from, to - from);
        bitmap_set_range(bits, from, to - from);
        first += to - from;
    }
    return s->count - before;
}

static u64 clear_in_chunk(struct pageset *s, u64 *bits, u64 from, u64 to)
{
    u64 n = bitmap_count_range(bits, from, to - from);

    bitmap_clear_range(bits, from, to - from);
    s->count -= n;
    return n;
}

u64 pageset_clear_range(struct pageset *s, u64 first, u64 nr)
{
    u64 end = first + nr, cleared = 0;
    u64 cursor, key, value;

    /* A huge range over few chunks: go by the chunks. */
    if (nr >> PAGESET_CHUNK_SHIFT > s->chunks.count) {
        u64map_for_each (&s->chunks, cursor, key, value) {
            u64 base = key << PAGESET_CHUNK_SHIFT;
            u64 from = MAX(base, first), to = MIN(base + PAGESET_CHUNK_PAGES, end);

            if (from < to)
                cleared += clear_in_chunk(s, (u64 *)(uintptr_t)value, from - base, to - base);
        }
        return cleared;
    }
    while (first < end) {
        u64 *bits = find_chunk(s, first >> PAGESET_CHUNK_SHIFT);
        u64 from = first & (PAGESET_CHUNK_PAGES - 1);
        u64 to = MIN(from + (end - first), (u64)PAGESET_CHUNK_PAGES);

        if (bits)
            cleared += clear_in_chunk(s, bits, from, to);
        first += to - from;
    }
    return cleared;
}
