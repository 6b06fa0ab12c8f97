/* capture_reader.c - a capture as a source: samples decoded one after the other into the files as
 * they stand.
 *
 * Going to a sample of the chunk at hand that lies ahead decodes what is between; anything else
 * begins at the key sample of its chunk. The texts of a record were compressed against the texts
 * that the same files had before, so these are put together first:
 *
 *     table:  which files, which of them with a new text, of which length
 *     prefix: the texts these files have now, one after the other
 *     texts:  zstd(prefix) gives the new ones, one after the other
 */
#include "observe/capture_int.h"

#include "base/wire.h"
#include "observe/snapshot.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

struct capture {
    struct source source; /* first: a source is cast back */
    char *path;
    struct hwc_input input;
    struct hwc_scan scan;
    struct hwc_state state;
    size_t at; /* the sample that the state shows; SIZE_MAX: none */
    u64 raw_parts;
    u64 part_map[HWC_PARTS_MAX]; /* bit of the file: bit of this program; 0: unknown here */
    ZSTD_DCtx *zstd;
    u8 *stored, *table, *texts, *prefix; /* room for one record, grown as needed */
    size_t stored_size, table_size, texts_size, prefix_size;
};

/* One row of a table. */
struct row {
    u32 file;
    bool has_text;
    int result;
    u32 len;
};

static int grow(u8 **buf, size_t *size, size_t want)
{
    u8 *grown;

    if (want <= *size)
        return 0;
    grown = realloc(*buf, want);
    if (!grown)
        return -ENOMEM;
    *buf = grown;
    *size = want;
    return 0;
}

/* The next row; the first pass over a table adds the files that are new. The byte after it, or
 * NULL. */
static const u8 *row_get(struct hwc_state *s, bool adding, const u8 *at, const u8 *end, u32 *last,
                         struct row *ret)
{
    u64 head, result, len = 0, path_len;

    at = wire_get_varint(at, end, &head);
    if (!at)
        return NULL;
    u64 file = (u64)(u32)(*last + 1) + (u64)wire_unzigzag(head >> HWC_ROW_BITS);
    if (head & HWC_ROW_NEW) {
        at = wire_get_varint(at, end, &path_len);
        if (!at || path_len == 0 || path_len > HWC_PATH_MAX || path_len > (u64)(end - at))
            return NULL;
        if (adding) {
            if (file != s->files.count || file >= HWC_FILES_MAX || memchr(at, '\0', path_len) ||
                hwc_state_find(s, (const char *)at, path_len) != HWC_FILE_NONE)
                return NULL;
            hwc_state_add(s, (const char *)at, path_len);
        }
        at += path_len;
    }
    if (file >= s->files.count)
        return NULL;
    at = wire_get_varint(at, end, &result);
    if (at && head & HWC_ROW_TEXT)
        at = wire_get_varint(at, end, &len);
    if (!at || result > 4095 || len > HWC_TEXT_MAX)
        return NULL;
    *ret = (struct row){(u32)file, head & HWC_ROW_TEXT, -(int)result, (u32)len};
    *last = (u32)file;
    return at;
}

/* Rows of a record: how long its texts and its prefix are must be what the header says. */
static const char *table_check(struct capture *c, const struct hwc_record *r)
{
    const u8 *at = c->table, *end = c->table + r->table_len;
    u64 texts = 0, prefix = 0;
    struct row row;
    u32 last = UINT32_MAX;

    while (at < end) {
        at = row_get(&c->state, true, at, end, &last, &row);
        if (!at)
            return "a row of its table is malformed";
        const struct hwc_file *f = &c->state.files.items[row.file];
        if (row.has_text) {
            texts += row.len;
            prefix += f->len;
        }
        if (texts > r->texts_len || prefix > r->prefix_len)
            return "its texts are longer than it says";
        if (c->state.bytes > HWC_STATE_MAX)
            return "more files than the format allows";
    }
    if (texts != r->texts_len || prefix != r->prefix_len)
        return "its texts are shorter than it says";
    return NULL;
}

/* Gather the texts that those of the record build on. The table was checked. */
static void prefix_gather(struct capture *c, const struct hwc_record *r)
{
    const u8 *at = c->table, *end = c->table + r->table_len;
    size_t len = 0;
    struct row row;
    u32 last = UINT32_MAX;

    while (at < end) {
        at = row_get(&c->state, false, at, end, &last, &row);
        const struct hwc_file *f = &c->state.files.items[row.file];
        if (row.has_text && f->len) {
            memcpy(c->prefix + len, f->text, f->len);
            len += f->len;
        }
    }
}

static int table_apply(struct capture *c, const struct hwc_record *r)
{
    const u8 *at = c->table, *end = c->table + r->table_len;
    size_t offset = 0;
    struct row row;
    u32 last = UINT32_MAX;

    while (at < end) {
        at = row_get(&c->state, false, at, end, &last, &row);
        struct hwc_file *f = &c->state.files.items[row.file];
        f->result = row.result;
        f->sample = r->sample;
        if (!row.has_text)
            continue;
        int rc = hwc_state_set_text(&c->state, row.file, (const char *)c->texts + offset, row.len);
        if (rc)
            return rc;
        offset += row.len;
    }
    return 0;
}

static bool inflate(struct capture *c, u8 *to, u32 len, const u8 *from, u32 stored)
{
    size_t n;

    if (len == 0)
        return stored == 0;
    n = ZSTD_decompressDCtx(c->zstd, to, len, from, stored);
    return !ZSTD_isError(n) && n == len;
}

static int malformed(struct capture *c, u64 offset, struct err *e, const char *why)
{
    return err_at(e, -EBADMSG, c->path, 0, 0, "the record at offset %" PRIu64 ": %s", offset, why);
}

/* Decode the record at *offset and move on. */
static int record_decode(struct capture *c, u64 *offset, struct hwc_record *r, struct err *e)
{
    u8 header[HWC_HEADER_BYTES];
    const char *why;
    int rc = hwc_input_read(&c->input, *offset, header, sizeof(header));

    if (rc)
        return err_at(e, rc, c->path, 0, 0, "cannot read it: %s", strerror(-rc));
    why = hwc_header_get(header, r);
    if (why)
        return malformed(c, *offset, e, why); /* it was whole when the file was opened */
    u32 stored = r->table_stored + r->texts_stored;
    if (grow(&c->stored, &c->stored_size, stored) ||
        grow(&c->table, &c->table_size, r->table_len) ||
        grow(&c->texts, &c->texts_size, r->texts_len) ||
        grow(&c->prefix, &c->prefix_size, r->prefix_len))
        return err_at(e, -ENOMEM, c->path, 0, 0, "no memory for a record of it");
    rc = hwc_input_read(&c->input, *offset + HWC_HEADER_BYTES, c->stored, stored);
    if (rc)
        return err_at(e, rc, c->path, 0, 0, "cannot read it: %s", strerror(-rc));
    if (!inflate(c, c->table, r->table_len, c->stored, r->table_stored))
        return malformed(c, *offset, e, "its table does not decompress");
    why = table_check(c, r);
    if (why)
        return malformed(c, *offset, e, why);
    prefix_gather(c, r);
    if (ZSTD_isError(ZSTD_DCtx_refPrefix(c->zstd, c->prefix, r->prefix_len)) ||
        !inflate(c, c->texts, r->texts_len, c->stored + r->table_stored, r->texts_stored))
        return malformed(c, *offset, e, "its texts do not decompress");
    ZSTD_DCtx_refPrefix(c->zstd, NULL, 0); /* one that was not used would hold for the next table */
    rc = table_apply(c, r);
    if (rc)
        return err_at(e, rc, c->path, 0, 0, "no memory for a sample of it");
    *offset += hwc_record_bytes(r);
    return 0;
}

static const char *const origins[] = {HWC_ORIGINS};

/* What a capture says about itself: names of parts by bit, and what was read. */
static void meta_parse(struct capture *c)
{
    static const char *const ids[] = {
#define PART(id, name) #id,
        PARTS(PART)
#undef PART
    };
    u32 index = hwc_state_find(&c->state, HWC_META, strlen(HWC_META));
    const char *line, *p;

    memset(c->part_map, 0, sizeof(c->part_map));
    c->source.origin = SOURCE_LIVE;
    if (index == HWC_FILE_NONE || !c->state.files.items[index].text)
        return;
    line = c->state.files.items[index].text;
    p = strstr(line, "parts=");
    for (unsigned bit = 0; p && bit < HWC_PARTS_MAX; bit++) {
        p += strcspn(p, "=,\n");
        if (*p != '=' && *p != ',')
            break;
        size_t len = strcspn(++p, ",\n");
        for (unsigned i = 0; i < ARRAY_SIZE(ids); i++)
            if (strlen(ids[i]) == len && memcmp(ids[i], p, len) == 0)
                c->part_map[bit] = 1ull << i;
    }
    p = strstr(line, "origin=");
    for (unsigned i = 0; p && i < ARRAY_SIZE(origins); i++)
        if (strncmp(p + strlen("origin="), origins[i], strlen(origins[i])) == 0)
            c->source.origin = (enum source_kind)i;
}

static void show(struct capture *c, size_t index, const struct hwc_record *r)
{
    const struct capture_sample *s = &c->scan.samples.items[index];

    c->at = index;
    c->raw_parts = r->parts;
    c->source.wall_us = s->wall_us;
    c->source.taken_at = s->mono_ns;
    if (s->in_chunk == 0)
        meta_parse(c);
}

static int sample_decode(struct capture *c, size_t index, struct err *e)
{
    u64 offset = c->scan.samples.items[index].offset;
    struct hwc_record r;

    do {
        int rc = record_decode(c, &offset, &r, e);

        if (rc) {
            c->at = SIZE_MAX;
            hwc_state_reset(&c->state);
            return rc;
        }
    } while (!(r.flags & HWC_LAST));
    show(c, index, &r);
    return 0;
}

int capture_seek(struct capture *c, size_t index, struct err *e)
{
    const struct capture_sample *samples = c->scan.samples.items;
    size_t from;
    int rc = 0;

    assert(index < c->scan.samples.count);
    if (c->at == index)
        return 0;
    from = c->at + 1;
    if (c->at == SIZE_MAX || c->at > index || samples[c->at].chunk != samples[index].chunk) {
        from = index - samples[index].in_chunk;
        hwc_state_reset(&c->state);
    }
    for (size_t i = from; i <= index && rc == 0; i++) {
        if (samples[i].in_chunk == 0)
            hwc_state_reset(&c->state);
        rc = sample_decode(c, i, e);
    }
    return rc;
}

u64 capture_parts(const struct capture *c)
{
    u64 parts = 0;

    for (unsigned bit = 0; bit < HWC_PARTS_MAX; bit++)
        if (c->raw_parts >> bit & 1)
            parts |= c->part_map[bit];
    return parts;
}

void capture_root(const struct capture *c, struct strbuf *out)
{
    u32 index = hwc_state_find(&c->state, HWC_META, strlen(HWC_META));
    const char *text = index == HWC_FILE_NONE ? NULL : c->state.files.items[index].text,
               *root = text ? strstr(text, "\nroot=") : NULL;

    if (!root) {
        strbuf_appendc(out, '/');
        return;
    }
    root += strlen("\nroot=");
    strbuf_append_bytes(out, root, strcspn(root, "\n"));
}

/* --- as a source ------------------------------------------------------------------------------ */
static int capture_read_file(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    struct capture *c = container_of(src, struct capture, source);
    u32 index = hwc_state_find(&c->state, path, strlen(path));
    const struct hwc_file *f;

    if (index == HWC_FILE_NONE || strcmp(path, HWC_META) == 0)
        return -ENOENT;
    f = &c->state.files.items[index];
    if (f->len > max) {
        strbuf_append_bytes(out, f->text, max);
        return -EFBIG;
    }
    if (f->len)
        strbuf_append_bytes(out, f->text, f->len);
    return f->result;
}

static int capture_list_directory(struct source *src, const char *path, source_each_fn *each,
                                  void *ctx)
{
    struct capture *c = container_of(src, struct capture, source);
    char name[HWC_PATH_MAX + 1];
    size_t len = strlen(path);
    const char *at, *end;
    u32 index;

    if (len + 1 > HWC_PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(name, path, len);
    memcpy(name + len, "/", 2);
    index = hwc_state_find(&c->state, name, len + 1);
    if (index == HWC_FILE_NONE)
        return -ENOENT;
    at = c->state.files.items[index].text;
    end = at ? at + c->state.files.items[index].len : at;
    for (const char *next; at < end; at = next) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        bool is_directory;

        len = (size_t)((newline ? newline : end) - at);
        next = newline ? newline + 1 : end;
        is_directory = len > 0 && at[len - 1] == '/';
        len -= is_directory;
        /* What no directory can hold would lead a reader astray. */
        if (len == 0 || len > HWC_PATH_MAX || memchr(at, '/', len) || memchr(at, '\0', len) ||
            (at[0] == '.' && (len == 1 || (len == 2 && at[1] == '.'))))
            continue;
        memcpy(name, at, len);
        name[len] = '\0';
        if (!each(ctx, name, is_directory))
            return 0;
    }
    return c->state.files.items[index].result;
}

static void capture_source_kept(struct source *src)
{
    (void)src; /* it is part of the capture */
}

static const struct source_ops capture_ops = {
    .read = capture_read_file,
    .list = capture_list_directory,
    .free = capture_source_kept,
};

const char *capture_origin(const struct capture *c)
{
    return origins[c->source.origin];
}

enum source_kind capture_origin_of(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(origins); i++)
        if (strcmp(origins[i], name) == 0)
            return i;
    return SOURCE_LIVE;
}

struct source *capture_source(struct capture *c)
{
    return &c->source;
}

void capture_each_file(const struct capture *c, capture_file_fn *each, void *ctx)
{
    u32 now = c->at == SIZE_MAX ? 0 : c->scan.samples.items[c->at].in_chunk;

    vec_for_each (&c->state.files, f)
        if (strcmp(f->path, HWC_META) != 0)
            each(ctx, f->path, f->sample == now, f->result, f->text, f->len);
}

/* --- open and close --------------------------------------------------------------------------- */
static int capture_open_input(const struct hwc_input *in, const char *name, struct capture **ret,
                              struct err *e)
{
    struct capture *c = xcalloc(1, sizeof(*c));
    int rc;

    c->path = xstrdup(name);
    c->input = *in;
    c->at = SIZE_MAX;
    c->source = (struct source){.ops = &capture_ops, .kind = SOURCE_CAPTURE, .name = c->path};
    hwc_state_init(&c->state);
    rc = hwc_scan(&c->input, &c->scan);
    if (rc)
        err_at(e, rc, name, 0, 0, "cannot read it: %s", strerror(-rc));
    else if (in->size == 0)
        rc = err_at(e, -EBADMSG, name, 0, 0, "no usable sample: it is empty");
    else if (!c->scan.any && !c->scan.begins)
        rc = err_at(e, -EBADMSG, name, 0, 0, "not a capture (.hwc): it does not begin with 'HWCR'");
    else if (c->scan.samples.count == 0)
        rc = err_at(e, -EBADMSG, name, 0, 0, "no usable sample: %s",
                    c->scan.loss.damages.count ? c->scan.loss.damages.items[0].reason
                                               : "what there is builds on what is lost");
    c->zstd = ZSTD_createDCtx();
    if (rc == 0 && !c->zstd)
        rc = err_at(e, -ENOMEM, name, 0, 0, "no memory to read it");
    if (rc) {
        if (in->fd >= 0)
            close(in->fd);
        c->input.fd = -1;
        capture_free(c);
        return rc;
    }
    *ret = c;
    return 0;
}

int capture_open(const char *path, struct capture **ret, struct err *e)
{
    struct hwc_input in = {0};
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hang us */

    if (fd < 0 || fstat(fd, &st)) {
        int rc = -errno;

        if (fd >= 0)
            close(fd);
        return err_at(e, rc, path, 0, 0, "cannot open it: %s", strerror(-rc));
    }
    if (!S_ISREG(st.st_mode)) {
        close(fd);
        return err_at(e, -EINVAL, path, 0, 0, "a capture is a regular file");
    }
    in.fd = fd;
    in.size = (u64)st.st_size;
    return capture_open_input(&in, path, ret, e);
}

/* lint: the fuzz program and the tests of damage have a capture in memory */
int capture_open_bytes(const void *bytes, size_t count, const char *name, struct capture **ret,
                       struct err *e)
{
    struct hwc_input in = {.fd = -1, .bytes = bytes, .size = count};

    return capture_open_input(&in, name, ret, e);
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    if (c->input.fd >= 0)
        close(c->input.fd);
    hwc_scan_done(&c->scan);
    hwc_state_done(&c->state);
    ZSTD_freeDCtx(c->zstd);
    free(c->stored);
    free(c->table);
    free(c->texts);
    free(c->prefix);
    free(c->path);
    free(c);
}

void capture_check(const struct capture *c)
{
    const struct hwc_scan *s = &c->scan;

    assert(s->samples.count > 0);
    for (size_t i = 0; i < s->samples.count; i++) {
        const struct capture_sample *at = &s->samples.items[i];

        assert(at->chunk < s->chunk_offsets.count && at->in_chunk <= i);
        assert(at->in_chunk ? at[-1].chunk == at->chunk && at[-1].in_chunk + 1 == at->in_chunk
                            : at->offset == s->chunk_offsets.items[at->chunk]);
        assert(i == 0 || at[-1].offset < at->offset);
    }
    assert(c->at == SIZE_MAX || c->at < s->samples.count);
}

size_t capture_count(const struct capture *c)
{
    return c->scan.samples.count;
}

u64 capture_bytes(const struct capture *c)
{
    return c->input.size;
}

const struct capture_sample *capture_sample(const struct capture *c, size_t index)
{
    assert(index < c->scan.samples.count);
    return &c->scan.samples.items[index];
}

const struct capture_loss *capture_loss(const struct capture *c)
{
    return &c->scan.loss;
}
