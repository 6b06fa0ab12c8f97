/* simulated.c - rendered files in a sorted list, looked up by name; directories are prefixes. */
#include "cli/simulated.h"

#include "base/alloc.h"
#include "procfs/procfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct sim_file {
    char *name;
    char *text;
    size_t len;
};

struct sim_source {
    struct source source;
    VEC(struct sim_file) files; /* by name */
};

static struct sim_source *of(struct source *src)
{
    return container_of(src, struct sim_source, source);
}

/* The observer takes smaps_rollup, and never the long forms. */
static bool is_observed(const char *name)
{
    const char *file = strrchr(name, '/');

    if (!file)
        return true;
    return strcmp(file, "/maps") != 0 && strcmp(file, "/smaps") != 0;
}

/* Nor where memory lies, when there is one place only. */
static bool is_observed_on_one_node(const char *name)
{
    const char *file = strrchr(name, '/');

    return is_observed(name) && !(file && strcmp(file, "/numa_maps") == 0);
}

static int keep_file(void *ctx, const char *name, const char *text, size_t len)
{
    struct sim_source *s = ctx;
    struct sim_file f = {.name = xstrdup(name), .text = xmalloc(len + 1), .len = len};

    memcpy(f.text, text, len);
    f.text[len] = '\0';
    vec_push(&s->files, f);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct sim_file *)a)->name, ((const struct sim_file *)b)->name);
}

/* The first file whose name is not before this one. */
static size_t lower_bound(const struct sim_source *s, const char *name)
{
    size_t low = 0, high = s->files.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(s->files.items[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int sim_read(struct source *src, const char *path, size_t max, struct strbuf *out)
{
    struct sim_source *s = of(src);
    size_t at = lower_bound(s, path);
    const struct sim_file *f = &s->files.items[at];

    if (at == s->files.count || strcmp(f->name, path) != 0)
        return -ENOENT;
    strbuf_append_bytes(out, f->text, MIN(f->len, max));
    return f->len > max ? -EFBIG : 0;
}

/* Names after "path/" up to the next slash. Those of one directory stand together, but not beside a
 * file "a.b" that sorts between "a" and "a/". */
static int sim_list(struct source *src, const char *path, source_each_fn *each, void *ctx)
{
    struct sim_source *s = of(src);
    char prefix[4096], name[256], before[256] = "";
    size_t len = (size_t)snprintf(prefix, sizeof(prefix), "%s%s", path, *path ? "/" : ""), at;

    if (len >= sizeof(prefix))
        return -ENOENT;
    at = lower_bound(s, prefix);
    if (at == s->files.count || strncmp(s->files.items[at].name, prefix, len) != 0)
        return -ENOENT;
    for (; at < s->files.count && strncmp(s->files.items[at].name, prefix, len) == 0; at++) {
        const char *rest = s->files.items[at].name + len;
        size_t n = strcspn(rest, "/");

        if (n >= sizeof(name))
            continue;
        memcpy(name, rest, n);
        name[n] = '\0';
        if (strcmp(name, before) == 0)
            continue;
        memcpy(before, name, n + 1);
        if (!each(ctx, name, rest[n] == '/'))
            break;
    }
    return 0;
}

static void sim_free(struct source *src)
{
    struct sim_source *s = of(src);

    vec_for_each (&s->files, f) {
        free(f->name);
        free(f->text);
    }
    vec_done(&s->files);
    free(s);
}

struct source *simulated_source(const struct system *system)
{
    static const struct source_ops ops = {.read = sim_read, .list = sim_list, .free = sim_free};
    struct sim_source *s = xcalloc(1, sizeof(*s));

    s->source = (struct source){.ops = &ops, .kind = SOURCE_SIMULATED, .name = "simulated machine"};
    procfs_each_file(system, system->frames.nr_nodes > 1 ? is_observed : is_observed_on_one_node,
                     keep_file, s);
    if (s->files.count)
        qsort(s->files.items, s->files.count, sizeof(s->files.items[0]), compare);
    return &s->source;
}

/* --- captures --------------------------------------------------------------------------------- */

static void sample(struct simulated_capture *c, ns_t at)
{
    struct source *src;
    struct snapshot s;
    u64 parts;

    if (c->error)
        return;
    src = source_tee(simulated_source(c->system), capture_writer_tee, c->writer);
    parts = capture_writer_begin(c->writer, at / NS_PER_US, at, SNAPSHOT_ALL);
    snapshot_init(&s);
    c->error = snapshot_read(&s, src, parts, &c->e);
    snapshot_done(&s);
    if (c->error == 0)
        c->error = capture_writer_end(c->writer, &c->e);
    source_free(src);
}

static void take_sample(void *ctx)
{
    struct simulated_capture *c = ctx;

    sample(c, c->system->watch_at);
    if (c->also)
        c->also(c->also_ctx);
    else
        c->system->watch_at += c->every;
}

int simulated_capture_open(struct simulated_capture *c, struct system *s, const char *path,
                           const char *what, unsigned mode, ns_t every, struct err *e)
{
    const struct capture_writer_options o = {
        .root = what, .origin = SOURCE_SIMULATED, .fresh = true, .mode = mode};
    struct stat st;

    *c = (struct simulated_capture){.system = s, .every = every};
    if (lstat(path, &st) == 0)
        return err_at(e, -EEXIST, path, 0, 0, "exists already; a simulated capture is a new file");
    return capture_writer_open(path, &o, &c->writer, e);
}

void simulated_capture_start(struct simulated_capture *c)
{
    struct system *s = c->system;

    if (!c->writer)
        return;
    c->also = s->watch;
    c->also_ctx = s->watch_ctx;
    if (!s->watch)
        s->watch_at = s->clock.now + c->every;
    s->watch = take_sample;
    s->watch_ctx = c;
}

void simulated_capture_abort(struct simulated_capture *c)
{
    capture_writer_close(c->writer);
    c->writer = NULL;
}

int simulated_capture_finish(struct simulated_capture *c, struct err *e)
{
    if (!c->writer)
        return 0;
    c->system->watch = c->also;
    c->system->watch_ctx = c->also_ctx;
    if (capture_writer_stats(c->writer)->samples == 0 ||
        c->system->watch_at - c->every < c->system->clock.now)
        sample(c, c->system->clock.now);
    if (c->error == 0)
        c->error = capture_writer_finish(c->writer, &c->e);
    simulated_capture_abort(c);
    if (c->error)
        *e = c->e;
    return c->error;
}
