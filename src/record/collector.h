/* collector.h - the parent's end of the channel: full slots become chunks of the trace.
 *
 * Owns:       the shared memory.
 * Never:      waits for a recorded process; a slot of a dead one is taken as it is.
 */
#ifndef RECORD_COLLECTOR_H
#define RECORD_COLLECTOR_H

#include "base/hash.h"
#include "record/channel.h"
#include "record/hwt_writer.h"

struct collector {
    struct channel *channel;
    int fd; /* of the memory; the tools open /proc/PID/fd/<fd> */
    struct hwt_writer *writer;
    u64 accesses, ops, raw_bytes;
    struct u64map next_seq; /* by stream: number of its next chunk */
    u64 gaps;               /* chunks that are missing before another of their stream */
    u64 broken;      /* processes that exited without telling their end: the tool failed in them */
    u64 max_bytes;   /* of the file; 0: no bound */
    u64 widen_bytes; /* the window grows when the file reaches this */
    bool full;       /* the bound was reached: the recording ended early */
    bool taken[CHANNEL_SLOTS]; /* written while still being filled, when the recording was closed */
};

/* `max_bytes` bounds the file: from half of it on the window grows, so that hot pages are told less
 * often, and what would go beyond it is dropped. */
int collector_init(struct collector *c, struct hwt_writer *writer, u32 window, u64 max_bytes,
                   struct err *e);
void collector_done(struct collector *c);

/* Write what is full. Returns the number of chunks written; after an error of the file slots are
 * emptied all the same, and the recording is closed. */
unsigned collector_drain(struct collector *c);

/* Sleep until a slot is full, at most that long. */
void collector_wait(struct collector *c, ns_t timeout_ns);

/* Write everything there is: running threads publish soon, what waiting ones left is taken. */
void collector_flush(struct collector *c);

/* Take the slots of dead processes, with an EXIT_GROUP where the first thread's stream lacks its
 * end. `pid` and `wait_status` tell of one that is known to have ended; 0 if none is. */
void collector_reap(struct collector *c, int pid, int wait_status);

/* No more: tell the tools to stop, and take what unfinished slots hold. */
void collector_close(struct collector *c);

#endif
