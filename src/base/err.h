/* err.h - one error of the host or of an input, for the person who must mend it.
 *
 * A function that can fail this way returns 0 or a negative errno and takes a last `struct err *e`,
 * which may be NULL. Only cli/ prints it: "file:line:column: text".
 *
 * Use:  return err_set(e, -EINVAL, "unknown unit '%s', want K, M, G or T", unit);
 *       return err_at(e, -EINVAL, path, line, 0, "no such key '%s'", key);
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/types.h"

#include <errno.h>

struct err {
    char file[256];  /* "" when the error is not about a file */
    unsigned line;   /* from 1; 0 when unknown */
    unsigned column; /* from 1; 0 when unknown */
    char text[512];  /* what is wrong and what would be right; no newline at the end */
};

/* Write the text; file, line and column stay as they are. Text too long is cut.
 *   pre: code < 0    post: returns code */
int err_set(struct err *e, int code, const char *fmt, ...) HW_PRINTF(3, 4);

/* As err_set, with the place. `file` may be NULL. */
int err_at(struct err *e, int code, const char *file, unsigned line, unsigned column,
           const char *fmt, ...) HW_PRINTF(6, 7);

/* Forget everything. */
void err_clear(struct err *e);

/* "file:line:column: text" with the known parts, in buf. Returns buf. */
char *err_text(const struct err *e, char *buf, size_t size);

#endif
