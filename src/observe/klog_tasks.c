/* klog_tasks.c - the table of tasks of a report. Its head names the columns, which differ by
 * kernel. */
#include "observe/klog_report_int.h"

#include "observe/klog.h"
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

/* Before its first row: "]", and then uid, tgid (the pid of what has no threads in the table),
 * sizes, and a name. */
bool klog_is_task_row(struct span line)
{
    struct span word;
    unsigned numbers = 0;
    u64 pid, tgid;

    if (!span_take(&line, "[") || !span_take_u64(&line, &pid) || !span_take(&line, "]") ||
        pid == 0 || !span_take_u64(&line, &tgid) || !span_take_u64(&line, &tgid) || tgid != pid)
        return false;
    while (span_take_word(&line, &word)) {
        struct span rest = word;
        s64 number;

        if (!span_take_s64(&rest, &number) || !span_empty(rest))
            return numbers >= 5 && numbers <= 8 && numbers != 7;
        numbers++;
    }
    return false;
}

/* The head is lost: how many numbers a row has tells which kernels print it so. */
static void guess_columns(struct oom_body *b, struct span line, struct klog_place place)
{
    static const enum oom_column
        /* to 4.2 with nr_ptes, from 4.15 on with pgtables_bytes */
        short_row[] = {OOM_COLUMN_VM, OOM_COLUMN_RSS, OOM_COLUMN_PGTABLES, OOM_COLUMN_SWAP,
                       OOM_COLUMN_ADJ},
        /* from 4.3 to 4.14, with nr_pmds */
        middle_row[] = {OOM_COLUMN_VM,  OOM_COLUMN_RSS,  OOM_COLUMN_NR_PTES,
                        NR_OOM_COLUMNS, OOM_COLUMN_SWAP, OOM_COLUMN_ADJ},
        /* from 6.8 on */
        long_row[] = {OOM_COLUMN_VM,       OOM_COLUMN_RSS,       OOM_COLUMN_RSS_ANON,
                      OOM_COLUMN_RSS_FILE, OOM_COLUMN_RSS_SHMEM, OOM_COLUMN_PGTABLES,
                      OOM_COLUMN_SWAP,     OOM_COLUMN_ADJ};
    const enum oom_column *columns;
    struct span rest = line, word;
    unsigned numbers = 0;
    u64 page_tables = 0;

    span_take_until(&rest, ']', &word);
    while (span_take_word(&rest, &word)) {
        s64 number;

        if (!span_take_s64(&word, &number) || !span_empty(word))
            break;
        if (++numbers == 5)
            page_tables = (u64)number;
    }
    columns = numbers == 7 ? short_row : numbers == 8 ? middle_row : long_row;
    b->nr_columns = numbers;
    for (unsigned i = 0; i < NR_OOM_COLUMNS; i++)
        b->column[i] = UINT32_MAX;
    for (unsigned i = 2; i < numbers; i++)
        if (columns[i - 2] != NR_OOM_COLUMNS)
            b->column[columns[i - 2]] = i;
    /* Bytes of page tables are whole pages; their number is small. */
    if (numbers == 7 && page_tables % 4096) {
        b->column[OOM_COLUMN_PGTABLES] = UINT32_MAX;
        b->column[OOM_COLUMN_NR_PTES] = 4;
    }
    b->report->columns_anon = b->column[OOM_COLUMN_RSS_ANON] != UINT32_MAX;
    oom_note(b->report, OOM_PART_TASKS, place);
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

bool oom_take_row(struct oom_body *b, struct span line, struct klog_place place)
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

    if (b->nr_columns == 0 && !oom_has(r, OOM_PART_CHOICE) && !oom_has(r, OOM_PART_KILL) &&
        klog_is_task_row(line))
        guess_columns(b, line, place);
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
    /* A line that two loggers wrote is one process. */
    if (r->tasks.count && vec_last(&r->tasks).pid == task.pid)
        return true;
    if (r->tasks.count < OOM_TASKS_MAX)
        vec_push(&r->tasks, task);
    else
        r->tasks_dropped++;
    return true;
}
