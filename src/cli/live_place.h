/* live_place.h - one group of cgroup v2 on this machine, or on a mounted one of ours, as the
 * controller of squeeze/ asks for it.
 *
 * Time:  the host's monotonic clock; on a mounted machine (highwater/time is there) the machine's
 *        own, which a wait moves on by highwater/step where the machine stands still. So a paused
 *        machine gives the same answer each time, as fast as it can.
 */
#ifndef CLI_LIVE_PLACE_H
#define CLI_LIVE_PLACE_H

#include "squeeze/ground.h"

#include <limits.h>

struct live_guard;

struct live_place {
    char root[PATH_MAX];  /* "" for "/" */
    char dir[PATH_MAX];   /* of the group, with symbolic links resolved */
    char group[PATH_MAX]; /* below the root of cgroups: "/web.service" */
    char clock[PATH_MAX]; /* folder of a mounted machine's clock; "" : the host's */
    unsigned depth;       /* groups between it and the root */
    int fd;
    struct live_guard *guard; /* told of each memory.high before it is written; NULL: nobody is */
    u64 high_bytes;           /* which it need not be told of */
};

/* name: a path below the root of cgroups, with or without it, or the name of a unit of the system.
 * root: "/" or where a machine is mounted. 0, or a negative errno with what would be right. */
int live_place_open(struct live_place *p, const char *root, const char *name, struct err *e);
void live_place_close(struct live_place *p);

struct squeeze_host live_place_host(struct live_place *p);

/* Until *stop is set, or so much time of that place has gone by. */
void live_place_wait(struct live_place *p, ns_t ns, const volatile int *stop);

/* The text of a file of its machine; "" when there is none. At most `size` bytes with the end. */
void live_place_text(const struct live_place *p, const char *path, char *buf, size_t size);

#endif
