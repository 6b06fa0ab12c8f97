/* trace.h - one recording, opened for replay: its streams, and their events in order.
 *
 * Format:     docs/trace-format.md; constants in trace_format.h.
 * Owns:       the open file, the index of chunks, the decoded arrays. Read-only once opened: many
 *             machines in many threads may share one struct trace, each with cursors of its own.
 * Trusts:     nothing. Every length, count, page and stamp is checked before it is used. What comes
 *             before the first damage is usable, nothing after it is; damage is described, never
 *             fatal by itself.
 * Memory:     decoded, an event takes 8 bytes and an operation 8 + 64. A trace that would take more
 *             than the budget is *streamed*: cursors decode one chunk at a time, so its size does
 *             not matter.
 * Use:        trace_open("x.hwt", NULL, &t, e);
 *             trace_cursor_init(&c, t, 0);
 *             while (trace_cursor_next(&c))
 *                 for (size_t i = 0; i < c.nr_events; i++) ... event_kind(c.events[i]) ...
 *             trace_cursor_done(&c); trace_close(t);
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "base/err.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/types.h"
#include "trace/trace_format.h"

/* --- events
 * ------------------------------------------------------------------------------------------------
 *
 *    63               29 28            2 1  0
 *   +-------------------+---------------+----+
 *   | page, or op index |    icount     |kind|   kind HWT_OP: index into the ops of the same batch
 *   +-------------------+---------------+----+
 *
 * icount is the number of instructions before the event. One that does not fit is split off into an
 * operation TRACE_OP_ADVANCE, which exists only in memory. */
#define EVENT_ICOUNT_SHIFT 2u
#define EVENT_ICOUNT_BITS  27u
#define EVENT_ICOUNT_MAX   ((1u << EVENT_ICOUNT_BITS) - 1)
#define EVENT_PAGE_SHIFT   (EVENT_ICOUNT_SHIFT + EVENT_ICOUNT_BITS)

static inline unsigned event_kind(u64 event)
{
    return (unsigned)event & 3u;
}

static inline u32 event_icount(u64 event)
{
    return (u32)event >> EVENT_ICOUNT_SHIFT & EVENT_ICOUNT_MAX;
}

/* The page, or for HWT_OP the index of the operation. */
static inline u64 event_page(u64 event)
{
    return event >> EVENT_PAGE_SHIFT;
}

static inline u64 event_make(u64 page_or_index, u32 icount, unsigned kind)
{
    return page_or_index << EVENT_PAGE_SHIFT | (u64)icount << EVENT_ICOUNT_SHIFT | kind;
}

/* fields: instructions; the opcode, where it stands for an operation that this program does not
 * know. No such record exists in a file. */
#define TRACE_OP_ADVANCE 0u
/* fields: enum trace_kernel_op, then its arguments. Made by generators; in no file either. */
#define TRACE_OP_KERNEL  255u
enum trace_kernel_op {
    TRACE_KERNEL_WALK,     /* names: looked up for the first time */
    TRACE_KERNEL_LEAK,     /* objects, bytes of each */
    TRACE_KERNEL_SOCKETS,  /* connections, bytes waiting in each */
    TRACE_KERNEL_PIN,      /* pages: taken by a driver */
    TRACE_KERNEL_PIN_USER, /* address, bytes: of the program's memory, given to a device */
    TRACE_KERNEL_RECEIVE,  /* packets, bytes of each, how many buffers a driver holds */
    TRACE_KERNEL_ARRAY,    /* bytes: in one piece, for a file system */
};

struct trace_op {
    u64 stamp;                    /* order stamp; 0 for TRACE_OP_ADVANCE */
    u64 field[HWT_OP_FIELDS_MAX]; /* as docs/trace-format.md lists them, in that order */
    u32 string;                   /* offset into the batch's strings; 0 is "" */
    u32 opcode : 8;               /* enum hwt_op or TRACE_OP_ADVANCE */
    /* what it does is done to these ranges (struct trace_part); 0: to the one it names */
    u32 parts : 24;
};
_Static_assert(sizeof(struct trace_op) == 64, "an operation is one cache line");

/* Where it stands among those of other streams: a wait where it began, so that what comes before it
 * in its stream does. */
static inline u64 trace_op_place(const struct trace_op *op)
{
    return op->opcode == HWT_OP_WAIT ? op->stamp - MIN(op->field[2], op->stamp) : op->stamp;
}

/* --- a trace ---------------------------------------------------------------------------------- */

enum trace_damage_kind {
    TRACE_DAMAGE_CUT,      /* the file ends inside a chunk */
    TRACE_DAMAGE_MAGIC,    /* no chunk begins here */
    TRACE_DAMAGE_VERSION,  /* a chunk of another version of the format */
    TRACE_DAMAGE_HEADER,   /* a length, type or codec out of range */
    TRACE_DAMAGE_CHECKSUM, /* the hash does not match */
    TRACE_DAMAGE_GAP,      /* a chunk of this stream is missing before this one */
    TRACE_DAMAGE_PAYLOAD,  /* the hash matches, but the payload does not decode */
    TRACE_DAMAGE_READ,     /* the host could not read the file here */
};

struct trace_damage {
    enum trace_damage_kind kind;
    u64 offset;         /* of the first bad byte's chunk */
    u64 bytes;          /* up to the next whole chunk, or the end of the file */
    u32 stream;         /* 0 when unknown */
    const char *reason; /* static text */
};

/* Where one chunk lies: what a streamed cursor needs. */
struct trace_chunk_at {
    u64 offset;
    u64 first_stamp; /* of its first operation; 0 when it has none */
    u64 first_place; /* trace_op_place() of the same */
};

/* What a recording says it lacks, and what this program does not know of it. */
struct trace_lacks {
    u64 by_reason[HWT_INCOMPLETE_MAX]; /* counts of enum hwt_incomplete; [0]: of later reasons */
    u64 unknown_ops;    /* operations of a later version: only their instructions count */
    u64 unknown_chunks; /* chunks of a later version */
};

/* A named moment of a recording. */
struct trace_mark {
    u64 stamp;   /* what has a lower or the same stamp came before it */
    u64 time_ns; /* wall time since the recording began */
    char *name;
};

/* Whose addresses the decoded events and operations have. */
enum trace_layout {
    TRACE_LAYOUT_RECORDED, /* the recorder's */
    TRACE_LAYOUT_PLACED,   /* those that the replayed kernel would have chosen (workload/place.h) */
};

/* Where the range that an operation names lies when it is not in one piece any more. */
struct trace_part {
    u64 addr, len; /* bytes */
    bool last;     /* of its operation */
};

/* A place in a recording, where its judged part begins or ends. */
enum trace_place_kind {
    TRACE_PLACE_NONE, /* its begin or end */
    /* behind the operations with this order stamp or a lower one: nobody goes on before all are
     * there */
    TRACE_PLACE_STAMP,
    TRACE_PLACE_EVENTS, /* when so many events of all streams have been replayed */
    TRACE_PLACE_NS,     /* at this point of virtual time: another one under each limit */
};
struct trace_place {
    enum trace_place_kind kind;
    u64 at;
};

struct trace_stream {
    u32 id; /* as in the file */
    u32 pid, tid;
    u32 ppid;        /* of PROC_START; 0 for a thread */
    u8 start;        /* opcode of the first record: HWT_OP_PROC_START or HWT_OP_THREAD_START */
    u8 start_flags;  /* enum hwt_proc_flag of PROC_START */
    u64 start_stamp; /* of the first record */
    u64 last_stamp;  /* of the last operation */
    u64 nr_accesses, nr_ops;
    u64 nr_instructions;
    struct trace_lacks lacks;
    struct trace_chunk_at *chunks;
    size_t nr_chunks, cap_chunks;
    /* Decoded traces only: the whole stream is one batch. */
    u64 *events;
    size_t nr_events, cap_events;
    struct trace_op *ops;
    size_t nr_decoded_ops, cap_ops; /* with the ADVANCEs */
    char *strings;
    size_t strings_len, cap_strings;
};

enum trace_mode {
    TRACE_AUTO,    /* decoded when that fits into the budget */
    TRACE_DECODED, /* -EFBIG when it does not fit */
    TRACE_STREAMED,
};

struct trace_options {
    enum trace_mode mode;
    u64 budget_bytes; /* for decoded events; 0: half of the host's memory */
};

struct trace {
    char *path;
    u64 file_bytes;
    bool decoded;
    u16 version;              /* of the format: the highest of any chunk */
    bool closed;              /* it has an end chunk: the recording was closed properly */
    char *meta;               /* text of the meta chunk, "" when there is none */
    char *end;                /* text of the end chunk, "" when there is none */
    char *host;               /* text of the host chunk, "" when there is none */
    struct trace_mark *marks; /* in the order of the file */
    size_t nr_marks, cap_marks;
    struct trace_lacks lacks;     /* of all streams, the end chunk, and unknown chunks */
    struct trace_stream *streams; /* in the order of their first chunk in the file */
    u32 nr_streams, cap_streams;
    u64 nr_chunks; /* usable ones */
    u64 nr_accesses, nr_ops;
    enum trace_layout layout;
    struct trace_part *parts; /* [0] is nobody's */
    size_t nr_parts, cap_parts;
    /* Of a placed trace: stamp of an operation -> what the other threads of its process must have
     * passed before. */
    struct u64map turns;
    u64 raw_bytes;               /* of usable payload, uncompressed */
    u64 usable_bytes;            /* file bytes before the first damage */
    struct trace_damage *damage; /* in order of offset */
    size_t nr_damage, cap_damage;
    u64 damage_omitted;          /* more damaged places than are listed */
    u64 lost_bytes;              /* in damaged places */
    u64 lost_chunks;             /* whole chunks after the first damage, not used */
    struct trace_source *source; /* private */
};

/* Open a recording. A damaged or cut one opens, with t->damage saying what is missing; -EINVAL only
 * when nothing usable is left (not a trace at all), -ENOMEM, -EFBIG, or the errno of the host's
 * open or read. options may be NULL. */
int trace_open(const char *path, const struct trace_options *options, struct trace **ret,
               struct err *e);

/* The same from memory, which must live as long as the trace. `name` stands for the path in
 * messages. */
int trace_open_bytes(const void *bytes, size_t count, const char *name,
                     const struct trace_options *options, struct trace **ret, struct err *e);

void trace_close(struct trace *t);

/* The value of key in meta, end or host text, copied into buf (cut if need be); NULL when
 * absent. */
char *trace_text_value(const char *text, const char *key, char *buf, size_t size);

/* The next "key=value" line of such a text: *text moves behind it. The key is cut if need be; lines
 * without '=' are passed over. False at the end. */
bool trace_text_next(const char **text, char *key, size_t size, struct strbuf *value);

/* The mark of this name: the last one, when it was set several times. NULL: none. */
const struct trace_mark *trace_mark_find(const struct trace *t, const char *name);

/* Sum up; counts stop at UINT64_MAX. */
void trace_lacks_add(struct trace_lacks *to, const struct trace_lacks *from);

/* Does the recording hold all that the program did: closed, no damage, nothing lacking? */
bool trace_is_complete(const struct trace *t);

/* "io_uring"; and what is missing, for people. pre: a reason, or 0 for one of a later version */
const char *trace_incomplete_name(unsigned reason);
const char *trace_incomplete_text(unsigned reason);

/* A key of the host chunk by its name in the file ("readahead.2049" is "readahead.DEV"). False:
 * unknown. */
bool trace_host_key(const char *key, enum hwt_host_kind *ret_kind, const char **ret_text);

const char *trace_damage_name(enum trace_damage_kind kind);

/* "proc_start", or NULL for a number that is no operation. */
const char *trace_op_name(unsigned opcode);

/* How an operation is laid out: varint fields, a string, further fields that a record may lack. All
 * 0 for a number that is no operation. struct trace_op holds the optional fields behind the
 * others. */
struct trace_op_shape {
    u8 nr_fields;
    u8 nr_optional;
    bool string;
};
struct trace_op_shape trace_op_shape(unsigned opcode);

/* --- cursors ---------------------------------------------------------------------------------- */

/* One reader's place in one stream. A batch is good until the next trace_cursor_next(). */
struct trace_cursor {
    const u64 *events;
    size_t nr_events;
    const struct trace_op *ops; /* event_page() of an HWT_OP event indexes it */
    size_t nr_ops;
    const char *strings; /* strings + op->string is NUL-terminated */
    int error;           /* a negative errno: a streamed file changed or could not be read */
    /* private */
    const struct trace *trace;
    const struct trace_stream *stream;
    size_t next_chunk;
    struct trace_buffers *buffers; /* streamed only */
};

void trace_cursor_init(struct trace_cursor *c, const struct trace *t, u32 stream_index);
void trace_cursor_done(struct trace_cursor *c);

/* The next batch. False at the end of the stream or on error. */
bool trace_cursor_next(struct trace_cursor *c);

static inline const char *trace_cursor_string(const struct trace_cursor *c,
                                              const struct trace_op *op)
{
    return c->strings + op->string;
}

#endif
