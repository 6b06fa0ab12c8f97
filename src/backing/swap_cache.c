/* swap_cache.c - swapped pages that are in memory as well.
 *
 * One array per area, by slot, instead of the kernel's trees: slots are dense where they are used
 * at all. What those trees would cost in nodes is estimated from the groups of 64 slots that have
 * an entry (the leaves) and the pieces of 2^14 slots that have a leaf (each is a tree of its own,
 * with up to 4 + 3 nodes above its leaves).
 */
#include "backing/swap_int.h"

/* Nodes above the leaves of one piece: one per 64 leaves, and a path to the root that is as high
 * as slots are large. */
static u64 nodes_above(u32 slot, u32 leaves)
{
    if (!leaves)
        return 0;
    return DIV_ROUND_UP(leaves, 64u) + (slot >= 4096) + (slot >= 1u << 18) + (slot >= 1u << 24);
}

void swap_cache_set(struct swap *s, struct swap_area *a, u32 slot, u64 entry)
{
    u64 old = a->slots[slot].cache;

    a->slots[slot].cache = entry;
    if ((old != 0) == (entry != 0))
        return;

    u8 *leaf = &a->leaf_entries[slot / 64];
    u32 *leaves = &a->space_leaves[slot >> SWAP_SPACE_SHIFT];
    bool had = *leaf != 0;

    *leaf = (u8)(entry ? *leaf + 1 : *leaf - 1);
    if (had == (*leaf != 0))
        return;

    u64 before = nodes_above(slot, *leaves);

    *leaves += entry ? 1 : -1u;
    s->xa_nodes += (entry ? 1 : -1ull) + nodes_above(slot, *leaves) - before;
}

u64 swapcache_entry(const struct swap *s, swp_t e)
{
    return swap_area_get(s, e)->slots[swp_slot(e)].cache;
}

pfn_t swapcache_find(const struct swap *s, swp_t e)
{
    u64 entry = swapcache_entry(s, e);

    return (entry & 1) ? PFN_NONE : (pfn_t)(entry >> 1);
}

u64 swapcache_add(struct swap *s, swp_t e, pfn_t pfn)
{
    struct swap_area *a = swap_area_get(s, e);
    struct frame *f = frames_get(s->frames, pfn);
    u64 old = a->slots[swp_slot(e)].cache;

    assert(!frame_test(f, PG_SWAPCACHE | PG_PAGECACHE));
    assert(a->slots[swp_slot(e)].count != 0 && (old == 0 || (old & 1)));
    a->slots[swp_slot(e)].count |= SWAP_HAS_CACHE;
    swap_cache_set(s, a, swp_slot(e), (u64)pfn << 1);
    f->private = e;
    frame_set(f, PG_SWAPCACHE);
    s->nr_cached++;
    frames_count(s->frames, pfn, NR_SWAPCACHED, frame_nr_pages(f));
    frames_count(s->frames, pfn, NR_FILE_PAGES, frame_nr_pages(f));
    return old;
}

bool swapcache_del(struct swap *s, pfn_t pfn, u64 shadow, u16 *ret_memcg)
{
    struct frame *f = frames_get(s->frames, pfn);
    swp_t e = f->private;
    struct swap_area *a = swap_area_get(s, e);
    u32 slot = swp_slot(e);
    u16 memcg;

    assert(frame_test(f, PG_SWAPCACHE) && !frame_test(f, PG_WRITEBACK));
    assert(a->slots[slot].cache == (u64)pfn << 1 && (a->slots[slot].count & SWAP_HAS_CACHE));
    assert(shadow == 0 || (shadow & 1));
    frame_clear(f, PG_SWAPCACHE);
    f->private = 0;
    s->nr_cached--;
    frames_count(s->frames, pfn, NR_SWAPCACHED, -frame_nr_pages(f));
    frames_count(s->frames, pfn, NR_FILE_PAGES, -frame_nr_pages(f));
    if (slotset_has(&a->idle, slot))
        slotset_del(&a->idle, slot);
    a->slots[slot].count &= ~SWAP_HAS_CACHE;
    if (a->slots[slot].count) {
        swap_cache_set(s, a, slot, shadow);
        return false;
    }
    memcg = swap_slot_release(s, e);
    if (ret_memcg)
        *ret_memcg = memcg;
    return true;
}

void swapcache_replace(struct swap *s, pfn_t from, pfn_t to)
{
    struct frame *f = frames_get(s->frames, from), *t = frames_get(s->frames, to);
    struct swap_area *a = swap_area_get(s, f->private);
    u64 *cache = &a->slots[swp_slot(f->private)].cache;

    assert(frame_test(f, PG_SWAPCACHE) && !frame_test(f, PG_LOCKED | PG_WRITEBACK));
    assert(*cache == (u64)from << 1);
    *cache = (u64)to << 1;
    t->private = f->private;
    f->private = 0;
    frame_set(t, PG_SWAPCACHE);
    frame_clear(f, PG_SWAPCACHE);
}
