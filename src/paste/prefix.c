/* prefix.c - see prefix.h. Elements, tried again and again until none fits:
 *
 *   [   17.319426]   [17.3 <    0.000012>]   [  +0.000010]   [Sep 3 05:57]         dmesg, -d, -e
 *   [Tue Sep  3 05:57:48 2024]   [二 9月  3 05:57:48 2024]   [mar. sept.  3 ...]     dmesg -T in any
 *             language
 *   [2026-07-25T14:23:17.527Z]:                                                    Talos
 *   [T715]   [   C3]   [pod/web-1/app]                                             printk's caller,
 *            kubectl logs --prefix
 *   <6>   <30>1   6,1234,17319426,-;                                               syslog, RFC
 *         5424, /dev/kmsg
 *   kern  :err   :   kern:     err:   kern.err                                     dmesg -x, Talos,
 *         logread
 *   2024-09-03T05:57:48,123456+08:00   1725343068.123456                           iso, unix
 *   Tue 2024-09-03 05:57:48 UTC   Sep  3 05:57:48   9月 03 05:57:48   09-03 05:57:48.123
 *   host kernel:   host prog[12]:   kernel:   host kernel - - -                    tags
 *   stderr F   I0903 05:57:48.1 1 log_monitor.go:160]   New status generated:      CRI, klog,
 *              node-problem-detector
 *   time="..." level=... msg="..."                                                 logfmt
 *   3m21s  Warning  OOMKilling  node/n1                                            kubectl get
 *          events
 *   0 0 E                                                                          logcat
 *   messages-20240101:   412: 412- web_1 | 10.0.0.2: grep, compose, talosctl, before any of these
 */
#include "paste/prefix_int.h"

#include <stdio.h>

#define ELEMENTS_MAX 12

static inline bool known_us(u64 us)
{
    return us != UNKNOWN_US;
}

struct taking {
    struct span rest;
    struct prefix *out;
    struct prefix_log *log;
    bool dated; /* a time of day was there: names may follow */
};

static void note_moment(struct taking *t, struct moment *m)
{
    struct prefix_log *log = t->log;

    if (m->year == 0) {
        if (log->year == 0)
            log->year = log->latest_year;
        else if (m->month < log->month)
            log->year += m->month + 6 < log->month;
        m->year = log->year;
        t->out->year_guessed = true;
    }
    log->year = m->year;
    log->month = m->month;
    t->out->wall_us = moment_wall_us(m);
    t->out->is_log = true;
    t->dated = true;
}

/* --- elements --------------------------------------------------------------------------------- */

static bool element_date(struct taking *t)
{
    struct span rest = t->rest;
    struct moment m;

    if (t->dated || !moment_take_text(&rest, &m))
        return false;
    if (!span_empty(rest) && !is_blank(*rest.at) && *rest.at != ':' && *rest.at != ']')
        return false;
    date_take_char(&rest, ':');
    note_moment(t, &m);
    t->rest = rest;
    return true;
}

/* "1725343068.123456". */
static bool element_epoch(struct taking *t)
{
    struct span rest = t->rest;
    u64 seconds, us;

    if (t->dated || !span_take_u64(&rest, &seconds) || seconds < 1000000000 ||
        seconds > 9999999999 || span_empty(rest) || *rest.at != '.')
        return false;
    us = date_take_fraction(&rest);
    if (span_empty(rest) || !is_blank(*rest.at))
        return false;
    t->out->wall_us = seconds * 1000000 + us;
    t->out->is_log = t->dated = true;
    t->rest = rest;
    return true;
}

/* "09-03 05:57:48.123", logcat's. */
static bool element_logcat(struct taking *t)
{
    struct span rest = t->rest, word;
    struct moment m = {0};
    u64 pid, tid;

    if (t->dated || !date_take_digits(&rest, 2, &m.month) || !date_take_char(&rest, '-') ||
        !date_take_digits(&rest, 2, &m.day) || !date_take_char(&rest, ' ') || m.month < 1 ||
        m.month > 12 || !moment_take_clock(&rest, &m))
        return false;
    if (span_take_u64(&rest, &pid) && span_take_u64(&rest, &tid) && span_take_word(&rest, &word) &&
        span_len(word) == 1) {
        struct span tag = rest;

        /* "lmkd    : Kill ..." */
        if (span_take_word(&tag, &word) && (word.end[-1] == ':' || span_take(&tag, ":")) &&
            !span_begins(word, "[")) {
            t->out->program = word;
            if (word.end[-1] == ':')
                t->out->program.end--;
            rest = tag;
        }
    }
    note_moment(t, &m);
    t->rest = rest;
    return true;
}

/* "17.319426", "17.3 <    0.000012>" within brackets. */
static bool is_uptime(struct span inside, u64 *ret)
{
    u64 seconds, us;

    if (!span_take_u64(&inside, &seconds) || seconds > (u64)1 << 40 || span_empty(inside) ||
        *inside.at != '.')
        return false;
    us = date_take_fraction(&inside);
    span_skip_blanks(&inside);
    if (!span_empty(inside) && *inside.at != '<')
        return false;
    *ret = seconds * 1000000 + us;
    return true;
}

/* "T715", "  C3", "pod/web-1/app", "3:   kswapd0:   90". */
static bool is_caller(struct span inside)
{
    struct span rest = inside;
    u64 number;

    if ((span_take(&rest, "T") || span_take(&rest, "C")) && span_take_u64(&rest, &number) &&
        span_empty(span_trim(rest)))
        return true;
    if (span_begins(inside, "pod/") || span_begins(inside, "talos"))
        return true;
    rest = inside;
    return span_take_u64(&rest, &number) && date_take_char(&rest, ':') && span_find(rest, ":");
}

static bool element_brackets(struct taking *t)
{
    struct span rest = t->rest, inside, text;
    struct moment m;
    u64 us;

    if (!date_take_char(&rest, '[') || !span_take_until(&rest, ']', &inside) ||
        span_len(inside) > 80)
        return false;
    text = inside;
    span_skip_blanks(&text);
    if (is_uptime(inside, &us)) {
        t->out->at_us = us;
        t->out->is_log = t->out->is_kernel = true;
    } else if (span_begins(text, "+") && is_uptime((struct span){text.at + 1, text.end}, &us)) {
        t->out->is_log = t->out->is_kernel = true;
    } else if (!t->dated && moment_take_text(&text, &m) && span_empty(span_trim(text))) {
        note_moment(t, &m);
        t->dated = true;
        t->out->is_kernel = true;
    } else if (span_begins(inside, "pod/")) {
        t->out->is_log = true;
    } else if (!t->out->is_log || !is_caller(inside)) {
        return false;
    }
    date_take_char(&rest, ':');
    t->rest = rest;
    return true;
}

static bool element_priority(struct taking *t)
{
    struct span rest = t->rest;
    u64 priority, version;

    if (!date_take_char(&rest, '<') || !span_take_u64(&rest, &priority) || priority > 191 ||
        !date_take_char(&rest, '>'))
        return false;
    /* RFC 5424: "<30>1 2024-..." */
    if (span_len(rest) > 2 && rest.at[0] == '1' && rest.at[1] == ' ')
        span_take_u64(&rest, &version);
    t->out->is_log = true;
    t->rest = rest;
    return true;
}

static bool element_kmsg(struct taking *t)
{
    struct span rest = t->rest, header;
    u64 priority, sequence, us;

    if (span_empty(rest) || !is_digit(*rest.at) || !span_take_until(&rest, ';', &header) ||
        span_len(header) > 128 || !span_take_u64(&header, &priority) ||
        !date_take_char(&header, ',') || !span_take_u64(&header, &sequence) ||
        !date_take_char(&header, ',') || !span_take_u64(&header, &us))
        return false;
    t->out->at_us = us;
    t->out->is_log = t->out->is_kernel = true;
    t->rest = rest;
    return true;
}

static bool is_facility(struct span word)
{
    static const char *const names[] = {"kern",     "user",   "mail",   "daemon", "auth",
                                        "syslog",   "lpr",    "news",   "uucp",   "cron",
                                        "authpriv", "ftp",    "local0", "local1", "local2",
                                        "local3",   "local4", "local5", "local6", "local7"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(word, names[i]))
            return true;
    return false;
}

static bool is_level(struct span word)
{
    static const char *const names[] = {"emerg", "alert",   "crit",   "err",  "error",
                                        "warn",  "warning", "notice", "info", "debug"};

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (span_is(word, names[i]))
            return true;
    return false;
}

/* "kern  :err   :", "kern:     err:", "kern.err". */
static bool element_facility(struct taking *t)
{
    struct span rest = t->rest, word, level;
    const char *at = rest.at;

    while (at < rest.end && at - rest.at < 12 && ((*at >= 'a' && *at <= 'z') || is_digit(*at)))
        at++;
    word = (struct span){rest.at, at};
    if (!is_facility(word))
        return false;
    rest.at = at;
    span_skip_blanks(&rest);
    if (!date_take_char(&rest, ':') && !date_take_char(&rest, '.'))
        return false;
    span_skip_blanks(&rest);
    at = rest.at;
    while (at < rest.end && *at >= 'a' && *at <= 'z')
        at++;
    level = (struct span){rest.at, at};
    if (!is_level(level))
        return false;
    rest.at = at;
    span_skip_blanks(&rest);
    date_take_char(&rest, ':');
    t->out->is_log = true;
    t->out->is_kernel |= span_is(word, "kern");
    t->rest = rest;
    return true;
}

/* CRI's "stderr F". */
static bool element_stream(struct taking *t)
{
    struct span rest = t->rest;

    if (!t->dated || (!span_take(&rest, "stderr ") && !span_take(&rest, "stdout ")) ||
        (!span_take(&rest, "F") && !span_take(&rest, "P")) || span_empty(rest) || *rest.at != ' ')
        return false;
    rest.at++;
    t->dated = false; /* the message may have a date of its own */
    t->rest = rest;
    return true;
}

/* "In(05) vcpu-5 - Guest: ", "vcpu-0| I125: Guest: ": what a hypervisor logs of its guest's
 * console. */
static bool element_guest(struct taking *t)
{
    static const char mark[] = " Guest: ";
    const char *at = t->dated ? span_find(t->rest, mark) : NULL;

    if (!at || at - t->rest.at > 40 || at == t->rest.at || (at[-1] != '-' && at[-1] != ':'))
        return false;
    t->rest.at = at + strlen(mark);
    t->dated = false; /* the message may have a date of its own */
    return true;
}

/* "I0903 05:57:48.123456       1 log_monitor.go:160] ". */
static bool element_klog(struct taking *t)
{
    struct span rest = t->rest, word;
    struct moment m = {0};
    int month, day;
    u64 thread;

    if (span_empty(rest) || !strchr("IWEF", *rest.at) || *rest.at == '\0')
        return false;
    rest.at++;
    if (!date_take_digits(&rest, 2, &month) || !date_take_digits(&rest, 2, &day) || month < 1 ||
        month > 12 || !moment_take_clock(&rest, &m) || !span_take_u64(&rest, &thread) ||
        !span_take_until(&rest, ']', &word) || span_len(word) > 60)
        return false;
    m.month = month;
    m.day = day;
    if (!t->dated)
        note_moment(t, &m);
    t->out->is_log = true;
    span_take(&rest, "New status generated:");
    t->rest = rest;
    return true;
}

/* "time="..." level=info msg="..."": the message is what is quoted. */
static bool element_logfmt(struct taking *t)
{
    struct span rest = t->rest, text;
    const char *message;
    struct moment m;

    if (!span_begins(rest, "time=") && !span_begins(rest, "ts=") && !span_begins(rest, "level="))
        return false;
    message = span_find(rest, " msg=\"");
    if (!message)
        return false;
    text = rest;
    if (span_take(&text, "time=\"") || span_take(&text, "time=")) {
        m = (struct moment){0};
        if (!t->dated && moment_take_iso(&text, &m))
            note_moment(t, &m);
    }
    rest.at = message + strlen(" msg=\"");
    for (const char *at = rest.at; at < rest.end; at++) {
        if (*at == '\\') {
            at++;
        } else if (*at == '"') {
            /* err="...": what went wrong stands behind what was tried, and is of the message. */
            if (!span_find((struct span){at, rest.end}, " err"))
                rest.end = at;
            break;
        }
    }
    t->out->is_log = true;
    t->rest = rest;
    return true;
}

/* "3m21s Warning OOMKilling node/node1 message" of kubectl get events; with a namespace in front,
 * too. */
static bool element_event(struct taking *t)
{
    struct span rest = t->rest, word, reason, object;
    unsigned words = 0;

    while (words++ < 3 && span_take_word(&rest, &word)) {
        if (!span_is(word, "Warning") && !span_is(word, "Normal"))
            continue;
        if (!span_take_word(&rest, &reason) || !span_take_word(&rest, &object))
            return false;
        if (!memchr(object.at, '/', span_len(object)))
            return false;
        t->out->is_log = true;
        t->out->host = object;
        t->rest = rest;
        return true;
    }
    return false;
}

static bool is_name(struct span word)
{
    for (const char *at = word.at; at < word.end; at++)
        if (*at == '=' || *at == '"' || *at == '(' || *at == '{')
            return false;
    return !span_empty(word);
}

static void set_program(struct taking *t, struct span tag)
{
    const char *bracket = memchr(tag.at, '[', span_len(tag));

    /* "heroku[web.1]": whose process it is stands in the brackets, where others have a number. */
    if (span_begins(tag, "heroku[") && span_ends(tag, "]"))
        tag = (struct span){bracket + 1, tag.end - 1};
    else if (bracket && bracket > tag.at)
        tag.end = bracket;
    t->out->program = tag;
    t->out->is_kernel |= span_is(tag, "kernel");
}

/* "kernel: ", "host kernel: ", "host prog[12]: ", "host kernel - - - ". Names follow a time;
 * "kernel:" stands by itself, too. */
static bool element_tag(struct taking *t)
{
    struct span rest = t->rest, first, second;
    struct span after;

    if (!span_take_word(&rest, &first) || !is_name(first) || !span_empty(t->out->program))
        return false;
    if (span_is(first, "kernel:") || span_is(first, "kernel[-]:")) {
        set_program(t, (struct span){first.at, first.at + 6});
        t->out->is_log = true;
        t->rest = rest;
        return true;
    }
    /* A kernel's message may begin with a word and a colon; what has a tag has a date, and no time
     * since boot yet. */
    if (t->dated && !known_us(t->out->at_us) && span_len(first) > 1 && first.end[-1] == ':' &&
        (span_find(first, "]:") || !t->out->is_kernel)) {
        set_program(t, (struct span){first.at, first.end - 1});
        t->rest = rest;
        return true;
    }
    after = rest;
    if (!span_take_word(&after, &second) || !is_name(second))
        return false;
    if (span_is(second, "kernel:") || (t->dated && !t->out->is_kernel && span_len(second) > 1 &&
                                       second.end[-1] == ':' && span_len(first) < 80)) {
        t->out->host = first;
        set_program(t, (struct span){second.at, second.end - 1});
        t->out->is_log = true;
        t->rest = after;
        return true;
    }
    /* RFC 5424: host app procid msgid structured-data */
    if (t->dated) {
        struct span word, tail = after;
        unsigned dashes = 0, words = 0;

        for (; words < 3 && span_take_word(&tail, &word); words++)
            dashes += span_is(word, "-");
        if (words == 3 && dashes >= 2 && !span_begins(first, "[")) {
            t->out->host = first;
            set_program(t, second);
            t->rest = tail;
            return true;
        }
        /* "host kernel message" */
        if (span_is(second, "kernel")) {
            t->out->host = first;
            set_program(t, second);
            t->rest = after;
            return true;
        }
    }
    return false;
}

typedef bool element_fn(struct taking *t);

static element_fn *const elements[] = {
    element_brackets, element_priority, element_kmsg,   element_date,  element_epoch,
    element_logcat,   element_facility, element_stream, element_guest, element_klog,
    element_logfmt,   element_event,    element_tag,
};

static bool take_element(struct taking *t)
{
    struct span before = t->rest;

    span_skip_blanks(&t->rest);
    for (unsigned i = 0; i < ARRAY_SIZE(elements); i++) {
        struct span tagged = t->rest;

        if (!elements[i](t))
            continue;
        if (elements[i] == element_tag)
            t->out->untagged = tagged;
        return true;
    }
    t->rest = before;
    return false;
}

/* "messages-20240101:", "412:", "412-", "000123:", "web_1 |", "10.0.0.2:" before what a logger
 * writes. */
static bool skip_finder(struct taking *t)
{
    struct span rest = t->rest;

    for (unsigned pieces = 0; pieces < 3; pieces++) {
        const char *at = rest.at;
        struct taking trial = *t;

        while (at < rest.end && at - rest.at < 200 && *at != ':' && *at != '|' && *at != ' ' &&
               !(*at == '-' && at > rest.at && is_digit(*rest.at) && is_digit(at[-1])))
            at++;
        if (at < rest.end && *at == ' ') {
            while (at < rest.end && *at == ' ')
                at++;
            if (at == rest.end || *at != '|')
                return false;
        }
        if (at == rest.end || at == rest.at || at - rest.at >= 200)
            return false;
        rest.at = at + 1;

        struct prefix out = *t->out;
        struct prefix_log log = *t->log;

        trial.rest = rest;
        trial.out = &out;
        trial.log = &log;
        span_skip_blanks(&trial.rest);
        if (element_brackets(&trial) || element_priority(&trial) || element_date(&trial) ||
            element_facility(&trial) || element_kmsg(&trial) || element_logcat(&trial) ||
            element_klog(&trial) || element_epoch(&trial)) {
            t->rest = rest;
            return true;
        }
    }
    return false;
}

/* "web_1  | ", "api-1  | ": compose puts the container in front of whatever it says. */
static bool skip_container(struct taking *t)
{
    struct span name, rest = t->rest;

    if (!span_take_word(&rest, &name) || span_len(name) < 3 || span_len(name) > 80 ||
        !is_digit(name.end[-1]) ||
        !(memchr(name.at, '_', span_len(name)) || memchr(name.at, '-', span_len(name))))
        return false;
    span_skip_blanks(&rest);
    if (!date_take_char(&rest, '|') || (!span_empty(rest) && *rest.at != ' '))
        return false;
    t->out->is_log = true;
    t->rest = rest;
    return true;
}

void prefix_take(struct span line, struct prefix_log *log, struct prefix *ret)
{
    struct taking t = {.rest = line, .out = ret, .log = log};

    *ret = (struct prefix){.host = {line.at, line.at},
                           .program = {line.at, line.at},
                           .untagged = {line.at, line.at},
                           .at_us = UNKNOWN_US,
                           .wall_us = UNKNOWN_US};
    if (!take_element(&t)) {
        if (skip_finder(&t))
            take_element(&t);
        else
            skip_container(&t);
    }
    for (unsigned i = 0; i < ELEMENTS_MAX && ret->is_log && take_element(&t); i++)
        ;
    /* One blank belongs to the logger, the others to the message: indent has a meaning in
     * reports. */
    if (ret->is_log && !span_empty(t.rest) && *t.rest.at == ' ')
        t.rest.at++;
    ret->message = t.rest;
    if (span_empty(ret->program))
        ret->untagged = t.rest;
}

/* A letter of any script. */
static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

/* "5m32s Normal Pulled pod/web-1 ...", with a namespace in front or not, and the head of such
 * rows. */
static bool is_event_row(struct span line)
{
    struct span rest = line, age = rest, word = rest;

    if (*line.at == 'L' || *line.at == 'N')
        if (span_begins(line, "LAST SEEN") || span_begins(line, "NAMESPACE"))
            return span_find(line, "REASON") != NULL;
    for (unsigned i = 0; i < 3 && span_take_word(&rest, &word); i++) {
        if (i > 0 && (span_is(word, "Normal") || span_is(word, "Warning")))
            return is_digit(*age.at) && strchr("smhd", age.end[-1]);
        age = word;
        /* The age is the first word or the second one; most lines have it nowhere. */
        span_skip_blanks(&rest);
        if (!is_digit(*age.at) && (span_empty(rest) || !is_digit(*rest.at)))
            return false;
    }
    return false;
}

bool prefix_likely(struct span line)
{
    struct span rest = line;
    bool likely = false;

    span_skip_blanks(&rest);
    if (span_len(rest) < 8)
        return false;
    if (*rest.at == '[' || *rest.at == '{')
        return true;
    if (*rest.at == '<')
        likely = is_digit(rest.at[1]);
    else if (is_digit(*rest.at))
        likely = is_digit(rest.at[1]) &&
                 (rest.at[2] == '-' || rest.at[4] == '-' || rest.at[4] == ' ' || rest.at[4] == '/');
    /* "Nov 25", "Nov  5", "Tue Nov", "kern.err" */
    else if (is_letter(rest.at[0]) && rest.at[3] == ' ')
        likely = is_digit(rest.at[4]) || is_digit(rest.at[5]) || rest.at[7] == ' ';
    else if (is_letter(rest.at[0]))
        likely = is_digit(rest.at[1]) || (*rest.at == 'k' && span_begins(rest, "kern"));
    return likely || is_event_row(rest);
}

bool prefix_certain(struct span line)
{
    const char *at = line.at;
    size_t len = span_len(line);

    if (len < 20)
        return false;
    if (is_letter(at[0]) && at[3] == ' ')
        return at[6] == ' ' && at[9] == ':' && at[12] == ':';
    if (is_digit(at[0]))
        return at[4] == '-' && at[7] == '-' && at[13] == ':' && at[16] == ':';
    if (at[0] != '[')
        return false;
    for (at++; at < line.end && (*at == ' ' || is_digit(*at)); at++)
        ;
    return at < line.end && *at == '.' && at - line.at < 16;
}
