/* live_watch.h - a command of the user's that says whether a service is well, run again and again
 * beside everything else.
 *
 * Well:  it exits with 0 within 10 s. When the first word that it prints is a number, that is its
 *        latency, or whatever is worse when it is larger.
 */
#ifndef CLI_LIVE_WATCH_H
#define CLI_LIVE_WATCH_H

#include "squeeze/squeeze.h"

#include <sys/types.h>

struct live_watch {
    const char *command; /* NULL: none, and the service counts as well */
    pid_t pid;
    int fd;
    ns_t started;
    char said[64];
    size_t len;
    struct squeeze_health health;
};

/* Take what the command said, and start it again when it has ended. now: of the host's clock,
 * monotonic. wait: until it has ended. */
void live_watch_poll(struct live_watch *w, ns_t now, bool wait);
void live_watch_end(struct live_watch *w);

#endif
