/* utf8.h - bytes of unknown origin (paths, command lines, names) as text that a JSON document or a
 * terminal may hold.
 *
 * Names come from machines, archives and recordings that somebody else made. A control character
 * commands the terminal (ESC, and CSI as the byte 9B or the code point U+009B), a bidirectional
 * control shows a line in another order than it has, a newline makes one line two, and characters
 * of no width make two names look like one. All of them are shown as '?'.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/strbuf.h"

/* Append text, with every byte that is no valid UTF-8 as U+FFFD and every hidden character as
 * '?'. */
void utf8_append_clean(struct strbuf *s, const char *text);
void utf8_append_clean_bytes(struct strbuf *s, const char *text, size_t count);

/* A control character, or one that is not seen itself: bidirectional controls, separators of lines,
 * what has no width. */
bool utf8_is_hidden(u32 code);

/* The code point at *at, which moves on; U+FFFD for one byte that is none. pre: **at is not the
 * NUL. */
u32 utf8_next(const char **at);

/* Append one code point. */
void utf8_append(struct strbuf *s, u32 code);

#endif
