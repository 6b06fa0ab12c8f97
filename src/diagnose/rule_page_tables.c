/* rule_page_tables.c - the maps of address spaces hold much memory. */
#include "diagnose/cause.h"

/* Percent of memory. Fully mapped memory needs 0.2 % once; five is 25 times that, or very
 * sparse. */
#define MUCH 5.0

void rule_page_tables(struct rule_context *c)
{
    u64 tables = c->s->meminfo[MI_PAGE_TABLES];
    double share = share_of(tables, c->f->total);
    const struct process_view *most = NULL;

    if (!wants_host(c) || !(share >= MUCH))
        return;
    vec_for_each (&c->s->processes, p) {
        if (known(p->page_tables) && (!most || p->page_tables > most->page_tables))
            most = p;
    }
    finding_add(c, cause_severity(c, left_is_scarce(c->f) ? SEV_WARNING : SEV_INFO), CONF_HIGH,
                "host", cause_weight(c, 0.4, share), "Page tables hold %s, %s of memory",
                SIZE(tables), AMOUNT(share, IN_PERCENT));
    if (most)
        finding_detail(c, "The largest are those of %s (pid %u): %s.", most->comm, most->pid,
                       SIZE(most->page_tables));
    if (most)
        evidence_process(c, most, number_of(most->page_tables), IN_BYTES, "status");
    evidence(c, "PageTables", number_of(tables), IN_BYTES, "/proc/meminfo",
             "over %.0f %% of MemTotal", MUCH);
    evidence_shown(c, "share of MemTotal", share, IN_PERCENT, "/proc/meminfo");
}
