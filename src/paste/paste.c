/* paste.c - lines into blocks and log lines.
 *
 * A line is cleaned of what carried it (line.h), then it is the first of these that fits: the next
 * line of the block that is open, a prompt or heading that says what follows, a line of a log, the
 * first line of a block, a line that nobody understands. A block that turns out to hold no figure
 * is given back: its lines count as not understood, and are tried as bare kernel messages.
 *
 * Most lines of a long log are of other things; they are passed over after one look (filter.c).
 */
#include "paste/state_int.h"

#include "paste/bytes.h"
#include "paste/line.h"
#include "paste/objects.h"

#include <math.h>

#include <stdio.h>
#include <time.h>

#define LINE_LONGEST (1u << 20)
#define BLOCK_MAX    (16u << 20)
#define BLOCKS_MAX   65536
#define KEPT_MAX     ((size_t)32 << 20)
#define LEAD_MAX     256

struct grammar {
    const char *name;
    bool (*begins)(const struct block *b, struct span line);
    bool (*goes_on)(const struct block *b, struct span line);
    unsigned (*parse)(struct block *b, struct span text);
    bool logged; /* may stand behind a logger's prefix */
};

static const struct grammar grammars[NR_FORMATS] = {
#define ALONE  false
#define LOGGED true
#define FORMAT(id, function, text, where, tells) \
    {text, function##_begins, function##_goes_on, function##_parse, where},
#include "paste/formats.def"
#undef FORMAT
#undef LOGGED
#undef ALONE
};

const char *const paste_format_names[NR_FORMATS] = {
#define FORMAT(id, function, text, where, tells) text,
#include "paste/formats.def"
#undef FORMAT
};

const char *const paste_format_tells[NR_FORMATS] = {
#define FORMAT(id, function, text, where, tells) tells,
#include "paste/formats.def"
#undef FORMAT
};

bool paste_format_logged(enum paste_format format)
{
    return grammars[format].logged;
}

/* --- a paste as a whole ----------------------------------------------------------------------- */

struct paste *paste_new(void)
{
    struct paste *p = xcalloc(1, sizeof(*p));
    struct paste_state *st = xcalloc(1, sizeof(*st));

    strbuf_init(&p->kept);
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
    st->newest = newest_first_new();
    st->machines = machines_new();
    st->last_at_us = st->journal_us = st->dyno_quota = st->dyno_used = UNKNOWN;
    st->tasks_counted = st->user_tasks = UNKNOWN;
    st->job.used = st->job.limit = UNKNOWN;
    st->format = NR_FORMATS;
    strbuf_init(&st->open.text);
    strbuf_init(&st->wrapped.text);
    strbuf_init(&st->lead.text);
    strbuf_init(&st->partial);
    strbuf_init(&st->cleaned);
    strbuf_init(&st->unescaped);
    strbuf_init(&st->cut);
    strbuf_init(&st->command);
    strbuf_init(&st->path);
    strbuf_init(&st->cwd);
    strbuf_init(&st->counted);
    strbuf_init(&st->json);
    st->open.p = p;
    return p;
}

static void state_free(struct paste_state *st)
{
    if (st->klog)
        klog_free(st->klog);
    newest_first_free(st->newest);
    machines_free(st->machines);
    source_free(st->tree.below);
    tree_done(&st->tree);
    roots_done(st);
    vec_done(&st->rows);
    vec_done(&st->names);
    placement_done(st);
    strbuf_done(&st->open.text);
    strbuf_done(&st->wrapped.text);
    strbuf_done(&st->lead.text);
    strbuf_done(&st->partial);
    strbuf_done(&st->cleaned);
    strbuf_done(&st->unescaped);
    strbuf_done(&st->cut);
    strbuf_done(&st->command);
    strbuf_done(&st->path);
    strbuf_done(&st->cwd);
    strbuf_done(&st->counted);
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
    strbuf_done(&p->kept);
    vec_for_each (&p->machines, m) {
        free(m->name);
        paste_free(m->paste);
    }
    vec_done(&p->machines);
    paste_free(p->earlier);
    free(p);
}

/* --- what nobody understands ------------------------------------------------------------------ */

void paste_not_understood(struct paste *p, u32 line, u32 count)
{
    struct paste_state *st = p->state;

    /* Several messages of one line, such as an object of JSON, are one line. */
    if (count == 1 && p->not_understood && st->unread_line == line && st->unread_file == st->file)
        return;
    st->unread_line = line;
    st->unread_file = st->file;
    if (p->not_understood == 0)
        p->not_understood_at = (struct klog_place){p->state->file, line};
    p->not_understood += count;
}

static void drop_lead(struct paste_state *st)
{
    st->lead.lines = 0;
    strbuf_reset(&st->lead.text);
}

/* A line that nobody understands; one of an object may be the beginning of one that somebody
 * will. */
static void line_not_understood(struct paste *p, struct span raw)
{
    struct paste_state *st = p->state;
    struct lead *lead = &st->lead;

    if (machines_is_heading(st) || batch_has_line(p, raw))
        return;
    paste_not_understood(p, st->line, 1);
    if (!objects_may_have(raw) || lead->lines >= LEAD_MAX ||
        lead->text.len + span_len(raw) > LINE_LONGEST) {
        drop_lead(st);
        return;
    }
    if (st->line != lead->line + lead->lines)
        drop_lead(st);
    if (lead->lines++ == 0)
        lead->line = st->line;
    strbuf_append_bytes(&lead->text, raw.at, span_len(raw));
    strbuf_appendc(&lead->text, '\n');
}

bool paste_may_be_logged(const struct paste_state *st)
{
    static const formats_t logged =
#define ALONE                                    0
#define LOGGED                                   1
#define FORMAT(id, function, text, where, tells) (formats_t) where << FORMAT_##id |
#include "paste/formats.def"
#undef FORMAT
#undef LOGGED
#undef ALONE
        0;

    return st->kinds.formats & logged;
}

/* --- blocks ----------------------------------------------------------------------------------- */

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
        p->state->kinds = filter_line(line);
        /* Lines that a logger wrote were counted as such. */
        if (!span_empty(span_trim(line)) && !log_take_bare(p, line, number, span_len(line)) &&
            !p->state->logger.open)
            paste_not_understood(p, number, 1);
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
    b->format = format;
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

/* The block begins with the lines that led to it. */
static void take_lead(struct paste *p)
{
    struct paste_state *st = p->state;
    struct lead *lead = &st->lead;
    struct span text = span_of_buf(&lead->text), raw, line;
    struct strbuf cleaned;

    if (lead->lines == 0 || lead->line + lead->lines != st->line)
        return;
    strbuf_init(&cleaned);
    st->open.place.line = lead->line;
    p->not_understood -= lead->lines;
    st->unread_line = 0;
    while (span_take_line(&text, &raw)) {
        line_clean(raw, &cleaned, &line);
        add_line(&st->open, line);
    }
    strbuf_done(&cleaned);
    drop_lead(st);
}

/* The first format of a set from `i` on; NR_FORMATS or more. */
static unsigned next_format(formats_t set, unsigned i)
{
    u64 low, high;

    if (i >= NR_FORMATS)
        return NR_FORMATS;
    set = set >> i << i;
    low = (u64)set;
    high = (u64)(set >> 64);
    return low    ? (unsigned)__builtin_ctzll(low)
           : high ? 64 + (unsigned)__builtin_ctzll(high)
                  : NR_FORMATS;
}

/* Begin a block at this line, if it is the first of one; `logged`: of those that a logger may
 * write. */
static bool open_block(struct paste *p, struct span line, bool logged)
{
    struct paste_state *st = p->state;
    struct block *b = &st->open;
    formats_t may_be;

    b->command = span_of_buf(&st->command);
    b->path = span_of_buf(&st->path);
    may_be = span_empty(b->path) && !st->prompted ? st->kinds.formats : ~(formats_t)0;
    for (unsigned i = next_format(may_be, 0); i < NR_FORMATS; i = next_format(may_be, i + 1)) {
        if ((logged && !grammars[i].logged) || !grammars[i].begins(b, line))
            continue;
        st->format = (enum paste_format)i;
        st->logger.open = false;
        b->place = (struct klog_place){st->file, st->line};
        b->lines = 0;
        strbuf_reset(&b->text);
        if (i == FORMAT_KUBE_OBJECT || i == FORMAT_DOCKER_INSPECT)
            take_lead(p);
        add_line(b, line);
        machines_table(p, (enum paste_format)i);
        return true;
    }
    return false;
}

/* --- tables that a logger wrote --------------------------------------------------------------- */

/* A table of which this many lines of others tore the next row away has ended. */
#define LOGGED_GAP 64

/* Level, name of the logger, and one word more. */
#define LEAD_WORDS 3

/* "INFO dump MemTotal: 16265864 kB": a line of /proc/meminfo behind words that stand before each of
 * them. */
static bool open_behind_words(struct paste *p, struct span message, struct logger *logger)
{
    struct span rest = message, word;

    if (!(p->state->kinds.formats >> FORMAT_MEMINFO & 1))
        return false;
    for (unsigned words = 0; words < LEAD_WORDS && span_take_word(&rest, &word); words++) {
        span_skip_blanks(&rest);
        if ((size_t)(rest.at - message.at) >= sizeof(logger->lead))
            return false;
        if (!meminfo_begins(&p->state->open, rest) || !open_block(p, rest, true))
            continue;
        span_copy((struct span){message.at, rest.at}, logger->lead, sizeof(logger->lead));
        return true;
    }
    return false;
}

bool paste_open_logged(struct paste *p, const struct prefix *prefix)
{
    struct paste_state *st = p->state;
    struct logger *logger = &st->logger;
    bool tagged = !span_empty(prefix->program);
    struct logger fresh = {.open = true, .tagged = tagged};

    /* "Mem:" may have been taken for the name of a program. */
    if (!open_block(p, prefix->message, true)) {
        if (tagged && open_block(p, prefix->untagged, true))
            fresh.tagged = false;
        else if (!open_behind_words(p, prefix->message, &fresh))
            return false;
    }
    if (fresh.tagged)
        span_copy(prefix->program, fresh.program, sizeof(fresh.program));
    *logger = fresh;
    return true;
}

/* One more row of the table that is open; else the table is closed, unless the line is another
 * program's. */
static bool take_logged_row(struct paste *p, struct span line)
{
    struct paste_state *st = p->state;
    struct logger *logger = &st->logger;
    struct prefix_log dates = st->dates;
    struct prefix prefix;
    struct span row;
    bool own;

    prefix_take(line, &dates, &prefix);
    row = logger->tagged ? prefix.message : prefix.untagged;
    if (*logger->lead)
        span_take(&row, logger->lead);
    own = prefix.is_log && (!logger->tagged || span_is(prefix.program, logger->program));
    if (own && grammars[st->format].goes_on(&st->open, row)) {
        add_line(&st->open, row);
        p->log_lines++;
        return true;
    }
    if (own || !prefix.is_log || !logger->tagged || ++logger->gap > LOGGED_GAP)
        close_block(p);
    return false;
}

/* --- a line ----------------------------------------------------------------------------------- */

/* May it be a prompt, a heading or a fence? Then it must be looked at, whatever it says. */
static bool may_lead(const struct paste_state *st, struct span raw)
{
    static const struct bytes_set leads = BYTES_SET_OF('#', '$', '%', '>', '`', '&', 0x1b, 0xe2);

    if (!st->kinds.marked)
        return false;
    raw.end = raw.at + MIN(span_len(raw), (size_t)120);
    return bytes_have_any(raw, &leads);
}

/* "[root@db1 ~]# free -m": brackets of a prompt, which are no logger's. */
static bool has_bracket_prompt(struct span raw)
{
    const char *end;

    if (span_empty(raw) || *raw.at != '[')
        return false;
    end = memchr(raw.at, ']', MIN(span_len(raw), (size_t)100));
    return end && end + 1 < raw.end && (end[1] == '#' || end[1] == '$') &&
           memchr(raw.at, '@', (size_t)(end - raw.at));
}

/* Most lines of long texts are nobody's: they are counted, and that is all. */
static bool pass_over(struct paste *p, struct span raw)
{
    struct paste_state *st = p->state;

    if (st->format != NR_FORMATS || st->wrapped.open || st->report_left > 0 || st->prompted)
        return false;
    if (!st->kinds.log && !paste_may_be_logged(st) &&
        (prefix_certain(raw) ||
         (!st->kinds.formats && prefix_likely(raw) && !has_bracket_prompt(raw)))) {
        p->log_lines++;
        return true;
    }
    if (filter_any(st->kinds) || st->path.len || may_lead(st, raw))
        return false;
    span_skip_blanks(&raw);
    if (!span_empty(raw))
        line_not_understood(p, raw);
    return true;
}

/* No prompt and no heading, and nothing in it that anybody wants. What was hidden behind colours or
 * entities is seen in the cleaned line. */
static bool is_nobodys(struct paste_state *st, struct span raw, struct span line)
{
    if (line.at < raw.at || line.at > raw.end)
        st->kinds = filter_line(line);
    return st->format == NR_FORMATS && !st->wrapped.open && st->report_left == 0 && !st->path.len &&
           !st->prompted && !filter_any(st->kinds);
}

/* A line that nobody wanted: of a log, or not understood. */
static void count_line(struct paste *p, struct span line)
{
    if (p->state->carrier.taken || prefix_likely(line))
        p->log_lines++;
    else
        line_not_understood(p, line);
}

/* A line that says what follows: a blank one, a prompt, a heading. */
static bool take_divider(struct paste *p, struct span line)
{
    struct paste_state *st = p->state;
    struct span found;

    if (span_empty(span_trim(line))) {
        log_flush(p);
        if (st->format != NR_FORMATS && grammars[st->format].goes_on(&st->open, line)) {
            add_line(&st->open, line);
        } else if (st->format != NR_FORMATS) {
            close_block(p);
            /* What stands below a blank line, nobody said to be of that file. */
            strbuf_reset(&st->path);
        }
    } else if (line_prompt(line, &found)) {
        close_block(p);
        log_flush(p);
        machines_prompt(p, line, found);
        st->slept_s += command_sleeps_first(found) ? command_slept(found) : 0;
        command_note(st, found);
        ulimit_command(p, found);
        st->prompted = true;
    } else if (line_file_heading(line, &found)) {
        close_block(p);
        log_flush(p);
        command_file(st, found);
    } else {
        return false;
    }
    return true;
}

static bool take_foreign(struct paste *p, struct span raw)
{
    if (!p->state->kinds.foreign || !foreign_take(p, raw))
        return false;
    close_block(p);
    log_flush(p);
    p->log_lines++;
    return true;
}

/* Sizes of heaps, pools and jobs stand in lines of any kind. */
static void take_settings(struct paste *p, struct span raw)
{
    struct paste_state *st = p->state;
    struct span line = raw;

    if (!st->kinds.heap)
        return;
    /* A copy of a web page has entities in the place of marks. */
    if (memchr(raw.at, '&', span_len(raw)) && !line_clean(raw, &st->cleaned, &line))
        line = raw;
    heap_take(p, line);
}

void paste_take_line(struct paste *p, struct span raw, struct filter kinds)
{
    struct paste_state *st = p->state;
    struct span line;
    bool opened;

    p->lines++;
    st->line++;
    st->kinds = kinds;
    take_settings(p, raw);
    machines_look(p, &raw, kinds);
    if (take_foreign(p, raw) || pass_over(p, raw))
        return;
    machines_keep(p, raw);
    if (st->report_left > 0)
        st->report_left--;
    if (line_table_rule(raw))
        return;
    if (!line_clean(raw, &st->cleaned, &line)) {
        bool was_open = st->format != NR_FORMATS;

        close_block(p);
        /* What stands below the fence, nobody said to be of that file. */
        if (was_open)
            strbuf_reset(&st->path);
        log_flush(p);
        if (span_empty(line))
            return;
    }
    carrier_take(st, &line);
    if (st->pwd && span_begins(span_trim(line), "/")) {
        command_directory(st, span_trim(line));
        st->pwd = st->prompted = false;
        return;
    }
    if (take_divider(p, line))
        return;
    if (is_nobodys(st, raw, line)) {
        count_line(p, line);
        return;
    }
    if (st->format != NR_FORMATS && st->logger.open) {
        if (take_logged_row(p, line))
            return;
    } else if (st->format != NR_FORMATS) {
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
        /* A lead with words is one of the message's own. */
        if (!prefix.is_log && !carrier_has_words(st) && log_take_wrapped(p, line, span_len(raw)))
            return;
        log_flush(p);
    }
    if (log_take_line(p, line, span_len(raw)))
        return;
    opened = !(st->in_stats && log_count_words(line) == 2) && open_block(p, line, false);
    st->prompted = false;
    if (opened)
        return;
    if (log_take_bare(p, line, st->line, span_len(raw)))
        p->log_lines++;
    else
        count_line(p, line);
}

/* What was read, for whoever wants to hand it over: without the directories it was in. */
static void keep_text(struct paste *p, struct span text)
{
    if (p->keep && p->kept.len < KEPT_MAX)
        strbuf_append_bytes(&p->kept, text.at, MIN(span_len(text), KEPT_MAX - p->kept.len));
}

/* What is handed over does not tell what its files were called, only where in a machine's tree they
 * stood: "input-2/var/log/messages". */
static char *nameless(const struct paste *p, const char *name)
{
    static const char *const tops[] = {"/var/log/", "/sos_commands/", "/proc/", "/sys/"};
    const char *inside = "";
    struct strbuf text;

    if (!p->keep || strcmp(name, "standard input") == 0)
        return xstrdup(name);
    for (unsigned i = 0; i < ARRAY_SIZE(tops) && !*inside; i++)
        if (strstr(name, tops[i]))
            inside = strstr(name, tops[i]);
    strbuf_init(&text);
    strbuf_printf(&text, "input-%zu%s", p->files.count + 1, inside);
    return strbuf_steal(&text);
}

static void keep_head(struct paste *p, const char *name)
{
    if (p->keep && p->kept.len < KEPT_MAX)
        strbuf_printf(&p->kept, "%s==> %s <==\n", p->kept.len ? "\n" : "", name);
}

void paste_begin(struct paste *p, const char *name, s64 written)
{
    struct paste_state *st = p->state;
    char *shown;
    time_t when = written ? (time_t)written : time(NULL);
    struct tm tm;

    shown = nameless(p, name);
    vec_push(&p->files, shown);
    name = shown;
    keep_head(p, name);
    st->file = (u32)p->files.count - 1;
    st->klog_file = klog_file(&p->s, name);
    st->line = 0;
    drop_lead(st);
    strbuf_reset(&st->partial);
    st->partial_dropped = false;
    strbuf_reset(&st->command);
    strbuf_reset(&st->path);
    strbuf_reset(&st->cwd);
    st->report_left = 0;
    st->prompted = st->pwd = false;
    st->described[0] = st->task[0] = '\0';
    st->in_report = st->in_stats = false;
    st->carrier.len = 0;
    st->dates = (struct prefix_log){.latest_year = gmtime_r(&when, &tm) ? tm.tm_year + 1900 : 1970};
    machines_file(p, written);
}

/* A text whose lines end with CR alone has one line, for whoever looks for LF: what is there of it
 * up to the last CR is taken. */
static void cut_at_return(struct paste *p)
{
    struct paste_state *st = p->state;
    struct span text = span_of_buf(&st->partial);
    const char *cr = st->partial.len ? memrchr(text.at, '\r', span_len(text)) : NULL;
    struct strbuf rest;

    if (!cr)
        return;
    strbuf_init(&rest);
    strbuf_append_bytes(&rest, cr + 1, (size_t)(text.end - cr - 1));
    cut_line(p, (struct span){text.at, cr});
    strbuf_done(&st->partial);
    st->partial = rest;
}

void paste_text(struct paste *p, struct span text)
{
    struct paste_state *st = p->state;

    keep_text(p, text);
    while (!span_empty(text)) {
        const char *newline = memchr(text.at, '\n', span_len(text));
        struct span piece = {text.at, newline ? newline : text.end};

        text.at = newline ? newline + 1 : text.end;
        if (newline && st->partial.len == 0 && !st->partial_dropped) {
            cut_line(p, piece);
            continue;
        }
        if (st->partial.len + span_len(piece) > LINE_LONGEST)
            cut_at_return(p);
        if (st->partial.len + span_len(piece) > LINE_LONGEST)
            st->partial_dropped = true;
        else
            strbuf_append_bytes(&st->partial, piece.at, span_len(piece));
        if (newline) {
            cut_line(p, span_of_buf(&st->partial));
            strbuf_reset(&st->partial);
            st->partial_dropped = false;
        }
    }
}

void paste_file_end(struct paste *p)
{
    struct paste_state *st = p->state;

    if (st->partial.len)
        cut_line(p, span_of_buf(&st->partial));
    strbuf_reset(&st->partial);
    close_block(p);
    p->cut |= log_wrapped_is_cut(st);
    log_flush(p);
    newest_first_end(p);
    p->cut |= st->in_report;
}

void paste_tree_file(struct paste *p, const char *path, struct span text)
{
    struct tree_file *f = tree_file(&p->state->tree, span_of(path, strlen(path)));

    p->state->has_tree_files = true;
    if (f && f->text.len == 0 && !tree_append(&p->state->tree, f, text))
        p->files_skipped++;
}
