/* swap_slots.c - which slot a page gets.
 *
 * Slots are taken SWAP_BATCH at a time for one CPU while swap is plentiful, one at a time when it
 * is not; an area is chosen per batch. Within an area:
 *
 * A device without seeks is cut into clusters of 512 slots. A CPU fills one cluster after the
 * other, taken from the list of free clusters; that list starts column by column, 32 clusters
 * apart, so that CPUs do not share the locks and trees of the kernel (it matters here for what lies
 * beside what), and clusters that became free go to its end. When no cluster is free, the CPU scans
 * on from where it was last.
 *
 *     cluster  0 1 2 ... 31 | 32 33 ... 63 | 64 ...      0 holds the header and is never free
 *     order      ...        |  1 ...       |  2 ...      32, 64, 96 ..., 1, 33, 65 ..., 2, 34 ...
 *
 * A device with seeks: 512 slots in a row where there are as many, from the start of the area; else
 * the first free slot after the one taken last.
 *
 * Linux scans the map slot by slot. Here the free slots are a slotset, and the scan is one search
 * with the same result.
 */
#include "backing/swap_int.h"
#include "base/alloc.h"

#define CLUSTER_COLUMNS 32u /* SWAP_CLUSTER_COLS: 2^14 slots of a swap address space / 512 */
#define HALF_CLUSTER    (SWAPFILE_CLUSTER / 2)
#define LATENCY_LIMIT   256u /* slots a batch may look at before it is content */

/* --- clusters --------------------------------------------------------------------------------- */

static void cluster_list_add(struct swap_area *a, u32 c)
{
    a->clusters[c].free = true;
    a->clusters[c].next = SWAP_CLUSTER_NONE;
    if (a->free_head == SWAP_CLUSTER_NONE)
        a->free_head = c;
    else
        a->clusters[a->free_tail].next = c;
    a->free_tail = c;
}

static void cluster_list_del_first(struct swap_area *a)
{
    struct swap_cluster *c = &a->clusters[a->free_head];

    c->free = false;
    a->free_head = c->next;
}

static void cluster_inc(struct swap_area *a, u32 slot)
{
    u32 c = slot / SWAPFILE_CLUSTER;

    if (a->half_used && a->half_used[slot / HALF_CLUSTER]++ == 0)
        slotset_del(&a->free_halves, slot / HALF_CLUSTER);

    if (a->clusters[c].free) {
        assert(a->free_head == c);
        cluster_list_del_first(a);
    }
    assert(a->clusters[c].used < SWAPFILE_CLUSTER);
    a->clusters[c].used++;
}

static void cluster_dec(struct swap_area *a, u32 slot)
{
    u32 c = slot / SWAPFILE_CLUSTER;

    if (a->half_used && --a->half_used[slot / HALF_CLUSTER] == 0)
        slotset_add(&a->free_halves, slot / HALF_CLUSTER);
    assert(a->clusters[c].used > 0);
    if (--a->clusters[c].used == 0 && a->cpu_cluster)
        cluster_list_add(a, c);
}

/* Halves of clusters that are wholly free: any 512 free slots in a row contain one. */
static void init_halves(struct swap_area *a)
{
    u32 end = a->nr_slots + 1, halves = DIV_ROUND_UP(end, HALF_CLUSTER);

    a->half_used = region_reserve(halves * sizeof(*a->half_used));
    slotset_init(&a->free_halves, halves, true);
    a->half_used[0] = 1;
    slotset_del(&a->free_halves, 0);
    if (halves > 1 && end % HALF_CLUSTER) {
        a->half_used[halves - 1] = (u16)(HALF_CLUSTER - end % HALF_CLUSTER);
        slotset_del(&a->free_halves, halves - 1);
    }
}

static void init_free_clusters(struct swap *s, struct swap_area *a)
{
    a->cpu_cluster = xcalloc(s->nr_cpus, sizeof(*a->cpu_cluster));
    for (unsigned cpu = 0; cpu < s->nr_cpus; cpu++)
        a->cpu_cluster[cpu] = (struct swap_cpu_cluster){
            .index = SWAP_CLUSTER_NONE,
            .scan_base = 1 + (u32)prng_below(&s->prng, a->nr_slots),
        };
    for (u32 column = 0; column < CLUSTER_COLUMNS; column++)
        for (u32 c = column; c < a->nr_clusters; c += CLUSTER_COLUMNS)
            if (a->clusters[c].used == 0)
                cluster_list_add(a, c);
}

void swap_area_init_slots(struct swap *s, struct swap_area *a)
{
    u32 end = a->nr_slots + 1;

    slotset_init(&a->free, end, true);
    slotset_del(&a->free, 0);
    slotset_init(&a->idle, end, false);
    a->lowest = 1;
    a->highest = a->nr_slots;
    a->hint = 1;
    a->leaf_entries = region_reserve(end / 64 + 1);
    a->space_leaves = region_reserve(((end >> SWAP_SPACE_SHIFT) + 1) * sizeof(u32));
    a->nr_clusters = DIV_ROUND_UP(end, SWAPFILE_CLUSTER);
    a->clusters = region_reserve(a->nr_clusters * sizeof(*a->clusters));
    a->clusters[0].used = 1;
    a->clusters[a->nr_clusters - 1].used =
        (u16)(a->clusters[a->nr_clusters - 1].used + a->nr_clusters * SWAPFILE_CLUSTER - end);
    a->free_head = a->free_tail = SWAP_CLUSTER_NONE;
    if (a->device->profile->rotational)
        init_halves(a);
    else
        init_free_clusters(s, a);
}

void swap_area_done_slots(struct swap_area *a)
{
    u32 end = a->nr_slots + 1;

    slotset_done(&a->free);
    slotset_done(&a->idle);
    region_release(a->leaf_entries, end / 64 + 1);
    region_release(a->space_leaves, ((end >> SWAP_SPACE_SHIFT) + 1) * sizeof(u32));
    region_release(a->clusters, a->nr_clusters * sizeof(*a->clusters));
    free(a->cpu_cluster);
    if (a->half_used) {
        region_release(a->half_used, DIV_ROUND_UP(end, HALF_CLUSTER) * sizeof(*a->half_used));
        slotset_done(&a->free_halves);
    }
}

/* --- the order of areas ----------------------------------------------------------------------- */

void swap_order_add(struct swap *s, u32 area)
{
    u32 at = s->nr_order++;

    for (; at > 0 && s->areas[s->order[at - 1]].priority < s->areas[area].priority; at--)
        s->order[at] = s->order[at - 1];
    s->order[at] = area;
}

void swap_order_del(struct swap *s, u32 area)
{
    u32 at = 0;

    while (s->order[at] != area)
        at++;
    s->nr_order--;
    for (; at < s->nr_order; at++)
        s->order[at] = s->order[at + 1];
}

/* --- one slot --------------------------------------------------------------------------------- */

/* Take a free slot. */
static void slot_take(struct swap *s, struct swap_area *a, u32 slot)
{
    assert(a->slots[slot].count == 0);
    a->slots[slot].count = SWAP_HAS_CACHE;
    slotset_del(&a->free, slot);
    cluster_inc(a, slot);
    if (slot == a->lowest)
        a->lowest++;
    if (slot == a->highest)
        a->highest--;
    if (++a->used == a->nr_slots) {
        a->lowest = a->nr_slots + 1;
        a->highest = 0;
        swap_order_del(s, (u32)(a - s->areas));
    }
    swap_count_free(s, -1);
}

u16 swap_slot_release(struct swap *s, swp_t e)
{
    struct swap_area *a = swap_area_get(s, e);
    u32 slot = swp_slot(e);
    u16 memcg = a->slots[slot].memcg;

    if (s->zswap)
        zswap_invalidate(s->zswap, e);
    if (a->zram)
        zram_slot_free(a->zram, slot);
    a->slots[slot].count = 0;
    a->slots[slot].memcg = 0;
    swap_cache_set(s, a, slot, 0);
    slotset_add(&a->free, slot);
    cluster_dec(a, slot);
    a->lowest = MIN(a->lowest, slot);
    a->highest = MAX(a->highest, slot);
    if (a->used-- == a->nr_slots && a->enabled)
        swap_order_add(s, swp_area(e));
    swap_count_free(s, 1);
    return memcg;
}

void swap_slot_free(struct swap *s, swp_t e)
{
    struct swap_area *a = swap_area_get(s, e);

    assert(a->slots[swp_slot(e)].count == SWAP_HAS_CACHE && swapcache_find(s, e) == PFN_NONE);
    swap_slot_release(s, e);
}

/* --- search ----------------------------------------------------------------------------------- */

/* The next free slot of the CPU's cluster, or of the next free cluster; 0 when there is none. */
static u32 cluster_next_slot(struct swap_area *a, struct swap_cpu_cluster *cpu)
{
    for (;;) {
        u32 end, slot;

        if (cpu->index == SWAP_CLUSTER_NONE) {
            if (a->free_head == SWAP_CLUSTER_NONE)
                return 0;
            cpu->index = a->free_head;
            cpu->next = cpu->index * SWAPFILE_CLUSTER;
        }
        end = MIN(a->nr_slots + 1, (cpu->index + 1) * SWAPFILE_CLUSTER);
        slot = slotset_next(&a->free, cpu->next);
        /* A cluster that became free behind our back may be taken only from the head of the
         * list. */
        if (slot < end && (!a->clusters[cpu->index].free || a->free_head == cpu->index)) {
            cpu->next = slot + 1;
            return slot;
        }
        cpu->index = SWAP_CLUSTER_NONE;
    }
}

/* The page of an idle slot leaves the swap cache, and its slot becomes free. False when it is
 * busy. */
static bool take_from_idle(struct swap *s, swp_t e)
{
    pfn_t pfn = swapcache_find(s, e);

    if (frame_test(frames_get(s->frames, pfn), PG_LOCKED | PG_WRITEBACK))
        return false;
    return s->free_idle(s->free_idle_ctx, pfn);
}

/* The first slot in [from, end) that is free or can be made so; `end` when none. */
static u32 scan(struct swap *s, struct swap_area *a, u32 from, u32 end)
{
    u32 free_slot = MIN(slotset_next(&a->free, from), end);
    u32 idle;

    if (!s->free_idle || !swap_is_full(s))
        return free_slot;
    for (idle = slotset_next(&a->idle, from); idle < free_slot;
         idle = slotset_next(&a->idle, idle + 1))
        if (take_from_idle(s, swp_make((unsigned)(a - s->areas), idle)))
            return idle;
    return free_slot;
}

/* The first usable slot at or after `from`, round the end of the area; 0 when none. */
static u32 scan_around(struct swap *s, struct swap_area *a, u32 from)
{
    u32 end = a->nr_slots + 1;
    u32 slot = scan(s, a, from, end);

    if (slot < end)
        return slot;
    slot = scan(s, a, 1, MIN(from, end));
    return slot < MIN(from, end) ? slot : 0;
}

/* Where a CPU goes on: past a border of 2^14 slots it jumps to some other such piece
 * (set_cluster_next). */
static void set_scan_base(struct swap *s, struct swap_area *a, struct swap_cpu_cluster *cpu,
                          u32 next)
{
    if (cpu->scan_base >> SWAP_SPACE_SHIFT != next >> SWAP_SPACE_SHIFT) {
        if (a->highest <= a->lowest)
            return;
        next = a->lowest + (u32)prng_below(&s->prng, a->highest - a->lowest + 1);
        next = MAX(ROUND_DOWN(next, BIT(SWAP_SPACE_SHIFT)), a->lowest);
    }
    cpu->scan_base = next;
}

/* Up to n slots of an area without seeks. */
static u32 alloc_clustered(struct swap *s, struct swap_area *a, unsigned cpu_id, u32 n, swp_t ret[])
{
    struct swap_cpu_cluster *cpu = &a->cpu_cluster[cpu_id];
    unsigned area = (unsigned)(a - s->areas);
    u32 got = 0, slot = 0, budget = LATENCY_LIMIT;

    while (got < n && a->used < a->nr_slots) {
        u32 next = cluster_next_slot(a, cpu);

        if (!next && got == 0) {
            next = scan_around(s, a, cpu->scan_base + 1);
            if (!next)
                return 0;
            /* A long way already, or round the end: one slot will do. */
            budget -= MIN(next - cpu->scan_base, budget);
        } else if (!next) {
            next = slotset_next(&a->free, slot);
            if (next > a->highest || next - slot >= budget)
                break;
            budget -= next - slot;
        }
        slot_take(s, a, next);
        ret[got++] = swp_make(area, next);
        slot = next;
    }
    if (got)
        set_scan_base(s, a, cpu, slot + 1);
    return got;
}

/* The start of the first 512 free slots in a row, 0 when there are none: the run around a free
 * half, if it is that long. */
static u32 first_free_run(const struct swap_area *a)
{
    u32 half = slotset_next(&a->free_halves, 0);

    while (half < a->free_halves.bound) {
        u32 start = half * HALF_CLUSTER, end = start + HALF_CLUSTER;

        while (start > 0 && end - start < SWAPFILE_CLUSTER && slotset_has(&a->free, start - 1))
            start--;
        while (end <= a->nr_slots && end - start < SWAPFILE_CLUSTER && slotset_has(&a->free, end))
            end++;
        if (end - start == SWAPFILE_CLUSTER)
            return start;
        half = slotset_next(&a->free_halves, half + 1);
    }
    return 0;
}

/* Up to n slots of an area on a device with seeks. */
static u32 alloc_sequential(struct swap *s, struct swap_area *a, u32 n, swp_t ret[])
{
    unsigned area = (unsigned)(a - s->areas);
    u32 got = 0, slot = a->hint, budget = LATENCY_LIMIT;

    if (a->cluster_nr == 0) {
        a->cluster_nr = SWAPFILE_CLUSTER;
        if (a->nr_slots - a->used >= SWAPFILE_CLUSTER) {
            slot = first_free_run(a);
            slot = slot ? slot : a->lowest;
        }
    }
    a->cluster_nr--;
    slot = scan_around(s, a, slot > a->highest ? a->lowest : slot);
    while (slot) {
        slot_take(s, a, slot);
        ret[got++] = swp_make(area, slot);
        if (got == n || slot >= a->highest)
            break;

        u32 next = slotset_next(&a->free, slot + 1);

        if (a->cluster_nr && next == slot + 1) {
            a->cluster_nr--;
        } else {
            if (next > a->highest || next - slot >= budget)
                break;
            budget -= next - slot;
        }
        slot = next;
    }
    if (got)
        a->hint = slot + 1;
    return got;
}

/* Up to n slots of one area: the first in order that has any (get_swap_pages). */
static u32 get_slots(struct swap *s, unsigned cpu, u32 n, swp_t ret[])
{
    u32 tries[SWAP_AREAS_MAX];
    u32 nr_tries = s->nr_order;

    n = (u32)MIN((u64)n, s->free_pages);
    if (!n)
        return 0;
    for (u32 i = 0; i < nr_tries; i++)
        tries[i] = s->order[i];
    for (u32 i = 0; i < nr_tries; i++) {
        struct swap_area *a = &s->areas[tries[i]];
        u32 got;

        swap_order_del(s, tries[i]);
        swap_order_add(s, tries[i]); /* its equals come first next time */
        got = a->cpu_cluster ? alloc_clustered(s, a, cpu, n, ret) : alloc_sequential(s, a, n, ret);
        if (got)
            return got;
    }
    return 0;
}

swp_t swap_cluster_try_alloc(struct swap *s)
{
    struct swap_area *a;
    u32 area, first;

    if (!s->nr_order || s->free_pages < SWAPFILE_CLUSTER)
        return SWP_NONE;
    area = s->order[0];
    a = &s->areas[area];
    swap_order_del(s, area);
    swap_order_add(s, area);
    if (!a->cpu_cluster || a->free_head == SWAP_CLUSTER_NONE)
        return SWP_NONE;
    first = a->free_head * SWAPFILE_CLUSTER;
    for (u32 slot = first; slot < first + SWAPFILE_CLUSTER; slot++)
        slot_take(s, a, slot);
    return swp_make(area, first);
}

/* --- the slots taken ahead -------------------------------------------------------------------- */

void swap_slots_cache_drain(struct swap *s)
{
    for (unsigned cpu = 0; cpu < s->nr_cpus; cpu++) {
        struct swap_slots_cache *c = &s->slots_cache[cpu];

        for (; c->nr; c->nr--)
            swap_slot_free(s, c->slots[c->next++]);
    }
}

/* Take ahead only while there are plenty: 320 free slots per CPU to start, 128 to stop
 * (check_cache_active). */
static bool slots_cache_usable(struct swap *s)
{
    if (!s->slots_cache_active) {
        s->slots_cache_active = s->free_pages > (u64)s->nr_cpus * 5 * SWAP_BATCH;
    } else if (s->free_pages < (u64)s->nr_cpus * 2 * SWAP_BATCH) {
        s->slots_cache_active = false;
        swap_slots_cache_drain(s);
    }
    return s->slots_cache_active;
}

swp_t swap_slot_try_alloc_cpu(struct swap *s, unsigned cpu)
{
    swp_t e = SWP_NONE;

    assert(cpu < s->nr_cpus);
    if (!s->slots_cache_held && slots_cache_usable(s)) {
        struct swap_slots_cache *c = &s->slots_cache[cpu];

        if (!c->nr) {
            c->next = 0;
            c->nr = get_slots(s, cpu, SWAP_BATCH, c->slots);
        }
        if (c->nr) {
            c->nr--;
            return c->slots[c->next++];
        }
    }
    if (s->free_pages)
        get_slots(s, cpu, 1, &e);
    return e;
}
