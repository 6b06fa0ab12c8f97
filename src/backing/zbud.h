/* zbud.h - two compressed pages to a page of the machine: zswap's pool by default in 6.1.
 *
 * Mirrors:    mm/zbud.c, Linux 6.1: chunks of 64 bytes, the first buddy at the start behind a
 *             header, the last at the end; lists by free chunks; an LRU of pages, a page moves to
 *             its front when something is put into it.
 * Owns:       the frames of its pages (FRAME_KERNEL) and the bytes in them.
 * Never:      evicts by itself: zbud_oldest() says what is next.
 * Invariants: (zbud_check) each page is on the list of its free chunks and on the LRU, and holds
 *             something.
 *
 *     | header | first ........ |   free chunks   | ....... last |
 */
#ifndef BACKING_ZBUD_H
#define BACKING_ZBUD_H

#include "backing/zsmalloc.h"

#define ZBUD_CHUNK       64u
#define ZBUD_CHUNKS      63u /* NCHUNKS: a page without its header */
#define ZBUD_SIZE_MAX    (PAGE_SIZE - 2 * ZBUD_CHUNK)
#define ZBUD_HANDLE_NONE 0u

struct zbud_link {
    u32 next, prev; /* UINT32_MAX ends */
};

struct zbud_page {
    pfn_t pfn;          /* PFN_NONE: this descriptor is free */
    u8 chunks[2];       /* of first and last; 0: not there */
    bool being_evicted; /* on no list */
    struct zbud_link buddy, lru;
    u32 owner[2]; /* the user's */
};

struct zbud_list {
    u32 head, tail;
};

struct zbud {
    struct frames *frames;
    struct frame_source source;
    VEC(struct zbud_page) pages;
    u32 free_page;
    struct zbud_list unbuddied[ZBUD_CHUNKS + 1], lru; /* by free chunks; 0: buddied */
    u64 nr_pages;
};

void zbud_init(struct zbud *z, struct frames *frames, const struct frame_source *source);
void zbud_done(struct zbud *z);

/* A handle; ZBUD_HANDLE_NONE: no memory.   pre: 0 < size <= ZBUD_SIZE_MAX */
u32 zbud_alloc(struct zbud *z, u32 size, u32 owner);
void zbud_free(struct zbud *z, u32 handle);
u8 *zbud_bytes(const struct zbud *z, u32 handle); /* bytes=on */

/* Take the oldest page out for eviction; UINT32_MAX: there is none. Its objects may be freed
 * meanwhile. */
u32 zbud_evict_begin(struct zbud *z);
/* The owner of its first (0) or last (1) object. False: not there (any more). */
bool zbud_evict_owner(const struct zbud *z, u32 page, unsigned which, u32 *ret_owner);
/* True when both are gone, and the page is free; otherwise it is the youngest now. */
bool zbud_evict_end(struct zbud *z, u32 page);

void zbud_check(const struct zbud *z);

#endif
