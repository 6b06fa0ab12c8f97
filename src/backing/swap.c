/* swap.c - areas, references to slots, and the check of it all.
 *
 * The arrays by slot are address space that is touched as slots are used, so that a large, mostly
 * empty area costs little. Slots are allocated in swap_slots.c.
 */
#include "backing/swap_int.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLOTS_LIMIT BIT(27)

void swap_init(struct swap *s, struct frames *frames, struct counters *counters)
{
    *s = (struct swap){
        .frames = frames,
        .counters = counters,
        .page_cluster = 3,
        .vma_ra_enabled = true,
        .least_priority = -1,
        .nr_cpus = MAX(frames->nr_cpus, 1u),
    };
    s->slots_cache = xcalloc(s->nr_cpus, sizeof(*s->slots_cache));
    prng_seed(&s->prng, 0x5377617073ull); /* the purpose; the same for every machine */
}

static void area_done(struct swap_area *a)
{
    size_t slots = a->nr_slots + 1;

    if (!a->in_use)
        return;
    swap_area_done_slots(a);
    region_release(a->slots, slots * sizeof(*a->slots));
    region_release(a->bytes, slots * PAGE_SIZE);
}

void swap_done(struct swap *s)
{
    for (u32 i = 0; i < s->nr_areas; i++)
        area_done(&s->areas[i]);
    free(s->slots_cache);
    *s = (struct swap){0};
}

int swap_on(struct swap *s, const char *name, u64 bytes, s32 priority, struct device *device,
            bool file, struct err *e)
{
    u64 pages = bytes / PAGE_SIZE;
    u32 area = 0;
    struct swap_area *a;

    while (area < s->nr_areas && s->areas[area].in_use)
        area++;
    if (area == SWAP_AREAS_MAX)
        return err_set(e, -ENOSPC, "swap '%s': at most %u swap areas are possible", name,
                       SWAP_AREAS_MAX);
    if (pages < 2)
        return err_set(e, -EINVAL, "swap '%s': want at least two pages, the first is the header",
                       name);
    if (pages > SLOTS_LIMIT)
        return err_set(e, -EINVAL, "swap '%s': want at most 512 GiB in one area", name);

    a = &s->areas[area];
    *a = (struct swap_area){
        .in_use = true,
        .file = file,
        .priority = priority >= 0 ? priority : --s->least_priority,
        .nr_slots = (u32)(pages - 1),
        .device = device,
        .host_fd = -1,
        .enabled = true,
    };
    snprintf(a->name, sizeof(a->name), "%s", name);
    a->slots = region_reserve(pages * sizeof(*a->slots));
    swap_area_init_slots(s, a);
    s->nr_rotational += device->profile->rotational;
    s->total_pages += a->nr_slots;
    swap_count_free(s, a->nr_slots);
    s->nr_areas = MAX(s->nr_areas, area + 1);
    swap_order_add(s, area);
    return 0;
}

u32 swap_find(const struct swap *s, const char *name)
{
    for (u32 i = 0; i < s->nr_areas; i++)
        if (s->areas[i].enabled && strcmp(s->areas[i].name, name) == 0)
            return i;
    return SWAP_AREAS_MAX;
}

/* Areas that got their priority by order close the gap. */
static void close_gap(struct swap *s, s32 priority)
{
    for (u32 i = 0; i < s->nr_areas; i++)
        if (s->areas[i].enabled && s->areas[i].priority < priority)
            s->areas[i].priority++;
    s->least_priority++;
}

void swap_off_begin(struct swap *s, u32 area)
{
    struct swap_area *a = &s->areas[area];

    assert(a->enabled);
    if (a->used < a->nr_slots)
        swap_order_del(s, area);
    a->enabled = false;
    if (a->priority < 0)
        close_gap(s, a->priority);
    swap_count_free(s, -(s64)a->nr_slots);
    s->total_pages -= a->nr_slots;
    s->slots_cache_held++;
    s->slots_cache_active = false;
    swap_slots_cache_drain(s);
}

void swap_off_abort(struct swap *s, u32 area)
{
    struct swap_area *a = &s->areas[area];

    assert(a->in_use && !a->enabled);
    a->enabled = true;
    a->unuser = NULL;
    if (a->priority < 0)
        a->priority = --s->least_priority;
    swap_count_free(s, a->nr_slots);
    s->total_pages += a->nr_slots;
    s->slots_cache_held--;
    if (a->used < a->nr_slots)
        swap_order_add(s, area);
}

void swap_off_end(struct swap *s, u32 area)
{
    struct swap_area *a = &s->areas[area];

    assert(a->in_use && !a->enabled && a->used == 0);
    swap_count_free(s, 0);
    s->nr_rotational -= a->device->profile->rotational;
    s->slots_cache_held--;
    area_done(a);
    *a = (struct swap_area){0};
}

void swap_dup(struct swap *s, swp_t e)
{
    struct swap_area *a = swap_area_get(s, e);
    u32 *slot_count = &a->slots[swp_slot(e)].count;

    assert(*slot_count != 0 && (*slot_count & ~SWAP_HAS_CACHE) < SWAP_HAS_CACHE - 1);
    if ((*slot_count)++ == SWAP_HAS_CACHE && slotset_has(&a->idle, swp_slot(e)))
        slotset_del(&a->idle, swp_slot(e));
}

bool swap_put(struct swap *s, swp_t e, u16 *ret_memcg)
{
    struct swap_area *a = swap_area_get(s, e);
    u32 *slot_count = &a->slots[swp_slot(e)].count;
    u16 memcg;

    assert((*slot_count & ~SWAP_HAS_CACHE) != 0);
    if (--*slot_count != 0) {
        if (*slot_count == SWAP_HAS_CACHE)
            slotset_add(&a->idle, swp_slot(e));
        return false;
    }
    memcg = swap_slot_release(s, e);
    if (ret_memcg)
        *ret_memcg = memcg;
    return true;
}

u32 swap_count(const struct swap *s, swp_t e)
{
    return swap_area_get(s, e)->slots[swp_slot(e)].count & ~SWAP_HAS_CACHE;
}

void swap_set_memcg(struct swap *s, swp_t e, u16 memcg)
{
    swap_area_get(s, e)->slots[swp_slot(e)].memcg = memcg;
}

u16 swap_memcg(const struct swap *s, swp_t e)
{
    return swap_area_get(s, e)->slots[swp_slot(e)].memcg;
}

int swap_write_bytes(struct swap *s, swp_t e, const u8 *page)
{
    struct swap_area *a = swap_area_get(s, e);
    u64 at = (u64)swp_slot(e) * PAGE_SIZE;

    assert(!a->zram);
    if (a->host_fd >= 0)
        return pwrite(a->host_fd, page, PAGE_SIZE, (off_t)at) == PAGE_SIZE ? 0 : -EIO;
    if (!a->bytes)
        a->bytes = region_reserve(((u64)a->nr_slots + 1) * PAGE_SIZE);
    memcpy(a->bytes + at, page, PAGE_SIZE);
    return 0;
}

int swap_read_bytes(struct swap *s, swp_t e, u8 *page)
{
    struct swap_area *a = swap_area_get(s, e);
    u64 at = (u64)swp_slot(e) * PAGE_SIZE;

    if (a->host_fd >= 0)
        return pread(a->host_fd, page, PAGE_SIZE, (off_t)at) == PAGE_SIZE ? 0 : -EIO;
    assert(a->bytes); /* nothing is read that was not written */
    memcpy(page, a->bytes + at, PAGE_SIZE);
    return 0;
}

/* One used slot. True when a frame is in the cache. */
static bool slot_check(const struct swap *s, u32 area, u32 slot)
{
    const struct swap_area *a = &s->areas[area];
    u32 slot_count = a->slots[slot].count;
    u64 entry = a->slots[slot].cache;
    bool in_cache = entry && !(entry & 1);

    assert(slot_count != 0 && !slotset_has(&a->free, slot));
    assert(!in_cache || (slot_count & SWAP_HAS_CACHE));
    assert((slot_count & SWAP_HAS_CACHE) ? !(entry & 1) : slot_count > 0);
    if (slotset_has(&a->idle, slot))
        assert(in_cache && slot_count == SWAP_HAS_CACHE);
    if (in_cache) {
        const struct frame *f = frames_get(s->frames, (pfn_t)(entry >> 1));

        assert(frame_test(f, PG_SWAPCACHE) && !frame_test(f, PG_PAGECACHE));
        assert(f->private == swp_make(area, slot));
    }
    return in_cache;
}

/* Returns how many frames of the area are in the cache. */
static u64 area_check(const struct swap *s, u32 area)
{
    const struct swap_area *a = &s->areas[area];
    u32 used = 0;
    u64 cached = 0;

    slotset_check(&a->free);
    slotset_check(&a->idle);
    for (u32 c = 0; c < a->nr_clusters; c++) {
        u32 first = c * SWAPFILE_CLUSTER, end = MIN(first + SWAPFILE_CLUSTER, a->nr_slots + 1);
        u32 leaf_entries[SWAPFILE_CLUSTER / 64] = {0};
        u32 here = first + SWAPFILE_CLUSTER - end + (c == 0); /* past the end, the header */

        assert(!a->clusters[c].free || a->clusters[c].used == 0);
        if (a->clusters[c].used == here)
            continue; /* untouched, and it has to stay that way in memory */
        for (u32 slot = MAX(first, 1u); slot < end; slot++) {
            leaf_entries[(slot - first) / 64] += a->slots[slot].cache != 0;
            if (a->slots[slot].count == 0) {
                assert(slotset_has(&a->free, slot) && a->slots[slot].cache == 0 &&
                       a->slots[slot].memcg == 0);
                assert(slot >= a->lowest && slot <= a->highest);
                continue;
            }
            cached += slot_check(s, area, slot);
            used++;
            here++;
        }
        assert(a->clusters[c].used == here);
        for (u32 half = 2 * c; a->half_used && half < a->free_halves.bound && half < 2 * c + 2;
             half++)
            assert(slotset_has(&a->free_halves, half) == (a->half_used[half] == 0));
        if (a->half_used && 2 * c + 1 < a->free_halves.bound && end == first + SWAPFILE_CLUSTER)
            assert(a->half_used[2 * c] + a->half_used[2 * c + 1] == here);
        for (u32 slot = first; slot < end; slot += 64)
            assert(a->leaf_entries[slot / 64] == leaf_entries[(slot - first) / 64]);
    }
    assert(used == a->used && a->free.count == a->nr_slots - used);
    return cached;
}

void swap_check(const struct swap *s)
{
    u64 total = 0, cached = 0;
    s64 free_slots = 0;
    u32 held = 0;

    for (u32 i = 0; i < s->nr_areas; i++) {
        const struct swap_area *a = &s->areas[i];
        u32 listed = 0;

        if (!a->in_use)
            continue;
        total += a->enabled ? a->nr_slots : 0;
        free_slots += (a->enabled ? (s64)a->nr_slots : 0) - (s64)a->used;
        held += !a->enabled;
        cached += area_check(s, i);
        for (u32 at = 0; at < s->nr_order; at++)
            listed += s->order[at] == i;
        assert(listed == (a->enabled && a->used < a->nr_slots));
    }
    for (u32 at = 1; at < s->nr_order; at++)
        assert(s->areas[s->order[at - 1]].priority >= s->areas[s->order[at]].priority);
    assert(total == s->total_pages && free_slots == s->nr_swap_pages);
    assert(s->free_pages == (u64)MAX(free_slots, (s64)0) && held == s->slots_cache_held);
    assert(cached == s->nr_cached && (s64)cached == s->counters->v[NR_SWAPCACHED]);
    for (unsigned cpu = 0; cpu < s->nr_cpus; cpu++) {
        const struct swap_slots_cache *c = &s->slots_cache[cpu];

        assert(c->nr == 0 || s->slots_cache_active);
        for (u32 i = 0; i < c->nr; i++) {
            swp_t e = c->slots[c->next + i];

            assert(swap_area_get(s, e)->slots[swp_slot(e)].count == SWAP_HAS_CACHE &&
                   swapcache_entry(s, e) == 0);
        }
    }
}
