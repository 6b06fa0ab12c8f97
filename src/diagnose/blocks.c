/* blocks.c - see blocks.h.
 *
 * unusable_index of debugfs is the share of free memory in smaller blocks: where it is the only
 * file that is there, it tells as much as buddyinfo does of that share. The zone DMA is left out:
 * nobody's huge pages lie in its 16 MiB.
 */
#include "diagnose/blocks.h"

#include <string.h>

static u64 zone_free(const struct zone_view *z, u64 *ret_large)
{
    u64 pages = 0;

    *ret_large = 0;
    for (u32 order = 0; order < MIN(z->nr_orders, (u32)ORDERS_MAX); order++) {
        u64 in_order = MIN(figure_or(z->blocks[order], 0), (u64)1 << 40) << order;

        pages += in_order;
        *ret_large += order >= LARGE_ORDER ? in_order : 0;
    }
    return pages;
}

/* Without buddyinfo: what zoneinfo says is free, split as unusable_index says. */
static u64 zone_free_by_index(const struct zone_view *z, u64 *ret_large)
{
    u64 pages = known(z->free) && z->free < (u64)1 << 44 ? z->free : 0;

    *ret_large = pages / 1000 * (1000 - MIN(z->unusable[LARGE_ORDER], (u64)1000));
    return pages;
}

bool free_blocks_sum(const struct snapshot *s, struct free_blocks *ret)
{
    u64 kernel = 0, blocks = 0, most = 0;
    struct free_blocks b = {.extfrag = UNKNOWN, .kernel_share = NAN, .where = "/proc/buddyinfo"};

    vec_for_each (&s->zones, z) {
        u64 large, pages;

        if (strcmp(z->name, "DMA") == 0)
            continue;
        if (z->nr_orders == 0 && known(z->unusable[LARGE_ORDER])) {
            pages = zone_free_by_index(z, &large);
            b.where = part_names[PART_EXTFRAG];
        } else {
            pages = zone_free(z, &large);
        }
        b.pages += pages;
        b.large += large;
        if (pages >= most && known(zone_extfrag(z, LARGE_ORDER))) {
            most = pages;
            b.extfrag = zone_extfrag(z, LARGE_ORDER);
        }
        if (!known(z->pageblocks[BLOCK_MOVABLE]))
            continue;
        kernel += z->pageblocks[BLOCK_UNMOVABLE] + z->pageblocks[BLOCK_RECLAIMABLE];
        for (unsigned i = 0; i < NR_BLOCK_TYPES; i++)
            blocks += z->pageblocks[i];
    }
    b.kernel_share = blocks ? 100 * (double)kernel / (double)blocks : NAN;
    *ret = b;
    return b.pages > 0;
}

u64 free_blocks_on(const struct snapshot *s, u32 node)
{
    u64 usable = UNKNOWN;

    vec_for_each (&s->zones, z) {
        u64 large, pages, keeps = figure_or(z->low, 0);

        if (z->node != node || z->nr_orders == 0 || strcmp(z->name, "DMA") == 0)
            continue;
        pages = zone_free(z, &large);
        usable = figure_or(usable, 0) + MIN(large, pages > keeps ? pages - keeps : 0);
    }
    return known(usable) ? usable >> LARGE_ORDER << LARGE_ORDER : UNKNOWN;
}

void free_blocks_evidence(struct rule_context *c, const struct free_blocks *b)
{
    if (known(b->extfrag) && b->extfrag != EXTFRAG_FREE)
        evidence(c, "extfrag_index of 2 MiB, thousandths", (double)b->extfrag, IN_COUNT, b->where,
                 "in pieces over %u", EXTFRAG_IN_PIECES);
    evidence_shown(c, "blocks that are the kernel's", b->kernel_share, IN_PERCENT,
                   "/proc/pagetypeinfo");
}
