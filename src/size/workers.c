/* workers.c - threads that take the next index until there is none.
 *
 * Under the lock are the next index, how many threads have come home, and the first error; nothing
 * else is shared here. */
#include "size/workers.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define TICK_NS (100 * NS_PER_MS)

struct gang {
    const struct workers *w;
    unsigned next, finished;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int error;
    unsigned error_index;
    struct err *e;
};

static void *work(void *ctx)
{
    struct gang *g = ctx;

    pthread_mutex_lock(&g->lock);
    while (g->next < g->w->nr && !g->error) {
        unsigned index = g->next++;
        struct err e = {0};
        int r;

        pthread_mutex_unlock(&g->lock);
        r = g->w->run(g->w->ctx, index, &e);
        pthread_mutex_lock(&g->lock);
        if (r && (!g->error || index < g->error_index)) {
            g->error = r;
            g->error_index = index;
            if (g->e)
                *g->e = e;
        }
    }
    g->finished++;
    pthread_cond_signal(&g->moved);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* The calling thread ticks until all the others have come home. */
static void wait_for_all(struct gang *g, unsigned started)
{
    pthread_mutex_lock(&g->lock);
    while (g->finished < started) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)TICK_NS;
        if (until.tv_nsec >= (long)NS_PER_S) {
            until.tv_nsec -= (long)NS_PER_S;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&g->moved, &g->lock, &until);
        if (g->w->tick)
            g->w->tick(g->w->ctx);
    }
    pthread_mutex_unlock(&g->lock);
}

int workers_run(const struct workers *w, struct err *e)
{
    struct gang g = {
        .w = w,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .moved = PTHREAD_COND_INITIALIZER,
        .e = e,
    };
    unsigned want = MIN(MAX(w->jobs, 1u), w->nr), started = 0;
    pthread_t *threads;

    if (w->nr == 0)
        return 0;
    if (want == 1 && !w->tick) { /* a thread would cost more than a small replay */
        work(&g);
        return g.error;
    }
    threads = xcalloc(want, sizeof(*threads));
    while (started < want && pthread_create(&threads[started], NULL, work, &g) == 0)
        started++;
    if (started == 0) /* no thread to be had: do it here */
        work(&g);
    else
        wait_for_all(&g, started);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    free(threads);
    return g.error;
}
