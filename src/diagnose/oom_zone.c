/* oom_zone.c - see oom_zone.h.
 *
 * Before 4.4 (97a16fc82a7c, "only enforce watermarks for order-0 allocations") the check went on
 * after the sum: it took the blocks of each smaller order off what is free and halved min each
 * time. Since then one block of the right migrate type is enough. Highatomic blocks are for atomic
 * allocations of more than one page, CMA for movable ones, isolated ones for nobody.
 */
#include "diagnose/oom_zone.h"

#include <stdio.h>
#include <string.h>

enum zone_rank oom_zone_rank(const char *zone)
{
    static const char *const names[] = {"DMA", "DMA32", "Normal", "HighMem", "Movable"};
    unsigned i = 0;

    while (i < ARRAY_SIZE(names) && strcmp(names[i], zone) != 0)
        i++;
    return (enum zone_rank)i;
}

/* The highest zone that the allocation may use. */
enum zone_rank oom_highest_zone(const struct oom_report *r)
{
    u64 gfp = r->gfp_mask;

    if (!r->has_mask)
        return RANK_MOVABLE;
    if (gfp & GFP_BIT_DMA)
        return RANK_DMA;
    if (gfp & GFP_BIT_DMA32)
        return RANK_DMA32;
    if (gfp & GFP_BIT_HIGHMEM)
        return gfp & GFP_BIT_MOVABLE ? RANK_MOVABLE : RANK_HIGHMEM;
    return RANK_NORMAL;
}

bool oom_release_before(const char *release, unsigned major, unsigned minor)
{
    unsigned have_major, have_minor;

    return sscanf(release, "%u.%u", &have_major, &have_minor) == 2 &&
           (have_major < major || (have_major == major && have_minor < minor));
}

bool oom_is_atomic(const struct oom_report *r)
{
    if (*r->gfp)
        return strstr(r->gfp, "GFP_ATOMIC") || strstr(r->gfp, "GFP_NOWAIT");
    return r->has_mask && oom_release_before(r->release, 4, 4) && !(r->gfp_mask & GFP_BIT_WAIT);
}

/* The reserve of this zone against allocations that could have come from `top`. */
u64 oom_lowmem_reserve(const struct oom_report *r, const struct oom_zone *z, enum zone_rank top)
{
    bool highmem = false;
    unsigned index;

    vec_for_each (&r->zones, other)
        highmem |= oom_zone_rank(other->name) == RANK_HIGHMEM;
    /* 32 bits have DMA, Normal, HighMem, Movable; 64 bits DMA, DMA32, Normal, Movable. */
    if (highmem)
        index = top == RANK_DMA ? 0 : top <= RANK_NORMAL ? 1 : top == RANK_HIGHMEM ? 2 : 3;
    else
        index = top == RANK_DMA ? 0 : top == RANK_DMA32 ? 1 : top <= RANK_HIGHMEM ? 2 : 3;
    return figure_or(z->reserve[index], 0);
}

static bool gfp_ends_in(const char *gfp, const char *flag)
{
    size_t len = strlen(gfp), n = strlen(flag);

    return len >= n && strcmp(gfp + len - n, flag) == 0;
}

/* What an allocation may do with the reserves: __GFP_HIGH (half of min) and __GFP_ATOMIC (a quarter
 * of what is left, and the blocks that are held back for atomic allocations of more than one page);
 * __GFP_MEMALLOC passes all watermarks. */
struct reserves {
    bool high, harder, all;
};

/* Since 6.3 (the series "Discard __GFP_ATOMIC" of January 2023) there is no __GFP_ATOMIC: who may
 * not reclaim is non-blocking, and gets the further quarter only beside __GFP_HIGH. GFP_ATOMIC says
 * the same in both. Where the text lost the names of the flags, a request for a block is taken for
 * one that may use the reserves: then nothing is called empty that was not. */
static struct reserves reserves_of(const struct oom_report *r, unsigned order)
{
    bool named = *r->gfp || (r->has_mask && oom_release_before(r->release, 4, 4));
    bool atomic = *r->gfp ? strstr(r->gfp, "GFP_ATOMIC") != NULL
                  : named ? oom_is_atomic(r) && (r->gfp_mask & GFP_BIT_HIGH)
                          : order > 0;
    bool kept_out = strstr(r->gfp, "__GFP_NOMEMALLOC") != NULL;

    return (struct reserves){
        .high = atomic || strstr(r->gfp, "__GFP_HIGH|") || gfp_ends_in(r->gfp, "__GFP_HIGH"),
        .harder = atomic && !kept_out,
        .all = strstr(r->gfp, "__GFP_MEMALLOC") && !kept_out,
    };
}

/* What must stay free of a zone, as its watermark check has it (min is what the log shows, with the
 *   boost). Mirrors: mm/page_alloc.c, __zone_watermark_ok, __zone_watermark_unusable_free, 6.1 */
u64 oom_held_back(const struct oom_facts *f, const struct oom_zone *z, enum zone_rank top)
{
    const struct oom_report *r = f->r;
    struct reserves may = reserves_of(r, f->e->order);
    u64 min = figure_or(z->figures[OOM_MIN], 0);
    /* All pages of the block but one are taken off what is free before it is compared. */
    u64 reserve =
        oom_lowmem_reserve(r, z, top) + r->page_bytes * (BIT_ULL(MIN(f->e->order, 20u)) - 1);

    if (may.all)
        return 0;
    if (may.high)
        min -= min / 2;
    if (may.harder)
        return min - min / 4 + reserve;
    return min + reserve + figure_or(z->figures[OOM_RESERVED_HIGHATOMIC], 0);
}

u64 oom_highatomic(const struct oom_facts *f, const struct oom_zone *z)
{
    struct reserves may = reserves_of(f->r, f->e->order);

    return may.harder || may.all ? 0 : figure_or(z->figures[OOM_RESERVED_HIGHATOMIC], 0);
}

/* Whose blocks these are, where the allocation may use none of them; KEPT_NOT: some of them, or
 * nobody says. */
static enum oom_kept kept_by(const struct oom_facts *f, const char *types)
{
    struct reserves may = reserves_of(f->r, f->e->order);

    if (!*types || types[strcspn(types, "UMERS")] != '\0')
        return KEPT_NOT;
    if ((strchr(types, 'H') && (may.harder || may.all)) || (strchr(types, 'C') && f->movable))
        return KEPT_NOT;
    return strchr(types, 'C')   ? KEPT_CMA
           : strchr(types, 'H') ? KEPT_HIGHATOMIC
           : strchr(types, 'I') ? KEPT_ISOLATED
                                : KEPT_NOT;
}

u64 oom_zone_block(const struct oom_facts *f, const struct oom_zone *z, u64 *ret_kept,
                   enum oom_kept *ret_by)
{
    *ret_kept = 0;
    *ret_by = KEPT_NOT;
    for (unsigned order = OOM_ORDERS_MAX; order-- > 0;) {
        enum oom_kept by;

        if (!known(z->blocks[order]) || z->blocks[order] == 0)
            continue;
        by = kept_by(f, z->types[order]);
        if (by == KEPT_NOT)
            return f->r->page_bytes << order;
        if (*ret_by == KEPT_NOT) {
            *ret_kept = f->r->page_bytes << order;
            *ret_by = by;
        }
    }
    return 0;
}

/* What only kernels since 4.4 print: they say nothing of blocks in the watermark. */
static bool has_new_words(const struct oom_report *r)
{
    if (r->nodemask)
        return true;
    vec_for_each (&r->zones, z)
        if (known(z->figures[OOM_RESERVED_HIGHATOMIC]) || known(z->figures[OOM_BOOST]))
            return true;
    return false;
}

bool oom_zone_order_refuses(const struct oom_facts *f, const struct oom_zone *z)
{
    const struct oom_report *r = f->r;
    struct reserves may = reserves_of(r, f->e->order);
    u64 page = r->page_bytes, left = figure_or(z->figures[OOM_FREE], 0),
        min = figure_or(z->figures[OOM_MIN], 0);

    if (*r->release ? !oom_release_before(r->release, 4, 4) : has_new_words(r))
        return false;
    if (may.all || f->e->order == 0 || f->e->order >= OOM_ORDERS_MAX)
        return false;
    min -= may.high ? min / 2 : 0;
    min -= may.harder ? min / 4 : 0;
    left -= MIN(left, page * (BIT_ULL(f->e->order) - 1));
    for (unsigned order = 0; order < f->e->order; order++) {
        u64 in_order = figure_or(z->blocks[order], 0) * (page << order);

        left -= MIN(left, in_order);
        min /= 2;
        if (left <= min)
            return true;
    }
    return false;
}
