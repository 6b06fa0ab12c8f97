/* capture_fuzz.c - the reader of captures against files that lie.
 *
 * Each operation takes a good capture and damages it as a disk, a cut or an enemy would: bits,
 * blocks moved, header fields and payload bytes changed with the checksum mended so that the damage
 * reaches the decoder, tables rewritten under right lengths. Every sample of what comes out of
 * capture_open() is then gone to, forwards and in random order, which must agree; directories are
 * listed. The sanitizers watch for the rest.
 *
 * It is a libFuzzer target as well: LLVMFuzzerTestOneInput() takes one file. */
#include "base/test.h"

#include "base/prng.h"
#include "base/wire.h"
#include "observe/capture_int.h"
#include "observe/capture_testing.h"

#include <string.h>
#include <unistd.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count);

#define SEEKS_MAX 40

static bool sum_name(void *ctx, const char *name, bool is_directory)
{
    u64 *sum = ctx;

    assert(name[0] && !strchr(name, '/'));
    *sum = *sum * 31 + hash_bytes(name, strlen(name)) + is_directory;
    return true;
}

/* All that the source can be made to show, as one number. */
static u64 look(struct capture *c)
{
    struct source *src = capture_source(c);
    struct strbuf out;
    char path[64];
    u64 sum = capture_parts(c) + src->wall_us;

    strbuf_init(&out);
    for (unsigned i = 0; i < 12; i++) {
        fake_path(path, i);
        sum = sum * 31 + (u64)source_read(src, path, 1 << 20, &out);
    }
    sum = sum * 31 + (u64)source_list(src, "proc", sum_name, &sum);
    sum = sum * 31 + hash_bytes(out.text, out.len);
    strbuf_done(&out);
    return sum;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count)
{
    struct capture *c;
    u64 sums[SEEKS_MAX];
    int results[SEEKS_MAX];
    size_t n, at;

    if (capture_open_bytes(bytes, count, "fuzz", &c, NULL))
        return 0;
    capture_check(c);
    assert(capture_loss(c)->bytes < count);
    n = MIN(capture_count(c), (size_t)SEEKS_MAX);
    for (size_t i = 0; i < n; i++) {
        results[i] = capture_seek(c, i, NULL);
        sums[i] = results[i] ? 0 : look(c);
    }
    for (size_t i = n; i-- > 0;) {
        at = i * 7 % n;
        assert(capture_seek(c, at, NULL) == results[at]);
        assert(results[at] || look(c) == sums[at]);
    }
    capture_parse_at(c, "-0s", &at, NULL);
    capture_parse_at(c, "03:10", &at, NULL);
    capture_free(c);
    return 0;
}

static u8 *write_capture(struct prng *p, size_t *ret_count)
{
    static const struct capture_writer_options plain = {0};
    struct fake_host h = {
        .seed = prng_next(p), .nr_files = 12, .lines = 1 + (unsigned)prng_below(p, 5)};
    char path[] = "/tmp/highwater-capture-fuzz.XXXXXX";
    struct capture_writer *w;
    u8 *bytes = malloc(1 << 20);
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "rb");

    for (unsigned run = 0; run < 2; run++) {
        if (capture_writer_open(path, &plain, &w, NULL) ||
            fake_capture(&h, w, run * 5, run * 5 + 5))
            exit(1);
        capture_writer_close(w);
    }
    *ret_count = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    unlink(path);
    return bytes;
}

/* The record that holds byte `at`, by walking headers of a good file from the start. */
static size_t record_of(const u8 *good, size_t at, struct hwc_record *ret)
{
    size_t offset = 0;

    for (;;) {
        const char *why = hwc_header_get(good + offset, ret);

        assert(!why);
        if (offset + hwc_record_bytes(ret) > at)
            return offset;
        offset += hwc_record_bytes(ret);
    }
}

static void mend_hash(u8 *record, size_t room)
{
    struct hwc_record r;

    if (room < HWC_HEADER_BYTES || hwc_header_get(record, &r) || hwc_record_bytes(&r) > room)
        return;
    wire_put_u64(record + HWC_OFF_HASH, hwc_hash(record, record + HWC_HEADER_BYTES,
                                                 hwc_record_bytes(&r) - HWC_HEADER_BYTES));
}

/* Another table in place of this record's, which says other things of the same texts. Returns the
 * new size of the file. */
static size_t rewrite_table(struct prng *p, u8 *bytes, size_t offset, size_t count)
{
    struct hwc_record r;
    static u8 table[HWC_TABLE_MAX], stored[64 << 10];
    size_t n, rest;

    if (hwc_header_get(bytes + offset, &r) || offset + hwc_record_bytes(&r) > count)
        return count;
    n = ZSTD_decompress(table, sizeof(table), bytes + offset + HWC_HEADER_BYTES, r.table_stored);
    if (ZSTD_isError(n) || n == 0)
        return count;
    for (unsigned i = 1 + (unsigned)prng_below(p, 4); i; i--)
        table[prng_below(p, n)] = (u8)(prng_below(p, 2) ? prng_next(p) : prng_below(p, 16));
    n = ZSTD_compress(stored, sizeof(stored), table, n, 1);
    if (ZSTD_isError(n))
        return count;
    rest = count - offset - HWC_HEADER_BYTES - r.table_stored;
    memmove(bytes + offset + HWC_HEADER_BYTES + n,
            bytes + offset + HWC_HEADER_BYTES + r.table_stored, rest);
    memcpy(bytes + offset + HWC_HEADER_BYTES, stored, n);
    wire_put_u32(bytes + offset + HWC_OFF_TABLE_STORED, (u32)n);
    mend_hash(bytes + offset, count - offset + n);
    return offset + HWC_HEADER_BYTES + n + rest;
}

static size_t damage(struct prng *p, const u8 *good, u8 *bytes, size_t count)
{
    for (unsigned n = 1 + (unsigned)prng_below(p, 3); n; n--) {
        struct hwc_record r;
        size_t at = prng_below(p, count), record = record_of(good, at, &r);

        switch (prng_below(p, 7)) {
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
            bytes[record + HWC_OFF_FLAGS + prng_below(p, HWC_OFF_HASH - HWC_OFF_FLAGS)] =
                (u8)prng_next(p);
            mend_hash(bytes + record, count - record);
            break;
        case 4:
            return rewrite_table(p, bytes, record, count);
        default: /* payload bytes, under a right hash */
            bytes[at] = (u8)prng_next(p);
            mend_hash(bytes + record, count - record);
            break;
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 3000);
    struct prng p;
    u8 *good = NULL, *bytes;
    size_t count = 0;

    prng_seed(&p, args.seed);
    for (u64 op = 0; op < args.operations; op++) {
        if (op % 200 == 0) {
            free(good);
            good = write_capture(&p, &count);
            LLVMFuzzerTestOneInput(good, count);
        }
        bytes = malloc(count + (64 << 10)); /* a new table may be longer */
        memcpy(bytes, good, count);
        LLVMFuzzerTestOneInput(bytes, damage(&p, good, bytes, count));
        free(bytes);
    }
    free(good);
    return 0;
}
