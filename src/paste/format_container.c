/* format_container.c - containers, pods and units: docker, kubectl and systemctl. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

#define NAME_MAX_ 200

/* --- docker stats ----------------------------------------------------------------------------------------------------------- */
/*
 * CONTAINER ID   NAME      CPU %     MEM USAGE / LIMIT     MEM %     NET I/O   BLOCK I/O   PIDS
 * 1f2e3d4c5b6a   web       12.01%    511.9MiB / 512MiB     99.98%    1kB / 0B  0B / 0B     24
 */
bool docker_stats_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_find(line, "MEM USAGE / LIMIT") != NULL ||
           (span_begins(span_trim(line), "CONTAINER") && span_find(line, "MEM") &&
            span_find(line, "LIMIT")) ||
           (words_begin(line, "ID NAME CPU %") && span_find(line, "MEM USAGE"));
}

/* "511.9MiB / 512MiB": the first pair of amounts around a slash. */
static bool take_usage(struct span line, u64 *used, u64 *limit, const char **ret_at)
{
    for (const char *at = line.at; (at = memchr(at, '/', (size_t)(line.end - at))); at++) {
        const char *start = at;
        struct span left, right = {at + 1, line.end};

        while (start > line.at && start[-1] == ' ')
            start--;
        while (start > line.at && start[-1] != ' ')
            start--;
        /* "511.9 MiB" with a blank before its unit */
        if (!is_digit(*start) && start > line.at) {
            while (start > line.at && start[-1] == ' ')
                start--;
            while (start > line.at && start[-1] != ' ')
                start--;
        }
        left = (struct span){start, at};
        if (amount_take(&left, 0, used) && span_empty(span_trim(left)) &&
            amount_take(&right, 0, limit) && *limit > 0) {
            *ret_at = start;
            return true;
        }
    }
    return false;
}

bool docker_stats_goes_on(const struct block *b, struct span line)
{
    u64 used, limit;
    const char *at;

    return docker_stats_begins(b, line) || take_usage(line, &used, &limit, &at);
}

struct container {
    char name[NAME_MAX_];
    u64 used, limit;
};

unsigned docker_stats_parse(struct block *b, struct span text)
{
    VEC(struct container) all = {0};
    struct span line;
    bool has_name = true, has_id = true;
    u64 largest = 0;
    unsigned at_largest = 0, rows;

    while (span_take_line(&text, &line)) {
        struct container c;
        struct fields f;
        const char *at;
        unsigned column;

        if (docker_stats_begins(b, line)) {
            has_name = span_find(line, "NAME") != NULL;
            has_id = span_find(line, "CONTAINER ID") || words_begin(line, "ID NAME") ||
                     span_find(line, "CONTAINER");
            continue;
        }
        if (!take_usage(line, &c.used, &c.limit, &at))
            continue;
        fields_split((struct span){line.at, at}, &f);
        column = has_name && has_id ? 1 : 0;
        if (f.count == 0)
            snprintf(c.name, sizeof(c.name), "container");
        else
            span_copy(f.at[MIN(column, f.count - 1)], c.name, sizeof(c.name));
        vec_push(&all, c);
        largest = MAX(largest, c.limit);
    }
    vec_for_each (&all, c)
        at_largest += c->limit == largest;
    /* A container without a limit shows the machine's memory: so do all of them alike. */
    vec_for_each (&all, c) {
        char path[NAME_MAX_ + 16];
        bool none = c->limit == largest &&
                    (at_largest > 1 || known(b->p->state->meminfo[MI_MEM_TOTAL])) &&
                    (at_largest > 1 || c->limit * 10 > b->p->state->meminfo[MI_MEM_TOTAL] * 9);

        snprintf(path, sizeof(path), "/docker/%s", c->name);
        for (char *at = path + 8; *at; at++)
            if (*at == '/')
                *at = '_';
        block_group(b, path, c->used, none ? NO_LIMIT : c->limit);
        if (none)
            block_meminfo(b, MI_MEM_TOTAL, c->limit, RANK_ROUNDED);
    }
    rows = (unsigned)all.count;
    vec_done(&all);
    return rows;
}

/* docker inspect: "OOMKilled": true among lines of JSON. */
static bool json_text(struct span line, const char *key, struct span *ret)
{
    const char *at = span_find(line, key);
    struct span rest;

    if (!at)
        return false;
    rest = span_trim((struct span){at + strlen(key), line.end});
    if (!span_empty(rest) && *rest.at == ':')
        rest.at++;
    rest = span_trim(rest);
    while (!span_empty(rest) && (rest.end[-1] == ',' || rest.end[-1] == '"'))
        rest.end--;
    if (!span_empty(rest) && *rest.at == '"')
        rest.at++;
    *ret = rest;
    return true;
}

bool docker_inspect_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    return span_begins(rest, "\"Id\":") || span_begins(rest, "\"State\":") ||
           span_find(rest, "\"OOMKilled\":") || span_begins(rest, "OOMKilled:") ||
           span_begins(rest, "OOMKilled=");
}

bool docker_inspect_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    return !span_empty(rest) && (docker_inspect_begins(b, line) || strchr("\"{}[]", *rest.at));
}

unsigned docker_inspect_parse(struct block *b, struct span text)
{
    char name[NAME_MAX_] = "", scope[NAME_MAX_ + 16];
    struct span line, value, words = span_of("", 0);
    bool killed = false, seen = false;
    u64 limit = UNKNOWN, exit_code = 0;

    while (span_take_line(&text, &line)) {
        if (json_text(line, "\"OOMKilled\"", &value) || json_text(line, "OOMKilled", &value)) {
            killed = span_begins(value, "true");
            words = line;
            seen = true;
        } else if (json_text(line, "\"Name\"", &value) && span_begins(value, "/")) {
            span_copy((struct span){value.at + 1, value.end}, name, sizeof(name));
        } else if (json_text(line, "\"Memory\"", &value)) {
            u64 bytes;

            if (span_take_u64(&value, &bytes) && bytes)
                limit = bytes;
        } else if (json_text(line, "\"ExitCode\"", &value)) {
            span_take_u64(&value, &exit_code);
            seen = true;
        }
    }
    if (!seen)
        return 0;
    snprintf(scope, sizeof(scope), "/docker/%s", *name ? name : "container");
    if (known(limit))
        block_group(b, scope, UNKNOWN, limit);
    if (killed)
        block_told(b, &(struct told){.killer = "docker",
                                     .scope = scope,
                                     .limit = limit,
                                     .words = words,
                                     .wall_us = UNKNOWN});
    return 1;
}

/* --- kubectl --------------------------------------------------------------------------------------------------------------------- */
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
                                       "lastState:",
                                       "reason: OOMKilled",
                                       "- containerID:",
                                       "containerStatuses:",
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
    if (span_empty(rest))
        return false;
    return memchr(rest.at, ':', span_len(rest)) != NULL || is_blank(*line.at) || *rest.at == '-';
}

struct pod {
    char name[NAME_MAX_], space[NAME_MAX_], container[NAME_MAX_];
    u64 limit, request;
    bool in_limits, in_requests, in_last, killed, evicted, pressure;
    u64 exit_code;
    u32 killed_containers;
    struct span words;
    char killed_name[NAME_MAX_];
    u64 killed_limit;
    char reason[NAME_MAX_];
};

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
                                     .wall_us = UNKNOWN});
    }
    if (known(pod->limit)) {
        scope_of(pod, pod->container, scope);
        block_group(b, scope, UNKNOWN, pod->limit);
    }
    pod->killed = false;
    pod->limit = pod->request = UNKNOWN;
    pod->in_limits = pod->in_requests = false;
}

static struct span value_after(struct span rest)
{
    const char *colon = memchr(rest.at, ':', span_len(rest));

    return span_trim((struct span){colon ? colon + 1 : rest.end, rest.end});
}

static void take_describe_line(struct block *b, struct pod *pod, struct span line, unsigned *found)
{
    struct span rest = span_trim(line), value = value_after(rest);
    size_t indent = (size_t)(rest.at - line.at);
    u64 bytes;

    if (is_key(rest, "Name:") && indent == 0) {
        span_copy(value, pod->name, sizeof(pod->name));
    } else if (is_key(rest, "Namespace:") && indent == 0) {
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
        (*found)++;
    } else if (is_key(rest, "Reason:") && span_begins(value, "Evicted")) {
        pod->evicted = true;
        pod->words = line;
        (*found)++;
    } else if (is_key(rest, "Message:") && pod->evicted) {
        pod->words = line;
    } else if (is_key(rest, "name:")) {
        span_copy(value, pod->container, sizeof(pod->container));
    } else if (is_key(rest, "State:") || is_key(rest, "Last State:") ||
               is_key(rest, "Last Termination State:") || is_key(rest, "Exit Code:") ||
               is_key(rest, "Restart Count:")) {
        (*found)++;
    } else if (is_key(rest, "MemoryPressure")) {
        pod->pressure = span_find(rest, "True") != NULL;
        (*found)++;
    } else if (span_empty(value) && rest.end[-1] == ':' && indent == 2 &&
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

unsigned kube_describe_parse(struct block *b, struct span text)
{
    struct pod pod = {.limit = UNKNOWN, .request = UNKNOWN, .killed_limit = UNKNOWN};
    char scope[NAME_MAX_ * 3 + 8];
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line))
        if (!span_empty(span_trim(line)))
            take_describe_line(b, &pod, line, &found);
    end_container(b, &pod);
    scope_of(&pod, "", scope);
    if (pod.evicted && b->p->s.log.count < 1000)
        push_killed_by(b, "kubelet", scope, pod.words);
    return found;
}

/* "NAME READY STATUS RESTARTS AGE" with OOMKilled, Evicted or CrashLoopBackOff. */
bool kube_pods_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_have(line, "NAME READY STATUS RESTARTS AGE");
}

bool kube_pods_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 5 && (memchr(f.at[1].at, '/', span_len(f.at[1])) ||
                            memchr(f.at[2].at, '/', span_len(f.at[2])));
}

unsigned kube_pods_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
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
        if (span_is(f.at[2 + spaced], "OOMKilled"))
            block_told(b, &(struct told){.killer = "kubernetes",
                                         .scope = scope,
                                         .limit = UNKNOWN,
                                         .words = line,
                                         .wall_us = UNKNOWN});
        else if (span_is(f.at[2 + spaced], "Evicted") && b->p->s.log.count < 1000)
            push_killed_by(b, "kubelet", scope, line);
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
        block_group(b, path, bytes, UNKNOWN);
    }
    return rows;
}

/* --- units -------------------------------------------------------------------------------------------------------------------------- */
/*
 * ● web.service - The web server
 *      Active: failed (Result: oom-kill) since Tue 2024-09-03 05:57:48 UTC; 3min ago
 *      Memory: 1.0G (max: 1.0G available: 0B peak: 1.0G)
 * or MemoryCurrent=..., MemoryMax=..., Result=oom-kill
 */
bool unit_status_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    (void)b;
    return span_begins(rest, "● ") || span_begins(rest, "× ") || span_begins(rest, "○ ") ||
           span_begins(rest, "↻ ") || (span_begins(rest, "Loaded: loaded")) ||
           (span_begins(rest, "Active: ") && span_find(rest, "since")) ||
           span_begins(rest, "MemoryCurrent=") || span_begins(rest, "Result=oom-kill") ||
           span_begins(rest, "MemoryMax=") ||
           (span_begins(rest, "* ") && span_find(rest, ".service - "));
}

bool unit_status_goes_on(const struct block *b, struct span line)
{
    static const char *const keys[] = {
        "Loaded:",     "Active:",      "Main PID:", "Process:", "Tasks:", "Memory:", "CPU:",
        "CGroup:",     "Docs:",        "Drop-In:",  "Status:",  "IO:",    "IP:",     "Duration:",
        "Invocation:", "TriggeredBy:", "├",         "└",        "│",      "|-",      "`-"};
    struct span rest = span_trim(line);
    const char *equal;

    if (span_empty(rest))
        return false;
    if (unit_status_begins(b, line))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
        if (span_begins(rest, keys[i]))
            return true;
    equal = memchr(rest.at, '=', span_len(rest));
    return equal && rest.at == line.at && *rest.at >= 'A' && *rest.at <= 'Z' &&
           !memchr(rest.at, ' ', (size_t)(equal - rest.at));
}

struct unit {
    char name[NAME_MAX_];
    char slice[NAME_MAX_ * 2];
    u64 current, max;
    bool killed;
    struct span words;
};

static void take_unit_line(struct unit *u, struct span line)
{
    struct span rest = span_trim(line), word, tail = rest;

    if (span_begins(rest, "● ") || span_begins(rest, "× ") || span_begins(rest, "○ ") ||
        span_begins(rest, "↻ ") || span_begins(rest, "* ")) {
        if (span_take_word(&tail, &word) && span_take_word(&tail, &word))
            span_copy(word, u->name, sizeof(u->name));
    } else if (span_begins(rest, "Id=")) {
        span_copy((struct span){rest.at + 3, rest.end}, u->name, sizeof(u->name));
    } else if (span_begins(rest, "CGroup: ") || span_begins(rest, "ControlGroup=")) {
        const char *slash = memchr(rest.at, '/', span_len(rest));

        if (slash)
            span_copy((struct span){slash, rest.end}, u->slice, sizeof(u->slice));
    } else if (span_begins(rest, "Memory: ")) {
        u->current = amount_after(rest, "Memory: ");
        u->max = amount_after(rest, "max: ");
        if (!known(u->max))
            u->max = amount_after(rest, "limit: ");
    } else if (span_begins(rest, "MemoryCurrent=")) {
        u->current = amount_after(rest, "MemoryCurrent=");
    } else if (span_begins(rest, "MemoryMax=") || span_begins(rest, "MemoryLimit=")) {
        u64 max = amount_after(rest, "=");

        u->max = known(max) && max < (u64)1 << 60 ? max : NO_LIMIT;
    }
    if (span_find(rest, "Result: oom-kill") || span_begins(rest, "Result=oom-kill")) {
        u->killed = true;
        u->words = line;
    }
}

/* "systemctl show web.service -p Result". */
static void name_of_command(struct span command, struct unit *u)
{
    struct span word;
    bool shows = false;

    while (span_take_word(&command, &word)) {
        if (shows && *word.at != '-') {
            span_copy(word, u->name, sizeof(u->name));
            return;
        }
        shows |= span_is(word, "show") || span_is(word, "status");
    }
}

unsigned unit_status_parse(struct block *b, struct span text)
{
    struct unit u = {.current = UNKNOWN, .max = UNKNOWN};
    char path[NAME_MAX_ * 2 + 32];
    struct span line;
    unsigned lines = 0;

    while (span_take_line(&text, &line)) {
        take_unit_line(&u, line);
        lines++;
    }
    if (!*u.name)
        name_of_command(b->command, &u);
    if (!*u.name && !*u.slice && !known(u.current) && !u.killed)
        return 0;
    if (*u.slice)
        snprintf(path, sizeof(path), "%s", u.slice);
    else
        snprintf(path, sizeof(path), "/system.slice/%s", *u.name ? u.name : "a unit");
    if (known(u.current) && u.current < (u64)1 << 60)
        block_group(b, path, u.current, u.max);
    else if (known(u.max))
        block_group(b, path, UNKNOWN, u.max);
    if (u.killed)
        block_told(b, &(struct told){.killer = "systemd",
                                     .scope = path,
                                     .limit = known(u.max) && u.max < NO_LIMIT ? u.max : UNKNOWN,
                                     .words = u.words,
                                     .wall_us = UNKNOWN});
    return lines;
}

/* "Control Group                     Tasks   %CPU   Memory  Input/s Output/s" */
bool cgtop_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "Control Group Tasks %CPU Memory") ||
           words_begin(line, "CGroup Tasks %CPU Memory");
}

bool cgtop_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return !span_empty(line) && (*line.at == '/' || span_find(line, ".slice") ||
                                 span_find(line, ".service") || span_find(line, ".scope"));
}

unsigned cgtop_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        struct fields f;
        char path[NAME_MAX_ * 2];
        u64 bytes;

        fields_split(line, &f);
        if (f.count < 4 || cgtop_begins(b, line) || !amount_of(f.at[3], 1, &bytes))
            continue;
        snprintf(path, sizeof(path), "%s%.*s", *f.at[0].at == '/' ? "" : "/",
                 (int)MIN(span_len(f.at[0]), (size_t)300), f.at[0].at);
        if (strcmp(path, "/") != 0)
            block_group(b, path, bytes, UNKNOWN);
        rows++;
    }
    return rows;
}
