/* format_kube_object.c - pods as "kubectl get pod -o yaml" and "-o json" print them, whole or a few
 * lines.
 *
 *   metadata:                                              "metadata": {
 *     name: web-6d4cf56db6-8xkzp                               "name": "web-6d4cf56db6-8xkzp",
 *   spec:                                                  },
 *     containers:                                          ...
 *     - image: web:1
 *       name: app                                          keys are sorted: the limits come after the name,
 *       resources:
 *         limits:
 *           memory: 512Mi
 *   status:
 *     containerStatuses:
 *     - lastState:
 *         terminated:
 *           exitCode: 137
 *           reason: OOMKilled                              and the name after what happened
 *       name: app
 *
 * Task definitions of AWS ECS and what describe-tasks and Batch print have the same form: "memory":
 * 2048 is a limit in MiB there. Other clients print the name first, jq picks keys, -o json stands
 * on one line. Whose a key is, the objects around it say (objects.h).
 */
#include "paste/block.h"
#include "paste/objects.h"
#include "paste/state_int.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_  200
#define LIMITS_MAX 4096
#define DEATHS_MAX 4096

/* "- name: app", "\"name\": \"app\",". */
struct pair {
    struct span key, value;
};

static struct span unquote(struct span text)
{
    text = span_trim(text);
    while (!span_empty(text) &&
           (text.end[-1] == ',' || text.end[-1] == '"' || text.end[-1] == '{' ||
            text.end[-1] == '[' || is_blank(text.end[-1])))
        text.end--;
    while (!span_empty(text) && *text.at == '"')
        text.at++;
    return text;
}

static bool take_pair(struct span line, struct pair *ret)
{
    struct span rest = line, key;

    span_skip_blanks(&rest);
    while (span_take(&rest, "- "))
        span_skip_blanks(&rest);
    if (!span_take_until(&rest, ':', &key))
        return false;
    ret->key = unquote(key);
    ret->value = unquote(rest);
    return !span_empty(ret->key) && !memchr(ret->key.at, ' ', span_len(ret->key));
}

static bool key_is(const struct pair *pair, const char *key)
{
    return span_is(pair->key, key);
}

/* {"kind":"Pod",...: whole objects on one line. */
static bool is_compact(struct span line)
{
    static const char *const signs[] = {"\"lastState\":", "\"containerStatuses\":"};
    struct span rest = span_trim(line);

    if (span_empty(rest) || (*rest.at != '{' && *rest.at != '['))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(signs); i++)
        if (span_find(rest, signs[i]))
            return true;
    return false;
}

bool kube_object_begins(const struct block *b, struct span line)
{
    struct pair pair;

    (void)b;
    if (is_compact(line))
        return true;
    if (!take_pair(line, &pair))
        return false;
    if (key_is(&pair, "kind"))
        return span_is(pair.value, "Pod") || span_is(pair.value, "List");
    if (key_is(&pair, "exitCode"))
        return span_is(pair.value, "137");
    if (key_is(&pair, "reason") || key_is(&pair, "stoppedReason") || key_is(&pair, "StoppedReason"))
        return span_is(pair.value, "OOMKilled") || span_begins(pair.value, "OutOfMemoryError: Con");
    if (key_is(&pair, "containerDefinitions") || key_is(&pair, "memoryReservation"))
        return true;
    /* Of JSON; what "kubectl describe" calls so is no key in quotes. */
    if (key_is(&pair, "containers") && span_find(line, "\"containers\""))
        return true;
    return key_is(&pair, "lastState") || key_is(&pair, "containerStatuses") ||
           key_is(&pair, "containerID");
}

bool kube_object_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    return !span_empty(rest) && (is_blank(*line.at) || strchr("-{}[]", *rest.at) ||
                                 memchr(rest.at, ':', span_len(rest)) != NULL);
}

/* Whose it is: spans of the text, empty where it does not say. */
struct owner {
    struct span space, pod, container;
    u32 pod_at, container_at; /* nodes; OBJECT_NONE */
};

struct limit {
    struct owner of;
    u64 bytes;
};

struct death {
    struct owner of;
    u32 node;
    bool by_memory;
    u64 finished_us;
};

struct kube_pods {
    struct block *b;
    struct objects o;
    VEC(struct limit) limits;
    VEC(struct death) deaths;
    char asked_pod[NAME_MAX_], asked_space[NAME_MAX_]; /* that the command names; "" */
    unsigned found;
};

static struct span value_of(const struct objects *o, u32 object, const char *key)
{
    u32 child =
        object == OBJECT_NONE ? OBJECT_NONE : objects_child(o, object, span_of(key, strlen(key)));

    return child == OBJECT_NONE ? span_of("", 0) : o->nodes.items[child].value;
}

/* "app": {"state": {"termination": {...: the container's name is the key of its object. */
static u32 container_by_key(const struct objects *o, u32 node)
{
    static const char *const states[] = {"state", "lastState"};

    for (unsigned i = 0; i < ARRAY_SIZE(states); i++) {
        u32 at = objects_around(o, node, states[i]);

        if (at != OBJECT_NONE && !span_empty(o->nodes.items[at].key))
            return at;
    }
    return OBJECT_NONE;
}

static struct owner owner_of(const struct objects *o, u32 node)
{
    struct owner of = {.pod_at = objects_around(o, node, "metadata"),
                       .container_at = objects_around(o, node, "name")};

    of.space = of.pod = of.container = span_of("", 0);
    if (of.pod_at != OBJECT_NONE) {
        u32 metadata = objects_child(o, of.pod_at, span_of("metadata", 8));

        of.space = value_of(o, metadata, "namespace");
        of.pod = value_of(o, metadata, "name");
    }
    /* A name of what the pod is in is no container's. */
    if (of.container_at != OBJECT_NONE &&
        objects_around(o, of.container_at, "metadata") != of.pod_at)
        of.container_at = OBJECT_NONE;
    if (of.container_at != OBJECT_NONE) {
        of.container = value_of(o, of.container_at, "name");
    } else {
        of.container_at = container_by_key(o, node);
        if (of.container_at != OBJECT_NONE)
            of.container = o->nodes.items[of.container_at].key;
    }
    return of;
}

static bool same_text(struct span a, struct span b)
{
    return span_len(a) == span_len(b) && memcmp(a.at, b.at, span_len(a)) == 0;
}

/* The limit of that container; of a pod that has one container, that one's. */
static const struct limit *limit_of(const struct kube_pods *k, const struct owner *of)
{
    const struct limit *only = NULL;
    unsigned of_pod = 0;

    vec_for_each (&k->limits, l) {
        if (l->of.pod_at != of->pod_at)
            continue;
        if (!span_empty(of->container) && same_text(l->of.container, of->container))
            return l;
        only = l;
        of_pod++;
    }
    return span_empty(of->container) && of_pod == 1 ? only : NULL;
}

static void scope_of(const struct owner *of, char scope[NAME_MAX_ * 3 + 8])
{
    const struct span parts[] = {of->space, of->pod, of->container};
    struct strbuf text;
    char part[NAME_MAX_];

    strbuf_init(&text);
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
        if (span_empty(parts[i]))
            continue;
        span_copy(parts[i], part, sizeof(part));
        strbuf_printf(&text, "/%s", part);
    }
    snprintf(scope, NAME_MAX_ * 3 + 8, "%s", text.len ? text.text : "");
    strbuf_done(&text);
}

/* AWS says that a task ended and not which of its containers: the only one whose limit the text
 * has. */
static u64 only_limit(const struct kube_pods *k, char scope[NAME_MAX_ * 3 + 8])
{
    const struct sizing_view *only = NULL;

    vec_for_each (&k->b->p->s.sizings, s) {
        if (!known(s->limit))
            continue;
        if (only)
            return UNKNOWN;
        only = s;
    }
    if (!only)
        return UNKNOWN;
    if (!*scope)
        snprintf(scope, NAME_MAX_ * 3 + 8, "%s", only->scope);
    return only->limit;
}

static void tell_death(const struct kube_pods *k, const struct death *death)
{
    const struct object_node *node = &k->o.nodes.items[death->node];
    const struct limit *limit = limit_of(k, &death->of);
    struct owner of = death->of;
    u64 bytes = limit ? limit->bytes : UNKNOWN;
    /* What AWS Batch and ECS say. */
    bool by_aws = span_begins(node->value, "OutOfMemoryError");
    char scope[NAME_MAX_ * 3 + 8];

    if (limit && span_empty(of.container))
        of.container = limit->of.container;
    if (span_empty(of.pod) && span_empty(of.space)) {
        of.pod = span_of(k->asked_pod, strlen(k->asked_pod));
        of.space = span_of(k->asked_space, strlen(k->asked_space));
    }
    scope_of(&of, scope);
    if (by_aws && !limit)
        bytes = only_limit(k, scope);
    if (death->by_memory)
        block_told(k->b, &(struct told){.killer = by_aws ? "AWS" : "kubernetes",
                                        .scope = *scope ? scope : NULL,
                                        .limit = bytes,
                                        .words = node->words,
                                        .wall_us = death->finished_us,
                                        .line = node->line});
    else
        sigkill_push(k->b->p, "kubernetes", scope, node->words,
                     (struct klog_place){k->b->p->state->klog_file, node->line});
}

/* One death of a container may be told twice, by its reason and its exit code, or as state and as
 * the last. */
static bool is_told(const struct kube_pods *k, const struct death *death)
{
    for (const struct death *b = k->deaths.items; b < death; b++)
        if (b->of.container_at == death->of.container_at && b->of.pod_at == death->of.pod_at &&
            b->by_memory >= death->by_memory &&
            (!death->by_memory || b->finished_us == death->finished_us))
            return true;
    return false;
}

static u64 time_of(struct span text)
{
    struct prefix_log dates = {.latest_year = 1970};
    struct prefix prefix;

    if (span_empty(text))
        return UNKNOWN;
    prefix_take(text, &dates, &prefix);
    return prefix.wall_us;
}

/* "memory": 2048, or "2048", beside keys that a container has with AWS alone: MiB. */
static bool take_mebibytes(struct kube_pods *k, u32 at)
{
    static const char *const beside[] = {"lastStatus", "essential", "memoryReservation",
                                         "containerArn"};
    const struct object_node *node = &k->o.nodes.items[at];
    struct span value = node->value;
    bool of_aws = false;
    u64 mib;

    for (unsigned i = 0; i < ARRAY_SIZE(beside) && node->around != OBJECT_NONE; i++)
        of_aws |= objects_child(&k->o, node->around, span_of(beside[i], strlen(beside[i]))) !=
                  OBJECT_NONE;
    if (!of_aws || !span_is(node->key, "memory") || !span_take_u64(&value, &mib) ||
        !span_empty(value) || mib == 0 || mib > UINT32_MAX)
        return false;
    if (k->limits.count < LIMITS_MAX) {
        struct limit limit = {owner_of(&k->o, at), mib * MIB};
        char scope[NAME_MAX_ * 3 + 8];

        vec_push(&k->limits, limit);
        scope_of(&limit.of, scope);
        block_sizing(k->b, *scope ? scope : "/container", UNKNOWN, limit.bytes);
    }
    k->found++;
    return true;
}

static void take_node(struct kube_pods *k, u32 at)
{
    const struct objects *o = &k->o;
    const struct object_node *node = &o->nodes.items[at];
    u32 around = node->around;
    struct span value = node->value;
    u64 bytes;
    bool by_memory = (span_is(node->key, "reason") || span_is(node->key, "stoppedReason") ||
                      span_is(node->key, "StoppedReason")) &&
                     (span_is(value, "OOMKilled") || span_is(value, "OOM Killed") ||
                      span_begins(value, "OutOfMemoryError"));

    if (take_mebibytes(k, at))
        return;
    if (by_memory || (span_is(node->key, "exitCode") && span_is(value, "137"))) {
        if (k->deaths.count < DEATHS_MAX)
            vec_push(&k->deaths,
                     ((struct death){.of = owner_of(o, at),
                                     .node = at,
                                     .by_memory = by_memory,
                                     .finished_us = time_of(value_of(o, around, "finishedAt"))}));
        k->found++;
    } else if (span_is(node->key, "memory") && around != OBJECT_NONE &&
               span_is(o->nodes.items[around].key, "limits") && amount_take(&value, 1, &bytes)) {
        if (k->limits.count < LIMITS_MAX)
            vec_push(&k->limits, ((struct limit){owner_of(o, at), bytes}));
        k->found++;
    } else if (span_is(node->key, "exitCode") || span_is(node->key, "restartCount") ||
               span_is(node->key, "lastState") || span_is(node->key, "containerDefinitions")) {
        k->found++;
    }
}

/* "containerID": "containerd://5d9c...": whose the ids of a kernel's log are. */
static void take_id(const struct kube_pods *k, u32 at)
{
    const struct owner of = owner_of(&k->o, at);
    const struct limit *limit = limit_of(k, &of);
    char name[NAME_MAX_];

    if (span_empty(of.container))
        return;
    if (span_empty(of.pod))
        span_copy(of.container, name, sizeof(name));
    else
        snprintf(name, sizeof(name), "%.*s of %.*s", (int)MIN(span_len(of.container), (size_t)60),
                 of.container.at, (int)MIN(span_len(of.pod), (size_t)60), of.pod.at);
    names_note(k->b->p, k->o.nodes.items[at].value, span_of(name, strlen(name)),
               limit ? limit->bytes : UNKNOWN);
}

static int by_reason(const void *a, const void *b)
{
    const struct death *x = a, *y = b;

    if (x->by_memory != y->by_memory)
        return x->by_memory ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

unsigned kube_object_parse(struct block *b, struct span text)
{
    struct kube_pods k = {.b = b};
    char scope[NAME_MAX_ * 3 + 8];

    kube_asked(b->command, k.asked_pod, k.asked_space, sizeof(k.asked_pod));
    objects_read(&k.o, text, b->place.line);
    for (u32 i = 0; i < k.o.nodes.count; i++)
        take_node(&k, i);
    for (u32 i = 0; i < k.o.nodes.count; i++)
        if (span_is(k.o.nodes.items[i].key, "containerID"))
            take_id(&k, i);
    /* What says more comes first. */
    if (k.deaths.count)
        qsort(k.deaths.items, k.deaths.count, sizeof(k.deaths.items[0]), by_reason);
    vec_for_each (&k.deaths, death)
        if (!is_told(&k, death))
            tell_death(&k, death);
    vec_for_each (&k.limits, l) {
        scope_of(&l->of, scope);
        if (!span_empty(l->of.space) || !span_empty(l->of.pod))
            block_group(b, scope, UNKNOWN, l->bytes);
    }
    objects_done(&k.o);
    vec_done(&k.limits);
    vec_done(&k.deaths);
    return k.found;
}

/* --- rows of AWS ------------------------------------------------------------------------------ */
/*
 * $ aws ecs describe-tasks ... --query 'tasks[0].containers[0].[name,exitCode,reason]' --output
 * text api 137 OutOfMemoryError: Container killed due to memory usage
 *
 * The columns are those of the query: what is neither a number nor the reason names the container.
 */
#define ECS_REASON "OutOfMemoryError: Con"

bool ecs_rows_begins(const struct block *b, struct span line)
{
    const char *at = span_find(line, ECS_REASON);

    (void)b;
    return at && (at == line.at || is_blank(at[-1]));
}

bool ecs_rows_goes_on(const struct block *b, struct span line)
{
    return ecs_rows_begins(b, line);
}

unsigned ecs_rows_parse(struct block *b, struct span text)
{
    struct span line, word;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        const char *at = span_find(line, ECS_REASON);
        struct span rest = {line.at, at ? at : line.at};
        char scope[NAME_MAX_] = "";

        if (!at)
            continue;
        while (span_take_word(&rest, &word))
            if (word.end[-1] == ':') /* "Stopped reason:" is a label */
                *scope = '\0';
            else if (!is_digit(*word.at) && span_len(word) + 2 < sizeof(scope))
                snprintf(scope, sizeof(scope), "/%.*s", (int)span_len(word), word.at);
        block_told(b, &(struct told){.killer = "AWS",
                                     .scope = *scope ? scope : NULL,
                                     .limit = UNKNOWN,
                                     .words = span_trim(line),
                                     .wall_us = UNKNOWN,
                                     .line = b->place.line + rows});
        rows++;
    }
    return rows;
}
