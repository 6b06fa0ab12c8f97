/* groups.c - groups that came as rows of tables, once everything was read.
 *
 * A grammar writes a row as files of cgroup v2. Two things only the whole text tells: that the
 * machine has v1, whose files lie elsewhere and have other names, and that what docker calls a
 * limit is the machine's memory.
 */
#include "paste/state_int.h"

#include <stdio.h>
#include <stdlib.h>

#define V2_MOUNT "sys/fs/cgroup/"
#define V1_MOUNT "sys/fs/cgroup/memory/"

/* A limit of this share of memory and more is none. */
#define WHOLE_MEMORY_PERCENT 90

static bool has_v1_files(const struct tree *t)
{
    return tree_find(t, V1_MOUNT "memory.limit_in_bytes") != NULL;
}

/* "docker/web/memory.max" below the mount: its v1 name; NULL: no such file. */
static const char *v1_file(struct span path, struct span *ret_dir)
{
    static const struct {
        const char *v2, *v1;
    } names[] = {{"/memory.current", "memory.usage_in_bytes"},
                 {"/memory.max", "memory.limit_in_bytes"}};

    if (!span_take(&path, V2_MOUNT) || span_begins(path, "memory/"))
        return NULL;
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        if (!span_ends(path, names[i].v2))
            continue;
        *ret_dir = (struct span){path.at, path.end - strlen(names[i].v2)};
        return span_empty(*ret_dir) ? NULL : names[i].v1;
    }
    return NULL;
}

static void copy_to_v1(struct tree *t, const char *path, struct span text)
{
    struct span dir;
    const char *name = v1_file(span_of(path, strlen(path)), &dir);
    char place[TREE_PATH_MAX];

    if (!name || span_len(dir) + sizeof(V1_MOUNT) + 32 > TREE_PATH_MAX)
        return;
    snprintf(place, sizeof(place), V1_MOUNT "%.*s/%s", (int)span_len(dir), dir.at, name);
    if (span_begins(text, "max"))
        text = span_of("9223372036854771712\n", 20);
    if (!tree_find(t, place)) {
        struct tree_file *f = tree_file(t, span_of(place, strlen(place)));

        if (f)
            tree_append(t, f, text);
    }
}

/* "docker stats" shows the machine's memory where a container has no limit. */
static bool is_container_limit(const char *path)
{
    size_t len = strlen(path);

    return (strncmp(path, V2_MOUNT "docker/", 21) == 0 ||
            strncmp(path, V2_MOUNT "podman/", 21) == 0) &&
           len > 11 && strcmp(path + len - 11, "/memory.max") == 0;
}

void groups_finish(struct paste_state *st)
{
    struct tree *t = &st->tree;
    u64 total = st->meminfo[MI_MEM_TOTAL];
    size_t count = t->files.count;

    for (size_t i = 0; i < count && known(total); i++) {
        struct tree_file *f = &t->files.items[i];
        struct span text = span_of_buf(&f->text);
        u64 limit;

        if (!is_container_limit(f->path) || !span_take_u64(&text, &limit) ||
            limit < total / 100 * WHOLE_MEMORY_PERCENT)
            continue;
        t->bytes -= f->text.len;
        strbuf_reset(&f->text);
        tree_append(t, f, span_of("max\n", 4));
    }
    if (!has_v1_files(t))
        return;
    for (size_t i = 0; i < count; i++) {
        char *path = xstrdup(t->files.items[i].path);
        struct strbuf text;

        strbuf_init(&text);
        strbuf_append_bytes(&text, t->files.items[i].text.text, t->files.items[i].text.len);
        copy_to_v1(t, path, span_of_buf(&text));
        strbuf_done(&text);
        free(path);
    }
}
