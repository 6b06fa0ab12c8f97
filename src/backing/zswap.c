/* zswap.c - see zswap.h.
 *
 *   store: an older copy of the slot goes the group is over memory.zswap.max, or the pool over its
 *          limit (and since then not below the accept threshold)? rejected; over the limit also
 *          wakes the worker one value all over? its value is kept compressed; does not fit the
 *          pool, or no memory? rejected
 */
#include "backing/zswap.h"

#include <string.h>

#define HEADER_BYTES 8u /* struct zswap_header, where the pool can be written back */

void zswap_init(struct zswap *z, const struct tunables *t, const struct compress_model *m,
                const struct cost_model *cost, struct frames *frames, struct counters *counters,
                const struct frame_source *source)
{
    *z = (struct zswap){.tunables = t, .frames = frames};
    z->pool = (enum zswap_pool)z->tunables->zswap_zpool;
    zs_init(&z->zs, frames, counters, source);
    zbud_init(&z->zbud, frames, source);
    compressor_init(&z->comp, (enum compressor_id)z->tunables->zswap_compressor, m, cost);
    vec_push(&z->entries, ((struct zswap_entry){0}));
    u64map_init(&z->by_slot);
}

void zswap_done(struct zswap *z)
{
    u64map_done(&z->by_slot);
    vec_done(&z->entries);
    compressor_done(&z->comp);
    zbud_done(&z->zbud);
    zs_done(&z->zs);
}

u64 zswap_pool_pages(const struct zswap *z)
{
    return z->pool == ZSWAP_ZBUD ? z->zbud.nr_pages : z->zs.pages;
}

bool zswap_is_full(const struct zswap *z)
{
    return z->frames->managed_pages * z->tunables->zswap_max_pool_percent / 100 <
           zswap_pool_pages(z);
}

bool zswap_can_accept(const struct zswap *z)
{
    return z->frames->managed_pages * z->tunables->zswap_accept_threshold_percent / 100 *
               z->tunables->zswap_max_pool_percent / 100 >
           zswap_pool_pages(z);
}

bool zswap_is_evictable(const struct zswap *z)
{
    return z->pool == ZSWAP_ZBUD || z->zsmalloc_writeback;
}

/* --- entries ---------------------------------------------------------------------------------- */

static struct zswap_entry *entry_at(const struct zswap *z, u32 id)
{
    return &z->entries.items[id];
}

static void lru_add(struct zswap *z, u32 id)
{
    struct zswap_entry *e = entry_at(z, id);

    e->older = z->newest;
    e->newer = 0;
    if (z->newest)
        entry_at(z, z->newest)->newer = id;
    else
        z->oldest = id;
    z->newest = id;
}

static void lru_del(struct zswap *z, u32 id)
{
    const struct zswap_entry *e = entry_at(z, id);

    if (e->newer)
        entry_at(z, e->newer)->older = e->older;
    else
        z->newest = e->older;
    if (e->older)
        entry_at(z, e->older)->newer = e->newer;
    else
        z->oldest = e->newer;
}

static u32 entry_new(struct zswap *z)
{
    u32 id = z->free_entry;

    if (!id) {
        vec_push(&z->entries, ((struct zswap_entry){0}));
        return (u32)z->entries.count - 1;
    }
    z->free_entry = entry_at(z, id)->newer;
    return id;
}

static void entry_release(struct zswap *z, u32 id)
{
    *entry_at(z, id) = (struct zswap_entry){.newer = z->free_entry};
    z->free_entry = id;
}

static bool find(const struct zswap *z, swp_t slot, u32 *ret_id)
{
    u64 id;

    if (!u64map_get(&z->by_slot, slot, &id))
        return false;
    *ret_id = (u32)id;
    return true;
}

static void entry_insert(struct zswap *z, u32 id)
{
    const struct zswap_entry *e = entry_at(z, id);

    u64map_put(&z->by_slot, e->slot, id);
    z->stats.stored_pages++;
    if (!e->handle)
        z->stats.same_filled_pages++;
    else if (z->pool == ZSWAP_ZSMALLOC)
        lru_add(z, id);
    if (z->charge)
        z->charge(z->charge_ctx, e->memcg, e->length, 1);
}

static void entry_remove(struct zswap *z, u32 id)
{
    struct zswap_entry *e = entry_at(z, id);

    u64map_del(&z->by_slot, e->slot, NULL);
    z->stats.stored_pages--;
    if (!e->handle) {
        z->stats.same_filled_pages--;
    } else if (z->pool == ZSWAP_ZBUD) {
        zbud_free(&z->zbud, e->handle);
    } else {
        lru_del(z, id);
        zs_free(&z->zs, e->handle);
    }
    if (z->charge)
        z->charge(z->charge_ctx, e->memcg, e->length, -1);
    entry_release(z, id);
}

void zswap_invalidate(struct zswap *z, swp_t slot)
{
    u32 id;

    if (find(z, slot, &id))
        entry_remove(z, id);
}

bool zswap_has(const struct zswap *z, swp_t slot)
{
    u32 id;

    return find(z, slot, &id);
}

void zswap_make_newest(struct zswap *z, u32 id)
{
    lru_del(z, id);
    lru_add(z, id);
}

/* --- store ------------------------------------------------------------------------------------ */

/* Is there room, by the pool's limit? */
static bool may_grow(struct zswap *z)
{
    if (zswap_is_full(z)) {
        z->stats.pool_limit_hit++;
        z->reached_full = true;
        z->shrink_wanted = true;
        return false;
    }
    if (z->reached_full && !zswap_can_accept(z))
        return false;
    z->reached_full = false;
    return true;
}

/* An object with the packed page in it; 0: rejected. */
static u32 keep(struct zswap *z, u32 id, u32 size, bool bytes)
{
    u32 handle;

    if (z->pool == ZSWAP_ZSMALLOC) {
        handle = size <= PAGE_SIZE ? zs_malloc(&z->zs, size) : ZS_HANDLE_NONE;
        if (handle != ZS_HANDLE_NONE && bytes)
            zs_write(&z->zs, handle, z->comp.data, size);
        z->stats.reject_alloc_fail += handle == ZS_HANDLE_NONE;
        return handle;
    }
    if (size + HEADER_BYTES > ZBUD_SIZE_MAX) {
        z->stats.reject_compress_poor++;
        return ZBUD_HANDLE_NONE;
    }
    handle = zbud_alloc(&z->zbud, size + HEADER_BYTES, id);
    if (handle != ZBUD_HANDLE_NONE && bytes)
        memcpy(zbud_bytes(&z->zbud, handle) + HEADER_BYTES, z->comp.data, size);
    z->stats.reject_alloc_fail += handle == ZBUD_HANDLE_NONE;
    return handle;
}

static bool pack_and_keep(struct zswap *z, u32 id, const u8 *page, u64 name, u32 *ret_ns)
{
    struct zswap_entry *e = entry_at(z, id);
    u32 size = compressor_pack(&z->comp, page, name);

    if (size == 0 && z->tunables->zswap_same_filled_pages_enabled) {
        *ret_ns = z->comp.cost->zero_page;
        e->fill = z->comp.fill;
        return true;
    }
    if (!z->tunables->zswap_non_same_filled_pages_enabled)
        return false;
    if (size == 0) /* packed like any other */
        size = compressor_pack_data(&z->comp, page);
    *ret_ns = compressor_pack_ns(&z->comp);
    e->handle = keep(z, id, size, page != NULL);
    e->length = size;
    return e->handle != 0;
}

bool zswap_store(struct zswap *z, swp_t slot, u16 memcg, bool allowed, const u8 *page, u64 name,
                 u32 *ret_ns)
{
    u32 id;

    *ret_ns = 0;
    zswap_invalidate(z, slot);
    if (!z->tunables->zswap_enabled || !allowed || !may_grow(z))
        return false;
    id = entry_new(z);
    *entry_at(z, id) = (struct zswap_entry){.slot = slot, .memcg = memcg};
    if (!pack_and_keep(z, id, page, name, ret_ns)) {
        entry_release(z, id);
        return false;
    }
    entry_insert(z, id);
    return true;
}

bool zswap_load(struct zswap *z, swp_t slot, u8 *page, u16 *ret_memcg, u32 *ret_ns)
{
    const struct zswap_entry *e;
    u8 data[PAGE_SIZE];
    u32 id;

    if (!find(z, slot, &id))
        return false;
    e = entry_at(z, id);
    *ret_memcg = e->memcg;
    *ret_ns = e->handle ? compressor_unpack_ns(&z->comp) : z->comp.cost->zero_page;
    if (!page)
        return true;
    if (!e->handle) {
        compressor_fill(e->fill, page);
    } else if (z->pool == ZSWAP_ZBUD) {
        compressor_unpack(&z->comp, zbud_bytes(&z->zbud, e->handle) + HEADER_BYTES, e->length,
                          page);
    } else {
        zs_read(&z->zs, e->handle, data, e->length);
        compressor_unpack(&z->comp, data, e->length, page);
    }
    return true;
}

/* --- check ------------------------------------------------------------------------------------ */

void zswap_check(const struct zswap *z)
{
    u64 stored = 0, same = 0, objects = 0, pool_objects = 0, on_lru = 0;

    zs_check(&z->zs);
    zbud_check(&z->zbud);
    for (u32 id = 1; id < z->entries.count; id++) {
        const struct zswap_entry *e = entry_at(z, id);
        u32 found;

        if (e->slot == SWP_NONE)
            continue;
        assert(find(z, e->slot, &found) && found == id);
        assert((e->handle != 0) == (e->length != 0));
        stored++;
        same += !e->handle;
        objects += e->handle != 0;
        if (e->handle && z->pool == ZSWAP_ZBUD) {
            const struct zbud_page *p = &z->zbud.pages.items[(e->handle - 1) / 2];

            assert(p->owner[(e->handle - 1) % 2] == id);
            assert(p->chunks[(e->handle - 1) % 2] ==
                   DIV_ROUND_UP(e->length + HEADER_BYTES, ZBUD_CHUNK));
        }
    }
    for (u32 id = z->oldest; id; id = entry_at(z, id)->newer)
        on_lru++;
    for (u32 i = 0; i < ZS_CLASSES; i++)
        pool_objects += z->zs.classes[i].used;
    for (size_t i = 0; i < z->zbud.pages.count; i++)
        pool_objects +=
            (z->zbud.pages.items[i].chunks[0] != 0) + (z->zbud.pages.items[i].chunks[1] != 0);
    assert(stored == z->by_slot.count && stored == z->stats.stored_pages);
    assert(same == z->stats.same_filled_pages && objects == pool_objects);
    assert(on_lru == (z->pool == ZSWAP_ZSMALLOC ? objects : 0));
}
