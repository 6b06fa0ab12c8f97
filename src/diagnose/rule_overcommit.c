/* rule_overcommit.c - promises close to the commit limit, where the kernel keeps to it. */
#include "diagnose/rule.h"

#define STRICT       2 /* vm.overcommit_memory */
/* Percent of CommitLimit. At 98 % the next fork of a middling process is refused. */
#define NEAR_PERCENT 90.0
#define END_PERCENT  98.0

void rule_overcommit(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    double share = share_of(m[MI_COMMITTED_AS], m[MI_COMMIT_LIMIT]);
    u64 mode = sysctl_value(c->s, "vm.overcommit_memory");

    if (!wants_host(c) || !(share >= NEAR_PERCENT))
        return;
    if (!known(mode)) {
        gap_part(c, "whether the commit limit is enforced", PART_SYSCTL_VM);
        return;
    }
    if (mode != STRICT)
        return;
    finding_add(c, share >= END_PERCENT ? SEV_WARNING : SEV_INFO, CONF_HIGH, "host", 0.4,
                "%s of the commit limit is promised: allocations fail at 100 %%",
                AMOUNT(share, IN_PERCENT));
    evidence(c, "promised of the limit", share, IN_PERCENT, "/proc/meminfo", "fails at 100 %%");
    evidence(c, "Committed_AS", number_of(m[MI_COMMITTED_AS]), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of limit", NEAR_PERCENT);
    evidence(c, "CommitLimit", number_of(m[MI_COMMIT_LIMIT]), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "vm.overcommit_memory", (double)mode, IN_COUNT, "/proc/sys/vm/overcommit_memory",
             "2: enforced");
}
