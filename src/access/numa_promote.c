/* numa_promote.c - pages of slow memory that are used often move up: balancing for the tiers (mode
 * 2).
 *
 *   the fast node has much free memory        ->  every page that is used
 *   else                                      ->  a page that was used soon after its entry was
 *   marked (hot_threshold_ms), as
 *                                                 many a second as promote_rate_limit_MBps allows
 *
 * The threshold follows how many pages pass it: once in the longest scan period it is lowered where
 * they were more than the rate allows, and raised where they were fewer.
 *
 * Mirrors: should_numa_migrate_memory(), numa_promotion_rate_limit(),
 *          numa_promotion_adjust_threshold(), pgdat_free_space_enough() of kernel/sched/fair.c,
 *          Linux 6.1. */
#include "access/numa_int.h"

#define ADJUST_STEPS 16u

static u32 now_ms(const struct mem *mem)
{
    return (u32)(mem->clock->now / NS_PER_MS);
}

void numa_stamp(struct mem *mem, pfn_t pfn)
{
    if (mem->tunables->numa_balancing & NUMA_BALANCING_MEMORY_TIERING &&
        !node_is_toptier(mem, frame_nid(mem->frames, pfn)))
        mem_numa_note(mem, folio_head_pfn(mem->frames, pfn), now_ms(mem));
}

static bool has_much_free(const struct pgdat *pgdat)
{
    u64 present = 0, enough;

    for (unsigned i = 0; i < NR_ZONES; i++)
        present += pgdat->zones[i].present;
    enough = MAX((u64)(GIB / PAGE_SIZE), present / 16);
    for (unsigned i = NR_ZONES; i-- > 0;) {
        const struct zone *z = &pgdat->zones[i];

        if (zone_populated(z) &&
            zone_watermark_ok(z, 0, zone_promo_pages(z) + enough, ZONE_MOVABLE, 0))
            return true;
    }
    return false;
}

static u64 candidates(const struct mem *mem, const struct pgdat *pgdat)
{
    return (u64)node_counter(mem->frames, pgdat->nid, PGPROMOTE_CANDIDATE);
}

static void adjust_threshold(struct mem *mem, struct pgdat *pgdat, u64 rate)
{
    struct promotion *p = &pgdat->promotion;
    u64 standard = mem->tunables->numa_hot_threshold_ms, step = standard * 2 / ADJUST_STEPS;
    u64 period = mem->tunables->numa_scan_period_max_ms, wanted, found, t;

    if (now_ms(mem) - p->adjusted_ms <= period)
        return;
    p->adjusted_ms = now_ms(mem);
    wanted = rate * period / 1000;
    found = candidates(mem, pgdat) - p->candidates_then;
    t = p->threshold_ms ? p->threshold_ms : standard;
    if (found > wanted * 11 / 10)
        t = t > 2 * step ? t - step : step;
    else if (found < wanted * 9 / 10)
        t = MIN(t + step, standard * 2);
    p->candidates_then = candidates(mem, pgdat);
    p->threshold_ms = t;
}

static bool is_over_rate(struct mem *mem, struct pgdat *pgdat, u64 rate, u64 pages)
{
    struct promotion *p = &pgdat->promotion;

    count(mem->counters, PGPROMOTE_CANDIDATE, (s64)pages);
    node_count(mem->frames, pgdat->nid, PGPROMOTE_CANDIDATE, (s64)pages);
    if (now_ms(mem) - p->second_ms > 1000) {
        p->second_ms = now_ms(mem);
        p->candidates_second = candidates(mem, pgdat);
    }
    return candidates(mem, pgdat) - p->candidates_second >= rate;
}

bool numa_promotes(struct mem *mem, unsigned to, pfn_t pfn, u64 pages)
{
    struct pgdat *pgdat = mem_node(mem, to);
    u64 rate = mem->tunables->numa_promote_rate_limit_mb * (MIB / PAGE_SIZE), threshold;
    u32 latency;

    if (has_much_free(pgdat)) {
        pgdat->promotion.threshold_ms = 0;
        return true;
    }
    adjust_threshold(mem, pgdat, rate);
    threshold = pgdat->promotion.threshold_ms ? pgdat->promotion.threshold_ms
                                              : mem->tunables->numa_hot_threshold_ms;
    latency = now_ms(mem) - mem_numa_last(mem, pfn);
    mem_numa_note(mem, pfn, now_ms(mem));
    return latency < threshold && !is_over_rate(mem, pgdat, rate, pages);
}
