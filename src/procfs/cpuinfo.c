/* cpuinfo.c - /proc/cpuinfo and /sys/devices/system/cpu: so many CPUs of no make.
 *
 * A tool that counts processors finds them; what kind they are is not part of the machine.
 */
#include "procfs/procfs.h"

void render_cpuinfo(const struct system *s, struct strbuf *out)
{
    for (unsigned cpu = 0; cpu < s->frames.nr_cpus; cpu++)
        strbuf_printf(out,
                      "processor\t: %u\nvendor_id\t: unknown\nmodel name\t: highwater\n"
                      "cpu MHz\t\t: 1000.000\nphysical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\n"
                      "cpu cores\t: %u\nflags\t\t: lm\n\n",
                      cpu, s->frames.nr_cpus, cpu, s->frames.nr_cpus);
}
