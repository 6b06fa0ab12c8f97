/* thp.c - names of the settings of transparent huge pages. */
#include "stats/thp.h"

#include <string.h>

const char *const thp_enabled_name[NR_THP_ENABLED] = {
    [THP_ALWAYS] = "always",
    [THP_MADVISE] = "madvise",
    [THP_NEVER] = "never",
};

const char *const thp_defrag_name[NR_THP_DEFRAG] = {
    [THP_DEFRAG_ALWAYS] = "always",
    [THP_DEFRAG_DEFER] = "defer",
    [THP_DEFRAG_DEFER_MADVISE] = "defer+madvise",
    [THP_DEFRAG_MADVISE] = "madvise",
    [THP_DEFRAG_NEVER] = "never",
};

const char *const thp_shmem_name[NR_THP_SHMEM] = {
    [THP_SHMEM_ALWAYS] = "always", [THP_SHMEM_WITHIN_SIZE] = "within_size",
    [THP_SHMEM_ADVISE] = "advise", [THP_SHMEM_NEVER] = "never",
    [THP_SHMEM_DENY] = "deny",     [THP_SHMEM_FORCE] = "force",
};

enum thp_enabled thp_enabled_find(const char *name)
{
    enum thp_enabled e = THP_ALWAYS;

    while (e < NR_THP_ENABLED && strcmp(thp_enabled_name[e], name) != 0)
        e++;
    return e;
}
