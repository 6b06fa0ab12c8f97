/* queue.c - a group's objects of one cache in the order they were made, as runs: so many in that
 * slab, so many in the next. */
#include "base/alloc.h"
#include "slab/slab_int.h"

#define QUEUE_RUNS_MIN 8u

static struct slab_run *run_at(const struct slab_queue *q, u32 i)
{
    return &q->runs[(q->first + i) & (q->capacity - 1)];
}

static void queue_grow(struct slab_queue *q)
{
    u32 capacity = MAX(QUEUE_RUNS_MIN, q->capacity * 2);
    struct slab_run *runs = xcalloc(capacity, sizeof(*runs));

    for (u32 i = 0; i < q->nr; i++)
        runs[i] = *run_at(q, i);
    free(q->runs);
    q->runs = runs;
    q->first = 0;
    q->capacity = capacity;
}

void queue_push(struct slab_queue *q, pfn_t pfn, u32 nr)
{
    q->objects += nr;
    if (q->nr) {
        struct slab_run *last = run_at(q, q->nr - 1);

        if (last->pfn == pfn && last->nr <= UINT32_MAX - nr) {
            last->nr += nr;
            return;
        }
    }
    if (q->nr == q->capacity)
        queue_grow(q);
    *run_at(q, q->nr++) = (struct slab_run){pfn, nr};
}

struct slab_run queue_pop(struct slab_queue *q, u64 nr)
{
    struct slab_run *first = run_at(q, 0), taken;

    assert(q->nr && q->objects >= nr && nr > 0);
    taken = (struct slab_run){first->pfn, (u32)MIN(nr, (u64)first->nr)};
    first->nr -= taken.nr;
    q->objects -= taken.nr;
    if (first->nr == 0) {
        q->first = (q->first + 1) & (q->capacity - 1);
        q->nr--;
    }
    return taken;
}
