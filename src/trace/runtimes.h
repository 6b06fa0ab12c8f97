/* runtimes.h - programs of a recording that choose by themselves how much memory they take.
 *
 * Question:  does the need that was recorded hold under another limit? Not where a program sizes
 *            its heap by the memory it sees, or keeps what a setting allows: there the limit and
 *            the setting go together.
 * Method:    a program is known by a file that it maps as text (libjvm.so, node), Go by where its
 *            heap lies; its settings by arguments and variables (SETTING), or, of recordings
 *            without those, by the command line in meta. The table is runtimes.def.
 */
#ifndef TRACE_RUNTIMES_H
#define TRACE_RUNTIMES_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "trace/trace.h"

enum runtime {
#define RUNTIME(id, name, sees, what, flag) RUNTIME_##id,
#include "trace/runtimes.def"
#undef RUNTIME
    NR_RUNTIMES
};

/* What it goes by when nothing is set. */
enum runtime_sees {
    RUNTIME_SEES_LIMIT,   /* the limit of its cgroup, else the machine's RAM */
    RUNTIME_SEES_RAM,     /* the machine's RAM, whatever the limit */
    RUNTIME_SEES_NOTHING, /* neither */
};

struct runtime_info {
    const char *name;
    enum runtime_sees sees;
    const char *what, *flag;
};
extern const struct runtime_info runtime_info[NR_RUNTIMES];

/* Processes of one program with the same settings. */
struct runtime_use {
    enum runtime runtime;
    u32 pid; /* of the first */
    u32 processes;
    char comm[16];    /* of the first */
    char *settings;   /* a line each, in the user's words; "" when there are none */
    u64 shared_bytes; /* the largest piece of shared memory that it made */
};

struct runtimes {
    VEC(struct runtime_use) uses; /* in the order of their first processes */
    u64 seen_bytes; /* memory that the recorded programs saw: the limit, else RAM; 0: not known */
    u64 ram_bytes;  /* 0: not known */
    /* Share of the time that a recorded program would have run and had no CPU, in percent; 0 where
     * it is not known or not worth a word. Garbage collectors go by the clock too: a starved one
     * keeps its heap smaller. */
    unsigned starved_percent;
};

/* starved_percent of programs that ran for cpu and waited for a CPU for starved; of a recording. */
unsigned starved_percent(ns_t starved, ns_t cpu);
unsigned trace_starved_percent(const struct trace *t);

/* only: streams that count, by index; NULL: all. 0, or -EIO and the like when a streamed trace
 * cannot be read again. */
int runtimes_find(const struct trace *t, const bool *only, struct runtimes *ret, struct err *e);
void runtimes_done(struct runtimes *r);

/* Is it a setting of the runtime with which it does not go by what it sees? */
bool runtime_is_set(const struct runtime_use *u);

/* The most that it takes of what `what` says (a heap, a cache) when it sees so much memory; 0: not
 * known, or it does not go by that. */
u64 runtime_bound(const struct runtime_use *u, u64 seen_bytes);

#endif
