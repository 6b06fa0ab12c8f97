/* diskstats.c - /proc/diskstats: one line for each block device.
 *
 * Requests are counted when they are finished, as the kernel does; none is ever merged with
 * another, since reads and writes of consecutive pages are one request from the start. Discards and
 * flushes do not exist here. */
#include "procfs/procfs.h"

#include <inttypes.h>

#define MS(ns) ((ns) / NS_PER_MS)

static void render_device(const struct device *d, struct strbuf *out)
{
    struct device_stats st;

    device_stats_now(d, &st);
    strbuf_printf(out, "%4u %7u %s", d->major, d->minor, d->name);
    for (unsigned op = 0; op < 2; op++)
        strbuf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, st.ios[op],
                      st.merges[op], st.sectors[op], MS(st.ticks_ns[op]));
    strbuf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0 0 0 0 0\n", st.in_flight,
                  MS(st.io_ticks), MS(st.time_in_queue));
}

void render_diskstats(const struct system *s, struct strbuf *out)
{
    render_device(&s->disk, out);
    for (unsigned i = 0; i < s->config.nr_disks; i++)
        render_device(&s->disks[i], out);
    for (unsigned i = 0; i < s->config.nr_swaps; i++)
        if (s->swap_devices[i].profile)
            render_device(&s->swap_devices[i], out);
}
