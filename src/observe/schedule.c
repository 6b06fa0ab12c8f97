/* schedule.c - an interval for each part that is not read every time.
 *
 * After the first time, which reads all, the parts are spread: each comes a few seconds early once,
 * by its number, so that the dear ones do not come in one tick. Processes want to know whose they
 * are, which the groups' lists of members tell: they take CGROUP_LIMITS with them.
 */
#include "observe/schedule.h"

static const u8 interval_s[NR_PARTS] = {
    /* 60 to 80 lines for each group, for which the kernel sums up per-CPU counts */
    [PART_CGROUP_STAT] = 5,   [PART_CGROUP_LIMITS] = 10, /* a dozen files a group */
    [PART_ZONEINFO] = 5,                                 /* grows with CPUs times zones */
    [PART_BUDDYINFO] = 5,                                /* takes each zone's lock */
    [PART_PAGETYPEINFO] = 60, /* walks the free lists under each zone's lock */
    [PART_EXTFRAG] = 15,      [PART_NODES] = 5,          [PART_SWAPS] = 5,  [PART_PROCESSES] = 10,
    [PART_ZRAM] = 10,         [PART_KERNEL_LOG] = 15,   /* a system call a line */
    [PART_SLABINFO] = 15,                               /* takes locks in every cache */
    [PART_HUGEPAGES] = 15,    [PART_SMAPS_ROLLUP] = 60, /* walks page tables */
    [PART_NUMA_MAPS] = 60,                              /* the same */
    [PART_SYSCTL_VM] = 60,    [PART_THP] = 60,           [PART_ZSWAP] = 60,
};

u64 schedule_due(const struct schedule *s, ns_t now)
{
    u64 parts = 0;

    for (unsigned i = 0; i < NR_PARTS; i++) {
        ns_t every = s->all ? 0 : interval_s[i] * NS_PER_S;
        ns_t early = s->spread[i] ? 0 : MIN(every / 2, i * NS_PER_S / 4);

        /* A beat that comes a little early is still the beat. */
        if (!s->has_read[i] || now - s->read_at[i] >= every - every / 20 - early)
            parts |= 1ull << i;
    }
    parts = parts_with_needed(parts);
    if (parts >> PART_PROCESSES & 1)
        parts |= 1ull << PART_CGROUP_LIMITS;
    return parts;
}

void schedule_read(struct schedule *s, ns_t now, u64 parts)
{
    for (unsigned i = 0; i < NR_PARTS; i++) {
        if (!(parts >> i & 1))
            continue;
        s->spread[i] = s->has_read[i];
        s->has_read[i] = true;
        s->read_at[i] = now;
    }
}
