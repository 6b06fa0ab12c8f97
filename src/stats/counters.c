/* counters.c - the table made from counters.def, and look-up by name.
 *
 * Look-up is a binary search in an index sorted once, at the first call: names come from command lines and from parsed
 * files, never from the fault path.
 */
#include "stats/counters.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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
