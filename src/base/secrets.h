/* secrets.h - command lines, with "***" for the arguments that look like secrets.
 *
 * A guess by names, forms and known programs: what is masked and what is missed is listed in
 * docs/privacy.md. A mask too many costs a reader a value, one too few costs somebody a password;
 * so in doubt it masks.
 */
#ifndef BASE_SECRETS_H
#define BASE_SECRETS_H

#include "base/strbuf.h"

/* Append a command line: arguments that end with NUL as in /proc/PID/cmdline, or one text with
 * blanks between them. Separators stay. */
void secrets_mask(const char *args, size_t len, struct strbuf *out);

/* Append the program's name alone. */
void secrets_keep_program(const char *args, size_t len, struct strbuf *out);

#endif
