/* addrmap.c - a sorted array: changes are few beside look-ups, and most address spaces have some
 * hundred ranges. */
#include "workload/addrmap.h"

#include <string.h>

void addrmap_init(struct addrmap *m)
{
    *m = (struct addrmap){0};
}

void addrmap_done(struct addrmap *m)
{
    vec_done(&m->ranges);
}

void addrmap_copy(struct addrmap *to, const struct addrmap *from)
{
    assert(to->ranges.count == 0);
    vec_reserve(&to->ranges, from->ranges.count);
    for (size_t i = 0; i < from->ranges.count; i++)
        vec_push(&to->ranges, from->ranges.items[i]);
}

void addrmap_check(const struct addrmap *m)
{
    for (size_t i = 0; i < m->ranges.count; i++) {
        assert(m->ranges.items[i].start < m->ranges.items[i].end);
        assert(i == 0 || m->ranges.items[i - 1].end <= m->ranges.items[i].start);
    }
}

/* Position of the first range that ends above vpn. */
static size_t position(const struct addrmap *m, vpn_t vpn)
{
    size_t low = 0, high = m->ranges.count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (m->ranges.items[mid].end <= vpn)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void forget_answers(struct addrmap *m)
{
    if (m->cached)
        memset(m->cache, 0, sizeof(m->cache));
    m->cached = false;
}

static void insert_at(struct addrmap *m, size_t at, struct addr_range r)
{
    vec_push(&m->ranges, r);
    memmove(&m->ranges.items[at + 1], &m->ranges.items[at], (m->ranges.count - 1 - at) * sizeof(r));
    m->ranges.items[at] = r;
}

/* No range crosses `at` afterwards. Returns the position of the first one that begins there or
 * above. */
static size_t split_at(struct addrmap *m, vpn_t at)
{
    size_t i = position(m, at);
    const struct addr_range *r;

    if (i == m->ranges.count || m->ranges.items[i].start >= at)
        return i;
    r = &m->ranges.items[i];
    insert_at(m, i + 1, (struct addr_range){at, r->end, r->moved, r->mapped});
    m->ranges.items[i].end = at;
    return i + 1;
}

static bool joins(const struct addr_range *a, const struct addr_range *b)
{
    return a->end == b->start && a->moved == b->moved && a->mapped == b->mapped;
}

/* Ranges [from, to) give way to one. */
static void replace(struct addrmap *m, size_t from, size_t to, struct addr_range r)
{
    struct addr_range *items;

    if (from == to)
        insert_at(m, to++, r);
    items = m->ranges.items;
    if (from > 0 && joins(&items[from - 1], &r))
        r.start = items[--from].start;
    if (to < m->ranges.count && joins(&r, &items[to]))
        r.end = items[to++].end;
    items[from] = r;
    memmove(&items[from + 1], &items[to], (m->ranges.count - to) * sizeof(r));
    m->ranges.count -= to - from - 1;
}

void addrmap_map(struct addrmap *m, vpn_t start, vpn_t end, s64 moved)
{
    size_t from, to;

    assert(start < end);
    forget_answers(m);
    from = split_at(m, start);
    to = split_at(m, end);
    replace(m, from, to, (struct addr_range){start, end, moved, true});
}

void addrmap_unmap(struct addrmap *m, vpn_t start, vpn_t end)
{
    size_t to;

    forget_answers(m);
    split_at(m, start);
    to = split_at(m, end);
    for (size_t i = position(m, start); i < to; i++)
        m->ranges.items[i].mapped = false;
}

const struct addr_range *addrmap_find_after(const struct addrmap *m, vpn_t vpn)
{
    size_t i = position(m, vpn);

    return i < m->ranges.count ? &m->ranges.items[i] : NULL;
}

const struct addr_range *addrmap_next(const struct addrmap *m, const struct addr_range *r)
{
    return r + 1 < m->ranges.items + m->ranges.count ? r + 1 : NULL;
}

s64 addrmap_look_up(struct addrmap *m, vpn_t vpn)
{
    size_t i = position(m, vpn);
    const struct addr_range *r = i < m->ranges.count ? &m->ranges.items[i] : NULL;
    struct addr_answer *a = &m->cache[vpn >> 9 & (ADDR_CACHE - 1)];

    if (r && r->start <= vpn) {
        *a = (struct addr_answer){r->start, r->end - r->start, r->moved};
    } else { /* a hole */
        a->start = i > 0 ? m->ranges.items[i - 1].end : 0;
        a->nr = (r ? r->start : VPN_END) - a->start;
        a->moved = 0;
    }
    m->cached = true;
    return a->moved;
}
