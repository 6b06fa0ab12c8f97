/* pasted.h - files, directories and archives of a machine in trouble as what `diagnose` looks
 * at. */
#ifndef CLI_PASTED_H
#define CLI_PASTED_H

#include "base/err.h"
#include "paste/paste.h"

/* Is it the file of a capture, or a directory whose files change or were made by a simulated
 * machine? Then it is no paste. */
bool pasted_is_other(const char *path);

/* Read them all as one incident. NULL: an error, or nothing that is known: then *ret_known is
 * false. keep: with the text as it came. */
struct paste *pasted_read(char *const *paths, unsigned count, bool keep, bool *ret_known,
                          struct err *e);

/* What would be known. */
void pasted_kinds(struct strbuf *out);

/* What was read and what was not, in a sentence or two. */
void pasted_describe(const struct paste *p, struct strbuf *out);

/* Do its first bytes say that it is a capture? */
bool pasted_is_capture(const char *path);

#endif
