/* live_guard.h - memory.high of a group is written back, whatever becomes of the process that
 * squeezes it.
 *
 * The guardian is a child with nothing but the group's directory and one end of a socket. It is
 * told of each memory.high before that is written. When the other end is gone without a word of
 * farewell, it writes the first memory.high back, if the one that stands there is one it was told
 * of. When both are killed, a note (squeeze/note.h) in /run/highwater says what to write: highwater
 * live --restore.
 */
#ifndef CLI_LIVE_GUARD_H
#define CLI_LIVE_GUARD_H

#include "cli/live_place.h"

#include <sys/types.h>

struct live_guard {
    int socket;
    pid_t pid;
    char note[PATH_MAX];
};

/* The folder of notes: state_dir, or if that is NULL /run/highwater for root, a folder of the
 * user's else. */
const char *live_guard_folder(const char *state_dir, char buf[PATH_MAX]);

/* The group is ours to size until p is closed. -EBUSY, with the reason: somebody sizes it already,
 * or its memory.high is still to be restored. */
int live_guard_claim(const struct live_place *p, const char *state_dir, struct err *e);
/* The guardian runs and the note is written, or a negative errno with the reason. */
int live_guard_start(struct live_guard *g, const struct live_place *p, u64 high_bytes,
                     const char *state_dir, struct err *e);
/* 0, or -EOWNERDEAD when the guardian is gone, so that nothing must be written. */
int live_guard_tell(struct live_guard *g, u64 high_bytes);
bool live_guard_lives(struct live_guard *g);
/* Once a second or so: a guardian that hears nothing for 12 s gives back, as if we were gone. */
void live_guard_greet(struct live_guard *g);
/* Farewell. The note goes if memory.high is as it was. */
void live_guard_end(struct live_guard *g, bool restored);

/* Restore by all notes of the folder, or by that of one group (NULL: all). What was done is
 * appended to `out`, a line for each. The number of those that could not be restored, or a negative
 * errno. */
int live_guard_restore(const char *state_dir, const char *root, const char *group,
                       struct strbuf *out, struct err *e);

#endif
