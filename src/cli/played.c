/* played.c - the texts of one sample in a list by name; directories are what names have in
 * common. */
#include "cli/played.h"

#include "base/alloc.h"
#include "base/units.h"
#include "cli/played_made.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER     "highwater"
#define NEAP       (10 * NS_PER_MS)
#define PATH_BYTES 4096

static struct played *of(struct view *v)
{
    return container_of(v, struct played, view);
}

/* --- the sample ------------------------------------------------------------------------------- */

static void drop_files(struct played *p)
{
    vec_for_each (&p->files, f) {
        free(f->name);
        free(f->text);
    }
    vec_reset(&p->files);
}

static void keep_file(void *ctx, const char *path, bool read_now HW_UNUSED, int result,
                      const char *text, size_t len)
{
    struct played *p = ctx;
    struct played_file f = {.len = len};

    if (!text || (result && result != -EFBIG) || !*path || path[strlen(path) - 1] == '/')
        return;
    f.name = xstrdup(path);
    f.text = xmalloc(len + 1);
    memcpy(f.text, text, len);
    f.text[len] = '\0';
    vec_push(&p->files, f);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct played_file *)a)->name, ((const struct played_file *)b)->name);
}

/* The first file whose first len bytes are not before the name's. */
static size_t lower_bound(const struct played *p, size_t nr, const char *name, size_t len)
{
    size_t low = 0, high = nr;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strncmp(p->files.items[middle].name, name, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct played_file *played_find(const struct played *p, size_t nr, const char *name)
{
    size_t at = lower_bound(p, nr, name, strlen(name) + 1);

    return at < nr && strcmp(p->files.items[at].name, name) == 0 ? &p->files.items[at] : NULL;
}

static const struct played_file *find(const struct played *p, const char *name)
{
    return played_find(p, p->files.count, name);
}

static void sort(struct played *p)
{
    if (p->files.count)
        qsort(p->files.items, p->files.count, sizeof(p->files.items[0]), compare);
}

static int take_sample(struct played *p, size_t index, struct err *e)
{
    int rc = capture_seek(p->capture, index, e);

    p->sample = index;
    drop_files(p);
    if (rc)
        return rc;
    capture_each_file(p->capture, keep_file, p);
    sort(p);
    played_make_missing(p);
    sort(p);
    return 0;
}

static bool is_directory(const struct played *p, const char *name)
{
    char prefix[PATH_BYTES];
    size_t len = (size_t)snprintf(prefix, sizeof(prefix), "%s/", name), at;

    if (!*name)
        return true;
    if (len >= sizeof(prefix))
        return false;
    at = lower_bound(p, p->files.count, prefix, len);
    return at < p->files.count && strncmp(p->files.items[at].name, prefix, len) == 0;
}

/* --- the control folder ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    u32 mode;
} controls[] = {{"dmesg", 0444}, {"marker", 0444}, {"speed", 0644}, {"step", 0200}, {"time", 0444}};

/* "" for the folder itself; NULL: another name. */
static const char *in_folder(const char *name)
{
    size_t len = strlen(FOLDER);

    if (strncmp(name, "proc/", 5) == 0)
        name += 5;
    if (strncmp(name, FOLDER, len) != 0 || (name[len] && name[len] != '/'))
        return NULL;
    return name[len] ? name + len + 1 : name + len;
}

static int look_up_control(const char *file, struct view_stat *ret)
{
    *ret = (struct view_stat){.mode = S_IFDIR | 0555, .lasting = true};
    if (!*file)
        return 0;
    for (unsigned i = 0; i < ARRAY_SIZE(controls); i++)
        if (strcmp(controls[i].name, file) == 0) {
            ret->mode = S_IFREG | controls[i].mode;
            return 0;
        }
    return -ENOENT;
}

/* Files are those of the sample's time, `shown` and `date`. */
static void render_time(const struct played *p, struct strbuf *out)
{
    const struct capture_sample *sample = capture_sample(p->capture, p->sample);
    u64 ms[] = {p->now / NS_PER_MS, sample->since_first / NS_PER_MS,
                sample->wall_us / (NS_PER_MS / NS_PER_US)};
    static const char *const names[] = {"time", "shown", "date"};

    for (unsigned i = 0; i < ARRAY_SIZE(ms); i++)
        strbuf_printf(out, "%s %" PRIu64 ".%03u\n", names[i], ms[i] / 1000,
                      (unsigned)(ms[i] % 1000));
    strbuf_printf(out, "state %s\nspeed %g\nsample %zu of %zu\n",
                  p->now >= p->end ? "ended"
                  : p->pace.paused ? "paused"
                                   : "running",
                  p->pace.speed, p->sample + 1, capture_count(p->capture));
}

static void read_log(const struct played *p, struct strbuf *out)
{
    static const char *const logs[] = {"dev/kmsg", "var/log/dmesg"};

    for (unsigned i = 0; i < ARRAY_SIZE(logs); i++) {
        const struct played_file *f = find(p, logs[i]);

        if (f) {
            strbuf_append_bytes(out, f->text, f->len);
            return;
        }
    }
}

static int read_control(struct played *p, const char *file, struct strbuf *out)
{
    if (strcmp(file, "marker") == 0)
        strbuf_printf(out, "capture %s\n", capture_origin(p->capture));
    else if (strcmp(file, "dmesg") == 0)
        read_log(p, out);
    else if (strcmp(file, "speed") == 0 && p->pace.paused)
        strbuf_append(out, "pause\n");
    else if (strcmp(file, "speed") == 0)
        strbuf_printf(out, "%gx\n", p->pace.speed);
    else if (strcmp(file, "time") == 0)
        render_time(p, out);
    else
        return -EINVAL;
    return 0;
}

static int write_control(struct played *p, const char *file, const char *text, void *cookie)
{
    double speed;
    ns_t by;

    if (strcmp(file, "step") == 0) {
        if (parse_duration(text, &by, NULL) || by == 0)
            return -EINVAL;
        if (p->stepping)
            return -EBUSY;
        pace_step(&p->pace, p->now, by);
        p->stepping = cookie;
        return -EINPROGRESS;
    }
    if (strcmp(file, "speed") != 0)
        return -EACCES;
    if (strcmp(text, "pause") == 0)
        pace_pause(&p->pace);
    else if (pace_parse_speed(text, &speed, NULL))
        return -EINVAL;
    else
        pace_go_on(&p->pace, speed, p->view.wall_ns(), p->now);
    return 0;
}

/* --- the view --------------------------------------------------------------------------------- */

static int look_up(struct view *v, const char *name, struct view_stat *ret)
{
    struct played *p = of(v);
    const char *folder = in_folder(name);

    if (folder)
        return look_up_control(folder, ret);
    *ret = (struct view_stat){.mode = S_IFDIR | 0555, .lasting = !*name};
    if (is_directory(p, name))
        return 0;
    ret->mode =
        S_IFREG |
        0444; /* root who writes is told that nothing can be written, not that they may not */
    return find(p, name) ? 0 : -ENOENT;
}

static int list_controls(const char *file, view_name_fn *each, void *ctx)
{
    int rc = 0;

    if (*file)
        return -ENOTDIR;
    for (unsigned i = 0; i < ARRAY_SIZE(controls) && rc == 0; i++)
        rc = each(ctx, controls[i].name, S_IFREG);
    return rc;
}

static int list(struct view *v, const char *name, view_name_fn *each, void *ctx)
{
    struct played *p = of(v);
    char prefix[PATH_BYTES], entry[256], before[256] = "";
    size_t len = (size_t)snprintf(prefix, sizeof(prefix), "%s%s", name, *name ? "/" : ""), at;
    const char *folder = in_folder(name);
    int rc = 0;

    if (folder)
        return list_controls(folder, each, ctx);
    if (len >= sizeof(prefix) || !is_directory(p, name))
        return -ENOENT;
    for (at = lower_bound(p, p->files.count, prefix, len);
         rc == 0 && at < p->files.count && strncmp(p->files.items[at].name, prefix, len) == 0;
         at++) {
        const char *rest = p->files.items[at].name + len;
        size_t n = strcspn(rest, "/");

        if (n == 0 || n >= sizeof(entry))
            continue;
        memcpy(entry, rest, n);
        entry[n] = '\0';
        if (strcmp(entry, before) == 0 || (!*name && strcmp(entry, FOLDER) == 0))
            continue;
        memcpy(before, entry, n + 1);
        rc = each(ctx, entry, rest[n] == '/' ? S_IFDIR : S_IFREG);
    }
    if (rc == 0 && (!*name || strcmp(name, "proc") == 0))
        rc = each(ctx, FOLDER, S_IFDIR);
    return rc;
}

static int read_text(struct view *v, const char *name, struct strbuf *out)
{
    const char *folder = in_folder(name);
    const struct played_file *f;

    if (folder)
        return read_control(of(v), folder, out);
    f = find(of(v), name);
    if (!f)
        return -ENODEV;
    strbuf_append_bytes(out, f->text, f->len);
    return 0;
}

static int write_text(struct view *v, const char *name, const char *text,
                      const struct view_caller *caller HW_UNUSED, void *cookie)
{
    const char *folder = in_folder(name);

    return folder ? write_control(of(v), folder, text, cookie) : -EROFS;
}

static int cancel(struct view *v, void *cookie)
{
    struct played *p = of(v);

    if (p->stepping == cookie) {
        p->stepping = NULL;
        pace_pause(&p->pace);
    }
    return -EINTR;
}

static int refuse(struct view *v HW_UNUSED, const char *name HW_UNUSED)
{
    return -EROFS;
}

static s64 trigger_events(struct view *v HW_UNUSED, int trigger HW_UNUSED)
{
    return -ENOENT;
}

static void trigger_close(struct view *v HW_UNUSED, int trigger HW_UNUSED)
{
}

static u64 advance(struct view *v, u64 wall, u64 budget HW_UNUSED)
{
    struct played *p = of(v);
    size_t sample;

    p->now = MIN(pace_target(&p->pace, wall, p->now), MAX(p->end, p->now));
    pace_reached(&p->pace, wall, p->now);
    sample = capture_find(p->capture, p->now);
    if (sample != p->sample)
        take_sample(p, sample, NULL); /* a damaged one shows nothing */
    if (p->stepping && (p->pace.step_until <= p->now || p->now >= p->end)) {
        void *cookie = p->stepping;

        p->stepping = NULL;
        v->written(cookie, 0);
    }
    return p->pace.paused || p->now >= p->end ? NS_PER_S : NEAP;
}

int played_open(struct played *p, const char *path, double speed, bool paused, ns_t skip,
                u64 (*wall_ns)(void), struct err *e)
{
    static const struct view_ops ops = {
        .look_up = look_up,
        .list = list,
        .read = read_text,
        .write = write_text,
        .cancel = cancel,
        .make_dir = refuse,
        .remove_dir = refuse,
        .trigger_events = trigger_events,
        .trigger_close = trigger_close,
        .advance = advance,
    };
    int rc;

    *p = (struct played){.view = {.ops = &ops, .wall_ns = wall_ns}};
    rc = capture_open(path, &p->capture, e);
    if (rc)
        return rc;
    p->view.boot_time = capture_sample(p->capture, 0)->wall_us / 1000000;
    p->end = capture_sample(p->capture, capture_count(p->capture) - 1)->since_first;
    p->now = MIN(skip, p->end);
    rc = take_sample(p, capture_find(p->capture, p->now), e);
    pace_start(&p->pace, speed, wall_ns(), p->now);
    if (paused)
        pace_pause(&p->pace);
    if (rc)
        played_close(p);
    return rc;
}

void played_close(struct played *p)
{
    drop_files(p);
    vec_done(&p->files);
    capture_free(p->capture);
}
