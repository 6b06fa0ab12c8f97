/* pagetypeinfo.c - /proc/pagetypeinfo: free blocks by migrate type and order, and how many 2 MiB
 * blocks are of each type. */
#include "procfs/procfs.h"

#include <inttypes.h>

#define FILE_TYPES     (NR_MIGRATETYPES + 1u) /* with Isolate, which nothing is here */
#define PAGEBLOCK_PFNS 512u

static const char *const type_names[FILE_TYPES] = {"Unmovable", "Movable", "Reclaimable",
                                                   "HighAtomic", "Isolate"};

static void render_free(const struct zone *z, struct strbuf *out)
{
    for (unsigned mt = 0; mt < FILE_TYPES; mt++) {
        strbuf_printf(out, "Node %4u, zone %8s, type %12s ", z->nid, z->name, type_names[mt]);
        for (unsigned order = 0; order < ORDER_MAX; order++)
            strbuf_printf(out, "%6" PRIu64 " ",
                          mt < NR_MIGRATETYPES ? (u64)z->free_area[order][mt].count : 0);
        strbuf_appendc(out, '\n');
    }
}

static void render_blocks(const struct system *s, const struct zone *z, struct strbuf *out)
{
    u64 blocks[FILE_TYPES] = {0};

    for (pfn_t p = z->start_pfn & ~(PAGEBLOCK_PFNS - 1); p < z->start_pfn + z->spanned;
         p += PAGEBLOCK_PFNS)
        blocks[s->frames.pageblock_mt[p / PAGEBLOCK_PFNS]]++;
    strbuf_printf(out, "Node %u, zone %8s ", z->nid, z->name);
    for (unsigned mt = 0; mt < FILE_TYPES; mt++)
        strbuf_printf(out, "%12" PRIu64 " ", blocks[mt]);
    strbuf_appendc(out, '\n');
}

void render_pagetypeinfo(const struct system *s, struct strbuf *out)
{
    strbuf_append(out, "Page block order: 9\nPages per block:  512\n\n");
    strbuf_printf(out, "%-43s ", "Free pages count per migrate type at order");
    for (unsigned order = 0; order < ORDER_MAX; order++)
        strbuf_printf(out, "%6u ", order);
    strbuf_appendc(out, '\n');
    for (unsigned i = 0; i < s->frames.nr_zones; i++)
        if (zone_populated(&s->frames.zones[i]))
            render_free(&s->frames.zones[i], out);
    strbuf_printf(out, "\n%-23s", "Number of blocks type ");
    for (unsigned mt = 0; mt < FILE_TYPES; mt++)
        strbuf_printf(out, "%12s ", type_names[mt]);
    strbuf_appendc(out, '\n');
    for (unsigned i = 0; i < s->frames.nr_zones; i++)
        if (zone_populated(&s->frames.zones[i]))
            render_blocks(s, &s->frames.zones[i], out);
}
