/* alloc.c - one allocation, one free: zones, watermarks, per-CPU list or buddy lists.
 *
 * Zones are tried from the highest that the request may use down to DMA, node after node. Each is
 * asked whether the request leaves it above its watermark; the first that says yes and has a block
 * serves. Low zones keep lowmem_reserve back, so a machine with much RAM does not fill DMA32 with
 * what could be in Normal.
 */
#include "frames/folio.h"
#include "frames/frames_int.h"

static void block_clear(struct frames *fr, struct zone *z, pfn_t pfn, unsigned order, bool comp)
{
    pfn_t end = pfn + (comp ? 1 : 1u << order);

    for (pfn_t at = pfn; at < end; at++) {
        struct frame *f = &fr->frame[at];

        f->flags = z->type;
        f->mapcount = 0;
        f->memcg = 0;
    }
    if (comp)
        folio_make(fr, pfn, order);
}

static pfn_t zone_take(struct frames *fr, struct zone *z, unsigned order, unsigned mt,
                       u32 alloc_flags, unsigned cpu)
{
    pfn_t pfn = PFN_NONE;

    if (pcp_allowed_order(order)) {
        pfn = pcp_take(fr, z, order, mt, alloc_flags, cpu);
        if (pfn != PFN_NONE)
            return pfn;
    }
    if (order > 0 && alloc_flags & ALLOC_HARDER)
        pfn = buddy_take_smallest(fr, z, order, MT_HIGHATOMIC);
    if (pfn == PFN_NONE)
        pfn = buddy_take(fr, z, order, mt, alloc_flags);
    if (pfn != PFN_NONE)
        zone_account_free(fr, z, -((s64)1 << order));
    return pfn;
}

/* zone_allows() of a single page by one who may not go below the watermark: most requests, at each
 * zone of the list that is full. */
static inline bool zone_allows_page(const struct zone *z, enum zone_type highest,
                                    enum watermark wmark)
{
    return z->free_pages >
           zone_wmark_pages(z, wmark) + z->lowmem_reserve[highest] + z->nr_reserved_highatomic;
}

/* From `from` on in a zonelist. `locally`: on the node of the best zone alone; where each zone
 * there is below its watermark, *ret_rest is the zone behind them. */
static pfn_t zonelist_take(struct frames *fr, struct zone **from, struct alloc_nodes nodes,
                           struct zone *wanted, bool locally, unsigned order, unsigned mt,
                           u32 alloc_flags, unsigned cpu, struct zone ***ret_rest)
{
    enum zone_type highest = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;
    enum watermark wmark = (enum watermark)(alloc_flags & ALLOC_WMARK_MASK);
    bool plain = order == 0 &&
                 !(alloc_flags & (ALLOC_NO_WATERMARKS | ALLOC_HIGH | ALLOC_HARDER | ALLOC_OOM));
    struct zone **next;
    bool full = true;

    for (next = from; *next; next++) {
        struct zone *z = *next;
        pfn_t pfn;

        if (!(nodes.mask >> z->nid & 1))
            continue;
        if (locally && z->nid != wanted->nid)
            break;
        if (plain ? !zone_allows_page(z, highest, wmark)
                  : !zone_allows(z, order, highest, alloc_flags))
            continue;
        full = false;
        pfn = zone_take(fr, z, order, mt, alloc_flags, cpu);
        if (pfn == PFN_NONE)
            continue;
        block_clear(fr, z, pfn, order, (alloc_flags & ALLOC_COMP) != 0);
        frames_count_alloc(fr, z, wanted, order, cpu);
        if (unlikely(order && alloc_flags & ALLOC_HARDER))
            pageblock_reserve_highatomic(fr, z, pfn);
        return pfn;
    }
    if (locally && full)
        *ret_rest = next;
    return PFN_NONE;
}

struct zone *frames_first_zone(const struct frames *fr, struct alloc_nodes nodes,
                               enum zone_type highest)
{
    struct zone **next = fr->nodes[nodes.nid].zonelist[highest];

    while (*next && !(nodes.mask >> (*next)->nid & 1))
        next++;
    return *next;
}

pfn_t frames_try_alloc_slow(struct frames *fr, struct alloc_nodes nodes, unsigned order,
                            enum migratetype mt, u32 alloc_flags, unsigned cpu)
{
    enum zone_type highest = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;
    struct zone *wanted = frames_first_zone(fr, nodes, highest);
    struct zone **from = fr->nodes[nodes.nid].zonelist[highest];
    pfn_t pfn;

    assert(nodes.nid < fr->nr_nodes && order < ORDER_MAX && mt < NR_PCP_MIGRATETYPES &&
           cpu < fr->nr_cpus);
    if (!wanted)
        return PFN_NONE;
    /* Only where there is a lower zone to take from instead, as Linux has it: Normal above
     * DMA32. */
    if (wanted->type != ZONE_NORMAL || (fr->nr_nodes > 1 && !zone_populated(wanted - 1)))
        alloc_flags &= ~(u32)ALLOC_NOFRAGMENT;
    if (alloc_flags & ALLOC_NOFRAGMENT) {
        pfn = zonelist_take(fr, from, nodes, wanted, true, order, mt, alloc_flags, cpu, &from);
        if (pfn != PFN_NONE)
            return pfn;
    }
    return zonelist_take(fr, from, nodes, wanted, false, order, mt,
                         alloc_flags & ~(u32)ALLOC_NOFRAGMENT, cpu, NULL);
}

void frames_free_slow(struct frames *fr, pfn_t pfn, unsigned order, unsigned cpu)
{
    struct zone *z = frames_zone_of(fr, pfn);
    unsigned mt = frames_pageblock_mt(fr, pfn);
    pfn_t end = pfn + (1u << order);

    assert(order < ORDER_MAX && pfn % (1u << order) == 0 && cpu < fr->nr_cpus);
    if (folio_is_large(&fr->frame[pfn])) {
        assert(order == folio_order(&fr->frame[pfn]));
        folio_free_tails(fr, pfn);
        end = pfn + 1;
    }
    for (pfn_t at = pfn; at < end; at++) {
        struct frame *f = &fr->frame[at];

        assert(!(f->flags & FRAME_FLAGS_BUSY) && f->mapcount == 0 && f->memcg == 0);
        f->flags = z->type;
    }
    count(fr->counters, PGFREE, (s64)1 << order);
    if (pcp_allowed_order(order)) {
        struct per_cpu_pages *pcp = &z->pcp[cpu];
        unsigned index;

        /* Not on a list of its own: the next one to use it must be able to get it. */
        if (mt >= NR_PCP_MIGRATETYPES)
            mt = MT_MOVABLE;
        index = pcp_list_index(order, mt);
        fr->frame[pfn].flags =
            FRAME_PCP | order << FRAME_ORDER_SHIFT | mt << FRAME_MT_SHIFT | z->type;
        pfn_list_add(fr, &pcp->lists[index], pfn);
        pcp->count += 1u << order;
        pcp_trim(fr, z, pcp, index);
        return;
    }
    buddy_free_one(fr, z, pfn, order, mt);
}
