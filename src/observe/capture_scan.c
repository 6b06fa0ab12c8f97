/* capture_scan.c - every record of a capture file: which are whole, which samples they make, what
 * is lost.
 *
 * A record is judged in this order: a whole header, the magic, a known version, lengths within the
 * format's bounds, that many bytes in the file, the checksum. Only then is anything else in it
 * believed. What is no record costs the bytes up to the next magic.
 *
 *     K1 d d d | K2 d ## d d | K3 d d        ## is damage: the two samples after it build on it and are lost with it
 */
#include "observe/capture_int.h"

#include "base/wire.h"

#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#define WINDOW_BYTES (64u << 10)

/* A file may claim long records at every byte, each of which takes hashing to disprove. Damage by
 * accident wastes less than the file itself, since a wrong record ends the search for its own bytes
 * only when a magic stands in its payload. */
#define WASTE_FACTOR 16

int hwc_input_read(const struct hwc_input *in, u64 offset, void *buf, size_t count)
{
    u8 *to = buf;

    if (offset > in->size || count > in->size - offset)
        return -EINVAL;
    if (in->fd < 0) {
        if (count)
            memcpy(to, in->bytes + offset, count);
        return 0;
    }
    while (count) {
        ssize_t n = pread(in->fd, to, count, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO; /* it became shorter while we read */
        to += n;
        offset += (u64)n;
        count -= (size_t)n;
    }
    return 0;
}

struct scanner {
    const struct hwc_input *in;
    struct hwc_scan *scan;
    u8 window[WINDOW_BYTES];
    /* where the chunk at hand has got to */
    bool usable;
    u32 chunk, sample, piece; /* the next record's */
    u64 sample_offset;
    u64 damage_end; /* of the last damage: what follows at once belongs to it */
    u64 wasted;     /* bytes hashed in vain */
};

/* Whether a whole record begins at offset. 0 with *ret_why NULL or the reason why not; or the
 * host's error. */
static int record_check(struct scanner *x, u64 offset, struct hwc_record *ret, const char **ret_why)
{
    u8 header[HWC_HEADER_BYTES];
    XXH64_state_t hash;
    u64 left;
    int rc;

    *ret_why = "the file ends inside a record";
    if (x->in->size - offset < HWC_HEADER_BYTES)
        return 0;
    rc = hwc_input_read(x->in, offset, header, sizeof(header));
    if (rc)
        return rc;
    *ret_why = hwc_header_get(header, ret);
    if (wire_get_u32(header + HWC_OFF_MAGIC) == HWC_MAGIC)
        x->scan->newer |= wire_get_u16(header + HWC_OFF_VERSION) > HWC_VERSION;
    if (*ret_why)
        return 0;
    *ret_why = "the file ends inside a record";
    if (hwc_record_bytes(ret) > x->in->size - offset)
        return 0;
    XXH64_reset(&hash, 0);
    XXH64_update(&hash, header, HWC_HASHED_BYTES);
    offset += HWC_HEADER_BYTES;
    left = hwc_record_bytes(ret) - HWC_HEADER_BYTES;
    while (left) {
        size_t count = MIN(left, (u64)WINDOW_BYTES);

        rc = hwc_input_read(x->in, offset, x->window, count);
        if (rc)
            return rc;
        XXH64_update(&hash, x->window, count);
        offset += count;
        left -= count;
    }
    *ret_why = NULL;
    if (XXH64_digest(&hash) != ret->hash) {
        *ret_why = "the checksum does not match";
        x->wasted += hwc_record_bytes(ret);
    }
    return 0;
}

/* Where the next magic stands at or after `from`; the size when there is none. */
static int magic_search(struct scanner *x, u64 from, u64 *ret)
{
    u8 magic[4];

    wire_put_u32(magic, HWC_MAGIC);
    while (from < x->in->size) {
        size_t count = MIN(x->in->size - from, (u64)WINDOW_BYTES);
        const u8 *hit;
        int rc;

        if (count < sizeof(magic))
            break;
        rc = hwc_input_read(x->in, from, x->window, count);
        if (rc)
            return rc;
        hit = memmem(x->window, count, magic, sizeof(magic));
        if (hit) {
            *ret = from + (u64)(hit - x->window);
            return 0;
        }
        from += count - (sizeof(magic) - 1);
        if (count < WINDOW_BYTES)
            break;
    }
    *ret = x->in->size;
    return 0;
}

static void lose(struct scanner *x, u64 offset, u64 bytes, const char *reason)
{
    struct capture_loss *loss = &x->scan->loss;
    bool goes_on = loss->count && x->damage_end == offset;

    loss->bytes += bytes;
    x->damage_end = offset + bytes;
    x->usable = false;
    if (goes_on) {
        if (loss->count <= CAPTURE_DAMAGES_MAX)
            vec_last(&loss->damages).bytes += bytes;
        return;
    }
    loss->count++;
    if (loss->damages.count < CAPTURE_DAMAGES_MAX)
        vec_push(&loss->damages, ((struct capture_damage){offset, bytes, reason}));
}

#define SINCE_MAX ((ns_t)INT64_MAX) /* hostile clocks; 292 years */

/* The monotonic clock stands while the machine sleeps and starts anew with it, the other one may be
 * set: what both show of a step is true. */
static ns_t since_first(const struct hwc_scan *s, const struct hwc_record *r)
{
    const struct capture_sample *before = s->samples.count ? &vec_last(&s->samples) : NULL;
    ns_t mono, wall, step;

    if (!before)
        return 0;
    mono = r->mono_ns > before->mono_ns ? r->mono_ns - before->mono_ns : 0;
    wall = r->wall_us > before->wall_us
               ? MIN(r->wall_us - before->wall_us, SINCE_MAX / NS_PER_US) * NS_PER_US
               : 0;
    step = MAX(MAX(mono, wall), NS_PER_US);
    return before->since_first + MIN(step, SINCE_MAX - before->since_first);
}

/* A whole record: does it go on where the chunk has got to? */
static void record_take(struct scanner *x, u64 offset, const struct hwc_record *r)
{
    struct hwc_scan *s = x->scan;
    ns_t since;

    s->any = true;
    s->last_chunk = MAX(s->last_chunk, r->chunk);
    if ((r->flags & HWC_KEY) && r->sample == 0 && r->piece == 0) {
        x->usable = true;
        x->chunk = r->chunk;
        x->sample = x->piece = 0;
    }
    if (!x->usable || r->chunk != x->chunk || r->sample != x->sample || r->piece != x->piece) {
        x->usable = false;
        if (r->flags & HWC_LAST)
            s->loss.samples++;
        return;
    }
    if (r->piece == 0)
        x->sample_offset = offset;
    x->piece++;
    if (!(r->flags & HWC_LAST))
        return;
    since = since_first(s, r);
    if (r->sample == 0)
        vec_push(&s->chunk_offsets, x->sample_offset);
    vec_push(&s->samples, ((struct capture_sample){.wall_us = r->wall_us,
                                                   .mono_ns = r->mono_ns,
                                                   .since_first = since,
                                                   .offset = x->sample_offset,
                                                   .chunk = (u32)s->chunk_offsets.count - 1,
                                                   .in_chunk = r->sample}));
    s->end = offset + hwc_record_bytes(r);
    x->sample++;
    x->piece = 0;
}

int hwc_scan(const struct hwc_input *in, struct hwc_scan *ret)
{
    struct scanner *x = xcalloc(1, sizeof(*x));
    u64 offset = 0;
    int rc = 0;

    *ret = (struct hwc_scan){0};
    x->in = in;
    x->scan = ret;
    if (hwc_input_read(in, 0, x->window, 4) == 0)
        ret->begins = wire_get_u32(x->window) == HWC_MAGIC;
    while (rc == 0 && offset < in->size) {
        struct hwc_record r;
        const char *why;
        u64 next;

        rc = record_check(x, offset, &r, &why);
        if (rc)
            break;
        if (!why) {
            record_take(x, offset, &r);
            offset += hwc_record_bytes(&r);
            continue;
        }
        rc = magic_search(x, offset + 1, &next);
        if (rc)
            break;
        if (x->wasted > WASTE_FACTOR * in->size) {
            why = "too much before this is damaged to look on";
            next = in->size;
        }
        lose(x, offset, next - offset, why);
        offset = next;
    }
    free(x);
    if (rc)
        hwc_scan_done(ret);
    return rc;
}

void hwc_scan_done(struct hwc_scan *s)
{
    vec_done(&s->samples);
    vec_done(&s->chunk_offsets);
    vec_done(&s->loss.damages);
}
