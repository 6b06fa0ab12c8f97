/* pace.h - how far a machine's virtual time should be, for a time of the wall's clock.
 *
 * Never:  reads a clock: the caller says what time it is, in nanoseconds of any monotonic clock. A
 * machine that is slower than its speed asks for is not driven to catch up: what it is behind by
 * more than PACE_BEHIND_MAX of the wall's time is given up, and counted.
 */
#ifndef MOUNT_PACE_H
#define MOUNT_PACE_H

#include "base/err.h"
#include "base/types.h"

/* the machine stops to be looked at this often, in virtual time */
#define PACE_TICK       NS_PER_MS
#define PACE_BEHIND_MAX (NS_PER_S / 4)
#define PACE_SPEED_MIN  0.001
#define PACE_SPEED_MAX  1000.0

struct pace {
    double speed; /* virtual time for one of the wall's */
    bool paused;
    u64 wall_began;  /* since when the machine has gone at this speed, on the wall */
    ns_t began;      /* and in virtual time */
    ns_t step_until; /* virtual time that a step goes to, at any speed; 0: no step */
    u64 given_up;    /* virtual ns that it was behind, in all */
    u64 window_wall; /* since when the speed is measured */
    ns_t window_virtual;
    double measured; /* speed over the last window of a second; 0: none yet */
};

/* "10x", "10", "0.5x". 0, or -EINVAL with what would be right. */
int pace_parse_speed(const char *text, double *ret, struct err *e);

void pace_start(struct pace *p, double speed, u64 wall, ns_t now);
void pace_pause(struct pace *p);
/* From here on at this speed, paused or not before. */
void pace_go_on(struct pace *p, double speed, u64 wall, ns_t now);
/* So much virtual time at once; then it is paused. */
void pace_step(struct pace *p, ns_t now, ns_t by);

/* Where the machine should be, as a multiple of PACE_TICK. pre: it is at `now` */
ns_t pace_target(const struct pace *p, u64 wall, ns_t now);
/* The machine has come to `now`. True: it was too slow, and some time was given up. */
bool pace_reached(struct pace *p, u64 wall, ns_t now);

#endif
