/* names.c - containers that the kernel calls by an id, and another command in the same text by a
 * name.
 *
 * "docker ps", "docker stats", "docker inspect", "crictl ps", "crictl stats", "kubectl describe"
 * and pods as YAML and JSON have both. A path of a cgroup that ends in such an id ends in the name
 * afterwards: "/docker/<id>" and "docker-<id>.scope" become "/docker/NAME", and below a pod the
 * last part becomes "container NAME".
 */
#include "paste/state_int.h"

#include <stdio.h>

#define NAMES_MAX_ 4096u
#define ID_MIN     12u /* digits of an id that commands print */

static size_t id_digits(const char *text)
{
    return strspn(text, "0123456789abcdef");
}

void names_note(struct paste *p, struct span id, struct span name, u64 limit)
{
    struct container_name fresh = {.limit = limit};
    const char *slashes = span_find(id, "://");

    if (slashes)
        id.at = slashes + 3;
    if (span_len(id) < ID_MIN || span_empty(name) || span_len(name) >= sizeof(fresh.name) ||
        p->state->names.count >= NAMES_MAX_)
        return;
    span_copy((struct span){id.at, id.at + ID_MIN}, fresh.id, sizeof(fresh.id));
    span_copy(name, fresh.name, sizeof(fresh.name));
    if (id_digits(fresh.id) == ID_MIN)
        vec_push(&p->state->names, fresh);
}

/* The name of the container whose id this part of a path has: "<id>", "docker-<id>.scope",
 * "cri-containerd-<id>.scope". */
static const struct container_name *name_of(const struct paste_state *st, const char *part)
{
    const char *dash = strrchr(part, '-'), *id = dash ? dash + 1 : part;
    size_t digits = id_digits(id);

    if (digits < ID_MIN || (id[digits] != '\0' && strcmp(id + digits, ".scope") != 0))
        return NULL;
    vec_for_each (&st->names, n)
        if (strncmp(n->id, id, ID_MIN) == 0)
            return n;
    return NULL;
}

/* The limit of the container, where what named it tells that; UNKNOWN. */
static u64 rename_group(const struct paste_state *st, char **path)
{
    char *part = *path ? strrchr(*path, '/') : NULL;
    const struct container_name *found = part ? name_of(st, part + 1) : NULL;
    const char *name;
    struct strbuf text;

    if (!found)
        return UNKNOWN;
    name = found->name;
    strbuf_init(&text);
    if (strstr(*path, "kubepods"))
        strbuf_printf(&text, "%.*s/container %s", (int)(part - *path), *path, name);
    else
        strbuf_printf(&text, "/%s/%s", strstr(*path, "libpod") ? "podman" : "docker", name);
    free(*path);
    *path = strbuf_steal(&text);
    return found->limit;
}

void names_apply(struct paste *p)
{
    const struct paste_state *st = p->state;

    if (st->names.count == 0)
        return;
    vec_for_each (&p->s.log, e) {
        bool same = e->oom_memcg && e->task_memcg && strcmp(e->oom_memcg, e->task_memcg) == 0;

        u64 limit = rename_group(st, &e->oom_memcg);

        if (!known(e->limit))
            e->limit = limit;
        rename_group(st, &e->task_memcg);
        assert(!same || strcmp(e->oom_memcg, e->task_memcg) == 0);
    }
}
