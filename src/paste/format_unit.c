/* format_unit.c - what systemctl and systemd-cgtop print. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

#define NAME_MAX_ 200

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
    u64 current, max, high;
    u64 tasks, tasks_max;
    bool killed, signalled; /* signal 9 ended its main process, and nothing says why */
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
    } else if (span_begins(rest, "Tasks: ")) {
        u->tasks = amount_after(rest, "Tasks: ");
        u->tasks_max = amount_after(rest, "limit: ");
    } else if (span_begins(rest, "TasksCurrent=")) {
        u->tasks = amount_after(rest, "=");
    } else if (span_begins(rest, "TasksMax=")) {
        u->tasks_max = amount_after(rest, "=");
    } else if (span_begins(rest, "Memory: ")) {
        u->current = amount_after(rest, "Memory: ");
        u->high = amount_after(rest, "high: ");
        u->max = amount_after(rest, "max: ");
        if (!known(u->max))
            u->max = amount_after(rest, "limit: ");
    } else if (span_begins(rest, "MemoryCurrent=")) {
        u->current = amount_after(rest, "MemoryCurrent=");
    } else if (span_begins(rest, "MemoryMax=") || span_begins(rest, "MemoryLimit=")) {
        u64 max = amount_after(rest, "=");

        /* MemoryLimit is v1's: where both are, one says infinity. */
        if (!known(u->max) || u->max == NO_LIMIT)
            u->max = known(max) && max < (u64)1 << 60 ? max : NO_LIMIT;
    }
    if (span_find(rest, "code=killed, signal=KILL") || span_find(rest, "code=killed, status=9")) {
        u->signalled = true;
        if (!u->killed)
            u->words = line;
    }
    if (span_find(rest, "Result: oom-kill") || span_begins(rest, "Result=oom-kill")) {
        u->killed = true;
        u->words = line;
    }
}

/* systemctl takes a name without one of these for that of a service. */
static void whole_name(char name[NAME_MAX_])
{
    static const char *const suffixes[] = {".service", ".slice",     ".scope",  ".socket",
                                           ".mount",   ".automount", ".target", ".timer",
                                           ".path",    ".swap",      ".device"};
    const char *dot = strrchr(name, '.');
    size_t len = strlen(name);

    for (unsigned i = 0; i < ARRAY_SIZE(suffixes); i++)
        if (dot && strcmp(dot, suffixes[i]) == 0)
            return;
    if (*name != '/' && len < NAME_MAX_)
        snprintf(name + len, NAME_MAX_ - len, ".service");
}

/* "systemctl show web.service -p Result", "systemctl show -p MemoryMax,MemoryCurrent web": an
 * option's value is no unit. */
static void name_of_command(struct span command, struct unit *u)
{
    static const char *const with_value[] = {"-p", "-P", "-n", "-o",
                                             "-t", "-H", "-M", "--property"};
    struct span word;
    bool shows = false, value = false;

    while (span_take_word(&command, &word)) {
        bool is_value = value;

        value = false;
        for (unsigned i = 0; i < ARRAY_SIZE(with_value); i++)
            value |= span_is(word, with_value[i]);
        if (shows && !is_value && *word.at != '-') {
            span_copy(word, u->name, sizeof(u->name));
            whole_name(u->name);
            return;
        }
        shows |= span_is(word, "show") || span_is(word, "status");
    }
}

unsigned unit_status_parse(struct block *b, struct span text)
{
    struct unit u = {.current = UNKNOWN,
                     .max = UNKNOWN,
                     .high = UNKNOWN,
                     .tasks = UNKNOWN,
                     .tasks_max = UNKNOWN};
    char path[NAME_MAX_ * 2 + 32];
    struct span line;
    unsigned lines = 0;

    while (span_take_line(&text, &line)) {
        take_unit_line(&u, line);
        lines++;
    }
    if (!*u.name)
        name_of_command(b->command, &u);
    if (!*u.name && !*u.slice && !known(u.current) && !u.killed && !u.signalled)
        return 0;
    if (*u.slice)
        snprintf(path, sizeof(path), "%s", u.slice);
    else
        snprintf(path, sizeof(path), "/system.slice/%s", *u.name ? u.name : "a unit");
    if (known(u.tasks_max) && u.tasks_max < NO_LIMIT)
        block_task_limit(b, "TasksMax", *u.name ? u.name : "", u.tasks, u.tasks_max);
    if (known(u.high))
        block_high(b, path, u.high);
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
    else if (u.signalled)
        sigkill_push(b->p, "systemd", *u.name ? u.name : NULL, u.words,
                     (struct klog_place){b->p->state->klog_file, b->place.line});
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
