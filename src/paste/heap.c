/* heap.c - how large a program was told that its heap may grow, wherever a line has the option: in
 * a command, a manifest, a variable, and what the program itself prints of it.
 */
#include "paste/state_int.h"

#include <stdio.h>

#define HEAPS_MAX 64

static const struct {
    const char *option, *program;
    u64 unit;     /* of a bare number */
    bool percent; /* of the limit, or of the machine */
} options[] = {
    {"-Xmx", "java", 1, false},
    {"-XX:MaxHeapSize=", "java", 1, false},
    {"MaxRAMPercentage=", "java", 0, true},
    {"max-old-space-size=", "node", MIB, false},
    {"max_old_space_size=", "node", MIB, false},
    {"max-old-space-size ", "node", MIB, false},
    {"maxmemory:", "redis", 1, false}, /* of "info memory"; 0: none */
    {"maxmemory ", "redis", 1, false}, /* of redis.conf, and behind CONFIG SET */
};

/* What pool_write.c looks for. */
static const char *const of_pools[] = {"nr_hugepages", "huge_pages"};

/* What redis says of its limit: INFO, a file of settings, and CONFIG GET, whose value stands in the
 * next line. */
static const char *const of_redis[] = {"noeviction", "\"maxmemory\"", "2) \""};

const char *heap_sign(unsigned option)
{
    if (option < ARRAY_SIZE(options))
        return options[option].option;
    option -= (unsigned)ARRAY_SIZE(options);
    if (option < ARRAY_SIZE(of_pools))
        return of_pools[option];
    option -= (unsigned)ARRAY_SIZE(of_pools);
    if (option < ARRAY_SIZE(of_redis))
        return of_redis[option];
    return batch_sign(option - (unsigned)ARRAY_SIZE(of_redis));
}

/* "4g", "512M", "1073741824": a JVM's sizes have one letter and no point. */
static bool take_size(struct span rest, u64 unit, u64 *ret)
{
    static const char letters[] = "kmgt";
    const char *letter;
    u64 number;
    char c;

    if (span_empty(rest) || !is_digit(*rest.at) || !span_take_u64(&rest, &number))
        return false;
    c = span_empty(rest) ? '\0' : (char)(*rest.at | 0x20);
    letter = c ? strchr(letters, c) : NULL;
    unit = letter && *letter ? KIB << (10 * (letter - letters)) : unit;
    if (number == 0 || number > ((u64)1 << 50) / unit)
        return false;
    *ret = number * unit;
    return true;
}

/* Of a row of ps: "USER PID ...". */
static u32 pid_of(struct span line)
{
    struct span word;
    u64 pid;

    if (!span_take_word(&line, &word) || is_digit(*word.at) || !span_take_word(&line, &word) ||
        !span_take_u64(&word, &pid) || !span_empty(word) || pid > UINT32_MAX - 1)
        return 0;
    return (u32)pid;
}

static void redis_take(struct paste *p, struct span line)
{
    const char *value = span_find(line, "2) \"");
    struct heap_view fresh = {.bytes = UNKNOWN, .program = "redis", .option = "maxmemory"};
    struct span rest = {value ? value + strlen("2) \"") : line.end, line.end};

    p->s.redis_no_eviction |= span_find(line, "noeviction") != NULL;
    if (p->state->redis_asked && value && p->s.heaps.count < HEAPS_MAX &&
        take_size(rest, 1, &fresh.bytes)) {
        fresh.place = (struct klog_place){p->state->klog_file, p->state->line};
        vec_push(&p->s.heaps, fresh);
    }
    p->state->redis_asked = span_find(line, "\"maxmemory\"") != NULL;
}

void heap_take(struct paste *p, struct span line)
{
    pool_write_take(p, line);
    redis_take(p, line);
    batch_take(p, line);
    for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
        const char *at = span_find(line, options[i].option);
        struct heap_view fresh = {.bytes = UNKNOWN, .percent = 0};
        struct span rest = {at ? at + strlen(options[i].option) : line.end, line.end};

        if (!at || p->s.heaps.count >= HEAPS_MAX)
            continue;
        if (options[i].percent) {
            if (!decimal_take(&rest, &fresh.percent) || fresh.percent <= 0 || fresh.percent > 100)
                continue;
        } else if (!take_size(rest, options[i].unit, &fresh.bytes)) {
            continue;
        }
        fresh.pid = pid_of(line);
        fresh.place = (struct klog_place){p->state->klog_file, p->state->line};
        snprintf(fresh.program, sizeof(fresh.program), "%s", options[i].program);
        snprintf(fresh.option, sizeof(fresh.option), "%.*s", (int)strcspn(options[i].option, "= :"),
                 options[i].option);
        vec_push(&p->s.heaps, fresh);
    }
}
