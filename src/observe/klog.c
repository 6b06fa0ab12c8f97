/* klog.c - the kernel log as events: OOM kills with the report before them, allocations that failed, tasks that hang.
 *
 * An OOM report is many lines, in this order, of which a kernel prints those it knows and a log may have lost any:
 *
 *   NAME invoked oom-killer: gfp_mask=..., order=0, oom_score_adj=0
 *   Task in /victim's/group killed as a result of limit of /group                        until 4.20
 *   memory: usage 16384kB, limit 16384kB, failcnt 268                                    when a group's limit failed
 *   memory+swap: usage ..., limit ..., failcnt ...                                       v1
 *   swap: usage 0kB, limit 0kB, failcnt 0                                                v2
 *   [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name   columns differ: rss_anon .. since 6.5, nr_ptes before 4.16
 *   [    715]     0   715     8454     4107    90112        0             0 pattern
 *   oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/parent,task_memcg=/parent/child,task=NAME,pid=N,uid=0      since 5.0
 *   Memory cgroup out of memory: Killed process 715 (pattern) total-vm:..., anon-rss:..., ...
 *   Tasks in /parent/child are going to be killed due to memory.oom.group set            and more lines of "Killed process"
 *
 * The kill is the event; the lines before it are gathered into `open`. Reports do not overlap (the kernel holds a lock), but other lines
 * stand between theirs. "invoked oom-killer" begins a new one, whatever became of the last: one without a kill was cut off and is none. Kills
 * that follow in the same report (a whole group's, within 10 s) share what it says of the limit.
 *
 * All names come from whoever could set them: a name in brackets ends at the last bracket before what must follow.
 */
#include "observe/klog_line.h"
#include "observe/reading_int.h"

#include <stdio.h>

#define EVENTS_MAX      1024 /* the last ones */
#define TASKS_MAX       4096 /* of one report */
#define TASKS_TOTAL_MAX 16384
#define SAME_REPORT_US  10000000ull
#define LOG_MAX         (32u << 20)

enum column { COLUMN_RSS, COLUMN_SWAP, COLUMN_ADJ, NR_COLUMNS };

struct klog {
    struct snapshot *s;
    struct log_event open; /* what the report says so far */
    bool is_open;          /* there is a report that a kill may belong to */
    bool killed;           /* it has had its first kill */
    bool of_group;         /* a group's limit failed */
    unsigned column[NR_COLUMNS];
    unsigned nr_columns; /* between "]" and the name; 0 outside of the table */
    size_t nr_tasks;     /* of all events */
};

static void event_init(struct log_event *event)
{
    *event = (struct log_event){
        .at_us = UNKNOWN,
        .total_vm = UNKNOWN,
        .anon_rss = UNKNOWN,
        .file_rss = UNKNOWN,
        .shmem_rss = UNKNOWN,
        .page_tables = UNKNOWN,
        .usage = UNKNOWN,
        .limit = UNKNOWN,
        .failcnt = UNKNOWN,
        .swap_usage = UNKNOWN,
        .swap_limit = UNKNOWN,
    };
}

void log_event_done(struct log_event *event)
{
    free(event->oom_memcg);
    free(event->task_memcg);
    vec_done(&event->tasks);
}

static void begin_report(struct klog *k)
{
    if (k->is_open)
        log_event_done(&k->open);
    event_init(&k->open);
    k->is_open = true;
    k->killed = k->of_group = false;
    k->nr_columns = 0;
}

static void forget_oldest(struct klog *k)
{
    size_t dropped = EVENTS_MAX / 2;

    for (size_t i = 0; i < dropped; i++) {
        k->nr_tasks -= k->s->log.items[i].tasks.count;
        log_event_done(&k->s->log.items[i]);
    }
    k->s->log.count -= dropped;
    memmove(k->s->log.items, k->s->log.items + dropped,
            k->s->log.count * sizeof(k->s->log.items[0]));
}

static void push(struct klog *k, struct log_event event)
{
    if (k->s->log.count >= EVENTS_MAX)
        forget_oldest(k);
    k->nr_tasks += event.tasks.count;
    /* Of tables the last ones are kept. */
    for (size_t i = 0; i < k->s->log.count && k->nr_tasks > TASKS_TOTAL_MAX; i++) {
        k->nr_tasks -= k->s->log.items[i].tasks.count;
        vec_done(&k->s->log.items[i].tasks);
    }
    vec_push(&k->s->log, event);
}

/* --- pieces of lines ------------------------------------------------------------------------------------------------ */
/* What follows `literal`, wherever it stands in the line. */
static bool after(struct span line, const char *literal, struct span *ret)
{
    const char *at = span_find(line, literal);

    if (!at)
        return false;
    *ret = (struct span){at + strlen(literal), line.end};
    return true;
}

static u64 kib_after(struct span line, const char *literal)
{
    struct span rest;
    u64 kib;

    return after(line, literal, &rest) && span_take_u64(&rest, &kib) ? kib_to_bytes(kib) : UNKNOWN;
}

static const char *find_last(struct span s, const char *literal)
{
    const char *last = NULL;

    for (; (s.at = span_find(s, literal)); s.at++)
        last = s.at;
    return last;
}

/* What stands between two texts, the second the last of its kind. */
static bool between(struct span line, const char *left, const char *right, struct span *ret)
{
    struct span rest;
    const char *end;

    if (!after(line, left, &rest) || !(end = find_last(rest, right)))
        return false;
    *ret = (struct span){rest.at, end};
    return true;
}

static void set_path(char **path, struct span text)
{
    free(*path);
    *path = span_dup(span_trim(text));
}

/* --- lines of a report ------------------------------------------------------------------------------------------------ */
static bool parse_invoked(struct klog *k, const struct klog_line *line)
{
    struct span rest, order;
    u64 number;

    if (!after(line->text, " invoked oom-killer:", &rest))
        return false;
    begin_report(k);
    k->open.at_us = line->at_us;
    span_copy(span_trim((struct span){line->text.at, rest.at - strlen(" invoked oom-killer:")}),
              k->open.invoker, sizeof(k->open.invoker));
    if (after(rest, "order=", &order) && span_take_u64(&order, &number) && number < 64)
        k->open.order = (u32)number;
    return true;
}

static bool parse_killed_as_a_result(struct klog *k, struct span line)
{
    static const char middle[] = " killed as a result of limit of ";
    struct span task, group;

    if (!span_begins(line, "Task in ") || !between(line, "Task in ", middle, &task))
        return false;
    group = (struct span){task.end + strlen(middle), line.end};
    if (!k->is_open)
        begin_report(k);
    set_path(&k->open.task_memcg, task);
    set_path(&k->open.oom_memcg, group);
    k->of_group = true;
    return true;
}

static u64 limit_after(struct span line, const char *literal)
{
    struct span rest;
    u64 kib;

    if (!after(line, literal, &rest) || !span_take_u64(&rest, &kib))
        return UNKNOWN;
    /* No limit is 2^53 KiB, less what rounding takes. */
    return kib >= (u64)1 << 50 ? NO_LIMIT : kib_to_bytes(kib);
}

static u64 minus(u64 a, u64 b)
{
    if (!known(a) || !known(b))
        return UNKNOWN;
    return a == NO_LIMIT ? NO_LIMIT : a > b ? a - b : 0;
}

static bool parse_usage(struct klog *k, struct span line)
{
    struct log_event *open = &k->open;
    struct span rest;

    if (!k->is_open || k->killed)
        return false;
    if (span_begins(line, "memory: usage ")) {
        open->usage = kib_after(line, "usage ");
        open->limit = limit_after(line, "limit ");
        if (after(line, "failcnt ", &rest))
            span_take_u64(&rest, &open->failcnt);
        k->of_group = true;
    } else if (span_begins(line, "swap: usage ")) {
        open->swap_usage = kib_after(line, "usage ");
        open->swap_limit = limit_after(line, "limit ");
    } else if (span_begins(line, "memory+swap: usage ")) {
        open->swap_usage = minus(kib_after(line, "usage "), open->usage);
        open->swap_limit = minus(limit_after(line, "limit "), open->limit);
    } else {
        return false;
    }
    return true;
}

/* "[ pid ]   uid  tgid total_vm ... name": which column is what. */
static bool parse_table_head(struct klog *k, struct span line)
{
    struct span skipped, word;

    if (!k->is_open || k->killed || !span_find(line, "total_vm") ||
        !span_take_until(&line, ']', &skipped))
        return false;
    k->nr_columns = 0;
    for (unsigned i = 0; i < NR_COLUMNS; i++)
        k->column[i] = UINT32_MAX;
    while (span_take_word(&line, &word) && !span_is(word, "name") && k->nr_columns < 32) {
        if (span_is(word, "rss"))
            k->column[COLUMN_RSS] = k->nr_columns;
        else if (span_is(word, "swapents"))
            k->column[COLUMN_SWAP] = k->nr_columns;
        else if (span_is(word, "oom_score_adj"))
            k->column[COLUMN_ADJ] = k->nr_columns;
        k->nr_columns++;
    }
    return true;
}

static u64 pages_to_bytes(s64 pages, u64 page_bytes)
{
    return pages >= 0 && pages < (s64)1 << 40 ? (u64)pages * page_bytes : UNKNOWN;
}

static bool parse_table_row(struct klog *k, struct span line)
{
    struct oom_candidate task = {.rss = UNKNOWN, .swap = UNKNOWN};
    u64 pid;

    if (!k->is_open || k->nr_columns == 0 || !span_take(&line, "[") ||
        !span_take_u64(&line, &pid) || !span_take(&line, "]"))
        return false;
    task.pid = (u32)pid;
    for (unsigned i = 0; i < k->nr_columns; i++) {
        s64 number;

        if (!span_take_s64(&line, &number))
            return true; /* a row that was cut */
        if (i == k->column[COLUMN_RSS])
            task.rss = pages_to_bytes(number, k->s->page_bytes);
        else if (i == k->column[COLUMN_SWAP])
            task.swap = pages_to_bytes(number, k->s->page_bytes);
        else if (i == k->column[COLUMN_ADJ])
            task.oom_score_adj = number;
    }
    span_copy(span_trim(line), task.comm, sizeof(task.comm));
    if (k->open.tasks.count < TASKS_MAX)
        vec_push(&k->open.tasks, task);
    return true;
}

static bool parse_constraint(struct klog *k, const struct klog_line *line)
{
    struct log_event *open = &k->open;
    struct span text = line->text, piece;

    if (!span_take(&text, "oom-kill:constraint="))
        return false;
    /* One that lost its beginning, or a second choice of one report. */
    if (!k->is_open || k->killed) {
        begin_report(k);
        open->at_us = line->at_us;
    }
    k->nr_columns = 0;
    if (span_take_until(&text, ',', &piece))
        span_copy(piece, open->constraint, sizeof(open->constraint));
    if (between(text, ",oom_memcg=", ",task_memcg=", &piece) ||
        between(text, "oom_memcg=", ",task_memcg=", &piece)) {
        set_path(&open->oom_memcg, piece);
        k->of_group = true;
    }
    if (between(text, "task_memcg=", ",task=", &piece))
        set_path(&open->task_memcg, piece);
    return true;
}

/* --- events -------------------------------------------------------------------------------------------------------------- */
static char *dup_or_null(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

/* The report so far as an event: the first kill takes the table, later ones have a copy of the rest. */
static struct log_event take_report(struct klog *k)
{
    struct log_event event = k->open;

    if (k->killed)
        memset(&event.tasks, 0, sizeof(event.tasks));
    else
        memset(&k->open.tasks, 0, sizeof(k->open.tasks));
    event.oom_memcg = dup_or_null(k->open.oom_memcg);
    event.task_memcg = dup_or_null(k->open.task_memcg);
    k->killed = true;
    return event;
}

static bool is_same_report(const struct klog *k, u64 at_us)
{
    if (!k->is_open || !k->killed || !known(k->open.at_us) || !known(at_us))
        return k->is_open;
    return at_us < k->open.at_us + SAME_REPORT_US;
}

/* A whole group's kill names the first victim once more. */
static bool is_known_victim(const struct klog *k, u64 pid)
{
    if (!k->is_open || !k->killed)
        return false;
    for (size_t i = k->s->log.count; i-- > 0;) {
        const struct log_event *event = &k->s->log.items[i];

        if (event->kind == LOG_OOM_KILL && event->pid == pid)
            return is_same_report(k, event->at_us);
        if (!is_same_report(k, event->at_us) || event->at_us < k->open.at_us)
            return false;
    }
    return false;
}

/* Before 5.1 a line of its own says who is chosen; a child of it may die in its place. */
static bool parse_choice(struct klog *k, struct span line)
{
    if (!span_begins(line, "Memory cgroup out of memory: Kill process "))
        return false;
    if (!k->is_open || k->killed)
        begin_report(k);
    k->of_group = true;
    return true;
}

/* "Killed process 715 (pattern) total-vm:...", with "(pattern), UID 0, total-vm" of RHEL 7 and ", UID 0, (pattern)" before. */
static bool parse_kill(struct klog *k, const struct klog_line *line)
{
    struct span rest, name;
    const char *figures;
    u64 pid;

    if (!after(line->text, "Killed process ", &rest) || !span_take_u64(&rest, &pid) ||
        !(figures = find_last(rest, "total-vm:")) || !after(rest, "(", &rest))
        return false;

    const char *close = memrchr(rest.at, ')', figures > rest.at ? (size_t)(figures - rest.at) : 0);

    if (!close)
        return false;
    name = (struct span){rest.at, close};
    if (!is_same_report(k, line->at_us))
        begin_report(k);
    if (is_known_victim(k, pid))
        return true;
    if (span_find(line->text, "emory cgroup out of memory"))
        k->of_group = true;
    if (k->of_group && !k->open.constraint[0])
        snprintf(k->open.constraint, sizeof(k->open.constraint), "CONSTRAINT_MEMCG");

    struct log_event event = take_report(k);

    event.kind = LOG_OOM_KILL;
    event.at_us = line->at_us;
    event.pid = (u32)pid;
    span_copy(name, event.comm, sizeof(event.comm));
    rest.at = figures;
    event.total_vm = kib_after(rest, "total-vm:");
    event.anon_rss = kib_after(rest, "anon-rss:");
    event.file_rss = kib_after(rest, "file-rss:");
    event.shmem_rss = kib_after(rest, "shmem-rss:");
    event.page_tables = kib_after(rest, "pgtables:");
    /* Kernels 5.3 to 5.7 print bytes and call them kB. */
    if (known(event.page_tables) && known(event.total_vm) && event.page_tables > event.total_vm)
        event.page_tables /= KIB;
    if (after(rest, "oom_score_adj:", &rest))
        span_take_s64(&rest, &event.oom_score_adj);
    push(k, event);
    return true;
}

static bool parse_no_victim(struct klog *k, const struct klog_line *line)
{
    if (!span_find(line->text, "ut of memory and no killable processes"))
        return false;
    if (!k->is_open || k->killed)
        begin_report(k);

    struct log_event event = take_report(k);

    event.kind = LOG_OOM_NO_VICTIM;
    event.at_us = line->at_us;
    push(k, event);
    return true;
}

/* What "(NAME)" or "NAME:" stands for, in an event without a report. */
static void push_simple(struct klog *k, enum log_event_kind kind, u64 at_us, struct span name,
                        u64 pid, u64 order)
{
    struct log_event event;

    event_init(&event);
    event.kind = kind;
    event.at_us = at_us;
    event.pid = (u32)pid;
    event.order = (u32)MIN(order, (u64)63);
    span_copy(span_trim(name), event.comm, sizeof(event.comm));
    push(k, event);
}

static bool parse_reaped(struct klog *k, const struct klog_line *line)
{
    struct span rest, name;
    u64 pid;

    if (!after(line->text, "oom_reaper: reaped process ", &rest) || !span_take_u64(&rest, &pid) ||
        !between(rest, "(", "), now anon-rss", &name))
        return false;
    push_simple(k, LOG_OOM_REAPED, line->at_us, name, pid, 0);
    return true;
}

/* "NAME: page allocation failure: order:5, mode:0x40dc0(...)"; a full stop in 3.10. */
static bool parse_allocation(struct klog *k, const struct klog_line *line)
{
    static const char *const marks[] = {": page allocation failure",
                                        ": page allocation stalls for"};
    struct span rest, order;
    u64 number;

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        if (!after(line->text, marks[i], &rest) || !after(rest, "order:", &order) ||
            !span_take_u64(&order, &number))
            continue;
        push_simple(k, LOG_ALLOC_FAILURE, line->at_us,
                    (struct span){line->text.at, rest.at - strlen(marks[i])}, 0, number);
        return true;
    }
    return false;
}

/* "INFO: task NAME:234 blocked for more than 120 seconds." */
static bool parse_hung(struct klog *k, const struct klog_line *line)
{
    struct span name, number;
    u64 pid = 0;

    if (!between(line->text, "INFO: task ", " blocked for more than ", &name))
        return false;

    const char *colon = span_empty(name) ? NULL : memrchr(name.at, ':', span_len(name));

    if (!colon)
        return false;
    number = (struct span){colon + 1, name.end};
    span_take_u64(&number, &pid);
    name.end = colon;
    push_simple(k, LOG_HUNG_TASK, line->at_us, name, pid, 0);
    return true;
}

static void parse_line(struct klog *k, const struct klog_line *line)
{
    /* Rows of tables are the many; the others are told by words that few lines have. */
    if (!span_empty(line->text) && *line->text.at == '[') {
        if (!parse_table_row(k, line->text))
            parse_table_head(k, line->text);
        return;
    }
    if (parse_usage(k, line->text) || parse_invoked(k, line) || parse_constraint(k, line) ||
        parse_choice(k, line->text) || parse_kill(k, line) ||
        parse_killed_as_a_result(k, line->text) || parse_reaped(k, line) ||
        parse_no_victim(k, line) || parse_allocation(k, line))
        return;
    parse_hung(k, line);
}

unsigned parse_kernel_log(struct span text, struct snapshot *s)
{
    struct klog k = {.s = s};
    struct klog_line line;
    unsigned lines = 0;

    while (klog_take_line(&text, &line)) {
        parse_line(&k, &line);
        lines++;
    }
    if (k.is_open)
        log_event_done(&k.open);
    return lines;
}

/* --- where the log is --------------------------------------------------------------------------------------------------- */
/* Boots' journals of a sosreport: "journalctl_--no-pager_--catalog_--boot". */
struct journal {
    char name[256];
};

static bool note_journal(void *ctx, const char *name, bool is_directory)
{
    struct journal *journal = ctx;

    if (is_directory || strncmp(name, "journalctl", strlen("journalctl")) != 0 ||
        !strstr(name, "boot") || strlen(name) >= sizeof(journal->name))
        return true;
    snprintf(journal->name, sizeof(journal->name), "%s", name);
    return false;
}

/* Read one log. True when it says something of memory. */
static bool read_log(struct reading *r, const char *path, int *result)
{
    struct span text;
    int rc = reading_file(r, path, LOG_MAX, &text);

    if (rc == 0 || rc == -EFBIG) {
        parse_kernel_log(text, r->s);
        *result = rc;
    } else if (*result == -ENOENT) {
        *result = rc;
    }
    return r->s->log.count > 0;
}

void read_kernel_log(struct reading *r)
{
    static const char *const places[] = {
        "sos_commands/kernel/dmesg",
        "sos_commands/kernel/dmesg_-T",
        "sos_commands/general/dmesg",
        "dmesg",
        "dmesg.txt",
        "var/log/dmesg",
    };
    static const char *const logs[] = {"var/log/kern.log", "var/log/messages", "var/log/syslog"};
    struct journal journal = {""};
    char path[320];
    int result = -ENOENT;
    bool found = false;

    if (reading_kind(r) == SOURCE_LIVE || reading_kind(r) == SOURCE_CONTAINER) {
        read_log(r, "dev/kmsg", &result);
        reading_mark(r, PART_KERNEL_LOG, result);
        return;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(places) && !found; i++)
        found = read_log(r, places[i], &result);
    if (!found && source_list(r->src, "sos_commands/logs", note_journal, &journal) == 0 &&
        journal.name[0]) {
        snprintf(path, sizeof(path), "sos_commands/logs/%s", journal.name);
        found = read_log(r, path, &result);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(logs) && !found; i++)
        found = read_log(r, logs[i], &result);
    reading_mark(r, PART_KERNEL_LOG, result);
}
