/* note.h - the file that says which memory.high a group had, for as long as it is squeezed: what a
 * restore goes by when nobody is left.
 *
 *     highwater-live 1
 *     pid 4711 881234          who squeezes, and when it started (field 22 of /proc/PID/stat)
 *     inode 4242               of the group's directory: another group of that name is left alone
 *     memory.high max
 *     group /sys/fs/cgroup/system.slice/web.service
 *
 * The group stands last: its name may hold anything but a newline.
 */
#ifndef SQUEEZE_NOTE_H
#define SQUEEZE_NOTE_H

#include "squeeze/sample.h"

#include <limits.h>

struct squeeze_note {
    u64 pid, started, inode;
    u64 high_bytes; /* SQUEEZE_NONE: max */
    char group[PATH_MAX];
};

void squeeze_note_render(const struct squeeze_note *n, struct strbuf *out);
/* 0, or -EINVAL with what would be right. */
int squeeze_note_parse(const char *text, struct squeeze_note *ret, struct err *e);

#endif
