/* record.h - record one real run of a program into a trace (.hwt).
 *
 * The program runs under the exact recorder (record/valgrind/, a program of its own) with its
 * standard input, output, error, process group and terminal untouched. Its threads leave raw chunks
 * in shared memory (record/channel.h); this side compresses them and appends each with one
 * write(2).
 *
 * What may happen on the way, and what is left:
 *   the program is killed        the trace is closed properly; all it did until then is in it
 *   the program leaves daemons   they are recorded until the last has ended, or the recording is
 *                                stopped
 *                                (record/follow.h)
 *   this process is killed       the program runs on unrecorded; the trace has all but the last
 *                                second
 *   the disk is full             the program runs on unrecorded; likewise
 *   Ctrl-C                       reaches the program; this side waits for it to end
 *
 * Never: prints, exits. Changes the dispositions of signals (record/follow.h) while it runs.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/err.h"
#include "base/types.h"
#include "trace/trace.h"

#define RECORD_WINDOW_DEFAULT (1u << 16) /* instructions; why so many: docs/fidelity.md */
#define RECORD_TOOL_NAME      "hwrecord-amd64-linux"

struct record_progress {
    u64 events; /* accesses and operations written so far */
    u64 bytes;  /* of the file so far */
    u32 streams;
    ns_t wall_ns;     /* since the start */
    unsigned nr_left; /* processes that run on after the program's end */
    const char *whom; /* some of them; NULL while the program runs */
};

struct record_options {
    const char *output;
    unsigned mode;      /* permissions of the output (base/outfile.h) */
    char *const *argv;  /* NULL-terminated; argv[0] is looked up in PATH */
    const char *tool;   /* path of the recorder's tool; NULL: record_find_tool */
    u32 window;         /* instructions after which the filter forgets; 0: the default */
    bool stored;        /* do not compress */
    bool leader_only;   /* end with the program, whatever it leaves behind */
    ns_t stop_after_ns; /* 0: never */
    u64 max_bytes;      /* of the file; 0: no bound (record/collector.h) */
    /* keep the program's name alone: no arguments, secret or not, and no settings */
    bool no_args;
    /* called some times a second; may be NULL */
    void (*progress)(const struct record_progress *p, void *data);
    void *progress_data;
};

/* What ended the recording: the end of all processes, or something else before it. */
enum record_end {
    RECORD_END_ALL,
    RECORD_END_TIME, /* stop_after_ns */
    RECORD_END_SIGNAL,
    RECORD_END_LEADER, /* leader_only */
    RECORD_END_SIZE,   /* max_bytes */
};

struct record_result {
    enum record_end end;
    bool leader_ended;
    int wait_status;             /* of the program, as from wait(2); if it has ended */
    unsigned nr_left;            /* processes that went on when the recording ended */
    char whom[256];              /* some of them */
    u32 unrecorded;              /* programs that ran natively, unrecorded */
    char unrecorded_names[2048]; /* some of them */
    u64 accesses, ops;
    u64 bytes;                /* of the file */
    u64 raw_bytes;            /* of payload before compression */
    struct trace_lacks lacks; /* what could not be followed */
    u64 gaps;                 /* chunks that were lost on the way: the trace is damaged */
    u64 broken;               /* processes in which the recorder itself failed */
    u32 streams, processes;
    u32 window; /* instructions, at the end: a bounded file makes it longer */
    bool full;  /* the bound of the file ended the recording early */
    u64 instructions;
    ns_t wall_ns, cpu_ns; /* of the run; of all its processes and of this side */
    ns_t starved_ns;      /* in which main threads were ready to run and had no CPU */
    int write_error;      /* 0, or the -errno that ended the trace early */
    char complaint[512];  /* "" or what a recorded process complained of */
};

/* The path of the tool: $HIGHWATER_LIBEXEC, then beside this program as built
 * (src/record/valgrind/) and as installed (../libexec/highwater/). -ENOENT with the cure in e. */
int record_find_tool(char *path, size_t size, struct err *e);

/* Run the program to its end.
 *   -ENOENT   no such program; -EACCES not executable; the tool's absence is -ENOEXEC
 *   -errno    the output cannot be created, or no process or memory to be had
 * A program that fails or dies of a signal is a result, not an error. */
int record_run(const struct record_options *options, struct record_result *ret_result,
               struct err *e);

#endif
