/* classic_balance.c - how much of which list to scan.
 *
 * Mirrors prepare_scan_count(), get_scan_count(), inactive_is_low() of mm/vmscan.c, Linux 6.1.
 *
 *   size >> priority pages of each list, shared between anonymous and file by swappiness and by
 *   what reclaiming each has cost lately (refaults of working-set pages, and pages written).
 *   Special cases first:
 *     no swap left .................. file only
 *     last round (priority 0) ....... both alike
 *     file cache almost gone ........ anonymous only   (whole machine)
 *     plenty of inactive file ....... file only        (and file refaults do not ask for more) */
#include "reclaim/classic.h"

enum scan_balance { SCAN_EQUAL, SCAN_FRACT, SCAN_ANON, SCAN_FILE };

static u64 int_sqrt(u64 x)
{
    u64 r = 0;

    for (u64 bit = 1ull << 62; bit; bit >>= 2) {
        if (x >= r + bit) {
            x -= r + bit;
            r = (r >> 1) + bit;
        } else {
            r >>= 1;
        }
    }
    return r;
}

/* The larger the list, the smaller the share that must be inactive: 1:1 below 1 GiB, 3:1 at 1 GiB,
 * 10:1 at 10 GiB. */
bool inactive_is_low(const struct groups *gs, const struct lruvec *lv, enum lru_list inactive)
{
    u64 in = lruvec_known_size(gs, lv, inactive);
    u64 act = lruvec_known_size(gs, lv, inactive + LRU_ACTIVE);
    u64 gb = (in + act) >> (30 - PAGE_SHIFT);

    return in * (gb ? int_sqrt(10 * gb) : 1) < act;
}

/* snapshot_refaults() */
void classic_end_cycle(struct mem *mem, const struct pgdat *pgdat, struct group *target)
{
    struct lruvec *lv = group_lruvec(target ? target : mem->groups->root, pgdat->nid);

    lv->classic.refaults[0] = lruvec_known_activates(mem->groups, lv, 0);
    lv->classic.refaults[1] = lruvec_known_activates(mem->groups, lv, 1);
}

static u64 free_plus_file_is_tiny(const struct scan_control *sc, const struct lruvec *root)
{
    u64 high = 0, free = 0;
    u64 file = lruvec_size(root, LRU_ACTIVE_FILE) + lruvec_size(root, LRU_INACTIVE_FILE);

    for (unsigned z = 0; z < NR_ZONES; z++) {
        free += sc->pgdat->zones[z].free_pages;
        if (sc->pgdat->zones[z].managed)
            high += sc->pgdat->zones[z].watermark[WMARK_HIGH];
    }
    return file + free <= high && !sc->classic.may_deactivate_anon &&
           lruvec_size(root, LRU_INACTIVE_ANON) >> sc->state.priority;
}

/* prepare_scan_count() */
void classic_prepare(struct mem *mem, struct scan_control *sc)
{
    struct group *g = sc->req.target ? sc->req.target : mem->groups->root;
    const struct lruvec *lv = group_lruvec(g, sc->pgdat->nid);
    const struct groups *gs = mem->groups;

    sc->classic.anon_cost = lv->classic.anon_cost;
    sc->classic.file_cost = lv->classic.file_cost;
    if (sc->state.force_deactivate) {
        sc->classic.may_deactivate_anon = sc->classic.may_deactivate_file = true;
    } else {
        sc->classic.may_deactivate_anon =
            lruvec_known_activates(gs, lv, 0) != lv->classic.refaults[0] ||
            inactive_is_low(gs, lv, LRU_INACTIVE_ANON);
        sc->classic.may_deactivate_file =
            lruvec_known_activates(gs, lv, 1) != lv->classic.refaults[1] ||
            inactive_is_low(gs, lv, LRU_INACTIVE_FILE);
    }
    sc->classic.cache_trim_mode =
        lruvec_known_size(gs, lv, LRU_INACTIVE_FILE) >> sc->state.priority &&
        !sc->classic.may_deactivate_file;
    sc->classic.file_is_tiny = !sc->req.target && free_plus_file_is_tiny(sc, lv);
}

static enum scan_balance choose_balance(const struct mem *mem, const struct scan_control *sc,
                                        const struct group *g, u64 swappiness)
{
    if (!sc->req.may_swap || !can_reclaim_anon(mem, sc, g))
        return SCAN_FILE;
    if (sc->req.target && !swappiness)
        return SCAN_FILE;
    if (!sc->state.priority && swappiness)
        return SCAN_EQUAL;
    if (sc->classic.file_is_tiny)
        return SCAN_ANON;
    return sc->classic.cache_trim_mode ? SCAN_FILE : SCAN_FRACT;
}

/* What memory.min and memory.low leave to scan: in proportion to how far usage is above them, at
 * least a batch. */
static u64 scan_above_protection(struct scan_control *sc, const struct group *g, u64 size)
{
    u64 min = g->memory.emin, low = g->memory.elow, protection = min;

    if (g == sc->req.target || !g->parent || !(min | low))
        return size;
    if (!sc->state.memcg_low_reclaim && low > min) {
        protection = low;
        sc->state.memcg_low_skipped = true;
    }
    protection = MIN(protection, (u64)UINT32_MAX); /* "max" */
    size -= size * protection / (MAX(g->memory.usage, protection) + 1);
    return MAX(size, (u64)SWAP_CLUSTER_MAX);
}

void get_scan_count(struct mem *mem, struct scan_control *sc, struct group *g, u64 nr[NR_LRU_LISTS])
{
    const struct lruvec *lv = group_lruvec(g, sc->pgdat->nid);
    u64 swappiness = scan_swappiness(mem, sc);
    enum scan_balance balance = choose_balance(mem, sc, g, swappiness);
    u64 total = sc->classic.anon_cost + sc->classic.file_cost;
    u64 anon_cost = total + sc->classic.anon_cost, file_cost = total + sc->classic.file_cost;
    u64 fraction[2];

    total = anon_cost + file_cost;
    fraction[0] = swappiness * (total + 1) / (anon_cost + 1);
    fraction[1] = (200 - swappiness) * (total + 1) / (file_cost + 1);

    for (unsigned lru = 0; lru < LRU_UNEVICTABLE; lru++) {
        bool file = lru >= LRU_FILE;
        u64 size = lruvec_own_size(lv, (enum lru_list)lru);
        u64 scan = scan_above_protection(sc, g, size) >> sc->state.priority;

        if (!scan && !g->online)
            scan = MIN(size, (u64)SWAP_CLUSTER_MAX);
        switch (balance) {
        case SCAN_EQUAL:
            break;
        case SCAN_FRACT:
            scan *= fraction[file];
            if (!g->online) /* not even the last page of a removed group is left by rounding */
                scan += fraction[0] + fraction[1] - 1;
            scan /= fraction[0] + fraction[1];
            break;
        case SCAN_ANON:
        case SCAN_FILE:
            if ((balance == SCAN_FILE) != file)
                scan = 0;
            break;
        }
        nr[lru] = scan;
    }
}
