/* migrate.h - move pages to other frames, whatever maps or caches them: within a node or to
 * another, one page or a huge one.
 *
 *     isolate (off its list) -> take a frame -> move -> the old frame is free
 *            `- cannot move now, or no frame: put back
 *
 * Mirrors:  mm/migrate.c (migrate_pages, move_to_new_folio, folio_migrate_mapping,
 *           folio_migrate_flags, migrate_misplaced_page), Linux 6.1.
 * Differs:  no migration entries. Nothing runs between the unmapping of the old page and the
 *           mapping of the new one, so nobody could see them: every entry changes from the old
 *           frame to the new one in place, with all its bits. A page that is locked or under
 *           writeback is not waited for in any mode; Linux's MIGRATE_SYNC (a write to
 *           compact_memory) waits for writeback, and kcompactd for the lock.
 * Keeps:    the page's group (nothing is charged), its dirty, referenced, active, workingset,
 *           exclusive and mlock state, its buffer heads, its place in the page cache or swap cache.
 *           It becomes the newest of its list, as in Linux. A huge page of which a part is unmapped
 *           leaves the queue of those to be split, as in Linux before 6.9.
 * Never:    waits, reclaims: the caller says where pages go. With reclaim for the target:
 *           balance_migrate().
 * Counters: pgmigrate_success, pgmigrate_fail, thp_migration_success, thp_migration_fail,
 *           thp_migration_split; those that nodes keep follow the page.
 * Use:      lru_add_drain_all(mem);
 *           err = migrate_folio_to(mem, pfn, nid, MR_NUMA_MISPLACED);
 */
#ifndef COMPACT_MIGRATE_H
#define COMPACT_MIGRATE_H

#include "reclaim/mem.h"

enum migrate_mode { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT, MIGRATE_SYNC };

/* What pages are moved for. */
enum migrate_reason {
    MR_COMPACTION,
    MR_SYSCALL,        /* move_pages, migrate_pages */
    MR_MEMPOLICY,      /* mbind */
    MR_NUMA_MISPLACED, /* balancing: a huge page that finds no room stays whole */
    MR_DEMOTION,
    MR_LONGTERM_PIN, /* out of ZONE_MOVABLE */
};

/* Where pages go. take() returns a frame in use that is nobody's, or PFN_NONE; for a huge page, a
 * folio of as many pages. It is asked only for a page that can move. */
struct migrate_target {
    pfn_t (*take)(void *ctx, pfn_t from);
    void *ctx;
};

struct migrate_result {
    u32 migrated, failed; /* pages */
    int err;              /* of the last page that failed: -EAGAIN, -EBUSY, -ENOMEM; 0: all moved */
    bool no_target;       /* take() had nothing: what was left did not move (-ENOMEM) */
};

/* Take a page off its LRU list, evictable or not. False when it is on none: then it cannot be moved
 * now. */
bool migrate_isolate(struct mem *mem, pfn_t pfn);
/* Put isolated pages back on their lists, as the newest. */
void migrate_putback(struct mem *mem, const pfn_t *pfns, u32 nr);

/* May a dirty page be moved as it is? Not where the file system has no way to (ramfs). */
bool migrate_dirty_is_allowed(const struct mem *mem, pfn_t pfn);

/* Can an isolated page move now? 0, -EAGAIN or -EBUSY, as of migrate_folio_to(). */
int migrate_check_movable(const struct mem *mem, pfn_t pfn);

/* Move isolated pages. Those that cannot be are put back. A huge page for which there is no frame
 * is split, unless it is moved for MR_NUMA_MISPLACED, and its pages move one by one. */
struct migrate_result migrate_pages(struct mem *mem, const pfn_t *pfns, u32 nr,
                                    const struct migrate_target *target,
                                    enum migrate_reason reason);

/* Move the folio that pfn, the frame that an entry or a cache names (pte_pfn(*slot), not a page
 * inside a huge leaf), is part of to node nid, where it takes what is free down to the min
 * watermark. 0, also when it is there already; or, and it stays where it is:
 *   -EAGAIN   locked or under writeback: later, perhaps
 *   -EBUSY    pinned; on no LRU list (a CPU's batch has it: lru_add_drain_all()), or its file
 *             system cannot move a dirty page
 *   -ENOMEM   the node has no free page, or no free huge page, or balancing asks and the task's
 *             cpuset has not got it; of one that was split meanwhile, some pages may have moved
 *   pre: pfn is in use by users: mapped, or in a cache */
int migrate_folio_to(struct mem *mem, pfn_t pfn, unsigned nid, enum migrate_reason reason);

/* A frame or folio for migrate_target.take(): on nodes.mask alone, by flags of enum alloc_flag, of
 * as many pages as `from`. Give ALLOC_MOVABLE unless it may never move again. */
pfn_t migrate_take_frame(struct mem *mem, struct alloc_nodes nodes, u32 alloc_flags, pfn_t from);

#endif
