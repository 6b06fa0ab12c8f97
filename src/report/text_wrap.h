/* text_wrap.h - words, not over the edge of the page. */
#ifndef REPORT_TEXT_WRAP_H
#define REPORT_TEXT_WRAP_H

#include "base/strbuf.h"

/* Append text, which may hold UTF-8, broken at blanks so that no line is over `columns` wide; each
 * further line is indented by `indent`. The first one goes on at the column where `out` stands. No
 * newline at the end. */
void text_wrap(struct strbuf *out, const char *text, size_t indent, size_t columns);

/* Columns of a UTF-8 text, each character one. */
size_t text_columns(const char *text, size_t bytes);

/* Append a name in at most `max` columns, cleaned: of one that is longer the end, which of a path
 * tells more. */
void text_tail(const char *name, size_t max, struct strbuf *out);

#endif
