/* wbt.c - depth by latency.
 *
 *   window:  the fastest read took longer than the target .... one step down: 16, 8, 4, 2, 1 it did
 *            not, or only writes went on ............... one step up, to three quarters of the
 *            queue nothing can be told, five times ................... one step towards the default
 *
 * The more steps down, the shorter the windows: 100 ms / sqrt(1 + steps). */
#include "reclaim/wbt.h"

#define DEPTH_DEFAULT  16u
#define WINDOW_NS      (100 * NS_PER_MS)
#define TARGET_NS      (2 * NS_PER_MS)
#define TARGET_NS_ROT  (75 * NS_PER_MS)
#define READ_RECENT_NS (100 * NS_PER_MS)
#define UNKNOWN_BUMP   5u
#define STEPS_MAX      31
#define WRITES_MIN     3u /* fewer do not show that it is they that slow a read down */

/* Sets scaled_max. */
static u32 max_depth(struct wbt *w)
{
    u32 queue = w->profile->queue_depth, depth = MIN(DEPTH_DEFAULT, queue), most = 3 * queue / 4;

    if (queue == 1) { /* nothing to take back but the one */
        w->scaled_max = w->scale_step < 0;
        return w->scale_step < 0 ? 2 : 1;
    }
    w->scaled_max = false;
    if (w->scale_step > 0)
        return 1 + ((depth - 1) >> MIN(w->scale_step, STEPS_MAX));
    depth = 1 + ((depth - 1) << MIN(-w->scale_step, 8));
    if (w->scale_step < 0 && depth > most) {
        w->scaled_max = true;
        depth = MAX(most, 1u);
    }
    return depth;
}

void wbt_init(struct wbt *w, const struct device_profile *p)
{
    *w = (struct wbt){.profile = p, .read_min = NS_NEVER};
}

static void step_down(struct wbt *w)
{
    if (w->scale_step < STEPS_MAX && max_depth(w) > 1)
        w->scale_step++;
}

static void step_up(struct wbt *w)
{
    max_depth(w);
    if (!w->scaled_max)
        w->scale_step--;
}

static void open_window(struct wbt *w, ns_t now)
{
    ns_t length = WINDOW_NS;
    u32 root = 16; /* sqrt((1 + steps) << 8) */

    while (w->scale_step > 0 && (root + 1) * (root + 1) <= (u32)(w->scale_step + 1) << 8)
        root++;
    length = length * 16 / root;
    w->win_start = now;
    w->win_end = now + length;
    w->read_min = NS_NEVER;
    w->writes = 0;
}

static void close_window(struct wbt *w, u64 in_flight)
{
    ns_t target = w->profile->rotational ? TARGET_NS_ROT : TARGET_NS;

    bool tells = w->read_min != NS_NEVER && w->writes >= WRITES_MIN;

    if (!tells && !in_flight) {
        if (++w->unknown < UNKNOWN_BUMP)
            return;
        if (w->scale_step > 0)
            step_up(w);
        else if (w->scale_step < 0)
            w->scale_step++;
        return;
    }
    w->unknown = 0;
    if (tells && w->read_min > target)
        step_down(w);
    else
        step_up(w);
}

/* Windows that ended since; of a long silence only as many as can matter. */
static void catch_up(struct wbt *w, ns_t now, u64 in_flight)
{
    for (unsigned i = 0; w->win_end && now >= w->win_end && i < STEPS_MAX * UNKNOWN_BUMP; i++) {
        close_window(w, in_flight);
        if (!w->scale_step && !in_flight) {
            w->win_end = 0;
            return;
        }
        open_window(w, w->win_end);
    }
    if (w->win_end && now >= w->win_end)
        open_window(w, now);
}

void wbt_read(struct wbt *w, ns_t now, ns_t done, u64 in_flight)
{
    w->last_read = now;
    catch_up(w, now, in_flight);
    if (w->win_end)
        w->read_min = MIN(w->read_min, done - now);
}

void wbt_write(struct wbt *w)
{
    w->writes++;
}

u32 wbt_limit(struct wbt *w, enum wbt_who who, ns_t now, u64 in_flight)
{
    u32 depth;

    catch_up(w, now, in_flight);
    if (!w->win_end)
        open_window(w, now);
    depth = max_depth(w);
    if (who == WBT_KSWAPD)
        return depth;
    if (w->last_read && now < w->last_read + READ_RECENT_NS)
        return depth <= 2 ? 1 : (depth + 3) / 4;
    return depth <= 2 ? depth : (depth + 1) / 2;
}
