/* format_answer.c - short answers that mean something only beside the command that was asked: a
 * figure, a word, a name.
 *
 * Each is told by the shell's line that stands before it, or by what is printed in front of the
 * figure.
 */
#include "paste/state_int.h"

#include <stdio.h>

#define NAME_MAX_ 200
#define ROWS_MAX_ 64

/* --- vmware-toolbox-cmd ----------------------------------------------------------------------- */
/*
 * $ vmware-toolbox-cmd stat balloon
 * 9216 MB
 *
 * "stat raw text resources" and "stat raw text session" have it in KiB: "guest.mem.ballooned =
 * 16712052".
 */
#define RAW "guest.mem.balloon"

bool balloon_stat_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);
    u64 figure;

    if (span_begins(rest, RAW))
        return true;
    return span_find(b->command, "vmware-toolbox-cmd") && span_find(b->command, "balloon") &&
           span_take_u64(&rest, &figure) && span_is(span_trim(rest), "MB");
}

bool balloon_stat_goes_on(const struct block *b, struct span line)
{
    (void)b;
    (void)line;
    return false;
}

unsigned balloon_stat_parse(struct block *b, struct span text)
{
    struct span rest, word;
    bool raw;
    u64 figure;

    if (!span_take_line(&text, &rest))
        return 0;
    rest = span_trim(rest);
    raw = span_take(&rest, RAW);
    if (raw &&
        (!span_take_word(&rest, &word) || !span_take_word(&rest, &word) || !span_is(word, "=")))
        return 0;
    span_skip_blanks(&rest);
    if (!span_take_u64(&rest, &figure) || figure > (u64)1 << 40)
        return 0;
    block_meminfo(b, MI_BALLOON, figure * (raw ? KIB : MIB), RANK_ROUNDED);
    return 1;
}

/* --- docker inspect --format ------------------------------------------------------------------ */
/*
 * $ docker inspect web --format '{{.State.OOMKilled}} {{.State.ExitCode}} {{.HostConfig.Memory}}'
 * true 137 268435456
 */
static bool asks_kill(const struct block *b)
{
    return span_find(b->command, "inspect") && span_find(b->command, ".State.OOMKilled");
}

bool inspected_begins(const struct block *b, struct span line)
{
    return asks_kill(b) && (span_find(line, "true") || span_find(line, "false"));
}

bool inspected_goes_on(const struct block *b, struct span line)
{
    (void)b;
    (void)line;
    return false;
}

/* What is inspected: the word that is neither an option nor of the template. */
static void inspected_name(struct span command, char name[NAME_MAX_])
{
    const char *at = span_find(command, "inspect");
    struct span rest = {at ? at + strlen("inspect") : command.end, command.end}, word;
    bool value = false, template = false;

    name[0] = '\0';
    while (span_take_word(&rest, &word)) {
        bool opens = span_find(word, "{{") != NULL, closes = span_find(word, "}}") != NULL;

        if (span_is(word, "|") || span_is(word, ";") || span_is(word, "&&"))
            return;
        if (template || opens) {
            template = !closes || !(strchr("'\"", word.end[-1]));
            value = false;
        } else if (*word.at == '-') {
            value = span_is(word, "-f") || span_is(word, "--format");
        } else if (value || strchr("'\"", *word.at)) {
            value = false;
        } else {
            span_copy(word, name, NAME_MAX_);
        }
    }
}

unsigned inspected_parse(struct block *b, struct span text)
{
    struct told told = {
        .killer = "docker", .comm = "", .limit = UNKNOWN, .words = text, .wall_us = UNKNOWN};
    struct span command = b->command, rest, word;
    const char *at;
    char name[NAME_MAX_];
    struct container_view view = container_unknown();
    unsigned field = 0;
    bool killed = false;

    if (!span_take_line(&text, &rest))
        return 0;
    told.words = rest;
    inspected_name(command, name);
    /* The answer's words come in the order of the template's. */
    while ((at = span_find(command, "{{")) && span_take_word(&rest, &word)) {
        const char *end = span_find((struct span){at, command.end}, "}}");
        struct span asked = {at, end ? end : command.end};
        const char *equals = memrchr(word.at, '=', span_len(word));
        u64 bytes;

        if (equals)
            word.at = equals + 1;
        killed |= span_find(asked, ".State.OOMKilled") && span_begins(word, "true");
        if (span_find(asked, ".HostConfig.Memory") && !span_find(asked, "Swap") &&
            span_take_u64(&word, &bytes) && bytes > 0)
            told.limit = bytes;
        if ((span_find(asked, ".State.ExitCode") && !span_take_u64(&word, &view.exit_code)) ||
            (span_find(asked, ".RestartCount") && !span_take_u64(&word, &view.restarts)))
            return 0;
        command.at = asked.end;
        field++;
    }
    snprintf(view.scope, sizeof(view.scope), "%s", *name ? name : "a container");
    view.killed_told = true;
    view.killed = killed;
    view.limit = told.limit;
    view.place = (struct klog_place){b->p->state->klog_file, b->place.line};
    block_container(b, &view);
    if (!killed && view.exit_code == 137)
        sigkill_push(b->p, "docker", view.scope, told.words, view.place);
    if (!killed)
        return field > 0;
    told.scope = *name ? name : NULL;
    block_told(b, &told);
    return 1;
}

/* --- kubectl get -o jsonpath ------------------------------------------------------------------ */
/*
 * $ kubectl get pod api-5d9c -o jsonpath='{range
 * .spec.containers[*]}{.name}{"\t"}{.resources.limits.memory}{"\n"}{end}' api 512Mi
 */
bool limits_asked_begins(const struct block *b, struct span line)
{
    struct fields f;
    u64 bytes;

    if (!span_find(b->command, "limits.memory"))
        return false;
    fields_split(line, &f);
    return f.count > 0 && f.count <= 3 && amount_of(f.at[f.count - 1], 1, &bytes);
}

bool limits_asked_goes_on(const struct block *b, struct span line)
{
    return limits_asked_begins(b, line);
}

/* The containers that a table of this text has under that name; any, without a name. */
static unsigned limit_groups(struct block *b, struct span pod, struct span name, u64 bytes)
{
    const struct tree *tree = &b->p->state->tree;
    char paths[ROWS_MAX_][NAME_MAX_ * 2];
    unsigned found = 0;

    vec_for_each (&tree->files, f) {
        static const char top[] = "sys/fs/cgroup/", file[] = "/memory.current";
        size_t len = strlen(f->path);
        struct span path = {f->path, f->path + len}, part;

        if (found == ROWS_MAX_ || !span_begins(path, top) || !span_ends(path, file))
            continue;
        path = (struct span){f->path + strlen(top) - 1, f->path + len - strlen(file)};
        part = path;
        part.at = memrchr(path.at, '/', span_len(path));
        part.at++;
        if (span_len(path) >= sizeof(paths[0]) ||
            (!span_empty(pod) && !memmem(path.at, span_len(path), pod.at, span_len(pod))) ||
            (!span_empty(name) &&
             (span_len(name) != span_len(part) || memcmp(name.at, part.at, span_len(part)) != 0)))
            continue;
        span_copy(path, paths[found++], sizeof(paths[0]));
    }
    /* A figure without a name is of the only one there is. */
    if (span_empty(name) && found != 1)
        return 0;
    for (unsigned i = 0; i < found; i++)
        block_group(b, paths[i], UNKNOWN, bytes);
    return found;
}

unsigned limits_asked_parse(struct block *b, struct span text)
{
    char pod[NAME_MAX_] = "", space[NAME_MAX_] = "";
    struct span line;
    unsigned rows = 0;

    kube_asked(b->command, pod, space, sizeof(pod));
    while (span_take_line(&text, &line)) {
        struct fields f;
        struct span name = {line.at, line.at};
        u64 bytes;

        fields_split(line, &f);
        if (f.count == 0 || !amount_of(f.at[f.count - 1], 1, &bytes) || bytes == 0)
            continue;
        if (f.count > 1)
            name = f.at[f.count - 2];
        rows++;
        limit_groups(b, span_of(pod, strlen(pod)), name, bytes);
    }
    return rows;
}

/* --- systemd-run ------------------------------------------------------------------------------ */
/*
 * $ systemd-run --scope -p MemoryMax=500M ./train.sh
 * Running scope as unit: run-r0a1b2c.scope
 */
bool unit_run_begins(const struct block *b, struct span line)
{
    return span_find(b->command, "systemd-run") && span_begins(line, "Running ") &&
           span_find(line, "as unit: ");
}

bool unit_run_goes_on(const struct block *b, struct span line)
{
    (void)b;
    (void)line;
    return false;
}

unsigned unit_run_parse(struct block *b, struct span text)
{
    static const char *const limits[] = {"MemoryMax=", "MemoryLimit="};
    struct span line, rest, unit;
    const char *at;
    char path[NAME_MAX_];

    if (!span_take_line(&text, &line) || !(at = span_find(line, "as unit: ")))
        return 0;
    rest = (struct span){at + strlen("as unit: "), line.end};
    if (!span_take_word(&rest, &unit) || span_len(unit) > 150)
        return 0;
    if (unit.end[-1] == ';' || unit.end[-1] == '.')
        unit.end--;
    snprintf(path, sizeof(path), "/%.*s", (int)span_len(unit), unit.at);
    for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
        u64 bytes = amount_after(b->command, limits[i]);

        if (known(bytes) && bytes < NO_LIMIT && bytes > 0)
            block_sizing(b, path, UNKNOWN, bytes);
    }
    return 1;
}

/* --- nomad alloc status ----------------------------------------------------------------------- */
/*
 * Task "render" is "dead"
 * Task Resources:
 * CPU        Memory           Disk     Addresses
 * 0/500 MHz  0 B/256 MiB      300 MiB
 */
bool nomad_task_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(line, "Task \"") && span_find(line, "\" is \"");
}

bool nomad_task_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(line, "Task Resources") || span_begins(line, "CPU ") ||
           (span_find(line, "Hz ") && span_find(line, "iB"));
}

unsigned nomad_task_parse(struct block *b, struct span text)
{
    struct paste_state *st = b->p->state;
    struct span line, rest, name;

    if (!span_take_line(&text, &line) || !span_take(&line, "Task \"") ||
        !span_take_until(&line, '"', &name))
        return 0;
    span_copy(name, st->task, sizeof(st->task));
    st->task_limit = UNKNOWN;
    while (span_take_line(&text, &line)) {
        const char *hz = span_find(line, "Hz "), *slash;
        u64 bytes;

        if (!hz)
            continue;
        rest = (struct span){hz + 3, line.end};
        slash = memchr(rest.at, '/', span_len(rest));
        if (!slash)
            continue;
        rest.at = slash + 1;
        if (amount_take(&rest, 1, &bytes))
            st->task_limit = bytes;
    }
    return 1;
}
