/* trace.c - opening a recording.
 *
 * One pass over the file, chunk by chunk. Each chunk is verified, decoded, and checked against its
 * stream: its number follows the one before, its stamps do not go back, the first one starts with
 * PROC_START or THREAD_START. The first chunk that fails any of this ends what is usable; from
 * there the pass only looks for further whole chunks, so as to say how much was lost where.
 *
 * Decoded arrays are kept until they outgrow the budget. Then they are dropped, the pass goes on
 * verifying, and the trace is streamed: cursors decode chunk by chunk from the file. Either way the
 * same records come out.
 *
 * The search for the next chunk after damage hashes every candidate that looks like a chunk. A
 * hostile file could make that quadratic, so the search has a budget of bytes; when it is spent the
 * rest of the file counts as lost.
 */
#include "trace/trace.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/secrets.h"
#include "trace/trace_chunk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAMAGE_LISTED_MAX 64u
#define SEARCH_BYTES_MIN  (64 * MIB)

struct opener {
    struct trace *t;
    struct trace_buffers *buffers;
    struct trace_stream scratch; /* one chunk, when streaming */
    struct u64map by_id;         /* stream id -> index */
    u64 budget;
    bool may_stream;
    bool broken; /* past the first damage */
    u64 search_left;
};

const char *trace_damage_name(enum trace_damage_kind kind)
{
    switch (kind) {
    case TRACE_DAMAGE_CUT:
        return "cut";
    case TRACE_DAMAGE_MAGIC:
        return "magic";
    case TRACE_DAMAGE_VERSION:
        return "version";
    case TRACE_DAMAGE_HEADER:
        return "header";
    case TRACE_DAMAGE_CHECKSUM:
        return "checksum";
    case TRACE_DAMAGE_GAP:
        return "gap";
    case TRACE_DAMAGE_PAYLOAD:
        return "payload";
    case TRACE_DAMAGE_READ:
        return "read";
    }
    hw_unreachable();
}

static int note_damage(struct opener *o, const struct trace_damage *d)
{
    struct trace *t = o->t;

    o->broken = true;
    t->lost_bytes += d->bytes;
    if (t->nr_damage == DAMAGE_LISTED_MAX) {
        t->damage_omitted++;
        return 0;
    }
    if (t->nr_damage == t->cap_damage) {
        size_t to = t->cap_damage ? t->cap_damage * 2 : 4;
        void *p = realloc(t->damage, to * sizeof(*t->damage));

        if (!p)
            return -ENOMEM;
        t->damage = p;
        t->cap_damage = to;
    }
    t->damage[t->nr_damage++] = *d;
    return 0;
}

/* The stream of this id, made when new. NULL: no memory. */
static struct trace_stream *stream_of(struct opener *o, u32 id)
{
    struct trace *t = o->t;
    u64 index;

    if (u64map_get(&o->by_id, id, &index))
        return &t->streams[index];
    if (t->nr_streams == t->cap_streams) {
        u32 to = t->cap_streams ? t->cap_streams * 2 : 8;
        void *p = realloc(t->streams, to * sizeof(*t->streams));

        if (!p)
            return NULL;
        t->streams = p;
        t->cap_streams = to;
    }
    u64map_put(&o->by_id, id, t->nr_streams);
    t->streams[t->nr_streams] = (struct trace_stream){.id = id};
    return &t->streams[t->nr_streams++];
}

/* Where the decoded data of a stream's next chunk goes. */
static struct trace_stream *decode_target(struct opener *o, struct trace_stream *s)
{
    if (o->t->decoded)
        return s;
    trace_stream_reset(&o->scratch);
    return &o->scratch;
}

static const char *first_record_fault(struct trace_stream *s, const struct trace_stream *from)
{
    const struct trace_op *op = from->ops;

    if (from->nr_events == 0 || event_kind(from->events[0]) != HWT_OP ||
        (op->opcode != HWT_OP_PROC_START && op->opcode != HWT_OP_THREAD_START))
        return "a stream does not begin with proc_start or thread_start";
    s->start = op->opcode;
    s->start_stamp = op->stamp;
    s->pid = (u32)op->field[0];
    if (op->opcode == HWT_OP_PROC_START) {
        s->ppid = (u32)op->field[1];
        s->tid = (u32)op->field[2];
        s->start_flags = (u8)op->field[3];
    } else {
        s->tid = (u32)op->field[1];
    }
    return NULL;
}

static void drop_decoded(struct trace *t)
{
    t->decoded = false;
    for (u32 i = 0; i < t->nr_streams; i++)
        trace_stream_release(&t->streams[i]);
}

static u64 decoded_bytes(const struct trace *t)
{
    u64 bytes = 0;

    for (u32 i = 0; i < t->nr_streams; i++) {
        const struct trace_stream *s = &t->streams[i];

        bytes += s->cap_events * sizeof(*s->events) + s->cap_ops * sizeof(*s->ops) + s->cap_strings;
    }
    return bytes;
}

/* Totals that the records decoder added to the scratch stream belong to s. */
static void take_totals(struct trace_stream *s, struct trace_stream *from)
{
    if (s == from)
        return;
    s->nr_accesses += from->nr_accesses;
    s->nr_ops += from->nr_ops;
    s->nr_instructions += from->nr_instructions;
    s->last_stamp = from->last_stamp;
    trace_lacks_add(&s->lacks, &from->lacks);
    from->lacks = (struct trace_lacks){0};
    from->nr_accesses = from->nr_ops = from->nr_instructions = 0;
}

/* Of the chunk at this offset, whose first operation has index `from` or a later one. */
static struct trace_chunk_at chunk_at(const struct trace_stream *s, u64 offset, size_t from)
{
    for (size_t i = from; i < s->nr_decoded_ops; i++)
        if (s->ops[i].opcode != TRACE_OP_ADVANCE)
            return (struct trace_chunk_at){offset, s->ops[i].stamp, trace_op_place(&s->ops[i])};
    return (struct trace_chunk_at){.offset = offset};
}

/* A whole chunk that belongs to a stream: its payload must make sense too. Returns 0, -EBADMSG with
 * *d, -ENOMEM. */
static int use_stream_chunk(struct opener *o, const struct trace_chunk *c, struct trace_damage *d)
{
    struct trace_stream *s = stream_of(o, c->stream), *to;
    struct trace_chunk_at *chunks;
    size_t nr_ops_before;
    const u8 *payload;
    int r;

    if (!s)
        return -ENOMEM;
    d->kind = TRACE_DAMAGE_GAP;
    d->reason = "a chunk of this stream is missing before this one";
    if (c->seq != s->nr_chunks)
        return -EBADMSG;
    d->kind = TRACE_DAMAGE_PAYLOAD;
    d->reason = "its order stamps go back";
    if (c->order < s->last_stamp)
        return -EBADMSG;
    d->reason = "the payload does not decompress";
    payload = trace_chunk_payload(c, o->buffers);
    if (!payload)
        return -EBADMSG;
    to = decode_target(o, s);
    nr_ops_before = to->nr_decoded_ops;
    r = trace_records_decode(c, payload, to, &d->reason);
    if (r)
        return r;
    if (s->nr_chunks == 0) {
        const char *reason = first_record_fault(s, to);

        if (reason) {
            d->reason = reason;
            return -EBADMSG;
        }
    }
    if (s->nr_chunks == s->cap_chunks) {
        size_t cap = s->cap_chunks ? s->cap_chunks * 2 : 4;

        chunks = realloc(s->chunks, cap * sizeof(*chunks));
        if (!chunks)
            return -ENOMEM;
        s->chunks = chunks;
        s->cap_chunks = cap;
    }
    s->chunks[s->nr_chunks++] = chunk_at(to, c->offset, nr_ops_before);
    o->t->nr_accesses += c->nr_accesses;
    o->t->nr_ops += c->nr_ops;
    take_totals(s, to);
    return 0;
}

static int use_text_chunk(struct opener *o, const struct trace_chunk *c, char **text,
                          struct trace_damage *d)
{
    const u8 *payload = trace_chunk_payload(c, o->buffers);

    if (!payload) {
        d->kind = TRACE_DAMAGE_PAYLOAD;
        d->reason = "the payload does not decompress";
        return -EBADMSG;
    }
    if (*text) /* a second one adds nothing */
        return 0;
    *text = strndup((const char *)payload, c->raw_len);
    return *text ? 0 : -ENOMEM;
}

/* Whoever wrote the command line may not have masked it. */
static void mask_command(char **meta)
{
    static const char key[] = "command=";
    char *at = *meta, *end;
    struct strbuf masked;

    while (at && strncmp(at, key, strlen(key)) != 0) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return;
    at += strlen(key);
    end = strchrnul(at, '\n');
    strbuf_init(&masked);
    strbuf_append_bytes(&masked, *meta, (size_t)(at - *meta));
    secrets_mask(at, (size_t)(end - at), &masked);
    strbuf_append(&masked, end);
    free(*meta);
    *meta = strbuf_steal(&masked);
}

/* A mark without a name or with a time that is no number is a mark all the same. */
static int use_mark_chunk(struct opener *o, const struct trace_chunk *c, struct trace_damage *d)
{
    char name[HWT_STRING_MAX + 1] = "", number[32];
    struct trace_mark mark = {.stamp = c->order};
    struct trace *t = o->t;
    char *text = NULL;
    int r = use_text_chunk(o, c, &text, d);

    if (r)
        return r;
    trace_text_value(text, "name", name, sizeof(name));
    if (trace_text_value(text, "time_ns", number, sizeof(number)))
        mark.time_ns = strtoull(number, NULL, 10);
    free(text);
    if (t->nr_marks == t->cap_marks) {
        size_t to = t->cap_marks ? t->cap_marks * 2 : 4;
        void *p = realloc(t->marks, to * sizeof(*t->marks));

        if (!p)
            return -ENOMEM;
        t->marks = p;
        t->cap_marks = to;
    }
    mark.name = strdup(name);
    if (!mark.name)
        return -ENOMEM;
    t->marks[t->nr_marks++] = mark;
    return 0;
}

static int use_chunk(struct opener *o, const struct trace_chunk *c, struct trace_damage *d)
{
    struct trace *t = o->t;
    int r = 0;

    switch ((enum hwt_chunk_type)c->type) {
    case HWT_CHUNK_META:
        r = use_text_chunk(o, c, &t->meta, d);
        if (r == 0)
            mask_command(&t->meta);
        break;
    case HWT_CHUNK_END:
        r = use_text_chunk(o, c, &t->end, d);
        if (r == 0)
            t->closed = true;
        break;
    case HWT_CHUNK_STREAM:
        r = use_stream_chunk(o, c, d);
        break;
    case HWT_CHUNK_HOST:
        r = use_text_chunk(o, c, &t->host, d);
        break;
    case HWT_CHUNK_MARK:
        r = use_mark_chunk(o, c, d);
        break;
    case HWT_CHUNK_TYPE_MAX:
    default:
        t->lacks.unknown_chunks++;
        break;
    }
    if (r)
        return r;
    t->version = (u16)MAX(t->version, c->version);
    t->nr_chunks++;
    t->raw_bytes += c->raw_len;
    t->usable_bytes = c->offset + HWT_HEADER_BYTES + c->stored_len;
    if (t->decoded && decoded_bytes(t) > o->budget) {
        if (!o->may_stream)
            return -EFBIG;
        drop_decoded(t);
    }
    return 0;
}

/* From a bad chunk at `from` to the next whole one, or the end. */
static u64 find_next_whole(struct opener *o, u64 from)
{
    struct trace_source *s = o->t->source;
    u64 at = from;

    while (o->search_left) {
        struct trace_chunk c;
        struct trace_damage d;
        u64 spent;

        at = trace_chunk_search(s, at + 1, o->buffers);
        if (at >= s->size)
            break;
        if (trace_chunk_read(s, at, o->buffers, &c, &d) == 0)
            return at;
        spent =
            d.kind == TRACE_DAMAGE_CHECKSUM ? HWT_HEADER_BYTES + c.stored_len : HWT_HEADER_BYTES;
        /* The search itself reads a window from each place it starts at. */
        spent += MIN((u64)HWT_STORED_LEN_MAX, s->size - at) / 8;
        o->search_left -= MIN(spent, o->search_left);
    }
    return s->size;
}

static int scan(struct opener *o)
{
    struct trace *t = o->t;
    u64 at = 0;

    while (at < t->source->size) {
        struct trace_chunk c;
        struct trace_damage d;
        int r = trace_chunk_read(t->source, at, o->buffers, &c, &d);
        u64 next;

        if (r == 0) {
            next = at + HWT_HEADER_BYTES + c.stored_len;
            if (o->broken) {
                t->lost_chunks++;
                at = next;
                continue;
            }
            r = use_chunk(o, &c, &d);
            if (r == -ENOMEM || r == -EFBIG)
                return r;
        } else {
            next = find_next_whole(o, at);
        }
        if (r) {
            d.bytes = next - at;
            r = note_damage(o, &d);
            if (r)
                return r;
        }
        at = next;
    }
    return 0;
}

/* Streams of which nothing was usable vanish. */
static void drop_empty_streams(struct trace *t)
{
    u32 n = 0;

    for (u32 i = 0; i < t->nr_streams; i++) {
        if (t->streams[i].nr_chunks) {
            t->streams[n++] = t->streams[i];
        } else {
            trace_stream_release(&t->streams[i]);
            free(t->streams[i].chunks);
        }
    }
    t->nr_streams = n;
}

/* What only the recorder's parent knows stands in the end chunk. */
static void sum_lacks(struct trace *t)
{
    char key[64], number[32];

    for (u32 i = 0; i < t->nr_streams; i++)
        trace_lacks_add(&t->lacks, &t->streams[i].lacks);
    for (unsigned i = 1; i < HWT_INCOMPLETE_MAX; i++) {
        snprintf(key, sizeof(key), "incomplete.%s", trace_incomplete_name(i));
        if (trace_text_value(t->end, key, number, sizeof(number)))
            trace_lacks_note(&t->lacks, i, strtoull(number, NULL, 10));
    }
}

static int open_error(struct err *e, int r, const struct trace *t)
{
    const struct trace_damage *d = t->damage;

    if (r == -ENOMEM)
        return err_at(e, r, t->path, 0, 0, "not enough memory to open this trace");
    if (r == -EFBIG)
        return err_at(e, r, t->path, 0, 0,
                      "this trace is larger than the memory allowed for decoding it");
    if (t->source->size == 0)
        return err_at(e, r, t->path, 0, 0, "the file is empty, want a trace (.hwt)");
    if (d && d->offset == 0 && d->kind == TRACE_DAMAGE_MAGIC)
        return err_at(e, r, t->path, 0, 0, "not a trace (.hwt): it does not begin with 'HWTC'");
    if (d)
        return err_at(e, r, t->path, 0, 0, "no usable stream: at offset %llu %s",
                      (unsigned long long)d->offset, d->reason);
    return err_at(e, r, t->path, 0, 0, "the trace holds no stream");
}

static u64 default_budget(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

    return pages > 0 && page > 0 ? (u64)pages * (u64)page / 2 : GIB;
}

static int open_source(struct trace_source *source, const char *name,
                       const struct trace_options *options, struct trace **ret, struct err *e)
{
    static const struct trace_options defaults;
    const struct trace_options *opt = options ? options : &defaults;
    struct opener o = {.may_stream = opt->mode != TRACE_DECODED};
    int r = -ENOMEM;

    o.t = calloc(1, sizeof(*o.t));
    o.buffers = trace_buffers_new();
    if (o.t)
        o.t->path = strdup(name);
    if (!o.t || !o.buffers || !o.t->path) {
        if (o.t)
            free(o.t->path);
        free(o.t);
        trace_buffers_free(o.buffers);
        return err_at(e, -ENOMEM, name, 0, 0, "not enough memory to open this trace");
    }
    o.t->source = source;
    o.t->file_bytes = source->size;
    o.t->decoded = opt->mode != TRACE_STREAMED;
    o.budget = opt->budget_bytes ? opt->budget_bytes : default_budget();
    o.search_left = MAX(4 * source->size, (u64)SEARCH_BYTES_MIN);
    u64map_init(&o.by_id);
    r = scan(&o);
    if (r == 0) {
        drop_empty_streams(o.t);
        if (!o.t->meta)
            o.t->meta = strdup("");
        if (!o.t->end)
            o.t->end = strdup("");
        if (!o.t->host)
            o.t->host = strdup("");
        if (!o.t->meta || !o.t->end || !o.t->host)
            r = -ENOMEM;
        else if (o.t->nr_streams == 0)
            r = -EINVAL;
        else
            sum_lacks(o.t);
    }
    u64map_done(&o.by_id);
    trace_buffers_free(o.buffers);
    trace_stream_release(&o.scratch);
    if (r) {
        open_error(e, r, o.t);
        o.t->source = NULL; /* the caller's again */
        trace_close(o.t);
        return r;
    }
    *ret = o.t;
    return 0;
}

static void source_free(struct trace_source *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s->owned);
    free(s);
}

/* What cannot be read at an offset (a pipe) is read into memory. */
static int slurp(struct trace_source *s)
{
    size_t capacity = 0;

    for (;;) {
        ssize_t n;

        if (s->size == capacity) {
            u8 *p;

            capacity = capacity ? capacity * 2 : MIB;
            p = alloc_try_realloc(s->owned, capacity);
            if (!p)
                return -ENOMEM;
            s->owned = p;
        }
        n = read(s->fd, s->owned + s->size, capacity - s->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        s->size += (u64)n;
        /* What does not begin as a trace may never end (/dev/zero); the rest would not be usable
         * anyway. */
        if (s->size >= sizeof(u32) && wire_get_u32(s->owned) != HWT_MAGIC)
            break;
    }
    close(s->fd);
    s->fd = -1;
    s->bytes = s->owned;
    return 0;
}

int trace_open(const char *path, const struct trace_options *options, struct trace **ret,
               struct err *e)
{
    struct trace_source *s = calloc(1, sizeof(*s));
    struct stat st;
    int r = 0;

    if (!s)
        return err_at(e, -ENOMEM, path, 0, 0, "not enough memory to open this trace");
    s->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) < 0)
        r = -errno;
    else if (S_ISDIR(st.st_mode))
        r = -EISDIR;
    else if (S_ISREG(st.st_mode))
        s->size = (u64)st.st_size;
    else
        r = slurp(s);
    if (r)
        err_at(e, r, path, 0, 0, "cannot read it: %s", strerror(-r));
    else
        r = open_source(s, path, options, ret, e);
    if (r)
        source_free(s);
    return r;
}

int trace_open_bytes(const void *bytes, size_t count, const char *name,
                     const struct trace_options *options, struct trace **ret, struct err *e)
{
    struct trace_source *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return err_at(e, -ENOMEM, name, 0, 0, "not enough memory to open this trace");
    s->fd = -1;
    s->bytes = bytes;
    s->size = count;
    r = open_source(s, name, options, ret, e);
    if (r)
        source_free(s);
    return r;
}

void trace_close(struct trace *t)
{
    if (!t)
        return;
    for (u32 i = 0; i < t->nr_streams; i++) {
        trace_stream_release(&t->streams[i]);
        free(t->streams[i].chunks);
    }
    free(t->streams);
    for (size_t i = 0; i < t->nr_marks; i++)
        free(t->marks[i].name);
    free(t->marks);
    free(t->parts);
    u64map_done(&t->turns);
    free(t->damage);
    free(t->meta);
    free(t->end);
    free(t->host);
    free(t->path);
    source_free(t->source);
    free(t);
}

const struct trace_mark *trace_mark_find(const struct trace *t, const char *name)
{
    for (size_t i = t->nr_marks; i > 0; i--)
        if (strcmp(t->marks[i - 1].name, name) == 0)
            return &t->marks[i - 1];
    return NULL;
}

bool trace_is_complete(const struct trace *t)
{
    static const struct trace_lacks nothing;

    return t->closed && !t->nr_damage && memcmp(&t->lacks, &nothing, sizeof(nothing)) == 0;
}
