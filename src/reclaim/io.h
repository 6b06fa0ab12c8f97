/* io.h - page I/O in flight: who is locked or under writeback, until when.
 *
 * Mirrors: mm/page_io.c, fs/mpage.c, end_page_writeback(). Completion is an event on the clock. */
#ifndef RECLAIM_IO_H
#define RECLAIM_IO_H

#include "reclaim/mem.h"

/* Read nr consecutive pages of the inode, present and PG_LOCKED in its cache from `index` on.
 * Completion unlocks them and makes them PG_UPTODATE (or PG_ERROR). On a synchronous device this is
 * done at once. */
void io_read_file(struct mem *mem, struct inode *inode, u64 index, u32 nr);
/* Write nr consecutive dirty pages of the inode; they become PG_WRITEBACK and clean. Returns when
 * it will be done. */
ns_t io_write_file(struct mem *mem, struct inode *inode, u64 index, u32 nr);
/* Swap in / out one page of the swap cache (PG_LOCKED for in; PG_WRITEBACK for out unless the
 * device is synchronous). */
void io_read_swap(struct mem *mem, pfn_t pfn, swp_t e);
void io_write_swap(struct mem *mem, pfn_t pfn, swp_t e);
/* The same past zswap: to the device. */
void io_write_slot(struct mem *mem, pfn_t pfn, swp_t e);
/* Between these two (they nest), pages of swap are not read and written yet: a window of readahead
 * starts as one, after its last page was got; neighbouring slots become one request. Plugged
 * requests are started before they are many. */
void io_plug(struct mem *mem);
void io_unplug(struct mem *mem);
/* When a request that is submitted now reaches its device: when the CPU has done what comes before
 * it. */
ns_t io_device_time(const struct mem *mem);
/* Did a page that was to be written to swap find all requests taken that writes may have (the block
 * layer's writeback throttling), and are they still? Reclaim sleeps then; *ret_until: when one is
 * free. */
bool io_swap_blocked(struct mem *mem, bool kswapd, ns_t *ret_until);
void io_init(struct mem *mem);
void io_done(struct mem *mem);
/* When the I/O on this frame completes; now when there is none. */
ns_t io_done_at(const struct mem *mem, pfn_t pfn);
/* When the next write in flight completes, NS_NEVER when there is none: what throttled reclaim and
 * writers wait for. */
ns_t io_next_write(const struct mem *mem);
/* Some device has as many writes of pages in flight as the block layer's queue takes (nr_requests):
 * reclaim would sleep. */
#define IO_WRITES_MAX 256u
bool io_write_queue_full(const struct mem *mem);
/* Writes of pages in flight on this device, and when the first of them completes (NS_NEVER: there
 * is none). */
u64 io_count_writes(const struct mem *mem, const struct device *d, ns_t *ret_next);
/* Inside a long operation: complete I/O that is due by the CPU time it has used. pre: no isolated
 * page is held. */
void io_let_time_pass(struct mem *mem);

#endif
