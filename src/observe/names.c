/* names.c - the names of what a snapshot holds, as the kernel and the user know them. */
#include "observe/snapshot.h"

const char *const part_names[NR_PARTS] = {
#define PART(id, name) [PART_##id] = name,
    PARTS(PART)
#undef PART
};

const char *const meminfo_keys[NR_MEMINFO_FIELDS] = {
#define MEMINFO_FIELD(id, key, unit) [MI_##id] = key,
#include "observe/meminfo_fields.def"
#undef MEMINFO_FIELD
};
