/* capture_record.c - the header of a record, and the files as they stand at one sample.
 *
 * Files are found by the hash of their path; those with one hash are chained, so a hostile capture
 * can make look-ups slow but not wrong.
 */
#include "observe/capture_int.h"

#include "base/wire.h"

#include <string.h>
#define XXH_STATIC_LINKING_ONLY /* the streaming state on the stack */
#include <xxhash.h>

void hwc_header_put(u8 *at, const struct hwc_record *r)
{
    wire_put_u32(at + HWC_OFF_MAGIC, HWC_MAGIC);
    wire_put_u16(at + HWC_OFF_VERSION, HWC_VERSION);
    wire_put_u16(at + HWC_OFF_FLAGS, r->flags);
    wire_put_u32(at + HWC_OFF_CHUNK, r->chunk);
    wire_put_u32(at + HWC_OFF_SAMPLE, r->sample);
    wire_put_u32(at + HWC_OFF_PIECE, r->piece);
    wire_put_u32(at + HWC_OFF_TABLE_LEN, r->table_len);
    wire_put_u32(at + HWC_OFF_TABLE_STORED, r->table_stored);
    wire_put_u32(at + HWC_OFF_TEXTS_LEN, r->texts_len);
    wire_put_u32(at + HWC_OFF_TEXTS_STORED, r->texts_stored);
    wire_put_u32(at + HWC_OFF_PREFIX_LEN, r->prefix_len);
    wire_put_u64(at + HWC_OFF_PARTS, r->parts);
    wire_put_u64(at + HWC_OFF_WALL, r->wall_us);
    wire_put_u64(at + HWC_OFF_MONO, r->mono_ns);
    wire_put_u64(at + HWC_OFF_HASH, r->hash);
}

const char *hwc_header_get(const u8 *at, struct hwc_record *r)
{
    if (wire_get_u32(at + HWC_OFF_MAGIC) != HWC_MAGIC)
        return "no record begins here";
    if (wire_get_u16(at + HWC_OFF_VERSION) != HWC_VERSION)
        return "a version of the format that this program does not know";
    r->flags = wire_get_u16(at + HWC_OFF_FLAGS);
    r->chunk = wire_get_u32(at + HWC_OFF_CHUNK);
    r->sample = wire_get_u32(at + HWC_OFF_SAMPLE);
    r->piece = wire_get_u32(at + HWC_OFF_PIECE);
    r->table_len = wire_get_u32(at + HWC_OFF_TABLE_LEN);
    r->table_stored = wire_get_u32(at + HWC_OFF_TABLE_STORED);
    r->texts_len = wire_get_u32(at + HWC_OFF_TEXTS_LEN);
    r->texts_stored = wire_get_u32(at + HWC_OFF_TEXTS_STORED);
    r->prefix_len = wire_get_u32(at + HWC_OFF_PREFIX_LEN);
    r->parts = wire_get_u64(at + HWC_OFF_PARTS);
    r->wall_us = wire_get_u64(at + HWC_OFF_WALL);
    r->mono_ns = wire_get_u64(at + HWC_OFF_MONO);
    r->hash = wire_get_u64(at + HWC_OFF_HASH);
    if (r->flags & ~(HWC_KEY | HWC_LAST))
        return "unknown flags";
    if (r->table_len > HWC_TABLE_MAX || r->texts_len > HWC_TEXTS_MAX ||
        r->prefix_len > HWC_TEXTS_MAX)
        return "a length beyond what the format allows";
    if ((u64)r->table_stored + r->texts_stored > HWC_STORED_MAX)
        return "a stored length beyond what the format allows";
    return NULL;
}

u64 hwc_hash(const u8 *header, const u8 *payload, size_t count)
{
    XXH64_state_t hash;

    XXH64_reset(&hash, 0);
    XXH64_update(&hash, header, HWC_HASHED_BYTES);
    XXH64_update(&hash, payload, count);
    return XXH64_digest(&hash);
}

/* --- the files as they stand ------------------------------------------------------------------ */
void hwc_state_init(struct hwc_state *s)
{
    *s = (struct hwc_state){0};
    u64map_init(&s->by_hash);
}

void hwc_state_done(struct hwc_state *s)
{
    vec_for_each (&s->files, f) {
        free(f->path);
        free(f->text);
    }
    vec_done(&s->files);
    u64map_done(&s->by_hash);
}

void hwc_state_reset(struct hwc_state *s)
{
    hwc_state_done(s);
    hwc_state_init(s);
}

u32 hwc_state_find(const struct hwc_state *s, const char *path, size_t len)
{
    u64 at;

    if (!u64map_get(&s->by_hash, hash_bytes(path, len), &at))
        return HWC_FILE_NONE;
    while (at != HWC_FILE_NONE) {
        const struct hwc_file *f = &s->files.items[at];

        if (strncmp(f->path, path, len) == 0 && f->path[len] == '\0')
            break;
        at = f->next;
    }
    return (u32)at;
}

u32 hwc_state_add(struct hwc_state *s, const char *path, size_t len)
{
    struct hwc_file f = {.next = HWC_FILE_NONE, .sample = UINT32_MAX};
    u64 hash = hash_bytes(path, len), first;
    u32 index = (u32)s->files.count;

    if (u64map_get(&s->by_hash, hash, &first))
        f.next = (u32)first;
    u64map_put(&s->by_hash, hash, index);
    f.path = xmalloc(len + 1);
    memcpy(f.path, path, len);
    f.path[len] = '\0';
    s->bytes += len + sizeof(f);
    vec_push(&s->files, f);
    return index;
}

int hwc_state_set_text(struct hwc_state *s, u32 index, const char *text, size_t len)
{
    struct hwc_file *f = &s->files.items[index];

    if (len != f->len || !f->text) {
        char *grown = realloc(f->text, len + 1);

        if (!grown)
            return -ENOMEM;
        f->text = grown;
    }
    s->bytes = s->bytes - f->len + len;
    if (len)
        memcpy(f->text, text, len);
    f->text[len] = '\0';
    f->len = (u32)len;
    return 0;
}
