/* tree.c - see tree.h. Listing goes over all paths: a paste has few, and an archive is listed a few
 * hundred times. */
#include "paste/tree.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct tree_reader {
    struct source source;
    struct tree *tree;
    VEC(u32) order; /* by path */
};

void tree_init(struct tree *t)
{
    *t = (struct tree){0};
    u64map_init(&t->by_path);
}

void tree_done(struct tree *t)
{
    vec_for_each (&t->files, f) {
        free(f->path);
        strbuf_done(&f->text);
    }
    vec_done(&t->files);
    u64map_done(&t->by_path);
}

/* The path without what leads elsewhere; false when nothing is left. */
static bool clean_path(struct span path, char buf[TREE_PATH_MAX])
{
    size_t len = 0;

    while (!span_empty(path)) {
        const char *slash = memchr(path.at, '/', span_len(path));
        struct span name = {path.at, slash ? slash : path.end};

        path.at = slash ? slash + 1 : path.end;
        if (span_empty(name) || span_is(name, ".") || span_is(name, ".."))
            continue;
        if (len + span_len(name) + 2 > TREE_PATH_MAX || memchr(name.at, '\0', span_len(name)))
            return false;
        if (len)
            buf[len++] = '/';
        memcpy(buf + len, name.at, span_len(name));
        len += span_len(name);
    }
    buf[len] = '\0';
    return len > 0;
}

const struct tree_file *tree_find(const struct tree *t, const char *path)
{
    u64 index;

    if (!u64map_get(&t->by_path, hash_bytes(path, strlen(path)), &index))
        return NULL;
    return strcmp(t->files.items[index].path, path) == 0 ? &t->files.items[index] : NULL;
}

struct tree_file *tree_file(struct tree *t, struct span path)
{
    char clean[TREE_PATH_MAX];
    const struct tree_file *found;

    if (!clean_path(path, clean))
        return NULL;
    found = tree_find(t, clean);
    if (found)
        return &t->files.items[found - t->files.items];
    if (t->files.count >= TREE_FILES_MAX ||
        u64map_get(&t->by_path, hash_bytes(clean, strlen(clean)), NULL))
        return NULL;
    u64map_put(&t->by_path, hash_bytes(clean, strlen(clean)), t->files.count);

    struct tree_file fresh = {.path = xstrdup(clean)};

    strbuf_init(&fresh.text);
    vec_push(&t->files, fresh);
    return &vec_last(&t->files);
}

bool tree_append(struct tree *t, struct tree_file *f, struct span text)
{
    if (span_len(text) > TREE_BYTES_MAX - t->bytes)
        return false;
    strbuf_append_bytes(&f->text, text.at, span_len(text));
    t->bytes += span_len(text);
    return true;
}

/* Is there such a file on disk, with something in it? */
static bool has_below(const struct tree *t, const char *path)
{
    struct strbuf text;
    bool some;

    if (!t->below)
        return false;
    strbuf_init(&text);
    /* A longer file is cut, and some of it is there all the same. */
    source_read(t->below, path, 4096, &text);
    some = text.len > 0;
    strbuf_done(&text);
    return some;
}

void tree_offer(struct tree *t, const char *path, const char *text)
{
    struct tree_file *f = has_below(t, path) ? NULL : tree_file(t, span_of(path, strlen(path)));

    if (f && f->text.len == 0)
        tree_append(t, f, span_of(text, strlen(text)));
}

/* --- as a source ------------------------------------------------------------------------------ */

static struct tree_reader *of(struct source *src)
{
    return container_of(src, struct tree_reader, source);
}

static int tree_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    struct tree *t = of(src)->tree;
    const struct tree_file *f = tree_find(t, path);

    if (!f)
        return t->below ? source_read(t->below, path, max, out) : -ENOENT;
    strbuf_append_bytes(out, f->text.text, MIN(f->text.len, max));
    return f->text.len > max ? -EFBIG : 0;
}

/* The first path that does not sort before `path`. */
static size_t lower_bound(const struct tree_reader *r, const char *path)
{
    size_t low = 0, high = r->order.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(r->tree->files.items[r->order.items[middle]].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    VEC(char *) items; /* a name, its NUL, and behind it "d" of a directory or "f" */
};

static bool note_name(void *ctx, const char *name, bool is_directory)
{
    struct names *names = ctx;
    size_t len = strlen(name);
    char *item = xmalloc(len + 3);

    memcpy(item, name, len + 1);
    item[len + 1] = is_directory ? 'd' : 'f';
    item[len + 2] = '\0';
    vec_push(&names->items, item);
    return true;
}

static int tree_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    struct tree_reader *r = of(src);
    size_t len = strlen(path);
    struct names names = {0};
    bool go_on = true, found = len == 0 || strcmp(path, ".") == 0;
    char prefix[TREE_PATH_MAX + 2];

    /* Nothing here has so long a path. */
    if (len + 2 > sizeof(prefix))
        return r->tree->below ? source_list(r->tree->below, path, each, ctx) : -ENOENT;
    snprintf(prefix, sizeof(prefix), "%s%s", found ? "" : path, found ? "" : "/");
    len = strlen(prefix);
    if (r->tree->below && source_list(r->tree->below, path, note_name, &names) == 0)
        found = true;
    for (size_t i = lower_bound(r, prefix); i < r->order.count; i++) {
        const char *at = r->tree->files.items[r->order.items[i]].path;
        char name[TREE_PATH_MAX];
        const char *slash;

        if (strncmp(at, prefix, len) != 0)
            break;
        found = true;
        slash = strchr(at + len, '/');
        snprintf(name, sizeof(name), "%.*s",
                 (int)(slash ? (size_t)(slash - at) - len : strlen(at + len)), at + len);
        if (names.items.count && strcmp(vec_last(&names.items), name) == 0)
            continue;
        note_name(&names, name, slash != NULL);
    }
    if (names.items.count)
        qsort(names.items.items, names.items.count, sizeof(names.items.items[0]), compare_names);
    for (size_t i = 0; i < names.items.count; i++) {
        const char *name = names.items.items[i];

        if (go_on && (i == 0 || strcmp(name, names.items.items[i - 1]) != 0))
            go_on = each(ctx, name, name[strlen(name) + 1] == 'd');
    }
    vec_for_each (&names.items, name)
        free(*name);
    vec_done(&names.items);
    return found ? 0 : -ENOENT;
}

static void tree_source_free(struct source *src)
{
    vec_done(&of(src)->order);
    free(of(src));
}

static const struct source_ops tree_ops = {
    .read = tree_read, .list = tree_list, .free = tree_source_free};

static int compare_order(const void *a, const void *b, void *ctx)
{
    const struct tree *t = ctx;

    return strcmp(t->files.items[*(const u32 *)a].path, t->files.items[*(const u32 *)b].path);
}

struct source *tree_source(struct tree *t, const char *name)
{
    struct tree_reader *r = xcalloc(1, sizeof(*r));

    r->tree = t;
    r->source = (struct source){.ops = &tree_ops, .kind = SOURCE_ARCHIVE, .name = name};
    for (u32 i = 0; i < t->files.count; i++)
        vec_push(&r->order, i);
    if (r->order.count)
        qsort_r(r->order.items, r->order.count, sizeof(u32), compare_order, t);
    return &r->source;
}
