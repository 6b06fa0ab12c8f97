/* mark.h - named moments of a recording, told from outside: `highwater mark NAME`.
 *
 * The recorder listens on an abstract socket of the name "highwater-record-PID": nothing is left on
 * disk. Only its own user and root are heard. A mark is answered when it is in the recording.
 */
#ifndef RECORD_MARK_H
#define RECORD_MARK_H

#include "base/err.h"
#include "base/types.h"

#include <sys/types.h>

#define MARK_NAME_MAX 128

/* Returns a descriptor, or -errno. */
int mark_listen(void);

/* The next mark, if one was sent, for `written` to write; then its sender is answered. */
bool mark_take(int fd, void (*written)(const char *name, void *data), void *data);

/* Set a mark in the recording of `pid`; 0: in the only one that runs.
 *   -ENOENT no recording runs; -EBUSY several do, e names them; -ETIMEDOUT no answer */
int mark_send(pid_t pid, const char *name, struct err *e);

#endif
