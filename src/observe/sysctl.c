/* sysctl.c - /proc/sys/vm and its like: one number a file, for every tunable that has one. */
#include "observe/reading_int.h"

#include "stats/tunables.h"

#include <stdio.h>

/* "true" or "false". */
static void read_demotion(struct reading *r)
{
    const struct tunable_info *info = tunable_find("numa/demotion_enabled");
    struct span text;

    if (reading_file(r, "sys/kernel/mm/numa/demotion_enabled", FILE_MAX_SMALL, &text) == 0)
        r->s->sysctl[info - tunable_info] = span_take(&text, "true") || span_take(&text, "1");
}

void read_sysctl(struct reading *r)
{
    char path[128];
    int rc = -ENOENT;

    for (unsigned i = 0; i < nr_tunables; i++) {
        if (!tunable_file(&tunable_info[i], path, sizeof(path)))
            continue;

        int result = reading_u64(r, path, &r->s->sysctl[i]);

        if (result == 0)
            rc = 0;
        else if (rc != 0)
            rc = result;
    }
    read_demotion(r);
    reading_mark(r, PART_SYSCTL_VM, rc);
}
