/* zram.c - see zram.h.
 *
 *   write: one value all over?  the value is kept in the table
 *          compress; 3,257 bytes or more?  the page as it is, in a page of its own
 *          room in the pool?    no: -ENOMEM, the old page stays
 *          the old page goes, the new one takes its slot
 */
#include "backing/zram.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>

void zram_init(struct zram *z, u64 disksize, enum compressor_id id, const struct compress_model *m,
               const struct cost_model *cost, struct frames *frames, struct counters *counters,
               const struct frame_source *source)
{
    *z = (struct zram){.nr_slots = disksize / PAGE_SIZE};
    zs_init(&z->pool, frames, counters, source);
    compressor_init(&z->comp, id, m, cost);
    z->slots = region_reserve(z->nr_slots * sizeof(*z->slots));
}

void zram_done(struct zram *z)
{
    region_release(z->slots, z->nr_slots * sizeof(*z->slots));
    compressor_done(&z->comp);
    zs_done(&z->pool);
}

static void forget(struct zram *z, struct zram_slot *s)
{
    if (!(s->flags & ZRAM_STORED))
        return;
    if (s->flags & ZRAM_SAME) {
        z->stats.same_pages--;
    } else {
        z->stats.huge_pages -= (s->flags & ZRAM_HUGE) != 0;
        z->stats.compr_data_size -= s->size;
        zs_free(&z->pool, (u32)s->value);
    }
    z->stats.pages_stored--;
    *s = (struct zram_slot){0};
}

static int store(struct zram *z, struct zram_slot *new, const u8 *page, u32 size)
{
    bool huge = size >= z->pool.huge_size;
    u32 handle;

    if (huge)
        size = PAGE_SIZE;
    handle = zs_malloc(&z->pool, size);
    if (handle == ZS_HANDLE_NONE)
        return -ENOMEM;
    if (z->limit_pages && z->pool.pages > z->limit_pages) {
        zs_free(&z->pool, handle);
        return -ENOMEM;
    }
    z->stats.max_used_pages = MAX(z->stats.max_used_pages, z->pool.pages);
    if (page)
        zs_write(&z->pool, handle, huge ? page : z->comp.data, size);
    *new = (struct zram_slot){
        .value = handle, .size = (u16)size, .flags = (u8)(ZRAM_STORED | (huge ? ZRAM_HUGE : 0))};
    return 0;
}

int zram_write(struct zram *z, u64 slot, const u8 *page, u64 name, u32 *ret_ns)
{
    struct zram_slot new = {0};
    u32 size = compressor_pack(&z->comp, page, name);

    assert(slot < z->nr_slots);
    if (size == 0) {
        *ret_ns = z->comp.cost->zero_page;
        new = (struct zram_slot){.value = z->comp.fill, .flags = ZRAM_STORED | ZRAM_SAME};
    } else {
        *ret_ns = compressor_pack_ns(&z->comp);
        if (store(z, &new, page, size)) {
            z->stats.failed_writes++;
            return -ENOMEM;
        }
    }
    forget(z, &z->slots[slot]);
    z->slots[slot] = new;
    z->stats.pages_stored++;
    z->stats.same_pages += size == 0;
    z->stats.compr_data_size += new.size;
    z->stats.huge_pages += (new.flags &ZRAM_HUGE) != 0;
    z->stats.huge_pages_since += (new.flags &ZRAM_HUGE) != 0;
    return 0;
}

void zram_read(struct zram *z, u64 slot, u8 *page, u32 *ret_ns)
{
    const struct zram_slot *s = &z->slots[slot];
    u8 data[PAGE_SIZE];

    assert(slot < z->nr_slots);
    if (!(s->flags & ZRAM_STORED) || (s->flags & ZRAM_SAME)) {
        *ret_ns = z->comp.cost->zero_page;
        if (page)
            compressor_fill(s->value, page);
    } else if (s->flags & ZRAM_HUGE) {
        *ret_ns = z->comp.cost->copy_page;
        if (page)
            zs_read(&z->pool, (u32)s->value, page, PAGE_SIZE);
    } else {
        *ret_ns = compressor_unpack_ns(&z->comp);
        if (!page)
            return;
        zs_read(&z->pool, (u32)s->value, data, s->size);
        compressor_unpack(&z->comp, data, s->size, page);
    }
}

void zram_slot_free(struct zram *z, u64 slot)
{
    assert(slot < z->nr_slots);
    z->stats.notify_free++;
    forget(z, &z->slots[slot]);
}

void zram_check(const struct zram *z)
{
    struct zram_stats now = {0};
    u64 objects = 0;

    zs_check(&z->pool);
    for (u64 i = 0; i < z->nr_slots; i++) {
        const struct zram_slot *s = &z->slots[i];

        if (!(s->flags & ZRAM_STORED)) {
            assert(s->value == 0 && s->size == 0 && s->flags == 0);
            continue;
        }
        now.pages_stored++;
        now.same_pages += (s->flags & ZRAM_SAME) != 0;
        now.huge_pages += (s->flags & ZRAM_HUGE) != 0;
        now.compr_data_size += s->size;
        objects += !(s->flags & ZRAM_SAME);
    }
    assert(now.pages_stored == z->stats.pages_stored && now.same_pages == z->stats.same_pages &&
           now.huge_pages == z->stats.huge_pages &&
           now.compr_data_size == z->stats.compr_data_size);
    for (u32 i = 0; i < ZS_CLASSES; i++)
        objects -= z->pool.classes[i].used;
    assert(objects == 0 && z->stats.max_used_pages >= z->pool.pages);
}
