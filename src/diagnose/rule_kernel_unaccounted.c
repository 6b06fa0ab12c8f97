/* rule_kernel_unaccounted.c - memory that no counter explains. */
#include "diagnose/cause.h"

/* Percent of memory. Page tables of the kernel, per-CPU lists and drivers leave one to four; old
 * kernels lack counters. */
#define MUCH       10.0
#define MUCH_EARLY 15.0
/* Less is the kernel's own on a machine of any size, or a quarter of a small one. */
#define FLOOR      (256 * MIB)
#define SMALL_PART 0.25

/* A part of memory that is worth asking for. */
#define MUCH_UNTOLD 30.0

/* A paste that ends before Slab: what is neither free nor cache nor anonymous is the kernel's, in
 * which part of it is not told. */
static void tell_untold(struct rule_context *c)
{
    const u64 *m = c->s->meminfo;
    u64 total = m[MI_MEM_TOTAL], told = 0;
    const u64 parts[] = {m[MI_MEM_FREE], m[MI_CACHED], m[MI_BUFFERS], m[MI_ANON_PAGES]};

    if (!c->s->pasted || known(m[MI_SLAB]) || known(m[MI_SUNRECLAIM]))
        return;
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!known(parts[i]) || parts[i] > (u64)1 << 56)
            return;
        told += parts[i];
    }
    told += named_beside_processes(c->s);
    if (!known(total) || told >= total || !(share_of(total - told, total) >= MUCH_UNTOLD))
        return;
    finding_add(
        c, cause_severity(c, SEV_INFO), CONF_LOW, "host",
        cause_weight(c, 0.5, share_of(total - told, total)),
        "%s of %s is neither free nor cache nor programs': the kernel's, or huge pages; the "
        "lines that say which (Slab and below) are missing",
        SIZE(total - told), SIZE(total));
    evidence(c, "neither free nor cache nor anonymous", number_of(total - told), IN_BYTES,
             "/proc/meminfo", "over %.0f %% of MemTotal", MUCH_UNTOLD);
    evidence_shown(c, "MemTotal", number_of(total), IN_BYTES, "/proc/meminfo");
}

void rule_kernel_unaccounted(struct rule_context *c)
{
    /* Percpu came with 4.20, the last counter of weight. */
    bool early = !known(c->s->meminfo[MI_PERCPU]);
    u64 hidden = c->f->unaccounted;
    double share, much = early ? MUCH_EARLY : MUCH;

    share = share_of(hidden, c->f->total);
    if (wants_host(c))
        tell_untold(c);
    if (!wants_host(c) || !(share >= much) || (hidden < FLOOR && share < 100 * SMALL_PART))
        return;
    finding_add(c, cause_severity(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO),
                early ? CONF_LOW : CONF_MEDIUM, "host", cause_weight(c, 0.5, share),
                "%s, %s of memory, is in use and in no counter", SIZE(hidden),
                AMOUNT(share, IN_PERCENT));
    evidence(c, "not accounted for", number_of(hidden), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of MemTotal", much);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
}
