/* manifest.c - see manifest.h. All documents are walked once; every container is compared with the
 * one that is wanted, and named in the error if none is. */
#include "report/manifest.h"

#include "base/strbuf.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/yaml_tree.h"

#include <stdio.h>
#include <string.h>

#define LISTED_MAX 8u
#define LABEL_MAX  63 /* of a container's name */

#define ROLLS                                                                                   \
    "Applying it replaces the pods: with the next limits they start anew, one after the other " \
    "unless the manifest says otherwise."

static const struct manifest_kind kinds[] = {
    {"Deployment", "spec.template.spec", "", ROLLS},
    {"StatefulSet", "spec.template.spec", "", ROLLS},
    {"DaemonSet", "spec.template.spec", "", ROLLS},
    {"ReplicaSet", "spec.template.spec", "",
     "It holds for pods that are made after it was applied."},
    {"ReplicationController", "spec.template.spec", "",
     "It holds for pods that are made after it was applied."},
    {"Job", "spec.template.spec", NULL,
     "The template of a Job that exists cannot be changed: delete it and create what this prints."},
    {"CronJob", "spec.jobTemplate.spec.template.spec", "", "It holds from the next Job on."},
    {"Pod", "spec", "--subresource resize ",
     "Kubernetes before 1.33 changes no Pod that exists, and none changes its init containers: "
     "delete it and create it again."},
};

struct search {
    struct yaml_tree *tree;
    const char *path;
    const char *kind, *workload, *container; /* wanted; NULL: any */
    size_t kind_len, workload_len;
    struct manifest_container *ret;
    struct err *e;
    unsigned found, seen; /* containers, init ones not counted where any would do */
    unsigned listed, workloads;
    struct strbuf list;
};

/* --- names --- */

/* Letters and digits, and - . / between them: enough to be no syntax of YAML. */
static bool is_name(const char *text, const char *also)
{
    size_t len = strlen(text);
    static const char alnum[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    if (len == 0 || len >= MANIFEST_NAME_MAX || !strchr(alnum, text[0]) ||
        !strchr(alnum, text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr(alnum, text[i]) && !strchr(also, text[i]))
            return false;
    return true;
}

static int bad_name(struct search *s, u32 value, u32 parent, const char *what)
{
    unsigned line = yaml_tree_at(s->tree, value ? value : parent)->line;
    const char *text = yaml_tree_text(s->tree, value);
    struct strbuf shown;
    int rc;

    if (!text)
        return err_at(s->e, -EINVAL, s->path, line, 0, "%s is missing or no text; a patch needs it",
                      what);
    strbuf_init(&shown);
    utf8_append_clean_bytes(&shown, text, MIN(strlen(text), (size_t)LABEL_MAX));
    rc = err_at(s->e, -EINVAL, s->path, line, 0,
                "%s '%s' is none that Kubernetes takes (a-z, 0-9, - and .)", what, shown.text);
    strbuf_done(&shown);
    return rc;
}

static int take_name(struct search *s, u32 value, u32 parent, const char *what, const char *also,
                     char ret[MANIFEST_NAME_MAX])
{
    const char *text = yaml_tree_text(s->tree, value);

    if (!text || !is_name(text, also))
        return bad_name(s, value, parent, what);
    memcpy(ret, text, strlen(text) + 1);
    return 0;
}

/* --- quantities --- */

bool manifest_quantity(const char *text, u64 *ret_bytes)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = {{"", 1},
                 {"n", 1e-9},
                 {"u", 1e-6},
                 {"m", 1e-3},
                 {"k", 1e3},
                 {"M", 1e6},
                 {"G", 1e9},
                 {"T", 1e12},
                 {"P", 1e15},
                 {"E", 1e18},
                 {"Ki", (double)KIB},
                 {"Mi", (double)MIB},
                 {"Gi", (double)GIB},
                 {"Ti", (double)GIB * 1024},
                 {"Pi", (double)GIB * 1024 * 1024},
                 {"Ei", (double)GIB * 1024 * 1024 * 1024}};
    size_t digits = strspn(text, "0123456789."), len = strlen(text);
    char number[64];
    double value;

    if ((text[digits] == 'e' || text[digits] == 'E') && strspn(text + digits + 1, "+-0123456789"))
        digits =
            len; /* an exponent takes the place of a unit; what is wrong with it parse_f64() sees */
    if (digits == 0 || digits >= sizeof(number))
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (parse_f64(number, &value, NULL))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        double bytes = value * units[i].factor;

        if (strcmp(text + digits, units[i].suffix) != 0)
            continue;
        if (!(bytes >= 0 && bytes < 9e18))
            return false;
        *ret_bytes = (u64)bytes + (bytes > (double)(u64)bytes);
        return true;
    }
    return false;
}

/* --- containers --- */

static void copy_quantity(const struct search *s, u32 value, char ret[64])
{
    const char *text = yaml_tree_text(s->tree, value);
    struct strbuf shown;

    ret[0] = '\0';
    if (!text)
        return;
    strbuf_init(&shown);
    utf8_append_clean_bytes(&shown, text, MIN(strlen(text), (size_t)20)); /* at most 3 bytes each */
    memcpy(ret, shown.text, shown.len + 1);
    strbuf_done(&shown);
}

static int take(struct search *s, u32 object, const struct manifest_kind *kind, u32 container,
                bool init)
{
    struct yaml_tree *t = s->tree;
    struct manifest_container *c = s->ret;
    u32 metadata = yaml_tree_get(t, object, "metadata");
    u32 namespace = yaml_tree_get(t, metadata, "namespace");
    u32 resources = yaml_tree_get(t, container, "resources");
    u32 requests = yaml_tree_get(t, resources, "requests");
    u32 limits = yaml_tree_get(t, resources, "limits");
    int rc;

    *c = (struct manifest_container){.kind = kind, .init = init};
    rc = take_name(s, yaml_tree_get(t, object, "apiVersion"), object, "apiVersion", "-./",
                   c->api_version);
    if (rc == 0)
        rc = take_name(s, yaml_tree_get(t, metadata, "name"), object, "metadata.name", "-.",
                       c->name);
    if (rc == 0 && yaml_tree_text(t, namespace))
        rc = take_name(s, namespace, object, "metadata.namespace", "-", c->namespace);
    if (rc == 0)
        rc = take_name(s, yaml_tree_get(t, container, "name"), container, "the name of a container",
                       "-", c->container);
    copy_quantity(s, yaml_tree_get(t, requests, "memory"), c->request);
    copy_quantity(s, yaml_tree_get(t, limits, "memory"), c->limit);
    return rc;
}

static bool is_word(const char *wanted, size_t len, const char *text)
{
    return !wanted || (text && strlen(text) == len && memcmp(wanted, text, len) == 0);
}

static void list(struct search *s, const char *kind, const char *workload, const char *container)
{
    if (s->listed++ >= LISTED_MAX)
        return;
    strbuf_printf(&s->list, "%s%s/", s->list.len ? ", " : "", kind);
    utf8_append_clean_bytes(&s->list, workload, MIN(strlen(workload), (size_t)LABEL_MAX));
    strbuf_appendc(&s->list, '/');
    utf8_append_clean_bytes(&s->list, container, MIN(strlen(container), (size_t)LABEL_MAX));
}

static int look_at_containers(struct search *s, u32 object, const struct manifest_kind *kind,
                              u32 pod, bool init)
{
    struct yaml_tree *t = s->tree;
    u32 metadata = yaml_tree_get(t, object, "metadata");
    const char *workload = yaml_tree_text(t, yaml_tree_get(t, metadata, "name"));
    u32 containers = yaml_tree_get(t, pod, init ? "initContainers" : "containers");
    int rc = 0;

    for (u32 i = yaml_tree_first(t, containers); rc == 0 && i; i = yaml_tree_next(t, i)) {
        const char *name = yaml_tree_text(t, yaml_tree_get(t, i, "name"));
        bool is_right = s->container ? name && strcmp(name, s->container) == 0 : !init;

        if (!is_right || !is_word(s->kind, s->kind_len, kind->name) ||
            !is_word(s->workload, s->workload_len, workload)) {
            if (!s->found)
                list(s, kind->name, workload ? workload : "?", name ? name : "?");
            continue;
        }
        if (s->found++ == 0) {
            strbuf_reset(&s->list); /* from here on of those that would do */
            s->listed = 0;
            rc = take(s, object, kind, i, init);
        }
        list(s, kind->name, workload ? workload : "?", name ? name : "?");
    }
    return rc;
}

static const struct manifest_kind *kind_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (name && strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}

static u32 follow(struct yaml_tree *t, u32 value, const char *path)
{
    while (*path) {
        char key[32];
        size_t len = strcspn(path, ".");

        memcpy(key, path, len);
        key[len] = '\0';
        value = yaml_tree_get(t, value, key);
        path += len + (path[len] == '.');
    }
    return value;
}

static int look_at_object(struct search *s, u32 object)
{
    struct yaml_tree *t = s->tree;
    const struct manifest_kind *kind = kind_of(yaml_tree_text(t, yaml_tree_get(t, object, "kind")));
    u32 pod;
    int rc;

    if (!kind)
        return 0;
    s->workloads++;
    pod = follow(t, object, kind->path);
    rc = look_at_containers(s, object, kind, pod, false);
    return rc ? rc : look_at_containers(s, object, kind, pod, true);
}

/* An object, or a list of objects. */
static int look_at_document(struct search *s, u32 document)
{
    struct yaml_tree *t = s->tree;
    const char *kind = yaml_tree_text(t, yaml_tree_get(t, document, "kind"));
    size_t len = kind ? strlen(kind) : 0;
    int rc = 0;

    if (len < 4 || strcmp(kind + len - 4, "List") != 0)
        return look_at_object(s, document);
    for (u32 i = yaml_tree_first(t, yaml_tree_get(t, document, "items")); rc == 0 && i;
         i = yaml_tree_next(t, i))
        rc = look_at_object(s, i);
    return rc;
}

/* --- what was found --- */

static void split(struct search *s, const char *wanted)
{
    const char *last = wanted ? strrchr(wanted, '/') : NULL;
    const char *first = last ? memchr(wanted, '/', (size_t)(last - wanted)) : NULL;

    s->container = last ? last + 1 : wanted;
    if (last) {
        s->workload = first ? first + 1 : wanted;
        s->workload_len = (size_t)(last - s->workload);
    }
    if (first) {
        s->kind = wanted;
        s->kind_len = (size_t)(first - wanted);
    }
}

static int judge(struct search *s, const char *wanted)
{
    char more[32] = "";

    if (s->listed > LISTED_MAX)
        snprintf(more, sizeof(more), " and %u more", s->listed - LISTED_MAX);
    if (s->found == 1)
        return 0;
    if (s->found)
        return err_at(s->e, -EINVAL, s->path, 0, 0,
                      "more than one container %s%s: %s%s; say --container KIND/WORKLOAD/NAME",
                      wanted ? "is called " : "is in it, and none is named", wanted ? wanted : "",
                      s->list.text, more);
    if (s->listed)
        return err_at(s->e, -EINVAL, s->path, 0, 0, "no container '%s' in it; there are %s%s",
                      wanted ? wanted : "", s->list.text, more);
    return err_at(s->e, -EINVAL, s->path, 0, 0,
                  s->workloads ? "its workloads have no containers"
                               : "no workload in it; known are Deployment, StatefulSet, "
                                 "DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, Pod "
                                 "and lists of them");
}

int manifest_find(const char *path, const char *text, size_t len, const char *wanted,
                  struct manifest_container *ret, struct err *e)
{
    struct yaml_tree tree;
    struct manifest_container found = {0};
    struct search s = {.tree = &tree, .path = path, .ret = &found, .e = e};
    int rc = yaml_tree_read(&tree, path, text, len, e);

    if (rc)
        return rc;
    split(&s, wanted);
    strbuf_init(&s.list);
    for (size_t i = 0; rc == 0 && !tree.wrong && i < tree.documents.count; i++)
        rc = look_at_document(&s, tree.documents.items[i]);
    if (tree.wrong)
        rc = err_at(e, -EINVAL, path, tree.wrong_line, 0, "%s", tree.wrong);
    if (rc == 0)
        rc = judge(&s, wanted);
    if (rc == 0)
        *ret = found;
    strbuf_done(&s.list);
    yaml_tree_done(&tree);
    return rc;
}
