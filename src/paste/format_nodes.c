/* format_nodes.c - numactl -H, numastat in all its forms, numa_maps and taskset: what memory nodes
 * have, and who has his memory on which.
 *
 * A screen that is too narrow for all nodes has them in panels, one below the other, each with a
 * head of its own; `numastat -z` leaves nodes out that have nothing. So a column is that of the
 * node which its head names.
 */
#include "paste/block.h"
#include "paste/state_int.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* --- numactl -H ------------------------------------------------------------------------------- */

/* "node 0 size: 32118 MB", "node 0 free: 123 MB", "node 0 cpus: 0 1 2". */
bool numactl_begins(const struct block *b, struct span line)
{
    struct span rest = line;
    u64 node;

    (void)b;
    return (span_begins(line, "available: ") && span_find(line, " nodes")) ||
           (span_take(&rest, "node ") && span_take_u64(&rest, &node) &&
            (span_take(&rest, "size:") || span_take(&rest, "free:") || span_take(&rest, "cpus:")));
}

bool numactl_goes_on(const struct block *b, struct span line)
{
    struct fields f;

    fields_split(line, &f);
    return numactl_begins(b, line) || span_begins(line, "node distances") ||
           span_begins(span_trim(line), "node ") || (f.count > 1 && f.at[0].end[-1] == ':');
}

static void list_add(struct span numbers, struct strbuf *list)
{
    u64 first, last, next;
    bool more = span_take_u64(&numbers, &first);

    while (more) {
        last = first;
        /* Other tools write ranges. */
        if (span_take(&numbers, "-") && !span_take_u64(&numbers, &last))
            break;
        while (span_take(&numbers, ","))
            ;
        while ((more = span_take_u64(&numbers, &next)) && next == last + 1)
            last = next;
        strbuf_printf(list, "%s%llu", list->len ? "," : "", (unsigned long long)first);
        if (last > first)
            strbuf_printf(list, "-%llu", (unsigned long long)last);
        first = next;
    }
}

/* "0 1 2 8" as the node's own file has it: "0-2,8". */
static void cpulist_add(struct block *b, const char *file, struct span numbers)
{
    struct strbuf list;

    strbuf_init(&list);
    list_add(numbers, &list);
    block_file_printf(b, file, "%s\n", list.len ? list.text : "");
    strbuf_done(&list);
}

void numbers_to_list(struct span numbers, char *buf, size_t size)
{
    struct strbuf list;

    strbuf_init(&list);
    list_add(numbers, &list);
    snprintf(buf, size, "%s", list.len ? list.text : "");
    strbuf_done(&list);
}

unsigned numactl_parse(struct block *b, struct span text)
{
    struct span line;
    unsigned found = 0;
    u64 total = 0, all_free = 0, mib[NODES_MAX] = {0};

    while (span_take_line(&text, &line)) {
        u64 node, value;
        char file[96];
        bool size;

        if (!span_take(&line, "node ") || !span_take_u64(&line, &node) || node >= NODES_MAX)
            continue;
        if (span_take(&line, "cpus:")) {
            snprintf(file, sizeof(file), "sys/devices/system/node/node%llu/cpulist",
                     (unsigned long long)node);
            cpulist_add(b, file, line);
            continue;
        }
        size = span_take(&line, "size:");
        if ((!size && !span_take(&line, "free:")) || !span_take_u64(&line, &value) ||
            value > (u64)1 << 32)
            continue;
        /* A node does not have more free than it has: whoever copied that mistook a digit, and
         * which is not known. */
        if (!size && mib[node] && value > mib[node])
            continue;
        if (size)
            mib[node] = value;
        snprintf(file, sizeof(file), "sys/devices/system/node/node%llu/meminfo",
                 (unsigned long long)node);
        block_file_add(b, file, "Node %llu %s: %llu kB\n", (unsigned long long)node,
                       size ? "MemTotal" : "MemFree", (unsigned long long)(value * 1024));
        *(size ? &total : &all_free) += value * MIB;
        found++;
    }
    if (total)
        block_meminfo(b, MI_MEM_TOTAL, total, RANK_ROUNDED);
    if (found > 1)
        block_meminfo(b, MI_MEM_FREE, all_free, RANK_ROUNDED);
    return found;
}

/* --- numastat -m, -n and -p ------------------------------------------------------------------- */
/*
 * Per-node process memory usage (in MBs) for PID 1000 (db)       Per-node process memory usage (in
 * MBs)
 *                            Node 0          Node 1    Total      PID              Node 0 Node 1
 *                            Total
 *                   --------------- ---------------  -------      ---------------  ------ ------ -----
 * Heap                         0.00            0.00     0.00      1000 (db)           962      0
 *                              962
 * Private                    962.43            0.00   962.43      1001 (web)            0    100
 *                            100
 * ----------------  --------------- ---------------  -------      ---------------  ------ ------
 *                   -----
 * Total                      962.43            0.00   962.43      Total               962    100
 *                            1062
 */
#define COLUMNS_MAX   FIELDS_MAX
#define COLUMN_TOTAL  UINT32_MAX
#define MIB_MAX       1e9
#define PROCESS_TITLE "Per-node process memory usage"

struct columns {
    u32 node[COLUMNS_MAX]; /* COLUMN_TOTAL: the sum of all */
    unsigned count;
    bool by_pid; /* a row is a process */
};

/* "Node 0  Node 1  Total", "PID  Node 0  Node 1  Total", and "Total" alone in the last panel. */
static bool take_columns(struct span line, struct columns *ret)
{
    struct fields f;
    unsigned i = 0;

    fields_split(line, &f);
    *ret = (struct columns){.by_pid = f.count > 1 && span_is(f.at[0], "PID")};
    for (i = ret->by_pid; i < f.count; i++) {
        struct span number;
        u64 node;

        if (span_is(f.at[i], "Total") && i + 1 == f.count) {
            ret->node[ret->count++] = COLUMN_TOTAL;
            continue;
        }
        if (!span_is(f.at[i], "Node") || ++i == f.count)
            return false;
        number = f.at[i];
        if (!span_take_u64(&number, &node) || !span_empty(number) || node >= NODES_MAX)
            return false;
        ret->node[ret->count++] = (u32)node;
    }
    return ret->count > 0;
}

static bool is_panel_head(struct span line)
{
    struct columns columns;

    return take_columns(line, &columns) && columns.node[0] != COLUMN_TOTAL;
}

/* A line of a table: its name, or a process's number and name, and one figure a column. */
struct table_row {
    struct span name; /* of the process, when pid is not 0 */
    u64 pid;
    double mib[COLUMNS_MAX];
    unsigned count;
};

static bool take_table_row(struct span line, struct table_row *ret)
{
    struct span word, rest = line;

    *ret = (struct table_row){.count = 0};
    if (span_take_u64(&rest, &ret->pid)) {
        span_skip_blanks(&rest);
        if (!span_take(&rest, "(") || !span_take_until(&rest, ')', &ret->name) || ret->pid == 0 ||
            ret->pid > UINT32_MAX - ROWS_NO_PID)
            return false;
    } else {
        ret->pid = 0;
        if (!span_take_word(&rest, &ret->name) || *ret->name.at == '-' || ret->name.end[-1] == ':')
            return false;
    }
    while (ret->count < COLUMNS_MAX && span_take_word(&rest, &word)) {
        double *mib = &ret->mib[ret->count];

        if (!is_digit(*word.at) || !decimal_take(&word, mib) || !span_empty(word) || *mib > MIB_MAX)
            return false;
        ret->count++;
    }
    return ret->count > 0;
}

/* "------ ------ -----", or what numastat says on its standard error of lines that it does not
 * know. */
static bool is_table_rest(struct span line)
{
    struct span rest = span_trim(line);

    return span_empty(rest) || span_begins(rest, "----") ||
           (span_begins(rest, "Token ") && span_ends(rest, "not in hash table."));
}

static bool table_goes_on(struct span line)
{
    struct columns columns;
    struct table_row row;

    return is_table_rest(line) || take_columns(line, &columns) || take_table_row(line, &row);
}

static bool is_process_part(struct span name)
{
    static const char *const parts[] = {"Huge", "Heap", "Stack", "Private"};

    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
        if (span_is(name, parts[i]))
            return true;
    return false;
}

/* Of a table whose head is not in the text: the columns are those of the first nodes if the last of
 * them is the sum of the others. */
static bool guess_columns(const struct table_row *row, struct columns *ret)
{
    double sum = 0;

    *ret = (struct columns){.count = row->count};
    for (unsigned i = 0; i + 1 < row->count; i++) {
        ret->node[i] = i;
        sum += row->mib[i];
    }
    if (row->count < 3 || !(fabs(sum - row->mib[row->count - 1]) < 0.02 * row->count))
        return false;
    ret->node[row->count - 1] = COLUMN_TOTAL;
    return true;
}

/* "Heap  0.00  20.10  20.10": the lower part of a table. */
static bool is_headless_row(struct span line)
{
    struct columns columns;
    struct table_row row;

    return take_table_row(line, &row) && !row.pid && is_process_part(row.name) &&
           guess_columns(&row, &columns);
}

bool numastat_p_begins(const struct block *b, struct span line)
{
    struct columns columns;

    (void)b;
    return span_begins(line, PROCESS_TITLE) || is_headless_row(line) ||
           (is_panel_head(line) && take_columns(line, &columns) && columns.by_pid);
}

bool numastat_p_goes_on(const struct block *b, struct span line)
{
    (void)b;
    return span_begins(line, PROCESS_TITLE) || table_goes_on(line);
}

/* What the table of one process says, panel after panel. */
struct one_process {
    u32 pid; /* 0: the text does not say */
    struct span comm;
    bool headless; /* which nodes its columns are of is a guess */
    bool seen[NODES_MAX];
    u64 parts[NODES_MAX], total[NODES_MAX]; /* bytes; total UNKNOWN */
};

static void one_process_reset(struct one_process *one)
{
    one->pid = 0;
    one->headless = false;
    one->comm = span_of("a process", 9);
    for (unsigned i = 0; i < NODES_MAX; i++) {
        one->seen[i] = false;
        one->parts[i] = 0;
        one->total[i] = UNKNOWN;
    }
}

static unsigned one_process_end(struct block *b, struct one_process *one)
{
    unsigned found = 0;
    u32 pid = one->pid ? one->pid : block_made_up_pid(b);

    for (u32 i = 0; i < NODES_MAX; i++) {
        if (!one->seen[i])
            continue;
        /* Without its last row what it adds up to is not known. */
        b->p->cut |= !known(one->total[i]) || one->headless;
        block_process_node(
            b, one->comm,
            (struct process_node_view){.pid = pid,
                                       .node = i,
                                       .bytes = figure_or(one->total[i], one->parts[i]),
                                       .partial = !known(one->total[i]),
                                       .guessed = one->headless});
        found++;
    }
    one_process_reset(one);
    return found;
}

/* "... for PID 1000 (db)", or the command that was given one number: "numastat -p 1000". */
static void take_process_title(const struct block *b, struct span line, struct one_process *one)
{
    const char *at = span_find(line, "for PID ");
    struct span rest = at ? (struct span){at + 8, line.end} : b->command, word;
    u64 pid;

    one_process_reset(one);
    if (at && span_take_u64(&rest, &pid) && pid <= UINT32_MAX - ROWS_NO_PID) {
        one->pid = (u32)pid;
        span_skip_blanks(&rest);
        if (span_take(&rest, "(") && span_take_until(&rest, ')', &word) && !span_empty(word))
            one->comm = word;
    }
    while (!at && span_take_word(&rest, &word))
        if (span_take_u64(&word, &pid) && span_empty(word) && pid <= UINT32_MAX - ROWS_NO_PID)
            one->pid = (u32)pid;
}

/* False: the row is none of such a table. */
static bool take_process_row(struct one_process *one, const struct columns *columns,
                             const struct table_row *row)
{
    bool total = span_is(row->name, "Total");

    if (!total && !is_process_part(row->name))
        return false;
    for (unsigned i = 0; i < MIN(columns->count, row->count); i++) {
        u32 node = columns->node[i];
        u64 bytes = (u64)(row->mib[i] * (double)MIB);

        if (node == COLUMN_TOTAL)
            continue;
        one->seen[node] = true;
        if (total)
            one->total[node] = bytes;
        else
            one->parts[node] += bytes;
    }
    return true;
}

/* " Node 0 Node 1 Total", then "MemTotal 32118.11 32253.00 64371.11". */
bool numastat_m_begins(const struct block *b, struct span line)
{
    (void)b;
    return is_panel_head(line) || span_begins(line, "Per-node system memory usage") ||
           span_begins(line, "Per-node numastat info");
}

bool numastat_m_goes_on(const struct block *b, struct span line)
{
    return !numastat_p_begins(b, line) && (numastat_m_begins(b, line) || table_goes_on(line));
}

/* "Numa_Hit" of numastat -n is numa_hit in MiB: the counter that the node's file has in pages. */
static bool counter_name(struct span name, char ret[40])
{
    static const char *const counters[] = {"numa_hit",       "numa_miss",  "numa_foreign",
                                           "interleave_hit", "local_node", "other_node"};

    for (unsigned i = 0; i < ARRAY_SIZE(counters); i++) {
        if (span_len(name) == strlen(counters[i]) &&
            strncasecmp(name.at, counters[i], span_len(name)) == 0) {
            snprintf(ret, 40, "%s", counters[i]);
            return true;
        }
    }
    return false;
}

static unsigned take_system_row(struct block *b, const struct columns *columns,
                                const struct table_row *row)
{
    char file[96], counter[40];
    bool counts = counter_name(row->name, counter);
    unsigned found = 0;

    for (unsigned i = 0; i < MIN(columns->count, row->count); i++) {
        u32 node = columns->node[i];

        for (unsigned m = 0; m < NR_MEMINFO_FIELDS && node == COLUMN_TOTAL; m++)
            /* Its huge pages are sizes, and those of meminfo numbers. */
            if (span_is(row->name, meminfo_keys[m]) &&
                strncmp(meminfo_keys[m], "HugePages_", 10) != 0)
                block_meminfo(b, (enum meminfo_field)m, (u64)(row->mib[i] * (double)MIB),
                              RANK_ROUNDED);
        /* All of the page cache; what free shows as cache has slabs in it. */
        if (node == COLUMN_TOTAL && span_is(row->name, "FilePages")) {
            block_meminfo(b, MI_CACHED, (u64)(row->mib[i] * (double)MIB), RANK_TABLE);
            block_meminfo(b, MI_BUFFERS, 0, RANK_TABLE);
        }
        if (node == COLUMN_TOTAL)
            continue;
        snprintf(file, sizeof(file), "sys/devices/system/node/node%u/%s", node,
                 counts ? "numastat" : "meminfo");
        if (counts)
            block_file_add(b, file, "%s %.0f\n", counter, row->mib[i] * 256);
        else
            block_file_add(b, file, "Node %u %.*s: %.0f kB\n", node,
                           (int)MIN(span_len(row->name), (size_t)40), row->name.at,
                           row->mib[i] * 1024);
        found++;
    }
    return found;
}

/* All tables in one: what a row is its name tells, should the title be lost. */
static unsigned parse_tables(struct block *b, struct span text)
{
    struct columns columns = {.count = 0}, next;
    struct one_process *one = xmalloc(sizeof(*one));
    struct table_row row;
    struct span line;
    unsigned found = 0;

    take_process_title(b, span_of("", 0), one);
    while (span_take_line(&text, &line)) {
        if (span_begins(line, PROCESS_TITLE)) {
            found += one_process_end(b, one);
            placement_text_ends(b->p->state);
            take_process_title(b, line, one);
            columns.count = 0;
        } else if (take_columns(line, &next)) {
            columns = next;
        } else if (!take_table_row(line, &row)) {
            continue;
        } else if (columns.count == 0 && is_headless_row(line)) {
            one->headless = guess_columns(&row, &columns);
            take_process_row(one, &columns, &row);
        } else if (row.pid) {
            for (unsigned i = 0; i < MIN(columns.count, row.count); i++)
                if (columns.node[i] != COLUMN_TOTAL)
                    block_process_node(
                        b, row.name,
                        (struct process_node_view){.pid = (u32)row.pid,
                                                   .node = columns.node[i],
                                                   .bytes = (u64)(row.mib[i] * (double)MIB)});
            found++;
        } else if (!columns.by_pid && !take_process_row(one, &columns, &row)) {
            found += take_system_row(b, &columns, &row);
        }
    }
    found += one_process_end(b, one);
    placement_text_ends(b->p->state);
    free(one);
    return found;
}

unsigned numastat_p_parse(struct block *b, struct span text)
{
    return parse_tables(b, text);
}

unsigned numastat_m_parse(struct block *b, struct span text)
{
    return parse_tables(b, text);
}

/* --- numastat --------------------------------------------------------------------------------- */

/* " node0 node1", then "numa_hit 1234 5678": counts of pages since boot. */
static bool is_numastat_head(struct span line)
{
    struct span word, rest = line;
    unsigned nodes = 0;

    while (span_take_word(&rest, &word)) {
        if (span_len(word) < 5 || !span_begins(word, "node") || !is_digit(word.at[4]))
            return false;
        nodes++;
    }
    return nodes > 0;
}

/* "/sys/devices/system/node/node1/numastat", "node1/numastat": of which node. */
static bool node_of_path(struct span path, u64 *ret_node)
{
    static const char file[] = "/numastat";
    const char *slash;

    if (span_empty(path) || !span_ends(path, file))
        return false;
    path.end -= strlen(file);
    slash = memrchr(path.at, '/', span_len(path));
    path.at = slash ? slash + 1 : path.at;
    return span_take(&path, "node") && span_take_u64(&path, ret_node) && span_empty(path) &&
           *ret_node < NODES_MAX;
}

static bool is_numastat_row(const struct fields *f)
{
    static const char *const names[] = {"numa_hit",       "numa_miss",  "numa_foreign",
                                        "interleave_hit", "local_node", "other_node"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (f->count > 1 && span_is(f->at[0], names[i]))
            return true;
    return false;
}

/* A line of a node's own file, as cat shows it, or grep behind its path. */
static bool take_own_row(const struct block *b, struct span line, u64 *ret_node, struct fields *ret)
{
    struct span path;

    line = skip_grep(line, &path);
    fields_split(line, ret);
    return is_numastat_row(ret) && node_of_path(span_empty(path) ? b->path : path, ret_node);
}

bool numastat_begins(const struct block *b, struct span line)
{
    struct fields f;
    u64 node;

    return is_numastat_head(line) || take_own_row(b, line, &node, &f);
}

bool numastat_goes_on(const struct block *b, struct span line)
{
    struct fields f;
    u64 node;

    fields_split(line, &f);
    return is_numastat_row(&f) || take_own_row(b, line, &node, &f);
}

static void numastat_add(struct block *b, u64 node, struct span name, u64 value)
{
    char file[96];

    snprintf(file, sizeof(file), "sys/devices/system/node/node%llu/numastat",
             (unsigned long long)node);
    block_file_add(b, file, "%.*s %llu\n", (int)MIN(span_len(name), (size_t)40), name.at,
                   (unsigned long long)value);
}

unsigned numastat_parse(struct block *b, struct span text)
{
    struct fields head = {.count = 0}, f;
    struct span line;
    unsigned found = 0;
    u64 node, value;

    while (span_take_line(&text, &line)) {
        if (take_own_row(b, line, &node, &f)) {
            if (f.count == 2 && span_take_u64(&f.at[1], &value)) {
                numastat_add(b, node, f.at[0], value);
                found++;
            }
            continue;
        }
        fields_split(line, &f);
        if (is_numastat_head(line)) {
            head = f;
            continue;
        }
        if (!is_numastat_row(&f))
            continue;
        for (unsigned i = 0; i < head.count && i + 1 < f.count; i++) {
            struct span id = {head.at[i].at + 4, head.at[i].end}, word = f.at[i + 1];

            if (!span_take_u64(&id, &node) || node >= NODES_MAX || !span_take_u64(&word, &value))
                continue;
            numastat_add(b, node, f.at[0], value);
            found++;
        }
    }
    return found;
}

/* --- /proc/PID/numa_maps ---------------------------------------------------------------------- */
/*
 * 55d0c8a00000 default file=/usr/bin/postgres mapped=410 mapmax=9 N0=300 N1=110 kernelpagesize_kB=4
 * 7f2c40000000 bind:0 anon=246382 dirty=196442 active=101643 N0=246382 kernelpagesize_kB=4
 */
static bool is_policy(struct span word)
{
    static const char *const policies[] = {"default",    "local",  "bind",
                                           "interleave", "prefer", "weighted"};

    for (unsigned i = 0; i < ARRAY_SIZE(policies); i++) {
        struct span rest = word;

        if (span_take(&rest, policies[i]) &&
            (span_empty(rest) || *rest.at == ':' || *rest.at == '='))
            return true;
    }
    return false;
}

bool numa_maps_begins(const struct block *b, struct span line)
{
    struct span path, address, policy, word;
    static const char *const known_words[] = {
        "anon=",   "file=",      "heap",        "stack",  "huge",       "mapped=",    "mapmax=",
        "active=", "kernelpage", "interleave:", "dirty=", "swapcache=", "writeback=", "(many)"};
    bool hex = true;

    (void)b;
    line = skip_grep(line, &path);
    if (!span_take_word(&line, &address) || span_len(address) < 5 || span_len(address) > 16 ||
        !span_take_word(&line, &policy) || !is_policy(policy))
        return false;
    for (const char *at = address.at; at < address.end; at++)
        hex &= is_digit(*at) || (*at >= 'a' && *at <= 'f');
    if (!hex || !span_take_word(&line, &word))
        return hex;
    for (unsigned i = 0; i < ARRAY_SIZE(known_words); i++)
        if (span_begins(word, known_words[i]))
            return true;
    return span_len(word) > 2 && *word.at == 'N' && is_digit(word.at[1]);
}

bool numa_maps_goes_on(const struct block *b, struct span line)
{
    return numa_maps_begins(b, line);
}

/* "/proc/1000/numa_maps"; 0: another path, or none. */
static u32 pid_of_path(struct span path)
{
    const char *at = span_empty(path) ? NULL : span_find(path, "proc/");
    struct span rest = at ? (struct span){at + 5, path.end} : span_of("", 0);
    u64 pid;

    return span_take_u64(&rest, &pid) && span_begins(rest, "/numa_maps") &&
                   pid <= UINT32_MAX - ROWS_NO_PID
               ? (u32)pid
               : 0;
}

/* Where kernels of 64 bits put what a program maps (x86: 7f..., arm64: ffff...); its own text lies
 * below. */
static bool is_mapped_high(struct span address)
{
    return span_len(address) >= 11 && (*address.at == '7' || *address.at == 'f');
}

/* The file mapped lowest is the program, unless it is a library, data, or nothing of the kind is in
 * the text. */
static struct span program_in(struct span line)
{
    struct span address = line;
    const char *at = span_find(line, " file=");
    struct span rest = at ? (struct span){at + 6, line.end} : span_of("", 0), word;

    if (!at || !span_take_word(&rest, &word) || span_find(word, ".so") ||
        span_find(word, "\\040(deleted)") || *word.at != '/' || span_begins(word, "/dev/") ||
        span_find(line, " huge ") || !span_take_word(&line, &address) || is_mapped_high(address))
        return span_of("a process", 9);
    at = memrchr(word.at, '/', span_len(word));
    return (struct span){at + 1, word.end};
}

/* Of the file that the text was read from. */
static struct span file_read(const struct block *b)
{
    const struct paste *p = b->p;
    const char *name = p->state->file < p->files.count ? p->files.items[p->state->file] : "";

    return span_of(name, strlen(name));
}

unsigned numa_maps_parse(struct block *b, struct span text)
{
    struct span line, path, whose = span_empty(b->path) ? file_read(b) : b->path;
    struct strbuf one;
    u32 pid = 0, next;
    struct span comm = span_of("a process", 9);
    unsigned found = 0;

    strbuf_init(&one);
    while (span_take_line(&text, &line)) {
        line = skip_grep(line, &path);
        next = pid_of_path(span_empty(path) ? whose : path);
        if (one.len == 0 || next != pid) {
            found += block_numa_maps(b, pid, comm, span_of_buf(&one));
            strbuf_reset(&one);
            pid = next;
            comm = program_in(line);
        }
        strbuf_append_bytes(&one, line.at, span_len(line));
        strbuf_appendc(&one, '\n');
    }
    found += block_numa_maps(b, pid, comm, span_of_buf(&one));
    strbuf_done(&one);
    return found;
}

/* --- taskset -p ------------------------------------------------------------------------------- */

/* "pid 1000's current affinity list: 0-3,8", or "... mask: f0f"; taskset tells "new" ones as
 * well. */
static bool take_affinity(struct span line, u64 *ret_pid, bool *ret_mask, struct span *ret_cpus)
{
    if (!span_take(&line, "pid ") || !span_take_u64(&line, ret_pid) || !span_take(&line, "'s ") ||
        !(span_take(&line, "current ") || span_take(&line, "new ")) ||
        !span_take(&line, "affinity "))
        return false;
    *ret_mask = span_take(&line, "mask:");
    if (!*ret_mask && !span_take(&line, "list:"))
        return false;
    *ret_cpus = span_trim(line);
    return !span_empty(*ret_cpus) && *ret_pid > 0 && *ret_pid <= UINT32_MAX - ROWS_NO_PID;
}

bool taskset_begins(const struct block *b, struct span line)
{
    struct span cpus;
    bool mask;
    u64 pid;

    (void)b;
    return take_affinity(line, &pid, &mask, &cpus);
}

bool taskset_goes_on(const struct block *b, struct span line)
{
    return taskset_begins(b, line);
}

static int nibble_of(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_run(struct strbuf *list, unsigned first, unsigned last)
{
    strbuf_printf(list, "%s%u", list->len ? "," : "", first);
    if (last > first)
        strbuf_printf(list, "-%u", last);
}

/* "ff,00000003" as a list: "0-1,32-39". False when it is no mask. */
static bool list_of_mask(struct span mask, struct strbuf *list)
{
    unsigned bit = 0, first = 0;
    bool open = false;

    for (const char *at = mask.end; at > mask.at; at--) {
        int nibble = at[-1] == ',' ? 0 : nibble_of(at[-1]);

        if (nibble < 0)
            return false;
        for (unsigned i = 0; at[-1] != ',' && i < 4; i++, bit++) {
            bool set = nibble >> i & 1;

            if (set && !open)
                first = bit;
            if (!set && open)
                put_run(list, first, bit - 1);
            open = set;
        }
    }
    if (open)
        put_run(list, first, bit - 1);
    return list->len > 0;
}

unsigned taskset_parse(struct block *b, struct span text)
{
    struct span line, cpus;
    struct strbuf list;
    unsigned found = 0;
    bool mask;
    u64 pid;

    strbuf_init(&list);
    while (span_take_line(&text, &line)) {
        if (!take_affinity(line, &pid, &mask, &cpus))
            continue;
        strbuf_reset(&list);
        if (mask && !list_of_mask(cpus, &list))
            continue;
        block_affinity(b, (u32)pid, mask ? span_of_buf(&list) : cpus, span_of("", 0));
        found++;
    }
    strbuf_done(&list);
    return found;
}
