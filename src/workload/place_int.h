/* place_int.h - what place.c (order, events) and place_op.c (operations) share. Belongs to the room
 * alone. */
#ifndef WORKLOAD_PLACE_INT_H
#define WORKLOAD_PLACE_INT_H

#include "base/hash.h"
#include "base/heap.h"
#include "space/mm.h"
#include "workload/addrmap.h"
#include "workload/place.h"

/* So many ranges no process has (vm.max_map_count is 65,530). */
#define PLACE_RANGES_MAX (1u << 20)

/* What a thread did last to a range of pages. */
struct place_change {
    u64 stamp;
    u32 stream;
    bool unmapped;
};

/* An address space: of the recording, of the machine, and the way from one to the other. */
struct place_mm {
    u32 users;     /* streams, and the tables by pid */
    struct mm *mm; /* what is mapped on the machine; no pages */
    struct addrmap map;
    struct u64map regular;  /* fids of regular files */
    struct addrmap changed; /* pages of the machine; `moved` is the index of the last change */
    /* of the image */
    u64 group_fid; /* initial mappings that belong together: text and data of one file */
    s64 group_moved;
    u32 groups;
    vpn_t program_end; /* on the machine: the heap follows */
    bool has_vdso, has_heap;
    vpn_t heap_start, heap_end; /* of the recording */
    s64 heap_moved;
};

struct placing {
    struct trace *trace;
    struct space space;
    struct place_mm **mm; /* by stream; NULL before its start and after its end */
    size_t *at, *next_op; /* by stream: first event and operation not done */
    struct u64map by_pid; /* pid -> struct place_mm of the process */
    struct u64map forked; /* pid -> that of a child that has not started */
    struct u64map early;  /* pid -> stream of a child whose fork is still to come */
    bool no_more_forks;
    struct u64map threaded;           /* pids of processes with several threads */
    VEC(struct place_change) changes; /* of those; [0] is nobody's */
    struct heap next;                 /* streams by the stamp of their next operation */
    struct place_result result;
};

struct place_mm *place_mm_new(struct placing *p);
struct place_mm *place_mm_copy(struct placing *p, const struct place_mm *from);
void place_mm_put(struct place_mm *pm);
/* Of a process that runs; NULL: there is none. */
struct place_mm *place_mm_of(const struct placing *p, u64 pid);

/* One operation of a stream, whose address space is pm. `at` is its index among the stream's. */
void place_op(struct placing *p, struct place_mm *pm, u32 stream, size_t at);

/* --- place_turn.c --- */
void place_turns_init(struct placing *p);
void place_turns_done(struct placing *p);
/* Which of the other threads' operations an operation, rewritten already, must come after. */
void place_turn(struct placing *p, struct place_mm *pm, u32 stream, const struct trace_op *op);

#endif
