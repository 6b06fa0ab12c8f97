/* zswap.c - the worker that writes the oldest of a full zswap pool to where it was going.
 *
 * Mirrors shrink_worker() and zswap_writeback_entry() of mm/zswap.c, zbud_reclaim_page() of
 * mm/zbud.c, Linux 6.1: each wake-up frees one page of the pool, in eight attempts at most. A page
 * comes back into the swap cache, is written to its slot, and is first to go when that is done. */
#include "balance/balance_int.h"
#include "reclaim/io.h"
#include "reclaim/lru.h"
#include "reclaim/page.h"
#include "reclaim/workingset.h"

#define ATTEMPTS 8u

/* The group that has the slot pays for the page; the root when that is gone. */
static struct group *slot_group(const struct mem *mem, swp_t e)
{
    struct group *g = group_get(mem->groups, swap_memcg(mem->swap, e));

    return g && g->online ? g : mem->groups->root;
}

/* True when the entry is on its way to the device, or went by itself. */
static bool write_back(struct mem *mem, swp_t e)
{
    struct zswap *z = mem->swap->zswap;
    struct attempt at = {.noretry = true};
    struct wait wait;
    struct frame *f;
    u64 shadow;
    u32 ns;
    u16 memcg;
    pfn_t pfn;

    if (swapcache_find(mem->swap, e) != PFN_NONE)
        return false; /* in use just now */
    if (balance_get_page(mem, &at, slot_group(mem, e), 0, &pfn, &wait) != BALANCE_OK)
        return false;
    if (!zswap_has(z, e) || swapcache_find(mem->swap, e) != PFN_NONE) {
        page_free(mem, pfn); /* reclaim for that page changed things */
        return !zswap_has(z, e);
    }
    f = frames_get(mem->frames, pfn);
    frame_set(f, PG_LOCKED | PG_SWAPBACKED);
    shadow = page_swapcache_add(mem, e, pfn);
    if (shadow)
        workingset_refault(mem, pfn, shadow);
    lru_add(mem, pfn);
    zswap_load(z, e, mem->frames->bytes ? frames_bytes(mem->frames, pfn) : NULL, &memcg, &ns);
    mem_cost(mem, ns);
    frame_clear(f, PG_LOCKED);
    frame_set(f, PG_UPTODATE | PG_RECLAIM);
    zswap_invalidate(z, e);
    z->stats.written_back_pages++;
    io_write_slot(mem, pfn, e);
    return true;
}

static bool shrink_zbud(struct mem *mem)
{
    struct zswap *z = mem->swap->zswap;

    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        u32 page = zbud_evict_begin(&z->zbud), owner;

        if (page == UINT32_MAX)
            return false;
        for (unsigned which = 0; which < 2; which++)
            if (zbud_evict_owner(&z->zbud, page, which, &owner) &&
                !write_back(mem, z->entries.items[owner].slot))
                break;
        if (zbud_evict_end(&z->zbud, page))
            return true;
    }
    return false;
}

static bool shrink_zsmalloc(struct mem *mem)
{
    struct zswap *z = mem->swap->zswap;
    u64 pages = z->zs.pages;

    for (unsigned attempt = 0; attempt < ATTEMPTS && z->oldest; attempt++) {
        u32 id = z->oldest;

        if (!write_back(mem, z->entries.items[id].slot))
            zswap_make_newest(z, id);
        if (z->zs.pages < pages)
            return true;
    }
    return false;
}

void zswap_shrink_step(struct mem *mem)
{
    struct zswap *z = mem->swap->zswap;
    bool freed;

    z->shrink_wanted = false;
    if (!zswap_is_evictable(z))
        freed = false;
    else
        freed = z->pool == ZSWAP_ZBUD ? shrink_zbud(mem) : shrink_zsmalloc(mem);
    z->stats.reject_reclaim_fail += !freed;
}
