/* hosts.c - see hosts.h. */
#include "paste/hosts.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_sign(char c)
{
    return c == '-' || c == '.' || c == '_';
}

bool host_is_name(struct span word)
{
    bool letter = false;

    if (span_empty(word) || span_len(word) > HOST_LONGEST)
        return false;
    for (const char *at = word.at; at < word.end; at++) {
        letter |= is_letter(*at);
        if (!is_letter(*at) && !is_digit(*at) && !is_sign(*at))
            return false;
    }
    return letter && (is_letter(*word.at) || is_digit(*word.at));
}

/* Machines are numbered or have dashes and dots; words of prose, and files of cgroups, are not
 * machines. */
static bool is_certain_name(struct span word)
{
    static const char *const others[] = {"memory.", "cgroup.", "pids.",   "cpu.", "io.",
                                         "free-",   "top-",    "vmstat-", "ps-"};
    bool sign = false;

    for (unsigned i = 0; i < ARRAY_SIZE(others); i++)
        if (span_begins(word, others[i]))
            return false;
    for (const char *at = word.at; at < word.end; at++)
        sign |= is_digit(*at) || *at == '-' || *at == '.';
    return sign;
}

/* One name, whatever marks stand around it. */
static enum host_sign sign_of(struct span text, struct span *ret)
{
    struct span word;

    if (!span_take_word(&text, &word) || !span_empty(span_trim(text)) || !host_is_name(word))
        return HOST_NONE;
    *ret = word;
    return is_certain_name(word) ? HOST_TOLD : HOST_LABEL;
}

static bool is_mark(char c)
{
    return c == '=' || c == '-' || c == '#' || c == '*' || c == ':';
}

/* "== web1 ==", "--- web1 ---", "### web1", "**web1:**" */
static enum host_sign between_marks(struct span text, struct span *ret)
{
    if (span_len(text) < 4 || !is_mark(text.at[0]) ||
        (text.at[1] != text.at[0] && !(text.at[0] == '#' && text.at[1] == ' ')))
        return HOST_NONE;
    while (!span_empty(text) && (is_mark(*text.at) || is_blank(*text.at)))
        text.at++;
    while (!span_empty(text) && (is_mark(text.end[-1]) || is_blank(text.end[-1])))
        text.end--;
    return sign_of(text, ret);
}

/* "web1 | CHANGED | rc=0 >>" */
static bool of_ansible(struct span text, struct span *ret)
{
    static const char *const states[] = {"CHANGED", "SUCCESS", "FAILED", "UNREACHABLE!"};
    struct span rest = text, host, bar, state;

    if (!span_take_word(&rest, &host) || !host_is_name(host) || !span_take_word(&rest, &bar) ||
        !span_is(bar, "|") || !span_take_word(&rest, &state))
        return false;
    for (unsigned i = 0; i < ARRAY_SIZE(states); i++)
        if (span_is(state, states[i])) {
            *ret = host;
            return true;
        }
    return false;
}

/* "[1] 10:01:02 [SUCCESS] web1" of pssh -i */
static bool of_pssh(struct span text, struct span *ret)
{
    struct span rest = text, word;
    u64 number;

    if (!span_take(&rest, "[") || !span_take_u64(&rest, &number) || !span_take(&rest, "]") ||
        !span_take_word(&rest, &word) || !span_take_word(&rest, &word) ||
        (!span_is(word, "[SUCCESS]") && !span_is(word, "[FAILURE]")) ||
        !span_take_word(&rest, &word) || !host_is_name(word))
        return false;
    *ret = word;
    return true;
}

/* "Host: web1", "Server web1" */
static bool behind_word(struct span text, struct span *ret)
{
    static const char *const words[] = {"Host",   "host",   "Hostname", "hostname",
                                        "Server", "server", "Machine",  "machine"};
    struct span rest = text, word, name;

    if (span_empty(text) || !strchr("HhSsMm", *text.at) || !span_take_word(&rest, &word))
        return false;
    if (span_len(word) > 1 && word.end[-1] == ':')
        word.end--;
    while (!span_empty(rest) && (is_blank(rest.end[-1]) || rest.end[-1] == ':'))
        rest.end--;
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (span_is(word, words[i]) && sign_of(rest, &name) == HOST_TOLD) {
            *ret = name;
            return true;
        }
    return false;
}

enum host_sign host_heading(struct span line, struct span *ret_name)
{
    struct span text = span_trim(line), word;
    enum host_sign sign;

    if (span_len(text) < 2 || span_len(text) > 160)
        return HOST_NONE;
    if (is_mark(*text.at) && (sign = between_marks(text, ret_name)) != HOST_NONE)
        return sign;
    if ((memchr(text.at, '|', span_len(text)) && of_ansible(text, ret_name)) ||
        (*text.at == '[' && of_pssh(text, ret_name)) || behind_word(text, ret_name))
        return HOST_TOLD;
    /* "web1:" */
    if (text.end[-1] != ':')
        return HOST_NONE;
    word = (struct span){text.at, text.end - 1};
    return sign_of(word, ret_name);
}

bool host_is_rule(struct span line)
{
    struct span text = span_trim(line);

    for (const char *at = text.at; at < text.end; at++)
        if (*at != '-')
            return false;
    return span_len(text) >= 4;
}

bool host_of_prompt(struct span line, struct span command, struct span *ret_host)
{
    struct span head = {line.at, MIN(MAX(command.at, line.at), line.end)}, host;
    const char *at =
        span_len(head) && span_len(head) <= 160 ? memchr(head.at, '@', span_len(head)) : NULL;

    if (!at)
        return false;
    host = (struct span){at + 1, at + 1};
    while (host.end < head.end &&
           (is_letter(*host.end) || is_digit(*host.end) || is_sign(*host.end)))
        host.end++;
    if (!host_is_name(host))
        return false;
    *ret_host = host;
    return true;
}

bool host_of_ssh(struct span command, struct span *ret_host, bool *ret_stays)
{
    /* Options of ssh(1) that have a word behind them. */
    static const char with_word[] = "BbcDEeFIiJLlmOoPpQRSWw";
    struct span rest = command, word;
    bool found = false;
    const char *at;

    while (!found && span_take_word(&rest, &word))
        found = span_is(word, "ssh");
    if (!found)
        return false;
    while (span_take_word(&rest, &word) && *word.at == '-')
        if (span_len(word) == 2 && strchr(with_word, word.at[1]))
            span_take_word(&rest, &word);
    if (*word.at == '-' || span_is(word, "ssh"))
        return false;
    at = memchr(word.at, '@', span_len(word));
    if (at)
        word.at = at + 1;
    if (!host_is_name(word))
        return false;
    *ret_host = word;
    *ret_stays = span_empty(span_trim(rest));
    return true;
}

bool host_loop(struct span command, struct span *ret_names)
{
    struct span rest = span_trim(command), word;
    const char *end;

    if (!span_take(&rest, "for ") || !span_find(rest, "ssh") || !span_take_word(&rest, &word) ||
        !span_take_word(&rest, &word) || !span_is(word, "in"))
        return false;
    end = memchr(rest.at, ';', span_len(rest));
    *ret_names = (struct span){rest.at, end ? end : rest.at};
    for (const char *at = ret_names->at; at < ret_names->end; at++)
        if (strchr("${}`*", *at))
            ret_names->end = ret_names->at;
    return true;
}

bool host_before_line(struct span line, struct span *ret_host, struct span *ret_rest)
{
    size_t bound = MIN(span_len(line), (size_t)HOST_LONGEST + 1);
    const char *colon = bound ? memchr(line.at, ':', bound) : NULL;
    struct span host;

    if (!colon || colon + 1 >= line.end || !is_blank(colon[1]))
        return false;
    host = (struct span){line.at, colon};
    if (!host_is_name(host))
        return false;
    *ret_host = host;
    *ret_rest = (struct span){colon + 2, line.end};
    return true;
}

bool host_same(const char *a, const char *b)
{
    size_t len = strcspn(a, "."), other = strcspn(b, ".");

    if (strcmp(a, b) == 0)
        return true;
    /* An address has no short name. */
    return len == other && memcmp(a, b, len) == 0 && (a[len] == '\0' || b[other] == '\0') &&
           !is_digit(*a);
}
