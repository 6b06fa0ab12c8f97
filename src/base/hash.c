/* hash.c - the open-addressing map behind hash.h.
 *
 * Deletion closes the gap instead of leaving a tombstone: walking on from the hole, an entry may
 * move into it unless its home lies cyclically after the hole.
 */
#include "base/hash.h"

#include "base/alloc.h"

#define FIRST_SLOTS 16

u64 hash_bytes(const void *bytes, size_t count)
{
    const u8 *at = bytes;
    u64 hash = 0xcbf29ce484222325u;

    for (size_t i = 0; i < count; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash_u64(hash);
}

void u64map_init(struct u64map *m)
{
    *m = (struct u64map){0};
}

void u64map_done(struct u64map *m)
{
    free(m->slots);
    u64map_init(m);
}

/* Where key is, or the free slot where it would go. pre: there are slots, key != 0 */
static u64 probe(const struct u64map *m, u64 key)
{
    u64 i = hash_u64(key) & m->mask;

    while (m->slots[i].key != 0 && m->slots[i].key != key)
        i = (i + 1) & m->mask;
    return i;
}

static void resize(struct u64map *m, u64 slots)
{
    struct u64map_slot *old = m->slots;
    u64 old_slots = old ? m->mask + 1 : 0;

    m->slots = xcalloc(slots, sizeof(*m->slots));
    m->mask = slots - 1;
    for (u64 i = 0; i < old_slots; i++)
        if (old[i].key)
            m->slots[probe(m, old[i].key)] = old[i];
    free(old);
}

/* The value of key, made (as 0) when absent. */
static u64 *value_of(struct u64map *m, u64 key, bool *ret_new)
{
    if (key == 0) {
        *ret_new = !m->has_zero;
        if (*ret_new) {
            m->has_zero = true;
            m->zero_value = 0;
            m->count++;
        }
        return &m->zero_value;
    }
    if (!m->slots)
        resize(m, FIRST_SLOTS);

    u64 i = probe(m, key);

    *ret_new = m->slots[i].key == 0;
    if (*ret_new) {
        if ((m->count + 1) * 4 > (m->mask + 1) * 3) {
            resize(m, (m->mask + 1) * 2);
            i = probe(m, key);
        }
        m->slots[i] = (struct u64map_slot){.key = key};
        m->count++;
    }
    return &m->slots[i].value;
}

bool u64map_get(const struct u64map *m, u64 key, u64 *ret_value)
{
    const u64 *value;

    if (key == 0) {
        if (!m->has_zero)
            return false;
        value = &m->zero_value;
    } else {
        if (!m->slots)
            return false;

        const struct u64map_slot *slot = &m->slots[probe(m, key)];

        if (!slot->key)
            return false;
        value = &slot->value;
    }
    if (ret_value)
        *ret_value = *value;
    return true;
}

bool u64map_put(struct u64map *m, u64 key, u64 value)
{
    bool is_new;

    *value_of(m, key, &is_new) = value;
    return is_new;
}

u64 u64map_add(struct u64map *m, u64 key, u64 amount)
{
    bool is_new;

    return *value_of(m, key, &is_new) += amount;
}

bool u64map_del(struct u64map *m, u64 key, u64 *ret_value)
{
    if (!u64map_get(m, key, ret_value))
        return false;
    m->count--;
    if (key == 0) {
        m->has_zero = false;
        return true;
    }

    u64 hole = probe(m, key);

    for (u64 i = (hole + 1) & m->mask; m->slots[i].key; i = (i + 1) & m->mask) {
        u64 home = hash_u64(m->slots[i].key) & m->mask;

        if (((i - home) & m->mask) < ((i - hole) & m->mask))
            continue; /* its home lies after the hole */
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole].key = 0;
    return true;
}

bool u64map_next(const struct u64map *m, u64 *cursor, u64 *ret_key, u64 *ret_value)
{
    u64 slots = m->slots ? m->mask + 1 : 0;

    if (*cursor == 0) {
        *cursor = 1;
        if (m->has_zero) {
            *ret_key = 0;
            *ret_value = m->zero_value;
            return true;
        }
    }
    for (u64 i = *cursor - 1; i < slots; i++) {
        if (m->slots[i].key) {
            *ret_key = m->slots[i].key;
            *ret_value = m->slots[i].value;
            *cursor = i + 2;
            return true;
        }
    }
    return false;
}

void u64map_check(const struct u64map *m)
{
    u64 count = m->has_zero;
    u64 slots = m->slots ? m->mask + 1 : 0;

    for (u64 i = 0; i < slots; i++) {
        if (!m->slots[i].key)
            continue;
        assert(probe(m, m->slots[i].key) == i);
        count++;
    }
    assert(count == m->count);
    assert(count * 4 <= slots * 3 + 4);
}
