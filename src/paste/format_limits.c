/* format_limits.c - settings of the kernel and limits of processes: sysctl, ulimit, prlimit and
 * /proc/PID/limits. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

/* --- sysctl ----------------------------------------------------------------------------------- */

bool sysctl_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line), key;

    (void)b;
    return (span_begins(rest, "vm.") || span_begins(rest, "kernel.shm") ||
            span_begins(rest, "kernel.numa") || span_begins(rest, "kernel.threads-max") ||
            span_begins(rest, "kernel.pid_max")) &&
           span_take_until(&rest, '=', &key) && span_len(key) < 60;
}

bool sysctl_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line), key;

    (void)b;
    return span_take_until(&rest, '=', &key) && memchr(key.at, '.', span_len(key)) &&
           !memchr(span_trim(key).at, ' ', span_len(span_trim(key)));
}

/* Settings that no tunable of ours has, and that say why a segment of shared memory is refused. */
static void take_segments(struct block *b, struct span key, struct span value)
{
    u64 number;

    if (!span_take_u64(&value, &number))
        return;
    if (span_is(key, "kernel.shmmax"))
        b->p->s.shm_max = number;
    if (span_is(key, "kernel.shmall"))
        b->p->s.shm_all = number;
}

unsigned sysctl_parse(struct block *b, struct span text)
{
    struct span line, key, number;
    unsigned found = 0;
    u64 asked;

    while (span_take_line(&text, &line)) {
        char place[TREE_PATH_MAX];

        if (!span_take_until(&line, '=', &key))
            continue;
        key = span_trim(key);
        snprintf(place, sizeof(place), "proc/sys/%.*s", (int)MIN(span_len(key), (size_t)200),
                 key.at);
        for (char *at = place; *at; at++)
            if (*at == '.')
                *at = '/';
        line = span_trim(line);
        take_segments(b, key, line);
        number = line;
        if (span_is(key, "vm.nr_hugepages") && span_take_u64(&number, &asked))
            pool_write_read_back(b->p, asked);
        found +=
            block_file_printf(b, place, "%.*s\n", (int)MIN(span_len(line), (size_t)200), line.at);
    }
    return found;
}

/* --- ulimit ----------------------------------------------------------------------------------- */
/*
 * max locked memory           (kbytes, -l) 8192                bash
 * virtual memory              (kbytes, -v) unlimited
 * -v: address space (kbytes)          unlimited                zsh, dash
 * Max address space         unlimited            unlimited            bytes      /proc/PID/limits
 */
static bool is_limit_row(struct span line)
{
    struct span rest = span_trim(line);

    return span_find(rest, "(kbytes, -") || span_find(rest, "(blocks, -") ||
           span_find(rest, "(bytes, -") || (span_begins(rest, "-") && span_find(rest, ": ")) ||
           (span_find(rest, "(-") && span_find(rest, ") ")) || span_begins(rest, "Max ") ||
           span_begins(rest, "Limit ");
}

/* $ ulimit -l
 * unlimited
 */
static bool is_asked(const struct block *b, char option)
{
    static const char *const words[] = {"ulimit -", "ulimit -S", "ulimit -H"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        const char *at = span_find(b->command, words[i]);

        if (at && at + strlen(words[i]) < b->command.end && at[strlen(words[i])] == option)
            return true;
    }
    return false;
}

static bool is_answer(struct span line)
{
    struct span rest = span_trim(line);
    u64 value;

    return span_is(rest, "unlimited") || (span_take_u64(&rest, &value) && span_empty(rest));
}

bool ulimit_begins(const struct block *b, struct span line)
{
    if ((is_asked(b, 'l') || is_asked(b, 'v') || is_asked(b, 'u')) && is_answer(line))
        return true;
    return (is_limit_row(line) && span_find(line, "(kbytes, -")) ||
           span_find(line, "address space (kb") || words_begin(line, "max user processes") ||
           span_begins(line, "Max address space") || span_begins(line, "Max locked memory") ||
           span_begins(line, "MEMLOCK ") || words_begin(line, "Limit Soft Limit");
}

bool ulimit_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return is_limit_row(line);
}

/* The soft limit that follows one of the words: what they are, from the first with its number of
 * KiB, and how many count in these; UNKNOWN. */
static u64 limit_after(struct span line, const char *const *before, unsigned count, unsigned in_kib)
{
    for (unsigned i = 0; i < count; i++) {
        const char *at = span_find(line, before[i]);
        struct span rest = {at ? at + strlen(before[i]) : line.end, line.end};
        u64 value, unit = i < in_kib ? KIB : 1;

        if (!at)
            continue;
        span_skip_blanks(&rest);
        if (span_begins(rest, "unlimited"))
            return NO_LIMIT;
        if (span_take_u64(&rest, &value) && value < UINT64_MAX / KIB)
            return value * unit;
    }
    return UNKNOWN;
}

static u64 address_limit_of(struct span line)
{
    static const char *const before[] = {"(kbytes, -v)", "address space (kbytes)",
                                         "address space (kb)", "Max address space"};
    u64 limit = limit_after(line, before, ARRAY_SIZE(before), ARRAY_SIZE(before) - 1);

    return limit == NO_LIMIT ? UNKNOWN : limit;
}

/* prlimit has a sentence between the name and the soft limit. */
static u64 lock_limit_of(struct span line)
{
    static const char *const before[] = {"(kbytes, -l)", "locked-in-memory size (kbytes)",
                                         "locked-in-memory size (kb)", "Max locked memory",
                                         "locked-in-memory address space"};

    return limit_after(line, before, ARRAY_SIZE(before), 3);
}

static void take_lock_limit(struct block *b, u64 limit, bool of_process)
{
    struct snapshot *s = &b->p->s;

    /* What a process has says more than what a shell would give it. */
    if (!known(limit) || (s->lock_limit_of_process && !of_process))
        return;
    s->lock_limit = limit;
    s->lock_limit_of_process = of_process;
}

static void take_answer(struct block *b, struct span line)
{
    struct span rest = span_trim(line);
    u64 value = 0;
    bool none = span_is(rest, "unlimited");

    if (!none && (!span_take_u64(&rest, &value) || value > UINT64_MAX / KIB / 2))
        return;
    if (is_asked(b, 'u'))
        b->p->state->user_tasks = none ? UNKNOWN : value;
    else if (is_asked(b, 'l'))
        take_lock_limit(b, none ? NO_LIMIT : value * KIB, false);
    else if (!none)
        b->p->s.address_limit = value * KIB;
}

void ulimit_command(struct paste *p, struct span command)
{
    static const char *const forms[] = {"ulimit -v ", "ulimit -Sv ", "ulimit -Hv "};

    for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
        const char *at = span_find(command, forms[i]);
        struct span rest = {at ? at + strlen(forms[i]) : command.end, command.end};
        u64 value;

        if (at && span_take_u64(&rest, &value) && value > 0 && value < UINT64_MAX / KIB / 2)
            p->s.address_limit = value * KIB;
    }
}

/* "max user processes (-u) 1024", "Max processes 1024 1024", "-u: processes 1024" */
static u64 tasks_limit_of(struct span line)
{
    static const char *const before[] = {"(-u)", "Max processes", "-u: processes"};

    for (unsigned i = 0; i < ARRAY_SIZE(before); i++) {
        const char *at = span_find(line, before[i]);
        struct span rest = {at ? at + strlen(before[i]) : line.end, line.end};
        u64 value;

        span_skip_blanks(&rest);
        if (at && span_take_u64(&rest, &value))
            return value;
    }
    return UNKNOWN;
}

unsigned ulimit_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned rows = 0;

    while (span_take_line(&text, &line)) {
        u64 limit = address_limit_of(line);

        if (known(limit))
            b->p->s.address_limit = limit;
        if (known(tasks_limit_of(line)))
            b->p->state->user_tasks = tasks_limit_of(line);
        take_lock_limit(b, lock_limit_of(line),
                        span_begins(line, "Max ") || span_begins(line, "MEMLOCK"));
        if (is_answer(line))
            take_answer(b, line);
        rows++;
    }
    return rows;
}
