/* diskstats.c - /proc/diskstats, /proc/uptime and the kernel's release.
 *
 * The columns that Linux 6.1 has and the machine does not (discards, flushes) are 0, as for a device without them.
 */
#include "procfs/procfs.h"

#include <inttypes.h>
#include <string.h>

static void render_device(const struct device *d, const char *name, struct strbuf *out)
{
    struct device_stats st;

    if (!d->profile || !d->profile->diskstats)
        return;
    device_stats_now(d, &st);
    strbuf_printf(out, "%4u %7u %s", d->major, d->minor, name);
    for (unsigned op = DEVICE_READ; op <= DEVICE_WRITE; op++)
        strbuf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, st.ios[op],
                      st.merges[op], st.sectors[op], st.ticks_ns[op] / NS_PER_MS);
    strbuf_printf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0 0 0 0 0\n", st.in_flight,
                  st.io_ticks / NS_PER_MS, st.time_in_queue / NS_PER_MS);
}

void render_diskstats(const struct system *s, struct strbuf *out)
{
    render_device(&s->disk, s->disk.name, out);
    for (u32 i = 0; i < s->swap.nr_areas; i++) {
        const struct device *d = s->swap.areas[i].device;
        const char *slash = d ? strrchr(d->name, '/') : NULL;

        /* An area on the disk of the files is that disk. */
        if (d && d != &s->disk)
            render_device(d, slash ? slash + 1 : d->name, out);
    }
}

void render_uptime(const struct system *s, struct strbuf *out)
{
    ns_t hundredths = s->clock.now / (NS_PER_S / 100);

    strbuf_printf(out, "%" PRIu64 ".%02u 0.00\n", hundredths / 100, (unsigned)(hundredths % 100));
}

void render_osrelease(const struct system *s, struct strbuf *out)
{
    strbuf_printf(out, "%s.0-highwater\n", s->config.kernel);
}
