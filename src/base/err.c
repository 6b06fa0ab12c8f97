/* err.c - filling and showing struct err. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

HW_PRINTF(3, 0) static int err_vset(struct err *e, int code, const char *fmt, va_list args)
{
    assert(code < 0);
    if (e)
        vsnprintf(e->text, sizeof(e->text), fmt, args);
    return code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    err_vset(e, code, fmt, args);
    va_end(args);
    return code;
}

int err_at(struct err *e, int code, const char *file, unsigned line, unsigned column,
           const char *fmt, ...)
{
    va_list args;

    if (e) {
        snprintf(e->file, sizeof(e->file), "%s", file ? file : "");
        e->line = line;
        e->column = column;
    }
    va_start(args, fmt);
    err_vset(e, code, fmt, args);
    va_end(args);
    return code;
}

void err_clear(struct err *e)
{
    if (e)
        *e = (struct err){0};
}

char *err_text(const struct err *e, char *buf, size_t size)
{
    if (!e->file[0])
        snprintf(buf, size, "%s", e->text);
    else if (!e->line)
        snprintf(buf, size, "%s: %s", e->file, e->text);
    else if (!e->column)
        snprintf(buf, size, "%s:%u: %s", e->file, e->line, e->text);
    else
        snprintf(buf, size, "%s:%u:%u: %s", e->file, e->line, e->column, e->text);
    return buf;
}
