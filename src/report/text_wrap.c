/* text_wrap.c - see text_wrap.h. */
#include "report/text_wrap.h"

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
