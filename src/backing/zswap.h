/* zswap.h - a compressed pool in front of the swap areas.
 *
 * Mirrors:    mm/zswap.c and mm/frontswap.c, Linux 6.1: same-filled pages, the pool's limit with
 *             its hysteresis, what is rejected and why, the copy that stays after a load and goes
 *             with its slot. The pool is zbud or zsmalloc; whether zsmalloc can be written back
 *             depends on the kernel.
 * Differs:    entries take no memory; kmemcache failures do not happen.
 * Owns:       the objects in its pool.
 * Never:      waits, writes to a device: zbud or the list from `oldest` say what should go,
 *             balance/zswap.c does it.
 * Invariants: (zswap_check) every entry is found by its slot and has its object; the pool holds
 *             nothing else; the statistics equal a recount.
 */
#ifndef BACKING_ZSWAP_H
#define BACKING_ZSWAP_H

#include "backing/compress.h"
#include "backing/zbud.h"
#include "base/hash.h"
#include "space/pte.h"
#include "stats/tunables.h"

enum zswap_pool { ZSWAP_ZBUD, ZSWAP_ZSMALLOC };

struct zswap_entry {
    swp_t slot; /* SWP_NONE: free */
    u16 memcg;  /* who pays; 0: nobody */
    u32 handle; /* 0: same-filled */
    u32 length; /* compressed; 0: same-filled */
    u64 fill;
    u32 newer, older; /* in the LRU of a zsmalloc pool; of a free one: next free */
};

struct zswap_stats { /* /sys/kernel/debug/zswap */
    u64 stored_pages, same_filled_pages, pool_limit_hit, written_back_pages;
    u64 reject_reclaim_fail, reject_alloc_fail, reject_compress_poor, duplicate_entry;
};

struct zswap {
    const struct tunables *tunables;
    const struct frames *frames;
    enum zswap_pool pool;
    bool zsmalloc_writeback; /* a zsmalloc pool can be written back: a feature of the kernel */
    struct zs_pool zs;
    struct zbud zbud;
    struct compressor comp;
    VEC(struct zswap_entry) entries; /* 0 is not used */
    u32 free_entry;
    u32 newest, oldest;
    struct u64map by_slot;
    struct zswap_stats stats;
    bool reached_full;  /* until it is below accept_threshold_percent again */
    bool shrink_wanted; /* the worker is to write something back */
    /* length bytes for one page came (pages 1) or went (-1). */
    void (*charge)(void *ctx, u16 memcg, u32 length, int pages);
    void *charge_ctx;
};

void zswap_init(struct zswap *z, const struct tunables *t, const struct compress_model *m,
                const struct cost_model *cost, struct frames *frames, struct counters *counters,
                const struct frame_source *source);
void zswap_done(struct zswap *z);

/* Keep the page instead of writing it to its slot. False: rejected, it goes to the device. allowed:
 * the group's memory.zswap.max leaves room. page NULL: no bytes, `name` says which one it is.
 * *ret_ns: CPU time, either way. */
bool zswap_store(struct zswap *z, swp_t slot, u16 memcg, bool allowed, const u8 *page, u64 name,
                 u32 *ret_ns);
/* False: not here. *ret_memcg: who pays for it. */
bool zswap_load(struct zswap *z, swp_t slot, u8 *page, u16 *ret_memcg, u32 *ret_ns);
bool zswap_has(const struct zswap *z, swp_t slot);
/* Nobody needs the slot's page any more. */
void zswap_invalidate(struct zswap *z, swp_t slot);

/* The entry could not be written back now: it is tried again last.   pre: a zsmalloc pool, an entry
 * with an object */
void zswap_make_newest(struct zswap *z, u32 id);

u64 zswap_pool_pages(const struct zswap *z);
bool zswap_is_full(const struct zswap *z);
bool zswap_can_accept(const struct zswap *z);
/* Kernel releases differ in which pools can be written back. */
bool zswap_is_evictable(const struct zswap *z);

void zswap_check(const struct zswap *z);

#endif
