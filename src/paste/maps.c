/* maps.c - how many mappings a process has, as "wc -l /proc/PID/maps" counts them: beside
 * vm.max_map_count it says why mmap fails. */
#include "paste/state_int.h"

/* "65531 /proc/4121/maps", or "65531" below "cat /proc/4121/maps | wc -l". */
bool maps_counted_begins(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);
    u64 count;

    if (!span_take_u64(&rest, &count))
        return false;
    rest = span_trim(rest);
    if (!span_empty(rest))
        return span_begins(rest, "/proc/") && span_ends(rest, "/maps");
    return span_find(b->command, "/maps") &&
           (span_find(b->command, "wc ") || span_find(b->command, "grep -c"));
}

bool maps_counted_goes_on(const struct block *b, struct span line)
{
    return maps_counted_begins(b, line);
}

static u32 pid_in(struct span text)
{
    const char *at = span_find(text, "/proc/");
    struct span rest = {at ? at + strlen("/proc/") : text.end, text.end};
    u64 pid;

    return span_take_u64(&rest, &pid) && pid < UINT32_MAX && span_begins(rest, "/maps") ? (u32)pid
                                                                                        : 0;
}

/* Of several processes the one with the most. */
unsigned maps_counted_parse(struct block *b, struct span text)
{
    struct snapshot *s = &b->p->s;
    struct span line;
    unsigned rows = 0;
    u64 count;

    while (span_take_line(&text, &line)) {
        struct span rest = span_trim(line);

        if (!span_take_u64(&rest, &count) || count > UINT32_MAX)
            continue;
        rows++;
        if (known(s->maps_counted) && s->maps_counted >= count)
            continue;
        s->maps_counted = count;
        s->maps_pid = pid_in(span_empty(span_trim(rest)) ? b->command : rest);
    }
    return rows;
}
