/* pool.h - many replays of one trace at once, one machine each. */
#ifndef SIZE_POOL_H
#define SIZE_POOL_H

#include "size/size.h"

/* Fill rows[0 .. nr): limit_bytes, high_bytes and source are given. base: the run without a limit,
 * NULL for that run itself, whose requests and parts go to *service; with these its times set the
 * slowdown and, with the bounds of the config, survives and usable. The order of the rows stays.
 * Returns 0; -EINTR when stopped; or the first error by index. *done_events grows by what was
 * replayed. */
int pool_run(const struct size_config *config, const struct size_row *base, struct service *service,
             struct size_row *rows, unsigned nr, u64 *done_events, struct err *e);

#endif
