/* processes.c - all processes, and the shares (PSS) of the largest.
 *
 * A process costs two files, one when it is a kernel thread (stat shows no address space, and
 * status would show no memory). Its group comes from the groups' cgroup.procs when those were just
 * read, else from a third file. smaps_rollup makes the kernel walk all page tables of the process,
 * and oom_score its counters, so both are read for the largest processes only, and only when
 * SMAPS_ROLLUP is asked for.
 *
 * A process may end at any moment: one without stat is not there. With hidepid the others are not
 * listed (2) or not readable (1).
 */
#include "observe/reading_int.h"

#include <stdio.h>

#define PROCESSES_MAX 131072
#define DETAILED_MAX  64

struct pids {
    VEC(u32) list;
    u64 beyond; /* more than PROCESSES_MAX */
};

static bool note_pid(void *ctx, const char *name, bool is_directory)
{
    struct pids *pids = ctx;
    struct span text = span_of(name, strlen(name));
    u64 pid;

    if (!is_directory || !is_digit(name[0]) || !span_take_u64(&text, &pid) || !span_empty(text) ||
        pid > INT32_MAX)
        return true;
    if (pids->list.count < PROCESSES_MAX)
        vec_push(&pids->list, (u32)pid);
    else
        pids->beyond++;
    return true;
}

static int compare_pids(const void *a, const void *b)
{
    u32 x = *(const u32 *)a, y = *(const u32 *)b;

    return x < y ? -1 : x > y;
}

static int read_pid_file(struct reading *r, u32 pid, const char *file, size_t max, struct span *ret)
{
    char path[64];

    snprintf(path, sizeof(path), "proc/%u/%s", pid, file);
    return reading_file(r, path, max, ret);
}

/* Whose it is: by cgroup.procs, else by its own file. A path that is not seen here (another
 * namespace's "/../x", a removed group's) is none. */
static u32 read_group(struct reading *r, u32 pid)
{
    struct snapshot *s = r->s;
    struct span text, path;
    u64 index;

    if (u64map_get(&r->group_of_pid, pid, &index))
        return (u32)(index - 1);
    if (s->cgroups.count == 0 || r->group_of_pid.count > 0)
        return GROUP_NONE;
    if (read_pid_file(r, pid, "cgroup", FILE_MAX_SMALL, &text) != 0 ||
        !parse_pid_cgroup(text, s->cgroup_v1, &path))
        return GROUP_NONE;
    return cgroup_find(s, cgroup_seen_path(s, path));
}

static void process_init(struct process_view *process, u32 pid)
{
    memset(process, 0xff, sizeof(*process)); /* every figure UNKNOWN */
    memset(process->comm, 0, sizeof(process->comm));
    process->cpus_allowed[0] = process->mems_allowed[0] = '\0';
    process->pid = pid;
    process->ppid = 0;
    process->uid = 0;
    process->nr_threads = 1;
    process->state = '?';
    process->oom_score_adj = 0;
    process->group = GROUP_NONE;
}

/* 0 when the process is there and could be read. A rendered machine has no stat, an archive may
 * have either. */
static int read_process(struct reading *r, u32 pid)
{
    struct process_view process;
    struct span text;

    process_init(&process, pid);

    int rc = read_pid_file(r, pid, "stat", FILE_MAX_SMALL, &text);
    bool have_stat = rc == 0 && parse_pid_stat(text, r->s->page_bytes, &process);
    bool kernel_thread = have_stat && process.vm_size == 0;

    if (have_stat && kernel_thread) {
        process.rss = process.rss_anon = process.rss_file = process.rss_shmem = 0;
        process.swap = process.locked = process.pinned = process.page_tables = process.hwm = 0;
    } else {
        int status_rc = read_pid_file(r, pid, "status", FILE_MAX_SMALL, &text);

        if (status_rc != 0 || !parse_pid_status(text, &process)) {
            if (!have_stat)
                return rc ? rc : status_rc ? status_rc : -EINVAL;
        }
    }
    process.group = read_group(r, pid);
    vec_push(&r->s->processes, process);
    return 0;
}

/* --- the largest ------------------------------------------------------------------------------ */
static u64 footprint(const struct process_view *p)
{
    u64 rss = figure_or(p->rss, 0), swap = figure_or(p->swap, 0);

    return rss / 2 + swap / 2; /* no overflow, whatever was read */
}

static int compare_footprints(const void *a, const void *b)
{
    const struct process_view *x = *(struct process_view *const *)a;
    const struct process_view *y = *(struct process_view *const *)b;

    if (footprint(x) != footprint(y))
        return footprint(x) > footprint(y) ? -1 : 1;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void read_oom_scores(struct reading *r, struct process_view *process)
{
    struct span text;

    if (read_pid_file(r, process->pid, "oom_score_adj", FILE_MAX_SMALL, &text) == 0)
        span_take_s64(&text, &process->oom_score_adj);
    if (read_pid_file(r, process->pid, "oom_score", FILE_MAX_SMALL, &text) == 0)
        span_take_u64(&text, &process->oom_score);
}

static int read_shares(struct reading *r, struct process_view *process)
{
    struct span text;
    int rc = read_pid_file(r, process->pid, "smaps_rollup", FILE_MAX_SMALL, &text);

    /* Before 4.14 there is only the long form. */
    if (rc == -ENOENT)
        rc = read_pid_file(r, process->pid, "smaps", FILE_MAX_LARGE, &text);
    /* A kernel thread's is empty; of a process that ended meanwhile it is gone. */
    if (rc == 0)
        parse_smaps(text, process);
    return rc;
}

size_t processes_largest(struct snapshot *s, struct process_view **ret, size_t max)
{
    size_t count = s->processes.count, found = 0;
    struct process_view **by_size = xcalloc(count + 1, sizeof(by_size[0]));

    for (size_t i = 0; i < count; i++)
        by_size[i] = &s->processes.items[i];
    qsort(by_size, count, sizeof(by_size[0]), compare_footprints);
    for (; found < count && found < max && footprint(by_size[found]) > 0; found++)
        ret[found] = by_size[found];
    free(by_size);
    return found;
}

void read_process_details(struct reading *r)
{
    struct process_view *largest[DETAILED_MAX];
    size_t count = processes_largest(r->s, largest, DETAILED_MAX);
    unsigned done = 0, denied = 0;

    for (size_t i = 0; i < count; i++) {
        int rc = read_shares(r, largest[i]);

        done += rc == 0;
        denied += rc == -EACCES || rc == -EPERM;
        read_oom_scores(r, largest[i]);
    }
    if (denied > 0 && done > 0)
        reading_mark_why(r, PART_SMAPS_ROLLUP, PART_CUT, "needs root for other users' processes");
    else
        reading_mark(r, PART_SMAPS_ROLLUP, denied > 0 ? -EACCES : done > 0 ? 0 : -ENOENT);
}

static void mark_incomplete(struct reading *r, int list_rc, unsigned failed, u64 beyond)
{
    char why[WHY_BYTES];

    if (list_rc)
        snprintf(why, sizeof(why), "they could not be listed to the end: %s", strerror(-list_rc));
    else if (failed)
        snprintf(why, sizeof(why), "%u processes could not be read", failed);
    else
        snprintf(why, sizeof(why), "%llu processes are too many", (unsigned long long)beyond);
    reading_mark_why(r, PART_PROCESSES, PART_CUT, why);
}

void read_processes(struct reading *r)
{
    struct pids pids = {0};
    unsigned denied = 0, failed = 0;
    int rc = source_list(r->src, "proc", note_pid, &pids);

    if (pids.list.count > 0)
        qsort(pids.list.items, pids.list.count, sizeof(pids.list.items[0]), compare_pids);
    vec_for_each (&pids.list, pid) {
        /* "1" and "01" of a made-up tree are one. */
        if (pid > pids.list.items && pid[-1] == *pid)
            continue;

        int result = read_process(r, *pid);

        denied += result == -EACCES || result == -EPERM;
        failed += result == -ENOMEM || result == -EMFILE || result == -ENFILE || result == -EIO;
    }

    bool hidden = r->src->live && reading_kind(r) != SOURCE_SIMULATED && pids.list.count > 0 &&
                  pids.list.items[0] != 1;

    if (r->s->processes.count > 0 && (rc != 0 || failed > 0 || pids.beyond > 0))
        mark_incomplete(r, rc, failed, pids.beyond);
    else if (r->s->processes.count > 0 && (hidden || denied > 0))
        reading_mark_why(r, PART_PROCESSES, PART_CUT,
                         "processes of other users are hidden (hidepid)");
    else if (r->s->processes.count > 0)
        reading_mark(r, PART_PROCESSES, 0);
    else
        reading_mark(r, PART_PROCESSES, rc ? rc : denied > 0 ? -EACCES : -ENOENT);
    vec_done(&pids.list);
}
