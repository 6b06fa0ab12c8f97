/* charge.c - a page charged to a group, with reclaim below the group whose limit is in the way.
 *
 * memory.high: charges over it are noted, a batch at a time, and answered for on return to user
 * mode. The task reclaims as much from each group over its limit. If one is still over, the task
 * sleeps for the square of the excess, as a share of the limit, in proportion to what it charged:
 * over * over * 64 s for a batch, 2 s at most; but as long as reclaim gets anywhere, it reclaims
 * rather than sleeps.
 *
 * Mirrors try_charge_memcg(), mem_cgroup_handle_over_high(), calculate_high_delay() of
 * mm/memcontrol.c, Linux 6.1. */
#include "balance/balance_int.h"
#include "reclaim/page.h"

/* --- memory.high and memory.swap.high --------------------------------------------------------- */
#define DELAY_PRECISION_SHIFT 20u
#define DELAY_SCALING_SHIFT   14u
#define DELAY_MAX_JIFFIES     (2ull * HZ)

/* How far usage is over high, as a share of high, in 20 bits of fraction. */
static u64 overage(const struct page_counter *pc)
{
    return pc->usage <= pc->high
               ? 0
               : ((pc->usage - pc->high) << DELAY_PRECISION_SHIFT) / MAX(pc->high, (u64)1);
}

u64 high_delay_jiffies(u64 overage, u64 nr_pages, u32 batch)
{
    /* 2^28 is over 20 times the longest delay already; the square of more would not fit. */
    u64 share = MIN(overage, (u64)1 << 28);

    return (share * share * HZ >> DELAY_PRECISION_SHIFT >> DELAY_SCALING_SHIFT) * nr_pages / batch;
}

/* What the worst group on the way up asks for; swap over memory.swap.high cannot be reclaimed, only
 * slowed down. */
static u64 penalty_jiffies(struct group *g, u64 nr_pages, u32 batch)
{
    u64 memory = 0, swap = 0;

    for (; g->parent; g = g->parent) {
        u64 swap_over = overage(&g->swap);

        if (swap_over)
            group_event(g, MEMCG_SWAP_HIGH, 1);
        memory = MAX(memory, overage(&g->memory));
        swap = MAX(swap, swap_over);
    }
    return MIN(high_delay_jiffies(memory, nr_pages, batch) +
                   high_delay_jiffies(swap, nr_pages, batch),
               DELAY_MAX_JIFFIES);
}

static u64 reclaim_high(struct mem *mem, struct attempt *at, struct group *g, u64 nr_pages,
                        struct wait *ret_wait)
{
    const struct group *paused = paused_target(at, g);
    u64 freed = 0;

    for (; g->parent; g = g->parent) {
        if (paused ? g != paused : g->memory.usage <= g->memory.high)
            continue;
        if (!paused)
            group_event(g, MEMCG_HIGH, 1);
        paused = NULL;
        freed += try_to_free_group(mem, at, g, nr_pages, ret_wait);
        if (reclaim_is_paused(at))
            break;
    }
    return freed;
}

bool balance_over_high(struct mem *mem, struct attempt *at, struct group *g, u32 nr_pages,
                       struct wait *ret_wait)
{
    u64 goal = nr_pages;
    unsigned retries = MAX_RECLAIM_RETRIES;

    if (!g->parent)
        return false;
    for (;;) {
        u64 freed = reclaim_high(mem, at, g, goal, ret_wait), delay;

        if (reclaim_is_paused(at)) { /* this is to be answered for again */
            *mem->over_high += nr_pages;
            return true;
        }
        delay = penalty_jiffies(g, nr_pages, mem->groups->charge_batch);
        if (delay <= HZ / 100)
            return false;
        if (!freed && !retries--) {
            *ret_wait = (struct wait){WAIT_HIGH, mem->clock->now + delay * JIFFY_NS};
            return true;
        }
        goal = SWAP_CLUSTER_MAX; /* once more, for what is really needed */
    }
}

/* The task will have to answer for what it charged to a group over its memory.high (or
 * memory.swap.high). */
static void note_over_high(const struct mem *mem, const struct group *g, u64 nr)
{
    if (!mem->over_high)
        return;
    for (; g->parent; g = g->parent) {
        if (likely(g->memory.usage <= g->memory.high && g->swap.usage <= g->swap.high))
            continue;
        *mem->over_high += (u32)nr;
        return;
    }
}

/* One call that charges much must not run far over: it answers whenever it has charged more than a
 * batch. */
static bool high_pause_due(struct mem *mem, struct attempt *at, struct group *g,
                           struct wait *ret_wait)
{
    u32 nr_pages;

    if (likely(!mem->over_high || *mem->over_high <= mem->groups->charge_batch) || at->dying ||
        at->noretry)
        return false;
    nr_pages = *mem->over_high;
    *mem->over_high = 0;
    at->reclaim_calls++;
    return balance_over_high(mem, at, g, nr_pages, ret_wait);
}

/* --- memory.max ------------------------------------------------------------------------------- */
static enum balance_result give_up(struct attempt *at)
{
    at->retries = 0;
    at->drained = false;
    return BALANCE_FAIL;
}

static inline enum balance_result charge(struct mem *mem, struct attempt *at, struct group *g,
                                         u32 nr, u32 effort, struct wait *ret_wait)
{
    bool costly = nr > 1u << PAGE_ALLOC_COSTLY_ORDER;

    if (high_pause_due(mem, at, g, ret_wait))
        return BALANCE_WAIT;
    for (;;) {
        u64 usage = g->memory.usage;
        struct group *paused = paused_target(at, g);
        struct group *over = paused ? paused : group_try_charge(mem->groups, g, nr, mem->cpu);
        u64 freed;

        if (!over) {
            at->retries = 0;
            at->drained = false;
            if (unlikely(g->memory.usage > usage)) /* a batch, not from the stock */
                note_over_high(mem, g, g->memory.usage - usage);
            return BALANCE_OK;
        }
        if (at->dying) {
            group_force_charge(mem->groups, g, nr);
            return BALANCE_OK;
        }
        if (!(effort & EFFORT_DIRECT))
            return BALANCE_FAIL;
        if (!paused)
            group_event(over, MEMCG_MAX, 1);
        freed = try_to_free_group(mem, at, over, nr, ret_wait);
        at->reclaim_calls++;
        if (reclaim_is_paused(at))
            return BALANCE_WAIT;
        if (group_margin(over) >= nr)
            continue;
        if (!at->drained) {
            group_drain_stock(mem->groups, over);
            at->drained = true;
            continue;
        }
        if (at->noretry || (effort & EFFORT_NORETRY))
            return give_up(at);
        if (freed && !costly)
            continue;
        if (wait_for_writeback(mem, over, ret_wait))
            return BALANCE_WAIT;
        if (at->retries++ < MAX_RECLAIM_RETRIES)
            continue;
        if (costly)
            return give_up(at);
        at->retries = 0;
        at->oom_group = over;
        at->oom_order = (u8)log2_ceil(nr);
        group_event(over, MEMCG_OOM, 1);
        return BALANCE_OOM;
    }
}

void balance_charge_dying(struct mem *mem, struct attempt *at, struct group *over, u32 nr)
{
    struct wait never; /* a dying task does not sleep */

    for (unsigned retries = 0; retries <= MAX_RECLAIM_RETRIES; retries++) {
        u64 freed;

        group_event(over, MEMCG_MAX, 1);
        freed = try_to_free_group(mem, at, over, nr, &never);
        at->reclaim_calls++;
        if (group_margin(over) >= nr)
            return;
        if (freed)
            retries--;
    }
}

enum balance_result balance_charge(struct mem *mem, struct attempt *at, struct group *g, u32 nr,
                                   struct wait *ret_wait)
{
    return charge(mem, at, g, nr, EFFORT_KSWAPD | EFFORT_DIRECT, ret_wait);
}

enum balance_result charge_costly(struct mem *mem, struct attempt *at, struct group *g, u32 nr,
                                  u32 effort, struct wait *ret_wait)
{
    return charge(mem, at, g, nr, effort, ret_wait);
}
