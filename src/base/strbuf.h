/* strbuf.h - a string that grows.
 *
 * Invariants: s->text is NUL-terminated at s->len and never NULL after strbuf_init.
 * Use:        struct strbuf s; strbuf_init(&s); strbuf_printf(&s, "%u", n); ... strbuf_done(&s);
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include "base/types.h"

#include <stdarg.h>

struct strbuf {
    char *text;
    size_t len;
    size_t capacity; /* bytes of `text`; 0 while it is the shared empty string */
};

void strbuf_init(struct strbuf *s);
void strbuf_done(struct strbuf *s);

/* Empty it, keep its memory. */
void strbuf_reset(struct strbuf *s);

void strbuf_printf(struct strbuf *s, const char *fmt, ...) HW_PRINTF(2, 3);
void strbuf_vprintf(struct strbuf *s, const char *fmt, va_list args) HW_PRINTF(2, 0);
void strbuf_append(struct strbuf *s, const char *text);
void strbuf_append_bytes(struct strbuf *s, const void *bytes, size_t count);
void strbuf_appendc(struct strbuf *s, char c);

/* As "%*" PRId64 and "%-*s" have them, at a tenth of the cost: texts of figures are made each time
 * that somebody reads them. */
void strbuf_append_s64(struct strbuf *s, s64 value, unsigned width);
void strbuf_append_padded(struct strbuf *s, const char *text, unsigned width);

/* `count` times c. */
void strbuf_fill(struct strbuf *s, char c, size_t count);

/* Hand the malloc'ed string to the caller, who frees it; the buffer is empty afterwards. */
char *strbuf_steal(struct strbuf *s);

#endif
