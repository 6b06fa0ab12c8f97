/* compress.c - what it costs to compress a page: the basis of cost.compress_* and
 * cost.decompress_*.
 *
 * The pages look like a heap: records of pointers with the same upper half, small numbers, words of
 * text and unused rest, a page of each mixture. Their ratio is near that of real heaps
 * (backing/compressors.def). LZO is not linked; its costs are those of liblzo2 on the same host.
 */
#include "bench.h"

#include "backing/compress.h"
#include "base/alloc.h"
#include "base/prng.h"

#include <stdio.h>
#include <string.h>

#define PAGES  2048u
#define ROUNDS 8u

static void fill_heap_page(struct prng *p, u8 *page)
{
    static const char *const words[] = {"name",   "/usr/lib/python3", "customer", "cancelled",
                                        "status", "2026-11-25",       "value",    "0x7ffc"};
    u32 rest = (u32)prng_below(p, PAGE_SIZE / 2), at = 0;
    u64 base = 0x00007f0000000000ull + prng_below(p, 1u << 20) * PAGE_SIZE;

    memset(page, 0, PAGE_SIZE);
    while (at + 64 < PAGE_SIZE - rest) {
        u64 record[4] = {base + prng_below(p, 1u << 16) * 16, prng_below(p, 200),
                         base + prng_below(p, 1u << 16) * 16, prng_next(p) >> 40};
        const char *word = words[prng_below(p, ARRAY_SIZE(words))];

        memcpy(page + at, record, sizeof(record));
        memcpy(page + at + sizeof(record), word, strlen(word));
        at += 48 + (u32)prng_below(p, 2) * 8;
    }
}

static void measure(struct bench *b, enum compressor_id id, const u8 *pages, const char *name)
{
    const struct compress_model model = {0};
    struct cost_model cost;
    struct compressor c;
    u8 *packed = xmalloc((size_t)PAGES * PAGE_SIZE), page[PAGE_SIZE];
    u32 *size = xcalloc(PAGES, sizeof(*size));
    double pack, unpack, start;
    char key[64];
    u64 sum = 0;

    cost_model_init(&cost);
    compressor_init(&c, id, &model, &cost);
    start = bench_seconds();
    for (u32 i = 0; i < PAGES * ROUNDS; i++) {
        u32 n = compressor_pack(&c, pages + (size_t)(i % PAGES) * PAGE_SIZE, 0);

        size[i % PAGES] = MIN(n, PAGE_SIZE);
        memcpy(packed + (size_t)(i % PAGES) * PAGE_SIZE, c.data, size[i % PAGES]);
        sum += n;
    }
    pack = (bench_seconds() - start) * 1e9 / (PAGES * ROUNDS);
    start = bench_seconds();
    for (u32 i = 0; i < PAGES * ROUNDS; i++)
        compressor_unpack(&c, packed + (size_t)(i % PAGES) * PAGE_SIZE, size[i % PAGES], page);
    unpack = (bench_seconds() - start) * 1e9 / (PAGES * ROUNDS);
    snprintf(key, sizeof(key), "compress_%s_ns", name);
    bench_figure(b, key, pack, "ns", "compress a page that looks like a heap");
    snprintf(key, sizeof(key), "decompress_%s_ns", name);
    bench_figure(b, key, unpack, "ns", "unpack it");
    snprintf(key, sizeof(key), "compress_%s_ratio", name);
    bench_figure(b, key, (double)PAGES * ROUNDS * PAGE_SIZE / (double)sum, "x", "its ratio");
    compressor_done(&c);
    free(size);
    free(packed);
}

void bench_compress(struct bench *b)
{
    u8 *pages = xmalloc((size_t)PAGES * PAGE_SIZE);
    struct prng p;

    prng_seed(&p, 1);
    for (u32 i = 0; i < PAGES; i++)
        fill_heap_page(&p, pages + (size_t)i * PAGE_SIZE);
    measure(b, COMPRESSOR_LZ4, pages, "lz4");
    measure(b, COMPRESSOR_ZSTD, pages, "zstd");
    free(pages);
}
