/* format_kube.c - what kubectl prints: describe, get pods, top. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>
#include <time.h>

#define NAME_MAX_    200
#define RESTARTS_MAX 1000

/*
 * Name:             web-6d4cf56db6-8xkzp
 * Containers:
 *   app:
 *     Last State:     Terminated
 *       Reason:       OOMKilled
 *       Exit Code:    137
 *     Limits:
 *       memory:  512Mi
 */
static bool is_key(struct span rest, const char *key)
{
    return span_begins(rest, key);
}

bool kube_describe_begins(const struct block *b, struct span line)
{
    static const char *const keys[] = {"Name:  ",
                                       "Name:\t",
                                       "Containers:",
                                       "Last State:",
                                       "Last Termination State:",
                                       "State:  ",
                                       "Reason:       OOMKilled",
                                       "Conditions:",
                                       "Allocatable:",
                                       "Allocated resources:",
                                       "Node-Selectors:",
                                       "Status:           Failed",
                                       "Reason:           Evicted",
                                       "Restart Count:"};
    struct span rest = span_trim(line);

    (void)b;
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (is_key(rest, keys[i]))
            return true;
    if (!is_key(rest, "Reason:"))
        return false;
    return span_ends(rest, "OOMKilled") || span_ends(rest, "OOM Killed") ||
           span_ends(rest, "Evicted");
}

bool kube_describe_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line), path;

    (void)b;
    (void)path;
    /* Events are messages, and read as such. */
    if (span_empty(rest) || is_key(rest, "Events:"))
        return false;
    return memchr(rest.at, ':', span_len(rest)) != NULL || is_blank(*line.at) || *rest.at == '-';
}

struct pod {
    char name[NAME_MAX_], space[NAME_MAX_], container[NAME_MAX_];
    u64 limit, request;
    bool in_limits, in_requests, killed, evicted;
    bool exited;                /* with 137, and no reason of memory */
    struct container_view view; /* of the container */
    bool of_last, has_state;    /* the lines that follow are of its last state, or of its state */
    struct span words;
    u64 killed_us;                   /* when, since 1970; UNKNOWN */
    struct klog_place at, exited_at; /* the line that is read, and the one with the exit code */
    struct klog_place killed_at;
    size_t indent; /* of the pod's own keys: of Name: */
    /* of a node */
    bool in_allocatable, in_allocated, pressure_told, pressure;
    u64 capacity, allocatable, requested;
    struct span pressure_words;
    struct klog_place pressure_at;
};

/* "kubectl describe pod web-0 -n shop", "oc get pod/web-0 -o yaml": of which pod it was asked. */
void kube_asked(struct span command, char *name, char *space, size_t size)
{
    static const char *const verbs[] = {"describe", "get", "logs", "top", "exec"};
    static const char *const kinds[] = {"pod", "pods", "po"};
    struct span word;
    bool asks = false, kind = false, of_space = false;

    while (span_take_word(&command, &word) && *word.at != '|') {
        bool verb = false, noun = false;

        for (unsigned i = 0; i < ARRAY_SIZE(verbs); i++)
            verb |= span_is(word, verbs[i]);
        for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
            noun |= span_is(word, kinds[i]);
        /* The name stands behind the kind, or behind that and the namespace: other options have
         * values too. */
        if (of_space) {
            span_copy(word, space, size);
            of_space = false;
            continue;
        }
        if (span_is(word, "-n") || span_is(word, "--namespace")) {
            of_space = true;
            continue;
        }
        if (span_take(&word, "--namespace=")) {
            span_copy(word, space, size);
            continue;
        }
        if (asks && (span_take(&word, "pod/") || span_take(&word, "pods/") ||
                     (kind && !*name && *word.at != '-')))
            span_copy(word, name, size);
        asks |= verb;
        kind = asks && noun;
    }
    /* A namespace alone is no pod's name. */
    if (!*name)
        *space = '\0';
}

static void scope_of(const struct pod *pod, const char *container, char scope[NAME_MAX_ * 3 + 8])
{
    if (!*pod->name && *container) {
        snprintf(scope, NAME_MAX_ * 3 + 8, "/%s", container);
        return;
    }
    snprintf(scope, NAME_MAX_ * 3 + 8, "/%s%s%s%s%s", *pod->space ? pod->space : "",
             *pod->space ? "/" : "", *pod->name ? pod->name : "pod", *container ? "/" : "",
             container);
}

static void end_container(struct block *b, struct pod *pod)
{
    char scope[NAME_MAX_ * 3 + 8];

    if (pod->killed) {
        scope_of(pod, pod->container, scope);
        block_told(b, &(struct told){.killer = "kubernetes",
                                     .scope = *pod->name || *pod->container ? scope : NULL,
                                     .limit = pod->limit,
                                     .words = pod->words,
                                     .wall_us = pod->killed_us,
                                     .line = pod->killed_at.line});
    }
    if (pod->exited && !pod->killed) {
        scope_of(pod, pod->container, scope);
        sigkill_push(b->p, "kubernetes", *pod->name || *pod->container ? scope : NULL, pod->words,
                     pod->exited_at);
    }
    if (known(pod->limit) || known(pod->request)) {
        scope_of(pod, pod->container, scope);
        block_sizing(b, scope, pod->request, pod->limit);
    }
    if (pod->has_state) {
        scope_of(pod, pod->container, scope);
        snprintf(pod->view.scope, sizeof(pod->view.scope), "%.199s", scope);
        pod->view.limit = pod->limit;
        pod->view.request = pod->request;
        pod->view.killed = pod->killed;
        block_container(b, &pod->view);
    }
    pod->view = container_unknown();
    pod->of_last = pod->has_state = false;
    pod->killed = pod->exited = false;
    pod->killed_us = UNKNOWN;
    pod->limit = pod->request = UNKNOWN;
    pod->in_limits = pod->in_requests = false;
}

static struct span value_after(struct span rest)
{
    const char *colon = memchr(rest.at, ':', span_len(rest));

    return span_trim((struct span){colon ? colon + 1 : rest.end, rest.end});
}

/* Lines of "kubectl describe node" alone. */
static bool take_node_line(struct pod *node, struct span rest, struct span value, unsigned *found)
{
    struct fields f;
    u64 bytes;

    if (is_key(rest, "MemoryPressure")) {
        fields_split(rest, &f);
        node->pressure_told = f.count >= 2 && !span_is(f.at[1], "Unknown");
        node->pressure = f.count >= 2 && span_is(f.at[1], "True");
        node->pressure_words = rest;
        node->pressure_at = node->at;
        (*found)++;
    } else if (is_key(rest, "Capacity:") || is_key(rest, "Allocatable:")) {
        node->in_allocatable = is_key(rest, "Allocatable:");
        node->in_limits = node->in_requests = false;
        (*found)++;
    } else if (is_key(rest, "Allocated resources:")) {
        node->in_allocated = true;
        (*found)++;
    } else if (node->in_allocated && is_key(rest, "memory ")) {
        /* "memory   12Gi (82%)   16Gi (110%)" */
        fields_split(rest, &f);
        if (f.count >= 2 && amount_of(f.at[1], 1, &bytes))
            node->requested = bytes;
    } else if (is_key(rest, "memory:") && !node->in_limits && !node->in_requests &&
               amount_take(&value, 1, &bytes)) {
        *(node->in_allocatable ? &node->allocatable : &node->capacity) = bytes;
    } else {
        return false;
    }
    return true;
}

static void end_node(struct block *b, const struct pod *node)
{
    struct log_event event;
    char scope[NAME_MAX_ + 8];

    if (!node->pressure_told)
        return;
    log_event_init(&event, LOG_NODE_TOLD);
    event.stamp.place = node->pressure_at;
    snprintf(event.killer, sizeof(event.killer), "kubelet");
    if (*node->name) {
        snprintf(scope, sizeof(scope), "/node %s", node->name);
        event.task_memcg = xstrdup(scope);
    }
    event.forced = node->pressure;
    event.usage = node->requested;
    event.limit = node->allocatable;
    event.words = span_dup(node->pressure_words);
    vec_push(&b->p->s.log, event);
    block_meminfo(b, MI_MEM_TOTAL, node->capacity, RANK_ROUNDED);
}

/* Another node follows, of which nothing is known yet. */
static void next_node(struct block *b, struct pod *node)
{
    end_node(b, node);
    *node = (struct pod){.limit = UNKNOWN,
                         .killed_us = UNKNOWN,
                         .view = container_unknown(),
                         .request = UNKNOWN,
                         .capacity = UNKNOWN,
                         .allocatable = UNKNOWN,
                         .requested = UNKNOWN,
                         .indent = node->indent,
                         .at = node->at};
}

/* "Tue, 04 Mar 2025 03:02:31 +0000" */
static u64 date_of(struct span value)
{
    char text[64];
    struct tm tm = {0};
    const char *end;
    s64 seconds, offset;

    span_copy(value, text, sizeof(text));
    end = strptime(text, "%a, %d %b %Y %H:%M:%S %z", &tm);
    if (!end)
        return UNKNOWN;
    offset = tm.tm_gmtoff;
    seconds = timegm(&tm) - offset;
    return seconds > 0 ? (u64)seconds * 1000000 : UNKNOWN;
}

/*
 *     State:          Waiting
 *       Reason:       CrashLoopBackOff
 *     Last State:     Terminated
 *       Reason:       Error
 *       Exit Code:    1
 *     Restart Count:  12
 */
static void take_state_line(struct pod *pod, struct span rest, struct span value)
{
    struct container_view *c = &pod->view;
    u64 number;

    if (is_key(rest, "State:")) {
        span_copy(value, c->state, sizeof(c->state));
        c->place = pod->at;
        pod->has_state = true;
        pod->of_last = false;
    } else if (is_key(rest, "Last State:") || is_key(rest, "Last Termination State:")) {
        pod->has_state = pod->of_last = true;
        if (!c->place.line)
            c->place = pod->at;
    } else if (is_key(rest, "Reason:") && pod->has_state) {
        if (!pod->of_last && strcmp(c->state, "Waiting") == 0)
            span_copy(value, c->state, sizeof(c->state));
        else
            span_copy(value, c->reason, sizeof(c->reason));
        c->killed_told |= *c->reason != '\0';
    } else if (is_key(rest, "Exit Code:") && span_take_u64(&value, &number)) {
        c->exit_code = number;
    } else if (is_key(rest, "Restart Count:") && span_take_u64(&value, &number)) {
        c->restarts = number;
        pod->has_state = true;
    } else if (is_key(rest, "Liveness:")) {
        c->probed = true;
    }
}

static void take_describe_line(struct block *b, struct pod *pod, struct span line, unsigned *found)
{
    struct span rest = span_trim(line), value = value_after(rest);
    size_t indent = (size_t)(rest.at - line.at);
    u64 bytes;

    if (take_node_line(pod, rest, value, found))
        return;
    take_state_line(pod, rest, value);
    if (is_key(rest, "Name:") && indent == pod->indent) {
        /* "kubectl describe nodes" prints one behind the other. */
        if (pod->pressure_told)
            next_node(b, pod);
        span_copy(value, pod->name, sizeof(pod->name));
    } else if (is_key(rest, "Namespace:") && indent == pod->indent) {
        span_copy(value, pod->space, sizeof(pod->space));
    } else if (is_key(rest, "Limits:") || is_key(rest, "limits:")) {
        pod->in_limits = true;
        pod->in_requests = false;
        (*found)++;
    } else if (is_key(rest, "Requests:") || is_key(rest, "requests:")) {
        pod->in_requests = true;
        pod->in_limits = false;
    } else if (is_key(rest, "memory:") || is_key(rest, "Memory:")) {
        if (amount_take(&value, 1, &bytes))
            *(pod->in_requests ? &pod->request : &pod->limit) =
                pod->in_limits || pod->in_requests ? bytes : UNKNOWN;
    } else if ((is_key(rest, "Reason:") || is_key(rest, "reason:")) &&
               (span_begins(value, "OOMKilled") || span_begins(value, "OOM Killed"))) {
        pod->killed = true;
        pod->words = line;
        pod->killed_us = UNKNOWN;
        pod->killed_at = pod->at;
        (*found)++;
    } else if (is_key(rest, "Reason:") && span_begins(value, "Evicted")) {
        pod->evicted = true;
        pod->words = line;
        (*found)++;
    } else if (is_key(rest, "Message:") && pod->evicted) {
        pod->words = line;
    } else if (is_key(rest, "Container ID:") && *pod->container) {
        names_note(b->p, value, span_of(pod->container, strlen(pod->container)), UNKNOWN);
    } else if (is_key(rest, "name:")) {
        span_copy(value, pod->container, sizeof(pod->container));
    } else if (is_key(rest, "Exit Code:")) {
        if (span_is(value, "137") && !pod->killed) {
            pod->exited = true;
            pod->words = rest;
            pod->exited_at = pod->at;
        }
        (*found)++;
    } else if (is_key(rest, "Finished:") && pod->killed && !known(pod->killed_us)) {
        pod->killed_us = date_of(value);
    } else if (is_key(rest, "State:") || is_key(rest, "Last State:") ||
               is_key(rest, "Last Termination State:") || is_key(rest, "Restart Count:")) {
        (*found)++;
    } else if (span_empty(value) && rest.end[-1] == ':' && indent == pod->indent + 2 &&
               !is_key(rest, "Environment") && !is_key(rest, "Mounts")) {
        end_container(b, pod);
        span_copy((struct span){rest.at, rest.end - 1}, pod->container, sizeof(pod->container));
    }
}

static void push_killed_by(struct block *b, const char *killer, const char *scope,
                           struct span words)
{
    struct log_event event;

    log_event_init(&event, LOG_KILLED_BY);
    event.stamp.place = (struct klog_place){b->p->state->klog_file, b->place.line};
    snprintf(event.killer, sizeof(event.killer), "%s", killer);
    event.task_memcg = xstrdup(scope);
    event.words = span_dup(span_trim(words));
    vec_push(&b->p->s.log, event);
}

/* How far the pod's own keys stand from the left: a container's stand four further. */
static size_t indent_of(struct span text)
{
    static const char *const of_container[] = {
        "State:", "Last State:", "Image:",         "Container ID:",
        "Ready:", "Limits:",     "Restart Count:", "Requests:"};
    struct span line;

    while (span_take_line(&text, &line)) {
        struct span rest = span_trim(line);
        size_t indent = (size_t)(rest.at - line.at);

        if (is_key(rest, "Name:") || is_key(rest, "Namespace:") || is_key(rest, "Containers:"))
            return indent;
        for (unsigned i = 0; i < ARRAY_SIZE(of_container); i++)
            if (is_key(rest, of_container[i]) && indent >= 4)
                return indent - 4;
    }
    return 0;
}

unsigned kube_describe_parse(struct block *b, struct span text)
{
    struct pod pod = {.limit = UNKNOWN,
                      .killed_us = UNKNOWN,
                      .view = container_unknown(),
                      .request = UNKNOWN,
                      .capacity = UNKNOWN,
                      .allocatable = UNKNOWN,
                      .requested = UNKNOWN,
                      .indent = indent_of(text),
                      .at = {b->p->state->klog_file, b->place.line}};
    char scope[NAME_MAX_ * 3 + 8];
    struct span line;
    unsigned found = 0;

    kube_asked(b->command, pod.name, pod.space, sizeof(pod.name));
    for (; span_take_line(&text, &line); pod.at.line++)
        if (!span_empty(span_trim(line)))
            take_describe_line(b, &pod, line, &found);
    end_container(b, &pod);
    end_node(b, &pod);
    scope_of(&pod, "", scope);
    if (*pod.name)
        snprintf(b->p->state->described, sizeof(b->p->state->described), "%s", scope);
    if (pod.evicted && b->p->s.log.count < 1000)
        push_killed_by(b, "kubelet", scope, pod.words);
    return found;
}

/* "payments  etl-28  0/1  OOMKilled  3 (2m ago)  9m": a row whose head grep took away. */
static bool is_pod_row(struct span line)
{
    static const char *const states[] = {"OOMKilled", "Evicted", "CrashLoopBackOff"};
    struct fields f;

    fields_split(line, &f);
    for (unsigned ready = 1; ready <= 2 && ready + 3 < f.count; ready++) {
        struct span rest = f.at[ready];
        u64 is, of;

        if (!span_take_u64(&rest, &is) || !span_take(&rest, "/") || !span_take_u64(&rest, &of) ||
            !span_empty(rest) || !is_digit(*f.at[ready + 2].at))
            continue;
        for (unsigned i = 0; i < ARRAY_SIZE(states); i++)
            if (span_is(f.at[ready + 1], states[i]))
                return true;
    }
    return false;
}

/* "NAME READY STATUS RESTARTS AGE" with OOMKilled, Evicted or CrashLoopBackOff. */
bool kube_pods_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_have(line, "NAME READY STATUS RESTARTS AGE") || is_pod_row(line);
}

bool kube_pods_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 5 && (memchr(f.at[1].at, '/', span_len(f.at[1])) ||
                            memchr(f.at[2].at, '/', span_len(f.at[2])));
}

/* "14", "14 (3m ago)": how often the kubelet started its containers again. */
static void told_restarts(struct block *b, const char *scope, const struct fields *f, unsigned at)
{
    struct restarts_view view = {.count = 0};
    struct span word;

    if (at >= f->count)
        return;
    word = f->at[at];
    if (!span_take_u64(&word, &view.count) || !span_empty(word) || view.count == 0)
        return;
    snprintf(view.scope, sizeof(view.scope), "%s", scope);
    if (b->p->s.restarts.count < RESTARTS_MAX)
        vec_push(&b->p->s.restarts, view);
}

static void crash_loop(struct block *b, const char *scope, const struct fields *f, unsigned at,
                       u32 line)
{
    struct container_view view = container_unknown();
    struct span word = at + 1 < f->count ? f->at[at + 1] : f->at[at];

    snprintf(view.scope, sizeof(view.scope), "%s", scope);
    span_copy(f->at[at], view.state, sizeof(view.state));
    if (!span_take_u64(&word, &view.restarts))
        view.restarts = UNKNOWN;
    view.place = (struct klog_place){b->p->state->klog_file, line};
    block_container(b, &view);
}

unsigned kube_pods_parse(struct block *b, struct span text)
{
    struct span line;
    u32 number = b->place.line;
    unsigned rows = 0;

    for (; span_take_line(&text, &line); number++) {
        struct fields f;
        char scope[NAME_MAX_];
        bool spaced;

        fields_split(line, &f);
        if (!kube_pods_goes_on(b, line))
            continue;
        rows++;
        spaced = memchr(f.at[2].at, '/', span_len(f.at[2])) != NULL;
        snprintf(scope, sizeof(scope), "/%.*s",
                 (int)MIN(span_len(f.at[spaced]), (size_t)NAME_MAX_ - 2), f.at[spaced].at);
        told_restarts(b, scope, &f, 3 + spaced);
        if (span_is(f.at[2 + spaced], "OOMKilled"))
            block_told(b, &(struct told){.killer = "kubernetes",
                                         .scope = scope,
                                         .limit = UNKNOWN,
                                         .words = line,
                                         .wall_us = UNKNOWN,
                                         .line = number});
        if (span_is(f.at[2 + spaced], "CrashLoopBackOff"))
            crash_loop(b, scope, &f, 2 + spaced, number);
        if (span_is(f.at[2 + spaced], "Evicted") && b->p->s.log.count < 1000) {
            push_killed_by(b, "kubelet", scope, line);
            vec_last(&b->p->s.log).stamp.place.line = number;
        }
    }
    return rows;
}

/* "NAME CPU(cores) MEMORY(bytes)" and "NAME CPU(cores) CPU% MEMORY(bytes) MEMORY%". */
bool kube_top_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_find(line, "CPU(cores)") && span_find(line, "MEMORY(bytes)");
}

bool kube_top_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 3 && f.count <= 7 && is_digit(*f.at[f.count - 1].at);
}

unsigned kube_top_parse(struct block *b, struct span text)
{
    struct fields head = {.count = 0}, f;
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        unsigned memory, share, pod;
        char path[NAME_MAX_ * 2];
        u64 bytes;
        double percent;

        fields_split(line, &f);
        if (kube_top_begins(b, line)) {
            head = f;
            continue;
        }
        memory = fields_find(&head, "MEMORY(bytes)");
        share = fields_find(&head, "MEMORY%");
        if (share == FIELDS_MAX)
            share = fields_find(&head, "MEMORY(%)");
        if (memory >= f.count || !amount_of(f.at[memory], 1, &bytes))
            continue;
        rows++;
        if (share < f.count) {
            struct span word = f.at[share];

            /* A node: its memory is what the share is of. */
            if (decimal_take(&word, &percent) && percent > 0 && percent < 1000) {
                u64 total = (u64)((double)bytes * 100 / percent);

                snprintf(path, sizeof(path), "/node %.*s", (int)MIN(span_len(f.at[0]), (size_t)100),
                         f.at[0].at);
                for (char *at = path + 1; *at; at++)
                    if (*at == '/')
                        *at = '_';
                block_group(b, path, bytes, total);
            }
            continue;
        }
        pod = fields_find(&head, "NAMESPACE") == 0 ? 1 : 0;
        snprintf(path, sizeof(path), "/%.*s", (int)MIN(span_len(f.at[pod]), (size_t)150),
                 f.at[pod].at);
        /* --containers: a row for each of a pod. */
        if (fields_find(&head, "NAME") == pod + 1)
            snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%.*s",
                     (int)MIN(span_len(f.at[pod + 1]), (size_t)150), f.at[pod + 1].at);
        block_group(b, path, bytes, UNKNOWN);
    }
    return rows;
}
