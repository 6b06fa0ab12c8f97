/* klog.c - log lines as events: which lines belong to one report, and what it was of.
 *
 * An OOM report is many lines, in this order, of which a kernel prints those it knows and a log may
 * have lost any:
 *
 *   NAME invoked oom-killer: gfp_mask=..., order=0, oom_score_adj=0 Task in /victim's/group killed
 *   as a result of limit of /group until 4.20 ... the body: klog_report.c ...
 *   oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/parent,task_memcg=/parent/child,task=NAME,pid=N,uid=0
 *        since 5.0
 *   Memory cgroup out of memory: Kill process 715 (pattern) score 987 or sacrifice child until 5.0;
 *   who dies may be its child
 *   Memory cgroup out of memory: Killed process 715 (pattern) total-vm:..., anon-rss:..., ...
 *   Tasks in /parent/child are going to be killed due to memory.oom.group set            and more
 *   lines of "Killed process"
 *   oom_reaper: reaped process 715 (pattern), now anon-rss:0kB, ...
 *
 * The lines are gathered into `open`, which becomes an event when another begins or the log ends,
 * with whatever it had. Reports do not overlap (the kernel holds a lock), but other lines stand
 * between theirs. A kill belongs to the open report unless that has one already, is of another kind
 * (a group's limit against the machine), or is long past; further kills belong to it only when the
 * kernel says that the whole group dies. A failed allocation comes first and its figures follow.
 *
 * The parsers of single messages: klog_request.c (who asked), klog_kill.c (who was chosen and
 * died), klog_message.c (all others).
 */
#include "observe/klog_int.h"

#include "observe/klog_line.h"
#include "observe/reading_int.h"

#include <stdio.h>

#define EVENTS_MAX     1024  /* the last ones */
#define ROWS_TOTAL_MAX 65536 /* of all tables */
#define FILES_MAX      4096
/* What names of tasks begin with; others are quotes and bullets. */
#define NAME_STARTS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(/._~<:@"
#define SAME_REPORT_US \
    30000000ull /* the lines of one report are no further apart, on the slowest console */

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
        .cma_total = UNKNOWN,
        .cma_free = UNKNOWN,
        .cma_run = UNKNOWN,
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

#define ROW_NUMBERS 5

/* No name has them, and what loggers and viewers put around one has. */
#define NAME_MARKS "\"{}[]\t=`|*"

/* --- events ----------------------------------------------------------------------------------- */

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
        k->s->log_dropped++;
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

void klog_push(struct klog *k, struct log_event event)
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

    klog_push(k, k->open);
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

/* The call came from the page allocator, and not by way of a charge: the machine had nothing
 * left. */
static bool traces_pages(const struct oom_report *r)
{
    vec_for_each (&r->frames, frame)
        if (strncmp(*frame, "__alloc_pages", 13) == 0 || strncmp(*frame, "__alloc_frozen", 14) == 0)
            return true;
    return false;
}

static bool traces_kill(const struct oom_report *r)
{
    vec_for_each (&r->frames, frame)
        if (strncmp(*frame, "oom_kill_process", 16) == 0 || strncmp(*frame, "dump_header", 11) == 0)
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
    if (open->kind == LOG_OOM_KILL && !k->invoked && !k->killed && !tells_group(open->report) &&
        !traces_kill(open->report))
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

static void take_host(struct log_event *event, const struct klog_stamp *stamp)
{
    if (stamp->host)
        snprintf(event->host, sizeof(event->host), "%s", stamp->host);
}

void klog_begin(struct klog *k, enum log_event_kind kind, const struct klog_stamp *stamp)
{
    flush(k);
    log_event_init(&k->open, kind);
    k->open_at = k->s->log.count;
    k->open.at_us = stamp->at_us;
    k->open.stamp = *stamp;
    take_host(&k->open, stamp);
    k->open.stamp.host = k->open.stamp.program = NULL;
    k->open.report = oom_report_new();
    oom_body_begin(&k->body, k->open.report);
    k->is_open = true;
    k->invoked = k->killed = k->of_group = k->of_machine = k->slub = false;
}

/* Is this line too late for what is open, or of another boot? */
bool klog_is_past(const struct klog *k, const struct klog_stamp *stamp)
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
bool klog_is_stuck(const struct klog *k)
{
    return k->is_open && (k->open.kind == LOG_HUNG_TASK || k->open.kind == LOG_SOFT_LOCKUP);
}

/* An event of one line. */
struct log_event klog_one_line(enum log_event_kind kind, const struct klog_stamp *stamp)
{
    struct log_event event;

    log_event_init(&event, kind);
    event.at_us = stamp->at_us;
    event.stamp = *stamp;
    take_host(&event, stamp);
    event.stamp.host = event.stamp.program = NULL;
    event.kill = stamp->place;
    return event;
}

void klog_set_path(char **path, struct span text)
{
    free(*path);
    *path = span_dup(span_trim(text));
}

/* --- one line --------------------------------------------------------------------------------- */

/* "Node 0 DMA32: 3*4kB (UE) 9*8kB (UME) ...": blocks that double in size. */
static bool is_free_list(struct span text)
{
    return (span_find(text, ": ") && span_find(text, "*4kB") && span_find(text, "*8kB")) ||
           (span_find(text, "*64kB") && span_find(text, "*128kB"));
}

/* In the trace of a report of the killer: these functions are in no other. */
static bool is_kill_frame(struct span text)
{
    return span_find(text, " oom_kill_process+0x") || span_find(text, " dump_header+0x");
}

/* A line of a report's body without anything before it: the paste began in the middle. */
static bool begins_body(struct span text)
{
    static const char *const starts[] = {"Mem-Info:",
                                         "Mem-info:",
                                         "active_anon:",
                                         "memory: usage ",
                                         "Memory cgroup stats for ",
                                         "Free swap  =",
                                         "Total swap =",
                                         "Unreclaimable slab info:",
                                         "Tasks state (memory values"};
    static const char *const within[] = {" total pagecache pages", " pages RAM"};

    for (unsigned i = 0; i < ARRAY_SIZE(starts); i++)
        if (span_begins(text, starts[i]))
            return true;
    for (unsigned i = 0; i < ARRAY_SIZE(within); i++)
        if (is_digit(*text.at) && span_find(text, within[i]))
            return true;
    if (is_free_list(text) || is_kill_frame(text))
        return true;
    /* A zone of a kernel without NUMA: "Normal free:99400kB min:106496kB" */
    if (span_find(text, " free:") && span_find(text, "kB min:") && span_find(text, "kB low:"))
        return true;
    return (span_begins(text, "Node ") &&
            (span_find(text, " active_anon:") || span_find(text, " free:"))) ||
           (*text.at == '[' && ((span_find(text, "total_vm") && span_find(text, "oom_score_adj")) ||
                                klog_is_task_row(text)));
}

bool klog_is_task_name(struct span name)
{
    struct span rest = name, word;
    unsigned words = 0, numbers = 0;

    if (span_empty(name) || span_len(name) >= COMM_BYTES || !strchr(NAME_STARTS, *name.at))
        return false;
    for (const char *at = name.at; at < name.end; at++)
        if (strchr(NAME_MARKS, *at))
            return false;
    for (; span_take_word(&rest, &word); words++) {
        u64 number;

        numbers += span_take_u64(&word, &number) && span_empty(word);
    }
    /* "c3 88123 java" has a logger's words. */
    return words == 1 || numbers == 0;
}

bool klog_opens(struct span text)
{
    static const char *const starts[] = {"Kernel panic - not syncing: Out of memory",
                                         "Out of memory: Kill",
                                         "Out of memory: kill",
                                         "Out of memory (oom_kill",
                                         "Out of Memory: Kill",
                                         "Out of memory and no k",
                                         "Memory cgroup out of memory",
                                         "oom_reaper: reaped p",
                                         "Memory cgroup stats for ",
                                         "Tasks state (memory values",
                                         "Mem-Info:",
                                         "Mem-info:",
                                         "memory: usage ",
                                         "Free swap  =",
                                         "Total swap =",
                                         "oom-killer: gfp_mask=",
                                         "oom-kill:constraint="};
    static const char *const behind_name[] = {
        " invoked oom-killer: ", ": page allocation failure: order:",
        ": page allocation failure. order:"};
    const char *at;

    for (unsigned i = 0; i < ARRAY_SIZE(starts); i++)
        if (span_begins(text, starts[i]))
            return true;
    for (unsigned i = 0; i < ARRAY_SIZE(behind_name); i++)
        if ((at = span_find(text, behind_name[i])))
            return klog_is_task_name((struct span){text.at, at});
    return (!span_empty(text) && *text.at == '[' &&
            ((span_find(text, "total_vm") && span_find(text, "oom_score_adj") &&
              text.end - text.at > 8 && span_find((struct span){text.at, text.at + 8}, "pid")) ||
             klog_is_task_row(text)));
}

/* Could this line say anything here? One look at the text, because a log has few that do. */
static bool may_matter(struct span text)
{
    static const char *const words[] = {"oom",
                                        "emory",
                                        "OOM",
                                        "alloc",
                                        "Kill",
                                        "illed",
                                        "stuck",
                                        "blocked",
                                        "ot-add",
                                        "puff",
                                        "igkill",
                                        "SIG",
                                        "cpuset=",
                                        "cache: ",
                                        "swap free",
                                        "available pages",
                                        "low on res",
                                        "eclaim",
                                        "illing process ",
                                        "corrective",
                                        "] <= ",
                                        "Name: ",
                                        "PID: ",
                                        "Path: ",
                                        "Current Mem",
                                        "cgroup",
                                        "Swap Usage",
                                        "s to kill",
                                        "SwapFree ",
                                        "did not exit",
                                        "kill failed",
                                        "evicted",
                                        "on behalf",
                                        "is below",
                                        "Free memory is"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(text, words[i]))
            return true;
    return false;
}

static bool take_message(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    typedef bool parse_message(struct klog *, struct span, const struct klog_stamp *);
    static parse_message *const parsers[] = {
        klog_parse_invoked, klog_parse_constraint, klog_parse_kill,
        klog_parse_choice,  klog_parse_reaped,     klog_parse_killed_as_a_result,
        klog_parse_cpuset,  klog_parse_group_kill, klog_parse_no_victim,
        klog_parse_vmalloc, klog_parse_allocation, klog_parse_suppressed,
        klog_parse_slub,    klog_parse_forced,     klog_parse_stuck,
        klog_parse_hotplug, klog_parse_early,      klog_parse_nohang,
        klog_parse_killer,  klog_parse_reading,    klog_parse_candidate,
        klog_parse_cma,     klog_parse_below_min,
    };

    if (!may_matter(text))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(parsers); i++)
        if (parsers[i](k, text, stamp))
            return true;
    return false;
}

/* "[   1500]  1000 ..." of the task table, "[<ffffffff8107a9c1>] ..." of a trace. */
static bool is_row_or_frame(struct span text)
{
    return span_len(text) > 1 && *text.at == '[' &&
           (is_blank(text.at[1]) || is_digit(text.at[1]) || text.at[1] == '<');
}

/* Within a report, a line that has its words or is a row of numbers, whoever can read it. */
static bool speaks_of_memory(struct span text)
{
    static const char *const words[] = {"kB",     "KB",       " pages", "active_",
                                        "usage ", "total_vm", "rss"};
    struct span rest = text, word;
    unsigned numbers = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(text, words[i]))
            return true;
    while (span_take_word(&rest, &word)) {
        u64 number;

        /* Words of a stack's dump begin with zeros. */
        numbers += *word.at != '0' && span_take_u64(&word, &number) && span_empty(word);
    }
    return numbers >= ROW_NUMBERS;
}

/* ... and that says nothing which a report is read for. */
static bool is_known_silent(struct span text)
{
    static const char *const words[] = {"Tasks state", "Free pages:", "pages shared",
                                        "non-shared",  "swap cached", "free pages",
                                        "slab pages",  "swap cache",  "hwpoisoned"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(text, words[i]))
            return true;
    return false;
}

bool klog_feed(struct klog *k, struct span message, const struct klog_stamp *stamp)
{
    struct span text = span_trim(message);
    bool taken;

    if (span_empty(text))
        return true;
    taken = !is_row_or_frame(text) && take_message(k, text, stamp);
    if (!taken && begins_body(text) && klog_is_stuck(k))
        klog_begin(k, LOG_OOM_KILL, stamp);
    if (!taken && !klog_is_past(k, stamp))
        taken = oom_body_take(&k->body, text, stamp->place);
    if (!taken && (!k->is_open || klog_is_past(k, stamp)) && begins_body(text)) {
        klog_begin(k, LOG_OOM_KILL, stamp);
        taken = oom_body_take(&k->body, text, stamp->place);
    }
    if (!taken && k->is_open && k->invoked && !k->killed && k->open.kind == LOG_OOM_KILL &&
        !klog_is_past(k, stamp) && speaks_of_memory(text) && !is_known_silent(text)) {
        k->open.report->unread++;
        return false;
    }
    if (!taken)
        return true;
    k->last_us = stamp->at_us;
    k->last_wall_us = stamp->wall_us;
    return true;
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
    klog_end_choice(k);
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

        if (!klog_take_pool(s, line.text, &stamp))
            klog_feed(k, line.text, &stamp);
        lines++;
    }
    klog_free(k);
    return lines;
}
