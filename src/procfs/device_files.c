/* device_files.c - /sys/block/DEVICE and /sys/devices/system/cpu/cpuN, for lsblk, iostat and lscpu
 * on a running machine.
 *
 * A device of files has no size of its own here: it is as large as the files on it. All CPUs are
 * cores of one package, as in /proc/cpuinfo; how threads share a core is not part of the
 * machine. */
#include "procfs/procfs.h"

#include "base/masklist.h"

#include <inttypes.h>

#define MS(ns) ((ns) / NS_PER_MS)

/* --- block devices ---------------------------------------------------------------------------- */

const struct device *procfs_device(const struct system *s, unsigned n)
{
    if (n == 0)
        return &s->disk;
    n--;
    if (n < s->config.nr_disks)
        return &s->disks[n];
    n -= s->config.nr_disks;
    for (unsigned i = 0; i < s->config.nr_swaps; i++)
        if (s->swap_devices[i].profile && n-- == 0)
            return &s->swap_devices[i];
    return NULL;
}

static u64 bytes_of(const struct system *s, const struct device *d)
{
    u64 bytes = 0;

    for (unsigned i = 0; i < s->config.nr_swaps; i++)
        if (&s->swap_devices[i] == d)
            return s->config.swaps[i].bytes;
    for (u32 id = 0; id < s->backing.nr_inodes; id++) {
        const struct inode *inode = s->backing.inodes[id];

        if (inode && inode->device == d)
            bytes += ROUND_UP(inode->size, (u64)PAGE_SIZE);
    }
    return bytes;
}

static void render_size(const struct system *s, const struct device *d, struct strbuf *out)
{
    strbuf_printf(out, "%" PRIu64 "\n", bytes_of(s, d) / SECTOR_SIZE);
}

/* In blocks of 1 KiB; devices have no partitions here. */
void render_partitions(const struct system *s, struct strbuf *out)
{
    const struct device *d;

    strbuf_append(out, "major minor  #blocks  name\n\n");
    for (unsigned n = 0; (d = procfs_device(s, n)); n++)
        strbuf_printf(out, "%4u  %7u %10" PRIu64 " %s\n", d->major, d->minor, bytes_of(s, d) / KIB,
                      d->name);
}

static void render_dev(const struct system *s HW_UNUSED, const struct device *d, struct strbuf *out)
{
    strbuf_printf(out, "%u:%u\n", d->major, d->minor);
}

static void render_no(const struct system *s HW_UNUSED, const struct device *d HW_UNUSED,
                      struct strbuf *out)
{
    strbuf_append(out, "0\n");
}

static void render_stat_of(const struct system *s HW_UNUSED, const struct device *d,
                           struct strbuf *out)
{
    struct device_stats st;

    device_stats_now(d, &st);
    for (unsigned op = 0; op < 2; op++)
        strbuf_printf(out, "%8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " ", st.ios[op],
                      st.merges[op], st.sectors[op], MS(st.ticks_ns[op]));
    strbuf_printf(out,
                  "%8" PRIu64 " %8" PRIu64 " %8" PRIu64
                  "        0        0        0        0        0        0\n",
                  st.in_flight, MS(st.io_ticks), MS(st.time_in_queue));
}

static void render_uevent(const struct system *s HW_UNUSED, const struct device *d,
                          struct strbuf *out)
{
    strbuf_printf(out, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=disk\n", d->major, d->minor,
                  d->name);
}

static void render_rotational(const struct system *s HW_UNUSED, const struct device *d,
                              struct strbuf *out)
{
    strbuf_printf(out, "%d\n", d->profile->rotational);
}

static void render_sector(const struct system *s HW_UNUSED, const struct device *d HW_UNUSED,
                          struct strbuf *out)
{
    strbuf_printf(out, "%u\n", SECTOR_SIZE);
}

static void render_depth(const struct system *s HW_UNUSED, const struct device *d,
                         struct strbuf *out)
{
    strbuf_printf(out, "%u\n", d->profile->queue_depth);
}

const struct device_file device_files[] = {
    {"dev", render_dev},
    {"hidden", render_no},
    {"queue/logical_block_size", render_sector},
    {"queue/nr_requests", render_depth},
    {"queue/rotational", render_rotational},
    {"removable", render_no},
    {"ro", render_no},
    {"size", render_size},
    {"stat", render_stat_of},
    {"uevent", render_uevent},
};
const unsigned nr_device_files = ARRAY_SIZE(device_files);

/* --- processors ------------------------------------------------------------------------------- */

static u64 all_cpus(const struct system *s)
{
    return UINT64_MAX >> (64 - s->frames.nr_cpus);
}

static void mask(const struct system *s, u64 set, struct strbuf *out)
{
    strbuf_maskhex(out, set, s->frames.nr_cpus);
    strbuf_appendc(out, '\n');
}

static void list(u64 set, struct strbuf *out)
{
    strbuf_masklist(out, set);
    strbuf_appendc(out, '\n');
}

static void render_own_mask(const struct system *s, unsigned cpu, struct strbuf *out)
{
    mask(s, BIT_ULL(cpu), out);
}

static void render_own_list(const struct system *s HW_UNUSED, unsigned cpu, struct strbuf *out)
{
    list(BIT_ULL(cpu), out);
}

static void render_all_mask(const struct system *s, unsigned cpu HW_UNUSED, struct strbuf *out)
{
    mask(s, all_cpus(s), out);
}

static void render_all_list(const struct system *s, unsigned cpu HW_UNUSED, struct strbuf *out)
{
    list(all_cpus(s), out);
}

static void render_cpu_number(const struct system *s HW_UNUSED, unsigned cpu, struct strbuf *out)
{
    strbuf_printf(out, "%u\n", cpu);
}

static void render_zero(const struct system *s HW_UNUSED, unsigned cpu HW_UNUSED,
                        struct strbuf *out)
{
    strbuf_append(out, "0\n");
}

const struct node_file cpu_files[] = {
    {"topology/core_cpus", render_own_mask},
    {"topology/core_cpus_list", render_own_list},
    {"topology/core_id", render_cpu_number},
    {"topology/core_siblings", render_all_mask},
    {"topology/core_siblings_list", render_all_list},
    {"topology/die_id", render_zero},
    {"topology/package_cpus", render_all_mask},
    {"topology/package_cpus_list", render_all_list},
    {"topology/physical_package_id", render_zero},
    {"topology/thread_siblings", render_own_mask},
    {"topology/thread_siblings_list", render_own_list},
};
const unsigned nr_cpu_files = ARRAY_SIZE(cpu_files);
