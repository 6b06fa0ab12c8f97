/* format_proc.c - files of /proc that tell of the whole machine, whole, cut or grepped, with or
 * without the names that grep puts before their lines: meminfo, vmstat, and the tables of slabs,
 * zones, free blocks and control groups. */
#include "paste/block.h"
#include "paste/state_int.h"
#include "stats/counters.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- /proc/meminfo ---------------------------------------------------------------------------- */

static enum meminfo_field field_of(struct span key)
{
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        if (span_is(key, meminfo_keys[i]))
            return (enum meminfo_field)i;
    return NR_MEMINFO_FIELDS;
}

/* "MemTotal: 123 kB": the field, or none. Words such as "Slab" or "Active" alone are too common
 * without their unit. */
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

/* --- lines of a name and a number ------------------------------------------------------------- */

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
    if (path_ends(b->path, "memory.stat") || path_ends(b->path, "memory.events"))
        return false;
    /* A node's counters have names of /proc/vmstat. */
    skip_grep(line, &name);
    if (path_ends(b->path, "numastat") || path_ends(name, "numastat"))
        return false;
    return named_number_take(line, &name, &value) && is_counter(name) &&
           /* memory.oom_control of cgroup v1 */
           !path_ends(b->path, "memory.oom_control") && !span_is(name, "oom_kill_disable") &&
           !span_is(name, "nr_descendants") && !span_is(name, "nr_dying_descendants") &&
           !span_is(name, "nr_periods") && !span_is(name, "nr_throttled");
}

bool vmstat_file_goes_on(const struct block *b, struct span line)
{
    struct span name;
    u64 value;

    (void)b;
    return named_number_take(line, &name, &value);
}

/* What an earlier one in this text said comes first: who reads the file takes two counts for two
 * moments. */
static void keep_before(struct block *b, struct span text, const char *key, struct strbuf *out)
{
    const struct tree_file *f = tree_find(&b->p->state->tree, "proc/vmstat");
    u64 before = f ? named_number(span_of_buf(&f->text), key) : UNKNOWN;

    if (known(before) && known(named_number(text, key)))
        strbuf_printf(out, "%s %llu\n", key, (unsigned long long)before);
}

/* Where a second count of the same counters begins: the first name once more. Its end: there is one
 * count. */
static struct span second_count(struct span text)
{
    struct span line, name, first = {0}, rest = text;
    u64 value;

    while (span_take_line(&rest, &line)) {
        if (!named_number_take(line, &name, &value))
            continue;
        if (!first.at)
            first = name;
        else if (span_len(name) == span_len(first) &&
                 memcmp(name.at, first.at, span_len(name)) == 0)
            return (struct span){line.at, text.end};
    }
    return (struct span){text.end, text.end};
}

/* Events of which both texts have a count, over the seconds between. */
static void take_rates(struct block *b, struct span first, struct span after, double seconds)
{
    u64 before[NR_COUNTERS], value;
    struct span line, name;

    for (unsigned i = 0; i < NR_COUNTERS; i++)
        before[i] = UNKNOWN;
    for (unsigned later = 0; later < 2; later++) {
        struct span rest = later ? after : first;

        while (span_take_line(&rest, &line)) {
            char key[64];
            enum counter id;

            if (!named_number_take(line, &name, &value) || span_len(name) >= sizeof(key) ||
                span_begins(name, "numa_"))
                continue;
            span_copy(name, key, sizeof(key));
            id = counter_find(key);
            if (id >= NR_COUNTERS || counter_info[id].kind != COUNTER_EVENT)
                continue;
            if (!later)
                before[id] = value;
            else if (known(before[id]) && value >= before[id])
                block_rate(b, id, (double)(value - before[id]) / seconds);
        }
    }
    block_interval(b, seconds);
}

/* Two counts of one command, with a known time between: rates. `text` becomes the later one. */
static void take_twice(struct block *b, struct span *text, struct strbuf *out)
{
    static const char *const of_nodes[] = {"numa_hit", "numa_foreign"};
    struct span after = second_count(*text), first = {text->at, after.at};
    u64 seconds = command_slept(b->command);

    if (span_empty(after))
        return;
    *text = after;
    /* Of these the reader compares two counts whatever the time between. */
    for (unsigned i = 0; i < ARRAY_SIZE(of_nodes); i++)
        if (known(named_number(first, of_nodes[i])))
            strbuf_printf(out, "%s %llu\n", of_nodes[i],
                          (unsigned long long)named_number(first, of_nodes[i]));
    if (seconds)
        take_rates(b, first, after, (double)seconds);
}

/* A count of an earlier command, and "sleep 10" at a prompt since. */
static void take_since(struct block *b, struct span text)
{
    struct paste_state *st = b->p->state;

    if (st->slept_s && st->counted.len && st->counted_file == st->file)
        take_rates(b, span_of_buf(&st->counted), text, (double)st->slept_s);
    strbuf_reset(&st->counted);
    strbuf_append_bytes(&st->counted, text.at, span_len(text));
    st->counted_file = st->file;
    st->slept_s = 0;
}

unsigned vmstat_file_parse(struct block *b, struct span text)
{
    struct strbuf plain, all;
    struct span later;
    unsigned rc;

    strbuf_init(&plain);
    strbuf_init(&all);
    grep_strip(text, &plain);
    later = span_of_buf(&plain);
    keep_before(b, later, "numa_hit", &all);
    keep_before(b, later, "numa_foreign", &all);
    take_twice(b, &later, &all);
    take_since(b, later);
    strbuf_append_bytes(&all, later.at, span_len(later));
    rc = block_file(b, "proc/vmstat", span_of_buf(&all));
    strbuf_done(&plain);
    strbuf_done(&all);
    return rc;
}

/* --- tables of the kernel --------------------------------------------------------------------- */

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
    return block_file_plain(b, "proc/slabinfo", text);
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

/* pagetypeinfo has a column for each migrate type, 5 to 7 of them; buddyinfo one for each order, 11
 * and more, or 8 where a line is broken at 80 characters. */
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

/* Without the headline nobody says which column is of which type: such rows are understood, and
 * left out. */
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
