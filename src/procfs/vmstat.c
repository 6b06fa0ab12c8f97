/* vmstat.c - /proc/vmstat, and the counters behind every other file.
 *
 * Most counters are kept machine-wide as they happen. A few are derived here: what the buddy lists
 * hold, sums over zones that repeat a sum over nodes, and the dirty thresholds, which the kernel
 * works out when it is asked.
 */
#include "procfs/procfs.h"

#include "balance/writeback.h"

#include <inttypes.h>

#define SECTION_PAGES        (1u << 15) /* of 128 MiB */
#define DESCRIPTORS_PER_PAGE 64u

/* The descriptors of all frames: of each section that holds RAM. DMA and DMA32 follow each other,
 * other zones begin with a section. */
static u64 memmap_pages(const struct frames *fr)
{
    u64 sections = 0;

    for (unsigned i = 0; i < fr->nr_zones; i++) {
        u64 pages = fr->zones[i].present;

        if (fr->zones[i].type == ZONE_DMA && i + 1 < fr->nr_zones)
            pages += fr->zones[++i].present;
        sections += DIV_ROUND_UP(pages, (u64)SECTION_PAGES);
    }
    return sections * (SECTION_PAGES / DESCRIPTORS_PER_PAGE);
}

void procfs_counters(const struct system *s, struct counters *ret)
{
    static const enum counter by_zone[] = {
        NR_ZONE_INACTIVE_ANON, NR_ZONE_ACTIVE_ANON, NR_ZONE_INACTIVE_FILE,
        NR_ZONE_ACTIVE_FILE,   NR_ZONE_UNEVICTABLE,
    };
    u64 background = 0, dirty = 0;

    *ret = s->counters;
    ret->v[NR_FREE_PAGES] = (s64)frames_count_free(&s->frames);
    for (unsigned i = 0; i < ARRAY_SIZE(by_zone); i++) {
        ret->v[by_zone[i]] = 0;
        for (unsigned z = 0; z < s->frames.nr_zones; z++)
            ret->v[by_zone[i]] += s->frames.zones[z].counters.v[by_zone[i]];
    }
    ret->v[NR_MEMMAP_BOOT_PAGES] = (s64)memmap_pages(&s->frames);
    if (s->mem.groups) {
        dirty_limits(&s->mem, &background, &dirty);
        ret->v[NR_DIRTY_THRESHOLD] = (s64)dirty;
        ret->v[NR_DIRTY_BACKGROUND_THRESHOLD] = (s64)background;
    }
}

void render_vmstat(const struct system *s, struct strbuf *out)
{
    const struct kernel *kernel = &s->kernel;
    struct counters c;

    procfs_counters(s, &c);
    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        strbuf_append(out, counter_info[id].name);
        strbuf_appendc(out, ' ');
        strbuf_append_s64(out, counter_shown(id, c.v[id]), 0);
        strbuf_appendc(out, '\n');
    }
}
