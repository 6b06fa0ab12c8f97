/* source_tee.c - a source that shows somebody else all that is read through it. */
#include "base/alloc.h"
#include "observe/source.h"

struct source_tee {
    struct source source;
    struct source *from;
    source_tee_fn *tee;
    void *ctx;
};

struct listing {
    source_each_fn *each;
    void *ctx;
    struct strbuf names;
};

static struct source_tee *of(struct source *src)
{
    return container_of(src, struct source_tee, source);
}

static int tee_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    struct source_tee *t = of(src);
    size_t before = out->len;
    int rc = source_read(t->from, path, max, out);

    t->tee(t->ctx, path, false, rc, out->text + before, out->len - before);
    return rc;
}

static bool note_name(void *ctx, const char *name, bool is_directory)
{
    struct listing *l = ctx;

    strbuf_append(&l->names, name);
    strbuf_append(&l->names, is_directory ? "/\n" : "\n");
    return l->each(l->ctx, name, is_directory);
}

static int tee_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    struct source_tee *t = of(src);
    struct listing l = {.each = each, .ctx = ctx};

    strbuf_init(&l.names);

    int rc = source_list(t->from, path, note_name, &l);

    t->tee(t->ctx, path, true, rc, l.names.text, l.names.len);
    strbuf_done(&l.names);
    return rc;
}

static void tee_free(struct source *src)
{
    struct source_tee *t = of(src);

    source_free(t->from);
    free(t);
}

static const struct source_ops tee_ops = {
    .read = tee_read,
    .list = tee_list,
    .free = tee_free,
};

struct source *source_tee(struct source *from, source_tee_fn *tee, void *ctx)
{
    struct source_tee *t = xcalloc(1, sizeof(*t));

    t->source = *from;
    t->source.ops = &tee_ops;
    t->from = from;
    t->tee = tee;
    t->ctx = ctx;
    return &t->source;
}
