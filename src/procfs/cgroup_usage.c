/* cgroup_usage.c - what a group has used beside memory: cpu.stat, io.stat, pids.current.
 *
 * The root's files say what the machine's do: cpu.stat what /proc/stat says, io.stat what
 * /proc/diskstats says, which both know more than its tasks (daemons, switches between tasks).
 * Nobody limits CPU time here, so no group was ever throttled. */
#include "procfs/procfs.h"

#include <inttypes.h>

struct cpu_time {
    u64 user_ns, system_ns;
};

static struct cpu_time time_of_cpus(const struct system *s)
{
    struct cpu_time sum = {0};

    for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++) {
        sum.user_ns += s->cpu_times[cpu].user_ns;
        sum.system_ns += s->cpu_times[cpu].system_ns;
    }
    return sum;
}

/* Of tasks that are or ended in the group or below, since they came, and of those that were there
 * before. */
static struct cpu_time time_of_group(const struct system *s, struct group *g)
{
    struct cpu_time sum = {0};

    for (struct group *at = g; at; at = group_next(g, at)) {
        sum.user_ns += at->cpu_user_ns;
        sum.system_ns += at->cpu_sys_ns;
    }
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        if (!group_is_below(t->group, g))
            continue;
        sum.user_ns += t->cpu_user_ns - t->cpu_user_before;
        sum.system_ns += t->cpu_sys_ns - t->cpu_sys_before;
    }
    return sum;
}

void render_group_cpu_stat(const struct system *s, struct group *g, struct strbuf *out)
{
    struct cpu_time used = g->parent ? time_of_group(s, g) : time_of_cpus(s);

    strbuf_printf(out, "usage_usec %" PRIu64 "\n", (used.user_ns + used.system_ns) / NS_PER_US);
    strbuf_printf(out, "user_usec %" PRIu64 "\n", used.user_ns / NS_PER_US);
    strbuf_printf(out, "system_usec %" PRIu64 "\n", used.system_ns / NS_PER_US);
    strbuf_append(out, "core_sched.force_idle_usec 0\n");
    if (group_controllers(g) & BIT(CONTROLLER_CPU))
        strbuf_append(out, "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\n"
                           "burst_usec 0\n");
}

static struct group_io io_of_machine(const struct device *d)
{
    struct group_io io = {0};
    struct device_stats st;

    device_stats_now(d, &st);
    for (unsigned op = 0; op < 2; op++) {
        io.bytes[op] = st.sectors[op] * SECTOR_SIZE;
        io.ios[op] = st.ios[op];
    }
    return io;
}

/* A device that the group never used has no line. */
void render_group_io_stat(const struct system *s, struct group *g, struct strbuf *out)
{
    const struct device *d;

    for (unsigned n = 0; (d = procfs_device(s, n)); n++) {
        struct group_io io = g->parent ? group_io(g, device_number(d)) : io_of_machine(d);

        if (!io.ios[0] && !io.ios[1])
            continue;
        strbuf_printf(out, "%u:%u rbytes=%" PRIu64 " wbytes=%" PRIu64, d->major, d->minor,
                      io.bytes[0], io.bytes[1]);
        strbuf_printf(out, " rios=%" PRIu64 " wios=%" PRIu64 " dbytes=0 dios=0\n", io.ios[0],
                      io.ios[1]);
    }
}

void render_group_pids_current(const struct system *s HW_UNUSED, struct group *g,
                               struct strbuf *out)
{
    u32 nr = 0;

    for (struct group *at = g; at; at = group_next(g, at))
        nr += at->nr_tasks;
    strbuf_printf(out, "%u\n", nr);
}
