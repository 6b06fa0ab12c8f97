/* utf8.h - bytes of unknown origin (paths, command lines) as text that a JSON document or a terminal may hold. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/strbuf.h"

/* Append text, with every byte that is no valid UTF-8 as U+FFFD and every control character as '?'. */
void utf8_append_clean(struct strbuf *s, const char *text);

#endif
