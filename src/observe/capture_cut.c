/* capture_cut.c - part of a capture as a capture.
 *
 * A sample has what was read then, and carries the rest from earlier samples of its chunk. A copy
 * that began with it would have to give what is carried the time of this sample, and rates would be
 * wrong; so it begins with the samples in which that was read. From there on each chunk of the copy
 * is a chunk of the original.
 */
#include "observe/capture_int.h"

#include "observe/snapshot.h"

#include <errno.h>
#include <string.h>

struct copy {
    struct capture *capture;
    struct capture_writer *writer;
    const struct capture_map *map; /* NULL: files are as they are */
    bool whole; /* the sample begins a chunk of the copy: what it carries belongs to it */
};

/* A directory's path ends with '/'. */
static void put_file(const struct copy *copy, const char *path, int result, const char *text,
                     size_t len)
{
    size_t path_len = strlen(path);
    bool is_directory = path_len > 0 && path[path_len - 1] == '/';
    char name[HWC_PATH_MAX + 1];

    if (path_len > HWC_PATH_MAX)
        return;
    memcpy(name, path, path_len + 1);
    if (is_directory)
        name[path_len - 1] = '\0';
    capture_writer_tee(copy->writer, name, is_directory, result, text ? text : "", len);
}

static void put_mapped(const struct copy *copy, const char *path, int result, const char *text,
                       size_t len)
{
    struct strbuf mapped_path, mapped;

    strbuf_init(&mapped_path);
    strbuf_init(&mapped);
    copy->map->path(copy->map->ctx, path, &mapped_path);
    if (text)
        copy->map->text(copy->map->ctx, path, text, len, &mapped);
    put_file(copy, mapped_path.text, result, text ? mapped.text : NULL, mapped.len);
    strbuf_done(&mapped);
    strbuf_done(&mapped_path);
}

static void copy_file(void *ctx, const char *path, bool read_now, int result, const char *text,
                      size_t len)
{
    const struct copy *copy = ctx;

    if (!read_now && !copy->whole)
        return;
    if (copy->map)
        put_mapped(copy, path, result, text, len);
    else
        put_file(copy, path, result, text, len);
}

/* The instant that the capture shows. */
static int copy_sample(struct copy *copy, size_t index, struct err *e)
{
    const struct capture_sample *s = capture_sample(copy->capture, index);
    u64 parts = capture_parts(copy->capture);

    if (s->in_chunk == 0)
        capture_writer_start_chunk(copy->writer);
    copy->whole = capture_writer_begin(copy->writer, s->wall_us, s->mono_ns, parts) != parts;
    capture_each_file(copy->capture, copy_file, copy);
    return capture_writer_end(copy->writer, e);
}

/* Which samples of its chunk an instant builds on: the key sample, and of each part the last that
 * read it. Ascending; the instant itself is not among them. */
struct builds_on {
    VEC(size_t) samples;
};

static void find_what_it_builds_on(struct capture *c, size_t index, struct builds_on *ret)
{
    size_t key = index - capture_sample(c, index)->in_chunk, last[NR_PARTS];

    for (unsigned part = 0; part < NR_PARTS; part++)
        last[part] = key;
    for (size_t i = key; i <= index; i++) {
        if (capture_seek(c, i, NULL))
            return; /* the one who copies meets it again, and says it */
        for (unsigned part = 0; part < NR_PARTS; part++)
            if (i == key || (capture_parts(c) >> part & 1))
                last[part] = i;
    }
    for (size_t i = key; i < index; i++) {
        bool needed = i == key;

        for (unsigned part = 0; part < NR_PARTS; part++)
            needed |= last[part] == i;
        if (needed)
            vec_push(&ret->samples, i);
    }
}

int capture_copy(struct capture *c, const struct capture_map *map, size_t from, size_t to,
                 struct capture_writer *w, capture_cut_fn *each, void *ctx, size_t *ret_before,
                 size_t *ret_lost, struct err *e)
{
    struct copy copy = {.capture = c, .writer = w, .map = map};
    struct builds_on before = {0};
    size_t total, lost = 0;
    int rc = 0;

    assert(from <= to && to < capture_count(c));
    find_what_it_builds_on(c, from, &before);
    total = before.samples.count + (to - from + 1);
    for (size_t n = 0; n < total && rc == 0; n++) {
        size_t index =
            n < before.samples.count ? before.samples.items[n] : from + (n - before.samples.count);
        int failed = capture_seek(c, index, e);

        if (failed == -EBADMSG)
            lost++;
        else
            rc = failed ? failed : copy_sample(&copy, index, e);
        if (each)
            each(ctx, n + 1, total);
    }
    *ret_before = before.samples.count;
    *ret_lost = lost;
    vec_done(&before.samples);
    return rc;
}
