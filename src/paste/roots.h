/* roots.h - several machines' trees of /proc and /sys in what was given. */
#ifndef PASTE_ROOTS_H
#define PASTE_ROOTS_H

#include "paste/paste.h"

#include "observe/span.h"

/* A file "proc/..." or "sys/..." below this root, a path that ends with "/" or is empty, belongs to
 * the machine that is read. */
bool roots_takes_file(struct paste *p, struct span key, struct span path);
/* ... a log or another text with this path does. */
bool roots_takes_text(const struct paste *p, struct span path);

/* After paste_end() of all that was given: each machine as a paste of its own, where there are
 * several. */
void roots_read_apart(struct paste *p, char *const *paths, unsigned count);

#endif
