/* group_fuzz.c - the parsers of groups' and processes' files against mutated texts of real
 * kernels. */
#include "base/test.h"

#include "observe/text_testing.h"

#define F  "tests/observe/fixtures/6.18/"
#define G  "tests/diff/fixtures-6.1/384M/"
#define V1 F "sys/fs/cgroup/memory/web/"
#define V2 G "sys/fs/cgroup/file/"

static void check_group(struct span text,
                        void (*parse)(struct span text, struct cgroup_view *group))
{
    struct cgroup_view group;

    memset(&group, 0xff, sizeof(group));
    parse(text, &group);
    assert(group.depth == UINT32_MAX && group.parent == GROUP_NONE);
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        assert(!known(group.stat[i]) || group.stat[i] < 1ull << 63);
}

static void run_stat(struct span text)
{
    check_group(text, parse_memory_stat);
}

static void run_stat_v1(struct span text)
{
    check_group(text, parse_memory_stat_v1);
}

static void named(struct span text, struct cgroup_view *group)
{
    parse_memory_events(text, group);
    parse_memory_events_local(text, group);
    parse_swap_events(text, group);
    parse_cgroup_stat(text, group);
    parse_oom_control(text, group);
    parse_cpu_max(text, group);
}

static void run_named(struct span text)
{
    check_group(text, named);
}

static void run_limit(struct span text)
{
    u64 limit = parse_limit(text);

    assert(limit < 1ull << 63 || limit == UNKNOWN || limit == NO_LIMIT);
}

static void run_process(struct span text)
{
    struct process_view process;

    memset(&process, 0xff, sizeof(process));
    memset(process.comm, 0, sizeof(process.comm));
    process.cpus_allowed[0] = process.mems_allowed[0] = '\0';
    parse_pid_stat(text, 4096, &process);
    parse_pid_status(text, &process);
    parse_smaps(text, &process);
    assert(memchr(process.comm, '\0', sizeof(process.comm)));
    assert(memchr(process.cpus_allowed, '\0', sizeof(process.cpus_allowed)));
    assert(memchr(process.mems_allowed, '\0', sizeof(process.mems_allowed)));
    assert(!known(process.rss) || process.rss < 1ull << 63);
}

static void run_pid_cgroup(struct span text)
{
    struct snapshot s = {0};
    struct span path;

    for (int v1 = 0; v1 < 2; v1++) {
        if (!parse_pid_cgroup(text, v1, &path))
            continue;
        assert(path.at >= text.at && path.end <= text.end && *path.at == '/');
        snprintf(s.cgroup_root, sizeof(s.cgroup_root), "/docker");
        path = cgroup_seen_path(&s, path);
        assert(!span_empty(path));
    }
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 40000);
    static const struct fuzz_parser parsers[] = {
        {"memory.stat", run_stat, {V2 "memory.stat"}, "pgscan 5\nworkingset_refault 3\nzswap 7\n"},
        {"memory.stat of v1",
         run_stat_v1,
         {V1 "memory.stat"},
         "total_swap 5\ntotal_workingset_refault 3\n"},
        {"events",
         run_named,
         {V2 "memory.events", V2 "cgroup.stat", V1 "memory.oom_control"},
         "150000 100000\nmax 100000\n"},
        {"limits",
         run_limit,
         {V1 "memory.limit_in_bytes", V2 "memory.max", V2 "memory.current"},
         "9223372036854771712\n"},
        {"stat of a process",
         run_process,
         {F "proc/4242/stat", F "proc/2/stat", G "proc/222/stat"},
         NULL},
        {"status", run_process, {F "proc/4242/status", G "proc/222/status"}, NULL},
        {"smaps",
         run_process,
         {F "proc/4242/smaps_rollup", G "proc/222/smaps", G "proc/222/smaps_rollup"},
         NULL},
        {"cgroup of a process",
         run_pid_cgroup,
         {F "proc/4242/cgroup", G "proc/222/cgroup"},
         "4:memory:/docker/x:y\n0::/../z\n"},
    };

    return fuzz_parsers(parsers, ARRAY_SIZE(parsers), args.operations, args.seed);
}
