/* klog.c - log lines as events: which line begins a report, which ends it, and who died of it.
 *
 * An OOM report is many lines, in this order, of which a kernel prints those it knows and a log may have lost any:
 *
 *   NAME invoked oom-killer: gfp_mask=..., order=0, oom_score_adj=0
 *   Task in /victim's/group killed as a result of limit of /group                        until 4.20
 *   ... the body: klog_report.c ...
 *   oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/parent,task_memcg=/parent/child,task=NAME,pid=N,uid=0      since 5.0
 *   Memory cgroup out of memory: Kill process 715 (pattern) score 987 or sacrifice child until 5.0; who dies may be its child
 *   Memory cgroup out of memory: Killed process 715 (pattern) total-vm:..., anon-rss:..., ...
 *   Tasks in /parent/child are going to be killed due to memory.oom.group set            and more lines of "Killed process"
 *   oom_reaper: reaped process 715 (pattern), now anon-rss:0kB, ...
 *
 * The lines are gathered into `open`, which becomes an event when another begins or the log ends, with whatever it had. Reports do not overlap
 * (the kernel holds a lock), but other lines stand between theirs. A kill belongs to the open report unless that has one already,
 * is of another kind (a group's limit against the machine), or is long past; further kills belong to it only when the kernel says that the
 * whole group dies. A failed allocation comes first and its figures follow.
 *
 * All names come from whoever could set them: a name in brackets ends at the last bracket before what must follow.
 */
#include "observe/klog.h"

#include "observe/klog_killers.h"
#include "observe/klog_line.h"
#include "observe/klog_report_int.h"
#include "observe/reading_int.h"

#include <stdio.h>

#define EVENTS_MAX     1024  /* the last ones */
#define ROWS_TOTAL_MAX 65536 /* of all tables */
#define VICTIMS_MAX    1024  /* of one report */
#define FILES_MAX      4096
#define SAME_REPORT_US \
    30000000ull /* the lines of one report are no further apart, on the slowest console */

struct klog {
    struct snapshot *s;
    struct log_event open; /* what the report says so far */
    size_t open_at; /* its place among the events: those of one line may come before its end */
    struct oom_body body;
    u64 last_us, last_wall_us; /* of the line taken last */
    bool is_open;              /* there is a report that a line may belong to */
    bool invoked;    /* its first line is there, or another that says that somebody was chosen */
    bool killed;     /* it has had its first kill */
    bool of_group;   /* a group's limit failed */
    bool of_machine; /* the machine had nothing left */
    bool slub;       /* the slab allocator says that it failed */
    bool forced;     /* the next report is one that somebody asked for */
    char *reading;   /* what earlyoom saw left, as it stands; NULL */
    char *candidate; /* path of the group that systemd-oomd looks at; NULL */
    char *largest;   /* of those it looked at; NULL */
    u64 largest_bytes;
    size_t rows; /* of all tables */
};

void log_event_init(struct log_event *event, enum log_event_kind kind)
{
    *event = (struct log_event){
        .kind = kind,
        .at_us = UNKNOWN,
        .stamp = {.at_us = UNKNOWN, .wall_us = UNKNOWN},
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
    free(event->words);
    vec_done(&event->more);
    oom_report_put(event->report);
}

u32 klog_file(struct snapshot *s, const char *name)
{
    for (size_t i = s->log_files.count; i-- > 0;)
        if (strcmp(s->log_files.items[i], name) == 0)
            return (u32)i;
    if (s->log_files.count >= FILES_MAX)
        return (u32)s->log_files.count - 1;
    vec_push(&s->log_files, xstrdup(name));
    return (u32)s->log_files.count - 1;
}

/* --- events -------------------------------------------------------------------------------------------------------------- */

static size_t rows_of(const struct log_event *event)
{
    const struct oom_report *r = event->report;

    return event->more.count +
           (r ? r->tasks.count + 8 * r->zones.count + 4 * r->nodes.count + r->slabs.count : 0);
}

static void forget_oldest(struct klog *k)
{
    size_t dropped = EVENTS_MAX / 2;

    for (size_t i = 0; i < dropped; i++) {
        k->rows -= rows_of(&k->s->log.items[i]);
        log_event_done(&k->s->log.items[i]);
    }
    k->s->log.count -= dropped;
    k->open_at -= MIN(k->open_at, dropped);
    memmove(k->s->log.items, k->s->log.items + dropped,
            k->s->log.count * sizeof(k->s->log.items[0]));
}

/* Of tables the last ones are kept. */
static void drop_tables(struct klog *k)
{
    for (size_t i = 0; i < k->s->log.count && k->rows > ROWS_TOTAL_MAX; i++) {
        struct log_event *event = &k->s->log.items[i];

        k->rows -= rows_of(event);
        oom_report_put(event->report);
        event->report = NULL;
        vec_done(&event->more);
    }
}

static void push(struct klog *k, struct log_event event)
{
    if (k->s->log.count >= EVENTS_MAX)
        forget_oldest(k);
    k->rows += rows_of(&event);
    drop_tables(k);
    vec_push(&k->s->log, event);
}

/* What was open goes before the events of one line that came meanwhile. */
static void push_open(struct klog *k)
{
    struct log_event *items;
    size_t last;

    push(k, k->open);
    items = k->s->log.items;
    last = k->s->log.count - 1;
    memmove(items + k->open_at + 1, items + k->open_at, (last - k->open_at) * sizeof(items[0]));
    items[k->open_at] = k->open;
}

static u64 minus(u64 a, u64 b)
{
    if (!known(a) || !known(b))
        return UNKNOWN;
    return a == NO_LIMIT ? NO_LIMIT : a > b ? a - b : 0;
}

/* What the body says of the group's limits, as the event has it. */
static void take_limits(struct log_event *event)
{
    const struct oom_limit *l = event->report->limits;

    event->usage = l[OOM_LEVEL_MEMORY].usage;
    event->limit = l[OOM_LEVEL_MEMORY].limit;
    event->failcnt = l[OOM_LEVEL_MEMORY].failcnt;
    if (known(l[OOM_LEVEL_MEMSW].usage)) {
        event->swap_usage = minus(l[OOM_LEVEL_MEMSW].usage, event->usage);
        event->swap_limit = minus(l[OOM_LEVEL_MEMSW].limit, event->limit);
    } else {
        event->swap_usage = l[OOM_LEVEL_SWAP].usage;
        event->swap_limit = l[OOM_LEVEL_SWAP].limit;
    }
}

/* The call came from a charge: it was a group's limit. */
static bool traces_charge(const struct oom_report *r)
{
    vec_for_each (&r->frames, frame)
        if (strncmp(*frame, "mem_cgroup_o", 12) == 0 || strncmp(*frame, "try_charge", 10) == 0)
            return true;
    return false;
}

/* The call came from the page allocator, and not by way of a charge: the machine had nothing left. */
static bool traces_pages(const struct oom_report *r)
{
    vec_for_each (&r->frames, frame)
        if (strncmp(*frame, "__alloc_pages", 13) == 0 || strncmp(*frame, "__alloc_frozen", 14) == 0)
            return true;
    return false;
}

/* Limits and statistics are printed of a group whose limit failed, and of no other. */
static bool tells_group(const struct oom_report *r)
{
    return oom_has(r, OOM_PART_LIMIT) || oom_has(r, OOM_PART_GROUP_STATS);
}

/* Figures of the whole machine, which no kernel prints for a limit. */
static bool tells_machine(const struct oom_report *r)
{
    return oom_has(r, OOM_PART_MEM_INFO) || oom_has(r, OOM_PART_NODES) ||
           oom_has(r, OOM_PART_ZONES) || oom_has(r, OOM_PART_RAM) || oom_has(r, OOM_PART_SLABS);
}

/* What is open becomes an event. */
static void flush(struct klog *k)
{
    struct log_event *open = &k->open;

    if (!k->is_open)
        return;
    k->is_open = false;
    oom_body_finish(&k->body, k->s->page_bytes ? k->s->page_bytes : 4096);
    if (open->kind == LOG_OOM_KILL && !k->invoked && !k->killed && !tells_group(open->report))
        open->kind = LOG_MEM_INFO;
    if (!k->of_machine && (tells_group(open->report) || traces_charge(open->report)))
        k->of_group = open->kind == LOG_OOM_KILL;
    if (k->of_group && !open->constraint[0])
        snprintf(open->constraint, sizeof(open->constraint), "CONSTRAINT_MEMCG");
    open->of_machine = !k->of_group &&
                       (k->of_machine || tells_machine(open->report) || traces_pages(open->report));
    if (k->of_group && !open->oom_memcg && open->report->stats_of) {
        open->oom_memcg = open->report->stats_of;
        open->report->stats_of = NULL;
    }
    take_limits(open);
    push_open(k);
}

static void begin(struct klog *k, enum log_event_kind kind, const struct klog_stamp *stamp)
{
    flush(k);
    log_event_init(&k->open, kind);
    k->open_at = k->s->log.count;
    k->open.at_us = stamp->at_us;
    k->open.stamp = *stamp;
    k->open.stamp.host = k->open.stamp.program = NULL;
    k->open.report = oom_report_new();
    oom_body_begin(&k->body, k->open.report);
    k->is_open = true;
    k->invoked = k->killed = k->of_group = k->of_machine = k->slub = false;
}

/* Is this line too late for what is open, or of another boot? */
static bool is_past(const struct klog *k, const struct klog_stamp *stamp)
{
    if (!k->is_open || stamp->boot != k->open.stamp.boot)
        return true;
    if (known(stamp->at_us) && known(k->last_us))
        return stamp->at_us + SAME_REPORT_US < k->last_us ||
               stamp->at_us > k->last_us + SAME_REPORT_US;
    if (known(stamp->wall_us) && known(k->last_wall_us))
        return stamp->wall_us + SAME_REPORT_US < k->last_wall_us ||
               stamp->wall_us > k->last_wall_us + SAME_REPORT_US;
    return false;
}

/* What is open is the trace of a task that hangs, and no report of memory. */
static bool is_stuck(const struct klog *k)
{
    return k->is_open && (k->open.kind == LOG_HUNG_TASK || k->open.kind == LOG_SOFT_LOCKUP);
}

/* An event of one line. */
static struct log_event one_line(enum log_event_kind kind, const struct klog_stamp *stamp)
{
    struct log_event event;

    log_event_init(&event, kind);
    event.at_us = stamp->at_us;
    event.stamp = *stamp;
    event.stamp.host = event.stamp.program = NULL;
    event.kill = stamp->place;
    return event;
}

static void set_path(char **path, struct span text)
{
    free(*path);
    *path = span_dup(span_trim(text));
}

/* --- the lines that begin a report ----------------------------------------------------------------------------------------- */

/* "gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0" or "order:4, mode:0x40c40(GFP_NOFS|__GFP_COMP)" */
static void take_request(struct klog *k, struct span text)
{
    static const char *const masks[] = {"gfp_mask=", "mode:", ", gfp="}, *const orders[] = {
                                                                             "order=", "order:"};
    struct oom_report *r = k->open.report;
    struct span rest, names;
    u64 number;

    for (unsigned i = 0; i < ARRAY_SIZE(masks); i++) {
        if (!klog_after(text, masks[i], &rest) || !klog_take_hex(&rest, &number))
            continue;
        r->gfp_mask = number;
        r->has_mask = true;
        if (span_take(&rest, "(") && span_take_until(&rest, ')', &names))
            span_copy(names, r->gfp, sizeof(r->gfp));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
        if (klog_after(text, orders[i], &rest) && span_take_u64(&rest, &number) && number < 64)
            r->order = k->open.order = (u32)number;
    }
}

/* "nodemask=0,cpuset=/,mems_allowed=0-1", "java cpuset=docker-5b1.scope mems_allowed=0" */
static void take_allowed(struct klog *k, struct span text)
{
    struct oom_report *r = k->open.report;
    struct span rest, piece;
    const char *end;

    if (klog_between(text, "nodemask=", ",cpuset=", &piece) ||
        klog_between(text, "nodemask=", ", order=", &piece))
        set_path(&r->nodemask, piece);
    if (klog_between(text, "cpuset=", ",mems_allowed=", &piece) ||
        klog_between(text, "cpuset=", " mems_allowed=", &piece))
        set_path(&r->cpuset, piece);
    if (!klog_after(text, "mems_allowed=", &rest))
        return;
    for (end = rest.at; end < rest.end && (is_digit(*end) || *end == '-' || *end == ','); end++)
        ;
    while (end > rest.at && end[-1] == ',')
        end--;
    set_path(&r->mems_allowed, (struct span){rest.at, end});
}

static bool parse_invoked(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const char mark[] = " invoked oom-killer:";
    struct span rest;

    if (!klog_after(text, mark, &rest))
        return false;
    begin(k, LOG_OOM_KILL, stamp);
    k->invoked = true;
    k->open.forced = k->forced;
    k->forced = false;
    span_copy(span_trim((struct span){text.at, rest.at - strlen(mark)}), k->open.invoker,
              sizeof(k->open.invoker));
    take_request(k, rest);
    take_allowed(k, rest);
    oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
    return true;
}

/* "java cpuset=/ mems_allowed=0": the second line of kernels until 4.20. */
static bool parse_cpuset(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    if (is_past(k, stamp) || k->open.report->mems_allowed || !span_find(text, " cpuset=") ||
        !span_find(text, " mems_allowed="))
        return false;
    take_allowed(k, text);
    return true;
}

/* "NAME: page allocation failure: order:5, mode:0x40dc0(...)"; a full stop in 3.10. */
static bool parse_allocation(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const char *const marks[] = {": page allocation failure",
                                        ": page allocation stalls for"};
    struct span rest;

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        if (!klog_after(text, marks[i], &rest) || !span_find(rest, "order:"))
            continue;
        begin(k, LOG_ALLOC_FAILURE, stamp);
        span_copy(span_trim((struct span){text.at, rest.at - strlen(marks[i])}), k->open.comm,
                  sizeof(k->open.comm));
        take_request(k, rest);
        take_allowed(k, rest);
        k->open.kill = stamp->place;
        oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
        return true;
    }
    return false;
}

/* "sysrq: Manual OOM execution" */
static bool parse_forced(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    (void)stamp;
    if (!span_find(text, "Manual OOM execution"))
        return false;
    k->forced = true;
    return true;
}

/* "SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)", and behind it which cache. */
static bool parse_slub(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest, name, group;
    u64 order;

    if (span_begins(text, "SLUB: Unable to allocate memory on")) {
        if (!is_past(k, stamp) && k->open.kind == LOG_ALLOC_FAILURE && !k->slub)
            return true; /* what failed was told */
        begin(k, LOG_ALLOC_FAILURE, stamp);
        k->slub = true;
        take_request(k, text);
        k->open.kill = stamp->place;
        oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
        return true;
    }
    rest = text;
    if (is_past(k, stamp) || !k->slub || !span_take(&rest, "cache: ") ||
        !span_take_until(&rest, ',', &name))
        return false;
    /* "kmalloc-1024(1793:c8edefa90517...)" is the cache of a cgroup of v1. */
    if (klog_between(name, "(", ")", &group) && span_take_u64(&group, &order) &&
        span_take(&group, ":")) {
        set_path(&k->open.task_memcg, group);
        name.end = span_find(name, "(");
    }
    span_copy(name, k->open.comm, sizeof(k->open.comm));
    /* The allocator tries larger slabs first; what failed in the end is the smallest. */
    if (klog_after(rest, "min order: ", &rest) && span_take_u64(&rest, &order) && order < 64)
        k->open.report->order = k->open.order = (u32)order;
    return true;
}

/* "warn_alloc: 6 callbacks suppressed" */
static bool parse_suppressed(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text;
    u64 number;

    (void)stamp;
    if (!span_take(&rest, "warn_alloc") || !klog_after(rest, ": ", &rest) ||
        !span_take_u64(&rest, &number) || !span_begins(span_trim(rest), "callbacks suppressed"))
        return false;
    if (k->is_open && k->open.kind == LOG_ALLOC_FAILURE)
        k->open.repeats += (u32)MIN(number, (u64)1000000);
    return true;
}

/* --- the choice and the kill ----------------------------------------------------------------------------------------------------- */

/* What is open, if somebody may still be chosen in it; else a report that lost its beginning. */
static void open_for_choice(struct klog *k, const struct klog_stamp *stamp, bool of_group)
{
    bool other = of_group ? k->of_machine : k->of_group;

    if (is_past(k, stamp) || k->killed || other || k->open.kind != LOG_OOM_KILL)
        begin(k, LOG_OOM_KILL, stamp);
    k->invoked = true;
    k->of_group |= of_group;
    k->of_machine |= !of_group;
}

static bool parse_killed_as_a_result(struct klog *k, struct span text,
                                     const struct klog_stamp *stamp)
{
    static const char middle[] = " killed as a result of limit of ";
    struct span task, group;

    if (!span_begins(text, "Task in ") || !klog_between(text, "Task in ", middle, &task))
        return false;
    group = (struct span){task.end + strlen(middle), text.end};
    open_for_choice(k, stamp, true);
    set_path(&k->open.task_memcg, task);
    set_path(&k->open.oom_memcg, group);
    return true;
}

static bool parse_constraint(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event *open = &k->open;
    struct span whole = text, piece, rest;
    u64 pid;

    if (!span_take(&text, "oom-kill:constraint="))
        return false;
    open_for_choice(k, stamp, !span_find(text, ",global_oom") && span_find(text, "oom_memcg="));
    k->body.nr_columns = 0;
    if (span_take_until(&text, ',', &piece))
        span_copy(piece, open->constraint, sizeof(open->constraint));
    take_allowed(k, whole);
    if (klog_between(text, ",oom_memcg=", ",task_memcg=", &piece) ||
        klog_between(text, "oom_memcg=", ",task_memcg=", &piece) ||
        (klog_after(text, "oom_memcg=", &rest) && span_take_until(&rest, ',', &piece)))
        set_path(&open->oom_memcg, piece);
    if (klog_between(text, "task_memcg=", ",task=", &piece))
        set_path(&open->task_memcg, piece);
    if (klog_between(text, ",task=", ",pid=", &piece) && !open->comm[0])
        span_copy(piece, open->comm, sizeof(open->comm));
    if (klog_after(text, ",pid=", &piece) && span_take_u64(&piece, &pid) && open->pid == 0)
        open->pid = (u32)pid;
    open->kill = stamp->place;
    oom_note(open->report, OOM_PART_CHOICE, stamp->place);
    return true;
}

/* "(pattern) total-vm" and the like: the name ends at the last bracket before `until`. */
static bool take_name(struct span text, const char *until, struct span *ret)
{
    struct span rest;
    const char *close;

    if (!klog_after(text, "(", &rest))
        return false;
    if (until && until > rest.at)
        rest.end = until;
    close = span_empty(rest) ? NULL : memrchr(rest.at, ')', span_len(rest));
    if (!close)
        return false;
    *ret = (struct span){rest.at, close};
    return true;
}

/* Before 5.1 a line of its own says who is chosen; a child of it may die in its place. */
static bool parse_choice(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest, name;
    const char *score;
    u64 pid, points;

    if (!span_find(text, "ut of memory") || !klog_after(text, ": Kill process ", &rest) ||
        !span_take_u64(&rest, &pid))
        return false;
    score = klog_find_last(rest, " score ");
    if (!score && !span_ends(rest, ")"))
        return false;
    open_for_choice(k, stamp, span_begins(text, "Memory cgroup"));
    k->body.nr_columns = 0;
    k->open.report->chosen_pid = (u32)pid;
    if (take_name(rest, score, &name))
        span_copy(name, k->open.report->chosen, sizeof(k->open.report->chosen));
    rest.at = score ? score + strlen(" score ") : rest.end;
    if (span_take_u64(&rest, &points))
        k->open.report->score = points;
    if (k->open.pid == 0) {
        k->open.pid = (u32)pid;
        snprintf(k->open.comm, sizeof(k->open.comm), "%s", k->open.report->chosen);
    }
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_CHOICE, stamp->place);
    return true;
}

/* "Tasks in /a/b are going to be killed due to memory.oom.group set" */
static bool parse_group_kill(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span group;

    if (!span_begins(text, "Tasks in ") ||
        !klog_between(text, "Tasks in ", " are going to be killed due to memory.oom.group", &group))
        return false;
    if (is_past(k, stamp) || k->open.kind != LOG_OOM_KILL)
        begin(k, LOG_OOM_KILL, stamp);
    k->invoked = k->of_group = true;
    k->open.group_kill = true;
    if (!k->open.task_memcg)
        set_path(&k->open.task_memcg, group);
    return true;
}

static struct oom_victim victim_of(struct span figures, u64 pid, struct span name)
{
    struct oom_victim v = {.pid = (u32)pid};
    struct span rest;

    span_copy(name, v.comm, sizeof(v.comm));
    v.total_vm = klog_kib_after(figures, "total-vm:");
    v.anon_rss = klog_kib_after(figures, "anon-rss:");
    v.file_rss = klog_kib_after(figures, "file-rss:");
    v.shmem_rss = klog_kib_after(figures, "shmem-rss:");
    v.page_tables = klog_kib_after(figures, "pgtables:");
    /* Kernels 5.3 to 5.7 print bytes and call them kB. */
    if (known(v.page_tables) && known(v.total_vm) && v.page_tables > v.total_vm)
        v.page_tables /= KIB;
    if (klog_after(figures, "oom_score_adj:", &rest))
        span_take_s64(&rest, &v.oom_score_adj);
    return v;
}

static bool is_known_victim(const struct klog *k, u32 pid)
{
    if (k->killed && k->open.pid == pid)
        return true;
    vec_for_each (&k->open.more, v)
        if (v->pid == pid)
            return true;
    return false;
}

static void set_victim(struct log_event *open, const struct oom_victim *v, bool has_adj)
{
    open->pid = v->pid;
    memcpy(open->comm, v->comm, sizeof(open->comm));
    open->total_vm = v->total_vm;
    open->anon_rss = v->anon_rss;
    open->file_rss = v->file_rss;
    open->shmem_rss = v->shmem_rss;
    open->page_tables = v->page_tables;
    open->oom_score_adj = v->oom_score_adj;
    open->has_adj = has_adj;
}

/* "Killed process 715 (pattern) total-vm:...", with "(pattern), UID 0, total-vm" of RHEL 7 and ", UID 0, (pattern)" before. */
static bool parse_kill(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest, name;
    struct oom_victim victim;
    const char *figures;
    bool of_group, of_machine, another;
    u64 pid;

    if (!klog_after(text, "Killed process ", &rest) || !span_take_u64(&rest, &pid) ||
        !(figures = klog_find_last(rest, "total-vm:")) || !take_name(rest, figures, &name))
        return false;
    of_group = span_find(text, "emory cgroup out of memory");
    of_machine = !of_group && span_find(text, "ut of memory");
    rest.at = figures;
    victim = victim_of(rest, pid, name);
    another = (of_group && k->of_machine) || (of_machine && k->of_group) ||
              (k->killed && !k->open.group_kill && !is_known_victim(k, victim.pid));
    if (is_past(k, stamp) || another || k->open.kind != LOG_OOM_KILL)
        begin(k, LOG_OOM_KILL, stamp);
    else if (is_known_victim(k, victim.pid))
        return true;
    k->of_group |= of_group;
    k->of_machine |= of_machine;
    k->body.nr_columns = 0;
    if (!k->killed) {
        set_victim(&k->open, &victim, span_find(rest, "oom_score_adj:"));
        k->open.at_us = stamp->at_us;
        if (known(stamp->wall_us))
            k->open.stamp.wall_us = stamp->wall_us;
        k->open.kill = stamp->place;
        oom_note(k->open.report, OOM_PART_KILL, stamp->place);
    } else if (k->open.more.count < VICTIMS_MAX) {
        vec_push(&k->open.more, victim);
    }
    k->killed = true;
    return true;
}

static bool parse_no_victim(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    bool none = span_find(text, "no killable processes");
    bool panic = span_begins(text, "Kernel panic") && span_find(text, "ut of memory");

    if (!panic && (!none || !span_find(text, "ut of memory")))
        return false;
    if (is_past(k, stamp) || k->killed || k->open.kind == LOG_ALLOC_FAILURE || is_stuck(k))
        begin(k, LOG_OOM_NO_VICTIM, stamp);
    k->open.kind = LOG_OOM_NO_VICTIM;
    k->open.panic |= panic;
    k->of_group |= span_begins(text, "Memory cgroup");
    k->open.kill = stamp->place;
    return true;
}

/* --- events of one line ------------------------------------------------------------------------------------------------------------- */

static bool told_kill(const struct klog *k, u64 pid)
{
    if (k->is_open && !is_stuck(k) && (k->open.pid == pid || is_known_victim(k, (u32)pid)))
        return true;
    for (size_t i = k->s->log.count; i-- > 0;) {
        const struct log_event *event = &k->s->log.items[i];

        if (event->pid == pid && event->kind == LOG_OOM_KILL)
            return true;
        vec_for_each (&event->more, v)
            if (v->pid == pid)
                return true;
    }
    return false;
}

static bool parse_reaped(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event event;
    struct span rest, name;
    u64 pid;

    if (!klog_after(text, "oom_reaper: reaped process ", &rest) || !span_take_u64(&rest, &pid) ||
        !klog_between(rest, "(", "), now anon-rss", &name))
        return false;
    if (told_kill(k, pid))
        return true;
    event = one_line(LOG_OOM_REAPED, stamp);
    event.pid = (u32)pid;
    span_copy(name, event.comm, sizeof(event.comm));
    push(k, event);
    return true;
}

/* "INFO: task NAME:234 blocked for more than 120 seconds.", "BUG: soft lockup - CPU#3 stuck for 23s! [kswapd0:57]" */
static bool parse_stuck(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    bool lockup = span_find(text, "soft lockup - CPU#"), within;
    enum log_event_kind kind = lockup ? LOG_SOFT_LOCKUP : LOG_HUNG_TASK;
    struct log_event event, *at;
    struct span name;
    const char *colon;
    u64 pid = 0;

    if (!(lockup ? klog_between(text, "[", "]", &name)
                 : klog_between(text, "INFO: task ", " blocked for more than ", &name)))
        return false;
    colon = span_empty(name) ? NULL : memrchr(name.at, ':', span_len(name));
    if (!colon)
        return false;
    span_take_u64(&(struct span){colon + 1, name.end}, &pid);
    name.end = colon;
    /* Its trace follows, unless another report is not yet at its end. */
    within = !is_past(k, stamp) && k->invoked && !k->killed;
    if (within)
        event = one_line(kind, stamp);
    else
        begin(k, kind, stamp);
    at = within ? &event : &k->open;
    at->kill = stamp->place;
    at->pid = (u32)pid;
    span_copy(span_trim(name), at->comm, sizeof(at->comm));
    if (within)
        push(k, event);
    return true;
}

static bool parse_hotplug(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const struct {
        const char *has;
        enum log_event_kind kind;
    } marks[] = {
        {"hot_add memory failed", LOG_HOTPLUG_FAILED},
        {"Memory hot-add failed", LOG_HOTPLUG_FAILED},
        {"memory hotplug failed", LOG_HOTPLUG_FAILED},
        {"hot-add memory failed", LOG_HOTPLUG_FAILED},
        {"add_memory failed", LOG_HOTPLUG_FAILED},
        {"Out of puff! Can't get", LOG_BALLOON_FAILED},
        {"balloon: can't allocate", LOG_BALLOON_FAILED},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        struct log_event event;

        if (!span_find(text, marks[i].has))
            continue;
        event = one_line(marks[i].kind, stamp);
        event.words = span_dup(span_trim(text));
        push(k, event);
        return true;
    }
    return false;
}

/* "43.3G", "55.5M", "0B": as systemd prints sizes. */
static bool take_systemd_bytes(struct span text, u64 *ret)
{
    static const char units[] = "BKMGT";
    struct span rest = text;
    u64 whole, tenths = 0;
    const char *unit;

    if (!span_take_u64(&rest, &whole) || whole > 1 << 20)
        return false;
    if (span_take(&rest, ".") && (!span_take_u64(&rest, &tenths) || tenths > 9))
        return false;
    unit = span_empty(rest) ? NULL : strchr(units, *rest.at);
    if (!unit || !*unit)
        return false;
    *ret = (whole * 10 + tenths) * ((u64)1 << 10 * (unit - units)) / 10;
    return true;
}

static bool parse_killer(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event event = one_line(LOG_KILLED_BY, stamp);

    if (!klog_killer_take(text, &event))
        return false;
    if (k->reading && strcmp(event.killer, "earlyoom") == 0) {
        struct strbuf words;

        strbuf_init(&words);
        strbuf_printf(&words, "%s; %s", k->reading, event.words);
        free(event.words);
        event.words = strbuf_steal(&words);
    }
    if (k->largest && strcmp(event.killer, "systemd-oomd") == 0) {
        event.oom_memcg = span_dup(span_of(k->largest, strlen(k->largest)));
        event.usage = k->largest_bytes;
    }
    push(k, event);
    return true;
}

/* systemd-oomd lists what it looks at before it kills: "Considered 50 cgroups ...", "Path: /a", "Current Memory Usage: 43.3G". */
static bool parse_candidate(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text;
    u64 bytes;

    (void)stamp;
    if (span_begins(text, "Considered ") && span_find(text, "cgroups for killing")) {
        free(k->largest);
        k->largest = NULL;
        k->largest_bytes = 0;
    } else if (span_take(&rest, "Path: /")) {
        rest.at--;
        set_path(&k->candidate, rest);
    } else if (span_take(&rest, "Current Memory Usage: ")) {
        if (!k->candidate || !take_systemd_bytes(rest, &bytes) || bytes <= k->largest_bytes)
            return true;
        free(k->largest);
        k->largest = k->candidate;
        k->candidate = NULL;
        k->largest_bytes = bytes;
    } else {
        return false;
    }
    return true;
}

/* "mem avail: 19 of 950 MiB ( 2.10%), swap free: 153 of 1023 MiB (14.96%)": why earlyoom kills next. */
static bool parse_reading(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    (void)stamp;
    /* "mem avail:" may have been taken for the name of a program. */
    if (!span_find(text, "swap free:") || !span_find(text, " MiB (") || span_len(text) > 200)
        return false;
    free(k->reading);
    k->reading = span_dup(span_trim(text));
    return true;
}

/* --- one line ------------------------------------------------------------------------------------------------------------------------------ */

/* A line of a report's body without anything before it: the paste began in the middle. */
static bool begins_body(struct span text)
{
    static const char *const starts[] = {"Mem-Info:", "active_anon:", "memory: usage ",
                                         "Memory cgroup stats for "};

    for (unsigned i = 0; i < ARRAY_SIZE(starts); i++)
        if (span_begins(text, starts[i]))
            return true;
    return (span_begins(text, "Node ") &&
            (span_find(text, " active_anon:") || span_find(text, " free:"))) ||
           (*text.at == '[' && span_find(text, "total_vm") && span_find(text, "oom_score_adj"));
}

/* Could this line say anything here? One look at the text, because a log has few that do. */
static bool may_matter(struct span text)
{
    static const char *const words[] = {"oom",     "emory",   "OOM",         "alloc",
                                        "Kill",    "illed",   "stuck",       "blocked",
                                        "ot-add",  "puff",    "igkill",      "SIG",
                                        "cpuset=", "cache: ", "swap free",   "low on res",
                                        "eclaim",  "Path: ",  "Current Mem", "Considered "};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(text, words[i]))
            return true;
    return false;
}

static bool take_message(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    typedef bool parse_message(struct klog *, struct span, const struct klog_stamp *);
    static parse_message *const parsers[] = {
        parse_invoked,    parse_constraint, parse_kill,
        parse_choice,     parse_reaped,     parse_killed_as_a_result,
        parse_cpuset,     parse_group_kill, parse_no_victim,
        parse_allocation, parse_suppressed, parse_slub,
        parse_forced,     parse_stuck,      parse_hotplug,
        parse_killer,     parse_reading,    parse_candidate,
    };

    if (!may_matter(text))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(parsers); i++)
        if (parsers[i](k, text, stamp))
            return true;
    return false;
}

void klog_feed(struct klog *k, struct span message, const struct klog_stamp *stamp)
{
    struct span text = span_trim(message);
    bool taken;

    if (span_empty(text))
        return;
    taken = *text.at != '[' && take_message(k, text, stamp);
    if (!taken && begins_body(text) && is_stuck(k))
        begin(k, LOG_OOM_KILL, stamp);
    if (!taken && !is_past(k, stamp))
        taken = oom_body_take(&k->body, text, stamp->place);
    if (!taken && (!k->is_open || is_past(k, stamp)) && begins_body(text)) {
        begin(k, LOG_OOM_KILL, stamp);
        taken = oom_body_take(&k->body, text, stamp->place);
    }
    if (!taken)
        return;
    k->last_us = stamp->at_us;
    k->last_wall_us = stamp->wall_us;
}

struct klog *klog_new(struct snapshot *s)
{
    struct klog *k = xcalloc(1, sizeof(*k));

    k->s = s;
    k->last_us = k->last_wall_us = UNKNOWN;
    vec_for_each (&s->log, event)
        k->rows += rows_of(event);
    return k;
}

void klog_free(struct klog *k)
{
    flush(k);
    free(k->reading);
    free(k->candidate);
    free(k->largest);
    free(k);
}

unsigned parse_kernel_log(struct span text, struct snapshot *s)
{
    struct klog *k = klog_new(s);
    struct klog_line line = {.number = 0};
    u32 file = s->log_files.count ? (u32)s->log_files.count - 1 : klog_file(s, "");
    unsigned lines = 0;

    while (klog_take_line(&text, &line)) {
        struct klog_stamp stamp = {
            .at_us = line.at_us, .wall_us = UNKNOWN, .place = {file, line.number}};

        klog_feed(k, line.text, &stamp);
        lines++;
    }
    klog_free(k);
    return lines;
}
