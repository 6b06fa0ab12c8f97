/* log.c - lines that a logger wrote, and bare messages: to the parsers of observe/klog.h, one
 * message at a time, whole again where mail or a terminal broke it. */
#include "paste/state_int.h"

#include <stdio.h>

/* A report of the kernel with a table of thousands of tasks is shorter. */
#define REPORT_LINES     6000
/* Who else of the group dies, and the reaper. */
#define AFTER_KILL_LINES 64
#define WRAP_LINES       8

static bool begins_report(struct span message)
{
    return span_find(message, " invoked oom-killer") ||
           span_find(message, "requires corrective action") ||
           span_find(message, "cgroups for killing") || span_find(message, "emory: usage ") ||
           span_find(message, "emory cgroup stats for") || span_find(message, "page allocation ") ||
           span_find(message, "oom-killer: gfp_mask=") || span_find(message, "Mem-info:") ||
           span_begins(span_trim(message), "active_anon:") || span_find(message, "kB min:") ||
           span_find(message, "Mem-Info:") || span_find(message, "oom-kill:constraint=") ||
           span_find(message, "*8kB ") || span_find(message, " total pagecache pages") ||
           span_find(message, " pages RAM") || klog_is_task_row(message) ||
           span_find(message, "vmalloc: allocation failure") ||
           span_find(message, "vmalloc error: size ") ||
           span_find(message, " blocked for more than ") || span_find(message, "soft lockup - CPU");
}

static bool ends_report(struct span message)
{
    return span_find(message, "Killed process ") || span_find(message, "VM: killing process ") ||
           span_find(message, "no killable processes") || span_find(message, "oom_reaper: reaped");
}

/* "mem avail: 56 of 15881 MiB ( 0.35%), swap free: 2555 of 4095 MiB (62.38%)": what earlyoom sees,
 * while it kills nobody. */
static void note_earlyoom(struct paste_state *st, struct span message)
{
    struct earlyoom seen;
    const char *at = span_find(message, "mem avail:");
    struct span rest = {at ? at + strlen("mem avail:") : message.end, message.end};

    if (!span_take_u64(&rest, &seen.available) || !span_take(&rest, "of") ||
        !span_take_u64(&rest, &seen.total) || !(at = span_find(rest, "swap free:")))
        return;
    rest.at = at + strlen("swap free:");
    if (!span_take_u64(&rest, &seen.swap_free) || !span_take(&rest, "of") ||
        !span_take_u64(&rest, &seen.swap_total) || seen.total > 1u << 30 ||
        seen.available > seen.total || seen.swap_free > seen.swap_total ||
        seen.swap_total > 1u << 30)
        return;
    st->earlyoom = (struct earlyoom){seen.available * MIB, seen.total * MIB, seen.swap_free * MIB,
                                     seen.swap_total * MIB};
}

/* kubelet names the container; which pod, the object says, or what is described, or the command
 * that asked. */
static void name_pod(struct paste_state *st, struct log_event *e, const char *pod)
{
    char name[200] = "", space[200] = "", path[404];

    if (!pod && !*st->described)
        kube_asked(span_of_buf(&st->command), name, space, sizeof(name));
    snprintf(path, sizeof(path), "/%s%s%s", space, *space ? "/" : "", name);
    if (!pod)
        pod = *st->described ? st->described : *name ? path : NULL;
    if (!pod)
        return;
    free(e->task_memcg);
    e->task_memcg = xstrdup(pod);
}

/* Events stand below what was described, or have their object in front: that says of which pod or
 * task they are. */
static void name_told(struct paste_state *st, struct log_event *e, struct span message,
                      const struct klog_stamp *stamp)
{
    bool by_kubelet = strcmp(e->killer, "kubelet") == 0;
    const char *pod = stamp->host && strncmp(stamp->host, "pod/", 4) == 0 ? stamp->host + 3 : NULL;

    if (e->stamp.place.line != stamp->place.line || e->stamp.place.file != stamp->place.file)
        return;
    /* A pod is no machine whose log this is. */
    if (pod)
        *e->host = '\0';
    if (by_kubelet && e->kind == LOG_KILLED_BY && span_find(message, "low on resource"))
        name_pod(st, e, pod);
    if (e->kind != LOG_OOM_TOLD || e->task_memcg)
        return;
    if (*st->described && by_kubelet && span_find(message, "Cgroup OOM encountered"))
        e->task_memcg = xstrdup(st->described);
    if (*st->task && strcmp(e->killer, "nomad") == 0 && span_find(message, "OOM Killed")) {
        e->task_memcg = xstrdup(st->task);
        e->limit = st->task_limit;
    }
}

void log_feed(struct paste *p, struct span message, const struct klog_stamp *stamp)
{
    struct paste_state *st = p->state;

    if (newest_first_take(p, message, stamp)) {
        if (begins_report(message))
            st->report_left = REPORT_LINES;
        return;
    }
    if (span_find(message, " invoked oom-killer") || span_begins(message, "oom-killer: gfp_mask="))
        st->in_report = true;
    if (begins_report(message))
        st->report_left = REPORT_LINES;
    if (ends_report(message)) {
        st->in_report = false;
        st->report_left = MIN(st->report_left, (unsigned)AFTER_KILL_LINES);
    }
    st->in_stats =
        span_find(message, "emory cgroup stats") || (st->in_stats && span_len(message) < 80);
    if (!klog_feed(st->klog, message, stamp))
        paste_not_understood(p, stamp->place.line, 1);
    if (p->s.log.count)
        name_told(st, &vec_last(&p->s.log), message, stamp);
    p->s.liveness_failed |= span_find(message, "iveness probe failed") != NULL;
    note_earlyoom(st, message);
    if (filter_line(message).refusal && !refusal_take(p, message, stamp))
        sigkill_take(p, message, stamp->place);
}

void log_flush(struct paste *p)
{
    struct wrapped *w = &p->state->wrapped;

    if (!w->open)
        return;
    w->open = false;
    w->stamp.host = *w->host ? w->host : NULL;
    w->stamp.program = *w->program ? w->program : NULL;
    log_feed(p, span_of_buf(&w->text), &w->stamp);
}

unsigned log_count_words(struct span text)
{
    struct span word;
    unsigned words = 0;

    while (words < 100 && span_take_word(&text, &word))
        words++;
    return words;
}

/* "[  39079]   107 39079 ...": the pid, and what follows. */
static bool is_table_row(struct span text, struct span *ret_rest)
{
    u64 pid;

    if (!span_take(&text, "[") || !span_take_u64(&text, &pid) || !span_take(&text, "]"))
        return false;
    *ret_rest = text;
    return true;
}

enum completeness { WHOLE, MAY_GO_ON, CUT };

/* "Killed process 8230 sudo": a name without brackets, which no kernel prints. */
static bool is_short_kill(struct span message)
{
    struct span rest = message;
    u64 pid;

    return span_take(&rest, "Killed process ") && span_take_u64(&rest, &pid) && !span_empty(rest) &&
           is_blank(*rest.at) && !span_empty(span_trim(rest)) && *span_trim(rest).at != '(' &&
           *span_trim(rest).at != ',';
}

/* "... cache:507172KB rss:44": a figure that lost its unit, which all of this line have. */
static bool ends_in_figure(struct span message)
{
    struct span text = span_trim(message);
    const char *blank = span_empty(text) ? NULL : memrchr(text.at, ' ', span_len(text));
    const char *mark;

    if (!blank || !span_find(text, "KB "))
        return false;
    mark = memchr(blank, ':', (size_t)(text.end - blank));
    for (const char *at = mark ? mark + 1 : text.at; at < text.end; at++)
        if (!is_digit(*at) && *at != 'K')
            return false;
    return true;
}

/* "Task in /a/b/c killed as a result of limit of /a/b": the limit of a level above ends where a
 * name does. */
static bool ends_in_path(struct span message)
{
    struct span group, limit = span_trim(message);
    const char *mark = span_find(message, " killed as a result of limit of ");

    if (!mark || !span_take(&message, "Task in "))
        return false;
    group = (struct span){message.at, mark};
    limit.at = mark + strlen(" killed as a result of limit of ");
    return span_len(limit) > 1 && span_len(limit) < span_len(group) &&
           memcmp(limit.at, group.at, span_len(limit)) == 0 && group.at[span_len(limit)] != '/';
}

/* Does this message end where the kernel ends it? */
static enum completeness completeness_of(struct paste_state *st, struct span message)
{
    struct span rest;

    if (span_find(message, "total_vm") && span_find(message, "pid")) {
        st->table_words = log_count_words(message);
        if (!span_ends(span_trim(message), "name"))
            return CUT;
        /* "[  pid  ]" is three words, "[ 39079]" after the bracket none. */
        st->table_words -= span_find(message, "[ pid ]") || span_find(message, "[  pid  ]") ? 3 : 0;
        return WHOLE;
    }
    if (st->table_words && is_table_row(message, &rest))
        return log_count_words(rest) < st->table_words ? CUT : WHOLE;
    if (span_find(message, "oom-kill:constraint="))
        return span_find(message, ",uid=") ? WHOLE : CUT;
    if (is_short_kill(message))
        return WHOLE;
    if (ends_in_path(message) || (span_find(message, ": page allocation failure: order:") &&
                                  span_ends(span_trim(message), ",")))
        return CUT;
    if (span_find(message, "Killed process "))
        return span_find(message, "oom_score_adj:") || span_ends(span_trim(message), ").") ? WHOLE
               : span_find(message, "file-rss:") ||
                       (span_begins(message, "Killed") && span_ends(span_trim(message), ")"))
                   ? MAY_GO_ON
                   : CUT;
    if (span_find(message, " invoked oom-killer"))
        return span_find(message, "oom_score_adj=") ? WHOLE : MAY_GO_ON;
    if (span_find(message, ": usage ") && span_find(message, "emory"))
        return span_find(message, "failcnt ") ? WHOLE : CUT;
    if (span_find(message, "*4kB") || span_find(message, "*64kB"))
        return span_find(message, " = ") ? WHOLE : CUT;
    if (span_begins(message, "Node ") || span_find(message, " free:") ||
        span_find(message, "emory cgroup stats for"))
        return MAY_GO_ON;
    if (span_ends(span_trim(message), "out of memory:"))
        return CUT;
    return WHOLE;
}

/* "shmem-rss:0kB, UID:0", "oom_score_adj=0": what goes on begins with a figure's name. */
static bool begins_with_figure(struct span line)
{
    struct span word;
    const char *mark;

    if (!span_take_word(&line, &word) || span_is(word, "Node"))
        return false;
    mark = memchr(word.at, ':', span_len(word));
    if (!mark)
        mark = memchr(word.at, '=', span_len(word));
    return mark && mark + 1 < word.end && is_digit(mark[1]);
}

/* A terminal breaks in the middle of a word, at its last column; mail between two. */
static bool broken_in_word(size_t len)
{
    return len == 80 || len == 79 || len == 100 || len == 120 || len == 132 || len == 160;
}

/* "8KB rss_huge:0KB": the rest of a figure's number or unit. */
static bool goes_on_figure(struct span line)
{
    struct span word;

    if (!span_take_word(&line, &word))
        return false;
    while (!span_empty(word) && is_digit(*word.at))
        word.at++;
    return span_is(word, "KB") || span_is(word, "B");
}

bool log_wrapped_is_cut(struct paste_state *st)
{
    return st->wrapped.open && completeness_of(st, span_of_buf(&st->wrapped.text)) == CUT;
}

/* The line goes on what is wrapped. */
bool log_take_wrapped(struct paste *p, struct span line, size_t raw_len)
{
    struct paste_state *st = p->state;
    struct wrapped *w = &st->wrapped;
    struct span text = span_trim(line);
    enum completeness left;
    bool within;

    if (!w->open)
        return false;
    left = completeness_of(st, span_of_buf(&w->text));
    within = (ends_in_figure(span_of_buf(&w->text)) && goes_on_figure(text)) ||
             ends_in_path(span_of_buf(&w->text));
    if (span_empty(text) || w->lines >= WRAP_LINES ||
        (left == MAY_GO_ON && !within && (!begins_with_figure(text) || is_blank(*line.at))))
        return false;
    if (!within && !broken_in_word(w->last_len))
        strbuf_appendc(&w->text, ' ');
    strbuf_append_bytes(&w->text, text.at, span_len(text));
    w->last_len = raw_len;
    w->lines++;
    p->log_lines++;
    if (completeness_of(st, span_of_buf(&w->text)) == WHOLE)
        log_flush(p);
    return true;
}

static void note_boot(struct paste_state *st, struct span message, u64 at_us)
{
    bool restarted = known(at_us) && known(st->last_at_us) && at_us + 60000000 < st->last_at_us &&
                     !newest_first_is(st);

    if (span_begins(message, "Linux version ") || restarted) {
        if (known(st->last_at_us))
            st->boot++;
        st->last_at_us = UNKNOWN;
    }
    if (known(at_us))
        st->last_at_us = at_us;
}

static void take_message(struct paste *p, const struct prefix *prefix, const char *host,
                         const char *program, size_t raw_len)
{
    struct paste_state *st = p->state;
    struct wrapped *w = &st->wrapped;
    struct klog_stamp stamp = {.at_us = prefix->at_us,
                               .wall_us = prefix->wall_us,
                               .boot = st->boot,
                               .year_guessed = prefix->year_guessed,
                               .place = {st->klog_file, st->line},
                               .host = *host ? host : NULL,
                               .program = *program ? program : NULL};
    struct span message = prefix->message;

    note_boot(st, message, prefix->at_us);
    stamp.boot = st->boot;
    if (completeness_of(st, message) == WHOLE) {
        log_feed(p, message, &stamp);
        return;
    }
    strbuf_reset(&w->text);
    strbuf_append_bytes(&w->text, message.at, span_len(message));
    w->stamp = stamp;
    snprintf(w->host, sizeof(w->host), "%s", host);
    snprintf(w->program, sizeof(w->program), "%s", program);
    w->last_len = raw_len;
    w->lines = 1;
    w->open = true;
}

/* journalctl -o export and verbose: one field a line. */
static bool take_journal_field(struct paste *p, struct span line, size_t raw_len)
{
    struct paste_state *st = p->state;
    struct span rest = line;
    struct prefix prefix = {.at_us = UNKNOWN, .wall_us = st->journal_us, .is_log = true};
    u64 us;

    span_skip_blanks(&rest);
    if (span_take(&rest, "__REALTIME_TIMESTAMP=")) {
        if (span_take_u64(&rest, &us))
            st->journal_us = us;
        return true;
    }
    if (span_take(&rest, "MESSAGE=")) {
        prefix.message = rest;
        take_message(p, &prefix, "", "", raw_len);
        return true;
    }
    if (*rest.at != '_')
        return false;
    for (const char *at = rest.at; at < rest.end && *at != '='; at++)
        if (*at != '_' && !(*at >= 'A' && *at <= 'Z') && !is_digit(*at))
            return false;
    return memchr(rest.at, '=', span_len(rest)) != NULL;
}

/* May it matter to a parser of messages? */
static bool is_wanted(const struct paste_state *st)
{
    return st->kinds.log || st->report_left > 0 || st->wrapped.open;
}

bool log_take_line(struct paste *p, struct span line, size_t raw_len)
{
    struct paste_state *st = p->state;
    char host[64] = "", program[64] = "";
    struct prefix prefix, inner;

    /* What else stands there is no business of a log's. */
    if (!is_wanted(st) && !paste_may_be_logged(st))
        return false;
    if (json_line_take(line, &st->json, &prefix, host, program)) {
        struct span text = span_of_buf(&st->json), piece;

        while (span_take_line(&text, &piece)) {
            carrier_take(st, &piece);
            prefix_take(piece, &st->dates, &inner);
            carrier_fill(st, &inner);
            prefix.message = inner.message;
            if (!known(prefix.at_us))
                prefix.at_us = inner.at_us;
            if (!known(prefix.wall_us))
                prefix.wall_us = inner.wall_us;
            if (!inner.is_kernel && st->format == NR_FORMATS && paste_open_logged(p, &inner))
                continue;
            take_message(p, &prefix, host, program, raw_len);
        }
        p->log_lines++;
        return true;
    }
    prefix_take(line, &st->dates, &prefix);
    carrier_fill(st, &prefix);
    if (!prefix.is_log) {
        if (take_journal_field(p, line, raw_len)) {
            p->log_lines++;
            return true;
        }
        return false;
    }
    /* The header of an entry of journalctl -o verbose. */
    if (span_begins(span_trim(prefix.message), "[s="))
        st->journal_us = prefix.wall_us;
    p->log_lines++;
    if (!prefix.is_kernel && !st->wrapped.open && st->report_left == 0 &&
        st->format == NR_FORMATS && paste_may_be_logged(st) && paste_open_logged(p, &prefix))
        return true;
    if (!is_wanted(st))
        return true;
    span_copy(prefix.host, host, sizeof(host));
    span_copy(prefix.program, program, sizeof(program));
    take_message(p, &prefix, host, program, raw_len);
    return true;
}

/* A line without any prefix, as a bare message of the kernel. True when it is one that somebody
 * here knows. */
bool log_take_bare(struct paste *p, struct span line, u32 number, size_t raw_len)
{
    struct paste_state *st = p->state;
    struct prefix prefix = {
        .message = line, .host = {line.at, line.at}, .at_us = UNKNOWN, .wall_us = UNKNOWN};
    char host[64] = "";
    size_t refusals = p->s.refusals.count, events = p->s.log.count;
    bool in_report = st->report_left > 0;
    u32 line_was = st->line;

    if (span_begins(span_trim(line), "-- Boot ") || span_begins(span_trim(line), "-- Reboot --")) {
        st->boot += known(st->last_at_us) || st->boot || events;
        return true;
    }
    if (!is_wanted(st))
        return false;
    st->line = number;
    carrier_fill(st, &prefix);
    span_copy(prefix.host, host, sizeof(host));
    take_message(p, &prefix, host, "", raw_len);
    st->line = line_was;
    return in_report || st->report_left == REPORT_LINES || st->wrapped.open ||
           p->s.refusals.count > refusals || p->s.log.count > events;
}
