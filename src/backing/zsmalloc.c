/* zsmalloc.c - see zsmalloc.h.
 *
 * An object goes into the head of its class's list of almost full zspages, else of almost empty
 * ones (a quarter of the objects free is the border), else into a new zspage. A zspage that gets
 * empty is freed at once. Compaction moves the objects of the emptiest zspages into the fullest
 * until it finds no more room for one; handles follow.
 */
#include "backing/zsmalloc.h"

#include <string.h>

#define NONE        UINT32_MAX
#define OBJ_FREE    UINT32_MAX
#define NO_FREE_OBJ UINT16_MAX

/* How many pages waste least (get_pages_per_zspage). */
static u32 choose_pages(u32 size)
{
    u32 best = 1, best_percent = 0;

    for (u32 pages = 1; pages <= ZS_MAX_PAGES; pages++) {
        u32 bytes = pages * PAGE_SIZE, percent = (bytes - bytes % size) * 100 / bytes;

        if (percent > best_percent) {
            best = pages;
            best_percent = percent;
        }
    }
    return best;
}

/* From the largest down: a size that cuts its pages like the one above shares its class. */
static void init_classes(struct zs_pool *z)
{
    const struct zs_class *above = NULL;

    for (u32 i = ZS_CLASSES; i-- > 0;) {
        u32 size = MIN(ZS_MIN_SIZE + i * ZS_CLASS_DELTA, PAGE_SIZE);
        u32 pages = choose_pages(size), objs = pages * PAGE_SIZE / size;

        if (!z->huge_size && pages != 1 && objs != 1)
            z->huge_size = size - (ZS_HANDLE_BYTES - 1);
        if (above && above->pages == pages && above->objs == objs) {
            z->class_of[i] = (u8)(above - z->classes);
            continue;
        }
        z->classes[i] = (struct zs_class){
            .size = size, .pages = pages, .objs = objs, .head = {NONE, NONE, NONE}};
        z->class_of[i] = (u8)i;
        above = &z->classes[i];
    }
}

void zs_init(struct zs_pool *z, struct frames *frames, struct counters *counters,
             const struct frame_source *source)
{
    *z = (struct zs_pool){.frames = frames,
                          .counters = counters,
                          .source = *source,
                          .free_zspage = NONE,
                          .free_handle = ZS_HANDLE_NONE};
    init_classes(z);
    vec_push(&z->handles, ((struct zs_handle){.obj = OBJ_FREE})); /* number 0 is none */
}

void zs_done(struct zs_pool *z)
{
    vec_for_each (&z->zspages, p)
        free(p->objs);
    vec_done(&z->zspages);
    vec_done(&z->handles);
}

/* --- lists ------------------------------------------------------------------------------------ */

static struct zspage *zspage_at(const struct zs_pool *z, u32 id)
{
    return &z->zspages.items[id];
}

static enum zs_fullness fullness_of(const struct zs_class *c, u32 inuse)
{
    if (inuse == c->objs)
        return ZS_FULL;
    return inuse <= 3 * c->objs / 4 ? ZS_ALMOST_EMPTY : ZS_ALMOST_FULL;
}

static void list_insert(struct zs_pool *z, u32 id, u32 prev, u32 next, u32 *head)
{
    struct zspage *p = zspage_at(z, id);

    p->prev = prev;
    p->next = next;
    if (prev == NONE)
        *head = id;
    else
        zspage_at(z, prev)->next = id;
    if (next != NONE)
        zspage_at(z, next)->prev = id;
}

/* In front, or behind a first one that has more in use. */
static void list_add(struct zs_pool *z, struct zs_class *c, u32 id)
{
    struct zspage *p = zspage_at(z, id);
    u32 *head = &c->head[p->fullness = (u8)fullness_of(c, p->inuse)];

    c->nr[p->fullness]++;
    if (*head != NONE && p->inuse < zspage_at(z, *head)->inuse)
        list_insert(z, id, *head, zspage_at(z, *head)->next, head);
    else
        list_insert(z, id, NONE, *head, head);
}

static void list_del(struct zs_pool *z, struct zs_class *c, u32 id)
{
    struct zspage *p = zspage_at(z, id);

    c->nr[p->fullness]--;
    if (p->prev == NONE)
        c->head[p->fullness] = p->next;
    else
        zspage_at(z, p->prev)->next = p->next;
    if (p->next != NONE)
        zspage_at(z, p->next)->prev = p->prev;
}

/* After the number of objects in use changed. */
static void fix_fullness(struct zs_pool *z, struct zs_class *c, u32 id)
{
    const struct zspage *p = zspage_at(z, id);

    if (fullness_of(c, p->inuse) == (enum zs_fullness)p->fullness)
        return;
    list_del(z, c, id);
    list_add(z, c, id);
}

/* --- zspages ---------------------------------------------------------------------------------- */

static void count_pages(struct zs_pool *z, pfn_t pfn, s64 n)
{
    count(&frames_zone_of(z->frames, pfn)->counters, NR_ZSPAGES, n);
    count(z->counters, NR_ZSPAGES, n);
    z->pages += (u64)n;
}

static void give_pages(struct zs_pool *z, struct zspage *p, u32 nr)
{
    for (u32 i = 0; i < nr; i++) {
        count_pages(z, p->pfn[i], -1);
        frame_set_kind(frames_get(z->frames, p->pfn[i]), FRAME_PAGE);
        z->source.give(z->source.ctx, p->pfn[i]);
    }
}

static u32 zspage_new_id(struct zs_pool *z)
{
    u32 id = z->free_zspage;

    if (id == NONE) {
        vec_push(&z->zspages, ((struct zspage){0}));
        return (u32)z->zspages.count - 1;
    }
    z->free_zspage = zspage_at(z, id)->next;
    return id;
}

/* On no list yet. NONE: no memory. */
static u32 zspage_new(struct zs_pool *z, struct zs_class *c)
{
    struct zspage p = {.class_id = (u8)(c - z->classes)};
    u32 id;

    for (u32 i = 0; i < c->pages; i++) {
        p.pfn[i] = z->source.take(z->source.ctx);
        if (p.pfn[i] == PFN_NONE) {
            give_pages(z, &p, i);
            return NONE;
        }
        frame_set_kind(frames_get(z->frames, p.pfn[i]), FRAME_KERNEL);
        count_pages(z, p.pfn[i], 1);
    }
    p.objs = xmalloc(c->objs * sizeof(*p.objs));
    for (u32 i = 0; i < c->objs; i++)
        p.objs[i] = i + 1 < c->objs ? i + 1 : NO_FREE_OBJ;
    c->allocated += c->objs;
    id = zspage_new_id(z);
    *zspage_at(z, id) = p;
    return id;
}

/* pre: empty, on no list */
static void zspage_free(struct zs_pool *z, struct zs_class *c, u32 id)
{
    struct zspage *p = zspage_at(z, id);

    assert(p->inuse == 0);
    c->allocated -= c->objs;
    give_pages(z, p, c->pages);
    free(p->objs);
    *p = (struct zspage){.next = z->free_zspage};
    z->free_zspage = id;
}

/* --- objects ---------------------------------------------------------------------------------- */

static void obj_take(struct zs_pool *z, struct zs_class *c, u32 id, u32 handle)
{
    struct zspage *p = zspage_at(z, id);
    u16 obj = p->first_free;

    assert(obj != NO_FREE_OBJ);
    p->first_free = (u16)p->objs[obj];
    p->objs[obj] = handle;
    p->inuse++;
    c->used++;
    z->handles.items[handle] = (struct zs_handle){.zspage = id, .obj = obj};
}

static void obj_put(struct zs_pool *z, struct zs_class *c, const struct zs_handle *h)
{
    struct zspage *p = zspage_at(z, h->zspage);

    p->objs[h->obj] = p->first_free;
    p->first_free = (u16)h->obj;
    p->inuse--;
    c->used--;
}

static u32 handle_new(struct zs_pool *z)
{
    u32 handle = z->free_handle;

    if (handle == ZS_HANDLE_NONE) {
        vec_push(&z->handles, ((struct zs_handle){.obj = OBJ_FREE}));
        return (u32)z->handles.count - 1;
    }
    z->free_handle = z->handles.items[handle].zspage;
    return handle;
}

static struct zs_class *class_for(struct zs_pool *z, u32 size)
{
    u32 index;

    size += ZS_HANDLE_BYTES;
    index = size > ZS_MIN_SIZE ? DIV_ROUND_UP(size - ZS_MIN_SIZE, ZS_CLASS_DELTA) : 0;
    return &z->classes[z->class_of[MIN(index, ZS_CLASSES - 1)]];
}

u32 zs_malloc(struct zs_pool *z, u32 size)
{
    struct zs_class *c = class_for(z, size);
    u32 id = c->head[ZS_ALMOST_FULL], handle;

    assert(size > 0 && size <= PAGE_SIZE);
    if (id == NONE)
        id = c->head[ZS_ALMOST_EMPTY];
    if (id != NONE) {
        handle = handle_new(z);
        obj_take(z, c, id, handle);
        fix_fullness(z, c, id);
        return handle;
    }
    id = zspage_new(z, c);
    if (id == NONE)
        return ZS_HANDLE_NONE;
    handle = handle_new(z);
    obj_take(z, c, id, handle);
    list_add(z, c, id);
    return handle;
}

void zs_free(struct zs_pool *z, u32 handle)
{
    struct zs_handle h = z->handles.items[handle];
    struct zs_class *c;

    assert(handle != ZS_HANDLE_NONE && h.obj != OBJ_FREE);
    c = &z->classes[zspage_at(z, h.zspage)->class_id];
    obj_put(z, c, &h);
    z->handles.items[handle] = (struct zs_handle){.zspage = z->free_handle, .obj = OBJ_FREE};
    z->free_handle = handle;
    if (zspage_at(z, h.zspage)->inuse) {
        fix_fullness(z, c, h.zspage);
        return;
    }
    list_del(z, c, h.zspage);
    zspage_free(z, c, h.zspage);
}

/* Go over the bytes of an object, which may lie on two pages; its handle is not among them. */
static void move_bytes(const struct zs_pool *z, u32 zspage, u32 obj, u8 *bytes, u32 size,
                       bool to_pool)
{
    const struct zspage *p = zspage_at(z, zspage);
    const struct zs_class *c = &z->classes[p->class_id];
    u32 at = obj * c->size + (c->objs > 1 ? ZS_HANDLE_BYTES : 0);

    assert(size <= c->size);
    while (size) {
        u32 within = at % PAGE_SIZE, part = MIN(size, PAGE_SIZE - within);
        u8 *page = frames_bytes(z->frames, p->pfn[at / PAGE_SIZE]) + within;

        memcpy(to_pool ? page : bytes, to_pool ? bytes : page, part);
        bytes += part;
        at += part;
        size -= part;
    }
}

void zs_write(struct zs_pool *z, u32 handle, const u8 *from, u32 size)
{
    const struct zs_handle *h = &z->handles.items[handle];

    move_bytes(z, h->zspage, h->obj, (u8 *)(uintptr_t)from, size, true);
}

void zs_read(const struct zs_pool *z, u32 handle, u8 *to, u32 size)
{
    const struct zs_handle *h = &z->handles.items[handle];

    move_bytes(z, h->zspage, h->obj, to, size, false);
}

/* --- compaction ------------------------------------------------------------------------------- */

static u64 class_compactable(const struct zs_class *c)
{
    return c->objs ? (c->allocated - c->used) / c->objs * c->pages : 0;
}

u64 zs_count_compactable(const struct zs_pool *z)
{
    u64 pages = 0;

    for (u32 i = 0; i < ZS_CLASSES; i++)
        pages += class_compactable(&z->classes[i]);
    return pages;
}

/* One object moves to another zspage, its number among the objects of `from`. */
static void obj_move(struct zs_pool *z, struct zs_class *c, u32 from, u32 obj, u32 to)
{
    u8 bytes[PAGE_SIZE];
    u32 handle = zspage_at(z, from)->objs[obj];
    u32 size = c->size - (c->objs > 1 ? ZS_HANDLE_BYTES : 0);

    if (z->frames->bytes)
        move_bytes(z, from, obj, bytes, size, false);
    obj_put(z, c, &z->handles.items[handle]);
    obj_take(z, c, to, handle);
    if (z->frames->bytes)
        move_bytes(z, to, z->handles.items[handle].obj, bytes, size, true);
}

static u32 isolate(struct zs_pool *z, struct zs_class *c, bool emptiest)
{
    u32 id = c->head[emptiest ? ZS_ALMOST_EMPTY : ZS_ALMOST_FULL];

    if (id == NONE)
        id = c->head[emptiest ? ZS_ALMOST_FULL : ZS_ALMOST_EMPTY];
    if (id != NONE)
        list_del(z, c, id);
    return id;
}

static bool obj_is_used(const struct zs_pool *z, u32 id, u32 obj)
{
    u32 handle = zspage_at(z, id)->objs[obj];

    return handle < z->handles.count && z->handles.items[handle].obj == obj &&
           z->handles.items[handle].zspage == id;
}

/* Empty `from`, which is on no list, into others. True when it is empty. */
static bool move_all(struct zs_pool *z, struct zs_class *c, u32 from)
{
    u32 obj = 0, to;

    while ((to = isolate(z, c, false)) != NONE) {
        for (; obj < c->objs && zspage_at(z, to)->inuse < c->objs; obj++)
            if (obj_is_used(z, from, obj))
                obj_move(z, c, from, obj, to);
        list_add(z, c, to);
        if (obj == c->objs)
            break;
    }
    return zspage_at(z, from)->inuse == 0;
}

static u64 class_compact(struct zs_pool *z, struct zs_class *c)
{
    u64 freed = 0;

    while (class_compactable(c)) {
        u32 from = isolate(z, c, true);

        if (from == NONE)
            break;
        if (!move_all(z, c, from)) {
            list_add(z, c, from);
            break;
        }
        zspage_free(z, c, from);
        freed += c->pages;
    }
    return freed;
}

u64 zs_compact(struct zs_pool *z)
{
    u64 freed = 0;

    for (u32 i = ZS_CLASSES; i-- > 0;)
        freed += class_compact(z, &z->classes[i]);
    z->pages_compacted += freed;
    return freed;
}

/* --- check ------------------------------------------------------------------------------------ */

static void zspage_check(const struct zs_pool *z, const struct zs_class *c, u32 id)
{
    const struct zspage *p = zspage_at(z, id);
    u32 used = 0, nr_free = 0;

    assert(&z->classes[p->class_id] == c && p->inuse > 0);
    for (u32 i = 0; i < c->objs; i++)
        used += obj_is_used(z, id, i);
    for (u32 at = p->first_free; at != NO_FREE_OBJ; at = p->objs[at]) {
        assert(at < c->objs && !obj_is_used(z, id, at));
        nr_free++;
    }
    assert(used == p->inuse && used + nr_free == c->objs);
    for (u32 i = 0; i < c->pages; i++)
        assert(frame_is(frames_get(z->frames, p->pfn[i]), FRAME_KERNEL));
}

void zs_check(const struct zs_pool *z)
{
    u64 pages = 0, handles = 0, used = 0;

    for (u32 i = 0; i < ZS_CLASSES; i++) {
        const struct zs_class *c = &z->classes[i];
        u64 objs = 0, zspages = 0;

        for (unsigned f = 0; c->objs && f < NR_ZS_FULLNESS; f++) {
            u32 nr = 0;

            for (u32 id = c->head[f]; id != NONE; id = zspage_at(z, id)->next) {
                assert(zspage_at(z, id)->fullness == f);
                zspage_check(z, c, id);
                objs += zspage_at(z, id)->inuse;
                nr++;
            }
            assert(nr == c->nr[f]);
            zspages += nr;
        }
        assert(objs == c->used && zspages * c->objs == c->allocated);
        pages += zspages * c->pages;
        used += objs;
    }
    for (size_t h = 1; h < z->handles.count; h++)
        handles += z->handles.items[h].obj != OBJ_FREE;
    assert(pages == z->pages && handles == used);
}
