/* migrate.h - move pages to other frames, whatever maps or caches them.
 *
 * Mirrors:  mm/migrate.c (migrate_pages, move_to_new_folio, folio_migrate_mapping, folio_migrate_flags), Linux 6.1.
 * Differs:  no migration entries. Nothing runs between the unmapping of the old page and the mapping of the new one, so nobody could
 *           see them: every entry changes from the old frame to the new one in place, with all its bits.
 *           A page that is locked or under writeback is not waited for in any mode; Linux's MIGRATE_SYNC (a write to
 *           compact_memory) waits for writeback, and kcompactd for the lock.
 * Keeps:    the page's group (nothing is charged), its dirty, referenced, active, workingset, exclusive and mlock state, its
 *           buffer heads, its place in the page cache or swap cache. It becomes the newest of its list, as in Linux.
 * Never:    waits, allocates: the caller says where pages go.
 * Counters: pgmigrate_success, pgmigrate_fail.
 */
#ifndef COMPACT_MIGRATE_H
#define COMPACT_MIGRATE_H

#include "reclaim/mem.h"

enum migrate_mode { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT, MIGRATE_SYNC };

/* Where pages go. take() returns a frame in use that is nobody's, or PFN_NONE; it is asked only for a page that can move. */
struct migrate_target {
    pfn_t (*take)(void *ctx, pfn_t from);
    void *ctx;
};

struct migrate_result {
    u32 migrated, failed; /* pages */
    bool no_target;       /* take() had nothing: what was left did not move (-ENOMEM) */
};

/* Take a page off its LRU list, evictable or not. False when it is on none: then it cannot be moved now. */
bool migrate_isolate(struct mem *mem, pfn_t pfn);
/* Put isolated pages back on their lists, as the newest. */
void migrate_putback(struct mem *mem, const pfn_t *pfns, u32 nr);

/* May a dirty page be moved as it is? Not where the file system has no way to (ramfs). */
bool migrate_dirty_is_allowed(const struct mem *mem, pfn_t pfn);

/* Move isolated pages. Those that cannot be are put back. */
struct migrate_result migrate_pages(struct mem *mem, const pfn_t *pfns, u32 nr,
                                    const struct migrate_target *target);

#endif
