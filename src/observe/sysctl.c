/* sysctl.c - /proc/sys/vm: one number a file, for every tunable that has one. */
#include "observe/reading_int.h"

#include "stats/tunables.h"

#include <stdio.h>

void read_sysctl(struct reading *r)
{
    char path[128];
    int rc = -ENOENT;

    for (unsigned i = 0; i < nr_tunables; i++) {
        const char *key = tunable_info[i].key;

        /* "vm.lowmem_reserve_ratio.dma" is a part of a file of several numbers. */
        if (strncmp(key, "vm.", 3) != 0 || strchr(key + 3, '.'))
            continue;
        snprintf(path, sizeof(path), "proc/sys/vm/%s", key + 3);

        int result = reading_u64(r, path, &r->s->sysctl[i]);

        if (result == 0)
            rc = 0;
        else if (rc != 0)
            rc = result;
    }
    reading_mark(r, PART_SYSCTL_VM, rc);
}
