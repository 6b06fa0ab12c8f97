/* trace_cursor.c - walking one stream: the decoded arrays as they are, or chunk by chunk from the
 * file. */
#include "trace/trace.h"
#include "trace/trace_chunk.h"

void trace_cursor_init(struct trace_cursor *c, const struct trace *t, u32 stream_index)
{
    assert(stream_index < t->nr_streams);
    *c = (struct trace_cursor){
        .strings = "",
        .trace = t,
        .stream = &t->streams[stream_index],
    };
}

void trace_cursor_done(struct trace_cursor *c)
{
    trace_buffers_free(c->buffers);
    c->buffers = NULL;
}

static bool give(struct trace_cursor *c, const struct trace_stream *from)
{
    c->events = from->events;
    c->nr_events = from->nr_events;
    c->ops = from->ops;
    c->nr_ops = from->nr_decoded_ops;
    c->strings = from->strings ? from->strings : "";
    return true;
}

/* The chunk was whole when the trace was opened, so anything else now means that the file
 * changed. */
static int read_again(struct trace_cursor *c, u64 offset)
{
    struct trace_chunk chunk;
    struct trace_damage d;
    const char *reason;
    const u8 *payload;

    if (!c->buffers)
        c->buffers = trace_buffers_new();
    if (!c->buffers)
        return -ENOMEM;
    if (trace_chunk_read(c->trace->source, offset, c->buffers, &chunk, &d))
        return -EIO;
    payload = trace_chunk_payload(&chunk, c->buffers);
    if (!payload || chunk.stream != c->stream->id)
        return -EIO;
    trace_stream_reset(&c->buffers->batch);
    switch (trace_records_decode(&chunk, payload, &c->buffers->batch, &reason)) {
    case 0:
        return 0;
    case -ENOMEM:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

bool trace_cursor_next(struct trace_cursor *c)
{
    if (c->error || c->next_chunk >= c->stream->nr_chunks) {
        c->nr_events = c->nr_ops = 0;
        return false;
    }
    if (c->trace->decoded) {
        c->next_chunk = c->stream->nr_chunks;
        return give(c, c->stream);
    }
    c->error = read_again(c, c->stream->chunks[c->next_chunk].offset);
    if (c->error) {
        c->nr_events = c->nr_ops = 0;
        return false;
    }
    c->next_chunk++;
    return give(c, &c->buffers->batch);
}
