/* utf8.c - validation by the table of well-formed byte sequences (Unicode 15, table 3-7). */
#include "base/utf8.h"

/* Length of the valid sequence at `at`, 0 when there is none. Reads no further than the NUL. */
static unsigned sequence_len(const unsigned char *at)
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
    if (at[1] < low || at[1] > high)
        return 0;
    for (unsigned i = 2; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

void utf8_append_clean(struct strbuf *s, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at) {
        unsigned len = sequence_len(at);

        if (len == 0) {
            strbuf_append(s, "\xef\xbf\xbd");
            at++;
        } else if (*at < 0x20 || *at == 0x7f) {
            strbuf_appendc(s, '?');
            at++;
        } else {
            strbuf_append_bytes(s, (const char *)at, len);
            at += len;
        }
    }
}

u32 utf8_next(const char **at)
{
    const unsigned char *bytes = (const unsigned char *)*at;
    unsigned len = sequence_len(bytes);
    u32 code;

    *at += len ? len : 1;
    if (len <= 1)
        return len ? bytes[0] : 0xfffd;
    code = bytes[0] & (0xffu >> (len + 1));
    for (unsigned i = 1; i < len; i++)
        code = code << 6 | (bytes[i] & 0x3f);
    return code;
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
