/* thp.h - the settings of transparent huge pages, by the names of their files.
 *
 * Mirrors: mm/huge_memory.c (enabled_store, defrag_store), mm/shmem.c (shmem_enabled_store), Linux
 * 6.1. The values are those of the tunables transparent_hugepage/enabled, .../defrag and
 * .../shmem_enabled (tunables.def).
 */
#ifndef STATS_THP_H
#define STATS_THP_H

/* Where anonymous memory may be huge. */
enum thp_enabled { THP_ALWAYS, THP_MADVISE, THP_NEVER, NR_THP_ENABLED };
extern const char *const thp_enabled_name[NR_THP_ENABLED];
/* The mode of this name, or NR_THP_ENABLED. */
enum thp_enabled thp_enabled_find(const char *name);

/* How hard a fault tries for a huge page. */
enum thp_defrag {
    THP_DEFRAG_ALWAYS,        /* it reclaims and compacts at once */
    THP_DEFRAG_DEFER,         /* it wakes kswapd and kcompactd, and takes small pages */
    THP_DEFRAG_DEFER_MADVISE, /* as ALWAYS where madvise asked for huge pages, else as DEFER */
    THP_DEFRAG_MADVISE,       /* as ALWAYS where madvise asked for huge pages, else as NEVER */
    THP_DEFRAG_NEVER,         /* it takes a huge page only if one is free */
    NR_THP_DEFRAG
};
extern const char *const thp_defrag_name[NR_THP_DEFRAG];

/* Where shared memory may be huge. */
enum thp_shmem {
    THP_SHMEM_ALWAYS,
    THP_SHMEM_WITHIN_SIZE,
    THP_SHMEM_ADVISE,
    THP_SHMEM_NEVER,
    THP_SHMEM_DENY,
    THP_SHMEM_FORCE,
    NR_THP_SHMEM
};
extern const char *const thp_shmem_name[NR_THP_SHMEM];

#endif
