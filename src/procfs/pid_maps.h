/* pid_maps.h - one line of /proc/PID/maps, which smaps has as well. */
#ifndef PROCFS_PID_MAPS_H
#define PROCFS_PID_MAPS_H

#include "base/strbuf.h"
#include "system/system.h"

struct maps_line {
    vaddr_t start, end;
    u32 flags; /* VM_READ ... */
    u64 offset;
    unsigned major, minor;
    u64 ino;
    const char *name;   /* "" for none */
    const char *suffix; /* after the name: " (deleted)" or "" */
};

bool maps_is_heap(const struct vma *v);
bool maps_is_stack(const struct vma *v);
/* The line of one mapping. */
void maps_render_vma(const struct system *s, const struct vma *v, struct strbuf *out);
void maps_render_line(const struct maps_line *l, struct strbuf *out);

#endif
