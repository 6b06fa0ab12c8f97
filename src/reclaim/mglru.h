/* mglru.h - the reclaim policy of generations: multi-generational LRU.
 *
 *   a lruvec, of anonymous memory and of files each:
 *
 *     min_seq                            max_seq
 *     oldest generation ................ youngest      2 to 4; the two youngest do not go
 *        ^ evicted from its tail            ^ new pages of faults, and pages found used
 *
 *     aging     walks the page tables of the group's processes, moves the pages that were used to
 *               the youngest generation, and begins a new one
 *     eviction  takes the oldest generation apart; the reverse map of a page that was used after
 *               all tells of its neighbours too (look-around), and of page tables that are worth a
 *               walk (a Bloom filter)
 *     tiers     how often a page was used by read() and write(): tier log2(uses). Pages of a tier
 *               that come back more often than those of the first go to the next generation instead
 *               (a PID controller without D)
 *
 * A page that a walk finds used gets its new generation written into its descriptor, and stays on
 * its list: eviction sorts.
 *
 *   frame bits     on a list of a generation            elsewhere
 *   generation     1 + seq % 4                          0
 *   uses           past the second, at most 3           the same
 *   PG_REFERENCED  used once by read() or write()       found used while isolated
 *   PG_WORKINGSET  used twice                           the same
 *   PG_ACTIVE      never                                bound for the youngest generation
 *
 * Mirrors:    mm/vmscan.c (lru_gen_*), mm/workingset.c (lru_gen_eviction, lru_gen_refault),
 *             include/linux/mm_inline.h (lru_gen_add_folio ...), mm/swap.c (folio_inc_refs),
 *             Documentation/admin-guide/mm/multigen_lru.rst, Linux 6.1 as Debian builds it: no
 *             CONFIG_LRU_GEN_STATS.
 *             Differs: one walk at a time; what a walk promotes is counted at
 *             once, not in batches; activation is immediate, as in lru.c; a walk finds no page
 *             table locked by others.
 * Invariants: (mglru_check) 2 <= generations of files <= generations of anonymous memory <= 4;
 *             nr_pages is a recount by the descriptors; a page is on a list of its kind and zone;
 *             active and inactive are the sizes of the two youngest generations and of the others.
 * Use:        through policy.h. The rest: who has address spaces, and the files of
 *             /sys/kernel/mm/lru_gen and debugfs.
 */
#ifndef RECLAIM_MGLRU_H
#define RECLAIM_MGLRU_H

#include "reclaim/scan_int.h"

#define MIN_NR_GENS   2u
#define MAX_NR_GENS   4u
#define MAX_NR_TIERS  4u
#define MIN_LRU_BATCH 64u
#define MAX_LRU_BATCH (MIN_LRU_BATCH * 64u)
#define BLOOM_SHIFT   15u
#define BLOOM_WORDS   ((1u << BLOOM_SHIFT) / 64u)

enum lru_gen_type { LRU_GEN_ANON, LRU_GEN_FILE, NR_LRU_GEN_TYPES };

/* Bits of /sys/kernel/mm/lru_gen/enabled. */
enum lru_gen_cap {
    LRU_GEN_CORE = 1u << 0,
    LRU_GEN_MM_WALK = 1u << 1,       /* walk page tables; else look-around alone finds used pages */
    LRU_GEN_NONLEAF_YOUNG = 1u << 2, /* pass over page tables that no walk of the hardware used */
    LRU_GEN_CAPS = 7u,
};

/* What page-table walks of one aging came to, as lru_gen_full shows it. */
enum lru_gen_stat {
    MM_LEAF_TOTAL,
    MM_LEAF_OLD,
    MM_LEAF_YOUNG,
    MM_NONLEAF_TOTAL,
    MM_NONLEAF_FOUND,
    MM_NONLEAF_ADDED,
    NR_MM_STATS
};

/* What became of the pages of one kind, by tier, in pages. */
struct lru_gen_history {
    u64 avg_refaulted[MAX_NR_TIERS], avg_total[MAX_NR_TIERS]; /* halved at each new generation */
    /* Since the oldest generation became that. */
    u64 refaulted[MAX_NR_TIERS], evicted[MAX_NR_TIERS], protected[MAX_NR_TIERS];
};

struct lru_gen {
    u64 max_seq, min_seq[NR_LRU_GEN_TYPES];
    ns_t born[MAX_NR_GENS];
    /* Unsorted; their counts are not kept. */
    struct pfn_list lists[MAX_NR_GENS][NR_LRU_GEN_TYPES][NR_ZONES];
    u64 nr_pages[MAX_NR_GENS][NR_LRU_GEN_TYPES][NR_ZONES]; /* by the descriptors' generation */
    struct lru_gen_history history[NR_LRU_GEN_TYPES];
    u64 walked_seq; /* youngest generation for which all address spaces were walked */
    /* No walk has been yet, or an aging did without: the next one passes over nothing. */
    bool walk_all;
    bool filter_made[2];
    u64 filters[2][BLOOM_WORDS]; /* [seq % 2]: page tables to walk for that seq */
    u64 stats[NR_MM_STATS];
};

static inline unsigned gen_of_seq(u64 seq)
{
    return (unsigned)(seq % MAX_NR_GENS);
}

/* 0..3, or -1: on no list of a generation. */
static inline int frame_gen(const struct frame *f)
{
    return (int)((f->flags & FRAME_GEN_MASK) >> FRAME_GEN_SHIFT) - 1;
}

static inline void frame_set_gen(struct frame *f, unsigned gen)
{
    f->flags = (f->flags & ~FRAME_GEN_MASK) | (gen + 1) << FRAME_GEN_SHIFT;
}

/* Uses by read() and write() past the first, at most 4 (folio_lru_refs). */
static inline unsigned frame_uses(const struct frame *f)
{
    return ((f->flags & FRAME_USES_MASK) >> FRAME_USES_SHIFT) + frame_test(f, PG_WORKINGSET);
}
#define FRAME_USES_LIMIT 4u

/* order_base_2(uses + 1): 0, 1, 2, 2 ... hence 3 for 4 uses */
static inline unsigned tier_of_uses(unsigned uses)
{
    return uses == 0 ? 0 : 32u - (unsigned)__builtin_clz(uses);
}

static inline enum lru_gen_type frame_type(const struct frame *f)
{
    return frame_is_file_lru(f) ? LRU_GEN_FILE : LRU_GEN_ANON;
}

/* --- mglru.c: generations and their lists, and what policy.h asks for that is not reclaim ----- */
void mglru_add(struct mem *mem, const pfn_t *pfns, u32 nr);
void mglru_putback(struct mem *mem, const pfn_t *pfns, u32 nr);
void mglru_del(struct mem *mem, pfn_t pfn);
void mglru_split(struct mem *mem, pfn_t head, unsigned nr);
void mglru_rotate(struct mem *mem, pfn_t pfn);
void mglru_accessed(struct mem *mem, pfn_t pfn);
void mglru_deactivate(struct mem *mem, pfn_t pfn);
void mglru_check(const struct mem *mem, const struct groups *gs);
/* All pages from the lists of classic to generations, and back.   pre: kernel->lru is changed */
void mglru_fill(struct mem *mem);
void mglru_drain(struct mem *mem);
/* That of the group on the node, made on first use. */
struct lru_gen *lru_gen_get(struct mem *mem, struct group *g, unsigned nid);
unsigned lru_gen_nr(const struct lru_gen *lg, enum lru_gen_type type);
/* Pages of a generation over the zones. */
u64 lru_gen_size(const struct lru_gen *lg, unsigned gen, enum lru_gen_type type);
/* Off its list, whichever that is, and no longer counted.   reclaiming: for eviction; else
 * PG_ACTIVE keeps whether it was young */
void lru_gen_del(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool reclaiming);
/* On the list that its flags ask for, at the tail if it is to go next.   pre: evictable */
void lru_gen_add(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool reclaiming);
/* Off its list, counted as before; on the list of its generation; both. */
void lru_gen_unlink(struct mem *mem, struct lru_gen *lg, pfn_t pfn);
void lru_gen_link(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool to_tail);
void lru_gen_move(struct mem *mem, struct lru_gen *lg, pfn_t pfn, bool to_tail);
/* lruvec_count() of pages in generations. */
void lru_gen_count(struct mem *mem, struct group *g, enum lru_list lru, struct zone *z, s64 n);
/* Count `n` pages of the zone that changed generation. */
void lru_gen_recount(struct mem *mem, struct group *g, struct lru_gen *lg, enum lru_gen_type type,
                     struct zone *z, unsigned from, unsigned to, u64 n);
/* A use was found by an entry that maps it: to the youngest generation, where eviction will put it
 * (folio_update_gen). */
void lru_gen_promote(struct mem *mem, struct group *g, struct lru_gen *lg, pfn_t pfn);
/* From the oldest generation to the next; the generation that it has then (folio_inc_gen). */
unsigned lru_gen_postpone(struct mem *mem, struct group *g, struct lru_gen *lg, pfn_t pfn);

/* --- mglru_walk.c: used pages, by walks of page tables and by looking around ------------------ */
/* An address space joins its group (mm->memcg), leaves it, is elsewhere from now on. */
void mglru_mm_add(struct mem *mem, struct mm *mm);
void mglru_mm_del(struct mm *mm);
void mglru_mm_move(struct mem *mem, struct mm *mm);
/* An entry that maps the isolated page was found used: so may its neighbours be, and they are
 * promoted. */
void mglru_look_around(struct mem *mem, pfn_t pfn, const struct rmap_walk *w);
/* All address spaces of the group, for the youngest generation. False: that was done already. */
bool lru_gen_walk_mms(struct mem *mem, struct group *g, unsigned nid, bool can_swap,
                      bool force_scan);

/* --- mglru_age.c: new generations ------------------------------------------------------------- */
void mglru_age(struct mem *mem, struct scan_control *sc);
/* Pages to scan at the priority, and whether there should be a new generation first
 * (should_run_aging). */
bool lru_gen_needs_aging(const struct lru_gen *lg, const struct group *g, int priority,
                         bool can_swap, u64 *ret_nr_to_scan);
/* Walk, and begin a generation. False: another one already began (try_to_inc_max_seq). */
bool lru_gen_age(struct mem *mem, struct group *g, struct pgdat *pgdat, bool kswapd, bool can_swap,
                 bool force_scan);
/* The oldest generations that are empty are no more. Was there one? (try_to_inc_min_seq) */
bool lru_gen_drop_empty(struct lru_gen *lg, bool can_swap);

/* --- mglru_evict.c ---------------------------------------------------------------------------- */
void mglru_prepare(struct mem *mem, struct scan_control *sc);
void mglru_shrink(struct mem *mem, struct scan_control *sc, struct group *g);
void mglru_end_cycle(struct mem *mem, const struct pgdat *pgdat, struct group *target);
/* A batch of the oldest generation. Returns the pages that were looked at; 0: there is nothing to
 * get. */
u64 lru_gen_evict_some(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct lru_gen *lg, unsigned swappiness);
/* scan_swappiness(), or 0 while swap has no room for a batch. */
unsigned lru_gen_swappiness(const struct mem *mem, const struct scan_control *sc,
                            const struct group *g);

/* --- mglru_turn.c: aging and eviction by turns ------------------------------------------------ */
/* mglru_shrink() of kernels with KERNEL_LRU_GEN_TURNS. */
void lru_gen_take_turn(struct mem *mem, struct scan_control *sc, struct group *g,
                       struct lru_gen *lg);

/* --- mglru_pid.c: what comes back, and what follows from that --------------------------------- */
/* A token is group id << 48 | node << 42 | (oldest generation << 2 | uses past the second) << 2 |
 * used twice << 1 | 1. */
u64 mglru_eviction(struct mem *mem, pfn_t pfn, struct group *target);
void mglru_refault(struct mem *mem, pfn_t pfn, u64 token);
/* The oldest generation of the kind is over: its counts go into the averages (reset_ctrl_pos). */
void lru_gen_carry_over(struct lru_gen *lg, enum lru_gen_type type);
/* The last tier of a kind that may be evicted, and which kind (get_tier_idx, get_type_to_scan) */
unsigned lru_gen_last_tier(const struct lru_gen *lg, enum lru_gen_type type);
enum lru_gen_type lru_gen_choose_type(const struct lru_gen *lg, unsigned swappiness,
                                      unsigned *ret_last_tier);

/* --- experiments of the tests ----------------------------------------------------------------- */
/* Bits of mem->mglru_without: parts that a test leaves out, to see that results depend on them. */
enum mglru_part { MGLRU_LOOK_AROUND = 1u, MGLRU_BLOOM = 2u, MGLRU_PID = 4u };

#endif
