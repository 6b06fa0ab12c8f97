/* format_group.c - files of control groups, and single files that a text names by their path:
 * memory.stat, the answers of "cat A B C", pressure. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

bool memory_stat_begins(const struct block *b, struct span line)
{
    static const char *const firsts[] = {"anon",
                                         "cache",
                                         "rss",
                                         "file",
                                         "total_cache",
                                         "total_rss",
                                         "inactive_anon",
                                         "active_anon",
                                         "inactive_file",
                                         "active_file",
                                         "kernel_stack",
                                         "hierarchical_memory_limit",
                                         "file_mapped",
                                         "slab",
                                         "shmem",
                                         "percpu",
                                         "sock",
                                         "slab_unreclaimable",
                                         "slab_reclaimable"};
    struct span name;
    u64 value;

    (void)b;
    if (!named_number_take(line, &name, &value))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(firsts); i++)
        if (span_is(name, firsts[i]))
            return true;
    return false;
}

/* "low 0": the first line of memory.events. */
static bool is_events_head(struct span line)
{
    struct span name;
    u64 value;

    return named_number_take(line, &name, &value) && span_is(name, "low");
}

bool memory_stat_goes_on(const struct block *b, struct span line)
{
    struct span rest = span_trim(line);

    /* What people leave out. */
    return !is_events_head(line) &&
           (vmstat_file_goes_on(b, line) || span_is(rest, "...") || span_is(rest, "[...]"));
}

/* Where a file of a cgroup belongs: its own path when that is known. */
static void group_place(struct span path, const char *file, bool v1, char place[TREE_PATH_MAX])
{
    static const char mount[] = "sys/fs/cgroup/";
    const char *at = span_empty(path) ? NULL : span_find(path, mount);
    const char *slash;
    struct span dir;

    if (!at) {
        snprintf(place, TREE_PATH_MAX, "%s%sthis-cgroup/%s", mount, v1 ? "memory/" : "", file);
        return;
    }
    dir = (struct span){at, path.end};
    slash = memrchr(dir.at, '/', span_len(dir));
    snprintf(place, TREE_PATH_MAX, "%.*s/%s", (int)(slash - dir.at), dir.at, file);
}

/* A group of v1 is found below the files of its root. */
static void offer_v1_root(struct block *b)
{
    tree_offer(&b->p->state->tree, "sys/fs/cgroup/memory/memory.limit_in_bytes",
               "9223372036854771712\n");
}

static bool is_v1_name(struct span file)
{
    return span_find(file, "_in_bytes") || span_find(file, "memory.failcnt") ||
           span_find(file, "oom_control") || span_find(file, "kmem");
}

static void offer_number(struct block *b, const char *path, u64 value)
{
    char text[32];

    if (!known(value))
        return;
    snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
    tree_offer(&b->p->state->tree, path, text);
}

/* Before 5.18 the kernel's memory is told by its kinds. */
static u64 kernel_of(struct span text)
{
    static const char *const kinds[] = {"slab", "kernel_stack", "pagetables", "percpu", "sock"};
    u64 sum = UNKNOWN;

    if (known(named_number(text, "kernel")))
        return named_number(text, "kernel");
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        u64 value = named_number(text, kinds[i]);

        if (known(value) && value < (u64)1 << 56)
            sum = figure_or(sum, 0) + value;
    }
    return sum;
}

/* Usage and limit that the statistics tell by themselves. */
static void offer_totals(struct block *b, struct span text, bool v1)
{
    char place[TREE_PATH_MAX];
    u64 limit = named_number(text, "hierarchical_memory_limit");

    if (v1) {
        group_place(b->path, "memory.usage_in_bytes", true, place);
        offer_number(
            b, place,
            known(named_number(text, "total_rss"))
                ? figure_add(named_number(text, "total_rss"), named_number(text, "total_cache"))
                : figure_add(named_number(text, "rss"), named_number(text, "cache")));
        group_place(b->path, "memory.limit_in_bytes", true, place);
        offer_number(b, place, limit);
        return;
    }
    group_place(b->path, "memory.current", false, place);
    offer_number(b, place,
                 figure_add(figure_add(named_number(text, "anon"), named_number(text, "file")),
                            kernel_of(text)));
}

/* Of v1, where only the group's own figure was pasted, it is all that is known of it with what is
 * below. */
static void add_totals(struct block *b, const char *place, struct span text)
{
    struct span rest = text, line, name;
    char total[80];
    u64 value;

    while (span_take_line(&rest, &line)) {
        if (!named_number_take(line, &name, &value) || span_len(name) >= 60 ||
            span_begins(name, "total_"))
            continue;
        snprintf(total, sizeof(total), "total_%.*s", (int)span_len(name), name.at);
        if (!known(named_number(text, total)))
            block_file_add(b, place, "%s %llu\n", total, (unsigned long long)value);
    }
}

unsigned memory_stat_parse(struct block *b, struct span text)
{
    bool v1 = known(named_number(text, "total_rss")) || known(named_number(text, "total_cache")) ||
              known(named_number(text, "hierarchical_memory_limit")) ||
              known(named_number(text, "rss"));
    char place[TREE_PATH_MAX];
    struct span first = text, line, path;
    struct span whose = b->path;

    if (span_take_line(&first, &line)) {
        skip_grep(line, &path);
        if (!span_empty(path))
            whose = b->path = path;
    }
    group_place(whose, "memory.stat", v1, place);
    if (v1)
        offer_v1_root(b);
    else
        tree_offer(&b->p->state->tree, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    if (!block_file_plain(b, place, text))
        return 0;
    if (v1)
        add_totals(b, place, text);
    offer_totals(b, text, v1);
    return 1;
}

/* --- single files, by their name -------------------------------------------------------------- */

static bool is_group_path(struct span path)
{
    const char *slash = span_empty(path) ? NULL : memrchr(path.at, '/', span_len(path));
    struct span base = {slash ? slash + 1 : path.at, path.end};

    return span_begins(base, "memory.") || span_begins(base, "cgroup.") ||
           span_begins(base, "pids.") || span_begins(base, "cpu.max");
}

/* Files that have a grammar of their own here: what that one does not know is none of theirs. */
static bool has_grammar(struct span path)
{
    static const char *const names[] = {"meminfo",  "vmstat",    "slabinfo",
                                        "zoneinfo", "buddyinfo", "pagetypeinfo",
                                        "cgroups",  "status",    "arcstats"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (path_ends(path, names[i]))
            return true;
    return false;
}

static bool is_native_path(struct span path)
{
    if (has_grammar(path))
        return false;
    return span_begins(path, "/proc/") || span_begins(path, "/sys/") ||
           span_begins(path, "proc/") || span_begins(path, "sys/");
}

bool group_file_begins(const struct block *b, struct span line)
{
    struct span path;

    skip_grep(line, &path);
    if (is_group_path(path) || (is_native_path(path) && !span_find(path, "*")))
        return true;
    return is_group_path(b->path) || (is_native_path(b->path) && !span_find(b->path, "*"));
}

bool group_file_goes_on(const struct block *b, struct span line)
{
    struct span path;

    if (span_empty(span_trim(line)))
        return false;
    skip_grep(line, &path);
    /* One command may show several files. */
    if (span_empty(path) && is_group_path(b->path) && memory_stat_begins(b, line) &&
        !path_ends(b->path, "memory.stat") && !path_ends(b->path, "memory.numa_stat"))
        return false;
    return !span_empty(path) ? is_group_path(path) || is_native_path(path)
                             : is_group_path(b->path) || is_native_path(b->path);
}

static void place_of_path(struct span path, char place[TREE_PATH_MAX])
{
    const char *slash = memrchr(path.at, '/', span_len(path));
    struct span base = {slash ? slash + 1 : path.at, path.end};
    char file[256];

    if (!is_group_path(path)) {
        snprintf(place, TREE_PATH_MAX, "%.*s", (int)MIN(span_len(path), (size_t)TREE_PATH_MAX - 1),
                 path.at);
        return;
    }
    span_copy(base, file, sizeof(file));
    group_place(path, file, is_v1_name(base), place);
}

/* The files that "cat A B C" names, up to what ends the command; `n` of them counts from 0. */
static unsigned shown_paths(struct span command, unsigned n, struct span *ret)
{
    struct span word;
    unsigned count = 0;
    bool shows = false;

    while (span_take_word(&command, &word) &&
           !(shows && (*word.at == '|' || *word.at == '&' || *word.at == ';'))) {
        bool last = word.end[-1] == ';';

        word.end -= last;
        if (!shows)
            shows = span_is(word, "cat");
        else if (*word.at != '-' && count++ == n)
            *ret = word;
        /* What stands before the command that shows: "cd DIR; cat ..." */
        if (last && shows)
            break;
    }
    return count;
}

/* Is it the only line of its file: a number, or "max"? */
static bool is_single(struct span line)
{
    struct span rest = span_trim(line);
    u64 number;

    return span_is(rest, "max") || (span_take_u64(&rest, &number) && span_empty(rest));
}

/* Files of more than one line that "cat" shows between others: memory.events,
 * hugetlb.2MB.events.local. */
static bool has_lines(struct span path)
{
    static const char *const ends[] = {".events", ".events.local", ".stat", ".pressure",
                                       ".oom_control"};

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
        if (span_ends(path, ends[i]))
            return true;
    return false;
}

/* Which of the files that one command shows a line is of: each number is one, and lines with names
 * are of the next that has such. False: of none. */
static bool next_shown(const struct block *b, struct span line, unsigned *at, bool *within,
                       struct span *path)
{
    unsigned named = shown_paths(b->command, 0, path);
    bool single = is_single(line);

    if (*within && !single) {
        shown_paths(b->command, *at - 1, path);
        return true;
    }
    for (*within = false; *at < named; (*at)++) {
        shown_paths(b->command, *at, path);
        if (has_lines(*path) == !single) {
            (*at)++;
            *within = !single;
            return true;
        }
    }
    *path = b->path;
    return false;
}

/* No line says its file, and the command names several. */
static bool is_line_each(const struct block *b, struct span text)
{
    struct span line, path;

    while (span_take_line(&text, &line)) {
        skip_grep(line, &path);
        if (!span_empty(path))
            return false;
    }
    return shown_paths(b->command, 0, &path) > 1;
}

/* Its directory is that of the first. */
static struct span beside(const struct block *b, struct span path, char buf[TREE_PATH_MAX])
{
    const char *slash = memrchr(b->path.at, '/', span_len(b->path));

    if (memchr(path.at, '/', span_len(path)) || !slash)
        return path;
    snprintf(buf, TREE_PATH_MAX, "%.*s/%.*s", (int)MIN(slash - b->path.at, TREE_PATH_MAX / 2),
             b->path.at, (int)MIN(span_len(path), (size_t)100), path.at);
    return span_of(buf, strlen(buf));
}

unsigned group_file_parse(struct block *b, struct span text)
{
    struct span line;
    char last[TREE_PATH_MAX] = "";
    unsigned found = 0;
    bool each = is_line_each(b, text), events = false, v1 = false, within = false;
    char buf[TREE_PATH_MAX];
    unsigned at = 0;

    while (span_take_line(&text, &line)) {
        struct span path, rest = skip_grep(line, &path);
        char place[TREE_PATH_MAX];

        if (span_empty(path)) {
            path = b->path;
            rest = line;
            bool shown = each && next_shown(b, line, &at, &within, &path);

            if (shown)
                path = beside(b, path, buf);
            /* Below other files of the group. */
            events = !shown && (is_events_head(line) || (events && found));
        }
        if (span_empty(path) || span_empty(span_trim(rest)))
            continue;
        if (events && is_group_path(path) && !path_ends(path, "memory.events") &&
            !path_ends(path, "memory.events.local"))
            group_place(path, "memory.events", false, place);
        else
            place_of_path(path, place);
        if (strncmp(place, "sys/fs/cgroup/memory/", 21) != 0 && is_group_path(path))
            tree_offer(&b->p->state->tree, "sys/fs/cgroup/cgroup.controllers", "memory\n");
        if (strcmp(last, place) != 0)
            block_file(b, place, span_of("", 0));
        snprintf(last, sizeof(last), "%s", place);
        block_file_add(b, place, "%.*s\n", (int)MIN(span_len(rest), (size_t)4000), rest.at);
        found++;
        v1 |= strncmp(place, "sys/fs/cgroup/memory/", 21) == 0;
    }
    if (v1)
        offer_v1_root(b);
    return found;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", of memory where nothing says of what. */
bool pressure_begins(const struct block *b, struct span line)
{
    struct span path;

    (void)b;
    line = skip_grep(line, &path);
    span_skip_blanks(&line);
    return span_begins(line, "some avg10=") || span_begins(line, "full avg10=");
}

bool pressure_goes_on(const struct block *b, struct span line)
{
    return pressure_begins(b, line);
}

/*
 * A cat of all files below /proc/pressure prints some of which nothing tells the one from the next:
 * each begins with "some", that of irq, which has no other line, with a second "full". The command
 * names them in their order; a pattern stands for all in the order of the alphabet.
 */
#define PRESSURES_MAX 4

struct pressures {
    const char *places[PRESSURES_MAX];
    unsigned count;
};

static const char *const pressure_places[PRESSURES_MAX] = {
    "proc/pressure/cpu", "proc/pressure/io", "proc/pressure/irq", "proc/pressure/memory"};

static bool opens_file(struct span line, bool after_full)
{
    return span_begins(line, "some ") || after_full;
}

/* How many files the lines are of, and whether a line of irq's, which is "full" behind another
 * "full", is among them. */
static unsigned count_files(struct span text, bool *ret_irq, bool *ret_cpu_first)
{
    struct span line, path;
    bool after_full = false;
    unsigned files = 0;

    *ret_irq = *ret_cpu_first = false;
    while (span_take_line(&text, &line)) {
        line = skip_grep(line, &path);
        span_skip_blanks(&line);
        if (!span_empty(path))
            return 0;
        *ret_irq |= after_full && span_begins(line, "full ");
        /* Of a whole machine no time is lost in which all wait for a CPU: zeros, or no such
         * line. */
        if (files == 1 && (span_begins(line, "some ") ||
                           span_begins(line, "full avg10=0.00 avg60=0.00 avg300=0.00")))
            *ret_cpu_first = true;
        files += opens_file(line, after_full);
        after_full = span_begins(line, "full ");
    }
    return files;
}

static struct pressures name_pressures(const struct block *b, struct span text)
{
    struct pressures named = {.count = 0};
    struct span command = b->command, word;
    bool irq, cpu_first;
    unsigned files = count_files(text, &irq, &cpu_first);
    bool pattern = span_empty(command) && cpu_first;

    if (files < 2 || files > PRESSURES_MAX)
        return named;
    while (span_take_word(&command, &word)) {
        const char *at = span_find(word, "proc/pressure/");
        struct span place = {at ? at : word.end, word.end};

        if (!span_empty(place) && place.end[-1] == ';')
            place.end--;
        pattern |= span_is(place, "proc/pressure/*");
        for (unsigned i = 0; i < PRESSURES_MAX && named.count < PRESSURES_MAX; i++)
            if (span_is(place, pressure_places[i]))
                named.places[named.count++] = pressure_places[i];
    }
    for (unsigned i = 0; i < PRESSURES_MAX && pattern && named.count < files; i++)
        if (irq || !path_ends(span_of(pressure_places[i], strlen(pressure_places[i])), "irq"))
            named.places[named.count++] = pressure_places[i];
    return named.count == files ? named : (struct pressures){.count = 0};
}

unsigned pressure_parse(struct block *b, struct span text)
{
    struct pressures named = name_pressures(b, text);
    struct span line;
    char last[TREE_PATH_MAX] = "";
    unsigned found = 0, files = 0;
    bool after_full = false;

    while (span_take_line(&text, &line)) {
        struct span path, rest = skip_grep(line, &path);
        char place[TREE_PATH_MAX];

        span_skip_blanks(&rest);
        files += opens_file(rest, after_full);
        after_full = span_begins(rest, "full ");
        if (named.count && files > 0)
            path = span_of(named.places[files - 1], strlen(named.places[files - 1]));
        if (span_empty(path))
            path = b->path;
        if (span_empty(path))
            path = span_of("proc/pressure/memory", 20);
        place_of_path(path, place);
        if (strcmp(last, place) != 0)
            block_file(b, place, span_of("", 0));
        snprintf(last, sizeof(last), "%s", place);
        block_file_add(b, place, "%.*s\n", (int)MIN(span_len(rest), (size_t)400), rest.at);
        found++;
    }
    return found;
}
