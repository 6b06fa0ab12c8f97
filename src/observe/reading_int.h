/* reading_int.h - one snapshot being read: what the parts share.
 *
 * A part is a function that reads its files and fills its figures; parse_*() below it turn one text
 * into figures and read nothing, so that fuzzers and tests can feed them. A parser returns how many
 * figures it understood: 0 means that it was no such file.
 */
#ifndef OBSERVE_READING_INT_H
#define OBSERVE_READING_INT_H

#include "base/hash.h"
#include "observe/snapshot.h"
#include "observe/span.h"

struct reading {
    struct snapshot *s;
    struct source *src;
    u64 parts;          /* asked for */
    struct strbuf text; /* of the file read last */

    const struct snapshot *before; /* NULL: nothing to start from */
    /* from cgroup.procs, index + 1, as far as groups' files were read */
    struct u64map group_of_pid;
};

static inline bool reading_wants(const struct reading *r, enum part part)
{
    return r->parts >> part & 1;
}

/* Bounds for files whose size follows the machine; above them a file is cut. */
#define FILE_MAX_SMALL (64u << 10)
#define FILE_MAX_LARGE (16u << 20)

/* Read one file into r->text; *ret shows it. 0, -EFBIG (cut, and *ret is set), or what the source
 * said. */
int reading_file(struct reading *r, const char *path, size_t max, struct span *ret);

/* The first number of a file of one line; NO_LIMIT for "max", UNKNOWN for what is no number. Same
 * return as reading_file(). */
int reading_u64(struct reading *r, const char *path, u64 *ret);

/* The state of a part after a read that returned rc; why is filled in. */
void reading_mark(struct reading *r, enum part part, int rc);

/* The same with a reason of the part's own. */
void reading_mark_why(struct reading *r, enum part part, enum part_state state, const char *why);

/* Live, container, archive or simulated: of a capture, what it was taken from. */
enum source_kind reading_kind(const struct reading *r);

/* When what is read now is from: monotonic. */
ns_t reading_now(const struct reading *r);

/* A number in KiB as bytes; UNKNOWN when that is no number of bytes a machine has. */
u64 kib_to_bytes(u64 kib);

/* --- parts: one function for each ------------------------------------------------------------- */
typedef unsigned parse_fn(struct span text, struct snapshot *s);

/* A part that is one file. */
void reading_part(struct reading *r, enum part part, const char *path, size_t max, parse_fn *parse);

void read_sysctl(struct reading *r);
void read_pressure_cpu(struct reading *r);
void read_pressure_io(struct reading *r);
void read_pressure_memory(struct reading *r);
void read_extfrag(struct reading *r);
void read_cgroups(struct reading *r);
void read_nodes(struct reading *r);
void read_thp(struct reading *r);
void read_hugepages(struct reading *r);
void read_zswap(struct reading *r);
void read_zram(struct reading *r);
void read_diskstats(struct reading *r);
void read_kernel_log(struct reading *r);
void read_processes(struct reading *r);
void read_process_details(struct reading *r);
void read_numa_maps(struct reading *r);

/* --- parsers ---------------------------------------------------------------------------------- */
parse_fn parse_meminfo;
parse_fn parse_vmstat;
parse_fn parse_stat;
parse_fn parse_loadavg;
parse_fn parse_uptime;
parse_fn parse_zoneinfo;
parse_fn parse_buddyinfo;
parse_fn parse_pagetypeinfo;
parse_fn parse_extfrag_index;
parse_fn parse_unusable_index;
parse_fn parse_swaps;
parse_fn parse_diskstats;
parse_fn parse_slabinfo;
parse_fn parse_kernel_log;
unsigned parse_pressure(struct span text, struct psi_view *psi);

unsigned parse_node_meminfo(struct span text, u64 huge_page_bytes, struct node_view *node);
unsigned parse_numastat(struct span text, struct node_view *node);
/* Append what /proc/zoneinfo says of each node to nodes. Returns how many. */
unsigned nodes_of_zoneinfo(struct span text, struct snapshot *s);
unsigned parse_zram_mm_stat(struct span text, struct zram_view *zram);

/* One group's files. */
void parse_memory_stat(struct span text, struct cgroup_view *group);
void parse_memory_stat_v1(struct span text, struct cgroup_view *group);
unsigned parse_memory_events(struct span text, struct cgroup_view *group);
unsigned parse_memory_events_local(struct span text, struct cgroup_view *group);
/* The figure of "max". */
unsigned parse_hugetlb_events(struct span text, u64 *ret_max);
unsigned parse_swap_events(struct span text, struct cgroup_view *group);
unsigned parse_cgroup_stat(struct span text, struct cgroup_view *group);
void parse_oom_control(struct span text, struct cgroup_view *group);
void parse_cpu_max(struct span text, struct cgroup_view *group);
/* A limit in bytes, "max" or as large as v1's "none". */
u64 parse_limit(struct span text);

/* A process's files. False when it was no such text. */
bool parse_pid_stat(struct span text, u64 page_bytes, struct process_view *process);
bool parse_pid_status(struct span text, struct process_view *process);
/* Adds up the mappings of smaps; smaps_rollup is one. */
bool parse_smaps(struct span text, struct process_view *process);
/* The path of the group that memory is charged to: v1's memory controller, or v2's one hierarchy.
 * False when neither is there. */
bool parse_pid_cgroup(struct span text, bool v1, struct span *ret_path);

/* The processes with most memory, resident or swapped, largest first; those without any are none of
 * them. Returns how many. */
size_t processes_largest(struct snapshot *s, struct process_view **ret, size_t max);

/* What smaps_rollup and oom_score of an earlier reading said. */
void process_take_details(struct process_view *process, const struct process_view *from);

/* Which group has this path, GROUP_NONE when none has. */
u32 cgroup_find(const struct snapshot *s, struct span path);

/* A path of /proc/PID/cgroup as a path of what is seen here (snapshot.cgroup_root). */
struct span cgroup_seen_path(const struct snapshot *s, struct span path);

/* How paths are ordered: as a walk that visits parents before children and siblings in byte
 * order. */
int cgroup_path_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* The counter a name of another kernel stands for, or NR_COUNTERS. */
enum counter counter_renamed(struct span name);

/* The figures of one disk, behind its name. */
bool parse_disk(struct span line, struct disk_view *disk);

/* The counter of this name, or NR_COUNTERS; `guess` is tried first. */
enum counter counter_of_span(struct span name, enum counter guess);

/* As span_copy(), with "\040" and the like as the bytes they stand for: names in swaps and
 * mountinfo. */
void span_copy_unescaped(struct span word, char *buf, size_t size);

/* MemAvailable as kernels since 3.14 estimate it, for those before. */
void estimate_available(struct snapshot *s);
/* Figures that contradict each other are taken for none; which, stays in s->contradiction. */
void meminfo_check(struct snapshot *s);

/* The zone of this node and name, made when it is new. NULL when there are more than any machine
 * has. */
struct zone_view *zone_get(struct snapshot *s, u32 node, struct span name);

#endif
