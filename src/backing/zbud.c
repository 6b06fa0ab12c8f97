/* zbud.c - see zbud.h. A handle is 1 + 2 * page + (0 first, 1 last). */
#include "backing/zbud.h"

#define NONE UINT32_MAX

static struct zbud_page *page_at(const struct zbud *z, u32 page)
{
    return &z->pages.items[page];
}

static struct zbud_link *link_of(const struct zbud *z, u32 page, bool lru)
{
    return lru ? &page_at(z, page)->lru : &page_at(z, page)->buddy;
}

static void list_add(struct zbud *z, struct zbud_list *l, u32 page, bool lru)
{
    *link_of(z, page, lru) = (struct zbud_link){.next = l->head, .prev = NONE};
    if (l->head != NONE)
        link_of(z, l->head, lru)->prev = page;
    else
        l->tail = page;
    l->head = page;
}

static void list_del(struct zbud *z, struct zbud_list *l, u32 page, bool lru)
{
    struct zbud_link link = *link_of(z, page, lru);

    if (link.prev == NONE)
        l->head = link.next;
    else
        link_of(z, link.prev, lru)->next = link.next;
    if (link.next == NONE)
        l->tail = link.prev;
    else
        link_of(z, link.next, lru)->prev = link.prev;
}

/* The list for what it holds now. */
static struct zbud_list *buddy_list(struct zbud *z, const struct zbud_page *p)
{
    bool both = p->chunks[0] && p->chunks[1];

    return &z->unbuddied[both ? 0 : ZBUD_CHUNKS - p->chunks[0] - p->chunks[1]];
}

void zbud_init(struct zbud *z, struct frames *frames, const struct frame_source *source)
{
    *z = (struct zbud){.frames = frames, .source = *source, .free_page = NONE, .lru = {NONE, NONE}};
    for (unsigned i = 0; i <= ZBUD_CHUNKS; i++)
        z->unbuddied[i] = (struct zbud_list){NONE, NONE};
}

void zbud_done(struct zbud *z)
{
    vec_done(&z->pages);
}

static u32 page_new(struct zbud *z)
{
    pfn_t pfn = z->source.take(z->source.ctx);
    u32 page = z->free_page;

    if (pfn == PFN_NONE)
        return NONE;
    frame_set_kind(frames_get(z->frames, pfn), FRAME_KERNEL);
    z->nr_pages++;
    if (page == NONE) {
        vec_push(&z->pages, ((struct zbud_page){0}));
        page = (u32)z->pages.count - 1;
    } else {
        z->free_page = page_at(z, page)->buddy.next;
    }
    *page_at(z, page) = (struct zbud_page){.pfn = pfn};
    return page;
}

static void page_free(struct zbud *z, u32 page)
{
    struct zbud_page *p = page_at(z, page);

    frame_set_kind(frames_get(z->frames, p->pfn), FRAME_PAGE);
    z->source.give(z->source.ctx, p->pfn);
    *p = (struct zbud_page){.buddy.next = z->free_page};
    z->free_page = page;
    z->nr_pages--;
}

/* The tightest page with room for it; taken off its lists. */
static u32 find_page(struct zbud *z, u32 chunks)
{
    for (u32 i = chunks; i <= ZBUD_CHUNKS; i++) {
        u32 page = z->unbuddied[i].head;

        if (page == NONE)
            continue;
        list_del(z, &z->unbuddied[i], page, false);
        list_del(z, &z->lru, page, true);
        return page;
    }
    return NONE;
}

u32 zbud_alloc(struct zbud *z, u32 size, u32 owner)
{
    u32 chunks = DIV_ROUND_UP(size, ZBUD_CHUNK);
    u32 page = find_page(z, chunks);
    struct zbud_page *p;
    unsigned which;

    assert(size > 0 && size <= ZBUD_SIZE_MAX);
    if (page == NONE)
        page = page_new(z);
    if (page == NONE)
        return ZBUD_HANDLE_NONE;
    p = page_at(z, page);
    which = p->chunks[0] != 0;
    p->chunks[which] = (u8)chunks;
    p->owner[which] = owner;
    list_add(z, buddy_list(z, p), page, false);
    list_add(z, &z->lru, page, true);
    return 1 + 2 * page + which;
}

void zbud_free(struct zbud *z, u32 handle)
{
    u32 page = (handle - 1) / 2;
    unsigned which = (handle - 1) % 2;
    struct zbud_page *p = page_at(z, page);

    assert(handle != ZBUD_HANDLE_NONE && p->chunks[which]);
    if (!p->being_evicted)
        list_del(z, buddy_list(z, p), page, false);
    p->chunks[which] = 0;
    if (p->being_evicted)
        return;
    if (p->chunks[!which]) {
        list_add(z, buddy_list(z, p), page, false);
        return;
    }
    list_del(z, &z->lru, page, true);
    page_free(z, page);
}

u8 *zbud_bytes(const struct zbud *z, u32 handle)
{
    const struct zbud_page *p = page_at(z, (handle - 1) / 2);
    unsigned which = (handle - 1) % 2;
    u8 *bytes = frames_bytes(z->frames, p->pfn);

    return bytes + (which ? PAGE_SIZE - p->chunks[1] * ZBUD_CHUNK : ZBUD_CHUNK);
}

u32 zbud_evict_begin(struct zbud *z)
{
    u32 page = z->lru.tail;

    if (page == NONE)
        return NONE;
    list_del(z, &z->lru, page, true);
    list_del(z, buddy_list(z, page_at(z, page)), page, false);
    page_at(z, page)->being_evicted = true;
    return page;
}

bool zbud_evict_owner(const struct zbud *z, u32 page, unsigned which, u32 *ret_owner)
{
    const struct zbud_page *p = page_at(z, page);

    if (!p->chunks[which])
        return false;
    *ret_owner = p->owner[which];
    return true;
}

bool zbud_evict_end(struct zbud *z, u32 page)
{
    struct zbud_page *p = page_at(z, page);

    p->being_evicted = false;
    if (!p->chunks[0] && !p->chunks[1]) {
        page_free(z, page);
        return true;
    }
    list_add(z, buddy_list(z, p), page, false);
    list_add(z, &z->lru, page, true);
    return false;
}

void zbud_check(const struct zbud *z)
{
    u64 on_lists = 0, on_lru = 0;

    for (u32 i = 0; i <= ZBUD_CHUNKS; i++) {
        for (u32 at = z->unbuddied[i].head; at != NONE; at = page_at(z, at)->buddy.next) {
            const struct zbud_page *p = page_at(z, at);
            const struct frame *f = frames_get(z->frames, p->pfn);

            assert(p->pfn != PFN_NONE && !p->being_evicted && (p->chunks[0] || p->chunks[1]));
            assert(p->chunks[0] + p->chunks[1] <= ZBUD_CHUNKS);
            assert(buddy_list((struct zbud *)(uintptr_t)z, p) == &z->unbuddied[i]);
            assert(frame_is(f, FRAME_KERNEL));
            on_lists++;
        }
    }
    for (u32 at = z->lru.head; at != NONE; at = page_at(z, at)->lru.next)
        on_lru++;
    assert(on_lists == z->nr_pages && on_lru == z->nr_pages);
}
