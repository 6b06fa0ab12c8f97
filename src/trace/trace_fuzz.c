/* trace_fuzz.c - the trace reader against files that lie.
 *
 * Each operation takes a good recording and damages it as a disk, a cut or an enemy would: bits,
 * blocks moved, headers rewritten, payload bytes changed with the checksum mended so that the
 * damage reaches the decoder. Whatever comes out of trace_open() is then walked to its end, decoded
 * and streamed, which must agree; and its footprint is taken. The sanitizers watch for the rest.
 *
 * It is a libFuzzer target as well: LLVMFuzzerTestOneInput() takes one file. */
#include "base/test.h"

#include "base/prng.h"
#include "trace/footprint.h"
#include "trace/trace.h"
#include "trace/trace_chunk.h"
#include "trace/trace_writer.h"

#include <string.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count);

/* Events and operations of all streams, as one number. */
static u64 walk(const struct trace *t)
{
    u64 sum = 0;

    for (u32 i = 0; i < t->nr_streams; i++) {
        struct trace_cursor c;

        trace_cursor_init(&c, t, i);
        while (trace_cursor_next(&c)) {
            for (size_t k = 0; k < c.nr_events; k++) {
                u64 event = c.events[k];

                sum = sum * 31 + event_icount(event) + event_kind(event);
                if (event_kind(event) == HWT_OP) {
                    const struct trace_op *op;

                    assert(event_page(event) < c.nr_ops);
                    op = &c.ops[event_page(event)];
                    assert(op->opcode < HWT_OP_MAX);
                    sum = sum * 31 + op->opcode + op->stamp + strlen(trace_cursor_string(&c, op));
                } else {
                    assert(event_page(event) <= HWT_PAGE_MAX);
                    sum = sum * 31 + event_page(event);
                }
            }
        }
        assert(c.error == 0);
        trace_cursor_done(&c);
    }
    return sum;
}

/* Every line of the texts, every mark, each key looked up. */
static void read_texts(const struct trace *t)
{
    const char *texts[] = {t->meta, t->end, t->host}, *key_text;
    enum hwt_host_kind kind;
    struct strbuf value;
    char key[16];

    strbuf_init(&value);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        for (const char *line = texts[i]; trace_text_next(&line, key, sizeof(key), &value);)
            trace_host_key(key, &kind, &key_text);
    strbuf_done(&value);
    for (size_t i = 0; i < t->nr_marks; i++)
        assert(strcmp(trace_mark_find(t, t->marks[i].name)->name, t->marks[i].name) == 0);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count)
{
    struct trace_options decoded = {.mode = TRACE_DECODED, .budget_bytes = 256 * MIB};
    struct trace_options streamed = {.mode = TRACE_STREAMED};
    struct trace *a = NULL, *b = NULL;
    struct footprint f;
    int ra = trace_open_bytes(bytes, count, "fuzz", &decoded, &a, NULL);
    int rb = trace_open_bytes(bytes, count, "fuzz", &streamed, &b, NULL);

    assert(ra == rb || ra == -EFBIG);
    if (ra == 0) {
        assert(a->usable_bytes <= count && a->lost_bytes <= count);
        assert(a->usable_bytes == b->usable_bytes && a->nr_damage == b->nr_damage);
        assert(walk(a) == walk(b));
        assert(memcmp(&a->lacks, &b->lacks, sizeof(a->lacks)) == 0);
        assert(a->nr_marks == b->nr_marks && a->nr_marks <= count / HWT_HEADER_BYTES);
        read_texts(a);
        if (footprint_compute(a, NULL, &f, NULL) == 0)
            footprint_done(&f);
    }
    trace_close(a);
    trace_close(b);
    return 0;
}

static void write_recording(struct prng *p, u8 **ret_bytes, size_t *ret_count)
{
    struct trace_writer *w;
    u32 streams[3];

    trace_writer_new(NULL, &w, NULL);
    trace_writer_set_chunk_bytes(w, 64 + (u32)prng_below(p, 600));
    trace_writer_set_level(w, prng_below(p, 2) ? 1 : 0);
    trace_writer_meta(w, "tool=fuzz\n");
    trace_writer_host(w, "ram=8589934592\nvm.swappiness=60\nreadahead.2049=131072\nlater\n=\n");
    for (unsigned i = 0; i < ARRAY_SIZE(streams); i++) {
        streams[i] = trace_writer_stream(w);
        if (i == 2)
            trace_writer_op(w, streams[i], HWT_OP_THREAD_START, 0, (u64[]){1, 3}, NULL);
        else
            trace_writer_op(w, streams[i], HWT_OP_PROC_START, 0,
                            (u64[]){1 + i, i, 1 + i, i ? 2 : 0}, "fuzz");
    }
    for (unsigned i = 0; i < 300; i++) {
        u32 s = streams[prng_below(p, 3)];
        u64 fields[HWT_OP_FIELDS_MAX];

        if (prng_below(p, 3)) {
            trace_writer_access(w, s, (enum hwt_kind)prng_below(p, 3), prng_below(p, 4000),
                                prng_below(p, 9));
            continue;
        }
        if (prng_below(p, 12) == 0) {
            trace_writer_mark(w, prng_below(p, 2) ? "warm" : "", prng_next(p));
            continue;
        }
        if (prng_below(p, 12) == 0) { /* of a later version */
            u8 body[40];
            size_t len = prng_below(p, sizeof(body));

            for (size_t k = 0; k < len; k++)
                body[k] = (u8)prng_next(p);
            trace_writer_op_bytes(w, s, HWT_OP_MAX + prng_below(p, 1000), 1, body, len);
            if (prng_below(p, 4) == 0)
                trace_writer_chunk(w, HWT_VERSION,
                                   HWT_CHUNK_TYPE_MAX + (unsigned)prng_below(p, 100), "x");
            continue;
        }
        for (unsigned k = 0; k < HWT_OP_FIELDS_MAX; k++)
            fields[k] =
                prng_below(p, 4) ? prng_below(p, 100000) : prng_next(p) >> prng_below(p, 64);
        trace_writer_op_all(w, s, (enum hwt_op)(3 + prng_below(p, HWT_OP_MAX - 3)), 1, fields,
                            "/some/path");
    }
    trace_writer_finish(w, NULL, ret_bytes, ret_count, NULL);
}

/* The chunk that holds byte `at`, by walking headers from the start. */
static size_t chunk_of(const u8 *bytes, size_t count, size_t at)
{
    size_t chunk = 0;

    for (;;) {
        size_t next = chunk + HWT_HEADER_BYTES + wire_get_u32(bytes + chunk + HWT_OFF_STORED_LEN);

        if (next > at || next + HWT_HEADER_BYTES > count)
            return chunk;
        chunk = next;
    }
}

static void mend_hash(u8 *chunk, size_t room)
{
    u64 stored_len = wire_get_u32(chunk + HWT_OFF_STORED_LEN);
    XXH64_state_t hash;

    if (stored_len + HWT_HEADER_BYTES > room)
        return;
    XXH64_reset(&hash, 0);
    XXH64_update(&hash, chunk, HWT_HASHED_HEADER_BYTES);
    XXH64_update(&hash, chunk + HWT_HEADER_BYTES, stored_len);
    wire_put_u64(chunk + HWT_OFF_HASH, XXH64_digest(&hash));
}

static size_t damage(struct prng *p, const u8 *good, u8 *bytes, size_t count)
{
    for (unsigned n = 1 + (unsigned)prng_below(p, 3); n; n--) {
        size_t at = prng_below(p, count), chunk = chunk_of(good, count, at);

        switch (prng_below(p, 6)) {
        case 0:
            bytes[at] ^= (u8)(1u << prng_below(p, 8));
            break;
        case 1: { /* a block from elsewhere */
            size_t from = prng_below(p, count), len = prng_below(p, 200);

            memmove(bytes + at, bytes + from, MIN(len, count - MAX(at, from)));
            break;
        }
        case 2:
            return at; /* cut */
        case 3:        /* a header field, under a right hash */
            bytes[chunk + HWT_OFF_TYPE + prng_below(p, HWT_OFF_HASH - HWT_OFF_TYPE)] =
                (u8)prng_next(p);
            mend_hash(bytes + chunk, count - chunk);
            break;
        default: /* payload bytes, under a right hash */
            bytes[at] = (u8)prng_next(p);
            mend_hash(bytes + chunk, count - chunk);
            break;
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 1000);
    struct prng p;
    u8 *good = NULL, *bytes;
    size_t count = 0;

    prng_seed(&p, args.seed);
    for (u64 op = 0; op < args.operations; op++) {
        if (op % 200 == 0) {
            free(good);
            write_recording(&p, &good, &count);
            LLVMFuzzerTestOneInput(good, count);
        }
        bytes = malloc(count);
        memcpy(bytes, good, count);
        LLVMFuzzerTestOneInput(bytes, damage(&p, good, bytes, count));
        free(bytes);
    }
    free(good);
    return 0;
}
