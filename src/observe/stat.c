/* stat.c - /proc/stat, loadavg and uptime.
 *
 * Times of /proc/stat are in units of USER_HZ, which is 100 on every architecture that Linux still
 * runs on.
 */
#include "observe/reading_int.h"

#define US_PER_TICK 10000

static void parse_cpu_times(struct span line, struct cpu_view *cpu)
{
    u64 *const fields[] = {&cpu->user,   &cpu->nice, &cpu->system,  &cpu->idle,
                           &cpu->iowait, &cpu->irq,  &cpu->softirq, &cpu->steal};

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        u64 ticks;

        if (!span_take_u64(&line, &ticks))
            return;
        *fields[i] = ticks < (u64)1 << 48 ? ticks * US_PER_TICK : UNKNOWN;
    }
}

unsigned parse_stat(struct span text, struct snapshot *s)
{
    struct cpu_view *cpu = &s->cpu;
    struct span line, name;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        if (!span_take_word(&line, &name))
            continue;
        found++;
        if (span_is(name, "cpu"))
            parse_cpu_times(line, cpu);
        else if (span_begins(name, "cpu"))
            cpu->nr_cpus++;
        else if (span_is(name, "ctxt"))
            span_take_u64(&line, &cpu->context_switches);
        else if (span_is(name, "processes"))
            span_take_u64(&line, &cpu->processes);
        else if (span_is(name, "procs_running"))
            span_take_u64(&line, &cpu->running);
        else if (span_is(name, "procs_blocked"))
            span_take_u64(&line, &cpu->blocked);
        else
            found--;
    }
    return found;
}

unsigned parse_loadavg(struct span text, struct snapshot *s)
{
    return span_take_hundredths(&text, &s->load1) + span_take_hundredths(&text, &s->load5) +
           span_take_hundredths(&text, &s->load15);
}

unsigned parse_uptime(struct span text, struct snapshot *s)
{
    u64 hundredths;

    if (!span_take_hundredths(&text, &hundredths) || hundredths > (u64)1 << 48)
        return 0;
    s->uptime_us = hundredths * US_PER_TICK;
    return 1;
}
