/* text_wrap.c - see text_wrap.h. */
#include "report/text_wrap.h"

#include "base/utf8.h"

#include <string.h>

size_t text_columns(const char *text, size_t bytes)
{
    size_t columns = 0;

    for (size_t i = 0; i < bytes; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

void text_wrap(struct strbuf *out, const char *text, size_t indent, size_t columns)
{
    size_t start = out->len;
    size_t column;

    while (start > 0 && out->text[start - 1] != '\n')
        start--;
    column = text_columns(out->text + start, out->len - start);
    for (bool first = true; *text; first = false) {
        size_t len = strcspn(text, " "), width = text_columns(text, len);

        if (!first && column + 1 + width > columns) {
            strbuf_appendc(out, '\n');
            strbuf_fill(out, ' ', indent);
            column = indent;
        } else if (!first) {
            strbuf_appendc(out, ' ');
            column++;
        }
        strbuf_append_bytes(out, text, len);
        column += width;
        text += len + (text[len] == ' ');
    }
}

void text_tail(const char *name, size_t max, struct strbuf *out)
{
    struct strbuf clean;
    size_t count = 0, skip;
    const char *at;

    strbuf_init(&clean);
    utf8_append_clean(&clean, name);
    for (at = clean.text; *at; count++)
        utf8_next(&at);
    at = clean.text;
    skip = count > max ? count - max + 3 : 0;
    if (skip)
        strbuf_append(out, "...");
    while (skip--)
        utf8_next(&at);
    strbuf_append(out, at);
    strbuf_done(&clean);
}
