/* cut.c - lines that lost their newlines on the way: glued by a page, written as "\n" in JSON, as
 * tags in HTML, as CR alone.
 *
 *   {"id": 7, "body": "Hello,\nfree says\n       total ..."}     JSON that is no line of a log
 *   <p>free:</p><pre>  total   used<br>Mem: ...</pre>           HTML
 *   [193.106468] memory: usage 5kB[193.106478] swap: ...        messages of dmesg or syslog, one
 *   behind the other
 *
 * A line is taken apart where what it is made of shows; what stands in it is for the others to
 * read.
 */
#include "paste/state_int.h"

#include <ctype.h>
#include <stdio.h>

/* Fewer are a format string, or a message of two lines. */
#define ESCAPED_MIN  3
#define MESSAGE_MIN  60
#define TAG_LONGEST  200
/* A host's name, a state and an exit code. */
#define ANSIBLE_HEAD 200

/* --- "\n" ------------------------------------------------------------------------------------- */

/* Newlines with something behind them. */
static bool has_escaped(struct span line)
{
    const char *at = line.at;
    unsigned count = 0;

    while ((at = memchr(at, '\\', (size_t)(line.end - at))) && at + 2 < line.end) {
        count += at[1] == 'n' && at[2] != '"' && at[2] != '\'';
        if (count >= ESCAPED_MIN)
            return true;
        at += 2;
    }
    return false;
}

static bool take_code(struct span *rest, u32 *ret)
{
    u32 code = 0;

    for (unsigned i = 0; i < 4; i++) {
        char c = rest->at + i < rest->end ? rest->at[i] : '\0';
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return false;
        code = code << 4 | (u32)digit;
    }
    rest->at += 4;
    *ret = code;
    return true;
}

static void unescape(struct span line, struct strbuf *out)
{
    static const char names[] = "nrtbf", bytes[] = "\n\r\t  ";

    for (; line.at < line.end; line.at++) {
        const char *name;
        struct span rest;
        u32 code;

        if (*line.at != '\\' || line.at + 1 == line.end) {
            strbuf_appendc(out, *line.at);
            continue;
        }
        line.at++;
        rest = (struct span){line.at + 1, line.end};
        name = *line.at ? strchr(names, *line.at) : NULL;
        if (name) {
            strbuf_appendc(out, bytes[name - names]);
        } else if (*line.at == 'u' && take_code(&rest, &code)) {
            strbuf_appendc(out, code >= ' ' && code < 0x7f ? (char)code : ' ');
            line.at = rest.at - 1;
        } else {
            strbuf_appendc(out, *line.at);
        }
    }
}

/* "web1 | CHANGED | rc=0 | (stdout) total used free\nMem: ..." of ansible -o: the host's line, and
 * the output below it. */
static bool split_ansible(struct span line, struct strbuf *out)
{
    static const char mark[] = " | (stdout) ";
    size_t head = MIN(span_len(line), (size_t)ANSIBLE_HEAD);
    const char *at = memchr(line.at, '|', head);

    if (!at || !(at = span_find((struct span){line.at, line.at + head}, mark)) ||
        !span_find((struct span){line.at, at}, " | rc="))
        return false;
    strbuf_append_bytes(out, line.at, (size_t)(at - line.at));
    strbuf_append(out, " >>\n");
    unescape((struct span){at + strlen(mark), line.end}, out);
    return true;
}

/* --- CR --------------------------------------------------------------------------------------- */

/* A CR with something behind it: the others end the line, with the newline. */
static bool has_returns(struct span line)
{
    const char *at = memchr(line.at, '\r', span_len(line));

    while (at && at < line.end && *at == '\r')
        at++;
    return at && at < line.end;
}

static void split_returns(struct span line, struct strbuf *out)
{
    for (; line.at < line.end; line.at++)
        strbuf_appendc(out, *line.at == '\r' ? '\n' : *line.at);
}

/* --- HTML ------------------------------------------------------------------------------------- */

struct tag {
    const char *name;
    char text; /* what stands in its place; '\0': nothing */
};

static const struct tag tags[] = {
    {"br", '\n'},         {"p", '\n'},    {"pre", '\n'}, {"div", '\n'},   {"li", '\n'},
    {"tr", '\n'},         {"ul", '\n'},   {"ol", '\n'},  {"td", ' '},     {"th", ' '},
    {"code", '\0'},       {"span", '\0'}, {"b", '\0'},   {"i", '\0'},     {"em", '\0'},
    {"strong", '\0'},     {"font", '\0'}, {"a", '\0'},   {"table", '\n'}, {"tbody", '\n'},
    {"blockquote", '\n'},
};

/* "<br>", "</p>", "<pre class="x">", and "&lt;br&gt;" of a page within a page: what stands in its
 * place. */
static const struct tag *take_tag(struct span *rest)
{
    struct span near = {rest->at, rest->at + MIN(span_len(*rest), (size_t)TAG_LONGEST)};
    bool escaped = span_begins(*rest, "&lt;");
    const char *end = escaped ? span_find(near, "&gt;") : memchr(near.at, '>', span_len(near));
    struct span name = {rest->at + (escaped ? strlen("&lt;") : 1), end};

    if (!end || end <= name.at || (!escaped && *rest->at != '<'))
        return NULL;
    if (*name.at == '/')
        name.at++;
    for (const char *at = name.at; at < end; at++)
        if (is_blank(*at) || *at == '/') {
            name.end = at;
            break;
        }
    for (unsigned i = 0; i < ARRAY_SIZE(tags); i++)
        if (span_is(name, tags[i].name)) {
            rest->at = end + (escaped ? strlen("&gt;") : 1);
            return &tags[i];
        }
    return NULL;
}

/* Is there anything but tags behind the one that ends at `rest`? */
static bool has_text(struct span rest)
{
    for (span_skip_blanks(&rest); !span_empty(rest); span_skip_blanks(&rest))
        if (!take_tag(&rest))
            return true;
    return false;
}

/* Where the next tag may begin; NULL. */
static const char *next_tag(const char *at, const char *end)
{
    const char *open = memchr(at, '<', (size_t)(end - at)),
               *escaped = memchr(at, '&', (size_t)(end - at));

    return !open || (escaped && escaped < open) ? escaped : open;
}

/* A tag that breaks the line, with text beside it: what stands alone line.c knows. */
static bool has_tags(struct span line)
{
    const char *at = line.at;
    bool text = false; /* before the tag */

    while ((at = next_tag(at, line.end))) {
        struct span rest = {at, line.end};
        const struct tag *tag = take_tag(&rest);

        text |= !span_empty(span_trim((struct span){line.at, at}));
        if (tag && tag->text == '\n' && (text || has_text(rest)))
            return true;
        at++;
    }
    return false;
}

static void strip_tags(struct span line, struct strbuf *out)
{
    while (!span_empty(line)) {
        const struct tag *tag = strchr("<&", *line.at) ? take_tag(&line) : NULL;

        if (!tag)
            strbuf_appendc(out, *line.at++);
        else if (tag->text)
            strbuf_appendc(out, tag->text);
    }
}

/* --- messages --------------------------------------------------------------------------------- */

/* "[34718.499313] " */
static bool is_uptime(struct span text)
{
    struct span rest = text;
    u64 seconds, us;

    return span_take(&rest, "[") && span_take_u64(&rest, &seconds) && span_take(&rest, ".") &&
           rest.end - rest.at > 8 && !is_blank(*rest.at) && span_take_u64(&rest, &us) &&
           span_begins(rest, "] ");
}

static const char *next_uptime(struct span line)
{
    for (const char *at = line.at + 1; (at = memchr(at, '[', (size_t)(line.end - at))); at++)
        if (is_uptime((struct span){at, line.end}))
            return at;
    return NULL;
}

/* "Nov 29 03:00:00 db kernel: ": where the same host and "kernel:" come again, behind a date. */
static const char *next_dated(struct paste_state *st, struct span line)
{
    struct prefix_log dates = st->dates;
    struct prefix prefix;
    struct span mark, rest;
    char text[96];
    size_t date;

    prefix_take(line, &dates, &prefix);
    if (!prefix.is_kernel || prefix.wall_us == UNKNOWN || span_empty(prefix.host) ||
        prefix.host.at < line.at || span_len(prefix.host) > 64)
        return NULL;
    mark = (struct span){prefix.host.at, prefix.message.at};
    date = (size_t)(prefix.host.at - line.at);
    snprintf(text, sizeof(text), "%.*s kernel:", (int)span_len(prefix.host), prefix.host.at);
    if (!span_begins(mark, text))
        return NULL;
    rest = (struct span){prefix.message.at, line.end};
    for (const char *at; (at = span_find(rest, text)); rest.at = at + 1) {
        struct span again = {at - date, line.end};

        if ((size_t)(at - prefix.message.at) < date)
            continue;
        prefix_take(again, &dates, &prefix);
        if (prefix.is_kernel && prefix.wall_us != UNKNOWN)
            return again.at;
    }
    return NULL;
}

/* Quotes, bullets, a mark of byte order: what may stand before the first message. */
#define LEAD_LONGEST 16

static struct span skip_lead(struct span line)
{
    const char *at = line.at, *end = at + MIN(span_len(line), (size_t)LEAD_LONGEST);

    while (at < end && *at != '[' && !isalnum((unsigned char)*at))
        at++;
    return at < end && *at == '[' ? (struct span){at, line.end} : line;
}

static const char *next_message(struct paste_state *st, struct span line, bool is_log)
{
    if (span_len(line) < MESSAGE_MIN)
        return NULL;
    if (is_uptime(skip_lead(line)))
        return next_uptime(skip_lead(line));
    return is_log && prefix_certain(line) ? next_dated(st, line) : NULL;
}

/* Each piece is of the same line of the text. */
static void take_pieces(struct paste *p, struct span line, struct filter kinds)
{
    bool is_log = kinds.log;
    const char *next;

    while ((next = next_message(p->state, line, is_log))) {
        struct span piece = {line.at, next};

        paste_take_line(p, piece, filter_line(piece));
        p->state->line--;
        line.at = next;
        kinds = filter_line(line);
    }
    paste_take_line(p, line, kinds);
}

static void take_text(struct paste *p, struct span text)
{
    struct span line;
    bool any = false;

    while (span_take_line(&text, &line)) {
        if (span_empty(span_trim(line)))
            continue;
        if (any)
            p->state->line--;
        take_pieces(p, line, filter_line(line));
        any = true;
    }
}

/* What a line with marks is in truth, to `st->cut`: nothing when it may stay as it is. */
static void cut_marked(struct paste_state *st, struct span line)
{
    char host[64], program[64];
    struct prefix prefix;

    if (span_len(line) < MESSAGE_MIN) {
        struct span text = span_trim(line);

        /* "Mem:  7821  7610  88<br>": of short lines only their ends are looked at. */
        if (!span_empty(text) && (strchr(">;", text.end[-1]) || strchr("<&", *text.at)) &&
            has_tags(line))
            strip_tags(line, &st->cut);
    } else if (has_returns(line)) {
        split_returns(line, &st->cut);
    } else if (split_ansible(line, &st->cut)) {
        return;
    } else if (has_escaped(line) && !json_line_take(line, &st->json, &prefix, host, program)) {
        unescape(line, &st->cut);
    } else if (has_tags(line)) {
        strip_tags(line, &st->cut);
    }
}

void cut_line(struct paste *p, struct span line)
{
    struct paste_state *st = p->state;
    struct filter kinds = filter_line(line);

    strbuf_reset(&st->cut);
    /* All that is taken apart here has a mark. */
    if (kinds.marked)
        cut_marked(st, line);
    if (st->cut.len)
        take_text(p, span_of_buf(&st->cut));
    else
        take_pieces(p, line, kinds);
}
