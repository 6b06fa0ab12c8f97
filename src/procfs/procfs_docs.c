/* procfs_docs.c - the doc columns of the tables. */
#include "procfs/procfs_docs.h"

#include "base/types.h"

#define MEMINFO_UNIT_KIB   "KiB"
#define MEMINFO_UNIT_COUNT ""
#define CGROUP_WHERE_ALL   "every cgroup directory"
#define CGROUP_WHERE_BELOW "every cgroup directory but the root's"

const struct procfs_doc meminfo_docs[] = {
#define MEMINFO(key, unit, value, doc)               {key, MEMINFO_UNIT_##unit, doc},
#define MEMINFO_WITH(feature, key, unit, value, doc) {key, MEMINFO_UNIT_##unit, doc},
#include "procfs/meminfo.def"
#undef MEMINFO
#undef MEMINFO_WITH
};
const unsigned nr_meminfo_docs = ARRAY_SIZE(meminfo_docs);

const struct procfs_doc cgroup_file_docs[] = {
#define CGROUP_FILE(id, name, where, doc) {name, CGROUP_WHERE_##where, doc},
#define CGROUP_FILE_ZSWAP                 CGROUP_FILE
#define CGROUP_FILE_HUGETLB               CGROUP_FILE
#define CGROUP_FILE_SWAP_PEAK             CGROUP_FILE
#define CGROUP_FILE_CPUSET                CGROUP_FILE
#include "procfs/cgroup_files.def"
#undef CGROUP_FILE
#undef CGROUP_FILE_ZSWAP
#undef CGROUP_FILE_HUGETLB
#undef CGROUP_FILE_SWAP_PEAK
#undef CGROUP_FILE_CPUSET
};
const unsigned nr_cgroup_file_docs = ARRAY_SIZE(cgroup_file_docs);
