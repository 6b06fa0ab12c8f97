/* usage.c - what tasks of a group have used beside memory: CPU time, and traffic of block devices.
 *
 * A task keeps its CPU time itself, and nothing is added up while it runs: a group holds only the
 * time of tasks that have left it for another group and of groups that are gone, and who wants to
 * know adds what its tasks know (procfs/cgroup_usage.c).
 *
 * Traffic is counted as blk_cgroup_bio_start() of block/blk-cgroup.c does it, Linux 6.1: by request
 * when it is submitted, before neighbours are put together. */
#include "group/group.h"

#include "base/alloc.h"

#include <stdlib.h>

static struct group_io *io_of(struct group *g, u32 device)
{
    for (u32 i = 0; i < g->nr_io; i++)
        if (g->io[i].device == device)
            return &g->io[i];
    g->io = xrealloc_array(g->io, g->nr_io + 1, sizeof(*g->io));
    g->io[g->nr_io] = (struct group_io){.device = device};
    return &g->io[g->nr_io++];
}

void group_count_io(struct group *g, u32 device, bool write, u64 bytes)
{
    struct group_io *io = io_of(group_unreleased(g), device);

    io->bytes[write] += bytes;
    io->ios[write]++;
}

struct group_io group_io(struct group *g, u32 device)
{
    struct group_io sum = {.device = device};

    for (struct group *at = g; at; at = group_next(g, at))
        for (u32 i = 0; i < at->nr_io; i++)
            for (unsigned op = 0; op < 2 && at->io[i].device == device; op++) {
                sum.bytes[op] += at->io[i].bytes[op];
                sum.ios[op] += at->io[i].ios[op];
            }
    return sum;
}

void group_hand_over_usage(struct group *from, struct group *to)
{
    to->cpu_user_ns += from->cpu_user_ns;
    to->cpu_sys_ns += from->cpu_sys_ns;
    from->cpu_user_ns = from->cpu_sys_ns = 0;
    for (u32 i = 0; i < from->nr_io; i++) {
        struct group_io *io = io_of(to, from->io[i].device);

        for (unsigned op = 0; op < 2; op++) {
            io->bytes[op] += from->io[i].bytes[op];
            io->ios[op] += from->io[i].ios[op];
        }
    }
    free(from->io);
    from->io = NULL;
    from->nr_io = 0;
}
