/* strbuf.c - a string that grows by doubling. */
#include "base/strbuf.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* What every empty buffer shows until it first grows. Never written to. */
static char empty[1];

void strbuf_init(struct strbuf *s)
{
    *s = (struct strbuf){.text = empty};
}

void strbuf_done(struct strbuf *s)
{
    if (s->capacity)
        free(s->text);
    strbuf_init(s);
}

void strbuf_reset(struct strbuf *s)
{
    s->len = 0;
    if (s->capacity)
        s->text[0] = '\0';
}

/* Room for `more` bytes and the NUL. */
static void grow(struct strbuf *s, size_t more)
{
    size_t need = s->len + more + 1;

    if (need <= s->capacity)
        return;

    size_t capacity = MAX(need, s->capacity ? s->capacity * 2 : 64);

    s->text = xrealloc(s->capacity ? s->text : NULL, capacity);
    s->capacity = capacity;
    s->text[s->len] = '\0';
}

void strbuf_vprintf(struct strbuf *s, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);

    size_t space = s->capacity - MIN(s->len, s->capacity);
    int length = vsnprintf(space ? s->text + s->len : NULL, space, fmt, args);

    assert(length >= 0);
    if ((size_t)length >= space) {
        grow(s, (size_t)length);
        vsnprintf(s->text + s->len, (size_t)length + 1, fmt, again);
    }
    s->len += (size_t)length;
    va_end(again);
}

void strbuf_printf(struct strbuf *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    strbuf_vprintf(s, fmt, args);
    va_end(args);
}

void strbuf_append_bytes(struct strbuf *s, const void *bytes, size_t count)
{
    grow(s, count);
    memcpy(s->text + s->len, bytes, count);
    s->len += count;
    s->text[s->len] = '\0';
}

void strbuf_append(struct strbuf *s, const char *text)
{
    strbuf_append_bytes(s, text, strlen(text));
}

void strbuf_appendc(struct strbuf *s, char c)
{
    strbuf_append_bytes(s, &c, 1);
}

void strbuf_append_s64(struct strbuf *s, s64 value, unsigned width)
{
    char digits[24];
    unsigned at = sizeof(digits);
    u64 left = value < 0 ? -(u64)value : (u64)value;

    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        digits[--at] = '-';
    if (sizeof(digits) - at < width)
        strbuf_fill(s, ' ', width - (sizeof(digits) - at));
    strbuf_append_bytes(s, digits + at, sizeof(digits) - at);
}

void strbuf_append_padded(struct strbuf *s, const char *text, unsigned width)
{
    size_t len = strlen(text);

    strbuf_append_bytes(s, text, len);
    if (len < width)
        strbuf_fill(s, ' ', width - len);
}

void strbuf_fill(struct strbuf *s, char c, size_t count)
{
    grow(s, count);
    memset(s->text + s->len, c, count);
    s->len += count;
    s->text[s->len] = '\0';
}

char *strbuf_steal(struct strbuf *s)
{
    grow(s, 0);

    char *text = s->text;

    strbuf_init(s);
    return text;
}
