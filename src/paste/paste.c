/* paste.c - lines into blocks and log lines.
 *
 * A line is cleaned of what carried it (line.h), then it is the first of these that fits: the next line of the block that is open, a prompt
 * or heading that says what follows, a line of a log, the first line of a block, a line that nobody understands. A block that turns out to
 * hold no figure is given back: its lines count as not understood, and are tried as bare kernel messages.
 *
 * Most lines of a long log are of other things; they are passed over after one look (filter.c).
 */
#include "paste/state_int.h"

#include "paste/line.h"

#include <math.h>

#include <stdio.h>
#include <time.h>

#define LINE_LONGEST     (1u << 20)
#define BLOCK_MAX        (16u << 20)
#define BLOCKS_MAX       65536
/* A report of the kernel with a table of thousands of tasks is shorter. */
#define REPORT_LINES     6000
/* Who else of the group dies, and the reaper. */
#define AFTER_KILL_LINES 64
#define WRAP_LINES       8

struct grammar {
    const char *name;
    bool (*begins)(const struct block *b, struct span line);
    bool (*goes_on)(const struct block *b, struct span line);
    unsigned (*parse)(struct block *b, struct span text);
};

static const struct grammar grammars[NR_FORMATS] = {
#define FORMAT(id, function, text) {text, function##_begins, function##_goes_on, function##_parse},
#include "paste/formats.def"
#undef FORMAT
};

const char *const paste_format_names[NR_FORMATS] = {
#define FORMAT(id, function, text) text,
#include "paste/formats.def"
#undef FORMAT
};

/* --- a paste as a whole ------------------------------------------------------------------------------------------------- */

struct paste *paste_new(void)
{
    struct paste *p = xcalloc(1, sizeof(*p));
    struct paste_state *st = xcalloc(1, sizeof(*st));

    snapshot_init(&p->s);
    p->s.kind = SOURCE_ARCHIVE;
    p->state = st;
    tree_init(&st->tree);
    for (unsigned i = 0; i < NR_MEMINFO_FIELDS; i++)
        st->meminfo[i] = UNKNOWN;
    for (unsigned i = 0; i < NR_COUNTERS; i++)
        st->rates.per_s[i] = NAN;
    st->rates.interval_s = st->rates.iowait = NAN;
    st->klog = klog_new(&p->s);
    st->last_at_us = st->journal_us = UNKNOWN;
    st->format = NR_FORMATS;
    strbuf_init(&st->open.text);
    strbuf_init(&st->wrapped.text);
    strbuf_init(&st->partial);
    strbuf_init(&st->cleaned);
    strbuf_init(&st->command);
    strbuf_init(&st->path);
    strbuf_init(&st->json);
    st->open.p = p;
    return p;
}

static void state_free(struct paste_state *st)
{
    if (st->klog)
        klog_free(st->klog);
    source_free(st->tree.below);
    tree_done(&st->tree);
    vec_done(&st->rows);
    strbuf_done(&st->open.text);
    strbuf_done(&st->wrapped.text);
    strbuf_done(&st->partial);
    strbuf_done(&st->cleaned);
    strbuf_done(&st->command);
    strbuf_done(&st->path);
    strbuf_done(&st->json);
    free(st);
}

void paste_free(struct paste *p)
{
    if (!p)
        return;
    state_free(p->state);
    snapshot_done(&p->s);
    if (p->has_before)
        snapshot_done(&p->before);
    vec_for_each (&p->files, name)
        free(*name);
    vec_done(&p->files);
    vec_done(&p->blocks);
    free(p);
}

/* --- what nobody understands -------------------------------------------------------------------------------------------- */

static void not_understood(struct paste *p, u32 line, u32 count)
{
    if (p->not_understood == 0)
        p->not_understood_at = (struct klog_place){p->state->file, line};
    p->not_understood += count;
}

/* --- the log ------------------------------------------------------------------------------------------------------------- */

static bool begins_report(struct span message)
{
    return span_find(message, " invoked oom-killer") || span_find(message, "page allocation ") ||
           span_find(message, "Mem-Info:") || span_find(message, "oom-kill:constraint=") ||
           span_find(message, " blocked for more than ") || span_find(message, "soft lockup - CPU");
}

static bool ends_report(struct span message)
{
    return span_find(message, "Killed process ") || span_find(message, "no killable processes") ||
           span_find(message, "oom_reaper: reaped");
}

static void feed(struct paste *p, struct span message, const struct klog_stamp *stamp)
{
    struct paste_state *st = p->state;

    if (span_find(message, " invoked oom-killer"))
        st->in_report = true;
    if (begins_report(message))
        st->report_left = REPORT_LINES;
    if (ends_report(message)) {
        st->in_report = false;
        st->report_left = MIN(st->report_left, (unsigned)AFTER_KILL_LINES);
    }
    st->in_stats =
        span_find(message, "emory cgroup stats") || (st->in_stats && span_len(message) < 80);
    klog_feed(st->klog, message, stamp);
    refusal_take(p, message, stamp->place);
}

static void flush_wrapped(struct paste *p)
{
    struct wrapped *w = &p->state->wrapped;

    if (!w->open)
        return;
    w->open = false;
    w->stamp.host = *w->host ? w->host : NULL;
    w->stamp.program = *w->program ? w->program : NULL;
    feed(p, span_of_buf(&w->text), &w->stamp);
}

static unsigned count_words(struct span text)
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

/* Does this message end where the kernel ends it? */
static enum completeness completeness_of(struct paste_state *st, struct span message)
{
    struct span rest;

    if (span_find(message, "total_vm") && span_find(message, "pid")) {
        st->table_words = count_words(message);
        if (!span_ends(span_trim(message), "name"))
            return CUT;
        /* "[  pid  ]" is three words, "[ 39079]" after the bracket none. */
        st->table_words -= span_find(message, "[ pid ]") || span_find(message, "[  pid  ]") ? 3 : 0;
        return WHOLE;
    }
    if (st->table_words && is_table_row(message, &rest))
        return count_words(rest) < st->table_words ? CUT : WHOLE;
    if (span_find(message, "oom-kill:constraint="))
        return span_find(message, ",uid=") ? WHOLE : CUT;
    if (span_find(message, "Killed process "))
        return span_find(message, "oom_score_adj:") ? WHOLE
               : span_find(message, "file-rss:")    ? MAY_GO_ON
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

/* The line goes on what is wrapped. */
static bool take_wrapped(struct paste *p, struct span line, size_t raw_len)
{
    struct paste_state *st = p->state;
    struct wrapped *w = &st->wrapped;
    struct span text = span_trim(line);
    enum completeness left;

    if (!w->open)
        return false;
    left = completeness_of(st, span_of_buf(&w->text));
    if (span_empty(text) || w->lines >= WRAP_LINES ||
        (left == MAY_GO_ON && (!begins_with_figure(text) || is_blank(*line.at))))
        return false;
    if (!broken_in_word(w->last_len))
        strbuf_appendc(&w->text, ' ');
    strbuf_append_bytes(&w->text, text.at, span_len(text));
    w->last_len = raw_len;
    w->lines++;
    p->log_lines++;
    if (completeness_of(st, span_of_buf(&w->text)) == WHOLE)
        flush_wrapped(p);
    return true;
}

static void note_boot(struct paste_state *st, struct span message, u64 at_us)
{
    bool restarted = known(at_us) && known(st->last_at_us) && at_us + 60000000 < st->last_at_us;

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
        feed(p, message, &stamp);
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

static bool take_log_line(struct paste *p, struct span line, size_t raw_len)
{
    struct paste_state *st = p->state;
    char host[64] = "", program[64] = "";
    struct prefix prefix, inner;

    if (json_line_take(line, &st->json, &prefix, host, program)) {
        struct span text = span_of_buf(&st->json), piece;

        while (span_take_line(&text, &piece)) {
            prefix_take(piece, &st->dates, &inner);
            prefix.message = inner.message;
            if (!known(prefix.at_us))
                prefix.at_us = inner.at_us;
            if (!known(prefix.wall_us))
                prefix.wall_us = inner.wall_us;
            take_message(p, &prefix, host, program, raw_len);
        }
        p->log_lines++;
        return true;
    }
    prefix_take(line, &st->dates, &prefix);
    if (!prefix.is_log) {
        if (take_journal_field(p, line, raw_len)) {
            p->log_lines++;
            return true;
        }
        return false;
    }
    span_copy(prefix.host, host, sizeof(host));
    span_copy(prefix.program, program, sizeof(program));
    /* The header of an entry of journalctl -o verbose. */
    if (span_begins(span_trim(prefix.message), "[s="))
        st->journal_us = prefix.wall_us;
    take_message(p, &prefix, host, program, raw_len);
    p->log_lines++;
    return true;
}

/* A line without any prefix, as a bare message of the kernel. True when it is one that somebody here knows. */
static bool take_bare(struct paste *p, struct span line, u32 number, size_t raw_len)
{
    struct paste_state *st = p->state;
    struct prefix prefix = {.message = line, .at_us = UNKNOWN, .wall_us = UNKNOWN};
    size_t refusals = p->s.refusals.count, events = p->s.log.count;
    bool in_report = st->report_left > 0;
    u32 line_was = st->line;

    if (span_begins(span_trim(line), "-- Boot ") || span_begins(span_trim(line), "-- Reboot --")) {
        st->boot += known(st->last_at_us) || st->boot || events;
        return true;
    }
    st->line = number;
    take_message(p, &prefix, "", "", raw_len);
    st->line = line_was;
    return in_report || st->report_left == REPORT_LINES || st->wrapped.open ||
           p->s.refusals.count > refusals || p->s.log.count > events;
}

/* --- blocks ---------------------------------------------------------------------------------------------------------------- */

static void push_block(struct paste *p, enum paste_format format, struct klog_place place,
                       u32 lines)
{
    if (p->blocks.count < BLOCKS_MAX)
        vec_push(&p->blocks, ((struct paste_block){format, place, lines}));
}

/* The lines of a block that was none. */
static void give_back(struct paste *p, struct block *b)
{
    struct span text = span_of_buf(&b->text), line;
    u32 number = b->place.line;

    while (span_take_line(&text, &line)) {
        if (!span_empty(span_trim(line)) && !take_bare(p, line, number, span_len(line)))
            not_understood(p, number, 1);
        number++;
    }
}

static void close_block(struct paste *p)
{
    struct paste_state *st = p->state;
    struct block *b = &st->open;
    enum paste_format format = st->format;

    if (format == NR_FORMATS)
        return;
    st->format = NR_FORMATS;
    b->command = span_of_buf(&st->command);
    b->path = span_of_buf(&st->path);
    if (grammars[format].parse(b, span_of_buf(&b->text)) > 0)
        push_block(p, format, b->place, b->lines);
    else
        give_back(p, b);
    strbuf_reset(&b->text);
}

static void add_line(struct block *b, struct span line)
{
    if (b->text.len + span_len(line) < BLOCK_MAX) {
        strbuf_append_bytes(&b->text, line.at, span_len(line));
        strbuf_appendc(&b->text, '\n');
    }
    b->lines++;
}

static bool open_block(struct paste *p, struct span line)
{
    struct paste_state *st = p->state;
    struct block *b = &st->open;

    b->command = span_of_buf(&st->command);
    b->path = span_of_buf(&st->path);
    for (unsigned i = 0; i < NR_FORMATS; i++) {
        if (!grammars[i].begins(b, line))
            continue;
        st->format = (enum paste_format)i;
        b->place = (struct klog_place){st->file, st->line};
        b->lines = 0;
        strbuf_reset(&b->text);
        add_line(b, line);
        return true;
    }
    return false;
}

static void set_text(struct strbuf *buf, struct span text)
{
    strbuf_reset(buf);
    strbuf_append_bytes(buf, text.at, span_len(text));
}

/* The file that "cat /proc/meminfo" or "sudo cat memory.stat" shows. */
static void note_command(struct paste_state *st, struct span command)
{
    struct span rest = command, word;
    bool shows = false;

    set_text(&st->command, command);
    strbuf_reset(&st->path);
    while (span_take_word(&rest, &word)) {
        if (span_is(word, "cat") || span_is(word, "more") || span_is(word, "less"))
            shows = true;
        else if (shows && *word.at != '-' && *word.at != '|') {
            set_text(&st->path, word);
            return;
        } else if (*word.at == '|') {
            return;
        }
    }
}

/* --- a line -------------------------------------------------------------------------------------------------------------- */

/* May it be a prompt, a heading or a fence? Then it must be looked at, whatever it says. */
static bool may_lead(struct span raw)
{
    size_t len = MIN(span_len(raw), (size_t)120);

    for (size_t i = 0; i < len; i++) {
        char c = raw.at[i];

        if (c == '#' || c == '$' || c == '%' || c == '>' || c == '`' || (unsigned char)c == 0xe2 ||
            (unsigned char)c == 0x1b || c == '&')
            return true;
    }
    return false;
}

/* Most lines of long texts are nobody's: they are counted, and that is all. */
static bool pass_over(struct paste *p, struct span raw, unsigned kinds)
{
    struct paste_state *st = p->state;
    struct span text;

    if (st->format != NR_FORMATS || st->wrapped.open || st->report_left > 0)
        return false;
    if (!(kinds & FILTER_LOG) && (prefix_certain(raw) || (!kinds && prefix_likely(raw)))) {
        p->log_lines++;
        return true;
    }
    if (kinds || st->path.len || may_lead(raw))
        return false;
    text = span_trim(raw);
    if (!span_empty(text))
        not_understood(p, st->line, 1);
    return true;
}

static void take_line(struct paste *p, struct span raw)
{
    struct paste_state *st = p->state;
    struct span line, found;
    unsigned kinds = filter_line(raw);

    p->lines++;
    st->line++;
    if (pass_over(p, raw, kinds))
        return;
    if (st->report_left > 0)
        st->report_left--;
    if (!line_clean(raw, &st->cleaned, &line)) {
        close_block(p);
        flush_wrapped(p);
        return;
    }
    if (span_empty(span_trim(line))) {
        flush_wrapped(p);
        if (st->format != NR_FORMATS && grammars[st->format].goes_on(&st->open, line))
            add_line(&st->open, line);
        else if (st->format != NR_FORMATS) {
            close_block(p);
            /* What stands below a blank line, nobody said to be of that file. */
            strbuf_reset(&st->path);
        }
        return;
    }
    if (line_prompt(line, &found)) {
        close_block(p);
        flush_wrapped(p);
        note_command(st, found);
        return;
    }
    if (line_file_heading(line, &found)) {
        close_block(p);
        flush_wrapped(p);
        set_text(&st->path, found);
        return;
    }
    if (st->format != NR_FORMATS) {
        if (grammars[st->format].goes_on(&st->open, line)) {
            add_line(&st->open, line);
            return;
        }
        close_block(p);
    }
    if (st->wrapped.open) {
        struct prefix_log dates = st->dates;
        struct prefix prefix;

        prefix_take(line, &dates, &prefix);
        if (!prefix.is_log && take_wrapped(p, line, span_len(raw)))
            return;
        flush_wrapped(p);
    }
    if (take_log_line(p, line, span_len(raw)))
        return;
    if (!(st->in_stats && count_words(line) == 2) && open_block(p, line))
        return;
    if (!take_bare(p, line, st->line, span_len(raw)))
        not_understood(p, st->line, 1);
}

void paste_begin(struct paste *p, const char *name, s64 written)
{
    struct paste_state *st = p->state;
    time_t when = written ? (time_t)written : time(NULL);
    struct tm tm;

    vec_push(&p->files, xstrdup(name));
    st->file = (u32)p->files.count - 1;
    st->klog_file = klog_file(&p->s, name);
    st->line = 0;
    strbuf_reset(&st->partial);
    st->partial_dropped = false;
    strbuf_reset(&st->command);
    strbuf_reset(&st->path);
    st->report_left = 0;
    st->in_report = st->in_stats = false;
    st->dates = (struct prefix_log){.latest_year = gmtime_r(&when, &tm) ? tm.tm_year + 1900 : 1970};
}

void paste_text(struct paste *p, struct span text)
{
    struct paste_state *st = p->state;

    while (!span_empty(text)) {
        const char *newline = memchr(text.at, '\n', span_len(text));
        struct span piece = {text.at, newline ? newline : text.end};

        text.at = newline ? newline + 1 : text.end;
        if (newline && st->partial.len == 0 && !st->partial_dropped) {
            take_line(p, piece);
            continue;
        }
        if (st->partial.len + span_len(piece) > LINE_LONGEST)
            st->partial_dropped = true;
        else
            strbuf_append_bytes(&st->partial, piece.at, span_len(piece));
        if (newline) {
            take_line(p, span_of_buf(&st->partial));
            strbuf_reset(&st->partial);
            st->partial_dropped = false;
        }
    }
}

void paste_file_end(struct paste *p)
{
    struct paste_state *st = p->state;

    if (st->partial.len)
        take_line(p, span_of_buf(&st->partial));
    strbuf_reset(&st->partial);
    close_block(p);
    p->cut |= st->in_report || st->wrapped.open;
    flush_wrapped(p);
}

void paste_tree_file(struct paste *p, const char *path, struct span text)
{
    struct tree_file *f = tree_file(&p->state->tree, span_of(path, strlen(path)));

    if (f && f->text.len == 0 && !tree_append(&p->state->tree, f, text))
        p->files_skipped++;
}
