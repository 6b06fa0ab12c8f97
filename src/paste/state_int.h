/* state_int.h - a paste being read. */
#ifndef PASTE_STATE_INT_H
#define PASTE_STATE_INT_H

#include "observe/klog.h"
#include "paste/block.h"
#include "paste/prefix.h"

struct row {
    struct process_view view;
    u32 table; /* number of the block */
};

/* A process whose memory a text shows by node, and which text that is. */
struct place_owner {
    u32 pid, text;
    char comm[COMM_BYTES];
};

struct place {
    struct process_node_view view;
    u32 text;
};

/* Where a process may run and have memory, as lists; "" is unknown. */
struct affinity {
    u32 pid;
    char cpus[64], mems[32];
};

struct rates {
    double per_s[NR_COUNTERS];
    double interval_s;
    double iowait; /* percent of all CPU time; NAN */
};

/* A set of formats. There are more than a word has bits. */
__extension__ typedef unsigned __int128 formats_t;
#define FORMAT_BIT(format) ((formats_t)1 << (format))
_Static_assert(NR_FORMATS <= 128, "a set of formats has a bit for each");

/* What a line may be (filter.c); all zero: nobody here wants it. */
struct filter {
    formats_t formats; /* it may be the first line of a block of these */
    bool log;          /* it may tell of memory in a log */
    bool heap;         /* it may say how large a heap may grow */
    bool refusal;      /* it may be what a program says that got no memory, or that was killed */
    bool foreign;      /* it may be of another system than Linux */
    bool marked;       /* it may have a prompt, a fence, tags or escapes (bytes_have_mark) */
};

/* A message that goes on in the next line, as mail and narrow terminals break it. */
struct wrapped {
    struct strbuf text;
    struct klog_stamp stamp;
    char host[64], program[64];
    size_t last_len; /* of the line it ends in so far */
    unsigned lines;
    bool open;
};

/* Of a table behind a logger's prefix: whose lines are its rows. */
struct logger {
    bool open;
    bool tagged; /* rows stand behind the name of this program */
    char program[64];
    char lead[64]; /* words that stand before each row, behind the prefix; "" */
    unsigned gap;  /* lines of others within the table */
};

/* Lines of an object before the one that shows of what kind it is: they belong to its block. */
struct lead {
    struct strbuf text; /* as they came; they were counted as not understood */
    u32 line, lines;    /* the first one's number; 0 lines: none */
};

/* What stands around each line of this file and is no logger's (carrier.c). */
struct carrier {
    char lead[256];
    size_t len;           /* of it; 0: none */
    const char *closing;  /* what closes the message; NULL: nothing */
    bool taken;           /* from this line */
    struct prefix prefix; /* times in what was taken from this line */
    char host[64];
};

/* Lines of a job's account, one below the other: all are of it once one was known. */
struct batch_account {
    bool open;
    u32 file, line; /* its last one */
    u32 above;      /* lines before the first that was known, which count as not understood */
};

/* A job of a batch system, as far as its lines were read (batch.c). */
struct batch_job {
    const char *system, *option;      /* constant text; NULL */
    u64 used, limit;                  /* bytes; UNKNOWN */
    size_t used_column, limit_column; /* of sacct, where they end; 0: none */
    bool over;
    char name[24]; /* its number; "" */
    char words[200];
    struct batch_account account;
};

/* What earlyoom saw last: bytes, total 0 when it said nothing. */
struct earlyoom {
    u64 available, total, swap_free, swap_total;
};

/* Where a machine's tree stands (roots.h). */
struct root_seen {
    char *key; /* its path, with that of the archive in front */
    bool has_memory;
};

struct newest_first; /* newest_first.c */
struct machines;     /* machines.c */

/* What a container's id and its name are, as a command prints both (names.c). */
struct container_name {
    char id[13];
    char name[96];
    u64 limit; /* bytes; UNKNOWN */
};

struct paste_state {
    struct tree tree;
    VEC(struct root_seen) roots;
    char *only_root; /* the root whose files are read; NULL: the first one */
    VEC(struct container_name) names;
    enum rank meminfo_rank[NR_MEMINFO_FIELDS];
    bool pool_written;                   /* a command of the text wrote to nr_hugepages */
    u32 meminfo_line[NR_MEMINFO_FIELDS]; /* of the text */
    u32 meminfo_file[NR_MEMINFO_FIELDS]; /* as struct klog_place has it */
    u64 meminfo[NR_MEMINFO_FIELDS];
    VEC(struct row) rows;
    u32 tables; /* of processes so far */
    VEC(struct place_owner) owners;
    VEC(struct place) places;
    VEC(struct affinity) affinities;
    u32 place_texts; /* texts that told of places so far */
    bool rows_whole;
    bool rows_largest; /* the table read last was sorted by resident memory */
    struct rates rates;
    bool has_tree_files;                /* files of a machine's tree came with their paths */
    formats_t meminfo_from, rates_from; /* what gave such figures */
    struct earlyoom earlyoom;
    /* the pod that kubectl described last in this file: its events follow; "" */
    char described[640];

    /* the task of Nomad whose status is read: its events follow */
    char task[64];
    u64 task_limit; /* bytes; UNKNOWN */

    u64 tasks_counted; /* by "ps | wc -l"; UNKNOWN */
    u64 user_tasks;    /* ulimit -u; UNKNOWN */

    unsigned refusals_said; /* REFUSED_SAID */
    struct batch_job job;
    bool redis_asked; /* the line before named redis' maxmemory: its value follows */
    u64 dyno_used;    /* of Heroku, bytes; UNKNOWN */
    u64 dyno_quota;   /* of Heroku, bytes; UNKNOWN */

    struct klog *klog;
    struct newest_first *newest;
    struct machines *machines; /* NULL: this is a part of a text already */
    u32 boot;
    u64 last_at_us;
    struct prefix_log dates;
    u64 journal_us; /* of journalctl -o export and verbose */
    struct wrapped wrapped;
    unsigned table_words; /* of the task table's head; 0: none yet */
    unsigned report_left; /* lines that are looked at because an earlier one was of memory */
    bool in_stats;        /* within "Memory cgroup stats" */
    bool in_report;       /* a report began, and its end was not seen */

    /* the file being read */
    u32 file, klog_file;
    u32 line;
    u32 unread_file, unread_line; /* the last line that was not understood */
    struct filter kinds;          /* of this line */
    bool prompted;                /* a command stood before it: it may be the first of anything */
    bool pwd;                     /* that command was pwd */
    struct strbuf partial, cleaned, unescaped, cut, command, path, json;
    struct carrier carrier;
    struct strbuf counted; /* what /proc/vmstat said last */
    u32 counted_file;      /* in which file of the text */
    u64 slept_s;           /* "sleep N" at prompts since then, in seconds */
    struct strbuf cwd;     /* where the shell stands, below /proc or /sys; "" elsewhere */
    bool may_be_alien;     /* a directory is read that is no machine's */
    /* ... and turned out to be programs, sources or documents: nothing more of it is read */
    bool alien;
    bool partial_dropped; /* its line is too long: the rest is passed over */

    struct lead lead;
    struct block open; /* of format `format` when it is one */
    enum paste_format format;
    struct logger logger; /* of the block that is open */
};

/* paste.c: the line may begin a table that a logger wrote; the message does. */
bool paste_may_be_logged(const struct paste_state *st);
bool paste_open_logged(struct paste *p, const struct prefix *prefix);

/* sigkill.c: what others say when signal 9 ended a program. */
bool sigkill_take(struct paste *p, struct span message, struct klog_place place);
const char *sigkill_sign(unsigned sentence);
/* The message is such a sentence. */
bool sigkill_is(struct span message);
/* Note such a death; who: tells of it, scope: of whom, or NULL. */
void sigkill_push(struct paste *p, const char *who, const char *scope, struct span words,
                  struct klog_place place);

/* paste.c: so many lines of this file, from this one on, which nobody here understands. */
void paste_not_understood(struct paste *p, u32 line, u32 count);

/* paste.c: a line as it is; cut.c: a line that may be several. */
void paste_take_line(struct paste *p, struct span raw, struct filter kinds);
void cut_line(struct paste *p, struct span line);

/* command.c: what follows this command; it is of this file; the shell stands in this directory. */
void command_note(struct paste_state *st, struct span command);
/* Seconds of the first "sleep N" (Ns, Nm, Nh) of the command; 0: none, less than one, or a day and
 * more. */
u64 command_slept(struct span command);
/* "sleep 10", "sleep 10; cat /proc/vmstat": what it shows is of after that time. */
bool command_sleeps_first(struct span command);
void command_file(struct paste_state *st, struct span name);
void command_directory(struct paste_state *st, struct span path);

/* carrier.c: take what stands around the line, if this file has such lines. */
bool carrier_take(struct paste_state *st, struct span *line);
/* What was taken has words, such as a time, and no marks alone. */
bool carrier_has_words(const struct paste_state *st);
/* The times and the host that stood there, for a message that has none of its own. */
void carrier_fill(const struct paste_state *st, struct prefix *prefix);

/* --- log.c ------------------------------------------------------------------------------------ */

/* The message that may go on in the next line is at its end. */
void log_flush(struct paste *p);
/* ... and its end is missing. */
bool log_wrapped_is_cut(struct paste_state *st);
/* The line goes on what is wrapped. */
bool log_take_wrapped(struct paste *p, struct span line, size_t raw_len);
/* A line of a logger; false when it is none. */
bool log_take_line(struct paste *p, struct span line, size_t raw_len);
/* A line without any prefix, as a bare message of the kernel. True when it is one that somebody
 * here knows. */
bool log_take_bare(struct paste *p, struct span line, u32 number, size_t raw_len);
/* ... up to 100. */
unsigned log_count_words(struct span text);

/* A message, to whom it concerns. */
void log_feed(struct paste *p, struct span message, const struct klog_stamp *stamp);

/* --- newest_first.c: a log that runs backwards ------------------------------------------------ */

struct newest_first *newest_first_new(void);
void newest_first_free(struct newest_first *n);
/* True when the message is held back: it is fed later, in the kernel's order. */
bool newest_first_take(struct paste *p, struct span message, const struct klog_stamp *stamp);
/* The file that is read runs backwards, as far as it shows. */
bool newest_first_is(const struct paste_state *st);
/* The file has ended. */
void newest_first_end(struct paste *p);
/* Events of such files, in the order in which they happened. */
void newest_first_order(struct paste *p);

/* --- machines.c: which lines are of which machine --------------------------------------------- */

struct machines *machines_new(void);
void machines_free(struct machines *m);
/* A file begins, as paste_begin() has it. */
void machines_file(struct paste *p, s64 written);
/* A line comes: a heading is noted, and a name that stands before each line taken away. */
void machines_look(struct paste *p, struct span *line, struct filter kinds);
/* That line says whose what follows is, and no more. */
bool machines_is_heading(const struct paste_state *st);
/* The line is one that somebody here may want. */
void machines_keep(struct paste *p, struct span line);
/* It is a prompt of this command. */
void machines_prompt(struct paste *p, struct span line, struct span command);
/* A block of this kind begins at it. */
void machines_table(struct paste *p, enum paste_format format);
/* All was added. */
void machines_finish(struct paste *p);

/* roots.c: free what is known of roots. */
void roots_done(struct paste_state *st);

/* names.c: the container of this id has this name; the log's groups that end in such an id end in
 * the name. */
void names_note(struct paste *p, struct span id, struct span name, u64 limit);
void names_apply(struct paste *p);

/* heap.c: how large a heap may grow, and what says so; NULL behind the last. */
void heap_take(struct paste *p, struct span line);
const char *heap_sign(unsigned option);

/* batch.c: what systems that run jobs say of one; what each such line has, NULL behind the last. */
void batch_take(struct paste *p, struct span line);
const char *batch_sign(unsigned sign);
/* A line that nobody understood is one of a job's account: it is counted here. */
bool batch_has_line(struct paste *p, struct span line);
void batch_finish(struct paste *p);

/* pool_write.c: how many huge pages the pool was to have, and who must have them. */
void pool_write_take(struct paste *p, struct span line);
void pool_write_finish(struct paste *p);
/* A row of sysctl or of its settings. */
void pool_write_read_back(struct paste *p, u64 pages);

/* json.c: the message of a log in JSON lines. False when the line is no such object. */
bool json_line_take(struct span line, struct strbuf *message, struct prefix *ret, char host[64],
                    char program[64]);

/* refusal.c: what a program says when it gets no memory. */
/* What a line of a refusal says of huge pages (refusal_pool.c): bits of the nodes that they were to
 * come from, 0: any; the size of a page, UNKNOWN; how many bytes a memory backend of QEMU asked
 * for, UNKNOWN. */
u64 refusal_nodes(struct span line);
u64 refusal_page(struct span line);
u64 refusal_backend_size(struct span line);
bool refusal_take(struct paste *p, struct span message, const struct klog_stamp *stamp);
/* What each of these sentences holds; NULL behind the last. */
const char *refusal_sign(unsigned sentence);

/* format_kube.c: the pod that a command names, and its namespace; what it does not say stays. */
void kube_asked(struct span command, char *name, char *space, size_t size);

/* placement.c: the text that told of places is over; at the end of all, to the processes of the
 * snapshot. */
void placement_text_ends(struct paste_state *st);
void placement_finish(struct paste *p);
void placement_done(struct paste_state *st);

/* format_limits.c: "ulimit -v 4194304" sets the limit of what the shell starts, and prints
 * nothing. */
void ulimit_command(struct paste *p, struct span command);

/* tasks.c: limits of processes and threads that came as files, once all was read. */
void tasks_finish(struct paste *p);

/* groups.c: groups of tables, once all was read and before their files are. */
void groups_finish(struct paste_state *st);

/* foreign.c: a line of another system than Linux is noted as such; what each has, NULL behind the
 * last. */
bool foreign_take(struct paste *p, struct span line);
const char *foreign_sign(unsigned sign);

/* filter.c: one look at a line, cleaned or not. */
struct filter filter_line(struct span line);
static inline bool filter_any(struct filter f)
{
    return f.formats || f.log || f.foreign;
}

#endif
