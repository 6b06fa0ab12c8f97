/* format_proc.c - files of Linux themselves, whole, cut or grepped, with or without the names that grep puts before their lines. */
#include "paste/block.h"
#include "paste/state_int.h"

#include <stdio.h>

/* Each line without grep's prefix, as one text. */
static void strip_grep(struct span text, struct strbuf *out)
{
    struct span line, path;

    while (span_take_line(&text, &line)) {
        line = skip_grep(line, &path);
        strbuf_append_bytes(out, line.at, span_len(line));
        strbuf_appendc(out, '\n');
    }
}

static unsigned stripped_file(struct block *b, const char *path, struct span text)
{
    struct strbuf plain;
    unsigned rc;

    strbuf_init(&plain);
    strip_grep(text, &plain);
    rc = block_file(b, path, span_of_buf(&plain));
    strbuf_done(&plain);
    return rc;
}

static bool ends_name(struct span path, const char *name)
{
    const char *slash = span_empty(path) ? NULL : memrchr(path.at, '/', span_len(path));
    struct span base = {slash ? slash + 1 : path.at, path.end};

    return span_is(base, name);
}

/* --- /proc/meminfo ----------------------------------------------------------------------------------------------------- */

static enum meminfo_field field_of(struct span key)
{
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        if (span_is(key, meminfo_keys[i]))
            return (enum meminfo_field)i;
    return NR_MEMINFO_FIELDS;
}

/* "MemTotal:  123 kB": the field, or none. Words such as "Slab" or "Active" alone are too common without their unit. */
static bool take_pair(struct span *line, enum meminfo_field *ret_field, u64 *ret_value)
{
    struct span rest = *line, key;
    u64 value;

    if (!span_take_until(&rest, ':', &key))
        return false;
    *ret_field = field_of(span_trim(key));
    if (*ret_field == NR_MEMINFO_FIELDS || !span_take_u64(&rest, &value))
        return false;
    if (span_take(&rest, "kB") || span_take(&rest, "KB") || span_take(&rest, "kb"))
        value = value < (u64)1 << 50 ? value * KIB : UNKNOWN;
    else if (strncmp(meminfo_keys[*ret_field], "HugePages", 9) != 0)
        return false;
    *ret_value = value;
    *line = rest;
    return true;
}

bool meminfo_begins(const struct block *b, struct span line)
{
    struct span path;
    enum meminfo_field field;
    u64 value;

    (void)b;
    line = skip_grep(line, &path);
    return take_pair(&line, &field, &value);
}

bool meminfo_goes_on(const struct block *b, struct span line)
{
    struct span path, key, rest;
    u64 value;

    (void)b;
    rest = skip_grep(line, &path);
    return span_take_until(&rest, ':', &key) && span_len(key) < 40 &&
           span_take_u64(&rest, &value) &&
           !memchr(span_trim(key).at, ' ', span_len(span_trim(key)));
}

unsigned meminfo_parse(struct block *b, struct span text)
{
    struct span line, path;
    unsigned found = 0;

    for (b->row = 0; span_take_line(&text, &line); b->row++) {
        enum meminfo_field field;
        u64 value;

        line = skip_grep(line, &path);
        while (take_pair(&line, &field, &value)) {
            block_meminfo(b, field, value, RANK_FILE);
            found++;
        }
    }
    b->row = 0;
    return found;
}

/* "Node 0 MemTotal:  123 kB". */
bool node_meminfo_begins(const struct block *b, struct span line)
{
    struct span path, word;
    u64 node;

    (void)b;
    line = skip_grep(line, &path);
    return span_take(&line, "Node ") && span_take_u64(&line, &node) &&
           span_take_word(&line, &word) && word.end[-1] == ':' &&
           field_of((struct span){word.at, word.end - 1}) != NR_MEMINFO_FIELDS;
}

bool node_meminfo_goes_on(const struct block *b, struct span line)
{
    struct span path;

    (void)b;
    line = skip_grep(line, &path);
    return span_take(&line, "Node ") && memchr(line.at, ':', span_len(line));
}

unsigned node_meminfo_parse(struct block *b, struct span text)
{
    struct span line, path;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct span rest;
        char file[96];
        u64 node;

        line = skip_grep(line, &path);
        rest = line;
        if (!span_take(&rest, "Node ") || !span_take_u64(&rest, &node) || node >= NODES_MAX)
            continue;
        snprintf(file, sizeof(file), "sys/devices/system/node/node%llu/meminfo",
                 (unsigned long long)node);
        block_file_add(b, file, "%.*s\n", (int)MIN(span_len(line), (size_t)400), line.at);
        found++;
    }
    return found;
}

/* --- lines of a name and a number ------------------------------------------------------------------------------------------ */

static bool name_and_number(struct span line, struct span *name, u64 *value)
{
    struct span path;

    line = skip_grep(line, &path);
    return span_take_word(&line, name) && span_take_u64(&line, value) &&
           span_empty(span_trim(line)) && !is_digit(*name->at);
}

static bool is_counter(struct span name)
{
    static const char *const beginnings[] = {
        "nr_",       "pgscan",    "pgsteal",       "allocstall",   "workingset_",
        "balloon_",  "pswp",      "pgpg",          "pgfault",      "pgmajfault",
        "oom_kill",  "thp_",      "compact_",      "kswapd_",      "numa_",
        "pgalloc_",  "pgrotated", "slabs_scanned", "zone_reclaim", "unevictable_pgs",
        "pgpromote", "pgdemote"};

    for (unsigned i = 0; i < ARRAY_SIZE(beginnings); i++)
        if (span_begins(name, beginnings[i]))
            return true;
    return false;
}

bool vmstat_file_begins(const struct block *b, struct span line)
{
    struct span name;
    u64 value;

    /* memory.stat and memory.events share names. */
    if (ends_name(b->path, "memory.stat") || ends_name(b->path, "memory.events"))
        return false;
    /* A node's counters have names of /proc/vmstat. */
    skip_grep(line, &name);
    if (ends_name(b->path, "numastat") || ends_name(name, "numastat"))
        return false;
    return name_and_number(line, &name, &value) && is_counter(name) &&
           !span_is(name, "nr_descendants") && !span_is(name, "nr_dying_descendants") &&
           !span_is(name, "nr_periods") && !span_is(name, "nr_throttled");
}

bool vmstat_file_goes_on(const struct block *b, struct span line)
{
    struct span name;
    u64 value;

    (void)b;
    return name_and_number(line, &name, &value);
}

static u64 value_of(struct span text, const char *key);

/* What an earlier one in this text said comes first: who reads the file takes two counts for two moments. */
static void keep_before(struct block *b, struct span text, const char *key, struct strbuf *out)
{
    const struct tree_file *f = tree_find(&b->p->state->tree, "proc/vmstat");
    u64 before = f ? value_of(span_of_buf(&f->text), key) : UNKNOWN;

    if (known(before) && known(value_of(text, key)))
        strbuf_printf(out, "%s %llu\n", key, (unsigned long long)before);
}

unsigned vmstat_file_parse(struct block *b, struct span text)
{
    struct strbuf plain, all;
    unsigned rc;

    strbuf_init(&plain);
    strbuf_init(&all);
    strip_grep(text, &plain);
    keep_before(b, span_of_buf(&plain), "numa_hit", &all);
    keep_before(b, span_of_buf(&plain), "numa_foreign", &all);
    strbuf_append_bytes(&all, plain.text, plain.len);
    rc = block_file(b, "proc/vmstat", span_of_buf(&all));
    strbuf_done(&plain);
    strbuf_done(&all);
    return rc;
}

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
    if (!name_and_number(line, &name, &value))
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

    return name_and_number(line, &name, &value) && span_is(name, "low");
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

static u64 value_of(struct span text, const char *key)
{
    struct span line, name;
    u64 value;

    while (span_take_line(&text, &line))
        if (name_and_number(line, &name, &value) && span_is(name, key))
            return value;
    return UNKNOWN;
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

    if (known(value_of(text, "kernel")))
        return value_of(text, "kernel");
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        u64 value = value_of(text, kinds[i]);

        if (known(value) && value < (u64)1 << 56)
            sum = figure_or(sum, 0) + value;
    }
    return sum;
}

/* Usage and limit that the statistics tell by themselves. */
static void offer_totals(struct block *b, struct span text, bool v1)
{
    char place[TREE_PATH_MAX];
    u64 limit = value_of(text, "hierarchical_memory_limit");

    if (v1) {
        group_place(b->path, "memory.usage_in_bytes", true, place);
        offer_number(b, place,
                     known(value_of(text, "total_rss"))
                         ? figure_add(value_of(text, "total_rss"), value_of(text, "total_cache"))
                         : figure_add(value_of(text, "rss"), value_of(text, "cache")));
        group_place(b->path, "memory.limit_in_bytes", true, place);
        offer_number(b, place, limit);
        return;
    }
    group_place(b->path, "memory.current", false, place);
    offer_number(
        b, place,
        figure_add(figure_add(value_of(text, "anon"), value_of(text, "file")), kernel_of(text)));
}

/* Of v1, where only the group's own figure was pasted, it is all that is known of it with what is below. */
static void add_totals(struct block *b, const char *place, struct span text)
{
    struct span rest = text, line, name;
    char total[80];
    u64 value;

    while (span_take_line(&rest, &line)) {
        if (!name_and_number(line, &name, &value) || span_len(name) >= 60 ||
            span_begins(name, "total_"))
            continue;
        snprintf(total, sizeof(total), "total_%.*s", (int)span_len(name), name.at);
        if (!known(value_of(text, total)))
            block_file_add(b, place, "%s %llu\n", total, (unsigned long long)value);
    }
}

unsigned memory_stat_parse(struct block *b, struct span text)
{
    bool v1 = known(value_of(text, "total_rss")) || known(value_of(text, "total_cache")) ||
              known(value_of(text, "hierarchical_memory_limit")) || known(value_of(text, "rss"));
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
    if (!stripped_file(b, place, text))
        return 0;
    if (v1)
        add_totals(b, place, text);
    offer_totals(b, text, v1);
    return 1;
}

/* --- single files, by their name ------------------------------------------------------------------------------------------- */

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
        if (ends_name(path, names[i]))
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
        !ends_name(b->path, "memory.stat") && !ends_name(b->path, "memory.numa_stat"))
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

/* Files of more than one line that "cat" shows between others, by their names. */
static bool has_lines(struct span path)
{
    static const char *const names[] = {"memory.events", "memory.events.local", "memory.stat",
                                        "memory.pressure", "memory.oom_control"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (ends_name(path, names[i]) || span_is(path, names[i]))
            return true;
    return false;
}

/* Which of the files that one command shows a line is of: each number is one, and lines with names are of the next that has such. False: of none. */
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
        if (events && is_group_path(path) && !ends_name(path, "memory.events") &&
            !ends_name(path, "memory.events.local"))
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

unsigned pressure_parse(struct block *b, struct span text)
{
    struct span line;
    char last[TREE_PATH_MAX] = "";
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct span path, rest = skip_grep(line, &path);
        char place[TREE_PATH_MAX];

        if (span_empty(path))
            path = b->path;
        if (span_empty(path))
            path = span_of("proc/pressure/memory", 20);
        place_of_path(path, place);
        if (strcmp(last, place) != 0)
            block_file(b, place, span_of("", 0));
        snprintf(last, sizeof(last), "%s", place);
        span_skip_blanks(&rest);
        block_file_add(b, place, "%.*s\n", (int)MIN(span_len(rest), (size_t)400), rest.at);
        found++;
    }
    return found;
}

/* --- tables of the kernel --------------------------------------------------------------------------------------------------- */

bool slabinfo_begins(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    if (span_find(line, "slabinfo - version"))
        return true;
    fields_split(line, &f);
    return f.count >= 12 && span_is(f.at[6], ":") && span_is(f.at[7], "tunables");
}

bool slabinfo_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return (f.count >= 7 && span_is(f.at[6], ":")) || span_find(line, "# name");
}

unsigned slabinfo_parse(struct block *b, struct span text)
{
    return stripped_file(b, "proc/slabinfo", text);
}

bool zoneinfo_begins(const struct block *b, struct span line)
{
    struct span rest = line, zone;
    u64 node;

    (void)b;
    return span_take(&rest, "Node ") && span_take_u64(&rest, &node) && span_take(&rest, ", zone") &&
           span_take_word(&rest, &zone) && span_empty(span_trim(rest));
}

bool zoneinfo_goes_on(const struct block *b, struct span line)
{
    return zoneinfo_begins(b, line) || (!span_empty(line) && is_blank(*line.at));
}

unsigned zoneinfo_parse(struct block *b, struct span text)
{
    return block_file(b, "proc/zoneinfo", text);
}

/* "Node 0, zone   Normal", and what stands behind it; `rest` is behind the zone's name. */
static bool is_zone_row(struct span line, struct span *rest)
{
    struct span zone;
    u64 node;

    if (!span_take(&line, "Node ") || !span_take_u64(&line, &node) || !span_take(&line, ", zone") ||
        !span_take_word(&line, &zone))
        return false;
    *rest = line;
    return true;
}

static unsigned count_numbers(struct span rest)
{
    unsigned count = 0;
    u64 number;

    while (span_take_u64(&rest, &number))
        count++;
    return span_empty(span_trim(rest)) ? count : 0;
}

/* pagetypeinfo has a column for each migrate type, 5 to 7 of them; buddyinfo one for each order, 11 and more, or 8 where a line is broken at
 * 80 characters. */
#define TYPES_MAX 7

bool buddyinfo_begins(const struct block *b, struct span line)
{
    struct span rest;

    (void)b;
    return is_zone_row(line, &rest) && count_numbers(rest) > TYPES_MAX;
}

bool buddyinfo_goes_on(const struct block *b, struct span line)
{
    struct span rest;
    u64 count;

    (void)b;
    return is_zone_row(line, &rest) && span_take_u64(&rest, &count) && span_take_u64(&rest, &count);
}

unsigned buddyinfo_parse(struct block *b, struct span text)
{
    return block_file(b, "proc/buddyinfo", text);
}

/* "Node    0, zone   Normal, type      Movable   12   3 ...": free blocks of a type. */
static bool is_typed_row(struct span line)
{
    struct span rest, type;

    return is_zone_row(line, &rest) && span_take(&rest, "type") && span_take_word(&rest, &type) &&
           count_numbers(rest) > 1;
}

static bool is_types_row(struct span line)
{
    struct span rest;
    unsigned count = is_zone_row(line, &rest) ? count_numbers(rest) : 0;

    return count >= 4 && count <= TYPES_MAX;
}

bool pagetypeinfo_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(line, "Page block order:") ||
           span_begins(line, "Free pages count per migrate") ||
           span_begins(line, "Number of blocks type") || is_typed_row(line) || is_types_row(line);
}

bool pagetypeinfo_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return span_empty(line) || span_begins(line, "Pages per block") ||
           span_begins(line, "Free pages") || span_begins(line, "Node ") ||
           span_begins(line, "Number of blocks");
}

/* Without the headline nobody says which column is of which type: such rows are understood, and left out. */
unsigned pagetypeinfo_parse(struct block *b, struct span text)
{
    struct span rest = text, line;
    struct strbuf known_rows;
    bool headed = false;
    unsigned rc;

    strbuf_init(&known_rows);
    while (span_take_line(&rest, &line)) {
        headed |= span_begins(line, "Number of blocks type");
        if (!headed && is_types_row(line))
            continue;
        strbuf_append_bytes(&known_rows, line.at, span_len(line));
        strbuf_appendc(&known_rows, '\n');
    }
    rc = block_file(b, "proc/pagetypeinfo", span_of_buf(&known_rows));
    strbuf_done(&known_rows);
    return rc;
}

/* "#subsys_name hierarchy num_cgroups enabled", and the row of memory. */
bool cgroups_file_begins(const struct block *b, struct span line)
{
    (void)b;
    return span_find(line, "subsys_name") && span_find(line, "num_cgroups");
}

bool cgroups_file_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    (void)b;
    fields_split(line, &f);
    return f.count == 4 && is_digit(*f.at[1].at) && is_digit(*f.at[2].at);
}

unsigned cgroups_file_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned found = 0;

    while (span_take_line(&text, &line)) {
        struct fields f;
        u64 count;

        fields_split(line, &f);
        if (f.count == 4 && span_is(f.at[0], "memory") && span_take_u64(&f.at[2], &count)) {
            b->p->s.cgroups_counted = count;
            found++;
        }
        found += f.count == 4;
    }
    return found;
}

/* --- sysctl -------------------------------------------------------------------------------------------------------------------- */

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

/* --- ulimit ----------------------------------------------------------------------------------------------------------------- */
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
    if ((is_asked(b, 'l') || is_asked(b, 'v')) && is_answer(line))
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

/* The soft limit that follows one of the words: what they are, from the first with its number of KiB, and how many count in these; UNKNOWN. */
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
    if (is_asked(b, 'l'))
        take_lock_limit(b, none ? NO_LIMIT : value * KIB, false);
    else if (!none)
        b->p->s.address_limit = value * KIB;
}

/* "max user processes              (-u) 1024", "Max processes             1024                 1024", "-u: processes   1024" */
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
