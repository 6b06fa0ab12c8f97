/* block.h - what the grammars of formats.def see and fill.
 *
 * A grammar turns the output of a tool into the files of Linux that the tool read (paste/tree.h),
 * as far as it printed them: all rules and all checks are those of the files then. Only what no
 * file has goes into the snapshot itself: rows of processes, the ARC, what programs say they were
 * refused.
 */
#ifndef PASTE_BLOCK_H
#define PASTE_BLOCK_H

#include "paste/paste.h"
#include "paste/tree.h"

/* How exact a figure is: a file of Linux, a table in KiB, a table that rounds. */
enum rank { RANK_NONE, RANK_ROUNDED, RANK_TABLE, RANK_FILE };

struct rates; /* of a series */

struct block {
    struct paste *p;
    struct span command; /* the shell's line that printed it; empty when not known */
    struct span path;    /* of the file that is shown; empty */
    struct klog_place place;
    enum paste_format format; /* whose grammar reads it; NR_FORMATS: none */
    struct strbuf text;       /* lines so far, cleaned */
    u32 lines;
    u32 row; /* of the text that is being parsed, from 0; of formats that count it */
};

/* A figure of /proc/meminfo in bytes (or count), unless a more exact one is there. */
void block_meminfo(struct block *b, enum meminfo_field field, u64 value, enum rank rank);

/* A file of the machine: this text, instead of what an earlier block had. Returns 1. */
unsigned block_file(struct block *b, const char *path, struct span text);
unsigned block_file_printf(struct block *b, const char *path, const char *fmt, ...) HW_PRINTF(3, 4);
/* ... this text without what grep put before its lines. */
unsigned block_file_plain(struct block *b, const char *path, struct span text);
/* ... appended to it. */
void block_file_add(struct block *b, const char *path, const char *fmt, ...) HW_PRINTF(3, 4);

/* A control group's limit and use as its files; UNKNOWN leaves a file out. `path` begins with
 * "/". */
void block_group(struct block *b, const char *path, u64 current, u64 max);

void block_high(struct block *b, const char *path, u64 high);

/* What a container was promised and what it may use; UNKNOWN. */
void block_sizing(struct block *b, const char *scope, u64 request, u64 limit);

/* A container of which nothing is known yet, and adding one of which something is. */
struct container_view container_unknown(void);
void block_container(struct block *b, const struct container_view *c);

/* A row of a table of processes; pid 0: not known. */
struct process_row {
    u32 pid;
    struct span comm;
    u64 vm_size, rss, shared, swap, pss, uss; /* UNKNOWN */
    u64 nr_threads;
};
/* A row that says nothing yet, of "a process". */
struct process_row process_row_unknown(void);
/* Pids above it are made up, for rows without one. */
#define ROWS_NO_PID 131072u
void block_process(struct block *b, const struct process_row *row);
/* Of a table that has shares of memory alone. Returns true. */
bool block_share(struct block *b, struct span command, double percent);
/* The table shows all processes of the machine, not the first few. */
void block_processes_whole(struct block *b, bool whole);

/* What a process has on a node: pid and, where a text is cut, partial and guessed; comm: "a
 * process" when no text says. A process without a number in its text has one that no machine
 * uses. */
void block_process_node(struct block *b, struct span comm, struct process_node_view view);
/* The same as its numa_maps says, with policies; pid 0: the text does not say whose it is. 1 unless
 * the text is empty. */
unsigned block_numa_maps(struct block *b, u32 pid, struct span comm, struct span text);
u32 block_made_up_pid(const struct block *b);
/* Lists of the processors and nodes that it may use; empty: not told. */
void block_affinity(struct block *b, u32 pid, struct span cpus, struct span mems);

/* A limit of processes and threads, and how many there are; UNKNOWN. name: constant text; of: a
 * unit or group, or "". */
void block_task_limit(struct block *b, const char *name, const char *of, u64 used, u64 limit);

/* Another program says that the kernel killed, or that it was refused memory: words as they
 * stand. */
struct told {
    const char *killer; /* who says it: "kubelet" */
    const char *scope;  /* pod, unit or container */
    const char *comm;
    u64 limit;
    struct span words;
    u64 wall_us;
    u32 line; /* of the text; 0: the block's first */
};
void block_told(struct block *b, const struct told *told);

/* Events a second over `seconds` of counters of /proc/vmstat; NAN is left out. */
void block_rate(struct block *b, enum counter counter, double per_s);
void block_interval(struct block *b, double seconds);
/* ... and how much of the CPUs' time was idle with I/O outstanding. */
void block_iowait(struct block *b, double percent);
/* Of all CPU time, in a table that says no more of memory: waiting for I/O, and given to other
 * guests; NAN: not told. */
void block_cpu(struct block *b, double iowait, double steal);

/* --- pieces of text --------------------------------------------------------------------------- */

/* "7.6G", "7,6Gi", "512M", "123456", "0B", "1.2g", "12 kB"; a bare number is times `unit`. False
 * when it is no amount. */
bool amount_take(struct span *line, u64 unit, u64 *ret);
bool amount_of(struct span word, u64 unit, u64 *ret);

/* The amount behind a text, wherever it stands in the line; NO_LIMIT for "infinity", UNKNOWN
 * without one. */
u64 amount_after(struct span line, const char *key);

/* A number with a point or comma. */
bool decimal_take(struct span *line, double *ret);

/* Do the line's first words equal those of `words` (separated by blanks)? */
bool words_begin(struct span line, const char *words);
/* Does the line have each of the words, in this order, with others between? */
bool words_have(struct span line, const char *words);

/* The words of a line. */
#define FIELDS_MAX 64
struct fields {
    struct span at[FIELDS_MAX];
    unsigned count;
};
void fields_split(struct span line, struct fields *ret);
/* "0 1 2 8" as "0-2,8". */
void numbers_to_list(struct span numbers, char *buf, size_t size);
/* The index of the column of this name, FIELDS_MAX when there is none. */
unsigned fields_find(const struct fields *head, const char *name);

/* The line after a prefix that grep puts before it: "/proc/meminfo:" or "12:"; *ret_path is the
 * file, or empty. */
struct span skip_grep(struct span line, struct span *ret_path);
/* Each line without that prefix, as one text. */
void grep_strip(struct span text, struct strbuf *out);

/* Is the last part of the path this name? */
bool path_ends(struct span path, const char *name);

/* "pgfault 123": a line of a name and a number, and the number of the first line of a text that has
 * this name; UNKNOWN. */
bool named_number_take(struct span line, struct span *name, u64 *value);
u64 named_number(struct span text, const char *name);

/* --- grammars --------------------------------------------------------------------------------- */
#define FORMAT(id, function, name, where, tells)                      \
    bool function##_begins(const struct block *b, struct span line);  \
    bool function##_goes_on(const struct block *b, struct span line); \
    unsigned function##_parse(struct block *b, struct span text);
#include "paste/formats.def"
#undef FORMAT

#endif
