/* classic.h - the reclaim policy of two lists for each kind: active and inactive.
 *
 * Mirrors: mm/swap.c, mm/vmscan.c (shrink_lruvec, shrink_inactive_list, shrink_active_list,
 *          get_scan_count, prepare_scan_count), mm/workingset.c, Linux 6.1, without
 *          CONFIG_LRU_GEN_ENABLED.
 * Use:     through policy.h, which says what each of these does. Those without `policy_` there are
 *          between classic's files.
 */
#ifndef RECLAIM_CLASSIC_H
#define RECLAIM_CLASSIC_H

#include "reclaim/scan_int.h"

/* classic.c */
void classic_add(struct mem *mem, const pfn_t *pfns, u32 nr);
void classic_putback(struct mem *mem, const pfn_t *pfns, u32 nr);
void classic_del(struct mem *mem, pfn_t pfn);
void classic_split(struct mem *mem, pfn_t head, unsigned nr);
void classic_rotate(struct mem *mem, pfn_t pfn);
void classic_accessed(struct mem *mem, pfn_t pfn);
void classic_deactivate(struct mem *mem, pfn_t pfn);
void classic_age(struct mem *mem, struct scan_control *sc);
void classic_shrink(struct mem *mem, struct scan_control *sc, struct group *g);
void classic_check(const struct mem *mem, const struct groups *gs);

/* classic_balance.c */
void classic_prepare(struct mem *mem, struct scan_control *sc);
void classic_end_cycle(struct mem *mem, const struct pgdat *pgdat, struct group *target);
bool inactive_is_low(const struct groups *gs, const struct lruvec *lv, enum lru_list inactive);
void get_scan_count(struct mem *mem, struct scan_control *sc, struct group *g,
                    u64 nr[NR_LRU_LISTS]);

/* classic_refault.c: a token is group id << 48 | node << 42 | age << 2 | workingset << 1 | 1 */
u64 classic_eviction(struct mem *mem, pfn_t pfn, struct group *target);
void classic_refault(struct mem *mem, pfn_t pfn, u64 shadow);
/* Those of the pages that are active are so by their use. */
void classic_activation(struct mem *mem, const pfn_t *pfns, u32 nr);
/* Reclaiming nr pages of this kind cost I/O, and `rotated` more were looked at in vain. */
void classic_note_cost(const struct mem *mem, struct group *g, unsigned nid, bool file, u64 nr,
                       u64 rotated);

#endif
