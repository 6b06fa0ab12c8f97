/* profile.c - the lists of each kernel release.
 *
 * 6.1 is the cloud kernel of Debian 12 (6.1.0-cloud-amd64): NUMA, transparent huge pages, compaction, balloon, KSM and
 * zone Device; no zswap, no contiguous memory areas. A release that adds a line gets a list of its own; nothing is derived from another
 * release's list, since the kernel both adds and reorders.
 */
#include "stats/profile.h"

#include <string.h>

/* clang-format off */
#define VMSTAT_6_1_FIRST \
    NR_FREE_PAGES, NR_ZONE_INACTIVE_ANON, NR_ZONE_ACTIVE_ANON, NR_ZONE_INACTIVE_FILE, \
    NR_ZONE_ACTIVE_FILE, NR_ZONE_UNEVICTABLE, NR_ZONE_WRITE_PENDING, NR_MLOCK, NR_BOUNCE, \
    NR_ZSPAGES, NR_FREE_CMA, NUMA_HIT, NUMA_MISS, NUMA_FOREIGN, NUMA_INTERLEAVE, NUMA_LOCAL, \
    NUMA_OTHER, NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE, \
    NR_UNEVICTABLE, NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE, NR_ISOLATED_ANON, \
    NR_ISOLATED_FILE, WORKINGSET_NODES, WORKINGSET_REFAULT_ANON, WORKINGSET_REFAULT_FILE, \
    WORKINGSET_ACTIVATE_ANON, WORKINGSET_ACTIVATE_FILE, WORKINGSET_RESTORE_ANON, \
    WORKINGSET_RESTORE_FILE, WORKINGSET_NODERECLAIM, NR_ANON_PAGES, NR_MAPPED, NR_FILE_PAGES, \
    NR_DIRTY, NR_WRITEBACK, NR_WRITEBACK_TEMP, NR_SHMEM, NR_SHMEM_HUGEPAGES, NR_SHMEM_PMDMAPPED, \
    NR_FILE_HUGEPAGES, NR_FILE_PMDMAPPED, NR_ANON_TRANSPARENT_HUGEPAGES, NR_VMSCAN_WRITE, \
    NR_VMSCAN_IMMEDIATE_RECLAIM, NR_DIRTIED, NR_WRITTEN, NR_THROTTLED_WRITTEN, \
    NR_KERNEL_MISC_RECLAIMABLE, NR_FOLL_PIN_ACQUIRED, NR_FOLL_PIN_RELEASED, NR_KERNEL_STACK, \
    NR_PAGE_TABLE_PAGES, NR_SEC_PAGE_TABLE_PAGES, NR_SWAPCACHED, PGPROMOTE_SUCCESS, \
    PGPROMOTE_CANDIDATE, NR_DIRTY_THRESHOLD, NR_DIRTY_BACKGROUND_THRESHOLD, PGPGIN, PGPGOUT, \
    PSWPIN, PSWPOUT, PGALLOC_DMA, PGALLOC_DMA32, PGALLOC_NORMAL, PGALLOC_MOVABLE, \
    PGALLOC_DEVICE, ALLOCSTALL_DMA, ALLOCSTALL_DMA32, ALLOCSTALL_NORMAL, ALLOCSTALL_MOVABLE, \
    ALLOCSTALL_DEVICE, PGSKIP_DMA, PGSKIP_DMA32, PGSKIP_NORMAL, PGSKIP_MOVABLE, PGSKIP_DEVICE, \
    PGFREE, PGACTIVATE, PGDEACTIVATE, PGLAZYFREE, PGFAULT, PGMAJFAULT, PGLAZYFREED, PGREFILL, \
    PGREUSE, PGSTEAL_KSWAPD, PGSTEAL_DIRECT, PGDEMOTE_KSWAPD, PGDEMOTE_DIRECT, PGSCAN_KSWAPD, \
    PGSCAN_DIRECT, PGSCAN_DIRECT_THROTTLE, PGSCAN_ANON, PGSCAN_FILE, PGSTEAL_ANON, PGSTEAL_FILE, \
    ZONE_RECLAIM_FAILED, PGINODESTEAL, SLABS_SCANNED, KSWAPD_INODESTEAL, \
    KSWAPD_LOW_WMARK_HIT_QUICKLY, KSWAPD_HIGH_WMARK_HIT_QUICKLY, PAGEOUTRUN, PGROTATED, \
    DROP_PAGECACHE, DROP_SLAB, OOM_KILL, NUMA_PTE_UPDATES, NUMA_HUGE_PTE_UPDATES, \
    NUMA_HINT_FAULTS, NUMA_HINT_FAULTS_LOCAL, NUMA_PAGES_MIGRATED, PGMIGRATE_SUCCESS, \
    PGMIGRATE_FAIL, THP_MIGRATION_SUCCESS, THP_MIGRATION_FAIL, THP_MIGRATION_SPLIT, \
    COMPACT_MIGRATE_SCANNED, COMPACT_FREE_SCANNED, COMPACT_ISOLATED, COMPACT_STALL, \
    COMPACT_FAIL, COMPACT_SUCCESS, COMPACT_DAEMON_WAKE, COMPACT_DAEMON_MIGRATE_SCANNED, \
    COMPACT_DAEMON_FREE_SCANNED, HTLB_BUDDY_ALLOC_SUCCESS, HTLB_BUDDY_ALLOC_FAIL, \
    UNEVICTABLE_PGS_CULLED, UNEVICTABLE_PGS_SCANNED, UNEVICTABLE_PGS_RESCUED, \
    UNEVICTABLE_PGS_MLOCKED, UNEVICTABLE_PGS_MUNLOCKED, UNEVICTABLE_PGS_CLEARED, \
    UNEVICTABLE_PGS_STRANDED, THP_FAULT_ALLOC, THP_FAULT_FALLBACK, THP_FAULT_FALLBACK_CHARGE, \
    THP_COLLAPSE_ALLOC, THP_COLLAPSE_ALLOC_FAILED, THP_FILE_ALLOC, THP_FILE_FALLBACK, \
    THP_FILE_FALLBACK_CHARGE, THP_FILE_MAPPED, THP_SPLIT_PAGE, THP_SPLIT_PAGE_FAILED, \
    THP_DEFERRED_SPLIT_PAGE, THP_SPLIT_PMD, THP_SCAN_EXCEED_NONE_PTE, THP_SCAN_EXCEED_SWAP_PTE, \
    THP_SCAN_EXCEED_SHARE_PTE, THP_SPLIT_PUD, THP_ZERO_PAGE_ALLOC, THP_ZERO_PAGE_ALLOC_FAILED, \
    THP_SWPOUT, THP_SWPOUT_FALLBACK, BALLOON_INFLATE, BALLOON_DEFLATE, BALLOON_MIGRATE, SWAP_RA, \
    SWAP_RA_HIT, KSM_SWPIN_COPY, COW_KSM
#define VMSTAT_6_1_LAST \
    DIRECT_MAP_LEVEL2_SPLITS, DIRECT_MAP_LEVEL3_SPLITS, NR_UNSTABLE
static const enum counter vmstat_6_1[] = {VMSTAT_6_1_FIRST, VMSTAT_6_1_LAST};
static const enum counter vmstat_6_1_zswap[] = {VMSTAT_6_1_FIRST, ZSWPIN, ZSWPOUT, VMSTAT_6_1_LAST};
/* clang-format on */

#define MEMORY_STAT(name, counter, plus, doc) {name, counter, plus, doc},
static const struct memory_stat_line memory_stat_6_1[] = {
#define MEMORY_STAT_ZSWAP(name, counter, plus, doc)
#include "stats/memory_stat.def"
#undef MEMORY_STAT_ZSWAP
};
static const struct memory_stat_line memory_stat_6_1_zswap[] = {
#include "stats/memory_stat.def"
};
#undef MEMORY_STAT

static const struct kernel_profile profile_6_1_zswap = {
    .name = "6.1",
    .release = "6.1.0-highwater",
    .vmstat = vmstat_6_1_zswap,
    .nr_vmstat = ARRAY_SIZE(vmstat_6_1_zswap),
    .memory_stat = memory_stat_6_1_zswap,
    .nr_memory_stat = ARRAY_SIZE(memory_stat_6_1_zswap),
};

const struct kernel_profile kernel_profiles[] = {
    {
        .name = "6.1",
        .release = "6.1.0-highwater",
        .vmstat = vmstat_6_1,
        .nr_vmstat = ARRAY_SIZE(vmstat_6_1),
        .memory_stat = memory_stat_6_1,
        .nr_memory_stat = ARRAY_SIZE(memory_stat_6_1),
        .with_zswap = &profile_6_1_zswap,
    },
};
const unsigned nr_kernel_profiles = ARRAY_SIZE(kernel_profiles);

const struct kernel_profile *kernel_profile_find(const char *name)
{
    for (unsigned i = 0; i < nr_kernel_profiles; i++) {
        if (strcmp(kernel_profiles[i].name, name) == 0)
            return &kernel_profiles[i];
    }
    return NULL;
}

#define PAGE_BYTES      4096
#define PAGES_OF_2MIB   512
#define SECTOR_BYTES    512
#define PAGES_TO_KIB(p) ((p) * (PAGE_BYTES / 1024))

s64 counter_shown(enum counter id, s64 stored)
{
    const struct counter_info *info = &counter_info[id];

    if (info->stored == info->shown)
        return stored;
    switch (info->stored) {
    case UNIT_BYTES:
        return stored / (info->shown == UNIT_PAGES ? PAGE_BYTES : 1024);
    case UNIT_SECTORS:
        return stored / (1024 / SECTOR_BYTES);
    case UNIT_PAGES:
        return info->shown == UNIT_BYTES   ? stored * PAGE_BYTES
               : info->shown == UNIT_COUNT ? stored / PAGES_OF_2MIB
                                           : PAGES_TO_KIB(stored);
    case UNIT_COUNT:
    case UNIT_KIB:
    case UNIT_NS:
    case UNIT_US:
        break;
    }
    hw_unreachable();
}

s64 counter_memory_stat(enum counter id, s64 stored)
{
    const struct counter_info *info = &counter_info[id];

    if (info->kind == COUNTER_EVENT)
        return stored;
    switch (info->stored) {
    case UNIT_PAGES:
        return stored * PAGE_BYTES;
    case UNIT_KIB:
        return stored * 1024;
    case UNIT_BYTES:
    case UNIT_COUNT:
        return stored;
    case UNIT_SECTORS:
    case UNIT_NS:
    case UNIT_US:
        break;
    }
    hw_unreachable();
}

const char *counter_unit_name(enum counter_unit unit)
{
    switch (unit) {
    case UNIT_COUNT:
        return "";
    case UNIT_PAGES:
        return "pages";
    case UNIT_BYTES:
        return "bytes";
    case UNIT_KIB:
        return "KiB";
    case UNIT_SECTORS:
        return "sectors";
    case UNIT_NS:
        return "ns";
    case UNIT_US:
        return "us";
    }
    hw_unreachable();
}
