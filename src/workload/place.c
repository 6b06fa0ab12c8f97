/* place.c - through a recording in the order of its stamps, with an address space for every process
 * of it.
 *
 * A heap holds the streams by the stamp of their next operation. The stream on top translates its
 * events up to that operation and does it. Accesses behind a stream's last operation come last. A
 * child's first stamp may be older than that of the fork, which the parent gets when its call
 * returns: such a child waits for the fork.
 */
#include "workload/place_int.h"

#include "space/space.h"

#include "base/alloc.h"

#include <stdlib.h>

#define STAMP_END (~(u64)0)

struct place_mm *place_mm_new(struct placing *p)
{
    struct place_mm *pm = xcalloc(1, sizeof(*pm));

    pm->users = 1;
    pm->mm = mm_new(&p->space, 0);
    addrmap_init(&pm->map);
    addrmap_init(&pm->changed);
    u64map_init(&pm->regular);
    return pm;
}

struct place_mm *place_mm_copy(struct placing *p, const struct place_mm *from)
{
    struct place_mm *pm = xcalloc(1, sizeof(*pm));
    u64 cursor, fid, one;

    *pm = *from;
    pm->users = 1;
    pm->mm = mm_new(&p->space, 0);
    vma_fork(pm->mm, from->mm);
    addrmap_init(&pm->map);
    addrmap_copy(&pm->map, &from->map);
    addrmap_init(&pm->changed); /* by nobody yet */
    u64map_init(&pm->regular);
    u64map_for_each (&from->regular, cursor, fid, one)
        u64map_put(&pm->regular, fid, one);
    return pm;
}

void place_mm_put(struct place_mm *pm)
{
    if (!pm || --pm->users)
        return;
    vma_remove(pm->mm, 0, VPN_END);
    mm_free(pm->mm);
    addrmap_done(&pm->map);
    addrmap_done(&pm->changed);
    u64map_done(&pm->regular);
    free(pm);
}

/* --- who is what ------------------------------------------------------------------------------ */

static struct place_mm *find_mm(const struct u64map *map, u64 pid)
{
    u64 found;

    return u64map_get(map, pid, &found) ? (struct place_mm *)(uintptr_t)found : NULL;
}

struct place_mm *place_mm_of(const struct placing *p, u64 pid)
{
    return find_mm(&p->by_pid, pid);
}

/* The table holds a reference of its own. */
static void set_mm(struct u64map *map, u64 pid, struct place_mm *pm)
{
    struct place_mm *before = find_mm(map, pid);

    if (pm) {
        pm->users++;
        u64map_put(map, pid, (u64)(uintptr_t)pm);
    } else {
        u64map_del(map, pid, NULL);
    }
    place_mm_put(before);
}

/* The address space that a stream starts in, with a reference for it. */
static struct place_mm *start_of(struct placing *p, const struct trace_stream *s)
{
    struct place_mm *pm = NULL;

    if (s->start == HWT_OP_THREAD_START)
        pm = find_mm(&p->by_pid, s->pid);
    else if (s->start_flags & HWT_PROC_FORKED)
        pm = find_mm(&p->forked, s->pid);
    if (pm)
        pm->users++;
    else
        pm = place_mm_new(p);
    if (s->start != HWT_OP_THREAD_START) {
        set_mm(&p->by_pid, s->pid, pm);
        set_mm(&p->forked, s->pid, NULL);
    }
    return pm;
}

/* --- streams ---------------------------------------------------------------------------------- */

/* The index of the stream's next real operation, or their number. */
static size_t next_real(const struct trace_stream *s, size_t i)
{
    while (i < s->nr_decoded_ops && s->ops[i].opcode == TRACE_OP_ADVANCE)
        i++;
    return i;
}

static void enqueue(struct placing *p, u32 stream)
{
    const struct trace_stream *s = &p->trace->streams[stream];
    size_t i = p->next_op[stream] = next_real(s, p->next_op[stream]);

    heap_push(&p->next, i < s->nr_decoded_ops ? s->ops[i].stamp : STAMP_END, NULL, stream);
}

static void fork_off(struct placing *p, struct place_mm *pm, const struct trace_op *op)
{
    struct place_mm *child = op->field[1] & HWT_FORK_VM ? pm : place_mm_copy(p, pm);
    u64 stream;

    set_mm(&p->forked, op->field[0], child);
    if (child != pm)
        place_mm_put(child); /* the table has it */
    if (u64map_del(&p->early, op->field[0], &stream))
        enqueue(p, (u32)stream);
}

/* Must the stream's start wait for its fork? A second one of that pid does not. */
static bool is_early(struct placing *p, u32 stream)
{
    const struct trace_stream *s = &p->trace->streams[stream];

    if (p->no_more_forks || s->start != HWT_OP_PROC_START || !(s->start_flags & HWT_PROC_FORKED) ||
        u64map_get(&p->forked, s->pid, NULL) || u64map_get(&p->early, s->pid, NULL))
        return false;
    u64map_put(&p->early, s->pid, stream);
    return true;
}

/* Whose fork is not in the recording starts with nothing. */
static void release_early(struct placing *p)
{
    u64 cursor, pid, stream;

    p->no_more_forks = true;
    u64map_for_each (&p->early, cursor, pid, stream)
        enqueue(p, (u32)stream);
}

/* Events up to the operation with that index. */
static void translate(struct placing *p, struct place_mm *pm, u32 stream, size_t op)
{
    struct trace_stream *s = &p->trace->streams[stream];
    size_t i = p->at[stream];

    for (; i < s->nr_events; i++) {
        u64 event = s->events[i];

        if (event_kind(event) == HWT_OP) {
            if (event_page(event) >= op)
                break;
            continue; /* instructions alone */
        }
        s->events[i] =
            event + ((u64)addrmap_moved(&pm->map, event_page(event)) << EVENT_PAGE_SHIFT);
    }
    p->at[stream] = i;
}

static void run(struct placing *p, u32 stream)
{
    struct trace_stream *s = &p->trace->streams[stream];
    size_t i = p->next_op[stream];
    struct place_mm *pm;

    if (!p->mm[stream] && is_early(p, stream))
        return;
    if (!p->mm[stream])
        p->mm[stream] = start_of(p, s);
    pm = p->mm[stream];
    translate(p, pm, stream, i);
    if (i == s->nr_decoded_ops) {
        place_mm_put(pm);
        p->mm[stream] = NULL;
        return;
    }
    if (s->ops[i].opcode == HWT_OP_FORK) {
        fork_off(p, pm, &s->ops[i]);
    } else if (s->ops[i].opcode == HWT_OP_EXIT_GROUP) {
        set_mm(&p->by_pid, s->pid, NULL);
    } else {
        place_op(p, pm, stream, i);
        place_turn(p, pm, stream, &s->ops[i]);
    }
    p->next_op[stream] = i + 1;
    enqueue(p, stream);
}

/* Does the recording say who chose an address? */
static bool is_told(const struct trace *t)
{
    for (u32 i = 0; i < t->nr_streams; i++) {
        const struct trace_stream *s = &t->streams[i];

        for (size_t k = 0; k < s->nr_decoded_ops; k++)
            if (s->ops[k].opcode == HWT_OP_MMAP && (s->ops[k].field[3] & HWT_MAP_ANYWHERE))
                return true;
    }
    return false;
}

static void drop_table(struct u64map *map)
{
    u64 cursor, pid, pm;

    u64map_for_each (map, cursor, pid, pm)
        place_mm_put((struct place_mm *)(uintptr_t)pm);
    u64map_done(map);
}

bool place_trace(struct trace *t, struct place_result *ret)
{
    struct placing p = {.trace = t};

    if (ret)
        *ret = p.result;
    if (!t->decoded || t->layout != TRACE_LAYOUT_RECORDED || !is_told(t))
        return false;
    space_init(&p.space, NULL);
    p.mm = xcalloc(t->nr_streams, sizeof(*p.mm));
    p.at = xcalloc(t->nr_streams, sizeof(*p.at));
    p.next_op = xcalloc(t->nr_streams, sizeof(*p.next_op));
    u64map_init(&p.by_pid);
    u64map_init(&p.forked);
    u64map_init(&p.early);
    place_turns_init(&p);
    heap_init(&p.next);
    for (u32 i = 0; i < t->nr_streams; i++)
        enqueue(&p, i);
    while (!heap_empty(&p.next)) {
        run(&p, (u32)heap_pop(&p.next).num);
        if (heap_empty(&p.next) && !p.no_more_forks)
            release_early(&p);
    }
    drop_table(&p.by_pid);
    drop_table(&p.forked);
    u64map_done(&p.early);
    place_turns_done(&p);
    heap_done(&p.next);
    free(p.mm);
    free(p.at);
    free(p.next_op);
    space_done(&p.space);
    t->layout = TRACE_LAYOUT_PLACED;
    if (ret)
        *ret = p.result;
    return true;
}
