/* workers.h - the same work for 0, 1, 2, ... n - 1, on several threads.
 *
 * Order:  who does what when is left open, so the work for an index may depend on nothing but the
 *         index. The error that is told is the one of the lowest index that failed. */
#ifndef SIZE_WORKERS_H
#define SIZE_WORKERS_H

#include "base/err.h"
#include "base/types.h"

struct workers {
    unsigned jobs, nr; /* threads, at least 1; indices */
    int (*run)(void *ctx, unsigned index, struct err *e);
    /* Called from the calling thread ten times a second while the others work. NULL: never. */
    void (*tick)(void *ctx);
    void *ctx;
};

/* All of it. 0 or the first error, after which no new index is begun. */
int workers_run(const struct workers *w, struct err *e);

#endif
