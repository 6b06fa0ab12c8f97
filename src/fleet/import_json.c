/* import_json.c - objects of Kubernetes, and containers as `docker inspect` prints them. What
 * others wrote: any member may be missing, or be something else. */
#include "fleet/import_int.h"
#include "page/page.h"

#include "base/strbuf.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define REPLICAS_MAX 1000000

static json_object *member(json_object *o, const char *key)
{
    json_object *value;

    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &value)
               ? value
               : NULL;
}

/* "" when it is no text. */
static const char *text_of(json_object *o, const char *key)
{
    json_object *value = member(o, key);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static json_object *list_of(json_object *o, const char *key)
{
    json_object *value = member(o, key);

    return json_object_is_type(value, json_type_array) ? value : NULL;
}

static size_t length(json_object *list)
{
    return list ? json_object_array_length(list) : 0;
}

static u64 count_of(json_object *o, const char *key, u64 otherwise)
{
    json_object *value = member(o, key);
    s64 n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;

    return n < 0 ? otherwise : (u64)MIN(n, (s64)REPLICAS_MAX);
}

/* --- Kubernetes --- */

/* A quantity may be written as a number too. */
static int memory_of(json_object *resources, const char *kind, u64 *ret, struct err *e)
{
    json_object *value = member(member(resources, kind), "memory");
    const char *text = json_object_is_type(value, json_type_string) ||
                               json_object_is_type(value, json_type_int) ||
                               json_object_is_type(value, json_type_double)
                           ? json_object_get_string(value)
                           : NULL;

    *ret = STORE_NONE;
    if (text && import_quantity(text, ret))
        return err_set(e, -EINVAL,
                       "unknown quantity '%.60s' in resources.%s.memory; want such as "
                       "128Mi or 1G",
                       text, kind);
    return 0;
}

/* A name of a replica set or job without what its owner put behind it: the hash of the template, or
 * a time. */
static void cut_name(char *name, const char *hash)
{
    char *dash = strrchr(name, '-');

    if (dash && dash > name &&
        (*hash ? strcmp(dash + 1, hash) == 0 : dash[1 + strspn(dash + 1, "0123456789")] == '\0'))
        *dash = '\0';
}

/* The deployment (or what else) that a pod is of: by its owner. */
static void workload_of(json_object *meta, char *ret, size_t size)
{
    json_object *owners = list_of(meta, "ownerReferences"),
                *owner = length(owners) ? json_object_array_get_idx(owners, 0) : NULL;
    const char *kind = text_of(owner, "kind");
    const char *hash = text_of(member(meta, "labels"), "pod-template-hash");
    struct strbuf name;

    strbuf_init(&name);
    strbuf_append(&name, owner && *text_of(owner, "name") ? text_of(owner, "name")
                                                          : text_of(meta, "name"));
    if (name.len && strcmp(kind, "ReplicaSet") == 0 && *hash)
        cut_name(name.text, hash);
    else if (name.len && strcmp(kind, "Job") == 0)
        cut_name(name.text, "");
    snprintf(ret, size, "%s", name.text);
    strbuf_done(&name);
}

static int add_containers(json_object *spec, const char *list, bool sidecars,
                          const struct promise *like, struct promises *ret, struct err *e)
{
    json_object *containers = list_of(spec, list);

    for (size_t i = 0; i < length(containers); i++) {
        json_object *c = json_object_array_get_idx(containers, i),
                    *resources = member(c, "resources");
        struct promise p = *like;

        if (sidecars && strcmp(text_of(c, "restartPolicy"), "Always") != 0)
            continue; /* it runs before the others and ends */
        p.container = (char *)text_of(c, "name");
        if (strcmp(p.container, p.workload) == 0)
            p.container = (char *)"";
        p.image = (char *)text_of(c, "image");
        if (memory_of(resources, "requests", &p.request_bytes, e) ||
            memory_of(resources, "limits", &p.limit_bytes, e))
            return -EINVAL;
        p.high_bytes = STORE_NONE;
        promises_add(ret, &p);
    }
    return 0;
}

static int add_pod(json_object *spec, const struct promise *like, struct promises *ret,
                   struct err *e)
{
    int rc = add_containers(spec, "containers", false, like, ret, e);

    return rc ? rc : add_containers(spec, "initContainers", true, like, ret, e);
}

static int import_item(json_object *o, struct promises *ret, struct err *e)
{
    static const char *const kinds[] = {"Deployment", "StatefulSet",           "DaemonSet",
                                        "ReplicaSet", "ReplicationController", "Job"};
    json_object *meta = member(o, "metadata"), *spec = member(o, "spec");
    const char *kind = text_of(o, "kind"), *phase = text_of(member(o, "status"), "phase");
    char workload[256];
    struct promise like = {
        .source = (char *)"kubernetes",
        .namespace = (char *)(*text_of(meta, "namespace") ? text_of(meta, "namespace") : "default"),
        .workload = workload,
        .node = (char *)"",
        .replicas = 1,
    };

    if (strcmp(kind, "Pod") == 0) {
        if (strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0)
            return 0;
        workload_of(meta, workload, sizeof(workload));
        like.node = (char *)text_of(spec, "nodeName");
        return add_pod(spec, &like, ret, e);
    }
    snprintf(workload, sizeof(workload), "%s", text_of(meta, "name"));
    like.is_template = true;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kind, kinds[i]) != 0)
            continue;
        if (length(list_of(meta, "ownerReferences")) ||
            member(member(o, "status"), "completionTime"))
            return 0; /* its owner is listed, or tells of it; or it is over */
        like.replicas = strcmp(kind, "DaemonSet") == 0
                            ? count_of(member(o, "status"), "desiredNumberScheduled", 1)
                            : count_of(spec, "replicas", 1);
        return like.replicas ? add_pod(member(member(spec, "template"), "spec"), &like, ret, e) : 0;
    }
    return 0; /* a kind that runs nothing */
}

static int import_kubernetes(json_object *o, struct promises *ret, struct err *e)
{
    json_object *items = list_of(o, "items");
    int rc = 0;

    if (!items)
        return import_item(o, ret, e);
    for (size_t i = 0; i < length(items) && rc == 0; i++)
        rc = import_item(json_object_array_get_idx(items, i), ret, e);
    return rc;
}

/* --- docker --- */

static u64 docker_bytes(json_object *host, const char *key)
{
    json_object *value = member(host, key);
    s64 n = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;

    return n > 0 ? (u64)n : STORE_NONE; /* 0 and -1: none */
}

static void import_container(json_object *o, const char *node, struct promises *ret)
{
    json_object *config = member(o, "Config"), *labels = member(config, "Labels"),
                *host = member(o, "HostConfig"), *state = member(o, "State"),
                *running = member(state, "Running");
    const char *name = text_of(o, "Name"), *service = text_of(labels, "com.docker.compose.service");
    struct promise p = {
        .source = (char *)"docker",
        .namespace = (char *)text_of(labels, "com.docker.compose.project"),
        .workload = (char *)(*service ? service : name + (*name == '/')),
        .container = (char *)"",
        .image = (char *)text_of(config, "Image"),
        .node = (char *)(*node ? node : text_of(member(o, "Node"), "Name")),
        .replicas = 1,
        .request_bytes = docker_bytes(host, "MemoryReservation"),
        .limit_bytes = docker_bytes(host, "Memory"),
        .high_bytes = STORE_NONE,
    };

    if (running && !json_object_get_boolean(running))
        return;
    promises_add(ret, &p);
}

static int import_docker(json_object *list, const char *node, struct promises *ret, struct err *e)
{
    for (size_t i = 0; i < length(list); i++) {
        json_object *o = json_object_array_get_idx(list, i);

        if (!member(o, "HostConfig"))
            return err_set(e, -EINVAL,
                           "element %zu of the list has no HostConfig: want what 'docker inspect "
                           "$(docker ps -q)' prints",
                           i + 1);
        import_container(o, node, ret);
    }
    return 0;
}

int import_json(const char *text, size_t len, const char *node, struct promises *ret, struct err *e)
{
    struct strbuf wrapped;
    json_object *o = NULL;
    size_t before = ret->items.count;
    int rc;

    /* A document is an object; a list is put into one. */
    strbuf_init(&wrapped);
    strbuf_append(&wrapped, *text == '[' ? "{\"docker\":" : "");
    strbuf_append_bytes(&wrapped, text, len);
    strbuf_append(&wrapped, *text == '[' ? "}" : "");
    rc = page_parse(wrapped.text, wrapped.len, &o, e);
    strbuf_done(&wrapped);
    if (rc)
        return rc;
    if (*text == '[')
        rc = import_docker(list_of(o, "docker"), node, ret, e);
    else if (*text_of(o, "kind"))
        rc = import_kubernetes(o, ret, e);
    else
        rc = err_set(e, -EINVAL,
                     "it is JSON, but neither of 'kubectl get -o json' (no \"kind\") nor of "
                     "'docker inspect' (a list)");
    json_object_put(o);
    if (rc == 0 && ret->items.count == before)
        rc = err_set(e, -EINVAL,
                     "nothing in it runs containers: want pods and deployments, or containers that "
                     "run");
    return rc;
}
