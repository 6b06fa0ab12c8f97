/* klog_tasks.c - the table of tasks of a report. Its head names the columns, which differ by kernel. */
#include "observe/klog_report_int.h"

#include "observe/reading_int.h"

/* "[ pid ]   uid  tgid total_vm ... name": which column is what. */
bool oom_take_table_head(struct oom_body *b, struct span line, struct klog_place place)
{
    static const char *const names[NR_OOM_COLUMNS] = {
        [OOM_COLUMN_VM] = "total_vm",         [OOM_COLUMN_RSS] = "rss",
        [OOM_COLUMN_RSS_ANON] = "rss_anon",   [OOM_COLUMN_RSS_FILE] = "rss_file",
        [OOM_COLUMN_RSS_SHMEM] = "rss_shmem", [OOM_COLUMN_PGTABLES] = "pgtables_bytes",
        [OOM_COLUMN_NR_PTES] = "nr_ptes",     [OOM_COLUMN_SWAP] = "swapents",
        [OOM_COLUMN_ADJ] = "oom_score_adj",
    };
    struct span skipped, word;

    if (!span_find(line, "total_vm") || !span_take_until(&line, ']', &skipped))
        return false;
    b->in_slabs = b->in_stats = b->in_mem_info = false;
    b->nr_columns = 0;
    for (unsigned i = 0; i < NR_OOM_COLUMNS; i++)
        b->column[i] = UINT32_MAX;
    while (span_take_word(&line, &word) && !span_is(word, "name") && b->nr_columns < 32) {
        for (unsigned i = 0; i < NR_OOM_COLUMNS; i++)
            if (span_is(word, names[i]))
                b->column[i] = b->nr_columns;
        b->nr_columns++;
    }
    b->report->columns_anon = b->column[OOM_COLUMN_RSS_ANON] != UINT32_MAX;
    oom_note(b->report, OOM_PART_TASKS, place);
    return true;
}

static void take_column(const struct oom_body *b, struct oom_candidate *t, unsigned column,
                        s64 number)
{
    const struct {
        enum oom_column column;
        u64 *figure;
    } figures[] = {
        {OOM_COLUMN_VM, &t->total_vm},         {OOM_COLUMN_RSS, &t->rss},
        {OOM_COLUMN_RSS_ANON, &t->rss_anon},   {OOM_COLUMN_RSS_FILE, &t->rss_file},
        {OOM_COLUMN_RSS_SHMEM, &t->rss_shmem}, {OOM_COLUMN_PGTABLES, &t->page_tables},
        {OOM_COLUMN_NR_PTES, &t->page_tables}, {OOM_COLUMN_SWAP, &t->swap},
    };

    if (column == b->column[OOM_COLUMN_ADJ]) {
        t->oom_score_adj = number;
        t->has_adj = true;
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(figures); i++)
        if (column == b->column[figures[i].column])
            *figures[i].figure = number >= 0 && (u64)number < OOM_PAGES_MAX ? (u64)number : UNKNOWN;
}

bool oom_take_row(struct oom_body *b, struct span line)
{
    struct oom_report *r = b->report;
    struct oom_candidate task = {.total_vm = UNKNOWN,
                                 .rss = UNKNOWN,
                                 .rss_anon = UNKNOWN,
                                 .rss_file = UNKNOWN,
                                 .rss_shmem = UNKNOWN,
                                 .swap = UNKNOWN,
                                 .page_tables = UNKNOWN};
    u64 pid;

    if (b->nr_columns == 0 || !span_take(&line, "[") || !span_take_u64(&line, &pid) ||
        !span_take(&line, "]"))
        return false;
    task.pid = (u32)pid;
    for (unsigned i = 0; i < b->nr_columns; i++) {
        s64 number;

        if (!span_take_s64(&line, &number))
            return true; /* a row that was cut */
        take_column(b, &task, i, number);
    }
    span_copy(span_trim(line), task.comm, sizeof(task.comm));
    if (r->tasks.count < OOM_TASKS_MAX)
        vec_push(&r->tasks, task);
    else
        r->tasks_dropped++;
    return true;
}
