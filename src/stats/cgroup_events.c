/* cgroup_events.c - the table made from cgroup_events.def. */
#include "stats/cgroup_events.h"

#include <string.h>

const struct cgroup_event_info cgroup_event_info[NR_CGROUP_EVENTS] = {
#define CGROUP_EVENT(id, file, key, doc) [EV_##id] = {file, key},
#include "stats/cgroup_events.def"
#undef CGROUP_EVENT
};

bool cgroup_event_in(unsigned event, const char *file)
{
    return strcmp(cgroup_event_info[event].file, file) == 0;
}
