/* played_made.h - what ordinary programs want of a machine and a capture does not keep. */
#ifndef CLI_PLAYED_MADE_H
#define CLI_PLAYED_MADE_H

#include "cli/played.h"

/* Add to the files of the sample, which are sorted, those that follow from them; they are not
 * sorted afterwards. */
void played_make_missing(struct played *p);

/* Among the first nr files, which are sorted; NULL: there is none of this name. */
const struct played_file *played_find(const struct played *p, size_t nr, const char *name);

#endif
