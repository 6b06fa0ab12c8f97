/* utf8.h - bytes of unknown origin (paths, command lines) as text that a JSON document or a terminal may hold. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/strbuf.h"

/* Append text, with every byte that is no valid UTF-8 as U+FFFD and every control character as '?'. */
void utf8_append_clean(struct strbuf *s, const char *text);

/* The code point at *at, which moves on; U+FFFD for one byte that is none. pre: **at is not the NUL. */
u32 utf8_next(const char **at);

/* Append one code point. */
void utf8_append(struct strbuf *s, u32 code);

#endif
