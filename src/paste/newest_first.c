/* newest_first.c - a log with its last line first, as journalctl -r, `tac` and web viewers show it.
 *
 * A report whose last line comes first is held back, entry by entry, until its first line, and then
 * given on in the kernel's order. That it is one shows at its second line: behind "Killed process"
 * follows what the kernel prints before that, of the same process and not later. An entry of
 * several lines (Mem-Info in the journal) stays as it is: its further lines have no prefix.
 */
#include "paste/state_int.h"

#include <stdlib.h>

/* A report with a table of thousands of tasks is shorter. */
#define HELD_LINES_MAX 8000
#define HELD_BYTES_MAX (4u << 20)
/* Lines of others between the last line of a report and the one before it. */
#define OTHERS_MAX     4

struct held_line {
    char *text, *host, *program;
    struct klog_stamp stamp;
    bool goes_on; /* the entry of the line before */
};

struct newest_first {
    VEC(struct held_line) lines;
    size_t bytes;
    u64 pid;         /* of the kill that is held; 0: none */
    u64 last_us;     /* of the last message with a time */
    unsigned others; /* lines between */
    unsigned up, down;
    bool certain; /* what is held came in the wrong order */
    bool of_file; /* so did a report of this file */
    bool forward; /* a report runs in the kernel's order */
    bool giving;  /* what was held is being given on */
    VEC(u32) files;
};

struct newest_first *newest_first_new(void)
{
    struct newest_first *n = xcalloc(1, sizeof(*n));

    n->last_us = UNKNOWN;
    return n;
}

static void drop(struct newest_first *n)
{
    vec_for_each (&n->lines, line) {
        free(line->text);
        free(line->host);
        free(line->program);
    }
    vec_done(&n->lines);
    n->bytes = n->others = 0;
    n->pid = 0;
    n->certain = false;
}

void newest_first_free(struct newest_first *n)
{
    drop(n);
    vec_done(&n->files);
    free(n);
}

/* --- what a line is --------------------------------------------------------------------------- */

static u64 pid_after(struct span message, const char *words)
{
    const char *at = span_find(message, words);
    struct span rest = {at ? at + strlen(words) : message.end, message.end};
    u64 pid;

    return span_take_u64(&rest, &pid) ? pid : 0;
}

/* The last line of a report: the kill, or that its memory was taken back. */
static u64 killed_pid(struct span message)
{
    u64 pid = pid_after(message, "Killed process ");

    return pid ? pid : pid_after(message, "oom_reaper: reaped process ");
}

/* What the kernel prints before the kill and never behind it. */
static bool comes_before_kill(struct span message, u64 pid)
{
    u64 chosen;

    if (span_begins(message, "oom-kill:constraint="))
        chosen = pid_after(message, ",pid=");
    else if (span_find(message, ": Kill process "))
        chosen = pid_after(message, ": Kill process ");
    else
        return klog_is_task_row(message) ||
               (span_find(message, "total_vm") && span_find(message, "oom_score_adj"));
    return pid == 0 || chosen == pid;
}

static bool is_first_line(struct span message)
{
    return span_find(message, " invoked oom-killer");
}

static u64 time_of(const struct klog_stamp *stamp)
{
    return known(stamp->wall_us) ? stamp->wall_us : stamp->at_us;
}

static bool is_later(const struct klog_stamp *a, const struct klog_stamp *b)
{
    if (known(a->at_us) && known(b->at_us))
        return a->at_us > b->at_us;
    return known(a->wall_us) && known(b->wall_us) && a->wall_us > b->wall_us;
}

/* --- holding and giving ----------------------------------------------------------------------- */

static void give(struct paste *p, const struct held_line *line)
{
    struct klog_stamp stamp = line->stamp;

    stamp.host = line->host;
    stamp.program = line->program;
    log_feed(p, span_of(line->text, strlen(line->text)), &stamp);
}

/* All that is held: in the order of the kernel, when it came in the other one. */
static void give_all(struct paste *p, struct newest_first *n)
{
    size_t end = n->lines.count;

    n->giving = true;
    n->of_file |= n->certain;
    if (!n->certain) {
        vec_for_each (&n->lines, line)
            give(p, line);
        end = 0;
    }
    for (size_t i = end; i-- > 0;) {
        if (n->lines.items[i].goes_on && i > 0)
            continue;
        for (size_t at = i; at < end; at++)
            give(p, &n->lines.items[at]);
        end = i;
    }
    n->giving = false;
    drop(n);
}

static void hold(struct newest_first *n, struct span message, const struct klog_stamp *stamp)
{
    struct held_line line = {.text = span_dup(message),
                             .host = stamp->host ? xstrdup(stamp->host) : NULL,
                             .program = stamp->program ? xstrdup(stamp->program) : NULL,
                             .stamp = *stamp};

    line.goes_on =
        n->lines.count && !known(time_of(stamp)) && known(time_of(&n->lines.items[0].stamp));
    n->bytes += span_len(message);
    vec_push(&n->lines, line);
}

static void note_step(struct newest_first *n, const struct klog_stamp *stamp)
{
    u64 at = time_of(stamp);

    if (!known(at))
        return;
    n->up += known(n->last_us) && at > n->last_us;
    n->down += known(n->last_us) && at < n->last_us;
    n->last_us = at;
}

bool newest_first_take(struct paste *p, struct span message, const struct klog_stamp *stamp)
{
    struct newest_first *n = p->state->newest;
    u64 killed;
    bool before;

    if (n->giving)
        return false;
    note_step(n, stamp);
    killed = killed_pid(message);
    before = comes_before_kill(message, n->pid);
    if (n->lines.count == 0) {
        n->forward |= before || is_first_line(message);
        if (killed == 0 || n->forward) {
            n->forward &= killed == 0;
            return false;
        }
        n->pid = killed;
        hold(n, message, stamp);
        return true;
    }
    if (!is_later(stamp, &n->lines.items[0].stamp))
        n->certain |= before || (killed && killed == n->pid && span_find(message, "Killed ") &&
                                 strstr(n->lines.items[0].text, "oom_reaper"));
    if (!n->certain &&
        (is_first_line(message) || before || (killed == 0 && n->others++ >= OTHERS_MAX))) {
        give_all(p, n);
        n->forward = killed == 0 && (is_first_line(message) || before);
        return false;
    }
    if (killed && span_find(message, "Killed "))
        n->pid = killed;
    hold(n, message, stamp);
    if ((n->certain && is_first_line(message)) || n->lines.count >= HELD_LINES_MAX ||
        n->bytes > HELD_BYTES_MAX)
        give_all(p, n);
    return true;
}

bool newest_first_is(const struct paste_state *st)
{
    return st->newest->of_file || st->newest->certain || st->newest->down > 2 * st->newest->up;
}

void newest_first_end(struct paste *p)
{
    struct newest_first *n = p->state->newest;

    if (n->lines.count)
        give_all(p, n);
    if (newest_first_is(p->state))
        vec_push(&n->files, p->state->klog_file);
    n->of_file = n->forward = false;
    n->up = n->down = 0;
    n->last_us = UNKNOWN;
}

void newest_first_order(struct paste *p)
{
    struct log_event *items = p->s.log.items;
    size_t count = p->s.log.count;

    vec_for_each (&p->state->newest->files, file) {
        size_t first = 0, last = count;

        while (first < count && items[first].stamp.place.file != *file)
            first++;
        while (last > first && items[last - 1].stamp.place.file != *file)
            last--;
        while (last > first + 1) {
            struct log_event swap = items[first];

            items[first++] = items[--last];
            items[last] = swap;
        }
    }
}
