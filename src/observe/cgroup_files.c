/* cgroup_files.c - the texts of a group's files, v2 and v1, as figures of one struct cgroup_view.
 *
 * v1's memory.stat has each figure twice, of the group itself and with "total_" of all below; v2's
 * are always of all below, so the second is taken. What v1 calls rss is anonymous memory, and cache
 * is page cache with shmem, as v2's anon and file are. Its pgpgin and pgpgout count charges, not
 * I/O, and are left out.
 */
#include "observe/reading_int.h"
#include "stats/kernel.h"

static const struct {
    const char *name;
    enum counter id;
} v1_lines[] = {
    {"cache", NR_FILE_PAGES},
    {"rss", NR_ANON_PAGES},
    {"rss_huge", NR_ANON_TRANSPARENT_HUGEPAGES},
    {"shmem", NR_SHMEM},
    {"mapped_file", NR_MAPPED},
    {"dirty", NR_DIRTY},
    {"writeback", NR_WRITEBACK},
    {"swapcached", NR_SWAPCACHED},
    {"inactive_anon", NR_INACTIVE_ANON},
    {"active_anon", NR_ACTIVE_ANON},
    {"inactive_file", NR_INACTIVE_FILE},
    {"active_file", NR_ACTIVE_FILE},
    {"unevictable", NR_UNEVICTABLE},
    {"pgfault", PGFAULT},
    {"pgmajfault", PGMAJFAULT},
    {"workingset_refault_anon", WORKINGSET_REFAULT_ANON},
    {"workingset_refault_file", WORKINGSET_REFAULT_FILE},
};

/* Index into memory_stat_lines; `guess` first. */
static unsigned find_stat_line(struct span name, unsigned guess)
{
    for (unsigned i = 0; i < NR_MEMORY_STATS; i++) {
        unsigned line = (guess + i) % NR_MEMORY_STATS;

        if (span_is(name, memory_stat_lines[line].name))
            return line;
    }
    return NR_MEMORY_STATS;
}

/* Lines the table of 6.1 does not have, or has as sums. */
static void parse_other_stat(struct span name, u64 value, struct cgroup_view *group)
{
    enum counter id = counter_renamed(name);

    if (id == NR_COUNTERS)
        id = counter_of_span(name, NR_COUNTERS);
    if (id < NR_COUNTERS && (counter_info[id].scopes & SCOPE_CGROUP))
        group->stat[id] = value;
}

void parse_memory_stat(struct span text, struct cgroup_view *group)
{
    struct span line, name;
    unsigned next = 0;

    while (span_take_line(&text, &line)) {
        u64 value;

        if (!span_take_word(&line, &name) || !span_take_u64(&line, &value))
            continue;

        unsigned found = find_stat_line(name, next);

        if (found == NR_MEMORY_STATS) {
            parse_other_stat(name, value, group);
            continue;
        }
        next = found + 1;
        if (memory_stat_lines[found].plus == NR_COUNTERS)
            group->stat[memory_stat_lines[found].id] = value;
        else if (memory_stat_lines[found].id == PGSCAN_KSWAPD)
            group->pgscan = value;
        else if (memory_stat_lines[found].id == PGSTEAL_KSWAPD)
            group->pgsteal = value;
    }
}

void parse_memory_stat_v1(struct span text, struct cgroup_view *group)
{
    struct span line, name;

    while (span_take_line(&text, &line)) {
        u64 value;

        if (!span_take(&line, "total_") || !span_take_word(&line, &name) ||
            !span_take_u64(&line, &value))
            continue;
        if (span_is(name, "swap"))
            group->swap_current = value;
        else if (span_is(name, "workingset_refault"))
            group->stat[WORKINGSET_REFAULT_FILE] = value;
        for (unsigned i = 0; i < ARRAY_SIZE(v1_lines); i++)
            if (span_is(name, v1_lines[i].name))
                group->stat[v1_lines[i].id] = value;
    }
}

/* --- files of "name value" lines -------------------------------------------------------------- */
struct named_figure {
    const char *name;
    u64 *figure;
};

static unsigned parse_named(struct span text, const struct named_figure *figures, unsigned count)
{
    struct span line, name;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        if (!span_take_word(&line, &name))
            continue;
        for (unsigned i = 0; i < count; i++)
            if (span_is(name, figures[i].name))
                found += span_take_u64(&line, figures[i].figure);
    }
    return found;
}

/* The figure of each line of an event file. */
static unsigned parse_events(struct span text, const char *file, u64 events[NR_CGROUP_EVENTS])
{
    struct named_figure figures[NR_CGROUP_EVENTS];
    unsigned count = 0;

    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        if (cgroup_event_in(i, file))
            figures[count++] = (struct named_figure){cgroup_event_info[i].key, &events[i]};
    }
    return parse_named(text, figures, count);
}

unsigned parse_memory_events(struct span text, struct cgroup_view *group)
{
    return parse_events(text, CGROUP_EVENTS_FILE, group->events);
}

unsigned parse_memory_events_local(struct span text, struct cgroup_view *group)
{
    return parse_events(text, CGROUP_EVENTS_FILE, group->events_local);
}

unsigned parse_swap_events(struct span text, struct cgroup_view *group)
{
    return parse_events(text, CGROUP_SWAP_EVENTS_FILE, group->events);
}

unsigned parse_hugetlb_events(struct span text, u64 *ret_max)
{
    const struct named_figure figures[] = {{"max", ret_max}};

    return parse_named(text, figures, ARRAY_SIZE(figures));
}

unsigned parse_cgroup_stat(struct span text, struct cgroup_view *group)
{
    const struct named_figure figures[] = {
        {"nr_descendants", &group->nr_descendants},
        {"nr_dying_descendants", &group->nr_dying},
    };

    return parse_named(text, figures, ARRAY_SIZE(figures));
}

void parse_oom_control(struct span text, struct cgroup_view *group)
{
    const struct named_figure figures[] = {{"oom_kill", &group->events[EV_OOM_KILL]}};

    parse_named(text, figures, ARRAY_SIZE(figures));
}

/* "max 100000" or "150000 100000": microseconds of CPU a period. */
void parse_cpu_max(struct span text, struct cgroup_view *group)
{
    u64 quota, period;

    if (span_take(&text, "max"))
        group->cpu_quota_percent = 0;
    else if (span_take_u64(&text, &quota) && span_take_u64(&text, &period) && period > 0 &&
             quota < (u64)1 << 40)
        group->cpu_quota_percent = (u32)MIN(quota * 100 / period, (u64)UINT32_MAX - 1);
}

/* v1 prints "none" as the largest number of whole pages, or as what 64 bits hold. */
#define V1_NO_LIMIT ((u64)INT64_MAX - 65535)

u64 parse_limit(struct span text)
{
    u64 bytes;

    if (span_take(&text, "max"))
        return NO_LIMIT;
    span_skip_blanks(&text);
    if (span_empty(text) || !is_digit(*text.at))
        return UNKNOWN;
    return span_take_u64(&text, &bytes) && bytes < V1_NO_LIMIT ? bytes : NO_LIMIT;
}
