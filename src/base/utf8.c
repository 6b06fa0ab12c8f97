/* utf8.c - validation by the table of well-formed byte sequences (Unicode 15, table 3-7). */
#include "base/utf8.h"

#include <string.h>

/* Length of the valid sequence that begins the `room` bytes at `at`, 0 when there is none.   pre:
 * room > 0 */
static unsigned sequence_len(const unsigned char *at, size_t room)
{
    unsigned char low = 0x80, high = 0xbf;
    unsigned len;

    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        len = 2;
    else if ((at[0] & 0xf0) == 0xe0)
        len = 3;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (room < len || at[1] < low || at[1] > high)
        return 0;
    for (unsigned i = 2; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

static u32 decode(const unsigned char *bytes, unsigned len)
{
    u32 code = bytes[0];

    if (len == 1)
        return code;
    code &= 0xffu >> (len + 1);
    for (unsigned i = 1; i < len; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
}

/* Code points that command a terminal, or that change what a reader sees without being seen: the
 * control characters C0 and C1, line and paragraph separators, and the invisible ones of the
 * general category Cf and their like. Ascending. */
static const struct {
    u32 first, last;
} hidden[] = {
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
    {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
    {0x890, 0x891},     {0x8e2, 0x8e2},     {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},
    {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

bool utf8_is_hidden(u32 code)
{
    for (size_t i = 0; i < ARRAY_SIZE(hidden) && hidden[i].first <= code; i++)
        if (code <= hidden[i].last)
            return true;
    return false;
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f;
}

void utf8_append_clean_bytes(struct strbuf *s, const char *text, size_t count)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + count;

    while (at < end) {
        const unsigned char *from = at;
        unsigned len;

        while (at < end && is_plain(*at))
            at++;
        strbuf_append_bytes(s, from, (size_t)(at - from));
        if (at == end)
            return;
        len = sequence_len(at, (size_t)(end - at));
        if (len == 0)
            strbuf_append(s, "\xef\xbf\xbd");
        else if (utf8_is_hidden(decode(at, len)))
            strbuf_appendc(s, '?');
        else
            strbuf_append_bytes(s, at, len);
        at += len ? len : 1;
    }
}

void utf8_append_clean(struct strbuf *s, const char *text)
{
    utf8_append_clean_bytes(s, text, strlen(text));
}

u32 utf8_next(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    unsigned len = sequence_len(bytes, strnlen(*at, 4));

    *at += len ? len : 1;
    return len ? decode(bytes, len) : 0xfffd;
}

void utf8_append(struct strbuf *s, u32 code)
{
    if (code < 0x80) {
        strbuf_appendc(s, (char)code);
        return;
    }
    if (code < 0x800) {
        strbuf_appendc(s, (char)(0xc0 | code >> 6));
    } else {
        if (code < 0x10000) {
            strbuf_appendc(s, (char)(0xe0 | code >> 12));
        } else {
            strbuf_appendc(s, (char)(0xf0 | code >> 18));
            strbuf_appendc(s, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        strbuf_appendc(s, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    strbuf_appendc(s, (char)(0x80 | (code & 0x3f)));
}
