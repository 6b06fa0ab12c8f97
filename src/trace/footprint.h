/* footprint.h - what a recording touched: the memory it would take if there were no limit, and what
 * it did.
 *
 * Method:  streams are walked in the order of their stamps, with a light copy of each address
 *          space: ranges, and one bit per page for "accessed" and "written". Nothing is ever
 *          evicted. Counted are anonymous pages (written; a page that was only read is the zero
 *          page) and pages of files (by any access or transfer but those with O_DIRECT), each once.
 *          What a call populates (mlock, MAP_POPULATE, MADV_POPULATE_*) counts as touched. A shared
 *          anonymous mapping is a file of tmpfs, as in Linux: it lives as long as somebody maps it.
 * Differs: from a replay: no readahead, no page tables, no kernel memory. An estimate to choose
 *          limits by.
 */
#ifndef TRACE_FOOTPRINT_H
#define TRACE_FOOTPRINT_H

#include "trace/heat.h"
#include "trace/trace.h"
#include "trace/working_set.h"

/* Pages that calls of one recording touch in all, 2 TiB: a few seconds. */
#define FOOTPRINT_PAGES_MAX ((u64)1 << 29)

struct footprint_file {
    u64 dev, ino;
    char *path;
    u32 kind;         /* enum hwt_file_kind */
    bool anon;        /* shared anonymous memory, which has no number */
    u64 size;         /* bytes, at first sight */
    u64 pages;        /* distinct pages accessed or transferred */
    u64 mapped_pages; /* of these, accessed through a mapping */
    u64 read_bytes, written_bytes;
};

/* One process from its start to its end, whatever programs it executed. */
struct footprint_process {
    u32 pid, ppid;
    u32 parent;          /* index + 1, less than its own; 0: not in the recording */
    char *comm;          /* of its last program */
    u32 threads;         /* ever */
    u64 instructions;    /* of all of them */
    u64 anon_pages_peak; /* anonymous pages at one time */
    /* distinct pages of files and shared memory that it touched, whoever else did */
    u64 file_pages;
};

#define FOOTPRINT_POLICIES_MAX 8u

/* A memory policy that a recording sets, with the nodes of the host that it was made on, or what
 * that host refused to set. */
struct footprint_policy {
    u64 call;        /* enum hwt_op: SET_MEMPOLICY, MBIND; of a refused one others too */
    u64 mode, nodes; /* as of the call; nodes: CPUs of an affinity */
    u64 error;       /* errno; 0: it was set */
    u64 calls;
};

struct footprint {
    bool begun, ended;          /* the window */
    u64 events;                 /* accesses and operations, of the window */
    u64 reads, writes, fetches; /* access records */
    u64 ops[HWT_OP_MAX];        /* by opcode */
    struct footprint_policy policies[FOOTPRINT_POLICIES_MAX]; /* in their order */
    u32 nr_policies;
    u64 more_policies; /* calls with others */
    /* bytes of the largest mapping that the pool refused, and its errno */
    u64 hugetlb_refused, hugetlb_refused_error;
    u64 unknown_ops;          /* of a later version */
    u64 instructions;         /* of all streams */
    u64 instructions_longest; /* of the stream that executed most */
    ns_t waited_ns;           /* sum of WAIT records */
    u32 processes, threads;   /* threads: all streams but new images */
    u64 anon_pages;           /* distinct (process, page) ever written */
    u64 anon_pages_peak;      /* of these, mapped at the same time */
    u64 file_pages;           /* distinct pages of regular files */
    u64 shmem_pages; /* distinct pages of tmpfs and memfd files, and of shared anonymous mappings */
    /* the most anon + file + shmem at one time; a removed file counts until it is closed */
    u64 peak_pages;
    u64 unfollowed_pages;         /* that calls would have touched beyond FOOTPRINT_PAGES_MAX */
    u64 direct_bytes;             /* read and written past the page cache (O_DIRECT) */
    bool huge_advised;            /* MADV_HUGEPAGE or MADV_COLLAPSE */
    u64 unmapped;                 /* accesses to no known mapping */
    u64 unexplained;              /* operations on a file that their process has not named */
    struct footprint_file *files; /* largest first; ties by (dev, ino) */
    u32 nr_files;
    struct footprint_process *process; /* in the order of their starts */
    u32 nr_process;
    u32 *stream_process; /* by index of the stream: index + 1; 0: none */
};

/* A page that was accessed, or transferred by a call, in the order of the recording. */
struct footprint_touch {
    u64 instructions; /* of all streams so far */
    u32 process;      /* its number, from 1 on */
    /* 0: the process's own memory; or the number of the file or shared memory, from 1 on */
    u32 file;
    u64 page;           /* of the process's addresses, or of the file */
    enum hwt_kind kind; /* a transfer is HWT_READ or HWT_WRITE */
};

/* False: enough. */
typedef bool footprint_touch_fn(void *ctx, const struct footprint_touch *touch);

/* What of the recording is counted; NULL stands for all of it. */
struct footprint_window {
    struct trace_place from, to; /* pre: no TRACE_PLACE_NS */
    /* Told of each access and transfer in the window, and finished; NULL: none. */
    struct heat *heat;
    struct working_set *set;
    footprint_touch_fn *touch;
    void *ctx;           /* of touch */
    const bool *streams; /* of these alone, by index; NULL: of all */
};

/* 0, or -EIO and the like when a streamed trace cannot be read again. With a window: what was
 * touched in it, and at most how much there was at one time, be it touched before. */
int footprint_compute(const struct trace *t, const struct footprint_window *window,
                      struct footprint *ret, struct err *e);
void footprint_done(struct footprint *f);

/* The same for a heat and a working set whose number of events is not known: it is set here, and is
 * the window's, which takes a pass of its own when that has ends. */
int footprint_over_time(const struct trace *t, const struct footprint_window *window,
                        struct footprint *ret, struct err *e);

#endif
