/* zoneinfo.c - /proc/zoneinfo: every zone with its watermarks, counters and per-CPU lists.
 *
 * The node's own counters stand with its first zone that has memory. A zone without memory ends
 * after its watermarks. Zone Device is part of Debian's kernel and always empty here.
 */
#include "balance/kswapd.h"
#include "procfs/procfs.h"

#include <inttypes.h>

#define FILE_ZONES (NR_ZONES + 1) /* with Device */

static void render_zone_stat(struct strbuf *out, enum counter id, s64 stored)
{
    strbuf_printf(out, "\n      %-12s %" PRId64, counter_info[id].name, counter_shown(id, stored));
}

static void render_node_stats(const struct system *s, unsigned nid, struct strbuf *out)
{
    const struct kernel *kernel = &s->kernel;
    struct counters c;

    procfs_node_counters(s, nid, &c);
    strbuf_append(out, "\n  per-node stats");
    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        if (id == NR_DIRTY_THRESHOLD)
            break; /* what follows is the machine's */
        if ((counter_info[id].scopes & (SCOPE_NODE | SCOPE_ZONE)) == SCOPE_NODE)
            render_zone_stat(out, id, c.v[id]);
    }
}

static void render_zone_stats(const struct system *s, const struct zone *z, struct strbuf *out)
{
    const struct kernel *kernel = &s->kernel;

    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        if (counter_info[id].scopes & SCOPE_ZONE)
            render_zone_stat(out, id, id == NR_FREE_PAGES ? (s64)z->free_pages : z->counters.v[id]);
    }
}

static void render_pagesets(const struct system *s, const struct zone *z, struct strbuf *out)
{
    strbuf_append(out, "\n  pagesets");
    for (unsigned cpu = 0; cpu < s->frames.nr_cpus; cpu++)
        strbuf_printf(out,
                      "\n    cpu: %u"
                      "\n              count: %u"
                      "\n              high:  %u"
                      "\n              batch: %u",
                      cpu, z->pcp[cpu].count, z->pcp[cpu].high, z->pcp[cpu].batch);
    strbuf_printf(out,
                  "\n  vm stats threshold: %u"
                  "\n  node_unreclaimable:  %u"
                  "\n  start_pfn:           %u",
                  zone_stat_threshold(z, s->frames.nr_cpus),
                  kswapd_is_hopeless(&s->frames.nodes[z->nid]), z->start_pfn);
}

static void render_zone(const struct system *s, const struct zone *z, bool first,
                        struct strbuf *out)
{
    strbuf_printf(out, "Node %u, zone %8s", z->nid, z->name);
    if (first)
        render_node_stats(s, z->nid, out);
    strbuf_printf(out,
                  "\n  pages free     %" PRIu64 "\n        boost    %" PRIu64
                  "\n        min      %" PRIu64 "\n        low      %" PRIu64
                  "\n        high     %" PRIu64,
                  z->free_pages, z->watermark_boost, zone_wmark_pages(z, WMARK_MIN),
                  zone_wmark_pages(z, WMARK_LOW), zone_wmark_pages(z, WMARK_HIGH));
    if (kernel_has(&s->kernel, KERNEL_PROMO_LINE))
        strbuf_printf(out, "\n        promo    %" PRIu64, zone_promo_pages(z));
    strbuf_printf(
        out,
        "\n        spanned  %u"
        "\n        present  %u\n        managed  %u\n        cma      0\n        protection: (",
        z->spanned, z->present, z->managed);
    for (unsigned i = 0; i < FILE_ZONES; i++)
        strbuf_printf(out, "%s%" PRIu64, i ? ", " : "", z->lowmem_reserve[MIN(i, NR_ZONES - 1u)]);
    strbuf_appendc(out, ')');
    if (zone_populated(z)) {
        render_zone_stats(s, z, out);
        render_pagesets(s, z, out);
    }
    strbuf_appendc(out, '\n');
}

void render_zoneinfo(const struct system *s, struct strbuf *out)
{
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        const struct pgdat *pgdat = &s->frames.nodes[nid];
        const struct zone device = {.name = "Device", .nid = nid};
        bool first = true;

        for (unsigned i = 0; i < NR_ZONES; i++) {
            const struct zone *z = &pgdat->zones[i];

            render_zone(s, z, first && zone_populated(z), out);
            if (zone_populated(z))
                first = false;
        }
        render_zone(s, &device, false, out);
    }
}
