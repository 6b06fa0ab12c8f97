/* compress.h - how large a page is when it is compressed, and its bytes if there are any.
 *
 * Mirrors:    crypto/{lzo-rle,lz4,zstd}.c as zram and zswap use them, page_same_filled(), Linux
 *             6.1.
 * Differs:    real bytes of lzo and lzo-rle are packed with LZ4. Without bytes the size is drawn
 *             from the page's name, so that a page is equally large each time: a part of them is
 *             same-filled, a part does not compress, the others are spread evenly from half the
 *             mean size to one and a half times that.
 * Owns:       the library's workspace and one buffer.
 * Never:      depends on the host when there are no bytes; with bytes, on the versions of liblz4
 *             and libzstd only.
 */
#ifndef BACKING_COMPRESS_H
#define BACKING_COMPRESS_H

#include "frames/frame.h"
#include "machine/cost.h"

enum compressor_id {
#define COMPRESSOR(id, name, ratio, pack_cost, unpack_cost, doc) COMPRESSOR_##id,
#include "backing/compressors.def"
#undef COMPRESSOR
    NR_COMPRESSORS
};

struct compressor_info { /* one row of compressors.def */
    const char *name, *doc;
    u32 ratio_percent;
    size_t pack_cost, unpack_cost; /* offsets in struct cost_model */
};
extern const struct compressor_info compressor_info[NR_COMPRESSORS];

/* By name; NR_COMPRESSORS: no such one. */
enum compressor_id compressor_find(const char *name);

struct compress_model {   /* of pages without bytes */
    u32 ratio_percent;    /* of pages that compress; 0: the compressor's own */
    u32 same_percent;     /* pages with one value all over */
    u32 no_ratio_percent; /* pages that do not compress */
    u64 seed;
};

struct compressor {
    enum compressor_id id;
    struct compress_model model;
    const struct cost_model *cost;
    void *pack, *unpack; /* the library's */
    u8 *data;            /* the page packed last, as far as there are bytes */
    u64 fill;            /* or the value it is filled with */
};

/* cost outlives it. */
void compressor_init(struct compressor *c, enum compressor_id id, const struct compress_model *m,
                     const struct cost_model *cost);
void compressor_done(struct compressor *c);

/* Pack a page into c->data. Returns its size, which is above PAGE_SIZE for what does not compress,
 * or 0 when one value fills it (c->fill). page NULL: there are no bytes; `name` says which page it
 * is. */
u32 compressor_pack(struct compressor *c, const u8 *page, u64 name);
/* The same without a look at whether one value fills it. */
u32 compressor_pack_data(struct compressor *c, const u8 *page);
/* pre: data came from compressor_pack() */
void compressor_unpack(struct compressor *c, const u8 *data, u32 size, u8 *page);
void compressor_fill(u64 value, u8 *page);

/* CPU time in ns. */
u32 compressor_pack_ns(const struct compressor *c);
u32 compressor_unpack_ns(const struct compressor *c);

#endif
