/* demote.c - memory tiers: what would be evicted from a fast node goes to a slower one instead.
 *
 * Two tiers: nodes with processors, and nodes of memory alone, as a kernel has them that got the
 * latter from a device driver (dax). Of these the nearest is the target; when it is full the others
 * are tried, and then the page is evicted after all.
 *
 * Mirrors: demote_folio_list(), alloc_demote_page() of mm/vmscan.c, establish_demotion_targets() of
 * mm/memory-tiers.c, Linux 6.1. Differs: of several nearest targets Linux draws one for each page;
 * this takes the first. */
#include "balance/demote.h"

#include "balance/balance_int.h"
#include "balance/kswapd.h"
#include "compact/migrate.h"

static bool is_slow(const struct mem *mem, unsigned nid)
{
    return node_is_slow(&mem->frames->topology, nid);
}

static u64 slow_nodes(const struct mem *mem)
{
    u64 slow = 0;

    for (unsigned nid = 0; nid < mem->frames->nr_nodes; nid++)
        if (is_slow(mem, nid))
            slow |= BIT_ULL(nid);
    return slow;
}

static unsigned nearest_slow(const struct mem *mem, unsigned nid)
{
    const u8 *fallback = mem_node(mem, nid)->fallback, *distance;
    unsigned best = MAX_NUMNODES;

    distance = mem->frames->topology.distance[nid];
    for (unsigned i = 0; i < mem->frames->nr_nodes; i++)
        if (is_slow(mem, fallback[i]) &&
            (best == MAX_NUMNODES || distance[fallback[i]] < distance[best]))
            best = fallback[i];
    return best;
}

/* On the target, else on any slow node; neither reclaims for it, but the target's kswapd makes room
 * for others. */
static pfn_t take_below(struct mem *mem, unsigned target, pfn_t from)
{
    struct alloc_nodes one = {BIT_ULL(target), target}, all = {slow_nodes(mem), target};
    pfn_t pfn = migrate_take_frame(mem, one, ALLOC_MOVABLE | ALLOC_WMARK_LOW, from);

    if (pfn != PFN_NONE)
        return pfn;
    kswapd_wake_all(mem, one, folio_order(frames_get(mem->frames, from)), ZONE_MOVABLE, false);
    pfn = migrate_take_frame(mem, one, ALLOC_MOVABLE | ALLOC_WMARK_MIN, from);
    return pfn != PFN_NONE ? pfn
                           : migrate_take_frame(mem, all, ALLOC_MOVABLE | ALLOC_WMARK_LOW, from);
}

static pfn_t take_given(void *ctx, pfn_t from HW_UNUSED)
{
    return *(pfn_t *)ctx;
}

static u64 demote(struct mem *mem, unsigned nid, pfn_t *pfns, u32 *nr)
{
    unsigned below = nearest_slow(mem, nid);
    u32 kept = 0;
    u64 moved = 0;

    for (u32 i = 0; i < *nr; i++) {
        pfn_t to = PFN_NONE;
        struct migrate_target target = {take_given, &to};

        if (migrate_check_movable(mem, pfns[i]) == 0)
            to = take_below(mem, below, pfns[i]);
        if (to == PFN_NONE)
            pfns[kept++] = pfns[i];
        else
            moved += migrate_pages(mem, &pfns[i], 1, &target, MR_DEMOTION).migrated;
    }
    *nr = kept;
    return moved;
}

void demotion_setup(struct mem *mem)
{
    mem->demotes = 0;
    mem->demote = demote;
    if (!mem->tunables->demotion_enabled || !slow_nodes(mem))
        return;
    for (unsigned nid = 0; nid < mem->frames->nr_nodes; nid++)
        if (!is_slow(mem, nid))
            mem->demotes |= BIT_ULL(nid);
}
