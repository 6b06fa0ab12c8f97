/* zram.h - a block device that keeps its pages compressed in the machine's own memory.
 *
 * Mirrors:    drivers/block/zram/zram_drv.c, Linux 6.1, for whole pages: same-filled pages take no
 *             memory, pages that do not compress take a page, others an object of zsmalloc. What a
 *             freed swap slot holds goes at once.
 * Differs:    the table of slots and the per-CPU buffers take no memory; no backing device, no
 *             recompression.
 * Owns:       the objects in its pool.
 * Never:      waits.
 * Invariants: (zram_check) every slot's object exists; the statistics equal a recount.
 */
#ifndef BACKING_ZRAM_H
#define BACKING_ZRAM_H

#include "backing/compress.h"
#include "backing/zsmalloc.h"

enum zram_flag { ZRAM_STORED = 1, ZRAM_SAME = 2, ZRAM_HUGE = 4 };

struct zram_slot {
    u64 value; /* handle, or what fills the page */
    u16 size;
    u8 flags;
};

struct zram_stats {
    u64 pages_stored, compr_data_size, same_pages, huge_pages, huge_pages_since;
    u64 max_used_pages, failed_writes, notify_free;
};

struct zram {
    struct zs_pool pool;
    struct compressor comp;
    struct zram_slot *slots; /* nr_slots, touched as they are used */
    u64 nr_slots;
    u64 limit_pages; /* mem_limit; 0: none */
    struct zram_stats stats;
};

void zram_init(struct zram *z, u64 disksize, enum compressor_id id, const struct compress_model *m,
               const struct cost_model *cost, struct frames *frames, struct counters *counters,
               const struct frame_source *source);
void zram_done(struct zram *z);

/* Store a page (NULL: no bytes; `name` says which one it is). 0 or -ENOMEM, and then what was there
 * before still is. *ret_ns: CPU time of the compression. */
int zram_write(struct zram *z, u64 slot, const u8 *page, u64 name, u32 *ret_ns);
/* The page last written; zeros when none was. page NULL: no bytes. */
void zram_read(struct zram *z, u64 slot, u8 *page, u32 *ret_ns);
/* Nobody needs the slot's page any more (swap_slot_free_notify). */
void zram_slot_free(struct zram *z, u64 slot);

void zram_check(const struct zram *z);

#endif
