/* schedule.c - an interval for each part that is not read every time. */
#include "observe/schedule.h"

static ns_t interval(enum part part)
{
    switch ((int)part) {
    case PART_CGROUP_STAT: /* 60 to 80 lines for each group, for which the kernel flushes statistics */
    case PART_KERNEL_LOG:
        return 5 * NS_PER_S;
    case PART_PROCESSES:
    case PART_SLABINFO:
        return 10 * NS_PER_S;
    case PART_SMAPS_ROLLUP:
    case PART_SYSCTL_VM:
    case PART_THP:
    case PART_ZSWAP:
        return 60 * NS_PER_S;
    default:
        return 0;
    }
}

u64 schedule_due(const struct schedule *s, ns_t now)
{
    u64 parts = 0;

    for (unsigned i = 0; i < NR_PARTS; i++) {
        ns_t every = s->all ? 0 : interval((enum part)i);

        /* A beat that comes a little early is still the beat. */
        if (!s->has_read[i] || now - s->read_at[i] >= every - every / 20)
            parts |= 1ull << i;
    }
    return parts;
}

void schedule_read(struct schedule *s, ns_t now, u64 parts)
{
    for (unsigned i = 0; i < NR_PARTS; i++) {
        if (!(parts >> i & 1))
            continue;
        s->has_read[i] = true;
        s->read_at[i] = now;
    }
}
