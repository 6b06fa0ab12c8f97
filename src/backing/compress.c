/* compress.c - LZ4 and Zstandard behind one call, and the model that stands for them when there are
 * no bytes. */
#include "backing/compress.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <lz4.h>
#include <string.h>
#include <zstd.h>

#define ZSTD_LEVEL 3 /* ZSTD_DEF_LEVEL of crypto/zstd.c */
#define DATA_BYTES (2u * PAGE_SIZE)
#define WORDS      (PAGE_SIZE / sizeof(u64))

_Static_assert(LZ4_COMPRESSBOUND(PAGE_SIZE) <= DATA_BYTES &&
                   ZSTD_COMPRESSBOUND(PAGE_SIZE) <= DATA_BYTES,
               "packing never fails");

const struct compressor_info compressor_info[NR_COMPRESSORS] = {
#define COMPRESSOR(id, name, ratio, pack_cost, unpack_cost, doc) \
    {name, doc, ratio, offsetof(struct cost_model, pack_cost),   \
     offsetof(struct cost_model, unpack_cost)},
#include "backing/compressors.def"
#undef COMPRESSOR
};

enum compressor_id compressor_find(const char *name)
{
    unsigned id = 0;

    while (id < NR_COMPRESSORS && strcmp(compressor_info[id].name, name) != 0)
        id++;
    return (enum compressor_id)id;
}

void compressor_init(struct compressor *c, enum compressor_id id, const struct compress_model *m,
                     const struct cost_model *cost)
{
    assert(id < NR_COMPRESSORS && m->same_percent + m->no_ratio_percent <= 100);
    *c = (struct compressor){.id = id, .model = *m, .cost = cost};
    if (!c->model.ratio_percent)
        c->model.ratio_percent = compressor_info[id].ratio_percent;
}

void compressor_done(struct compressor *c)
{
    if (c->id == COMPRESSOR_ZSTD) {
        ZSTD_freeCCtx(c->pack);
        ZSTD_freeDCtx(c->unpack);
    } else {
        free(c->pack);
    }
    free(c->data);
    *c = (struct compressor){0};
}

static void need_workspace(struct compressor *c)
{
    if (c->data)
        return;
    c->data = xmalloc(DATA_BYTES);
    if (c->id != COMPRESSOR_ZSTD) {
        c->pack = xmalloc((size_t)LZ4_sizeofState());
        return;
    }
    c->pack = ZSTD_createCCtx();
    c->unpack = ZSTD_createDCtx();
    if (!c->pack || !c->unpack)
        abort(); /* as xmalloc() does */
}

static bool is_same_filled(const u8 *page, u64 *ret_value)
{
    u64 first, word;

    memcpy(&first, page, sizeof(first));
    for (unsigned i = 1; i < WORDS; i++) {
        memcpy(&word, page + i * sizeof(word), sizeof(word));
        if (word != first)
            return false;
    }
    *ret_value = first;
    return true;
}

static u32 model_size(struct compressor *c, u64 name)
{
    u64 h = hash_u64_pair(c->model.seed, name);
    u32 dice = (u32)(h % 100);
    u32 mean = PAGE_SIZE * 100 / c->model.ratio_percent;
    u32 size;

    c->fill = 0;
    if (dice < c->model.same_percent)
        return 0;
    if (dice < c->model.same_percent + c->model.no_ratio_percent)
        return PAGE_SIZE + 1;
    size = mean / 2 + (u32)((h >> 32) * (mean + 1) >> 32);
    return CLAMP(size, 1u, PAGE_SIZE);
}

u32 compressor_pack(struct compressor *c, const u8 *page, u64 name)
{
    if (!page)
        return model_size(c, name);
    if (is_same_filled(page, &c->fill))
        return 0;
    return compressor_pack_data(c, page);
}

#define SAME_SIZE 32u /* about what a page of one value packs to */

u32 compressor_pack_data(struct compressor *c, const u8 *page)
{
    size_t size;

    if (!page)
        return SAME_SIZE;
    need_workspace(c);
    if (c->id == COMPRESSOR_ZSTD)
        size = ZSTD_compressCCtx(c->pack, c->data, DATA_BYTES, page, PAGE_SIZE, ZSTD_LEVEL);
    else
        size = (size_t)LZ4_compress_fast_extState(c->pack, (const char *)page, (char *)c->data,
                                                  PAGE_SIZE, DATA_BYTES, 1);
    assert(size > 0 && size <= DATA_BYTES);
    return (u32)size;
}

void compressor_unpack(struct compressor *c, const u8 *data, u32 size, u8 *page)
{
    size_t got;

    need_workspace(c);
    if (c->id == COMPRESSOR_ZSTD)
        got = ZSTD_decompressDCtx(c->unpack, page, PAGE_SIZE, data, size);
    else
        got = (size_t)LZ4_decompress_safe((const char *)data, (char *)page, (int)size, PAGE_SIZE);
    assert(got == PAGE_SIZE);
}

void compressor_fill(u64 value, u8 *page)
{
    for (unsigned i = 0; i < WORDS; i++)
        memcpy(page + i * sizeof(value), &value, sizeof(value));
}

static u32 cost_at(const struct compressor *c, size_t offset)
{
    u32 ns;

    memcpy(&ns, (const char *)c->cost + offset, sizeof(ns));
    return ns;
}

u32 compressor_pack_ns(const struct compressor *c)
{
    return cost_at(c, compressor_info[c->id].pack_cost);
}

u32 compressor_unpack_ns(const struct compressor *c)
{
    return cost_at(c, compressor_info[c->id].unpack_cost);
}
