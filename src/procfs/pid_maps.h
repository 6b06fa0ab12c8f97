/* pid_maps.h - one line of /proc/PID/maps, which smaps_rollup begins with as well. */
#ifndef PROCFS_PID_MAPS_H
#define PROCFS_PID_MAPS_H

#include "base/strbuf.h"
#include "space/space.h"

struct maps_line {
    vaddr_t start, end;
    u32 flags; /* VM_READ ... */
    u64 offset;
    unsigned major, minor;
    u64 ino;
    const char *name;   /* "" for none */
    const char *suffix; /* after the name: " (deleted)" or "" */
};

void maps_render_line(const struct maps_line *l, struct strbuf *out);

#endif
