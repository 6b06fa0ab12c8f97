/* pace.c - virtual time is a straight line over the wall's, from where the speed was set last. */
#include "mount/pace.h"

#include "base/units.h"
#include "machine/clock.h"

#include <stdio.h>
#include <string.h>

#define WINDOW NS_PER_S

int pace_parse_speed(const char *text, double *ret, struct err *e)
{
    char number[32];
    size_t len = strlen(text);
    double speed;

    if (len && text[len - 1] == 'x')
        len--;
    snprintf(number, sizeof(number), "%.*s", (int)MIN(len, sizeof(number) - 1), text);
    if (len >= sizeof(number) || parse_f64(number, &speed, NULL) ||
        !(speed >= PACE_SPEED_MIN && speed <= PACE_SPEED_MAX))
        return err_set(e, -EINVAL, "a speed is a number from 0.001 to 1000, as in 10x; not '%s'",
                       text);
    *ret = speed;
    return 0;
}

static void anchor(struct pace *p, u64 wall, ns_t now)
{
    p->wall_began = p->window_wall = wall;
    p->began = p->window_virtual = now;
}

void pace_start(struct pace *p, double speed, u64 wall, ns_t now)
{
    *p = (struct pace){.speed = speed};
    anchor(p, wall, now);
}

void pace_pause(struct pace *p)
{
    p->paused = true;
    p->step_until = 0;
    p->measured = 0;
}

void pace_go_on(struct pace *p, double speed, u64 wall, ns_t now)
{
    p->speed = speed;
    p->paused = false;
    p->step_until = 0;
    p->measured = 0;
    anchor(p, wall, now);
}

void pace_step(struct pace *p, ns_t now, ns_t by)
{
    ns_t from = MAX(now, p->step_until);

    p->paused = true;
    p->step_until = from + MIN(by, NS_NEVER - from - 1);
}

ns_t pace_target(const struct pace *p, u64 wall, ns_t now)
{
    ns_t target;

    if (p->step_until > now)
        return (p->step_until + PACE_TICK - 1) / PACE_TICK * PACE_TICK;
    if (p->paused || wall <= p->wall_began)
        return now;
    target = p->began + (ns_t)((double)(wall - p->wall_began) * p->speed);
    return MAX(target / PACE_TICK * PACE_TICK, now);
}

bool pace_reached(struct pace *p, u64 wall, ns_t now)
{
    ns_t target = pace_target(p, wall, now);

    if (p->step_until && now >= p->step_until)
        p->step_until = 0;
    if (p->paused)
        return false;
    if (wall - p->window_wall >= WINDOW) {
        p->measured = (double)(now - p->window_virtual) / (double)(wall - p->window_wall);
        p->window_wall = wall;
        p->window_virtual = now;
    }
    if ((double)(target - now) <= (double)PACE_BEHIND_MAX * p->speed)
        return false;
    p->given_up += target - now;
    p->wall_began = wall;
    p->began = now;
    return true;
}
