/* mglru_age.c - when a new generation begins, and what that changes; see mglru.h.
 *
 *   needs_aging      eviction has used up what is old, or too little of it is left (a quarter), or
 *                    too much is young (half)
 *   age              walk the page tables for the youngest generation, then begin the next
 *   kswapd           ages all groups before a round of eviction, unless the round before freed
 *                    enough without; with min_ttl_ms, when no group has a generation that old, it
 *                    asks for an OOM kill instead
 *   direct reclaim   ages the group that it evicts from, after the gentlest priority */
#include "reclaim/mglru.h"

bool lru_gen_needs_aging(const struct lru_gen *lg, const struct group *g, int priority,
                         bool can_swap, u64 *ret_nr_to_scan)
{
    u64 old = 0, young = 0, total = 0, oldest = lg->min_seq[!can_swap];

    for (unsigned type = !can_swap; type < NR_LRU_GEN_TYPES; type++)
        for (u64 seq = lg->min_seq[type]; seq <= lg->max_seq; seq++) {
            u64 size = lru_gen_size(lg, gen_of_seq(seq), (enum lru_gen_type)type);

            total += size;
            if (seq == lg->max_seq)
                young += size;
            else if (seq + MIN_NR_GENS == lg->max_seq)
                old += size;
        }
    *ret_nr_to_scan = g->online ? total >> priority : total;
    if (oldest + MIN_NR_GENS > lg->max_seq)
        return true;
    if (oldest + MIN_NR_GENS < lg->max_seq)
        return false;
    return young * MIN_NR_GENS > total || old * (MIN_NR_GENS + 2) < total;
}

/* --- windows ---------------------------------------------------------------------------------- */
static bool gen_is_empty(const struct lru_gen *lg, u64 seq, unsigned type)
{
    for (unsigned zone = 0; zone < NR_ZONES; zone++)
        if (lg->lists[gen_of_seq(seq)][type][zone].head != PFN_NONE)
            return false;
    return true;
}

bool lru_gen_drop_empty(struct lru_gen *lg, bool can_swap)
{
    u64 min[NR_LRU_GEN_TYPES] = {lg->min_seq[LRU_GEN_ANON], lg->min_seq[LRU_GEN_FILE]};
    bool any = false;

    for (unsigned type = !can_swap; type < NR_LRU_GEN_TYPES; type++)
        while (min[type] + MIN_NR_GENS <= lg->max_seq && gen_is_empty(lg, min[type], type))
            min[type]++;
    if (can_swap) { /* files may run ahead only while anonymous memory cannot be evicted */
        min[LRU_GEN_ANON] = MIN(min[LRU_GEN_ANON], min[LRU_GEN_FILE]);
        min[LRU_GEN_FILE] = MAX(min[LRU_GEN_ANON], lg->min_seq[LRU_GEN_FILE]);
    }
    for (unsigned type = !can_swap; type < NR_LRU_GEN_TYPES; type++) {
        if (min[type] == lg->min_seq[type])
            continue;
        lru_gen_carry_over(lg, (enum lru_gen_type)type);
        lg->min_seq[type] = min[type];
        any = true;
    }
    return any;
}

/* The window is full: the oldest generation becomes part of the next. Of anonymous memory that
 * cannot be swapped it is only no longer the oldest: its pages will be found in the youngest. */
static void push_out_oldest(struct mem *mem, struct group *g, struct lru_gen *lg, unsigned type,
                            bool can_swap)
{
    unsigned gen = gen_of_seq(lg->min_seq[type]);

    for (unsigned zone = 0; zone < NR_ZONES && (type == LRU_GEN_FILE || can_swap); zone++)
        while (lg->lists[gen][type][zone].tail != PFN_NONE) {
            pfn_t pfn = lg->lists[gen][type][zone].tail;

            lru_gen_postpone(mem, g, lg, pfn);
            lru_gen_move(mem, lg, pfn, true);
        }
    lru_gen_carry_over(lg, (enum lru_gen_type)type);
    lg->min_seq[type]++;
}

/* What was second youngest is not active any more. What stands where the youngest will be is,
 * should it have been left there. */
static void shift_active(struct mem *mem, struct group *g, unsigned nid, const struct lru_gen *lg)
{
    unsigned prev = gen_of_seq(lg->max_seq - 1), next = gen_of_seq(lg->max_seq + 1);

    for (unsigned type = 0; type < NR_LRU_GEN_TYPES; type++)
        for (unsigned zone = 0; zone < NR_ZONES; zone++) {
            struct zone *z = &mem_node(mem, nid)->zones[zone];
            enum lru_list inactive = type == LRU_GEN_FILE ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
            s64 n = (s64)lg->nr_pages[prev][type][zone] - (s64)lg->nr_pages[next][type][zone];

            if (!n)
                continue;
            lru_gen_count(mem, g, inactive, z, n);
            lru_gen_count(mem, g, inactive + LRU_ACTIVE, z, -n);
        }
}

static void begin_generation(struct mem *mem, struct group *g, unsigned nid, struct lru_gen *lg,
                             bool can_swap)
{
    for (int type = LRU_GEN_FILE; type >= LRU_GEN_ANON; type--)
        if (lru_gen_nr(lg, (enum lru_gen_type)type) == MAX_NR_GENS)
            push_out_oldest(mem, g, lg, (unsigned)type, can_swap);
    shift_active(mem, g, nid, lg);
    lg->max_seq++;
    lg->born[gen_of_seq(lg->max_seq)] = mem->clock->now;
}

bool lru_gen_age(struct mem *mem, struct group *g, struct pgdat *pgdat, bool kswapd, bool can_swap,
                 bool force_scan)
{
    struct lru_gen *lg = lru_gen_get(mem, g, pgdat->nid);

    if (force_scan || mem->tunables->lru_gen_enabled & LRU_GEN_MM_WALK) {
        mem->aging.walks = true;
        mem->aging.can_swap = can_swap;
        if (kswapd)
            pgdat->kswapd.walk_can_swap = can_swap;
    }
    if (!lru_gen_walk_mms(mem, g, pgdat->nid, can_swap, force_scan))
        return false;
    begin_generation(mem, g, pgdat->nid, lg, can_swap);
    return true;
}

/* --- kswapd ----------------------------------------------------------------------------------- */
static u64 ns_in_jiffies(ns_t ns)
{
    return ns / JIFFY_NS;
}

/* Is the oldest generation of files, never older than that of the other kind, too young to go? */
static bool is_too_young(const struct mem *mem, const struct lru_gen *lg)
{
    u64 born = ns_in_jiffies(lg->born[gen_of_seq(lg->min_seq[LRU_GEN_FILE])]);
    u64 ttl = (mem->tunables->lru_gen_min_ttl_ms * NS_PER_MS + JIFFY_NS - 1) / JIFFY_NS;

    return born + ttl > ns_in_jiffies(mem->clock->now);
}

/* lruvec_is_sizable() */
static bool is_sizable(const struct lru_gen *lg, const struct group *g, int priority, bool can_swap)
{
    u64 nr;

    lru_gen_needs_aging(lg, g, priority, can_swap, &nr);
    return nr != 0;
}

/* False: nothing of the group can be evicted for kswapd. */
static bool age_group(struct mem *mem, struct scan_control *sc, struct group *g)
{
    struct lru_gen *lg = lru_gen_get(mem, g, sc->pgdat->nid);
    unsigned swappiness = lru_gen_swappiness(mem, sc, g);
    u64 nr_to_scan;
    bool need;

    group_calculate_protection(mem->groups, mem->groups->root, g);
    if (g->parent && g->memory.emin >= g->memory.usage)
        return false;
    if (kernel_has(mem->kernel, KERNEL_LRU_GEN_TURNS))
        return is_sizable(lg, g, sc->state.priority, swappiness != 0) && !is_too_young(mem, lg);
    need = lru_gen_needs_aging(lg, g, sc->state.priority, swappiness != 0, &nr_to_scan);
    if (mem->tunables->lru_gen_min_ttl_ms) {
        if (is_too_young(mem, lg))
            return false;
        if (!nr_to_scan && sc->state.priority != DEF_PRIORITY)
            return false;
    }
    if (need)
        lru_gen_age(mem, g, sc->pgdat, true, swappiness != 0, false);
    return true;
}

void mglru_age(struct mem *mem, struct scan_control *sc)
{
    struct group *root = mem->groups->root;
    bool any = false;

    if (kernel_has(mem->kernel, KERNEL_LRU_GEN_TURNS)) {
        if (!mem->tunables->lru_gen_min_ttl_ms)
            return; /* eviction ages */
    } else if (!sc->pgdat->kswapd.may_age) {
        sc->pgdat->kswapd.may_age = true;
        return;
    }
    for (struct group *g = group_next(root, NULL); g; g = group_next(root, g))
        any |= age_group(mem, sc, g);
    mem->aging.walks = false;
    if (!any && mem->tunables->lru_gen_min_ttl_ms && !sc->req.order)
        mem->aging.oom_wanted = true;
}
