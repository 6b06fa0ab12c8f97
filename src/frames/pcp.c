/* pcp.c - per-CPU lists: most pages are freed and taken again without touching the zone.
 *
 * One list per order (0 to 3, and 9 for huge pages) and migrate type. What was freed last is
 * handed out first, while it is still in the CPU's cache. An empty list is refilled with `batch`
 * pages, in the order the buddy lists gave them.
 *
 *      head                          tail
 *      last freed ... first freed         -> give back from the tail: coldest first
 *
 * At `high` pages, `batch` go back to the buddy lists; twice as many each time as long as no
 * allocation comes between, to get rid of the leavings of an exit quickly. While kswapd works on
 * the zone, only 4 batches are kept, so that its pages can be seen.
 */
#include "frames/frames_int.h"

pfn_t pcp_take(struct frames *fr, struct zone *z, unsigned order, unsigned mt, u32 alloc_flags,
               unsigned cpu)
{
    struct per_cpu_pages *pcp = &z->pcp[cpu];
    struct pfn_list *list = &pcp->lists[pcp_list_index(order, mt)];
    pfn_t pfn;

    pcp->free_factor >>= 1;
    if (list->head == PFN_NONE) {
        u32 want = pcp->batch > 1 ? MAX(pcp->batch >> order, 2) : pcp->batch;
        u32 got;

        for (got = 0; got < want; got++) {
            pfn = buddy_take(fr, z, order, mt, alloc_flags);
            if (pfn == PFN_NONE)
                break;
            fr->frame[pfn].flags =
                FRAME_PCP | order << FRAME_ORDER_SHIFT | mt << FRAME_MT_SHIFT | z->type;
            pfn_list_add_tail(fr, list, pfn);
        }
        pcp->count += got << order;
        zone_account_free(fr, z, -((s64)got << order));
        if (!got)
            return PFN_NONE;
    }
    pfn = list->head;
    pfn_list_del(fr, list, pfn);
    pcp->count -= 1u << order;
    return pfn;
}

void pcp_give_back(struct frames *fr, struct zone *z, struct per_cpu_pages *pcp, u32 n,
                   unsigned index)
{
    s64 left = MIN(n, pcp->count);

    for (; left > 0; index = (index + 1) % NR_PCP_LISTS) {
        struct pfn_list *list = &pcp->lists[index];
        unsigned order = pcp_list_order(index);

        while (left > 0 && list->tail != PFN_NONE) {
            pfn_t pfn = list->tail;

            pfn_list_del(fr, list, pfn);
            pcp->count -= 1u << order;
            left -= 1 << order;
            buddy_free_one(fr, z, pfn, order, frame_mt(&fr->frame[pfn]));
        }
    }
}

/* How many pages this CPU may hold now. */
static u32 pcp_high(const struct per_cpu_pages *pcp, const struct zone *z)
{
    return z->reclaim_active ? MIN(pcp->batch << 2, pcp->high) : pcp->high;
}

static u32 choose_give_back(struct per_cpu_pages *pcp, u32 high)
{
    u32 n = pcp->batch;
    u32 most;

    if (high < n)
        return 1;
    most = high - n;
    n <<= pcp->free_factor;
    if (n < most)
        pcp->free_factor++;
    return MIN(n, most);
}

void pcp_trim(struct frames *fr, struct zone *z, struct per_cpu_pages *pcp, unsigned index)
{
    unsigned order = pcp_list_order(index);
    u32 high = pcp_high(pcp, z);

    /* Small blocks freed in a row (exits, slabs): let them merge at once. */
    if (order > 0 && order < PCP_ORDERS - 1 && pcp->free_factor) {
        pcp_give_back(fr, z, pcp, pcp->count, index);
        return;
    }
    if (pcp->count >= high)
        pcp_give_back(fr, z, pcp, choose_give_back(pcp, high), index);
}

void pcp_setup(struct frames *fr, struct zone *z)
{
    /* A quarter of a thousandth of the zone, at most 256 pages; then 1.5 times that rounded down
     * to 2^n, less one, which keeps freed batches from falling on the same cache colours. */
    u32 batch = MAX(MIN(z->managed >> 10, (u32)(MIB / PAGE_SIZE)) / 4, 1u);
    u32 high;
    /* The CPUs of the zone's node; all share a node that has none (zone_highsize). */
    unsigned nr_cpus = (unsigned)__builtin_popcountll(fr->topology.cpus[z->nid]);

    if (!nr_cpus)
        nr_cpus = fr->nr_cpus;
    batch = (1u << log2_floor(batch + batch / 2)) - 1;
    batch = MAX(batch, 1u);
    high = (u32)(zone_wmark_pages(z, WMARK_LOW) / nr_cpus);
    high = MAX(high, batch << 2);
    for (unsigned cpu = 0; cpu < fr->nr_cpus; cpu++) {
        z->pcp[cpu].batch = batch;
        z->pcp[cpu].high = high;
    }
}

void frames_drain_pcp_zone(struct frames *fr, struct zone *z, unsigned cpu)
{
    pcp_give_back(fr, z, &z->pcp[cpu], z->pcp[cpu].count, 0);
}

void frames_drain_pcp_cpu(struct frames *fr, unsigned cpu)
{
    for (unsigned i = 0; i < fr->nr_zones; i++)
        frames_drain_pcp_zone(fr, &fr->zones[i], cpu);
}

void frames_drain_pcp(struct frames *fr)
{
    for (unsigned cpu = 0; cpu < fr->nr_cpus; cpu++)
        frames_drain_pcp_cpu(fr, cpu);
}
