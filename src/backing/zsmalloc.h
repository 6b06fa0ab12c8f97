/* zsmalloc.h - objects smaller than a page, packed into pages of the machine by size.
 *
 * Mirrors:    mm/zsmalloc.c, Linux 6.1: size classes 16 bytes apart, merged where they cut pages
 *             alike; zspages of 1 to 4 pages; compaction.
 * Differs:    the kernel's own descriptors (zspage, handle) take no memory.
 * Owns:       the frames of its zspages (FRAME_KERNEL) and the bytes in them.
 * Never:      decides how hard to try for a frame: its source does that.
 * Invariants: (zs_check) a zspage's objects in use equal the handles that lead there; none is
 *             empty; classes, pages and NR_ZSPAGES equal a recount.
 * Counters:   NR_ZSPAGES.
 *
 *     zspage of class 3264:   | page     | page     | page     | page     |
 *                             | obj 0   | obj 1   | obj 2   | obj 3   | obj 4  |.|
 */
#ifndef BACKING_ZSMALLOC_H
#define BACKING_ZSMALLOC_H

#include "base/vec.h"
#include "frames/frames.h"

#define ZS_MAX_PAGES    4u
#define ZS_MIN_SIZE     32u
#define ZS_CLASS_DELTA  16u
#define ZS_HANDLE_BYTES 8u /* before each object, except in a page of its own */
#define ZS_CLASSES      255u
#define ZS_HANDLE_NONE  0u

struct frame_source { /* where a pool's frames come from; PFN_NONE: none to be had */
    void *ctx;
    pfn_t (*take)(void *ctx);
    void (*give)(void *ctx, pfn_t pfn);
};

enum zs_fullness { ZS_ALMOST_EMPTY, ZS_ALMOST_FULL, ZS_FULL, NR_ZS_FULLNESS };

struct zspage {
    u32 next, prev; /* in its list, or free */
    pfn_t pfn[ZS_MAX_PAGES];
    u32 *objs; /* handle of an object in use, next free one of a free one */
    u16 inuse, first_free;
    u8 class_id, fullness;
};

struct zs_class {
    u32 size, pages, objs; /* of an object; of a zspage */
    u32 head[NR_ZS_FULLNESS], nr[NR_ZS_FULLNESS];
    u64 allocated, used; /* objects there is room for, and in use */
};

struct zs_handle {
    u32 zspage; /* of a free one: the next free */
    u32 obj;    /* ZS_OBJ_FREE */
};

struct zs_pool {
    struct frames *frames;
    struct counters *counters;
    struct frame_source source;
    struct zs_class classes[ZS_CLASSES]; /* only those that class_of names are used */
    u8 class_of[ZS_CLASSES];
    u32 huge_size; /* objects from here on take a page each */
    VEC(struct zspage) zspages;
    VEC(struct zs_handle) handles;
    u32 free_zspage, free_handle;
    u64 pages, pages_compacted;
    u64 nr_deferred; /* the shrinker's */
};

void zs_init(struct zs_pool *z, struct frames *frames, struct counters *counters,
             const struct frame_source *source);
/* Frames stay as they are. */
void zs_done(struct zs_pool *z);

/* Room for so many bytes, or ZS_HANDLE_NONE: no memory.   pre: 0 < size <= PAGE_SIZE */
u32 zs_malloc(struct zs_pool *z, u32 size);
void zs_free(struct zs_pool *z, u32 handle);
/* bytes=on. */
void zs_write(struct zs_pool *z, u32 handle, const u8 *from, u32 size);
void zs_read(const struct zs_pool *z, u32 handle, u8 *to, u32 size);

/* Pages that compaction could free now, and free them. */
u64 zs_count_compactable(const struct zs_pool *z);
u64 zs_compact(struct zs_pool *z);

void zs_check(const struct zs_pool *z);

#endif
