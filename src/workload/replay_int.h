/* replay_int.h - what the files of the replay share: replay.c runs events, replay_op.c operations,
 * replay_order.c says what starts when and who waits for whom. Belongs to the room alone. */
#ifndef WORKLOAD_REPLAY_INT_H
#define WORKLOAD_REPLAY_INT_H

#include "base/hash.h"
#include "workload/replay.h"

enum stream_state {
    STREAM_UNSTARTED,
    STREAM_LIVE,
    STREAM_ENDED,
    STREAM_DROPPED, /* will never start */
};

#define STAMP_NEVER (~(u64)0)

/* A file as a process knows it. The inode is found again by its identity, since it may be gone by
 * now. */
struct replay_file {
    u64 dev, ino;
    u32 inode; /* id, 0: has no page cache (pipe, device, socket) */
    /* id of the open file used for mappings and for I/O without a handle, 0 none yet */
    u32 map_file;
};

/* What the streams of one process share. */
struct replay_proc {
    u32 users;
    struct u64map fids;    /* fid -> index into files */
    struct u64map handles; /* open handle -> file id with one reference; 0: has no page cache */
    VEC(struct replay_file) files;
};

struct replay_stream {
    struct sched_task st;
    struct replay *replay;
    const struct trace_stream *trace;
    struct replay_proc *proc;
    enum stream_state state;
    /* where it is */
    struct trace_cursor cursor;
    size_t at;      /* next event of the batch */
    size_t next_op; /* first operation of the batch that has not passed */
    bool paid;      /* the instructions before event `at` have been charged */
    u8 stage;       /* of the operation at `at`, which may take several calls */
    u32 part;       /* of an operation on several ranges */
    u64 done_pages; /* of the user memory it touches */
    u64 frac;       /* hundredths of ns of user time not charged yet */
    /* order */
    u64 wants;        /* while blocked: goes on when all others have passed the stamps below this */
    bool own;         /* all others of its own process will do */
    bool in_turn;     /* it has waited for the threads that its operation must come after */
    bool at_place;    /* it has waited at the next place of the window */
    u8 places_passed; /* 1: `from`; NR_PLACES: both, or they are no stamps */
    struct replay_stream *next_waiter;
    struct replay_stream *waiters; /* those that wait for this stream */
    u64 waiters_want;              /* the least of their `wants` */
};

/* --- replay.c --- */
enum sched_result replay_stream_run(struct sched_task *st, struct sched_slice *slice);
/* Its task starts to run it at `now`. */
void replay_stream_start(struct replay_stream *rs, struct task *task, struct replay_proc *proc,
                         ns_t now);
/* Where its process runs. */
struct group *replay_group(const struct replay_stream *rs);
/* It will do nothing any more: others that wait for it go on. */
void replay_stream_end(struct replay_stream *rs, enum stream_state state, ns_t now);
/* Its thread begins or ends to wait for the world. */
void replay_stream_waits(struct replay_stream *rs, ns_t now);
void replay_stream_wakes(struct replay_stream *rs, ns_t now);
/* One access of the stream's task through the slow path. */
enum step replay_access(struct replay_stream *rs, struct sched_slice *slice, vpn_t vpn,
                        enum access_kind kind);
/* Would the address space allow it? */
bool replay_access_allowed(struct replay_stream *rs, vpn_t vpn, enum access_kind kind);

/* --- replay_op.c --- */
enum op_result {
    OP_DONE,
    OP_WAIT,  /* task->wait */
    OP_BLOCK, /* rs->wants */
    OP_DEAD,  /* the task was killed */
    OP_END,   /* the stream's last operation */
};
enum op_result replay_result_of(enum step step);
enum op_result replay_op(struct replay_stream *rs, const struct trace_op *op,
                         struct sched_slice *slice);

/* --- replay_numa.c: policies, moves to other nodes, affinities */
enum op_result replay_op_numa(struct replay_stream *rs, const struct trace_op *op,
                              struct sched_slice *slice);

struct replay_proc *replay_proc_new(void);
struct replay_proc *replay_proc_fork(struct replay *r, const struct replay_proc *parent);
void replay_proc_put(struct replay *r, struct replay_proc *proc);

/* --- replay_order.c --- */
void order_init(struct replay *r);
void order_done(struct replay *r);
/* Start the streams that wait for nothing but their stamp and are due. */
void order_start_due(struct replay *r, ns_t now);
/* The first unstarted stream of this pid that begins with PROC_START and this enum hwt_proc_flag;
 * NULL. */
struct replay_stream *order_find(const struct replay *r, u32 pid, u32 flag);
/* The stream runs from now on: others may have to wait for it. */
void order_add_live(struct replay_stream *rs);

/* Stamp of the next operation that the stream has not passed; STAMP_NEVER when it has none. */
u64 order_next_stamp(const struct replay_stream *rs);
/* True when every other stream (own: of its process) has passed the operations before `stamp`.
 * Otherwise the stream is put among the waiters of one that has not. */
bool order_passed(struct replay_stream *rs, u64 stamp, bool own);
/* The stream has passed an operation, or ended: wake who waited for that. */
void order_advance(struct replay_stream *rs, ns_t now);
/* Nothing can run: start or free something by force. False when there is nothing left to do. */
bool order_force(struct replay *r, ns_t now);
/* A process ended before its time: what it would have started never will be. */
void order_drop_children(struct replay *r, u32 pid, ns_t now);

#endif
