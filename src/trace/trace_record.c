/* trace_record.c - the payload of a chunk to events and operations.
 *
 * The fast path is an access whose two varints are short; it is taken for as long as a whole access
 * of any length surely fits into what is left of the payload, so it needs no bounds check per byte.
 * Operations and the tail go the careful way.
 */
#include "trace/trace_chunk.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const op_names[HWT_OP_MAX] = {
#define NAME(code, id, name, fields, string, optional) [code] = (name),
    HWT_OPS(NAME)
#undef NAME
};

static const struct trace_op_shape op_shapes[HWT_OP_MAX] = {
#define SHAPE(code, id, name, fields, string, optional) [code] = {fields, optional, string},
    HWT_OPS(SHAPE)
#undef SHAPE
};

const char *trace_op_name(unsigned opcode)
{
    if (opcode == TRACE_OP_ADVANCE)
        return "advance";
    return opcode < HWT_OP_MAX ? op_names[opcode] : NULL;
}

struct trace_op_shape trace_op_shape(unsigned opcode)
{
    return opcode < HWT_OP_MAX ? op_shapes[opcode] : (struct trace_op_shape){0};
}

static const char *const incomplete_names[HWT_INCOMPLETE_MAX] = {"other",
#define NAME(code, id, name, text) [code] = (name),
                                                                 HWT_INCOMPLETE(NAME)
#undef NAME
};

static const char *const incomplete_texts[HWT_INCOMPLETE_MAX] = {
    "things that this version has no name for",
#define TEXT(code, id, name, text) [code] = (text),
    HWT_INCOMPLETE(TEXT)
#undef TEXT
};

const char *trace_incomplete_name(unsigned reason)
{
    assert(reason < HWT_INCOMPLETE_MAX);
    return incomplete_names[reason];
}

const char *trace_incomplete_text(unsigned reason)
{
    assert(reason < HWT_INCOMPLETE_MAX);
    return incomplete_texts[reason];
}

static u64 add_sat(u64 a, u64 b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

void trace_lacks_add(struct trace_lacks *to, const struct trace_lacks *from)
{
    for (unsigned i = 0; i < HWT_INCOMPLETE_MAX; i++)
        to->by_reason[i] = add_sat(to->by_reason[i], from->by_reason[i]);
    to->unknown_ops = add_sat(to->unknown_ops, from->unknown_ops);
    to->unknown_chunks = add_sat(to->unknown_chunks, from->unknown_chunks);
}

void trace_lacks_note(struct trace_lacks *lacks, u64 reason, u64 count)
{
    u64 *sum = &lacks->by_reason[reason < HWT_INCOMPLETE_MAX ? reason : 0];

    *sum = add_sat(*sum, count);
}

/* What a user's file makes large may fail, or be more than the program may have. */
static bool grow(void *array_ptr, size_t *capacity, size_t want, size_t bytes_each)
{
    void **array = array_ptr;
    size_t to = *capacity;
    void *p;

    if (want <= to)
        return true;
    to = MAX(want, to + to / 4);
    to = MAX(to, (size_t)64);
    if (to > SIZE_MAX / bytes_each)
        return false;
    p = alloc_try_realloc(*array, to * bytes_each);
    if (!p)
        return false;
    *array = p;
    *capacity = to;
    return true;
}

/* State of one chunk's decoding. */
struct decoder {
    struct trace_stream *s;
    const u8 *at, *end;
    u64 last[2]; /* page of the last data access, of the last fetch */
    u64 stamp;
    u64 nr_accesses, nr_ops, nr_instructions;
    struct trace_lacks lacks;
    const char *reason;
};

static bool fault(struct decoder *d, const char *reason)
{
    d->reason = reason;
    return false;
}

static bool out_of_memory(struct decoder *d)
{
    return fault(d, NULL);
}

static bool push_event(struct decoder *d, u64 event)
{
    struct trace_stream *s = d->s;

    if (!grow(&s->events, &s->cap_events, s->nr_events + 1, sizeof(*s->events)))
        return out_of_memory(d);
    s->events[s->nr_events++] = event;
    return true;
}

static struct trace_op *push_op(struct decoder *d, u32 icount)
{
    struct trace_stream *s = d->s;
    struct trace_op *op;

    if (s->nr_decoded_ops > HWT_PAGE_MAX) {
        fault(d, "more operations than an event can index");
        return NULL;
    }
    if (!grow(&s->ops, &s->cap_ops, s->nr_decoded_ops + 1, sizeof(*s->ops))) {
        out_of_memory(d);
        return NULL;
    }
    if (!push_event(d, event_make(s->nr_decoded_ops, icount, HWT_OP)))
        return NULL;
    op = &s->ops[s->nr_decoded_ops++];
    memset(op, 0, sizeof(*op));
    return op;
}

/* What does not fit into an event's icount goes into an operation of its own. */
static bool split_icount(struct decoder *d, u64 *icount)
{
    struct trace_op *op;

    d->nr_instructions += *icount;
    if (likely(*icount <= EVENT_ICOUNT_MAX))
        return true;
    if (*icount > UINT64_MAX / 4)
        return fault(d, "an instruction count out of range");
    op = push_op(d, 0);
    if (!op)
        return false;
    op->opcode = TRACE_OP_ADVANCE;
    op->field[0] = *icount;
    *icount = 0;
    return true;
}

static bool decode_access(struct decoder *d, u64 first)
{
    unsigned kind = (unsigned)first & 3;
    u64 *last = &d->last[kind == HWT_EXEC];
    u64 page = *last + (u64)wire_unzigzag(first >> 2);
    u64 icount;

    d->at = wire_get_varint(d->at, d->end, &icount);
    if (!d->at)
        return fault(d, "an access record is cut");
    if (page > HWT_PAGE_MAX)
        return fault(d, "a page beyond the address space");
    *last = page;
    if (!split_icount(d, &icount))
        return false;
    d->nr_accesses++;
    return push_event(d, event_make(page, (u32)icount, kind));
}

/* Strings are kept once per occurrence, NUL-terminated; offset 0 is the empty string. */
static bool decode_string(struct decoder *d, const u8 **at, const u8 *end, u32 *ret)
{
    struct trace_stream *s = d->s;
    u64 len;

    *at = wire_get_varint(*at, end, &len);
    if (!*at || len > HWT_STRING_MAX || len > (u64)(end - *at))
        return fault(d, "a string is cut or too long");
    if (s->strings_len + len + 2 > UINT32_MAX)
        return fault(d, "more text than the reader can index");
    if (!grow(&s->strings, &s->cap_strings, s->strings_len + len + 2, 1))
        return out_of_memory(d);
    if (s->strings_len == 0)
        s->strings[s->strings_len++] = '\0';
    if (len == 0) {
        *ret = 0;
        return true;
    }
    *ret = (u32)s->strings_len;
    memcpy(s->strings + s->strings_len, *at, len);
    s->strings_len += len;
    s->strings[s->strings_len++] = '\0';
    *at += len;
    return true;
}

static bool decode_op(struct decoder *d, u64 first)
{
    u64 opcode = first >> 2, icount, delta, length;
    struct trace_op_shape shape;
    const u8 *at, *end;
    struct trace_op *op;

    if (!(d->at = wire_get_varint(d->at, d->end, &icount)) ||
        !(d->at = wire_get_varint(d->at, d->end, &delta)) ||
        !(d->at = wire_get_varint(d->at, d->end, &length)) || length > (u64)(d->end - d->at))
        return fault(d, "an operation record is cut");
    at = d->at;
    end = at + length;
    d->at = end;
    if (delta > UINT64_MAX - d->stamp)
        return fault(d, "an order stamp out of range");
    d->stamp += delta;
    d->nr_ops++;
    if (!split_icount(d, &icount))
        return false;
    op = push_op(d, (u32)icount);
    if (!op)
        return false;
    if (opcode == 0 || opcode >= HWT_OP_MAX) {
        op->opcode = TRACE_OP_ADVANCE;
        op->field[1] = opcode;
        d->lacks.unknown_ops++;
        return true;
    }
    op->opcode = (u8)opcode;
    op->stamp = d->stamp;
    shape = op_shapes[opcode];
    for (unsigned i = 0; i < shape.nr_fields; i++) {
        at = wire_get_varint(at, end, &op->field[i]);
        if (!at)
            return fault(d, "an operation has too few fields");
    }
    if (shape.string && !decode_string(d, &at, end, &op->string))
        return false;
    for (unsigned i = shape.nr_fields; i < shape.nr_fields + shape.nr_optional && at < end; i++) {
        at = wire_get_varint(at, end, &op->field[i]);
        if (!at)
            return fault(d, "an operation's last field is cut");
    }
    if (opcode == HWT_OP_LOST)
        trace_lacks_note(&d->lacks, HWT_INCOMPLETE_CALLS, op->field[0]);
    else if (opcode == HWT_OP_INCOMPLETE)
        trace_lacks_note(&d->lacks, op->field[0], op->field[1]);
    return true;
}

/* As decode_access, for a payload that surely holds the whole record and an array that has room.
 * Takes nothing and returns false at anything out of the ordinary. */
static inline bool decode_access_fast(struct decoder *d)
{
    struct trace_stream *s = d->s;
    const u8 *at = d->at;
    u64 first = *at++, icount, page;
    unsigned kind = (unsigned)first & 3;
    u64 *last;

    if (kind == HWT_OP)
        return false;
    if (first & 0x80) {
        unsigned shift = 7;

        first &= 0x7f;
        for (;; shift += 7) {
            u64 byte = *at++;

            first |= (byte & 0x7f) << shift;
            if (byte < 0x80)
                break;
            if (shift >= 49)
                return false;
        }
    }
    icount = *at++;
    if (icount & 0x80) {
        u64 byte = *at++;

        icount = (icount & 0x7f) | (byte & 0x7f) << 7;
        if (byte & 0x80) {
            byte = *at++;
            icount |= (byte & 0x7f) << 14;
            if (byte & 0x80)
                return false;
        }
    }
    last = &d->last[kind == HWT_EXEC];
    page = *last + (u64)wire_unzigzag(first >> 2);
    if (page > HWT_PAGE_MAX)
        return false;
    *last = page;
    d->nr_accesses++;
    d->nr_instructions += icount;
    s->events[s->nr_events++] = event_make(page, (u32)icount, kind);
    d->at = at;
    return true;
}

static bool decode_all(struct decoder *d, const struct trace_chunk *c)
{
    struct trace_stream *s = d->s;

    if (!grow(&s->events, &s->cap_events, s->nr_events + c->nr_accesses + c->nr_ops,
              sizeof(*s->events)))
        return out_of_memory(d);
    while (d->at < d->end) {
        u64 first;

        while (d->end - d->at > 2 * (ptrdiff_t)HWT_VARINT_MAX && s->nr_events < s->cap_events)
            if (!decode_access_fast(d))
                break;
        d->at = wire_get_varint(d->at, d->end, &first);
        if (!d->at)
            return fault(d, "a record is cut");
        if (!((first & 3) == HWT_OP ? decode_op(d, first) : decode_access(d, first)))
            return false;
        if (d->nr_accesses > c->nr_accesses || d->nr_ops > c->nr_ops)
            return fault(d, "more records than its header says");
    }
    if (d->nr_accesses != c->nr_accesses || d->nr_ops != c->nr_ops)
        return fault(d, "not as many records as its header says");
    return true;
}

int trace_records_decode(const struct trace_chunk *chunk, const u8 *payload,
                         struct trace_stream *stream, const char **ret_reason)
{
    struct decoder d = {
        .s = stream,
        .at = payload,
        .end = payload + chunk->raw_len,
        .stamp = chunk->order,
    };
    size_t nr_events = stream->nr_events, nr_ops = stream->nr_decoded_ops;
    size_t strings_len = stream->strings_len;

    if (!decode_all(&d, chunk)) {
        stream->nr_events = nr_events;
        stream->nr_decoded_ops = nr_ops;
        stream->strings_len = strings_len;
        *ret_reason = d.reason;
        return d.reason ? -EBADMSG : -ENOMEM;
    }
    stream->nr_accesses += d.nr_accesses;
    stream->nr_ops += d.nr_ops;
    stream->nr_instructions += d.nr_instructions;
    trace_lacks_add(&stream->lacks, &d.lacks);
    stream->last_stamp = d.stamp;
    return 0;
}

void trace_stream_reset(struct trace_stream *stream)
{
    stream->nr_events = 0;
    stream->nr_decoded_ops = 0;
    stream->strings_len = 0;
}

void trace_stream_release(struct trace_stream *stream)
{
    free(stream->events);
    free(stream->ops);
    free(stream->strings);
    stream->events = NULL;
    stream->ops = NULL;
    stream->strings = NULL;
    stream->cap_events = stream->cap_ops = stream->cap_strings = 0;
    trace_stream_reset(stream);
}
