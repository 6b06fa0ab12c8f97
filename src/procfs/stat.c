/* stat.c - /proc/stat, /proc/loadavg, /proc/uptime: what the CPUs did; and the kernel's release.
 *
 * A CPU is waiting for I/O while it is idle and a task that last ran on it waits for I/O: the state
 * that io.pressure calls full, of that CPU. There are no interrupts here, and kernel threads count
 * as system time of the CPU they ran on. */
#include "procfs/procfs.h"

#include <inttypes.h>
#include <stdio.h>

#define USER_HZ_NS (NS_PER_S / 100)

struct shares {
    u64 user, system, iowait, idle; /* ns */
};

static struct shares shares_of(const struct system *s, unsigned cpu)
{
    struct shares x = {.user = s->cpu_times[cpu].user_ns, .system = s->cpu_times[cpu].system_ns};
    u64 busy = x.user + x.system, now = s->clock.now, left = now > busy ? now - busy : 0;

    /* Each CPU has its own clock, a little before or behind the machine's: the parts must not come
     * to more than the whole. */
    x.iowait = MIN(psi_cpu_time(&s->groups.root->psi, cpu, PSI_IO_FULL, now), left);
    x.idle = left - x.iowait;
    return x;
}

static void render_cpu(struct strbuf *out, const char *name, const struct shares *x)
{
    strbuf_printf(out, "%s %" PRIu64 " 0 %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 0 0 0 0\n", name,
                  x->user / USER_HZ_NS, x->system / USER_HZ_NS, x->idle / USER_HZ_NS,
                  x->iowait / USER_HZ_NS);
}

void render_stat(const struct system *s, struct strbuf *out)
{
    struct shares sum = {0}, x;
    u32 blocked = 0;
    char name[16];

    for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++) {
        x = shares_of(s, cpu);
        sum.user += x.user;
        sum.system += x.system;
        sum.iowait += x.iowait;
        sum.idle += x.idle;
    }
    render_cpu(out, "cpu ", &sum);
    for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++) {
        x = shares_of(s, cpu);
        snprintf(name, sizeof(name), "cpu%u", cpu);
        render_cpu(out, name, &x);
        if (s->groups.root->psi.cpus)
            blocked += s->groups.root->psi.cpus[cpu].tasks[PSI_NR_IOWAIT];
    }
    strbuf_append(out, "intr 0\n");
    strbuf_printf(out, "ctxt %" PRIu64 "\nbtime %" PRIu64 "\nprocesses %u\n", s->nr_switches,
                  s->boot_time, s->nr_tasks);
    strbuf_printf(out, "procs_running %u\nprocs_blocked %u\n", system_count_running(s), blocked);
    strbuf_append(out, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
}

void render_loadavg(const struct system *s, struct strbuf *out)
{
    const u64 one = 1u << PSI_FIXED_BITS;
    u32 threads = 0, last_pid = 0;

    for (u32 i = 0; i < s->nr_tasks; i++) {
        threads += s->tasks[i]->state < TASK_ZOMBIE;
        last_pid = s->tasks[i]->pid; /* in order of creation */
    }
    for (unsigned i = 0; i < ARRAY_SIZE(s->load); i++) {
        u64 load = s->load[i] + one / 200; /* rounded to hundredths */

        strbuf_printf(out, "%" PRIu64 ".%02" PRIu64 " ", load / one, load % one * 100 / one);
    }
    strbuf_printf(out, "%u/%u %u\n", system_count_running(s), threads, last_pid);
}

void render_uptime(const struct system *s, struct strbuf *out)
{
    u64 now = s->clock.now / USER_HZ_NS, idle = 0;

    for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++)
        idle += shares_of(s, cpu).idle;
    idle /= USER_HZ_NS;
    strbuf_printf(out, "%" PRIu64 ".%02" PRIu64 " %" PRIu64 ".%02" PRIu64 "\n", now / 100,
                  now % 100, idle / 100, idle % 100);
}

void render_osrelease(const struct system *s, struct strbuf *out)
{
    strbuf_printf(out, "%s\n", s->kernel.release->uname);
}

/* Whose build it is says that it is none. */
void render_version(const struct system *s, struct strbuf *out)
{
    strbuf_printf(out, "Linux version %s (highwater) (a simulated machine) #1 SMP\n",
                  s->kernel.release->uname);
}

/* Nothing was given to the kernel: what a machine is set to is in its files. */
void render_kernel_cmdline(const struct system *s HW_UNUSED, struct strbuf *out)
{
    strbuf_appendc(out, '\n');
}

static void render_cpu_names(const struct system *s, unsigned indent, struct strbuf *out)
{
    strbuf_printf(out, "%*s", (int)indent, "");
    for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++)
        strbuf_printf(out, "CPU%-8u", cpu);
    strbuf_appendc(out, '\n');
}

/* No device of the machine has an interrupt, as /proc/stat has it, and none was in error. */
void render_interrupts(const struct system *s, struct strbuf *out)
{
    render_cpu_names(s, 11, out);
    strbuf_printf(out, "%3s: %10u\n%3s: %10u\n", "ERR", 0u, "MIS", 0u);
}

/* Kinds as Linux has them; none is modelled, so that each counts 0 as in the line of /proc/stat. */
void render_softirqs(const struct system *s, struct strbuf *out)
{
    static const char *const kinds[] = {"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
                                        "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};

    render_cpu_names(s, 20, out);
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        strbuf_printf(out, "%12s:", kinds[i]);
        for (unsigned cpu = 0; cpu < s->config.nr_cpus; cpu++)
            strbuf_printf(out, " %10u", 0u);
        strbuf_appendc(out, '\n');
    }
}
