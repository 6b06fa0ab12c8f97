/* mglru_pid.c - what comes back, and what follows from that; see mglru.h.
 *
 * For each kind and tier: how many pages were evicted or spared (total), and how many of those came
 * back while the generation that they were evicted from was still the oldest (refaulted). When that
 * is over, both are added to averages, which are halved.
 *
 *                    P: this generation        I: the average
 *   share that came back = (refaulted + avg_refaulted) / (total + avg_total)
 *
 *   within a kind       a tier may be evicted while its share is not over half of the first tier's:
 *                       each has at least twice the refaults
 *   between the kinds   that whose first tier's share, weighted by swappiness, is lower
 *
 * Below a batch of refaults nothing is concluded. */
#include "reclaim/mglru.h"

#define NID_SHIFT   42u
#define GROUP_SHIFT 48u
#define SEQ_SHIFT   4u
#define SEQ_BITS    34u /* what Linux has room for */
#define SEQ_MASK    ((1ull << SEQ_BITS) - 1)
_Static_assert(SEQ_SHIFT + SEQ_BITS <= NID_SHIFT, "the parts of a token are apart");

/* --- the controller --------------------------------------------------------------------------- */
struct ctrl_pos {
    u64 refaulted, total, gain;
};

static struct ctrl_pos read_pos(const struct lru_gen *lg, enum lru_gen_type type, unsigned tier,
                                u64 gain)
{
    const struct lru_gen_history *h = &lg->history[type];

    return (struct ctrl_pos){h->avg_refaulted[tier] + h->refaulted[tier],
                             h->avg_total[tier] + h->evicted[tier] + h->protected[tier], gain};
}

/* Does `pv` refault no more than the set point, as their gains weigh it? */
static bool is_below(const struct ctrl_pos *sp, const struct ctrl_pos *pv)
{
    return pv->refaulted < MIN_LRU_BATCH ||
           pv->refaulted * (sp->total + MIN_LRU_BATCH) * sp->gain <=
               (sp->refaulted + 1) * pv->total * pv->gain;
}

void lru_gen_carry_over(struct lru_gen *lg, enum lru_gen_type type)
{
    struct lru_gen_history *h = &lg->history[type];

    for (unsigned tier = 0; tier < MAX_NR_TIERS; tier++) {
        h->avg_refaulted[tier] = (h->avg_refaulted[tier] + h->refaulted[tier]) / 2;
        h->avg_total[tier] = (h->avg_total[tier] + h->evicted[tier] + h->protected[tier]) / 2;
        h->refaulted[tier] = h->evicted[tier] = h->protected[tier] = 0;
    }
}

static unsigned last_tier_below(const struct lru_gen *lg, enum lru_gen_type type,
                                const struct ctrl_pos *sp, u64 gain)
{
    unsigned tier = 1;

    for (; tier < MAX_NR_TIERS; tier++) {
        struct ctrl_pos pv = read_pos(lg, type, tier, gain);

        if (!is_below(sp, &pv))
            break;
    }
    return tier - 1;
}

unsigned lru_gen_last_tier(const struct lru_gen *lg, enum lru_gen_type type)
{
    struct ctrl_pos sp = read_pos(lg, type, 0, 1);

    return last_tier_below(lg, type, &sp, 2);
}

enum lru_gen_type lru_gen_choose_type(const struct lru_gen *lg, unsigned swappiness,
                                      unsigned *ret_last_tier)
{
    u64 gain[NR_LRU_GEN_TYPES] = {swappiness, 200 - swappiness};
    struct ctrl_pos anon = read_pos(lg, LRU_GEN_ANON, 0, gain[LRU_GEN_ANON]);
    struct ctrl_pos file = read_pos(lg, LRU_GEN_FILE, 0, gain[LRU_GEN_FILE]);
    enum lru_gen_type type = is_below(&anon, &file) ? LRU_GEN_FILE : LRU_GEN_ANON;

    *ret_last_tier = last_tier_below(lg, type, type == LRU_GEN_FILE ? &anon : &file, gain[type]);
    return type;
}

/* --- shadows ---------------------------------------------------------------------------------- */
u64 mglru_eviction(struct mem *mem, pfn_t pfn, struct group *target)
{
    const struct frame *f = frames_get(mem->frames, pfn);
    struct group *g = frame_group(mem->groups, f);
    unsigned nid = frame_nid(mem->frames, pfn), uses = frame_uses(f);
    struct lru_gen *lg = lru_gen_get(mem, g, nid);
    enum lru_gen_type type = frame_type(f);
    u64 seq = lg->min_seq[type] & SEQ_MASK;

    (void)target;
    lg->history[type].evicted[tier_of_uses(uses)] += (u64)frame_nr_pages(f);
    return (u64)g->id << GROUP_SHIFT | (u64)nid << NID_SHIFT | seq << SEQ_SHIFT |
           (uses ? uses - 1 : 0u) << 2 | (uses ? 2u : 0u) | 1u;
}

void mglru_refault(struct mem *mem, pfn_t pfn, u64 token)
{
    struct frame *f = frames_get(mem->frames, pfn);
    struct group *g = frame_group(mem->groups, f);
    unsigned nid = frame_nid(mem->frames, pfn);
    unsigned uses = (unsigned)(token >> 2 & 3) + (unsigned)(token >> 1 & 1);
    struct lru_gen *lg = lru_gen_get(mem, g, nid);
    enum lru_gen_type type = frame_type(f);
    bool file = type == LRU_GEN_FILE, recent;
    s64 nr = frame_nr_pages(f);

    if ((token >> NID_SHIFT) % MAX_NUMNODES != nid || token >> GROUP_SHIFT != g->id)
        return;
    recent = (token >> SEQ_SHIFT & SEQ_MASK) == (lg->min_seq[type] & SEQ_MASK);
    if (recent || kernel_has(mem->kernel, KERNEL_LRU_GEN_REFAULTS))
        group_count_frame(mem->groups, g, pfn,
                          file ? WORKINGSET_REFAULT_FILE : WORKINGSET_REFAULT_ANON, nr);
    if (!recent)
        return;
    lg->history[type].refaulted[tier_of_uses(uses)] += (u64)nr;
    if (kernel_has(mem->kernel, KERNEL_LRU_GEN_REFAULTS))
        group_count_frame(mem->groups, g, pfn,
                          file ? WORKINGSET_ACTIVATE_FILE : WORKINGSET_ACTIVATE_ANON, nr);
    /* Faulted in, it was hotter than what stayed; used that often by read(), it would have been
     * spared. */
    if (mem->in_lru_fault || uses >= FRAME_USES_LIMIT - 1) {
        frame_set(f, FRAME_USES_MASK | PG_WORKINGSET);
        group_count_frame(mem->groups, g, pfn,
                          file ? WORKINGSET_RESTORE_FILE : WORKINGSET_RESTORE_ANON, nr);
    }
}
