/* rule_zombie_cgroups.c - cgroups that were removed and are still there. */
#include "diagnose/cause.h"

/* Each costs from 10 to some 100 KiB of kernel memory: hundreds are nothing, and gone at the next
 * reclaim. */
#define MANY         1000
/* No machine runs so many: systemd makes some 100, a full Kubernetes node some 1,000. */
#define COUNTED_MANY 5000

void rule_zombie_cgroups(struct rule_context *c)
{
    const struct cgroup_view *top = NULL;

    if (!wants_host(c))
        return;
    if (known(c->s->cgroups_counted) && c->s->cgroups_counted >= COUNTED_MANY) {
        finding_add(c, SEV_INFO, CONF_MEDIUM, "host", cause_weight(c, 0.3, 1),
                    "The kernel holds %s memory cgroups, most of them surely removed ones",
                    AMOUNT((double)c->s->cgroups_counted, IN_COUNT));
        evidence(c, "num_cgroups of memory", (double)c->s->cgroups_counted, IN_COUNT,
                 "/proc/cgroups", "over %d", COUNTED_MANY);
    }
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
