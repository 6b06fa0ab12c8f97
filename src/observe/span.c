/* span.c - the parts of the tokenizer that are not worth inlining. */
#include "observe/span.h"

#include "base/utf8.h"

bool span_take_s64(struct span *line, s64 *ret)
{
    span_skip_blanks(line);

    struct span rest = *line;
    bool negative = !span_empty(rest) && *rest.at == '-';
    u64 n;

    rest.at += negative;
    if (span_empty(rest) || !is_digit(*rest.at))
        return false;

    bool fits = span_take_u64(&rest, &n);

    line->at = rest.at;
    if (fits)
        *ret = negative ? -(s64)n : (s64)n;
    return fits;
}

bool span_take_hundredths(struct span *line, u64 *ret)
{
    u64 whole;

    if (!span_take_u64(line, &whole))
        return false;

    u64 part = 0;

    if (!span_empty(*line) && *line->at == '.') {
        line->at++;
        for (unsigned place = 10; line->at < line->end && is_digit(*line->at); line->at++) {
            part += (u64)(*line->at - '0') * place;
            place /= 10;
        }
    }
    if (whole > INT64_MAX / 100 - 1)
        return false;
    *ret = whole * 100 + part;
    return true;
}

const char *span_find(struct span s, const char *literal)
{
    return span_empty(s) ? NULL : memmem(s.at, span_len(s), literal, strlen(literal));
}

struct span span_trim(struct span s)
{
    span_skip_blanks(&s);
    while (s.at < s.end && is_blank(s.end[-1]))
        s.end--;
    return s;
}

static bool is_plain(struct span s)
{
    for (const char *at = s.at; at < s.end; at++)
        if (*at < ' ' || *at > '~')
            return false;
    return true;
}

void span_copy(struct span s, char *buf, size_t size)
{
    struct strbuf clean;
    bool plain = is_plain(s);

    strbuf_init(&clean);
    if (!plain)
        utf8_append_clean_bytes(&clean, s.at, span_len(s));

    const char *from = plain ? s.at : clean.text;
    size_t len = plain ? span_len(s) : clean.len;

    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80)
            len--;
    }
    if (len > 0)
        memcpy(buf, from, len);
    buf[len] = '\0';
    strbuf_done(&clean);
}

char *span_dup(struct span s)
{
    struct strbuf clean;

    strbuf_init(&clean);
    if (is_plain(s))
        strbuf_append_bytes(&clean, s.at, span_len(s));
    else
        utf8_append_clean_bytes(&clean, s.at, span_len(s));
    return strbuf_steal(&clean);
}
