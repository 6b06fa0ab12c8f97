/* screen_tables.c - cgroups, processes and slabs: which columns their tables have. */
#include "top/screen_int.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double screen_figure(u64 figure)
{
    if (!known(figure))
        return NAN;
    return figure == NO_LIMIT ? INFINITY : (double)figure;
}

/* One accessor of a column each. */
#define NUMBER(name, type, expression)   \
    static double name(const void *data) \
    {                                    \
        const struct type *row = data;   \
                                         \
        return expression;               \
    }
#define TEXT(name, type, expression)          \
    static const char *name(const void *data) \
    {                                         \
        const struct type *row = data;        \
                                              \
        return expression;                    \
    }

/* --- cgroups ---------------------------------------------------------------------------------- */
#define GROUP_STAT(counter) screen_figure(row->group->stat[counter])
#define HUNDREDTHS(figure)  (screen_figure(figure) / 100)

TEXT(group_name, group_row, row->name)
TEXT(group_path, group_row, row->group->path)
NUMBER(group_current, group_row, screen_figure(row->group->current))
NUMBER(group_high, group_row, screen_figure(row->group->high))
NUMBER(group_max, group_row, screen_figure(row->group->max))
NUMBER(group_use, group_row, row->use_percent)
NUMBER(group_need_low, group_row, row->need_low)
NUMBER(group_need_high, group_row, row->need_high)
NUMBER(group_anon, group_row, GROUP_STAT(NR_ANON_PAGES))
NUMBER(group_file, group_row, GROUP_STAT(NR_FILE_PAGES))
NUMBER(group_shmem, group_row, GROUP_STAT(NR_SHMEM))
NUMBER(group_slab, group_row, screen_figure(row->slab))
NUMBER(group_huge, group_row, screen_figure(cgroup_hugetlb(row->group)))
NUMBER(group_swap, group_row, screen_figure(row->group->swap_current))
NUMBER(group_some, group_row, HUNDREDTHS(row->group->psi[PSI_MEM].some.avg10))
NUMBER(group_full, group_row, HUNDREDTHS(row->group->psi[PSI_MEM].full.avg10))
NUMBER(group_io, group_row, HUNDREDTHS(row->group->psi[PSI_IO].some.avg10))
NUMBER(group_refaults, group_row, row->refaults)
NUMBER(group_majors, group_row, row->majors)
NUMBER(group_at_high, group_row, row->at_high)
NUMBER(group_at_max, group_row, row->at_max)
NUMBER(group_kills, group_row, screen_figure(row->group->events[EV_OOM_KILL]))
NUMBER(group_procs, group_row, screen_figure(row->group->nr_procs))

/* clang-format off */
static const struct column group_columns[] = {
    {"GROUP", 0, 0, COLUMN_TEXT, NULL, group_name, group_path, "control group; the memory of a group includes that of groups below it"},
    {"CURRENT", 7, 1, COLUMN_BYTES, group_current, NULL, NULL, "memory charged to it (memory.current; v1: usage_in_bytes)"},
    {"HIGH", 6, 9, COLUMN_BYTES, group_high, NULL, NULL, "throttling limit (memory.high)"},
    {"MAX", 6, 2, COLUMN_BYTES, group_max, NULL, NULL, "limit (memory.max; v1: limit_in_bytes)"},
    {"NEED", 6, 6, COLUMN_BYTES, group_need_low, NULL, NULL, "memory it needs at least: explain needed"},
    {"UPTO", 6, 6, COLUMN_BYTES, group_need_high, NULL, NULL, "memory it needs at most; - where no counter says"},
    {"USE%", 5, 8, COLUMN_PERCENT, group_use, NULL, NULL, "current of max; cache counts, so 100 may be well"},
    {"ANON", 6, 4, COLUMN_BYTES, group_anon, NULL, NULL, "anonymous memory: needs swap, or stays"},
    {"FILE", 6, 5, COLUMN_BYTES, group_file, NULL, NULL, "page cache, with shmem"},
    {"SHMEM", 6, 12, COLUMN_BYTES, group_shmem, NULL, NULL, "tmpfs and shared memory, part of FILE that only swap can free"},
    {"SLAB", 6, 10, COLUMN_BYTES, group_slab, NULL, NULL, "kernel objects"},
    {"SWAP", 6, 11, COLUMN_BYTES, group_swap, NULL, NULL, "swapped out"},
    {"HUGE", 6, 18, COLUMN_BYTES, group_huge, NULL, NULL, "pages of the pools of huge pages (hugetlb.*.current), which CURRENT and MAX do not count"},
    {"SOME%", 5, 3, COLUMN_PERCENT, group_some, NULL, NULL, "memory pressure: share of the last 10 s in which some task waited for memory"},
    {"FULL%", 5, 8, COLUMN_PERCENT, group_full, NULL, NULL, "the same, with all tasks waiting at once"},
    {"IO%", 5, 16, COLUMN_PERCENT, group_io, NULL, NULL, "I/O pressure: share of the last 10 s in which some task waited for I/O"},
    {"REFLT/s", 7, 6, COLUMN_COUNT, group_refaults, NULL, NULL, "pages needed again soon after they were evicted, per second"},
    {"MAJ/s", 6, 15, COLUMN_COUNT, group_majors, NULL, NULL, "faults that waited for a disk, per second"},
    {"HIGH/s", 6, 14, COLUMN_COUNT, group_at_high, NULL, NULL, "times per second tasks were throttled over memory.high"},
    {"MAX/s", 6, 13, COLUMN_COUNT, group_at_max, NULL, NULL, "times per second the limit was met (v1: failcnt)"},
    {"KILLS", 5, 12, COLUMN_COUNT, group_kills, NULL, NULL, "processes that the OOM killer took, in all"},
    {"PROCS", 5, 17, COLUMN_COUNT, group_procs, NULL, NULL, "processes of the group itself"},
};
/* clang-format on */

static u64 group_key(const void *row)
{
    return ((const struct group_row *)row)->key;
}

static u32 group_parent(const void *row)
{
    return ((const struct group_row *)row)->group->parent;
}

static bool group_matches(const void *row, const char *filter)
{
    return strcasestr(((const struct group_row *)row)->group->path, filter) != NULL;
}

/* Pressure marks a row, usage never does: a group full of cache is well. 10 % of the time lost is
 * what a user feels. */
#define SOME_WARNING  1000 /* hundredths of a percent */
#define FULL_CRITICAL 1000

static enum style group_style(const void *row)
{
    const struct cgroup_view *group = ((const struct group_row *)row)->group;
    const struct psi_view *psi = &group->psi[PSI_MEM];

    if (known(psi->full.avg10) && psi->full.avg10 >= FULL_CRITICAL)
        return STYLE_CRITICAL;
    if (known(psi->some.avg10) && psi->some.avg10 >= SOME_WARNING)
        return STYLE_WARNING;
    return STYLE_PLAIN;
}

const struct table group_table = {
    .columns = group_columns,
    .nr_columns = ARRAY_SIZE(group_columns),
    .row_bytes = sizeof(struct group_row),
    .key = group_key,
    .parent = group_parent,
    .matches = group_matches,
    .style = group_style,
    .default_sort = 1,
};

/* --- processes -------------------------------------------------------------------------------- */
TEXT(process_comm, process_row, row->process->comm)
TEXT(process_group, process_row, row->group)
NUMBER(process_pid, process_row, row->process->pid)
NUMBER(process_uid, process_row, row->process->uid)
NUMBER(process_rss, process_row, screen_figure(row->rss))
NUMBER(process_anon, process_row, screen_figure(row->process->rss_anon))
NUMBER(process_file, process_row, screen_figure(row->process->rss_file))
NUMBER(process_shmem, process_row, screen_figure(row->process->rss_shmem))
NUMBER(process_huge, process_row, screen_figure(row->process->hugetlb))
NUMBER(process_swap, process_row, screen_figure(row->process->swap))
NUMBER(process_pss, process_row, screen_figure(row->process->pss))
NUMBER(process_locked, process_row, screen_figure(row->process->locked))
NUMBER(process_tables, process_row, screen_figure(row->process->page_tables))
NUMBER(process_vsize, process_row, screen_figure(row->process->vm_size))
NUMBER(process_majors, process_row, row->majors)
NUMBER(process_minors, process_row, row->minors)
NUMBER(process_cpu, process_row, row->cpu_percent)
NUMBER(process_score, process_row, screen_figure(row->process->oom_score))
NUMBER(process_adj, process_row, (double)row->process->oom_score_adj)
NUMBER(process_node, process_row, row->node)
NUMBER(process_node_percent, process_row, row->node_percent)
NUMBER(process_threads, process_row, row->process->nr_threads)

static const char *process_state(const void *data)
{
    static const char *const letters[] = {"R", "S", "D", "Z", "T", "t", "I", "X", "W", "P"};
    const struct process_row *row = data;

    for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
        if (letters[i][0] == row->process->state)
            return letters[i];
    }
    return "?";
}

/* clang-format off */
static const struct column process_columns[] = {
    {"PID", 7, 1, COLUMN_PLAIN, process_pid, NULL, NULL, "process"},
    {"UID", 6, 12, COLUMN_PLAIN, process_uid, NULL, NULL, "its user"},
    {"S", 1, 7, COLUMN_TEXT, NULL, process_state, NULL, "state: D waits for a disk or for memory"},
    {"RSS", 6, 2, COLUMN_BYTES, process_rss, NULL, NULL, "resident memory; what is shared counts for each"},
    {"PSS", 6, 13, COLUMN_BYTES, process_pss, NULL, NULL, "the same, what is shared divided among those who share it; read seldom, since it is expensive"},
    {"ANON", 6, 3, COLUMN_BYTES, process_anon, NULL, NULL, "anonymous: heap, stack, private data"},
    {"FILE", 6, 6, COLUMN_BYTES, process_file, NULL, NULL, "mapped files: programs, libraries, mapped data"},
    {"SHMEM", 6, 8, COLUMN_BYTES, process_shmem, NULL, NULL, "shared memory and tmpfs"},
    {"SWAP", 6, 4, COLUMN_BYTES, process_swap, NULL, NULL, "swapped out"},
    {"HUGE", 6, 16, COLUMN_BYTES, process_huge, NULL, NULL, "pages of the pools of huge pages (HugetlbPages), which RSS does not count"},
    {"LOCKED", 6, 14, COLUMN_BYTES, process_locked, NULL, NULL, "locked by mlock"},
    {"PTBL", 6, 15, COLUMN_BYTES, process_tables, NULL, NULL, "its page tables"},
    {"VIRT", 6, 17, COLUMN_BYTES, process_vsize, NULL, NULL, "address space; costs nothing by itself"},
    {"MAJ/s", 6, 5, COLUMN_COUNT, process_majors, NULL, NULL, "faults that waited for a disk or swap, per second"},
    {"MIN/s", 6, 11, COLUMN_COUNT, process_minors, NULL, NULL, "all other faults, per second"},
    {"CPU%", 5, 10, COLUMN_PERCENT, process_cpu, NULL, NULL, "of one CPU"},
    {"OOM", 5, 9, COLUMN_COUNT, process_score, NULL, NULL, "oom_score: the highest is killed first"},
    {"ADJ", 5, 16, COLUMN_COUNT, process_adj, NULL, NULL, "oom_score_adj"},
    {"THR", 4, 18, COLUMN_COUNT, process_threads, NULL, NULL, "threads"},
    {"NODE", 4, 19, COLUMN_PLAIN, process_node, NULL, NULL, "node with most of its memory, of the 16 largest processes; - where numa_maps was not read: on a live machine, where it costs too much (highwater diagnose reads it), on one with one node, or without the right to"},
    {"NODE%", 5, 20, COLUMN_PERCENT, process_node_percent, NULL, NULL, "share of its memory that lies on NODE"},
    {"COMMAND", 0, 0, COLUMN_TEXT, NULL, process_comm, NULL, "name"},
    {"CGROUP", 24, 10, COLUMN_TEXT, NULL, process_group, NULL, "its control group"},
};
/* clang-format on */

static u64 process_key(const void *row)
{
    return ((const struct process_row *)row)->key;
}

static bool process_matches(const void *data, const char *filter)
{
    const struct process_row *row = data;
    char pid[16];

    snprintf(pid, sizeof(pid), "%u", row->process->pid);
    return strcasestr(row->process->comm, filter) || strcasestr(row->group, filter) ||
           strcmp(pid, filter) == 0;
}

const struct table process_table = {
    .columns = process_columns,
    .nr_columns = ARRAY_SIZE(process_columns),
    .row_bytes = sizeof(struct process_row),
    .key = process_key,
    .matches = process_matches,
    .default_sort = 3,
};

/* --- slabs ------------------------------------------------------------------------------------ */
TEXT(slab_name, slab_row, row->slab->name)
NUMBER(slab_bytes, slab_row, screen_figure(row->slab->bytes))
NUMBER(slab_active, slab_row, screen_figure(row->slab->active_objects))
NUMBER(slab_objects, slab_row, screen_figure(row->slab->objects))
NUMBER(slab_object_bytes, slab_row, screen_figure(row->slab->object_bytes))
NUMBER(slab_use, slab_row, row->use_percent)
NUMBER(slab_growth, slab_row, row->growth)

static const char *slab_reclaimable(const void *data)
{
    const struct slab_view *slab = ((const struct slab_row *)data)->slab;

    return !slab->reclaimable_known ? "?" : slab->reclaimable ? "yes" : "no";
}

/* clang-format off */
static const struct column slab_columns[] = {
    {"CACHE", 0, 0, COLUMN_TEXT, NULL, slab_name, NULL, "kind of kernel object"},
    {"SIZE", 7, 1, COLUMN_BYTES, slab_bytes, NULL, NULL, "memory of all its slabs"},
    {"GROWTH/s", 9, 2, COLUMN_COUNT, slab_growth, NULL, NULL, "bytes per second more, or less"},
    {"USE%", 6, 3, COLUMN_PERCENT, slab_use, NULL, NULL, "objects in use of those there is room for; low: slabs are kept by a few objects each"},
    {"RECLAIM", 7, 4, COLUMN_TEXT, NULL, slab_reclaimable, NULL, "whether the kernel can shrink it when memory is short"},
    {"ACTIVE", 7, 5, COLUMN_COUNT, slab_active, NULL, NULL, "objects in use"},
    {"OBJECTS", 7, 6, COLUMN_COUNT, slab_objects, NULL, NULL, "objects there is room for"},
    {"OBJSIZE", 7, 7, COLUMN_BYTES, slab_object_bytes, NULL, NULL, "size of one"},
};
/* clang-format on */

static u64 slab_key(const void *row)
{
    return ((const struct slab_row *)row)->key;
}

static bool slab_matches(const void *row, const char *filter)
{
    return strcasestr(((const struct slab_row *)row)->slab->name, filter) != NULL;
}

const struct table slab_table = {
    .columns = slab_columns,
    .nr_columns = ARRAY_SIZE(slab_columns),
    .row_bytes = sizeof(struct slab_row),
    .key = slab_key,
    .matches = slab_matches,
    .default_sort = 1,
};
