/* rule_node_pressure.c - what kubelet says of its node: MemoryPressure, and how much its pods ask
 * for. */
#include "diagnose/oom_tell.h"

#include <string.h>

#define WARNING_S 86400.0
/* A node with so much available, in percent, is not short of memory. */
#define PLENTY    25.0

static bool is_killed(const struct rule_context *c)
{
    vec_for_each (&c->incidents->items, i)
        if (incident_of_machine(i) || i->e->kind == LOG_KILLED_BY || i->e->kind == LOG_OOM_TOLD)
            return true;
    return false;
}

/* free, or meminfo, of the same text says otherwise: that is what its reader has to know first. */
static void tell_disagreement(struct rule_context *c, const char *node)
{
    finding_title(
        c,
        "Kubelet says that %s is short of memory (MemoryPressure), but %s (%s) are "
        "available in the same text: it is over, of another node, or kubelet counts cache "
        "as used",
        node, LEFT_SIZE(c->f), AMOUNT(c->f->available_share, IN_PERCENT));
    finding_detail(c, "kubelet subtracts memory.current less inactive_file of the root cgroup from "
                      "its capacity: cache that was read more than once (active_file) counts as "
                      "used. MemAvailable does not count it.");
    evidence(c, "MemAvailable", number_of(c->f->available), IN_BYTES, "/proc/meminfo", "%s", "");
    evidence(c, "available", c->f->available_share, IN_PERCENT, "/proc/meminfo", "over %.0f %%",
             PLENTY);
}

static void tell(struct rule_context *c, const struct incident *i)
{
    const struct log_event *e = i->e;
    char label[96], where[160];
    const char *node = e->task_memcg ? group_label(label, e->task_memcg) : "the node";

    node += *node == '/';
    if (e->forced)
        finding_add(c, is_killed(c) ? SEV_INFO : SEV_WARNING, CONF_HIGH, "host",
                    is_killed(c) ? 0.3 : 0.6,
                    "Kubelet says that %s is short of memory (MemoryPressure): it evicts pods, and "
                    "no new ones start there",
                    node);
    else {
        finding_add(c, SEV_GOOD, CONF_HIGH, "host", 0.1,
                    "Kubelet says that %s has sufficient memory (MemoryPressure is False)", node);
        finding_detail(c, "It says so while memory.available is above its threshold of eviction "
                          "(evictionHard: 100 MiB where nobody set it).");
    }
    if (e->forced && known(c->f->available) && c->f->available_share > PLENTY)
        tell_disagreement(c, node);
    if (known(e->usage) && known(e->limit)) {
        finding_detail(c, "Its pods request %s of the %s that they may have (%s).", SIZE(e->usage),
                       SIZE(e->limit), AMOUNT(share_of(e->usage, e->limit), IN_PERCENT));
        evidence(c, "requests", number_of(e->usage), IN_BYTES, "kubectl describe node", "%s", "");
        evidence_shown(c, "requested of that", share_of(e->usage, e->limit), IN_PERCENT,
                       "kubectl describe node");
        evidence(c, "allocatable", number_of(e->limit), IN_BYTES, "kubectl describe node", "%s",
                 "");
    }
    if (e->words)
        finding_detail(c, "\"%s\" (%s)", e->words, oom_where(where, c->s, e, NR_OOM_PARTS));
}

/* Several messages of one pressure are one finding. */
static bool is_told_before(const struct rule_context *c, const struct incident *i)
{
    for (const struct incident *b = c->incidents->items.items; b < i; b++)
        if (b->e->kind == LOG_NODE_TOLD && b->e->forced == i->e->forced && i->e->forced &&
            (!b->e->task_memcg || !i->e->task_memcg ||
             strcmp(b->e->task_memcg, i->e->task_memcg) == 0))
            return true;
    return false;
}

void rule_node_pressure(struct rule_context *c)
{
    if (!wants_host(c))
        return;
    vec_for_each (&c->incidents->items, i)
        if (i->e->kind == LOG_NODE_TOLD && !is_told_before(c, i))
            tell(c, i);
}
