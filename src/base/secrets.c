/* secrets.c - every rule marks bytes of the command line; at the end each run of marked bytes is
 * written as "***".
 *
 *     mysql -u root -pTIGER db          a letter of a known program, with its value attached or next
 *     app --db-password=x --token y     an option whose name tells, with its value attached or next
 *     PGPASSWORD=x  a=1&password=x      NAME=VALUE, alone or within a word
 *     'Authorization: Bearer x'         a header
 *     https://user:x@host               the part of a URL that is nobody's business
 *     AKIA..., ghp_..., eyJ...          what is a key by its form
 *
 * Names are split into their parts (db-password, dbPassword, DB_PASSWORD) and looked up. An
 * argument with blanks in it is a command line of its own (sh -c "..."), unless it is the value of
 * an option.
 */
#include "base/secrets.h"

#include "base/alloc.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MASK "***"

enum pending {
    PENDING_NONE,
    PENDING_VALUE,  /* the next argument is a secret */
    PENDING_PAIR,   /* the next argument is USER:SECRET */
    PENDING_HEADER, /* the next word is a header's value, or its scheme */
};

/* A program whose option letters are known. A name that ends with '*' is a prefix. */
struct tool {
    const char *name;
    const char *values;   /* letters whose value is a secret, attached or next */
    const char *attached; /* letters whose value is a secret, attached only */
    /* letters whose value is USER and a secret; '/': USER/SECRET@HOST without a letter */
    const char *pairs;
    const char *after; /* all that only behind this word; NULL: always */
};

static const struct tool tools[] = {
    {"mysql*", "", "p", "", NULL},        {"mariadb*", "", "p", "", NULL},
    {"mycli", "p", "", "", NULL},         {"curl", "b", "", "uUE", NULL},
    {"sshpass", "p", "", "", NULL},       {"redis-cli", "a", "", "", NULL},
    {"valkey-cli", "a", "", "", NULL},    {"mongo*", "p", "", "", NULL},
    {"cqlsh", "p", "", "", NULL},         {"ldap*", "w", "", "", NULL},
    {"ipmitool", "P", "", "", NULL},      {"sqlcmd", "P", "", "", NULL},
    {"bcp", "P", "", "", NULL},           {"tsql", "P", "", "", NULL},
    {"mosquitto_*", "P", "", "", NULL},   {"smbclient", "", "", "U", NULL},
    {"rpcclient", "", "", "U", NULL},     {"winexe", "", "", "U", NULL},
    {"zip", "P", "", "", NULL},           {"unzip", "P", "", "", NULL},
    {"7z*", "", "p", "", NULL},           {"rar", "", "p", "", NULL},
    {"unrar", "", "p", "", NULL},         {"snmp*", "cAX", "", "", NULL},
    {"openssl", "kK", "", "", NULL},      {"rdesktop", "p", "", "", NULL},
    {"useradd", "p", "", "", NULL},       {"usermod", "p", "", "", NULL},
    {"rabbitmqadmin", "p", "", "", NULL}, {"lftp", "", "", "u", NULL},
    {"ncftp*", "p", "", "", NULL},        {"docker", "p", "", "", "login"},
    {"podman", "p", "", "", "login"},     {"nerdctl", "p", "", "", "login"},
    {"az", "p", "", "", "login"},         {"oc", "p", "", "", "login"},
    {"sqlplus", "", "", "/", NULL},       {"impdp", "", "", "/", NULL},
    {"expdp", "", "", "/", NULL},
};

struct scan {
    const char *text;
    u8 *masked;
    enum pending pending;
    const struct tool *tool;
    bool tool_active;
    bool script; /* the argument before was -c */
    char quote;  /* a secret goes on over blanks up to this one */
};

static void mark(struct scan *s, size_t from, size_t to)
{
    if (from < to)
        memset(s->masked + from, 1, to - from);
}

/* A secret begins here. If it opens a quote and does not close it in this word, the next words are
 * of it. */
static void open_quote(struct scan *s, size_t from, size_t to)
{
    char c = from < to ? s->text[from] : '\0';

    if ((c == '"' || c == '\'') && !memchr(s->text + from + 1, c, to - from - 1))
        s->quote = c;
}

/* --- names ------------------------------------------------------------------------------------ */

static bool is_one_of(const char *word, size_t len, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == len && strncasecmp(word, list[i], len) == 0)
            return true;
    return false;
}
#define IS_ONE_OF(word, len, list) is_one_of(word, len, list, ARRAY_SIZE(list))

static bool ends_with(const char *word, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len >= n && strncasecmp(word + len - n, end, n) == 0;
}

/* The name without what separates its parts: "api-key" and "apiKey" are "apikey". False when it is
 * no name at all. */
static bool squeeze(const char *name, size_t len, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (isalnum((unsigned char)name[i])) {
            if (n + 1 < size)
                out[n++] = (char)tolower((unsigned char)name[i]);
        } else if (!strchr("-_.:/[]", name[i])) {
            return false;
        }
    }
    out[n] = '\0';
    return n > 0;
}

/* The next part of a name: letters and digits up to a separator or to where a capital follows a
 * small letter. */
static bool next_part(const char *name, size_t len, size_t *at, size_t *ret_from, size_t *ret_len)
{
    size_t i = *at;

    while (i < len && !isalnum((unsigned char)name[i]))
        i++;
    *ret_from = i;
    while (
        i < len && isalnum((unsigned char)name[i]) &&
        !(i > *ret_from && isupper((unsigned char)name[i]) && islower((unsigned char)name[i - 1])))
        i++;
    *ret_len = i - *ret_from;
    *at = i;
    return *ret_len > 0;
}

/* Does a value of this name have to be masked? */
static bool is_secret_name(const char *name, size_t len)
{
    static const char *const anywhere[] = {
        "password",  "passwd",     "passphrase", "passwort",    "secret",       "apikey",
        "accesskey", "privatekey", "credential", "authkey",     "accountkey",   "sharedkey",
        "masterkey", "signingkey", "bearer",     "fromliteral", "authorization"};
    static const char *const parts[] = {"pass", "pwd", "pw", "psk", "auth", "cookie", "token"};
    static const char *const ends[] = {"token", "pass", "pwd"};
    static const char *const innocent[] = {"bypass", "compass", "oldpwd"};
    /* What follows is where it is, how long it is, or that it will be asked for. */
    static const char *const about[] = {"file",  "path", "dir",    "stdin",   "prompt",  "fd",
                                        "type",  "ttl",  "length", "policy",  "timeout", "limit",
                                        "count", "size", "method", "command", "helper",  "url"};
    static const char *const without[] = {"no", "ask", "prompt", "without", "skip", "disable"};
    char squeezed[128];
    size_t at = 0, from, n, parts_seen = 0;
    bool found = false, last_about = false;

    if (len == 0 || len > 200 || !squeeze(name, len, squeezed, sizeof(squeezed)) ||
        strcmp(squeezed, "pwd") == 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(anywhere); i++)
        found = found || strstr(squeezed, anywhere[i]);
    while (next_part(name, len, &at, &from, &n)) {
        const char *part = name + from;

        if (parts_seen++ == 0 && IS_ONE_OF(part, n, without))
            return false;
        last_about = IS_ONE_OF(part, n, about);
        found = found || IS_ONE_OF(part, n, parts);
        for (size_t i = 0; i < ARRAY_SIZE(ends) && !IS_ONE_OF(part, n, innocent); i++)
            found = found || ends_with(part, n, ends[i]);
    }
    return found && !last_about;
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* --- within a word ---------------------------------------------------------------------------- */

/* NAME=VALUE and "NAME": "VALUE", as often as they occur: in a query, a list of options, a piece of
 * JSON. */
static void mask_assignments(struct scan *s, size_t from, size_t to)
{
    const char *t = s->text;
    bool first = true;

    for (size_t i = from; i < to; i++) {
        size_t name_end = i, name = i, end;

        if (t[i] != '=' && t[i] != ':')
            continue;
        if (name_end > from && (t[name_end - 1] == '"' || t[name_end - 1] == '\''))
            name_end--;
        for (name = name_end; name > from && is_name_char(t[name - 1]); name--)
            continue;
        if (!is_secret_name(t + name, name_end - name) ||
            (t[i] == ':' && i + 2 < to && t[i + 1] == '/' && t[i + 2] == '/')) {
            first = first && t[i] != '=';
            continue;
        }
        i++;
        open_quote(s, i, to);
        while (i < to && (t[i] == '"' || t[i] == '\''))
            i++;
        /* The first one of a word has all that follows: a password may hold any character. */
        for (end = i; end < to && t[end] != '"' && t[end] != '\''; end++)
            if (strchr("&,;}", t[end]) && (!first || name > from + 2))
                break;
        mark(s, i, end);
        i = end;
        first = false;
    }
}

/* scheme://user:secret@host, and https://token@host. A secret may hold a '/' that should have been
 * written %2F. */
static void mask_urls(struct scan *s, size_t from, size_t to)
{
    const char *t = s->text;

    for (size_t i = from; i + 3 <= to; i++) {
        size_t start, end, at = 0, colon = 0;

        if (memcmp(t + i, "://", 3) != 0)
            continue;
        start = i + 3;
        for (end = start; end < to && !strchr("/?#\"'", t[end]); end++) {
            if (t[end] == '@')
                at = end;
            if (t[end] == ':' && !colon)
                colon = end;
        }
        if (!at && colon && colon + 1 < end && !isdigit((unsigned char)t[colon + 1]))
            for (size_t k = end; k < to && !strchr("?#\"'", t[k]); k++)
                if (t[k] == '@')
                    at = k;
        if (at && colon && colon < at)
            mark(s, colon + 1, at);
        else if (at && at - start >= 16 && i >= from + 4 &&
                 (ends_with(t + from, i - from, "http") || ends_with(t + from, i - from, "https")))
            mark(s, start, at);
        i = end > i ? end - 1 : i;
    }
}

/* Keys that are known by how they begin. */
static void mask_known_keys(struct scan *s, size_t from, size_t to)
{
    static const struct {
        const char *prefix;
        size_t len; /* of all, at least */
    } keys[] = {
        {"AKIA", 20},        {"ASIA", 20},
        {"ghp_", 20},        {"gho_", 20},
        {"ghs_", 20},        {"ghu_", 20},
        {"ghr_", 20},        {"glpat-", 20},
        {"xoxb-", 15},       {"xoxp-", 15},
        {"github_pat_", 30}, {"xoxa-", 15},
        {"xapp-", 15},       {"sk-", 24},
        {"sk_live_", 20},    {"rk_live_", 20},
        {"sk_test_", 20},    {"AIza", 35},
        {"hvs.", 20},        {"npm_", 30},
        {"tskey-", 16},      {"dckr_pat_", 20},
        {"SG.", 40},         {"eyJ", 30},
        {"pypi-", 30},       {"hooks.slack.com/", 30},
        {"ya29.", 20},
    };
    const char *t = s->text;
    size_t end;

    for (size_t i = from; i < to; i = MAX(end, i + 1)) {
        bool upper = false, lower = false, digit = false, dot = false;

        for (end = i; end < to && (is_name_char(t[end]) || strchr("+/=", t[end])); end++) {
            /* NAME=... ends the name, '=' at the end is padding. */
            if (t[end] == '=' && end + 1 < to && is_name_char(t[end + 1]))
                break;
            upper = upper || isupper((unsigned char)t[end]);
            lower = lower || islower((unsigned char)t[end]);
            digit = digit || isdigit((unsigned char)t[end]);
            dot = dot || t[end] == '.';
        }
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
            if (end - i >= keys[k].len &&
                memcmp(t + i, keys[k].prefix, strlen(keys[k].prefix)) == 0)
                mark(s, i, end);
        /* An AWS secret key has no prefix, but always 40 characters of base64. */
        if (end - i == 40 && upper && lower && digit && !dot && t[i] != '/')
            mark(s, i, end);
    }
}

/* --- options ---------------------------------------------------------------------------------- */

static void find_tool(struct scan *s, size_t from, size_t to)
{
    const char *t = s->text;
    size_t name = from;

    if (from == to || t[from] == '-')
        return;
    for (size_t i = from; i < to; i++)
        if (t[i] == '/' || t[i] == '"' || t[i] == '\'')
            name = i + 1;
    if (s->tool && s->tool->after && strlen(s->tool->after) == to - name &&
        memcmp(t + name, s->tool->after, to - name) == 0)
        s->tool_active = true;
    for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
        size_t len = strlen(tools[i].name);
        bool prefix = tools[i].name[len - 1] == '*';

        len -= prefix;
        if ((prefix ? to - name >= len : to - name == len) &&
            memcmp(t + name, tools[i].name, len) == 0) {
            s->tool = &tools[i];
            s->tool_active = !tools[i].after;
            return;
        }
    }
}

/* What follows the user in USER:SECRET, USER%SECRET or USER,SECRET. */
static void mask_pair(struct scan *s, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (strchr(":%,", s->text[i])) {
            mark(s, i + 1, to);
            return;
        }
}

/* -pSECRET, -p SECRET, -u USER:SECRET, -sSu USER:SECRET */
static bool mask_letter(struct scan *s, size_t from, size_t to)
{
    const struct tool *tool = s->tool;
    char first = to - from > 1 ? s->text[from + 1] : '\0', last = s->text[to - 1];

    if (!s->tool_active || first == '\0' || first == '-')
        return false;
    if (to - from > 2 && (strchr(tool->values, first) || strchr(tool->attached, first))) {
        mark(s, from + 2, to);
        return true;
    }
    if (to - from > 2 && strchr(tool->pairs, first)) {
        mask_pair(s, from + 2, to);
        return true;
    }
    if (to - from > 6)
        return false;
    if (strchr(tool->values, last))
        s->pending = PENDING_VALUE;
    else if (strchr(tool->pairs, last))
        s->pending = PENDING_PAIR;
    return s->pending != PENDING_NONE;
}

/* An option or a bare name that takes the next argument. */
static void expect_value(struct scan *s, size_t from, size_t to)
{
    const char *t = s->text;
    size_t name = from, len;
    bool dashes = t[from] == '-';

    while (name < to && strchr("-\"'", t[name]))
        name++;
    len = to - name;
    if (memchr(t + from, '=', to - from) || memchr(t + from, '/', to - from))
        return;
    if (len > 0 && t[to - 1] == ':') {
        if (is_secret_name(t + name, len - 1))
            s->pending = PENDING_HEADER;
    } else if (dashes ? len > 1 : memchr(t + name, '_', len) && !memchr(t + name, '.', len)) {
        /* "set aws_secret_access_key VALUE": without dashes only what cannot be anything else */
        if (is_secret_name(t + name, len))
            s->pending = PENDING_VALUE;
        else if (s->tool && strcmp(s->tool->name, "curl") == 0 && ends_with(t + name, len, "user"))
            s->pending = PENDING_PAIR;
    } else if (!dashes && from > 0 && len == 8 && memcmp(t + name, "password", 8) == 0) {
        s->pending = PENDING_VALUE; /* nmcli ... password VALUE */
    }
}

/* sqlplus USER/SECRET@DATABASE; xfreerdp /p:SECRET */
static void mask_slashes(struct scan *s, size_t from, size_t to)
{
    const char *t = s->text;
    const char *slash = memchr(t + from, '/', to - from);

    if (to - from > 3 && memcmp(t + from, "/p:", 3) == 0) {
        mark(s, from + 3, to);
    } else if (s->tool && strchr(s->tool->pairs, '/') && slash && slash > t + from) {
        const char *at = memrchr(slash, '@', (size_t)(t + to - slash));

        mark(s, (size_t)(slash + 1 - t), at ? (size_t)(at - t) : to);
    }
}

static void mask_word(struct scan *s, size_t from, size_t to)
{
    static const char *const schemes[] = {"bearer", "basic", "token", "digest", "negotiate"};
    enum pending pending = s->pending;
    const char *t = s->text;

    if (from == to)
        return;
    if (s->quote) {
        const char *close = memchr(t + from, s->quote, to - from);

        mark(s, from - 1, close ? (size_t)(close - t) : to);
        s->quote = close ? '\0' : s->quote;
        return;
    }
    s->pending = PENDING_NONE;
    if (pending == PENDING_HEADER) {
        if (IS_ONE_OF(t + from, to - from, schemes))
            s->pending = PENDING_HEADER;
        else
            mark(s, from, to);
        return;
    }
    /* "--password --host x" asks for it. */
    if (pending != PENDING_NONE && !(to - from > 2 && t[from] == '-' && t[from + 1] == '-')) {
        open_quote(s, from, to);
        if (pending == PENDING_VALUE)
            mark(s, from, to);
        else
            mask_pair(s, from, to);
        return;
    }
    if (t[from] == '-' && mask_letter(s, from, to))
        return;
    mask_slashes(s, from, to);
    find_tool(s, from, to);
    mask_assignments(s, from, to);
    mask_urls(s, from, to);
    mask_known_keys(s, from, to);
    expect_value(s, from, to);
}

/* --- the command line ------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void mask_words(struct scan *s, size_t from, size_t to)
{
    while (from < to) {
        size_t end = from;

        while (end < to && !is_blank(s->text[end]))
            end++;
        mask_word(s, from, end);
        from = end + 1;
    }
}

/* "Authorization: Bearer x", also behind "-H" and "--header=": everything behind the colon. */
static bool mask_header(struct scan *s, size_t from, size_t to)
{
    const char *t = s->text;
    const char *colon = memchr(t + from, ':', to - from);
    size_t name, end = colon ? (size_t)(colon - t) : from;

    if (!colon || end + 1 >= to || t[end + 1] != ' ')
        return false;
    for (name = end; name > from && is_name_char(t[name - 1]); name--)
        continue;
    if (name == from && end - name > 2 && t[name] == '-' && t[name + 1] == 'H')
        name += 2;
    if (name != from && name != from + 2 && t[name - 1] != '=')
        return false;
    if (!is_secret_name(t + name, end - name))
        return false;
    mark(s, end + 2, to);
    return true;
}

static void mask_argument(struct scan *s, size_t from, size_t to)
{
    struct scan inner = {.text = s->text, .masked = s->masked};
    bool blanks = false;

    for (size_t i = from; i < to; i++)
        blanks = blanks || is_blank(s->text[i]);
    if (!blanks || s->pending == PENDING_VALUE) {
        mask_word(s, from, to);
    } else if (s->pending == PENDING_PAIR) {
        mask_pair(s, from, to);
        s->pending = PENDING_NONE;
    } else if (!mask_header(s, from, to)) {
        size_t equals = from;

        /* --password=two words, SECRET=two words; but not "SECRET=x command" for a shell */
        while (equals < to && is_name_char(s->text[equals]))
            equals++;
        if (!s->script && equals < to && s->text[equals] == '=' &&
            is_secret_name(s->text + from, equals - from))
            mark(s, equals + 1, to);
        else
            mask_words(&inner, from, to);
    }
    s->script = to - from == 2 && memcmp(s->text + from, "-c", 2) == 0;
}

void secrets_mask(const char *args, size_t len, struct strbuf *out)
{
    struct scan s = {.text = args};
    size_t from = 0;

    if (len == 0)
        return;
    s.masked = xcalloc(len, 1);
    if (!memchr(args, '\0', len - 1)) {
        mask_words(&s, 0, args[len - 1] ? len : len - 1);
    } else {
        while (from < len) {
            size_t end = from + strnlen(args + from, len - from);

            mask_argument(&s, from, end);
            from = end + 1;
        }
    }
    for (size_t i = 0; i < len; i++) {
        if (!s.masked[i])
            strbuf_append_bytes(out, args + i, 1);
        else if (i == 0 || !s.masked[i - 1])
            strbuf_append(out, MASK);
    }
    free(s.masked);
}

void secrets_keep_program(const char *args, size_t len, struct strbuf *out)
{
    size_t end = strnlen(args, len);

    /* One text, or a title that a process gave itself. */
    if (end >= len || end == len - 1)
        for (size_t i = 0; i < end; i++)
            if (is_blank(args[i]))
                end = i;
    strbuf_append_bytes(out, args, end);
}
