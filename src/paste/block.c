/* block.c - what grammars share: amounts, columns, and where figures go. */
#include "paste/block.h"

#include "paste/state_int.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ROWS_MAX       65536
#define CONTAINERS_MAX 1024
#define EVENTS_MAX     1024
#define BYTES_MAX      1e17

/* --- figures ---------------------------------------------------------------------------------- */

void block_meminfo(struct block *b, enum meminfo_field field, u64 value, enum rank rank)
{
    struct paste_state *st = b->p->state;

    if (!known(value) || rank < st->meminfo_rank[field])
        return;
    st->meminfo[field] = value;
    st->meminfo_rank[field] = rank;
    st->meminfo_file[field] = st->klog_file;
    st->meminfo_line[field] = b->place.line ? b->place.line + b->row : 0;
    st->meminfo_from |= FORMAT_BIT(b->format);
}

unsigned block_file(struct block *b, const char *path, struct span text)
{
    struct tree *t = &b->p->state->tree;
    struct tree_file *f = tree_file(t, span_of(path, strlen(path)));

    if (!f)
        return 0;
    t->bytes -= f->text.len;
    strbuf_reset(&f->text);
    f->from = b->p->state->klog_file + 1;
    return tree_append(t, f, text);
}

HW_PRINTF(2, 0)
static void format_into(struct strbuf *text, const char *fmt, va_list args)
{
    char buf[4096];

    vsnprintf(buf, sizeof(buf), fmt, args);
    strbuf_append(text, buf);
}

unsigned block_file_printf(struct block *b, const char *path, const char *fmt, ...)
{
    struct strbuf text;
    unsigned rc;
    va_list args;

    strbuf_init(&text);
    va_start(args, fmt);
    format_into(&text, fmt, args);
    va_end(args);
    rc = block_file(b, path, span_of_buf(&text));
    strbuf_done(&text);
    return rc;
}

void block_file_add(struct block *b, const char *path, const char *fmt, ...)
{
    struct tree *t = &b->p->state->tree;
    struct tree_file *f = tree_file(t, span_of(path, strlen(path)));
    struct strbuf text;
    va_list args;

    if (!f)
        return;
    strbuf_init(&text);
    va_start(args, fmt);
    format_into(&text, fmt, args);
    va_end(args);
    tree_append(t, f, span_of_buf(&text));
    strbuf_done(&text);
}

void block_group(struct block *b, const char *path, u64 current, u64 max)
{
    char file[TREE_PATH_MAX];

    tree_offer(&b->p->state->tree, "sys/fs/cgroup/cgroup.controllers", "memory\n");
    if (known(current)) {
        snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.current", path);
        block_file_printf(b, file, "%llu\n", (unsigned long long)current);
    }
    if (known(max)) {
        snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.max", path);
        if (max >= NO_LIMIT)
            block_file_printf(b, file, "max\n");
        else
            block_file_printf(b, file, "%llu\n", (unsigned long long)max);
    }
}

void block_high(struct block *b, const char *path, u64 high)
{
    char file[TREE_PATH_MAX];

    snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.high", path);
    if (high < NO_LIMIT)
        block_file_printf(b, file, "%llu\n", (unsigned long long)high);
}

void block_sizing(struct block *b, const char *scope, u64 request, u64 limit)
{
    struct sizing_view fresh = {.request = request, .limit = limit};

    if (known(limit))
        block_group(b, scope, UNKNOWN, limit);
    snprintf(fresh.scope, sizeof(fresh.scope), "%s", scope);
    fresh.place = (struct klog_place){b->p->state->klog_file, b->place.line};
    if (b->p->s.sizings.count < EVENTS_MAX)
        vec_push(&b->p->s.sizings, fresh);
}

/* --- processes -------------------------------------------------------------------------------- */

/* "/usr/bin/java -Xmx4g" is java, "[kswapd0]" stays, "postgres: writer" is postgres, "-bash" is
 * bash. */
static struct span program_of(struct span command)
{
    struct span word;
    const char *slash;

    if (!span_take_word(&command, &word))
        return command;
    if (*word.at == '[' || *word.at == '(')
        return word;
    while ((slash = span_empty(word) ? NULL : memchr(word.at, '/', span_len(word))))
        word.at = slash + 1;
    if (span_len(word) > 1 && word.end[-1] == ':')
        word.end--;
    if (span_len(word) > 1 && *word.at == '-')
        word.at++;
    return word;
}

static u32 next_free_pid(const struct paste_state *st)
{
    /* Rows without a pid get one that no machine uses. */
    return UINT32_MAX - 1 - (u32)st->rows.count;
}

struct process_row process_row_unknown(void)
{
    return (struct process_row){.comm = span_of("a process", 9),
                                .vm_size = UNKNOWN,
                                .rss = UNKNOWN,
                                .shared = UNKNOWN,
                                .swap = UNKNOWN,
                                .pss = UNKNOWN,
                                .uss = UNKNOWN,
                                .nr_threads = UNKNOWN};
}

void block_process(struct block *b, const struct process_row *row)
{
    struct paste_state *st = b->p->state;
    struct row fresh = {.table = st->tables};

    if (st->rows.count >= ROWS_MAX)
        return;
    memset(&fresh.view, 0xff, sizeof(fresh.view));
    fresh.view.cpus_allowed[0] = fresh.view.mems_allowed[0] = '\0';
    fresh.view.pid = row->pid ? row->pid : next_free_pid(st);
    fresh.view.group = GROUP_NONE;
    fresh.view.state = '?';
    fresh.view.oom_score_adj = 0;
    fresh.view.start_ticks = 0;
    span_copy(program_of(row->comm), fresh.view.comm, sizeof(fresh.view.comm));
    fresh.view.vm_size = row->vm_size;
    fresh.view.rss = row->rss;
    fresh.view.swap = row->swap;
    fresh.view.pss = row->pss;
    fresh.view.uss = row->uss;
    fresh.view.nr_threads = known(row->nr_threads) ? (u32)row->nr_threads : 1;
    if (known(row->shared) && known(row->rss) && row->shared <= row->rss) {
        fresh.view.rss_anon = row->rss - row->shared;
        fresh.view.rss_file = row->shared;
    }
    vec_push(&st->rows, fresh);
}

bool block_share(struct block *b, struct span command, double percent)
{
    struct snapshot *s = &b->p->s;

    if (percent > s->share_percent) {
        s->share_percent = percent;
        span_copy(program_of(command), s->share_name, sizeof(s->share_name));
    }
    return true;
}

void block_processes_whole(struct block *b, bool whole)
{
    b->p->state->tables++;
    b->p->state->rows_whole |= whole;
}

/* --- events ----------------------------------------------------------------------------------- */

void block_told(struct block *b, const struct told *told)
{
    struct snapshot *s = &b->p->s;
    struct log_event event;

    if (s->log.count >= EVENTS_MAX)
        return;
    log_event_init(&event, LOG_OOM_TOLD);
    event.stamp.wall_us = told->wall_us;
    event.stamp.place =
        (struct klog_place){b->p->state->klog_file, told->line ? told->line : b->place.line};
    event.limit = told->limit;
    snprintf(event.killer, sizeof(event.killer), "%s", told->killer);
    if (told->scope)
        event.task_memcg = xstrdup(told->scope);
    if (told->comm)
        snprintf(event.comm, sizeof(event.comm), "%s", told->comm);
    event.words = span_dup(span_trim(told->words));
    vec_push(&s->log, event);
}

struct container_view container_unknown(void)
{
    return (struct container_view){.exit_code = UNKNOWN,
                                   .restarts = UNKNOWN,
                                   .limit = UNKNOWN,
                                   .request = UNKNOWN,
                                   .blocks_read = UNKNOWN};
}

void block_container(struct block *b, const struct container_view *c)
{
    struct snapshot *s = &b->p->s;

    if (s->containers.count < CONTAINERS_MAX)
        vec_push(&s->containers, *c);
}

void block_rate(struct block *b, enum counter counter, double per_s)
{
    if (!isnan(per_s) && per_s >= 0 && per_s < 1e12) {
        b->p->state->rates.per_s[counter] = per_s;
        b->p->state->rates_from |= FORMAT_BIT(b->format);
    }
}

void block_interval(struct block *b, double seconds)
{
    if (seconds > 0 && seconds < 1e8) {
        b->p->state->rates.interval_s = seconds;
        b->p->s.interval_untold = false;
    }
}

void block_iowait(struct block *b, double percent)
{
    if (percent >= 0 && percent <= 100)
        b->p->state->rates.iowait = percent;
}

void block_cpu(struct block *b, double iowait, double steal)
{
    struct snapshot *s = &b->p->s;

    if (iowait >= 0)
        s->iowait_told = MIN(iowait, 100.0);
    if (steal >= 0)
        s->steal_told = MIN(steal, 100.0);
    if ((iowait >= 0 || steal >= 0) && b->format < NR_FORMATS)
        snprintf(s->cpu_from, sizeof(s->cpu_from), "%s", paste_format_names[b->format]);
}

/* --- amounts ---------------------------------------------------------------------------------- */

bool decimal_take(struct span *line, double *ret)
{
    struct span rest = *line;
    double value = 0, scale = 1;
    bool any = false;

    span_skip_blanks(&rest);
    for (; !span_empty(rest) && (is_digit(*rest.at) || *rest.at == '.' || *rest.at == ',');
         rest.at++) {
        if (is_digit(*rest.at)) {
            value = value * 10 + (*rest.at - '0');
            scale *= scale > 1 ? 10 : 1;
            any = true;
        } else if (rest.at + 1 < rest.end && is_digit(rest.at[1])) {
            /* "1,234,567" and "1.234.567": a mark with three digits before another mark groups; the
             * last one is decimal. */
            struct span ahead = {rest.at + 1, rest.end};
            unsigned digits = 0;

            while (!span_empty(ahead) && is_digit(*ahead.at)) {
                ahead.at++;
                digits++;
            }
            if (digits == 3 && !span_empty(ahead) && (*ahead.at == ',' || *ahead.at == '.'))
                continue;
            if (scale > 1)
                continue;
            /* The scale counts the digits that follow. */
            for (rest.at++; !span_empty(rest) && is_digit(*rest.at); rest.at++) {
                value = value * 10 + (*rest.at - '0');
                scale *= 10;
            }
            break;
        } else {
            break;
        }
    }
    if (!any)
        return false;
    *ret = value / scale;
    line->at = rest.at;
    return true;
}

/* What a unit multiplies by; 0 for a letter that is none. Lower and upper case mean the same in
 * these tools. */
/* "27.94 GiB. (MEMORY_LIMIT_EXCEEDED)" */
static bool ends_sentence(struct span rest)
{
    return !span_empty(rest) && *rest.at == '.' &&
           (rest.at + 1 == rest.end || is_blank(rest.at[1]));
}

static double unit_of(struct span *rest, u64 bare)
{
    static const char letters[] = "bkmgtpe";
    static const double factors[] = {1,
                                     1024.0,
                                     1024.0 * 1024,
                                     1024.0 * 1024 * 1024,
                                     1024.0 * 1024 * 1024 * 1024,
                                     1024.0 * 1024 * 1024 * 1024 * 1024,
                                     1024.0 * 1024 * 1024 * 1024 * 1024 * 1024};
    struct span after = *rest;
    const char *letter;
    char c;

    if (!span_empty(after) && is_blank(*after.at))
        after.at++;
    if (span_empty(after))
        return (double)bare;
    c = *after.at >= 'A' && *after.at <= 'Z' ? (char)(*after.at + 32) : *after.at;
    letter = c ? strchr(letters, c) : NULL;
    if (!letter)
        return (double)bare;
    after.at++;
    if (!span_empty(after) && (*after.at == 'i' || *after.at == 'I'))
        after.at++;
    if (!span_empty(after) && (*after.at == 'B' || *after.at == 'b') && *letter != 'b')
        after.at++;
    /* "1.2 java" has no unit: a unit ends its word. */
    if (!span_empty(after) && !is_blank(*after.at) && *after.at != ',' && *after.at != '/' &&
        *after.at != ')' && *after.at != '(' && *after.at != '+' && *after.at != ';' &&
        *after.at != ']' && *after.at != '"' && !ends_sentence(after))
        return (double)bare;
    rest->at = after.at;
    return factors[letter - letters];
}

bool amount_take(struct span *line, u64 unit, u64 *ret)
{
    struct span rest = *line;
    double value;

    if (!decimal_take(&rest, &value))
        return false;
    /* "107. GiB", as numpy prints three digits. */
    if (rest.at + 2 < rest.end && *rest.at == '.' && is_blank(rest.at[1])) {
        struct span behind = {rest.at + 1, rest.end};

        if (unit_of(&behind, 0) > 0)
            rest.at++;
    }
    value *= unit_of(&rest, unit);
    if (!(value >= 0 && value < BYTES_MAX))
        return false;
    *ret = (u64)(value + 0.5);
    line->at = rest.at;
    return true;
}

bool amount_of(struct span word, u64 unit, u64 *ret)
{
    struct span rest = word;
    u64 value;

    if (!amount_take(&rest, unit, &value) || !span_empty(span_trim(rest)))
        return false;
    *ret = value;
    return true;
}

/* --- words ------------------------------------------------------------------------------------ */

bool words_begin(struct span line, const char *words)
{
    struct span want = span_of(words, strlen(words)), a, b;

    while (span_take_word(&want, &a)) {
        if (!span_take_word(&line, &b) || span_len(a) != span_len(b) ||
            memcmp(a.at, b.at, span_len(a)) != 0)
            return false;
    }
    return true;
}

bool words_have(struct span line, const char *words)
{
    struct span want = span_of(words, strlen(words)), a, b;

    while (span_take_word(&want, &a)) {
        do {
            if (!span_take_word(&line, &b))
                return false;
        } while (span_len(a) != span_len(b) || memcmp(a.at, b.at, span_len(a)) != 0);
    }
    return true;
}

void fields_split(struct span line, struct fields *ret)
{
    struct span word;

    ret->count = 0;
    while (ret->count < FIELDS_MAX && span_take_word(&line, &word))
        ret->at[ret->count++] = word;
}

unsigned fields_find(const struct fields *head, const char *name)
{
    for (unsigned i = 0; i < head->count; i++)
        if (span_is(head->at[i], name))
            return i;
    return FIELDS_MAX;
}

struct span skip_grep(struct span line, struct span *ret_path)
{
    struct span rest = line, head;
    u64 number;

    *ret_path = span_of("", 0);
    span_skip_blanks(&rest);
    if (span_take_u64(&rest, &number) && !span_empty(rest) && (*rest.at == ':' || *rest.at == '-'))
        return (struct span){rest.at + 1, rest.end};
    rest = line;
    span_skip_blanks(&rest);
    if (!span_take_until(&rest, ':', &head) || memchr(head.at, ' ', span_len(head)))
        return line;
    if (!memchr(head.at, '/', span_len(head)) && !memchr(head.at, '.', span_len(head)))
        return line;
    *ret_path = head;
    return rest;
}

u64 amount_after(struct span line, const char *key)
{
    const char *at = span_find(line, key);
    struct span rest = {at ? at + strlen(key) : line.end, line.end};
    u64 value;

    if (!at)
        return UNKNOWN;
    if (span_begins(rest, "infinity"))
        return NO_LIMIT;
    return amount_take(&rest, 1, &value) ? value : UNKNOWN;
}

void grep_strip(struct span text, struct strbuf *out)
{
    struct span line, path;

    while (span_take_line(&text, &line)) {
        line = skip_grep(line, &path);
        strbuf_append_bytes(out, line.at, span_len(line));
        strbuf_appendc(out, '\n');
    }
}

bool path_ends(struct span path, const char *name)
{
    const char *slash = span_empty(path) ? NULL : memrchr(path.at, '/', span_len(path));
    struct span base = {slash ? slash + 1 : path.at, path.end};

    return span_is(base, name);
}

bool named_number_take(struct span line, struct span *name, u64 *value)
{
    struct span path;

    line = skip_grep(line, &path);
    return span_take_word(&line, name) && span_take_u64(&line, value) &&
           span_empty(span_trim(line)) && !is_digit(*name->at);
}

u64 named_number(struct span text, const char *key)
{
    struct span line, name;
    u64 value;

    while (span_take_line(&text, &line))
        if (named_number_take(line, &name, &value) && span_is(name, key))
            return value;
    return UNKNOWN;
}

unsigned block_file_plain(struct block *b, const char *path, struct span text)
{
    struct strbuf plain;
    unsigned rc;

    strbuf_init(&plain);
    grep_strip(text, &plain);
    rc = block_file(b, path, span_of_buf(&plain));
    strbuf_done(&plain);
    return rc;
}
