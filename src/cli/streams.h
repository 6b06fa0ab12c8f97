/* streams.h - the standard descriptors of the program. */
#ifndef CLI_STREAMS_H
#define CLI_STREAMS_H

#include "base/types.h"

/* Make sure that descriptors 0 to 2 are open. pre: nothing else was opened. False when that cannot
 * be had. */
bool streams_open(void);

/* All of it to stdout. 0, or -errno of the write that failed. */
int streams_print(const char *text, size_t len);

#endif
