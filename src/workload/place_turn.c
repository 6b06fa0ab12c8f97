/* place_turn.c - which changes of an address space must keep the order in which the threads of a
 * process made them.
 *
 * Threads of a recording run side by side in a replay, and one may be ahead of another. That is
 * harmless until it maps what the other has yet to unmap, or unmaps what the other is still at. So
 * for every range that a thread changes after another one:
 *
 *     the other one had unmapped it     the others pass that first: what they did there is done with it
 *     the other one had it mapped       the others come to the change itself: they may have used it until then
 *
 * A thread that changes only what it mapped itself waits for nobody: threads with arenas of their
 * own stay side by side.
 */
#include "workload/place_int.h"

#include <stdlib.h>

void place_turns_init(struct placing *p)
{
    u64map_init(&p->threaded);
    for (u32 i = 0; i < p->trace->nr_streams; i++)
        if (p->trace->streams[i].start == HWT_OP_THREAD_START)
            u64map_put(&p->threaded, p->trace->streams[i].pid, 1);
    vec_push(&p->changes, ((struct place_change){0}));
}

void place_turns_done(struct placing *p)
{
    u64map_done(&p->threaded);
    vec_done(&p->changes);
}

/* A stamp that the other threads have to come to before `op` changes the pages, 0 when there is
 * none; and note the change. */
static u64 change(struct placing *p, struct place_mm *pm, u32 stream, const struct trace_op *op,
                  u64 addr, u64 len, bool unmaps)
{
    vpn_t start = addr >> PAGE_SHIFT, end = DIV_ROUND_UP(addr + len, PAGE_SIZE);
    u64 turn = 0;

    if (len == 0 || addr >= VPN_END << PAGE_SHIFT || len > (VPN_END << PAGE_SHIFT) - addr ||
        pm->changed.ranges.count > PLACE_RANGES_MAX)
        return 0;
    for (const struct addr_range *r = addrmap_find_after(&pm->changed, start); r && r->start < end;
         r = addrmap_next(&pm->changed, r)) {
        const struct place_change *last = &p->changes.items[r->moved];

        if (last->stream != stream)
            turn = MAX(turn, last->unmapped ? last->stamp + 1 : op->stamp);
    }
    addrmap_map(&pm->changed, start, end, (s64)p->changes.count);
    vec_push(&p->changes, ((struct place_change){op->stamp, stream, unmaps}));
    return turn;
}

/* The parts that an operation unmaps, or changes. */
static u64 change_parts(struct placing *p, struct place_mm *pm, u32 stream,
                        const struct trace_op *op, bool unmaps)
{
    u64 turn = 0;

    for (size_t i = op->parts; i; i++) {
        const struct trace_part *part = &p->trace->parts[i];

        turn = MAX(turn, change(p, pm, stream, op, part->addr, part->len, unmaps));
        if (part->last)
            break;
    }
    return turn;
}

void place_turn(struct placing *p, struct place_mm *pm, u32 stream, const struct trace_op *op)
{
    const u64 *f = op->field;
    u64 turn = 0, second = 0;

    if (!u64map_get(&p->threaded, p->trace->streams[stream].pid, NULL))
        return;
    switch ((enum hwt_op)op->opcode) {
    case HWT_OP_MMAP:
        turn = change_parts(p, pm, stream, op, true);
        second = change(p, pm, stream, op, f[0], f[1], false);
        break;
    case HWT_OP_MUNMAP:
        turn = op->parts ? change_parts(p, pm, stream, op, true)
                         : change(p, pm, stream, op, f[0], f[1], true);
        break;
    case HWT_OP_MREMAP:
        turn = change(p, pm, stream, op, f[0], f[1], true);
        second = change(p, pm, stream, op, f[2], f[3], false);
        break;
    case HWT_OP_BRK:
        turn = f[1] > f[0] ? change(p, pm, stream, op, f[0], f[1] - f[0], false) : 0;
        break;
    case HWT_OP_MPROTECT:
    case HWT_OP_MADVISE:
    case HWT_OP_MLOCK:
    case HWT_OP_MUNLOCK:
        turn = op->parts ? change_parts(p, pm, stream, op, false)
                         : change(p, pm, stream, op, f[0], f[1], false);
        break;
    default:
        break;
    }
    turn = MAX(turn, second);
    if (turn)
        u64map_put(&p->trace->turns, op->stamp, turn);
}
