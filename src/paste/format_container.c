/* format_container.c - what container runtimes print: docker, podman, crictl. */
#include "paste/block.h"
#include "paste/objects.h"
#include "paste/state_int.h"

#include <stdio.h>

#define NAME_MAX_ 200

/* --- docker stats ----------------------------------------------------------------------------- */
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

/* podman prints the same tables and objects under names of its own. */
static const char *runtime_of(const struct block *b, struct span text)
{
    static const char *const signs[] = {"ConmonPidFile", "libpod", "ID NAME CPU %", "AVG CPU %"};

    if (span_find(b->command, "podman"))
        return "podman";
    for (unsigned i = 0; i < ARRAY_SIZE(signs); i++)
        if (span_find(text, signs[i]))
            return "podman";
    return "docker";
}

/* "MB" is a million here, and "MiB" is not: podman and docker before 17.05 print the former. */
static bool take_size(struct span *rest, u64 *ret)
{
    static const char letters[] = "kMGT";
    struct span whole = *rest;
    const char *letter;
    double value = 0;

    if (!amount_take(rest, 0, ret))
        return false;
    whole.end = rest->at;
    letter = span_len(whole) > 2 && whole.end[-1] == 'B' ? strchr(letters, whole.end[-2]) : NULL;
    if (!letter)
        return true;
    value = (double)*ret;
    for (const char *at = letters; at <= letter; at++)
        value *= 1000.0 / 1024;
    *ret = (u64)(value + 0.5);
    return true;
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
        if (take_size(&left, used) && span_empty(span_trim(left)) && take_size(&right, limit) &&
            *limit > 0) {
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
    u64 blocks_read; /* UNKNOWN */
};

/* What stands behind "511.9MiB / 512MiB". */
static struct span behind_limit(struct span usage)
{
    const char *slash = memchr(usage.at, '/', span_len(usage));
    struct span rest = {slash ? slash + 1 : usage.end, usage.end};
    u64 bytes;

    take_size(&rest, &bytes);
    return rest;
}

/* "1.2GB / 3.4GB     812GB / 4.1GB": of NET I/O and BLOCK I/O what the second has in front. */
static u64 blocks_read(struct span after_limit)
{
    const char *first = memchr(after_limit.at, '/', span_len(after_limit)), *second;
    struct span rest;
    u64 bytes;

    if (!first || !(second = memchr(first + 1, '/', (size_t)(after_limit.end - first - 1))))
        return UNKNOWN;
    while (second > first && second[-1] == ' ')
        second--;
    rest.end = rest.at = second;
    while (rest.at > first && rest.at[-1] != ' ')
        rest.at--;
    return take_size(&rest, &bytes) && span_empty(span_trim(rest)) ? bytes : UNKNOWN;
}

unsigned docker_stats_parse(struct block *b, struct span text)
{
    VEC(struct container) all = {0};
    const char *runtime = runtime_of(b, text);
    struct span line;
    bool has_name = true, has_id = true, has_blocks = false;
    u64 largest = 0;
    unsigned at_largest = 0, rows;

    while (span_take_line(&text, &line)) {
        struct container c;
        struct fields f;
        const char *at;
        unsigned column;

        if (docker_stats_begins(b, line)) {
            has_name = span_find(line, "NAME") != NULL;
            has_blocks = span_find(line, "NET I") && span_find(line, "BLOCK I");
            has_id = span_find(line, "CONTAINER ID") || words_begin(line, "ID NAME") ||
                     span_find(line, "CONTAINER");
            continue;
        }
        if (!take_usage(line, &c.used, &c.limit, &at))
            continue;
        c.blocks_read =
            has_blocks ? blocks_read(behind_limit((struct span){at, line.end})) : UNKNOWN;
        fields_split((struct span){line.at, at}, &f);
        column = has_name && has_id ? 1 : 0;
        if (f.count == 0)
            snprintf(c.name, sizeof(c.name), "container");
        else
            span_copy(f.at[MIN(column, f.count - 1)], c.name, sizeof(c.name));
        if (column == 1 && f.count > 1)
            names_note(b->p, f.at[0], f.at[1], UNKNOWN);
        vec_push(&all, c);
        largest = MAX(largest, c.limit);
    }
    vec_for_each (&all, c)
        at_largest += c->limit == largest;
    /* A container without a limit shows the machine's memory: so do all of them alike. */
    vec_for_each (&all, c) {
        char path[NAME_MAX_ + 16];
        bool none = c->limit == largest && at_largest > 1;

        snprintf(path, sizeof(path), "/%s/%s", runtime, c->name);
        for (char *at = path + 8; *at; at++)
            if (*at == '/')
                *at = '_';
        block_group(b, path, c->used, none ? NO_LIMIT : c->limit);
        if (known(c->blocks_read)) {
            struct container_view view = container_unknown();

            snprintf(view.scope, sizeof(view.scope), "%.199s", path);
            view.blocks_read = c->blocks_read;
            block_container(b, &view);
        }
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
    struct span rest = span_trim(line), id = rest;

    (void)b;
    return (span_take(&id, "\"Id\":") && span_take(&id, "\"")) || span_begins(rest, "\"State\":") ||
           span_find(rest, "\"OOMKilled\":") || span_begins(rest, "OOMKilled:") ||
           span_begins(rest, "OOMKilled=");
}

bool docker_inspect_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    return !span_empty(rest) && (docker_inspect_begins(b, line) || strchr("\"{}[]", *rest.at));
}

/* "docker inspect web": of whom it was asked. */
static void take_asked(struct span command, char name[NAME_MAX_])
{
    const char *at = span_find(command, " inspect ");
    struct span rest = {at ? at + 9 : command.end, command.end}, word;

    if (at && span_take_word(&rest, &word) && *word.at != '-' && *word.at != '|')
        span_copy(word, name, NAME_MAX_);
}

/* What is said of one container. */
struct inspected {
    char name[NAME_MAX_];
    struct span id;
    bool seen, killed;
    struct container_view view;
    u64 limit, exit_code, finished;
    struct span words, exit_words;
    u32 line, exit_line;
};

static void take_key(struct inspected *c, struct span key, struct span value, struct span words,
                     u32 line)
{
    if (span_is(key, "OOMKilled")) {
        c->killed = span_begins(value, "true");
        c->view.killed_told = true;
        c->view.killed = c->killed;
        c->words = words;
        c->line = line;
        c->seen = true;
    } else if (span_is(key, "Status") && !*c->view.state && !span_find(value, "healthy")) {
        span_copy(value, c->view.state, sizeof(c->view.state));
    } else if (span_is(key, "RestartCount")) {
        if (!span_take_u64(&value, &c->view.restarts))
            c->view.restarts = UNKNOWN;
    } else if (span_is(key, "Id")) {
        c->id = value;
    } else if (span_is(key, "Name") && span_begins(value, "/")) {
        span_copy((struct span){value.at + 1, value.end}, c->name, sizeof(c->name));
    } else if (span_is(key, "FinishedAt")) {
        struct prefix_log dates = {.latest_year = 1970};
        struct prefix prefix;

        prefix_take(value, &dates, &prefix);
        c->finished = prefix.wall_us;
    } else if (span_is(key, "Memory")) {
        u64 bytes;

        if (span_take_u64(&value, &bytes) && bytes)
            c->limit = bytes;
    } else if (span_is(key, "ExitCode")) {
        if (!span_take_u64(&value, &c->exit_code))
            c->exit_code = 0;
        c->view.exit_code = c->exit_code;
        c->exit_words = words;
        c->exit_line = line;
        c->seen = true;
    }
}

static void tell_inspected(struct block *b, struct inspected *c)
{
    char scope[NAME_MAX_ + 16];

    if (!*c->name)
        take_asked(b->command, c->name);
    snprintf(c->view.scope, sizeof(c->view.scope), "%s", *c->name ? c->name : "a container");
    c->view.limit = c->limit;
    c->view.place =
        (struct klog_place){b->p->state->klog_file, c->exit_line ? c->exit_line : c->line};
    block_container(b, &c->view);
    if (c->exit_code == 137 && !c->killed)
        sigkill_push(b->p, "docker", c->view.scope, c->exit_words,
                     (struct klog_place){b->p->state->klog_file, c->exit_line});
    if (*c->name)
        names_note(b->p, c->id, span_of(c->name, strlen(c->name)), c->limit);
    snprintf(scope, sizeof(scope), "/docker/%s", *c->name ? c->name : "container");
    if (known(c->limit))
        block_group(b, scope, UNKNOWN, c->limit);
    if (c->killed)
        block_told(b, &(struct told){.killer = "docker",
                                     .scope = scope,
                                     .limit = c->limit,
                                     .words = c->words,
                                     .wall_us = c->finished,
                                     .line = c->line});
}

static struct inspected inspected_none(void)
{
    struct inspected c = {.limit = UNKNOWN, .finished = UNKNOWN, .view = container_unknown()};

    c.words = c.exit_words = c.id = span_of("", 0);
    return c;
}

/* The object of the container that a key is of: the one with its id, or the outermost that is no
 * list. */
static u32 container_at(const struct objects *o, u32 node)
{
    u32 at = objects_around(o, node, "Id"), last = OBJECT_NONE;

    if (at == OBJECT_NONE)
        at = objects_around(o, node, "HostConfig");
    if (at == OBJECT_NONE)
        at = objects_around(o, node, "Name");
    if (at != OBJECT_NONE)
        return at;
    for (at = o->nodes.items[node].around; at != OBJECT_NONE; at = o->nodes.items[at].around)
        last = at;
    return last;
}

/* JSON: one object a container. */
static unsigned inspect_objects(struct block *b, struct span text)
{
    struct objects o = {{0}};
    struct inspected c = inspected_none();
    u32 of = OBJECT_NONE;
    unsigned seen = 0;

    objects_read(&o, text, b->place.line);
    for (u32 i = 0; i < o.nodes.count; i++) {
        const struct object_node *node = &o.nodes.items[i];
        u32 container;

        if (span_empty(node->key) || span_empty(node->value))
            continue;
        container = container_at(&o, i);
        if (container != of) {
            seen += c.seen;
            if (c.seen)
                tell_inspected(b, &c);
            c = inspected_none();
            of = container;
        }
        take_key(&c, node->key, node->value, node->words, node->line);
    }
    seen += c.seen;
    if (c.seen)
        tell_inspected(b, &c);
    objects_done(&o);
    return seen;
}

/* "OOMKilled=true", "ExitCode: 137": what a template of --format prints. */
static unsigned inspect_lines(struct block *b, struct span text)
{
    static const char *const keys[] = {"OOMKilled", "FinishedAt",   "Memory",
                                       "ExitCode",  "RestartCount", "Status"};
    struct inspected c = inspected_none();
    struct span line, value;

    for (u32 number = b->place.line; span_take_line(&text, &line); number++)
        for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
            if (json_text(line, keys[i], &value))
                take_key(&c, span_of(keys[i], strlen(keys[i])), value, line, number);
    if (c.seen)
        tell_inspected(b, &c);
    return c.seen;
}

unsigned docker_inspect_parse(struct block *b, struct span text)
{
    unsigned containers = span_find(text, "\":") ? inspect_objects(b, text) : 0;

    return containers ? containers : inspect_lines(b, text);
}

/* --- docker ps -------------------------------------------------------------------------------- */
/*
 * CONTAINER ID   IMAGE        COMMAND       CREATED       STATUS                       PORTS
 *                NAMES
 * 1f2e3d4c5b6a   web:latest   "/start.sh"   2 hours ago   Exited (137) 3 minutes ago
 *                web
 *
 * What the table tells of memory is which containers signal 9 ended.
 */
/* "NAME IMAGE COMMAND SERVICE CREATED STATUS PORTS" of docker compose ps: the name comes first. */
static bool is_compose(struct span line)
{
    return words_begin(line, "NAME") && span_find(line, "SERVICE") && span_find(line, "STATUS");
}

bool docker_ps_begins(const struct block *b, struct span line)
{
    (void)b;
    return (words_begin(line, "CONTAINER ID") && span_find(line, "STATUS")) || is_compose(line);
}

bool docker_ps_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 4 &&
           (span_find(line, "Exited (") || span_find(line, " Up ") || span_find(line, "Created") ||
            span_find(line, "Restarting (") || span_find(line, "Dead"));
}

unsigned docker_ps_parse(struct block *b, struct span text)
{
    struct klog_place place = {b->p->state->klog_file, b->place.line};
    bool podman = span_find(b->command, "podman") != NULL, compose = false;
    struct span line;
    unsigned rows = 0;

    for (; span_take_line(&text, &line); place.line++) {
        struct fields f;
        char name[NAME_MAX_];

        if (docker_ps_begins(b, line)) {
            compose = is_compose(line);
            continue;
        }
        rows++;
        fields_split(line, &f);
        if (f.count > 1 && !compose)
            names_note(b->p, f.at[0], f.at[f.count - 1], UNKNOWN);
        if (!span_find(line, "Exited (137)") && !span_find(line, "Restarting (137)"))
            continue;
        span_copy(f.at[compose ? 0 : f.count - 1], name, sizeof(name));
        /* It may be one that another table says more of. */
        sigkill_push(b->p, podman ? "podman ps" : "docker ps", name, line, place);
    }
    return rows + 1;
}

/* --- crictl ps -------------------------------------------------------------------------------- */
/*
 * CONTAINER       IMAGE           CREATED          STATE     NAME   ATTEMPT   POD ID          POD
 * 1f2e3d4c5b6a7   3f8a4339aadda   2 minutes ago    Running   web    3         0a1b2c3d4e5f6
 *                 web-6d4cf56db6-8xkzp
 *
 * Before 1.24 without the last column. It tells whose the ids of a log are.
 */
bool crictl_ps_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "CONTAINER") && words_have(line, "STATE NAME ATTEMPT POD ID");
}

static unsigned state_at(const struct fields *f)
{
    static const char *const states[] = {"Running", "Exited", "Created", "Unknown"};

    for (unsigned i = 2; i + 3 < f->count; i++)
        for (unsigned k = 0; k < ARRAY_SIZE(states); k++)
            if (span_is(f->at[i], states[k]) && is_digit(*f->at[i + 2].at))
                return i;
    return 0;
}

bool crictl_ps_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return state_at(&f) > 0;
}

unsigned crictl_ps_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        struct fields f;
        char name[NAME_MAX_];
        unsigned at;

        fields_split(line, &f);
        at = state_at(&f);
        if (!at)
            continue;
        rows++;
        if (f.count > at + 4)
            snprintf(name, sizeof(name), "%.*s of %.*s",
                     (int)MIN(span_len(f.at[at + 1]), (size_t)60), f.at[at + 1].at,
                     (int)MIN(span_len(f.at[at + 4]), (size_t)60), f.at[at + 4].at);
        else
            span_copy(f.at[at + 1], name, sizeof(name));
        names_note(b->p, f.at[0], span_of(name, strlen(name)), UNKNOWN);
    }
    return rows + 1;
}

/* --- crictl stats ----------------------------------------------------------------------------- */

/* "CONTAINER  NAME  CPU %  MEM  DISK  INODES"; older ones have no name. */
bool crictl_stats_begins(const struct block *b, struct span line)
{
    (void)b;
    return words_begin(line, "CONTAINER") && span_find(line, "CPU %") && span_find(line, " MEM ") &&
           span_find(line, "INODES");
}

bool crictl_stats_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count >= 5 && is_digit(*f.at[f.count - 1].at) && is_digit(*f.at[f.count - 3].at);
}

unsigned crictl_stats_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;
    bool named = false;

    while (span_take_line(&text, &line)) {
        char path[NAME_MAX_ + 8];
        struct fields f;
        u64 bytes;

        fields_split(line, &f);
        if (crictl_stats_begins(b, line)) {
            named = fields_find(&f, "NAME") == 1;
            continue;
        }
        if (f.count < 5 || !amount_of(f.at[f.count - 3], 1, &bytes))
            continue;
        path[0] = '/';
        if (named)
            names_note(b->p, f.at[0], f.at[1], UNKNOWN);
        span_copy(f.at[named ? 1 : 0], path + 1, NAME_MAX_);
        for (char *at = path + 1; *at; at++)
            if (*at == '/')
                *at = '_';
        block_group(b, path, bytes, UNKNOWN);
        rows++;
    }
    return rows;
}
