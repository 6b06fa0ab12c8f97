/* names.h - names of files in lines of words: bytes that part words are octal numbers, as in
 * /proc/mounts. */
#ifndef MOUNT_NAMES_H
#define MOUNT_NAMES_H

#include "base/strbuf.h"

void names_escape(struct strbuf *out, const char *name);
/* In place. */
void names_unescape(char *name);

#endif
