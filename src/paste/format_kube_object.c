/* format_kube_object.c - pods as "kubectl get pod -o yaml" and "-o json" print them, whole or a few lines.
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
 * A line is a key and a value in both; which object a "name" is of shows by its indent: that of "image", or the first below "metadata".
 */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

#define NAME_MAX_      200
#define CONTAINERS_MAX 64
#define NO_INDENT      SIZE_MAX

/* "- name: app", "\"name\": \"app\",": the indent is the key's. */
struct pair {
    struct span key, value;
    size_t indent;
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
    ret->indent = (size_t)(rest.at - line.at);
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

bool kube_object_begins(const struct block *b, struct span line)
{
    struct pair pair;

    (void)b;
    if (!take_pair(line, &pair))
        return false;
    if (key_is(&pair, "kind"))
        return span_is(pair.value, "Pod") || span_is(pair.value, "List");
    if (key_is(&pair, "exitCode"))
        return span_is(pair.value, "137");
    if (key_is(&pair, "reason"))
        return span_is(pair.value, "OOMKilled") || span_begins(pair.value, "OutOfMemoryError: Con");
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

struct kube_container {
    char name[NAME_MAX_];
    u64 limit;
};

struct kube_pods {
    struct block *b;
    char pod[NAME_MAX_], space[NAME_MAX_], container[NAME_MAX_];
    struct kube_container containers[CONTAINERS_MAX];
    unsigned nr_containers;
    size_t metadata, first_of_metadata, image, container_of; /* indents */
    bool in_limits;
    size_t limits;
    struct span killed, ended; /* the line that says so; empty */
    struct klog_place at, ended_at;
    bool by_aws;
    unsigned found;
};

static u64 limit_of(const struct kube_pods *k, const char *name)
{
    for (unsigned i = 0; i < k->nr_containers; i++)
        if (!*name || strcmp(k->containers[i].name, name) == 0)
            return k->containers[i].limit;
    return UNKNOWN;
}

static void scope_of(const struct kube_pods *k, const char *container,
                     char scope[NAME_MAX_ * 3 + 8])
{
    snprintf(scope, NAME_MAX_ * 3 + 8, "%s%s%s%s%s%s", *k->space ? "/" : "", k->space,
             *k->pod ? "/" : "", k->pod, *container ? "/" : "", container);
}

/* What happened to the container whose name is known now, or to one that has none. */
static void end_status(struct kube_pods *k, const char *container)
{
    char scope[NAME_MAX_ * 3 + 8];

    scope_of(k, container, scope);
    if (!span_empty(k->killed))
        block_told(k->b, &(struct told){.killer = k->by_aws ? "AWS" : "kubernetes",
                                        .scope = *scope ? scope : NULL,
                                        .limit = limit_of(k, container),
                                        .words = k->killed,
                                        .wall_us = UNKNOWN});
    else if (!span_empty(k->ended))
        sigkill_push(k->b->p, "kubernetes", scope, k->ended, k->ended_at);
    k->killed = k->ended = span_of("", 0);
}

static void end_pod(struct kube_pods *k)
{
    char scope[NAME_MAX_ * 3 + 8];

    end_status(k, "");
    for (unsigned i = 0; i < k->nr_containers; i++) {
        scope_of(k, k->containers[i].name, scope);
        if (*scope == '/' && known(k->containers[i].limit))
            block_group(k->b, scope, UNKNOWN, k->containers[i].limit);
    }
    k->nr_containers = 0;
    k->pod[0] = k->space[0] = k->container[0] = '\0';
    k->image = k->limits = NO_INDENT;
    k->in_limits = false;
}

static void take_name(struct kube_pods *k, const struct pair *pair)
{
    bool of_metadata = k->metadata != NO_INDENT && pair->indent > k->metadata;

    if (of_metadata) {
        if (pair->indent == k->first_of_metadata)
            span_copy(pair->value, k->pod, sizeof(k->pod));
        return;
    }
    if (!span_empty(k->killed) || !span_empty(k->ended)) {
        span_copy(pair->value, k->container, sizeof(k->container));
        end_status(k, k->container);
    } else if (k->image == NO_INDENT || pair->indent == k->image) {
        span_copy(pair->value, k->container, sizeof(k->container));
    }
}

static void take_limit(struct kube_pods *k, const struct pair *pair)
{
    struct span value = pair->value;
    struct kube_container *c = &k->containers[k->nr_containers];
    u64 bytes;

    if (k->nr_containers == CONTAINERS_MAX || !amount_take(&value, 1, &bytes))
        return;
    snprintf(c->name, sizeof(c->name), "%s", k->container);
    c->limit = bytes;
    k->nr_containers++;
    k->found++;
}

static void take_line(struct kube_pods *k, struct span line)
{
    struct pair pair;

    if (!take_pair(line, &pair))
        return;
    if (k->metadata != NO_INDENT && k->first_of_metadata == NO_INDENT && pair.indent > k->metadata)
        k->first_of_metadata = pair.indent;
    if (k->metadata != NO_INDENT && pair.indent <= k->metadata)
        k->metadata = NO_INDENT;
    if (k->in_limits && pair.indent <= k->limits)
        k->in_limits = false;
    if (key_is(&pair, "metadata") && span_empty(pair.value)) {
        end_pod(k);
        k->metadata = pair.indent;
        k->first_of_metadata = NO_INDENT;
    } else if (key_is(&pair, "image")) {
        k->image = pair.indent;
    } else if (key_is(&pair, "name")) {
        take_name(k, &pair);
    } else if (key_is(&pair, "namespace") && pair.indent == k->first_of_metadata &&
               k->metadata != NO_INDENT) {
        span_copy(pair.value, k->space, sizeof(k->space));
    } else if (key_is(&pair, "limits")) {
        k->in_limits = true;
        k->limits = pair.indent;
    } else if (key_is(&pair, "memory") && k->in_limits) {
        take_limit(k, &pair);
    } else if (key_is(&pair, "reason") &&
               (span_is(pair.value, "OOMKilled") || span_is(pair.value, "OOM Killed") ||
                span_begins(pair.value, "OutOfMemoryError"))) {
        k->killed = line;
        /* What AWS Batch and ECS say. */
        k->by_aws = span_begins(pair.value, "OutOfMemoryError");
        k->found++;
    } else if (key_is(&pair, "exitCode")) {
        if (span_is(pair.value, "137")) {
            k->ended = line;
            k->ended_at = k->at;
        }
        k->found++;
    } else if (key_is(&pair, "restartCount") || key_is(&pair, "lastState")) {
        k->found++;
    }
}

unsigned kube_object_parse(struct block *b, struct span text)
{
    struct kube_pods *k = xcalloc(1, sizeof(*k));
    struct span line;
    unsigned found;

    k->b = b;
    k->at = (struct klog_place){b->p->state->klog_file, b->place.line};
    k->killed = k->ended = span_of("", 0);
    k->metadata = k->first_of_metadata = k->image = k->limits = NO_INDENT;
    for (; span_take_line(&text, &line); k->at.line++)
        take_line(k, line);
    end_pod(k);
    found = k->found;
    free(k);
    return found;
}
