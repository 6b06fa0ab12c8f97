/* trace_test.c - traces: round trip, cuts, bit flips, gaps, hostile headers, streaming. */
#include "base/test.h"

#include "base/prng.h"
#include "trace/trace.h"
#include "trace/trace_chunk.h"
#include "trace/trace_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

struct made {
    u8 *bytes;
    size_t count;
};

/* Two streams of small chunks: a process with a mapping, and a thread; accesses from a seeded
 * generator. */
static struct made make_trace(u32 chunk_bytes, unsigned accesses, int level)
{
    struct trace_writer *w;
    struct made m;
    struct prng p;
    u32 a, b;

    prng_seed(&p, 7);
    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    trace_writer_set_chunk_bytes(w, chunk_bytes);
    trace_writer_set_level(w, level);
    trace_writer_meta(w, "tool=test\ncommand=x y\n");
    a = trace_writer_stream(w);
    b = trace_writer_stream(w);
    trace_writer_op(w, a, HWT_OP_PROC_START, 5, (u64[]){10, 1, 10, 0}, "prog");
    trace_writer_op(w, a, HWT_OP_MMAP, 100, (u64[]){0x10000, 0x100000, 3, 0, 0, 0}, NULL);
    trace_writer_op(w, b, HWT_OP_THREAD_START, 0, (u64[]){10, 11}, NULL);
    for (unsigned i = 0; i < accesses; i++) {
        u32 s = prng_below(&p, 4) ? a : b;

        if (prng_below(&p, 20) == 0)
            trace_writer_op(w, s, HWT_OP_MADVISE, prng_below(&p, 1000), (u64[]){0x10000, 0x1000, i},
                            NULL);
        else
            trace_writer_access(w, s, (enum hwt_kind)prng_below(&p, 3),
                                prng_below(&p, 8) ? 0x10 + prng_below(&p, 256)
                                                  : prng_below(&p, HWT_PAGE_MAX + 1),
                                prng_below(&p, 50) ? prng_below(&p, 3000) : prng_next(&p) >> 30);
    }
    trace_writer_op(w, b, HWT_OP_EXIT, 1, (u64[]){0}, NULL);
    trace_writer_op(w, a, HWT_OP_EXIT_GROUP, 1, (u64[]){0}, NULL);
    assert_int_equal(trace_writer_finish(w, "exit_status=0\n", &m.bytes, &m.count, NULL), 0);
    return m;
}

static struct trace *open_made(const struct made *m, enum trace_mode mode)
{
    struct trace_options o = {.mode = mode};
    struct trace *t = NULL;
    struct err e = {0};

    if (trace_open_bytes(m->bytes, m->count, "test", &o, &t, &e) < 0)
        return NULL;
    return t;
}

/* Everything a replay sees of a stream, as one number. */
static u64 digest(const struct trace *t, u32 stream)
{
    struct trace_cursor c;
    XXH64_state_t h;
    u64 events = 0;

    XXH64_reset(&h, 0);
    trace_cursor_init(&c, t, stream);
    while (trace_cursor_next(&c)) {
        for (size_t i = 0; i < c.nr_events; i++) {
            u64 e = c.events[i];

            events++;
            if (event_kind(e) == HWT_OP) {
                const struct trace_op *op = &c.ops[event_page(e)];
                const char *s = trace_cursor_string(&c, op);
                u8 opcode = op->opcode;

                XXH64_update(&h, op, offsetof(struct trace_op, string));
                XXH64_update(&h, &opcode, 1);
                XXH64_update(&h, s, strlen(s));
                e = event_make(0, event_icount(e), HWT_OP);
            }
            XXH64_update(&h, &e, sizeof(e));
        }
    }
    assert_int_equal(c.error, 0);
    trace_cursor_done(&c);
    return XXH64_digest(&h) + events;
}

TEST(what_was_written_is_read)
{
    struct made m = make_trace(1024, 5000, 3);
    struct trace *t = open_made(&m, TRACE_DECODED);
    char buf[32];

    assert_non_null(t);
    assert_true(t->closed && t->decoded);
    assert_int_equal(t->nr_damage, 0);
    assert_int_equal(t->nr_streams, 2);
    assert_int_equal(t->usable_bytes, m.count);
    assert_int_equal(t->streams[0].pid, 10);
    assert_int_equal(t->streams[1].tid, 11);
    assert_int_equal(t->streams[1].start, HWT_OP_THREAD_START);
    assert_true(t->streams[0].nr_chunks > 3);
    assert_string_equal(trace_text_value(t->meta, "command", buf, sizeof(buf)), "x y");
    assert_null(trace_text_value(t->meta, "comman", buf, sizeof(buf)));
    assert_int_equal(strtoull(trace_text_value(t->end, "accesses", buf, sizeof(buf)), NULL, 10),
                     t->nr_accesses);
    assert_int_equal(t->streams[0].ops[event_page(t->streams[0].events[0])].opcode,
                     HWT_OP_PROC_START);
    assert_string_equal(t->streams[0].strings + t->streams[0].ops[0].string, "prog");
    assert_int_equal(event_icount(t->streams[0].events[1]), 100);
    trace_close(t);
    free(m.bytes);
}

TEST(streaming_gives_the_same_records)
{
    struct made m = make_trace(512, 20000, 1);
    struct trace *a = open_made(&m, TRACE_DECODED), *b = open_made(&m, TRACE_STREAMED), *c;
    struct trace_options small = {.mode = TRACE_AUTO, .budget_bytes = 32768};

    assert_false(b->decoded);
    assert_int_equal(trace_open_bytes(m.bytes, m.count, "x", &small, &c, NULL), 0);
    assert_false(c->decoded);
    small.mode = TRACE_DECODED;
    for (u32 i = 0; i < 2; i++) {
        u64 want = digest(a, i);

        assert_int_equal(digest(b, i), want);
        assert_int_equal(digest(c, i), want);
        assert_int_equal(a->streams[i].nr_instructions, b->streams[i].nr_instructions);
        assert_int_equal(a->streams[i].last_stamp, b->streams[i].last_stamp);
        assert_int_equal(a->streams[i].nr_accesses, c->streams[i].nr_accesses);
    }
    trace_close(a);
    trace_close(b);
    trace_close(c);
    assert_int_equal(trace_open_bytes(m.bytes, m.count, "x", &small, &c, NULL), -EFBIG);
    free(m.bytes);
}

TEST(compression_changes_nothing)
{
    struct made m = make_trace(4096, 3000, 0), n = make_trace(4096, 3000, 9);
    struct trace *a = open_made(&m, TRACE_DECODED), *b = open_made(&n, TRACE_DECODED);

    assert_true(n.count < m.count);
    assert_int_equal(digest(a, 0), digest(b, 0));
    assert_int_equal(digest(a, 1), digest(b, 1));
    trace_close(a);
    trace_close(b);
    free(m.bytes);
    free(n.bytes);
}

TEST(a_huge_instruction_count_becomes_an_advance)
{
    struct trace_writer *w;
    struct made m;
    struct trace *t;
    u32 s;

    trace_writer_new(NULL, &w, NULL);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "");
    trace_writer_access(w, s, HWT_WRITE, HWT_PAGE_MAX, EVENT_ICOUNT_MAX);
    trace_writer_access(w, s, HWT_READ, 0, (u64)EVENT_ICOUNT_MAX + 1);
    trace_writer_finish(w, NULL, &m.bytes, &m.count, NULL);
    t = open_made(&m, TRACE_DECODED);
    assert_int_equal(t->streams[0].nr_events, 4);
    assert_int_equal(t->streams[0].events[1],
                     event_make(HWT_PAGE_MAX, EVENT_ICOUNT_MAX, HWT_WRITE));
    assert_int_equal(event_kind(t->streams[0].events[2]), HWT_OP);
    assert_int_equal(t->streams[0].ops[1].opcode, TRACE_OP_ADVANCE);
    assert_int_equal(t->streams[0].ops[1].field[0], (u64)EVENT_ICOUNT_MAX + 1);
    assert_int_equal(t->streams[0].events[3], event_make(0, 0, HWT_READ));
    assert_int_equal(t->streams[0].nr_instructions, 2 * (u64)EVENT_ICOUNT_MAX + 1);
    trace_close(t);
    free(m.bytes);
}

/* Cut at every byte: what remains is a prefix of whole chunks, and the loss is exact. */
TEST(a_trace_cut_anywhere_keeps_its_whole_chunks)
{
    struct made m = make_trace(128, 600, 1);
    u64 last_usable = 0;
    unsigned opened = 0;

    for (size_t cut = 0; cut < m.count; cut++) {
        struct made part = {m.bytes, cut};
        struct trace *t = open_made(&part, TRACE_AUTO);

        if (!t)
            continue;
        opened++;
        assert_false(t->closed);
        assert_true(t->usable_bytes <= cut && t->usable_bytes >= last_usable);
        last_usable = t->usable_bytes;
        assert_int_equal(t->lost_bytes, cut - t->usable_bytes);
        assert_int_equal(t->nr_damage, t->usable_bytes < cut);
        if (t->nr_damage) {
            assert_int_equal(t->damage[0].kind, TRACE_DAMAGE_CUT);
            assert_int_equal(t->damage[0].offset, t->usable_bytes);
        }
        trace_close(t);
    }
    assert_true(opened > m.count / 2);
    free(m.bytes);
}

TEST(every_flipped_bit_is_noticed_and_located)
{
    struct made m = make_trace(256, 800, 1);
    struct trace *whole = open_made(&m, TRACE_DECODED);
    u64 chunks = whole->nr_chunks;

    for (size_t bit = 0; bit < m.count * 8; bit += 3) {
        struct trace *t;

        m.bytes[bit / 8] ^= (u8)(1u << bit % 8);
        t = open_made(&m, TRACE_AUTO);
        m.bytes[bit / 8] ^= (u8)(1u << bit % 8);
        if (!t)
            continue; /* the first chunk of a stream was hit and nothing else is usable */
        assert_true(t->nr_damage >= 1);
        assert_true(t->damage[0].offset <= bit / 8);
        assert_true(t->damage[0].offset + t->damage[0].bytes > bit / 8);
        assert_true(t->nr_chunks < chunks);
        /* All but the damaged chunk were found again. */
        assert_int_equal(t->nr_chunks + t->lost_chunks, chunks - 1);
        trace_close(t);
    }
    trace_close(whole);
    free(m.bytes);
}

static void rehash(u8 *h)
{
    XXH64_state_t s;

    XXH64_reset(&s, 0);
    XXH64_update(&s, h, HWT_HASHED_HEADER_BYTES);
    XXH64_update(&s, h + HWT_HEADER_BYTES, wire_get_u32(h + HWT_OFF_STORED_LEN));
    wire_put_u64(h + HWT_OFF_HASH, XXH64_digest(&s));
}

static size_t chunk_bytes(const u8 *h)
{
    return HWT_HEADER_BYTES + wire_get_u32(h + HWT_OFF_STORED_LEN);
}

TEST(a_missing_chunk_is_a_gap)
{
    struct made m = make_trace(256, 800, 1);
    struct trace *t;
    size_t at = 0, len;

    /* Take out chunk 1 of stream 1. */
    while (wire_get_u32(m.bytes + at + HWT_OFF_STREAM) != 1 ||
           wire_get_u32(m.bytes + at + HWT_OFF_SEQ) != 1)
        at += chunk_bytes(m.bytes + at);
    len = chunk_bytes(m.bytes + at);
    memmove(m.bytes + at, m.bytes + at + len, m.count - at - len);
    m.count -= len;
    t = open_made(&m, TRACE_AUTO);
    assert_non_null(t);
    assert_int_equal(t->nr_damage, 1);
    assert_int_equal(t->damage[0].kind, TRACE_DAMAGE_GAP);
    assert_int_equal(t->damage[0].stream, 1);
    assert_true(t->damage[0].offset >= at);
    assert_true(t->lost_chunks > 0);
    trace_close(t);
    free(m.bytes);
}

/* A hostile file has right hashes. Every header field and payload byte changed, hash mended: no
 * crash, no overrun (the sanitizers watch), and either nothing changed of note or damage is
 * named. */
TEST(a_lie_under_a_right_hash_is_survived)
{
    struct made m = make_trace(256, 400, 0);
    struct prng p;

    prng_seed(&p, 3);
    for (unsigned round = 0; round < 4000; round++) {
        struct made copy = {malloc(m.count), m.count};
        size_t at = 0, skip = prng_below(&p, 6), n;
        struct trace *t;

        memcpy(copy.bytes, m.bytes, m.count);
        while (skip-- && at + chunk_bytes(m.bytes + at) < m.count)
            at += chunk_bytes(m.bytes + at);
        n = prng_below(&p, 3) ? prng_below(&p, chunk_bytes(m.bytes + at)) : 24 + prng_below(&p, 16);
        if (n == HWT_OFF_STORED_LEN || n == HWT_OFF_STORED_LEN + 1 || n == HWT_OFF_STORED_LEN + 2 ||
            n == HWT_OFF_STORED_LEN + 3 || (n >= HWT_OFF_HASH && n < HWT_HEADER_BYTES)) {
            copy.bytes[at + n] = (u8)prng_next(&p);
        } else {
            copy.bytes[at + n] = (u8)prng_next(&p);
            rehash(copy.bytes + at);
        }
        t = open_made(&copy, prng_below(&p, 2) ? TRACE_AUTO : TRACE_STREAMED);
        if (t) {
            for (u32 i = 0; i < t->nr_streams; i++)
                digest(t, i);
            trace_close(t);
        }
        free(copy.bytes);
    }
    free(m.bytes);
}

TEST(what_is_no_trace_is_refused_with_a_reason)
{
    struct trace *t;
    struct err e = {0};

    assert_int_equal(trace_open_bytes("", 0, "f", NULL, &t, &e), -EINVAL);
    assert_non_null(strstr(e.text, "empty"));
    assert_int_equal(trace_open_bytes("#!/bin/sh\necho this is a script, and no trace at all.\n",
                                      54, "f", NULL, &t, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "not a trace"));
    assert_int_equal(trace_open("/nonexistent/x.hwt", NULL, &t, &e), -ENOENT);
    assert_string_equal(e.file, "/nonexistent/x.hwt");
}

TEST(a_file_of_magics_is_searched_in_bounded_time)
{
    size_t count = 4u << 20;
    u8 *bytes = malloc(count);
    struct trace *t;
    struct err e = {0};

    /* Headers that look right and claim a megabyte each, every 48 bytes. */
    for (size_t at = 0; at + HWT_HEADER_BYTES <= count; at += HWT_HEADER_BYTES) {
        memset(bytes + at, 0, HWT_HEADER_BYTES);
        wire_put_u32(bytes + at, HWT_MAGIC);
        wire_put_u16(bytes + at + HWT_OFF_VERSION, HWT_VERSION);
        bytes[at + HWT_OFF_TYPE] = HWT_CHUNK_META;
        wire_put_u32(bytes + at + HWT_OFF_RAW_LEN, HWT_RAW_LEN_MAX);
        wire_put_u32(bytes + at + HWT_OFF_STORED_LEN, HWT_RAW_LEN_MAX);
    }
    assert_int_equal(trace_open_bytes(bytes, count, "f", NULL, &t, &e), -EINVAL);
    free(bytes);
}

/* A process with what a later version of the format may hold. */
static struct trace_writer *later_recording(u32 *ret_stream)
{
    static const u8 body[] = {1, 2, 3};
    struct trace_writer *w;
    u32 s;

    trace_writer_new(NULL, &w, NULL);
    s = *ret_stream = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "p");
    trace_writer_access(w, s, HWT_WRITE, 5, 10);
    trace_writer_op_bytes(w, s, HWT_OP_MAX, 7, body, sizeof(body));
    trace_writer_op_bytes(w, s, 1000000, 8, NULL, 0);
    trace_writer_chunk(w, HWT_VERSION, HWT_CHUNK_TYPE_MAX + 3, "anything\n");
    trace_writer_access(w, s, HWT_WRITE, 6, 10);
    return w;
}

TEST(unknown_operations_and_chunks_are_skipped_and_counted)
{
    struct trace_writer *w;
    struct made m;
    struct trace *t;
    u32 s;

    w = later_recording(&s);
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 1, (u64[]){0}, NULL);
    trace_writer_finish(w, NULL, &m.bytes, &m.count, NULL);
    for (enum trace_mode mode = TRACE_DECODED; mode <= TRACE_STREAMED; mode++) {
        t = open_made(&m, mode);
        assert_int_equal(t->nr_damage, 0);
        assert_true(t->closed);
        assert_false(trace_is_complete(t));
        assert_int_equal(t->lacks.unknown_ops, 2);
        assert_int_equal(t->lacks.unknown_chunks, 1);
        assert_int_equal(t->streams[0].nr_instructions, 10 + 7 + 8 + 10 + 1);
        assert_int_equal(t->streams[0].nr_accesses, 2);
        trace_close(t);
    }
    t = open_made(&m, TRACE_DECODED);
    assert_int_equal(t->streams[0].nr_events, 6);
    assert_int_equal(t->streams[0].ops[1].opcode, TRACE_OP_ADVANCE);
    assert_int_equal(t->streams[0].ops[1].field[1], HWT_OP_MAX);
    assert_int_equal(event_icount(t->streams[0].events[3]), 8);
    trace_close(t);
    free(m.bytes);
}

TEST(an_operation_may_grow_and_may_lack_its_optional_fields)
{
    /* munmap(4096, 8192) with two fields of a later version; file 1 of device 2 with an instance,
     * and without. */
    static const u8 grown[] = {0x80, 0x20, 0x80, 0x40, 9, 9};
    static const u8 cut[] = {1, 2, 3, 4, 0, 1, 'x', 0x80};
    struct trace_writer *w;
    struct made m;
    struct trace *t;
    u32 s;

    trace_writer_new(NULL, &w, NULL);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "p");
    trace_writer_op_bytes(w, s, HWT_OP_MUNMAP, 0, grown, sizeof(grown));
    trace_writer_op_all(w, s, HWT_OP_FILE, 0, (u64[]){1, 2, 3, 4, 0, 77}, "/f");
    trace_writer_op(w, s, HWT_OP_FILE, 0, (u64[]){1, 2, 3, 4, 0}, "/g");
    trace_writer_finish(w, NULL, &m.bytes, &m.count, NULL);
    t = open_made(&m, TRACE_DECODED);
    assert_true(trace_is_complete(t));
    assert_int_equal(t->streams[0].ops[1].field[1], 8192);
    assert_int_equal(t->streams[0].ops[2].field[5], 77);
    assert_string_equal(t->streams[0].strings + t->streams[0].ops[2].string, "/f");
    assert_int_equal(t->streams[0].ops[3].field[5], 0);
    trace_close(t);
    free(m.bytes);

    trace_writer_new(NULL, &w, NULL);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "p");
    trace_writer_flush(w, s);
    trace_writer_op_bytes(w, s, HWT_OP_FILE, 0, cut, sizeof(cut));
    trace_writer_finish(w, NULL, &m.bytes, &m.count, NULL);
    t = open_made(&m, TRACE_DECODED);
    assert_int_equal(t->nr_damage, 1);
    assert_int_equal(t->damage[0].kind, TRACE_DAMAGE_PAYLOAD);
    trace_close(t);
    free(m.bytes);
}

TEST(what_the_recorder_missed_is_summed_by_reason)
{
    struct trace_writer *w;
    struct made m;
    struct trace *t;
    u32 a, b;

    trace_writer_new(NULL, &w, NULL);
    a = trace_writer_stream(w);
    b = trace_writer_stream(w);
    trace_writer_op(w, a, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "p");
    trace_writer_op(w, b, HWT_OP_THREAD_START, 0, (u64[]){1, 2}, NULL);
    trace_writer_op(w, a, HWT_OP_LOST, 0, (u64[]){3}, NULL);
    trace_writer_op(w, a, HWT_OP_INCOMPLETE, 0, (u64[]){HWT_INCOMPLETE_IO_URING, 5}, "write");
    trace_writer_op(w, b, HWT_OP_INCOMPLETE, 0, (u64[]){HWT_INCOMPLETE_IO_URING, 6}, "");
    trace_writer_op(w, b, HWT_OP_INCOMPLETE, 0, (u64[]){HWT_INCOMPLETE_FILES, UINT64_MAX}, "");
    trace_writer_op(w, b, HWT_OP_INCOMPLETE, 0, (u64[]){HWT_INCOMPLETE_FILES, 2}, "");
    trace_writer_op(w, b, HWT_OP_INCOMPLETE, 0, (u64[]){999, 4}, "of a later version");
    trace_writer_finish(w, "incomplete.processes=2\nincomplete.nonsense=1\n", &m.bytes, &m.count,
                        NULL);
    for (enum trace_mode mode = TRACE_DECODED; mode <= TRACE_STREAMED; mode++) {
        t = open_made(&m, mode);
        assert_false(trace_is_complete(t));
        assert_int_equal(t->lacks.by_reason[0], 4);
        assert_int_equal(t->lacks.by_reason[HWT_INCOMPLETE_CALLS], 3);
        assert_int_equal(t->lacks.by_reason[HWT_INCOMPLETE_IO_URING], 11);
        assert_int_equal(t->lacks.by_reason[HWT_INCOMPLETE_FILES], UINT64_MAX);
        assert_int_equal(t->lacks.by_reason[HWT_INCOMPLETE_PROCESSES], 2);
        assert_int_equal(t->streams[0].lacks.by_reason[HWT_INCOMPLETE_IO_URING], 5);
        assert_int_equal(t->lacks.unknown_ops, 0);
        trace_close(t);
    }
    free(m.bytes);
}

TEST(host_settings_and_marks_are_read_back)
{
    struct trace_writer *w;
    enum hwt_host_kind kind;
    struct strbuf value;
    const char *text, *line;
    char buf[32];
    struct made m;
    struct trace *t;
    unsigned lines = 0;
    u32 s;

    trace_writer_new(NULL, &w, NULL);
    trace_writer_host(w, "ram=8589934592\nreadahead.2049=131072\nnot a line\nx.later=\n");
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "p");
    trace_writer_mark(w, "warm\nup", 1500);
    trace_writer_op(w, s, HWT_OP_BRK, 0, (u64[]){4096, 8192}, NULL);
    trace_writer_mark(w, "load", 2500);
    trace_writer_op(w, s, HWT_OP_EXIT_GROUP, 0, (u64[]){0}, NULL);
    trace_writer_mark(w, "load", 3500);
    trace_writer_finish(w, NULL, &m.bytes, &m.count, NULL);
    t = open_made(&m, TRACE_AUTO);
    assert_true(trace_is_complete(t));
    assert_int_equal(t->version, HWT_VERSION);
    assert_string_equal(trace_text_value(t->host, "ram", buf, sizeof(buf)), "8589934592");
    assert_int_equal(t->nr_marks, 3);
    assert_string_equal(t->marks[0].name, "warm up");
    assert_int_equal(t->marks[0].stamp, 1);
    assert_int_equal(t->marks[1].stamp, 2);
    assert_int_equal(trace_mark_find(t, "load")->time_ns, 3500);
    assert_null(trace_mark_find(t, "warm"));
    strbuf_init(&value);
    for (line = t->host; trace_text_next(&line, buf, sizeof(buf), &value); lines++)
        if (lines == 1)
            assert_string_equal(value.text, "131072");
    assert_int_equal(lines, 3);
    strbuf_done(&value);
    assert_true(trace_host_key("ram", &kind, &text));
    assert_int_equal(kind, HWT_HOST_BYTES);
    assert_true(trace_host_key("readahead.2049", &kind, &text));
    assert_false(trace_host_key("readahead.", &kind, &text));
    assert_false(trace_host_key("readahead.sda", &kind, &text));
    assert_false(trace_host_key("rams", &kind, &text));
    trace_close(t);
    free(m.bytes);
}

/* Every version is read; what version 1 did not have is damage in it, and a later version is
 * refused by name. */
TEST(each_version_is_judged_by_its_own_rules)
{
    static const struct {
        unsigned version, type, damage;
    } cases[] = {
        {1, HWT_CHUNK_META, 0},
        {1, HWT_CHUNK_HOST, 1},
        {2, HWT_CHUNK_HOST, 0},
        {2, 0, 1},
        {HWT_VERSION + 1, HWT_CHUNK_META, 1},
        {0, HWT_CHUNK_META, 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct trace_writer *w;
        struct made m;
        struct trace *t;
        u32 s;

        trace_writer_new(NULL, &w, NULL);
        s = trace_writer_stream(w);
        trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "p");
        trace_writer_flush(w, s);
        trace_writer_chunk(w, cases[i].version, cases[i].type, "key=value\n");
        trace_writer_finish(w, NULL, &m.bytes, &m.count, NULL);
        t = open_made(&m, TRACE_AUTO);
        assert_non_null(t);
        assert_int_equal(t->nr_damage, cases[i].damage);
        if (cases[i].version > HWT_VERSION)
            assert_int_equal(t->damage[0].kind, TRACE_DAMAGE_VERSION);
        trace_close(t);
        free(m.bytes);
    }
}

/* A recording of 0.1.0 holds it as it was typed. */
TEST(a_command_line_is_masked_when_it_is_read)
{
    struct trace_writer *w;
    struct trace *t;
    char text[64];
    u8 *bytes;
    size_t count;

    assert_int_equal(trace_writer_new(NULL, &w, NULL), 0);
    trace_writer_meta(w, "tool=test\ncommand=mysql -pTIGER --password=x db\ncwd=/tmp\n");
    trace_writer_op(w, trace_writer_stream(w), HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "");
    assert_int_equal(trace_writer_finish(w, NULL, &bytes, &count, NULL), 0);
    assert_int_equal(trace_open_bytes(bytes, count, "f", NULL, &t, NULL), 0);
    assert_string_equal(trace_text_value(t->meta, "command", text, sizeof(text)),
                        "mysql -p*** --password=*** db");
    assert_string_equal(trace_text_value(t->meta, "cwd", text, sizeof(text)), "/tmp");
    assert_string_equal(trace_text_value(t->meta, "tool", text, sizeof(text)), "test");
    trace_close(t);
    free(bytes);
}

TEST(the_writer_leaves_no_file_when_aborted)
{
    const char *path = "trace_test.tmp.hwt";
    struct trace_writer *w;
    struct trace *t;
    u32 s;

    assert_int_equal(trace_writer_new(path, &w, NULL), 0);
    trace_writer_abort(w);
    assert_int_equal(trace_open(path, NULL, &t, NULL), -ENOENT);
    assert_int_equal(trace_writer_new(path, &w, NULL), 0);
    s = trace_writer_stream(w);
    trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){1, 0, 1, 0}, "");
    assert_int_equal(trace_writer_finish(w, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(trace_open(path, NULL, &t, NULL), 0);
    trace_close(t);
    assert_int_equal(remove(path), 0);
    assert_int_equal(trace_writer_new("/nonexistent/x.hwt", &w, NULL), -ENOENT);
}

TEST_MAIN()
