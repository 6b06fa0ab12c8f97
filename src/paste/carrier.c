/* carrier.c - what stands around each line of a log and is no logger's that prefix.c knows: columns
 * of a viewer, quotes, bullets, numbers.
 *
 *   "2025-11-29T03:00:00.000Z","db","Mem-Info:"          an export; the message is in quotes
 *   web-7f-x  app  [12345.678901] Mem-Info:              two names of a viewer
 *      17    Mem-Info:                                    cat -n
 *
 * A line whose message opens as only the kernel's do (klog_opens), but behind something, teaches
 * what stands before it: the lead. Lines of the same file that begin with the same lead are read
 * without it. Leads are the same when their marks and words are; for a word that has a digit any
 * other may stand, and blanks may be of any number. What closes the quote that a lead ends in goes,
 * too.
 *
 * Rejected: one rule for each viewer, because there are more of them than anybody knows.
 */
#include "paste/state_int.h"

/* Places in a line where a message may begin. */
#define PLACES_MAX 64

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *word_end(const char *at, const char *end, bool *ret_digit)
{
    *ret_digit = false;
    for (; at < end && is_word(*at); at++)
        *ret_digit |= is_digit(*at);
    return at;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* The line begins with a lead like this one; what follows it. */
static bool has_lead(const struct carrier *c, struct span line, const char **ret_end)
{
    const char *at = line.at, *lead = c->lead, *end = c->lead + c->len;

    while (lead < end) {
        bool digit, other;
        const char *word;

        if (is_blank(*lead)) {
            if (at < line.end && !is_blank(*at) && lead != c->lead)
                return false;
            lead = skip_blanks(lead, end);
            /* Behind the last one the message's own indent may stand. */
            if (lead == end && at < line.end)
                at++;
            else
                at = skip_blanks(at, line.end);
        } else if (is_word(*lead)) {
            word = word_end(lead, end, &digit);
            const char *own = word_end(at, line.end, &other);

            if (own == at || (!digit && (own - at != word - lead ||
                                         memcmp(at, lead, (size_t)(word - lead)) != 0)))
                return false;
            lead = word;
            at = own;
        } else if (*lead == '`' && (at == line.end || *at != '`')) {
            /* A single word stands without it: line_clean() takes it away. */
            lead++;
        } else {
            if (at == line.end || *at != *lead)
                return false;
            lead++;
            at++;
        }
    }
    *ret_end = at;
    return true;
}

/* What closes a message behind such a lead; NULL: nothing. */
static const char *closing(struct span lead)
{
    static const char *const pairs[][2] = {
        {"\"", "\""},
        {"'", "'"},
        {"`", "`"},
        {"|", "|"},
        {"\xe2\x80\x9c", "\xe2\x80\x9d"},
        {"\xe2\x80\x98", "\xe2\x80\x99"},
        {"\xc2\xab", "\xc2\xbb"},
    };

    lead = span_trim(lead);
    for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++)
        if (span_ends(lead, pairs[i][0]))
            return pairs[i][1];
    return NULL;
}

/* Up to the mark that closes it: the last one, where only marks follow, else the first. */
static struct span without_closing(struct span text, const char *mark)
{
    const char *first = NULL, *last = NULL;
    size_t len = strlen(mark);

    for (const char *at = text.at; at + len <= text.end; at++) {
        if (*at == '\\') {
            at++;
        } else if (memcmp(at, mark, len) == 0) {
            first = first ? first : at;
            last = at;
        }
    }
    if (!last)
        return text;
    for (const char *at = last + len; at < text.end; at++)
        if (is_word(*at))
            return (struct span){text.at, first};
    return (struct span){text.at, last};
}

static struct span without_escapes(struct span text, struct strbuf *buf)
{
    if (!memchr(text.at, '\\', span_len(text)))
        return text;
    strbuf_reset(buf);
    for (; text.at < text.end; text.at++) {
        if (*text.at == '\\' && text.at + 1 < text.end && strchr("\"\\/nrt'", text.at[1])) {
            text.at++;
            strbuf_appendc(buf, *text.at == 't'                      ? '\t'
                                : *text.at == 'n' || *text.at == 'r' ? ' '
                                                                     : *text.at);
        } else {
            strbuf_appendc(buf, *text.at);
        }
    }
    return span_of_buf(buf);
}

/* One look: may a message of the kernel's be anywhere in it? */
static bool may_open(struct span line)
{
    static const char *const words[] = {" invoked oom-killer: ",
                                        "ut of memory",
                                        "oom-kill:",
                                        "emory cgroup stats for ",
                                        "oom_reaper: ",
                                        "em-Info:",
                                        "em-info:",
                                        "Tasks state (",
                                        " page allocation failure",
                                        "emory: usage ",
                                        "total_vm",
                                        " swap  =",
                                        "Total swap =",
                                        "oom-killer: gfp"};

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_find(line, words[i]))
            return true;
    return false;
}

/* Does a message open here, behind what loggers write? */
static bool opens_at(const struct paste_state *st, struct span line)
{
    struct prefix_log dates = st->dates;
    struct prefix prefix;

    prefix_take(line, &dates, &prefix);
    return klog_opens(span_trim(prefix.message));
}

static bool is_json_message(struct span line)
{
    char host[64] = "", program[64] = "";
    struct strbuf message;
    struct prefix prefix;
    bool is;

    strbuf_init(&message);
    is = json_line_take(line, &message, &prefix, host, program);
    strbuf_done(&message);
    return is;
}

static void learn(struct paste_state *st, struct span line)
{
    struct span message = line;
    unsigned places = 0;

    span_skip_blanks(&message);
    if (span_empty(message) || opens_at(st, message) || is_json_message(line))
        return;
    for (const char *at = message.at + 1; at < line.end && places < PLACES_MAX; at++) {
        if (is_word(at[-1]) || at[-1] == '\\' || is_blank(*at) || (*at & 0xc0) == 0x80)
            continue;
        if ((size_t)(at - line.at) >= sizeof(st->carrier.lead))
            return;
        places++;
        if (!opens_at(st, (struct span){at, line.end}))
            continue;
        st->carrier.len = (size_t)(at - line.at);
        memcpy(st->carrier.lead, line.at, st->carrier.len);
        st->carrier.closing = closing((struct span){line.at, at});
        return;
    }
}

bool carrier_take(struct paste_state *st, struct span *line)
{
    struct carrier *c = &st->carrier;
    struct prefix_log dates = st->dates;
    const char *end;

    if (st->kinds.log && (!c->len || !has_lead(c, *line, &end)) && may_open(*line))
        learn(st, *line);
    c->taken = c->len && has_lead(c, *line, &end);
    if (!c->taken)
        return false;
    prefix_take((struct span){line->at, end}, &dates, &c->prefix);
    span_copy(c->prefix.host, c->host, sizeof(c->host));
    line->at = end;
    if (c->closing) {
        *line = without_closing(*line, c->closing);
        *line = without_escapes(*line, &st->unescaped);
    }
    return true;
}

bool carrier_has_words(const struct paste_state *st)
{
    const struct carrier *c = &st->carrier;

    for (size_t i = 0; c->taken && i < c->len; i++)
        if (is_word(c->lead[i]))
            return true;
    return false;
}

void carrier_fill(const struct paste_state *st, struct prefix *prefix)
{
    const struct carrier *c = &st->carrier;

    if (!c->taken)
        return;
    if (prefix->wall_us == UNKNOWN && c->prefix.wall_us != UNKNOWN) {
        prefix->wall_us = c->prefix.wall_us;
        prefix->year_guessed = c->prefix.year_guessed;
    }
    if (prefix->at_us == UNKNOWN)
        prefix->at_us = c->prefix.at_us;
    if (span_empty(prefix->host))
        prefix->host = span_of(c->host, strlen(c->host));
}
