/* bytes.h - whether a text has one of a few bytes, sixteen places at a time. */
#ifndef PASTE_BYTES_H
#define PASTE_BYTES_H

#include "observe/span.h"

typedef unsigned char bytes16 __attribute__((vector_size(16)));

#define BYTES_SET 8

/* Bytes that are looked for, each of them sixteen times, as vectors compare. */
struct bytes_set {
    bytes16 each[BYTES_SET];
};

#define BYTES_16(c)                                    \
    {                                                  \
        c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c \
    }

/* A constant of eight bytes, some of which may be the same. */
#define BYTES_SET_OF(a, b, c, d, e, f, g, h)                                              \
    {                                                                                     \
        {                                                                                 \
            BYTES_16(a), BYTES_16(b), BYTES_16(c), BYTES_16(d), BYTES_16(e), BYTES_16(f), \
                BYTES_16(g), BYTES_16(h)                                                  \
        }                                                                                 \
    }

static inline bool bytes_here(const char *at, const struct bytes_set *set)
{
    bytes16 here, found;
    u64 half[2];

    memcpy(&here, at, sizeof(here));
    found = (bytes16)((here == set->each[0]) | (here == set->each[1]) | (here == set->each[2]) |
                      (here == set->each[3]) | (here == set->each[4]) | (here == set->each[5]) |
                      (here == set->each[6]) | (here == set->each[7]));
    memcpy(half, &found, sizeof(half));
    return half[0] | half[1];
}

/* The first sixteen bytes; of a shorter text all of them, some perhaps twice.   pre: len > 0 */
static inline bytes16 bytes_first(const char *at, size_t len)
{
    bytes16 text = BYTES_16(' ');
    size_t half = len >= 8 ? 8 : len >= 4 ? 4 : 1;

    if (len >= sizeof(text)) {
        memcpy(&text, at, sizeof(text));
    } else if (half > 1) {
        memcpy(&text, at, half);
        memcpy((char *)&text + half, at + len - half, half);
    } else {
        for (size_t i = 0; i < len; i++)
            text[i] = (unsigned char)at[i];
    }
    return text;
}

/* Those of sixteen bytes that are marks: all bits, else none. What two marks have in common is
 * compared once. */
static inline bytes16 bytes_marks(bytes16 text)
{
    typedef signed char signed16 __attribute__((vector_size(16)));

    /* What is below a blank, and above 0x7f where signs count. */
    return (bytes16)(((signed16)text < ' ') & (text != '\t')) |
           /* # $ % & */
           (bytes16)((signed16)(text - (unsigned char)('#' + 0x80)) < (signed char)(0x84)) |
           (bytes16)((text & (unsigned char)~2) == '<') |     /* < > */
           (bytes16)((text & (unsigned char)~0x20) == '\\') | /* \ | */
           (bytes16)(text == '`');
}

/* Has the text a byte of which prompts, fences, tags, entities, escapes and colours are made: one
 * of #$%&<>\|`, a control character but the tabulator, or a byte of a character beyond ASCII? cost:
 * O(length) */
static inline bool bytes_have_mark(struct span text)
{
    bytes16 found;
    u64 half[2];

    if (span_empty(text))
        return false;
    found = bytes_marks(bytes_first(text.at, span_len(text)));
    if (span_len(text) > sizeof(bytes16)) {
        const char *at = text.at + sizeof(bytes16), *last = text.end - sizeof(bytes16);

        for (; at < last; at += sizeof(bytes16))
            found |= bytes_marks(bytes_first(at, sizeof(bytes16)));
        found |= bytes_marks(bytes_first(last, sizeof(bytes16)));
    }
    memcpy(half, &found, sizeof(half));
    return half[0] | half[1];
}

/* Has the text one of these bytes? cost: O(length) */
static inline bool bytes_have_any(struct span text, const struct bytes_set *set)
{
    const char *at = text.at;

    for (; text.end - at >= (ptrdiff_t)sizeof(bytes16); at += sizeof(bytes16))
        if (bytes_here(at, set))
            return true;
    /* The last sixteen, some of which were looked at; of a short text each byte. */
    if (span_len(text) >= sizeof(bytes16))
        return at < text.end && bytes_here(text.end - sizeof(bytes16), set);
    for (; at < text.end; at++)
        for (unsigned i = 0; i < BYTES_SET; i++)
            if (set->each[i][0] == (unsigned char)*at)
                return true;
    return false;
}

#endif
