/* rule_zombie_cgroups.c - cgroups that were removed and are still there. */
#include "diagnose/rule.h"

/* Each costs from 10 to some 100 KiB of kernel memory: hundreds are nothing, and gone at the next reclaim. */
#define MANY 1000

void rule_zombie_cgroups(struct rule_context *c)
{
    const struct cgroup_view *top = NULL;

    if (!wants_host(c))
        return;
    vec_for_each (&c->s->cgroups, g) {
        if (known(g->nr_dying) && (!top || g->nr_dying > top->nr_dying))
            top = g;
    }
    if (!top || top->nr_dying < MANY || top->nr_dying < c->s->cgroups.count)
        return;
    finding_add(c, SEV_INFO, CONF_MEDIUM, top->path, 0.3, "%s removed cgroups still hold memory",
                AMOUNT((double)top->nr_dying, IN_COUNT));
    evidence(c, "nr_dying_descendants", number_of(top->nr_dying), IN_COUNT,
             group_file(top, "cgroup.stat"), "over %d", MANY);
    evidence(c, "living cgroups", (double)c->s->cgroups.count, IN_COUNT, "/sys/fs/cgroup", "%s",
             "");
    evidence(c, "Percpu", number_of(c->s->meminfo[MI_PERCPU]), IN_BYTES, "/proc/meminfo", "%s", "");
}
