/* counters.c - the table made from counters.def, look-up by name, and units.
 *
 * Look-up is a binary search in an index sorted once, at the first call: names come from command
 * lines and from parsed files, never from the fault path.
 */
#include "stats/counters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES      4096
#define PAGES_OF_2MIB   512
#define SECTOR_BYTES    512
#define PAGES_TO_KIB(p) ((p) * (PAGE_BYTES / 1024))

#define SCOPES_GLOBAL (SCOPE_GLOBAL)
#define SCOPES_NODE   (SCOPE_GLOBAL | SCOPE_NODE)
#define SCOPES_ZONE   (SCOPE_GLOBAL | SCOPE_NODE | SCOPE_ZONE)
#define SCOPES_LRUVEC (SCOPE_GLOBAL | SCOPE_NODE | SCOPE_CGROUP)
#define SCOPES_SHARED (SCOPE_GLOBAL | SCOPE_CGROUP)
#define SCOPES_CGROUP (SCOPE_CGROUP)

const struct counter_info counter_info[NR_COUNTERS] = {
#define COUNTER(id, name, kind, stored, shown, scopes, doc) \
    [id] = {name, COUNTER_##kind, UNIT_##stored, UNIT_##shown, SCOPES_##scopes, doc},
#include "stats/counters.def"
#undef COUNTER
};

static u16 by_name[NR_COUNTERS];
static pthread_once_t sorted = PTHREAD_ONCE_INIT; /* several machines, several threads */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(counter_info[*(const u16 *)a].name, counter_info[*(const u16 *)b].name);
}

static int compare_name(const void *name, const void *id)
{
    return strcmp(name, counter_info[*(const u16 *)id].name);
}

static void sort_names(void)
{
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        by_name[i] = (u16)i;
    qsort(by_name, NR_COUNTERS, sizeof(by_name[0]), compare_ids);
}

enum counter counter_find(const char *name)
{
    pthread_once(&sorted, sort_names);

    const u16 *id = bsearch(name, by_name, NR_COUNTERS, sizeof(by_name[0]), compare_name);

    return id ? (enum counter) * id : NR_COUNTERS;
}

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
