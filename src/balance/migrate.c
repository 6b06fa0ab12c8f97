/* migrate.c - a folio moves to other nodes, where memory is reclaimed and compacted for it.
 *
 * It is isolated first, so that reclaim for its new place does not evict it. Nobody is killed for a
 * page that only moves, but for a single page that leaves ZONE_MOVABLE to be pinned: its mask is
 * GFP_USER, which neither gives up nor names a node, so that a machine whose other zones are full
 * kills, as it does for any page of a program.
 *
 * Mirrors alloc_migration_target() of mm/migrate.c and migrate_longterm_unpinnable_pages() of
 * mm/gup.c, Linux 6.1: a huge page does not wake kswapd (GFP_TRANSHUGE). */
#include "balance/balance_int.h"

#include <errno.h>

struct found {
    struct mem *mem;
    struct alloc_nodes nodes;
    bool movable;
    pfn_t pfn;
};

/* What was allocated for it; for the pages of a huge one that had to be split, what is free. */
static pfn_t take_found(void *ctx, pfn_t from)
{
    struct found *f = ctx;
    pfn_t pfn = f->pfn;

    f->pfn = PFN_NONE;
    if (pfn == PFN_NONE && !folio_is_large(frames_get(f->mem->frames, from)))
        pfn = migrate_take_frame(f->mem, f->nodes,
                                 ALLOC_WMARK_MIN | (f->movable ? ALLOC_MOVABLE : 0), from);
    return pfn;
}

/* A frame, or a folio of as many pages as `from`, there; BALANCE_OOM for a page to be pinned alone.
 * `movable`: of a page that may move again. */
static enum balance_result get_target(struct mem *mem, struct attempt *at, pfn_t from,
                                      const struct alloc_place *place, bool movable, pfn_t *ret_pfn,
                                      struct wait *ret_wait)
{
    unsigned order = folio_order(frames_get(mem->frames, from));
    u32 flags = (movable ? ALLOC_MOVABLE : 0) | (order     ? ALLOC_COMP | ALLOC_NO_KSWAPD
                                                 : movable ? ALLOC_RETRY_MAYFAIL
                                                           : 0);
    enum balance_result r;

    at->placed = true;
    at->place = *place;
    r = balance_alloc(mem, at, order, flags, ret_pfn, ret_wait);
    at->placed = false;
    if (r == BALANCE_FAIL || r == BALANCE_OOM)
        *ret_pfn = PFN_NONE;
    if (r == BALANCE_OOM && !movable && !order)
        return BALANCE_OOM;
    return r == BALANCE_WAIT ? BALANCE_WAIT : BALANCE_OK;
}

static enum balance_result migrate(struct mem *mem, struct attempt *at, pfn_t head,
                                   const struct alloc_place *place, enum migrate_reason reason,
                                   int *ret_err, struct wait *ret_wait)
{
    unsigned order = folio_order(frames_get(mem->frames, head));
    bool movable = reason != MR_LONGTERM_PIN;
    struct found found = {mem, place->nodes, movable, PFN_NONE};
    struct migrate_target target = {take_found, &found};
    enum balance_result r = BALANCE_OK;
    int err;

    if (!migrate_isolate(mem, head)) {
        *ret_err = -EBUSY;
        return BALANCE_OK;
    }
    err = migrate_check_movable(mem, head);
    if (!err)
        r = get_target(mem, at, head, place, movable, &found.pfn, ret_wait);
    if (r != BALANCE_OK) {
        migrate_putback(mem, &head, 1);
        return r;
    }
    *ret_err = migrate_pages(mem, &head, 1, &target, reason).err;
    if (found.pfn != PFN_NONE) /* it could not move */
        frames_free(mem->frames, found.pfn, order, mem->cpu);
    return BALANCE_OK;
}

enum balance_result balance_migrate(struct mem *mem, struct attempt *at, pfn_t pfn,
                                    const struct alloc_place *place, enum migrate_reason reason,
                                    int *ret_err, struct wait *ret_wait)
{
    *ret_err = 0;
    return migrate(mem, at, folio_head_pfn(mem->frames, pfn), place, reason, ret_err, ret_wait);
}

enum balance_result balance_migrate_unmovable(struct mem *mem, struct attempt *at, pfn_t pfn,
                                              int *ret_err, struct wait *ret_wait)
{
    struct alloc_place near = {.nodes = mem_nodes(mem)};

    return migrate(mem, at, folio_head_pfn(mem->frames, pfn), &near, MR_LONGTERM_PIN, ret_err,
                   ret_wait);
}
