/* refused_ring.c - a driver of a network adapter got no memory for its rings: neighbouring pages,
 * or addresses, and no promise.
 *
 * A ring of descriptors most often lies in one piece that the device reads (dma_alloc_coherent), so
 * that 4,096 descriptors of 32 bytes are a block of order 5; some drivers (mlx5) put it together
 * from pages. What the driver keeps beside each descriptor comes from vmalloc or kmalloc, what
 * packets are received into are single pages or small blocks. Each ring of each queue is taken anew
 * when the interface is opened or its rings are changed.
 */
#include "diagnose/refused.h"

#include "diagnose/cause.h"

#include <string.h>

static unsigned order_of(u64 bytes)
{
    unsigned order = 0;

    while (order < 20 && ((u64)4096 << order) < bytes)
        order++;
    return order;
}

void refused_tell_ring(struct rule_context *c, const struct refusal *r)
{
    bool by_user = strcmp(r->program, "ethtool") == 0;
    const struct refusal *named = r;
    char name[sizeof(r->program)];

    /* The driver's own line says more than ethtool's. */
    vec_for_each (&c->s->refusals, other)
        if (other->kind == REFUSED_RING && ((by_user && strcmp(other->program, "ethtool") != 0) ||
                                            (!known(named->bytes) && known(other->bytes))))
            named = other;
    finding_add(
        c, SEV_WARNING, CONF_MEDIUM, "host", cause_weight(c, 0.5, 100),
        named->program[0] == 'a' || strcmp(named->program, "ethtool") == 0
            ? "The driver got no memory for its rings (ENOMEM): blocks of neighbouring pages "
              "that the device can reach; no promise (vm.overcommit_memory) has part in it"
            : "%s got no memory for its rings (ENOMEM): blocks of neighbouring pages that the "
              "device can reach; no promise (vm.overcommit_memory) has part in it",
        refused_said(named, name));
    vec_last(&c->out->items).cause = CAUSE_RING;
    if (known(named->bytes)) {
        finding_title(c,
                      "%s got no block of %s for a ring (order %u): memory is in smaller pieces, "
                      "whatever is free",
                      refused_said(named, name), SIZE(named->bytes), order_of(named->bytes));
        evidence(c, "block", number_of(named->bytes), IN_BYTES, "the message", "%s", "");
        evidence_shown(c, "order", order_of(named->bytes), IN_ID, "the message");
    }
    if (named != r)
        finding_detail(c, "\"%s\".", named->words);
    evidence(c, "available", number_of(c->f->available), IN_BYTES, "/proc/meminfo", "%s", "");
}
