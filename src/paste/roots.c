/* roots.c - machines whose trees of /proc and /sys stand side by side in an archive, a directory,
 * or several of them.
 *
 *   case.tgz: web1/proc/meminfo    a root, "case.tgz/web1/"
 *             web1/var/log/syslog
 *             web2/proc/meminfo    another one
 *
 * Of a paste the files of the first root count, so that figures of two machines are never mixed.
 * Where two roots or more say how much memory there is, what was given is read once more for each,
 * and what stands below the other roots is left out.
 */
#include "paste/roots.h"
#include "paste/state_int.h"

#define ROOTS_MAX 64

static const struct root_seen *find_root(const struct paste_state *st, struct span key)
{
    vec_for_each (&st->roots, root)
        if (span_is(key, root->key))
            return root;
    return NULL;
}

bool roots_takes_file(struct paste *p, struct span key, struct span path)
{
    struct paste_state *st = p->state;
    const struct root_seen *root = find_root(st, key);

    if (!root && st->roots.count < ROOTS_MAX) {
        vec_push(&st->roots, ((struct root_seen){.key = span_dup(key)}));
        root = &vec_last(&st->roots);
    }
    if (root && span_is(path, "proc/meminfo"))
        st->roots.items[root - st->roots.items].has_memory = true;
    if (st->only_root)
        return span_is(key, st->only_root);
    return root == st->roots.items;
}

bool roots_takes_text(const struct paste *p, struct span path)
{
    const char *only = p->state->only_root;

    return !only || span_begins(path, only);
}

static unsigned count_machines(const struct paste *p)
{
    unsigned machines = 0;

    vec_for_each (&p->state->roots, root)
        machines += root->has_memory;
    return machines;
}

/* "case.tgz/web1/": web1 */
static char *name_of(const char *key)
{
    struct span name = span_of(key, strlen(key));
    const char *slash;

    while (!span_empty(name) && (name.end[-1] == '/' || name.end[-1] == '.'))
        name.end--;
    slash = span_empty(name) ? NULL : memrchr(name.at, '/', span_len(name));
    if (slash)
        name.at = slash + 1;
    return span_dup(name);
}

void roots_read_apart(struct paste *p, char *const *paths, unsigned count)
{
    if (p->machines.count || count_machines(p) < 2)
        return;
    /* The standard input is gone. */
    for (unsigned i = 0; i < count; i++)
        if (strcmp(paths[i], "-") == 0)
            return;
    vec_for_each (&p->state->roots, root) {
        struct paste *part;
        struct err ignored = {0};

        if (!root->has_memory)
            continue;
        part = paste_new();
        part->state->only_root = xstrdup(root->key);
        part->keep = p->keep;
        for (unsigned i = 0; i < count; i++)
            paste_add(part, paths[i], &ignored);
        paste_end(part);
        vec_push(&p->machines, ((struct paste_machine){
                                   .name = name_of(root->key), .paste = part, .has_size = true}));
    }
}

void roots_done(struct paste_state *st)
{
    vec_for_each (&st->roots, root)
        free(root->key);
    vec_done(&st->roots);
    free(st->only_root);
}
