/* scenario.h - a scenario file: a machine, its devices, cgroups and files, the tasks that run on
 * it, and what is done to it meanwhile.
 *
 * Format:   docs/scenario.md; every key is a row of scenario_keys.def. The syntax is INI as libinih
 *           reads it.
 * Owns:     its strings. Read-only once read.
 * Trusts:   nothing: a scenario that was read without error can be run. Unknown sections and keys,
 *           keys given twice, values out of range and names of what is not there are errors with
 *           file, line and what would be right.
 */
#ifndef WORKLOAD_SCENARIO_H
#define WORKLOAD_SCENARIO_H

#include "base/arena.h"
#include "base/err.h"
#include "base/units.h"
#include "base/vec.h"
#include "system/config.h"
#include "system/control.h"
#include "workload/pattern.h"

#define SCENARIO_NO_LIMIT    UINT64_MAX
#define SCENARIO_FIRST_INODE 0x40000000ull /* number of the first [file]; others follow */

enum scenario_kind {
    SCENARIO_TEXT,
    SCENARIO_NAME, /* of another section */
    SCENARIO_PROFILE,
    SCENARIO_COMPRESSOR,
    SCENARIO_RATIO, /* in percent */
    SCENARIO_FILE_KIND,
    SCENARIO_SIZE,
    SCENARIO_LIMIT, /* a size or "max" */
    SCENARIO_RATE_BYTES,
    SCENARIO_RATE,
    SCENARIO_DURATION,
    SCENARIO_DUTY,
    SCENARIO_COUNT,
    SCENARIO_INT,
    SCENARIO_BOOL,
    SCENARIO_FRACTION,
    SCENARIO_PATTERN,
    SCENARIO_MADVISE,
    SCENARIO_POLICY, /* of memory */
    SCENARIO_CPUS,
    SCENARIO_NODES,
    SCENARIO_NODE_RAM, /* of a [node]: these go to the machine's configuration at once */
    SCENARIO_NODE_CPUS,
    SCENARIO_DISTANCES,
};

enum scenario_section {
    SCENARIO_MACHINE,
    SCENARIO_NODE,
    SCENARIO_DEVICE,
    SCENARIO_CGROUP,
    SCENARIO_FILE,
    SCENARIO_TASK,
    SCENARIO_WRITE,
    SCENARIO_RM,
    SCENARIO_RMDIR,
    NR_SCENARIO_SECTIONS
};

/* Every key has a bit in `given`. */
enum scenario_key_id {
#define KEY(section, field, kind, low, high, name, default_text, doc) KEY_##section##_##field,
#include "workload/scenario_keys.def"
#undef KEY
    NR_SCENARIO_KEYS
};

struct scenario_key {
    enum scenario_section section;
    enum scenario_kind kind;
    size_t offset;
    u64 low, high; /* of kinds with a range */
    const char *name, *default_text, *doc;
};
extern const struct scenario_key scenario_keys[NR_SCENARIO_KEYS];

/* "machine", "device", ... */
const char *scenario_section_name(enum scenario_section section);

struct scenario_name {
    const char *text; /* NULL: not given */
    unsigned line;
};

struct scenario_duty { /* off 0: always on */
    ns_t on, off;
};

/* What all sections begin with. */
struct scenario_head {
    const char *name;                    /* "" for [machine] */
    unsigned line;                       /* of its header */
    unsigned key_line[NR_SCENARIO_KEYS]; /* where a key is given; 0: it is not */
};

struct scenario_machine {
    struct scenario_head head;
    struct system_config config;       /* devices as the scenario names them */
    unsigned line[NR_MACHINE_OPTIONS]; /* where an option is given; 0: it is not */
    ns_t runtime;                      /* 0: until the last task ends */
};

struct scenario_node { /* what it says is in machine.config.topology */
    struct scenario_head head;
    unsigned ram, cpus, distance; /* unused: a key has a field */
};

struct scenario_device {
    struct scenario_head head;
    const char *base;
    ns_t read_latency, write_latency;
    u64 read_rate, write_rate, queue_depth, swap, ratio, mem_limit;
    ns_t swapon, swapoff;   /* swapoff 0: never */
    const char *compressor; /* NULL: the default */
    s64 priority;
};

struct scenario_cgroup {
    struct scenario_head head;
    /* bytes or SCENARIO_NO_LIMIT */
    u64 max, high, low, min, swap_max, zswap_max, hugetlb_max, hugetlb_rsvd_max;
    bool oom_group;
    u64 cpus, mems; /* 0: the parent's */
};

enum scenario_file_kind {
    SCENARIO_REGULAR,
    SCENARIO_TMPFS,
    SCENARIO_MEMFD,
    SCENARIO_SYSV,
    SCENARIO_RAMFS,
    NR_SCENARIO_FILE_KINDS
};

struct scenario_file {
    struct scenario_head head;
    const char *path;
    struct scenario_name device;
    u64 size;
    u64 kind;  /* enum scenario_file_kind */
    u64 limit; /* size= of a tmpfs of its own; 0: not given */
    u64 dev;   /* number of its device, from scenario_system_config() on */
};

struct scenario_task {
    struct scenario_head head;
    const char *comm, *trace;
    struct scenario_name cgroup, file;
    int file_index;          /* -1: none */
    struct mempolicy policy; /* and cpus: where they are given; the machine's else */
    u64 cpus;
    s64 nice, oom_score_adj;
    ns_t start, stop, think, phase, hold; /* stop 0: never */
    struct scenario_duty burst;
    u64 requests, workers, preload, memory, touches, grow, grow_max, leak, block, fsync,
        instructions, kernel_leak, sockets, socket_data, pin, pin_user, uid, packet, ring, array;
    u64 madvise; /* enum abi_madv; 0: none */
    double writes, rate, walk, receive;
    bool fill, lock, direct, hugetlb;
    struct pattern touch, read, write, map;
};

struct scenario_write { /* an operator, or a program of theirs, writes to one of Linux's files */
    struct scenario_head head;
    ns_t at, every; /* every 0: once */
    const char *file, *value;
    struct control control;
    int task_index; /* of cgroup.procs: whose processes; -1: of the pid in value */
};

struct scenario_rm {
    struct scenario_head head;
    ns_t at;
    struct scenario_name file;
    int file_index;
};

struct scenario_rmdir {
    struct scenario_head head;
    ns_t at;
    struct scenario_name cgroup;
};

enum scenario_purpose {
    SCENARIO_TO_RUN,        /* to its end: it has one */
    SCENARIO_MACHINE_ALONE, /* nothing need be there to run */
    SCENARIO_OPEN           /* nor does it need an end */
};

struct scenario {
    struct arena arena;
    const char *path;
    enum scenario_purpose purpose;
    struct scenario_machine machine;
    VEC(struct scenario_node) nodes;
    VEC(struct scenario_device) devices;
    VEC(struct scenario_cgroup) cgroups;
    VEC(struct scenario_file) files;
    VEC(struct scenario_task) tasks;
    VEC(struct scenario_write) writes;
    VEC(struct scenario_rm) rms;
    VEC(struct scenario_rmdir) rmdirs;
};

/* 0; -EINVAL when the text is wrong; or the errno of the host. scenario_done() in either case is
 * right. */
int scenario_read(struct scenario *sc, const char *path, struct err *e);

/* The same of a file that may have nothing to run: a machine for others to run on. */
int scenario_read_machine(struct scenario *sc, const char *path, struct err *e);
/* And of one whose tasks need not end either. */
int scenario_read_open(struct scenario *sc, const char *path, struct err *e);

/* scenario_read() from memory; `path` stands in messages and is what trace= is relative to. */
int scenario_read_bytes(struct scenario *sc, const char *path, const char *text, size_t len,
                        struct err *e);
void scenario_done(struct scenario *sc);

static inline bool scenario_given(const struct scenario_head *head, enum scenario_key_id key)
{
    return head->key_line[key] != 0;
}

/* Where to look for what a message says of a key: its line, or that of the section that lacks
 * it. */
static inline unsigned scenario_line(const struct scenario_head *head, enum scenario_key_id key)
{
    return head->key_line[key] ? head->key_line[key] : head->line;
}

/* The [device] of this name, NULL: none. */
const struct scenario_device *scenario_find_device(const struct scenario *sc, const char *name);

#endif
