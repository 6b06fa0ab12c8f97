/* span.h - a piece of text that is read from the front: the one tokenizer of all parsers here.
 *
 * Nothing is copied and nothing needs a NUL at the end. A taking function moves text->at past what
 * it took; where it returns false it took nothing but blanks, and *ret is untouched.
 *
 * Numbers: above INT64_MAX is no figure (kernels print a negative counter as 1844674407370955...):
 *          the digits are taken, and the answer is false. So two figures can be added without
 *          overflow.
 */
#ifndef OBSERVE_SPAN_H
#define OBSERVE_SPAN_H

#include "base/strbuf.h"
#include "base/types.h"

#include <string.h>

struct span {
    const char *at, *end;
};

static inline struct span span_of(const char *text, size_t len)
{
    return (struct span){text, text + len};
}

static inline struct span span_of_buf(const struct strbuf *s)
{
    return span_of(s->text, s->len);
}

static inline size_t span_len(struct span s)
{
    return (size_t)(s.end - s.at);
}

static inline bool span_empty(struct span s)
{
    return s.at == s.end;
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A NUL counts as a blank: a cut or hostile file may have some. */
static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static inline void span_skip_blanks(struct span *s)
{
    while (s->at < s->end && is_blank(*s->at))
        s->at++;
}

/* The next line, without its newline. False at the end of the text. */
static inline bool span_take_line(struct span *text, struct span *ret)
{
    if (text->at == text->end)
        return false;

    const char *newline = memchr(text->at, '\n', span_len(*text));

    *ret = (struct span){text->at, newline ? newline : text->end};
    text->at = newline ? newline + 1 : text->end;
    return true;
}

/* What stands before the next blank. */
static inline bool span_take_word(struct span *line, struct span *ret)
{
    span_skip_blanks(line);
    if (line->at == line->end)
        return false;

    const char *at = line->at;

    while (at < line->end && !is_blank(*at))
        at++;
    *ret = (struct span){line->at, at};
    line->at = at;
    return true;
}

/* What stands before the next c, which is taken as well. */
static inline bool span_take_until(struct span *line, char c, struct span *ret)
{
    const char *at = span_empty(*line) ? NULL : memchr(line->at, c, span_len(*line));

    if (!at)
        return false;
    *ret = (struct span){line->at, at};
    line->at = at + 1;
    return true;
}

/* A decimal number after blanks. */
static inline bool span_take_u64(struct span *line, u64 *ret)
{
    span_skip_blanks(line);

    const char *at = line->at;
    u64 n = 0;
    bool fits = true;

    for (; at < line->end && is_digit(*at); at++) {
        u64 digit = (u64)(*at - '0');

        fits &= n <= (INT64_MAX - digit) / 10;
        n = n * 10 + digit;
    }
    if (at == line->at)
        return false;
    line->at = at;
    if (fits)
        *ret = n;
    return fits;
}

/* Exactly this text, blanks before it skipped. */
static inline bool span_take(struct span *line, const char *literal)
{
    size_t len = strlen(literal);

    span_skip_blanks(line);
    if (span_len(*line) < len || memcmp(line->at, literal, len) != 0)
        return false;
    line->at += len;
    return true;
}

static inline bool span_is(struct span s, const char *literal)
{
    size_t len = strlen(literal);

    return span_len(s) == len && memcmp(s.at, literal, len) == 0;
}

static inline bool span_begins(struct span s, const char *literal)
{
    size_t len = strlen(literal);

    return span_len(s) >= len && memcmp(s.at, literal, len) == 0;
}

static inline bool span_ends(struct span s, const char *literal)
{
    size_t len = strlen(literal);

    return span_len(s) >= len && memcmp(s.end - len, literal, len) == 0;
}

/* May begin with '-'. */
bool span_take_s64(struct span *line, s64 *ret);

/* "12.34" as 1234: what a kernel prints with two decimals. Others are rounded down or filled up. */
bool span_take_hundredths(struct span *line, u64 *ret);

/* The first place of `literal` in s, or NULL. */
const char *span_find(struct span s, const char *literal);

/* Without blanks at both ends. */
struct span span_trim(struct span s);

/* As a NUL-terminated clean text (base/utf8.h), cut to fit, never in the middle of a character.
 * pre: size > 0 */
void span_copy(struct span s, char *buf, size_t size);

/* The same on the heap; the caller frees it. */
char *span_dup(struct span s);

#endif
