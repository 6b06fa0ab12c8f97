/* frames_inline.h - the paths of frames.h that run once per page: lists, one frame from and to a
 * per-CPU list.
 *
 * Included by frames.h only. Anything that is not the common case is a call into the .c files.
 */
#ifndef FRAMES_FRAMES_INLINE_H
#define FRAMES_FRAMES_INLINE_H

#include "frames/frames.h"

/* The parts that are not inline. */
pfn_t frames_try_alloc_slow(struct frames *fr, struct alloc_nodes nodes, unsigned order,
                            enum migratetype mt, u32 alloc_flags, unsigned cpu);
void frames_free_slow(struct frames *fr, pfn_t pfn, unsigned order, unsigned cpu);
/* The list at `index` just grew: give pages back if the CPU has its fill. */
void pcp_trim(struct frames *fr, struct zone *z, struct per_cpu_pages *pcp, unsigned index);

/* No frame may be freed with one of these. */
#define FRAME_FLAGS_BUSY \
    (PG_LOCKED | PG_WRITEBACK | PG_LRU | PG_SWAPCACHE | FRAME_BUSY_KIND | PG_BATCHED | PG_PAGECACHE)

static inline void pfn_list_add(struct frames *fr, struct pfn_list *l, pfn_t pfn)
{
    struct frame *f = &fr->frame[pfn];

    f->next = l->head;
    f->prev = PFN_NONE;
    if (l->head != PFN_NONE)
        fr->frame[l->head].prev = pfn;
    else
        l->tail = pfn;
    l->head = pfn;
    l->count++;
}

static inline void pfn_list_add_tail(struct frames *fr, struct pfn_list *l, pfn_t pfn)
{
    struct frame *f = &fr->frame[pfn];

    f->prev = l->tail;
    f->next = PFN_NONE;
    if (l->tail != PFN_NONE)
        fr->frame[l->tail].next = pfn;
    else
        l->head = pfn;
    l->tail = pfn;
    l->count++;
}

static inline void pfn_list_add_before(struct frames *fr, struct pfn_list *l, pfn_t pfn, pfn_t next)
{
    struct frame *f = &fr->frame[pfn], *after = &fr->frame[next];

    f->next = next;
    f->prev = after->prev;
    if (after->prev != PFN_NONE)
        fr->frame[after->prev].next = pfn;
    else
        l->head = pfn;
    after->prev = pfn;
    l->count++;
}

static inline void pfn_list_del(struct frames *fr, struct pfn_list *l, pfn_t pfn)
{
    struct frame *f = &fr->frame[pfn];

    if (f->prev != PFN_NONE)
        fr->frame[f->prev].next = f->next;
    else
        l->head = f->next;
    if (f->next != PFN_NONE)
        fr->frame[f->next].prev = f->prev;
    else
        l->tail = f->prev;
    l->count--;
}

/* Every allocation, whatever its order: the zone's and the machine's events. `wanted`: the zone
 * that comes first for the request. */
static inline void frames_count_alloc(struct frames *fr, struct zone *z, struct zone *wanted,
                                      unsigned order, unsigned cpu)
{
    enum counter local = z->nid == fr->cpu_nid[cpu] ? NUMA_LOCAL : NUMA_OTHER;
    enum counter hit = NUMA_HIT;

    if (unlikely(z->nid != wanted->nid)) {
        hit = NUMA_MISS;
        count(fr->counters, NUMA_FOREIGN, 1);
        count(&wanted->counters, NUMA_FOREIGN, 1);
    }
    count(fr->counters, (enum counter)(PGALLOC_DMA + z->type), (s64)1 << order);
    count(fr->counters, hit, 1);
    count(fr->counters, local, 1);
    count(&z->counters, hit, 1);
    count(&z->counters, local, 1);
}

static inline void node_count(struct frames *fr, unsigned nid, enum counter id, s64 n)
{
    fr->nodes[nid].counters.v[id - NODE_COUNTER_FIRST] += n;
}

static inline void frames_count(struct frames *fr, pfn_t pfn, enum counter id, s64 n)
{
    count(fr->counters, id, n);
    if (unlikely(fr->nr_nodes > 1))
        node_count(fr, frame_nid(fr, pfn), id, n);
}

static inline pfn_t frames_try_alloc(struct frames *fr, struct alloc_nodes nodes, unsigned order,
                                     enum migratetype mt, u32 alloc_flags, unsigned cpu)
{
    enum zone_type highest = alloc_flags & ALLOC_MOVABLE ? ZONE_MOVABLE : ZONE_NORMAL;
    struct zone *z = fr->nodes[nodes.nid].zonelist[highest][0];
    struct per_cpu_pages *pcp = &z->pcp[cpu];
    struct pfn_list *list = &pcp->lists[mt]; /* of order 0 */
    pfn_t pfn = list->head;
    struct frame *f;

    if (unlikely(order != 0 || pfn == PFN_NONE || !(nodes.mask >> z->nid & 1)))
        return frames_try_alloc_slow(fr, nodes, order, mt, alloc_flags, cpu);
    if (unlikely(z->free_pages <= z->watermark[alloc_flags & ALLOC_WMARK_MASK] +
                                      z->watermark_boost + z->lowmem_reserve[highest] +
                                      z->nr_reserved_highatomic))
        return frames_try_alloc_slow(fr, nodes, order, mt, alloc_flags, cpu);

    f = &fr->frame[pfn];
    list->head = f->next;
    if (f->next != PFN_NONE)
        fr->frame[f->next].prev = PFN_NONE;
    else
        list->tail = PFN_NONE;
    list->count--;
    pcp->count--;
    pcp->free_factor >>= 1;
    f->flags &= FRAME_ZONE_MASK;
    f->mapcount = 0;
    f->memcg = 0;
    frames_count_alloc(fr, z, z, 0, cpu);
    return pfn;
}

static inline void frames_free(struct frames *fr, pfn_t pfn, unsigned order, unsigned cpu)
{
    struct frame *f = &fr->frame[pfn];
    struct zone *z = frames_zone_of(fr, pfn);
    struct per_cpu_pages *pcp = &z->pcp[cpu];
    u32 mt = fr->pageblock_mt[pfn >> PAGEBLOCK_ORDER];

    if (unlikely(order != 0 || mt >= NR_PCP_MIGRATETYPES)) {
        frames_free_slow(fr, pfn, order, cpu);
        return;
    }
    assert(!(f->flags & FRAME_FLAGS_BUSY) && f->mapcount == 0 && f->memcg == 0);
    f->flags = FRAME_PCP | mt << FRAME_MT_SHIFT | (f->flags & FRAME_ZONE_MASK);
    pfn_list_add(fr, &pcp->lists[mt], pfn);
    pcp->count++;
    count(fr->counters, PGFREE, 1);
    if (unlikely(pcp->count >= pcp->high || z->reclaim_active))
        pcp_trim(fr, z, pcp, mt);
}

#endif
