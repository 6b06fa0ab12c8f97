/* rule_node_pressure.c - what kubelet says of its node: MemoryPressure, and how much its pods ask for. */
#include "diagnose/oom_tell.h"

#define WARNING_S 86400.0

static bool is_killed(const struct rule_context *c)
{
    vec_for_each (&c->incidents->items, i)
        if (incident_of_machine(i) || i->e->kind == LOG_KILLED_BY || i->e->kind == LOG_OOM_TOLD)
            return true;
    return false;
}

static void tell(struct rule_context *c, const struct incident *i)
{
    const struct log_event *e = i->e;
    char label[96], where[160];
    const char *node = e->task_memcg ? group_label(label, e->task_memcg) : "the node";

    if (e->forced)
        finding_add(c, is_killed(c) ? SEV_INFO : SEV_WARNING, CONF_HIGH, "host",
                    is_killed(c) ? 0.3 : 0.6,
                    "Kubelet says that %s is short of memory (MemoryPressure): it evicts pods, and "
                    "no new ones start there",
                    node);
    else
        finding_add(c, SEV_INFO, CONF_HIGH, "host", 0.1,
                    "Kubelet does not say that %s is short of memory (MemoryPressure is False)",
                    node);
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

void rule_node_pressure(struct rule_context *c)
{
    if (!wants_host(c))
        return;
    vec_for_each (&c->incidents->items, i)
        if (i->e->kind == LOG_NODE_TOLD)
            tell(c, i);
}
