/* anonymise.c - one pass over the text: at the beginning of each word, is it a name of some kind?
 *
 * Names that a line says to be names were learned before (anonymise_learn.c). Of the rest each kind
 * is a function that looks at the text from here and returns how many bytes it took, or 0. What it
 * puts in their place has the form of what it was (a UUID, an address, hexadecimal digits), so that
 * parsers of the copy see what they saw.
 */
#include "report/anonymise.h"

#include "base/alloc.h"
#include "base/secrets.h"
#include "report/anonymise_int.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#define HOSTS_MAX 4096u
#define NAMES_MAX 65536u
#define ID_MIN \
    12u /* hexadecimal digits of an id; shorter ones only behind the words of a container runtime */
#define ID_KEY 12u /* by which an id is known: reports cut them */

struct cursor {
    struct anonymiser *a;
    const char *begin, *at, *end;
    const char *taken; /* where the last name ended */
    struct strbuf *out;
};

static const char *const stand_ins[NR_KINDS] = {
    [KIND_HOST] = "host",           [KIND_USER] = "user",   [KIND_POD] = "pod",
    [KIND_SPACE] = "namespace",     [KIND_IMAGE] = "image", [KIND_SERIAL] = "serial",
    [KIND_CONTAINER] = "container",
};

struct anonymiser *anonymiser_new(void)
{
    struct anonymiser *a = xcalloc(1, sizeof(*a));

    u64map_init(&a->index);
    u64map_init(&a->programs);
    return a;
}

void anonymiser_free(struct anonymiser *a)
{
    if (!a)
        return;
    vec_for_each (&a->names, name)
        free(name->text);
    vec_done(&a->names);
    vec_done(&a->said);
    u64map_done(&a->index);
    u64map_done(&a->programs);
    free(a);
}

/* Names that lines say share one space: what is a pod here and a container there has one
 * stand-in. */
static u64 key_of(enum name_kind kind, u64 hash)
{
    return hash_u64_pair(stand_ins[kind] ? NR_KINDS : kind, hash);
}

static u64 hash_of(const char *text, size_t len)
{
    u64 hash = NAME_HASH_START;

    for (size_t i = 0; i < len; i++)
        hash = name_hash_add(hash, text[i]);
    return hash;
}

static bool is_same(const struct name *name, const char *text, size_t len)
{
    return strlen(name->text) == len && memcmp(name->text, text, len) == 0;
}

unsigned anonymiser_name(struct anonymiser *a, enum name_kind kind, const char *text, size_t len)
{
    struct name fresh = {.kind = kind};
    u64 key = key_of(kind, hash_of(text, len)), at;

    if (u64map_get(&a->index, key, &at) && is_same(&a->names.items[at], text, len))
        return (unsigned)at;
    if (a->names.count >= NAMES_MAX || (kind == KIND_HOST && a->count[KIND_HOST] >= HOSTS_MAX))
        return UINT_MAX;
    fresh.number = ++a->count[kind];
    fresh.text = xcalloc(len + 1, 1);
    memcpy(fresh.text, text, len);
    vec_push(&a->names, fresh);
    u64map_put(&a->index, key, a->names.count - 1);
    a->longest = MAX(a->longest, len);
    return (unsigned)a->names.count - 1;
}

/* The number of this name, which is taken when it is new. Beyond NAMES_MAX all are one. */
static unsigned number_of(struct anonymiser *a, enum name_kind kind, const char *text, size_t len)
{
    unsigned name = anonymiser_name(a, kind, text, len);

    return name == UINT_MAX ? 0 : a->names.items[name].number;
}

const struct name *anonymiser_find(const struct anonymiser *a, u64 hash, const char *text,
                                   size_t len)
{
    u64 at;

    return u64map_get(&a->index, key_of(KIND_HOST, hash), &at) &&
                   is_same(&a->names.items[at], text, len)
               ? &a->names.items[at]
               : NULL;
}

void anonymiser_add_host(struct anonymiser *a, const char *name)
{
    if (*name)
        anonymiser_name(a, KIND_HOST, name, strlen(name));
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_any_hex(char c)
{
    return is_hex(c) || (c >= 'A' && c <= 'F');
}

static size_t span_hex(const struct cursor *c, const char *at)
{
    const char *p = at;

    while (p < c->end && is_hex(*p))
        p++;
    return (size_t)(p - at);
}

static bool follows(const struct cursor *c, const char *literal)
{
    size_t len = strlen(literal);

    return (size_t)(c->at - c->begin) >= len && memcmp(c->at - len, literal, len) == 0;
}

static bool stands(const struct cursor *c, const char *literal)
{
    size_t len = strlen(literal);

    return (size_t)(c->end - c->at) >= len && memcmp(c->at, literal, len) == 0;
}

/* --- kinds ------------------------------------------------------------------------------------ */

/* "95387fa4-da9c-11e7-9d36-5254b24cbf5e", or with '_' as systemd has it: one name. */
static size_t take_uuid(struct cursor *c)
{
    static const unsigned groups[] = {8, 4, 4, 4, 12};
    const char *at = c->at;
    char key[36], sep = '\0';
    size_t n = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(groups); i++) {
        if (i > 0) {
            if (at >= c->end || (*at != '-' && *at != '_') || (sep && *at != sep))
                return 0;
            sep = *at++;
        }
        if (span_hex(c, at) < groups[i] || (i == 4 && span_hex(c, at) != groups[i]))
            return 0;
        memcpy(key + n, at, groups[i]);
        n += groups[i];
        at += groups[i];
    }
    strbuf_printf(c->out, "00000000%c0000%c0000%c0000%c%012u", sep, sep, sep, sep,
                  number_of(c->a, KIND_UUID, key, n));
    return (size_t)(at - c->at);
}

/* A long hexadecimal word that is no address of the kernel, or one behind the words of a container
 * runtime. */
static size_t take_id(struct cursor *c)
{
    static const struct {
        const char *words;
        size_t least;
    } runtimes[] = {{"docker-", 4},    {"containerd-", 4},   {"crio-", 4},     {"libpod-", 4},
                    {"container ", 8}, {"containerd://", 1}, {"docker://", 1}, {"cri-o://", 1},
                    {"-pod", 4},       {"kubepods/pod", 4}};
    size_t len = span_hex(c, c->at), least = ID_MIN;
    bool digit = false, letter = false;
    unsigned number;

    for (unsigned i = 0; i < ARRAY_SIZE(runtimes); i++)
        if (follows(c, runtimes[i].words))
            least = runtimes[i].least;
    for (size_t i = 0; i < len; i++) {
        digit |= is_digit(c->at[i]);
        letter |= !is_digit(c->at[i]);
    }
    if (len < least || !digit || (!letter && least > 4) ||
        (c->at + len < c->end && is_word(c->at[len])) || stands(c, "ffff") || follows(c, "0x") ||
        follows(c, "[<"))
        return 0;
    number = number_of(c->a, KIND_ID, c->at, len < ID_KEY ? len : ID_KEY);
    /* "a" keeps it a word of digits and letters. */
    strbuf_printf(c->out, "a%0*u", (int)((len < ID_KEY ? len : ID_KEY) - 1), number);
    if (len > ID_KEY)
        strbuf_fill(c->out, '0', len - ID_KEY);
    return len;
}

static size_t take_ip(struct cursor *c)
{
    const char *at = c->at;
    unsigned number;

    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0, digits = 0;

        for (; at < c->end && is_digit(*at) && digits < 4; at++, digits++)
            value = value * 10 + (unsigned)(*at - '0');
        if (digits == 0 || digits > 3 || value > 255 || (i < 3 && (at >= c->end || *at++ != '.')))
            return 0;
    }
    if (at < c->end &&
        (is_word(*at) || *at == '-' || (*at == '.' && at + 1 < c->end && is_word(at[1]))))
        return 0;
    number = number_of(c->a, KIND_IP, c->at, (size_t)(at - c->at));
    strbuf_printf(c->out, "198.18.%u.%u", number >> 8 & 255, number & 255);
    return (size_t)(at - c->at);
}

/* "52:54:00:12:34:56", or several in one as the firewall's log has them. */
static size_t take_mac(struct cursor *c)
{
    size_t pairs = 0, len;
    unsigned number;

    for (const char *at = c->at; c->end - at >= 2 && is_any_hex(at[0]) && is_any_hex(at[1]);
         at += 3) {
        pairs++;
        if (c->end - at < 3 || at[2] != ':')
            break;
    }
    len = pairs * 3 - 1;
    if (pairs < 6 || (c->at + len < c->end && is_word(c->at[len])))
        return 0;
    for (size_t i = 0; i + 6 <= pairs; i += 6) {
        number = number_of(c->a, KIND_MAC, c->at + i * 3, 17);
        strbuf_printf(c->out, "%s02:00:00:00:%02x:%02x", i ? ":" : "", number >> 8 & 255,
                      number & 255);
    }
    len = pairs / 6 * 18;
    if (pairs % 6)
        strbuf_append_bytes(c->out, c->at + len - 1, pairs % 6 * 3);
    return pairs * 3 - 1;
}

/* "fe80::5054:ff:fe12:3456": groups of hexadecimal digits, two colons in a row or seven of them. */
static size_t take_ip6(struct cursor *c)
{
    const char *at = c->at;
    unsigned colons = 0, groups = 0, digits = 0;
    bool doubled = false, digit = false;

    for (; at < c->end && (is_any_hex(*at) || *at == ':'); at++) {
        if (*at == ':') {
            doubled |= at > c->at && at[-1] == ':';
            colons++;
            digits = 0;
            continue;
        }
        groups += digits == 0;
        digit |= is_digit(*at);
        if (++digits > 4)
            return 0;
    }
    while (at > c->at && at[-1] == ':' && !doubled)
        at--;
    if (!digit || groups < 2 || (!doubled && colons != 7) || (at < c->end && is_word(*at)))
        return 0;
    strbuf_printf(c->out, "2001:db8::%x",
                  number_of(c->a, KIND_IP, c->at, (size_t)(at - c->at)) & 0xffff);
    return (size_t)(at - c->at);
}

/* What follows these words is a user's number; a person's, not a service's. */
static size_t take_user(struct cursor *c)
{
    static const char *const before[] = {"user-",      "user@",  "user-runtime-dir@",
                                         "/run/user/", "uid=",   "UID:",
                                         "uid:",       "uid ",   "gid=",
                                         "ouid=",      "fsuid=", "auid="};
    size_t len = 0;
    bool found = false;

    while (c->at + len < c->end && is_digit(c->at[len]))
        len++;
    for (unsigned i = 0; i < ARRAY_SIZE(before); i++)
        found = found || follows(c, before[i]);
    if (len < 4 || len > 9 || !found || (c->at + len < c->end && is_word(c->at[len])))
        return 0;
    strbuf_printf(c->out, "100%u", number_of(c->a, KIND_USER, c->at, len));
    return len;
}

/* "arn:aws:ecs:us-east-1:123456789012:task/shop/0f1c": the number of the account. */
static size_t take_account(struct cursor *c)
{
    static const char stem[] = "arn:";
    const char *at = c->at;
    size_t len = 0;
    unsigned colons = 0;

    while (c->at + len < c->end && is_digit(c->at[len]))
        len++;
    if (len != 12 || c->at + len == c->end || c->at[len] != ':')
        return 0;
    for (; at > c->begin && (is_name(at[-1]) || at[-1] == ':'); at--)
        colons += at[-1] == ':';
    if (colons != 4 || (size_t)(c->at - at) < strlen(stem) || memcmp(at, stem, strlen(stem)) != 0)
        return 0;
    strbuf_printf(c->out, "%012u", number_of(c->a, KIND_USER, c->at, len));
    return len;
}

/* "name@example.org"; "user@1001.service" is a unit. */
static size_t take_mail(struct cursor *c)
{
    size_t user = 0, len;

    while (c->at + user < c->end && is_name(c->at[user]))
        user++;
    if (user == 0 || c->at + user >= c->end || c->at[user] != '@')
        return 0;
    len = user + 1;
    while (c->at + len < c->end && is_name(c->at[len]))
        len++;
    while (len > user && c->at[len - 1] == '.')
        len--;
    if (len < user + 4 || !memchr(c->at + user, '.', len - user) || is_digit(c->at[len - 1]) ||
        is_unit_name(span_of(c->at, len)))
        return 0;
    strbuf_printf(c->out, "user%u@example.com", number_of(c->a, KIND_USER, c->at, len));
    return len;
}

/* The rest of a URL that is a key by itself: "hooks.slack.com/services/T0/B0/x",
 * "/api/webhooks/1/x", "/bot1:x/sendMessage". */
static size_t hook_len(const struct cursor *c, const char *host, const char *at)
{
    static const char *const marks[] = {"/webhook", "/hooks/", "/hook/", "api.telegram.org/bot",
                                        "/incoming"};
    const char *end = at;
    bool found = (size_t)(at - host) > 4 && memcmp(host, "hook", 4) == 0;

    while (end < c->end && !is_blank(*end) && !strchr("\"'<>)]}\n", *end))
        end++;
    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++)
        found = found || span_find((struct span){host, end}, marks[i]);
    for (; at < end && *at != '/'; at++)
        ;
    return found && end - at > 1 ? (size_t)(end - at) : 0;
}

/* "https://user:secret@host:8200/" */
static size_t take_url(struct cursor *c)
{
    const char *at = c->at, *end;
    size_t hidden;

    if (!follows(c, "://"))
        return 0;
    for (end = at; end < c->end && (is_name(*end) || strchr(":@%+~", *end)) && *end; end++)
        if (*end == '@')
            at = end + 1;
    for (end = at; end < c->end && is_name(*end); end++)
        ;
    while (end > at && end[-1] == '.')
        end--;
    if (end == at || (is_digit(*at) && at == c->at))
        return 0;
    if (at > c->at)
        strbuf_append(c->out, "***@");
    if (span_is((struct span){at, end}, "localhost"))
        strbuf_append(c->out, "localhost");
    else
        strbuf_printf(c->out, "host%u", number_of(c->a, KIND_HOST, at, (size_t)(end - at)));
    if ((hidden = hook_len(c, at, end))) {
        const char *slash = memchr(end, '/', (size_t)(c->end - end));

        strbuf_append_bytes(c->out, end, (size_t)(slash - end));
        strbuf_append(c->out, "/***");
        end = slash + hidden;
    }
    return (size_t)(end - c->at);
}

static bool holds(struct span text, const char *word)
{
    size_t len = strlen(word);

    for (; span_len(text) >= len; text.at++)
        if (strncasecmp(text.at, word, len) == 0)
            return true;
    return false;
}

/* "password=x", "api-token=x" */
static size_t take_secret(struct cursor *c)
{
    static const char *const words[] = {"password", "passwd",  "secret",     "token",   "apikey",
                                        "api-key",  "api_key", "credential", "license", "licence"};
    size_t name = 0, len;
    bool found = false;

    while (c->at + name < c->end && is_name(c->at[name]))
        name++;
    if (name == 0 || c->at + name >= c->end || c->at[name] != '=')
        return 0;
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        found = found || holds(span_of(c->at, name), words[i]);
    for (len = name + 1;
         c->at + len < c->end && !is_blank(c->at[len]) && !strchr("\n\"'&;,\\", c->at[len]);)
        len++;
    if (!found || len == name + 1)
        return 0;
    strbuf_append_bytes(c->out, c->at, name);
    strbuf_append(c->out, "=***");
    return len;
}

/* The fingerprint of a key. */
static size_t take_fingerprint(struct cursor *c)
{
    size_t len = 0;

    if (!follows(c, "SHA256:"))
        return 0;
    while (c->at + len < c->end && (is_word(c->at[len]) || strchr("+/=", c->at[len])) && c->at[len])
        len++;
    strbuf_append(c->out, "***");
    return len;
}

/* "cart-6f9c7d5b8-xk2lp": a pod of a deployment, by the two parts that Kubernetes makes. */
static size_t take_made_pod(struct cursor *c)
{
    static const char made[] = "bcdfghjklmnpqrstvwxz2456789";
    size_t len = 0, tail, middle;
    bool digit = false;

    while (c->at + len < c->end && (is_word(c->at[len]) || c->at[len] == '-') && c->at[len] != '_')
        len++;
    for (tail = 0; tail < len && c->at[len - 1 - tail] != '-'; tail++)
        ;
    if (tail != 5 || len < 5 + 1 + 8)
        return 0;
    for (middle = 0; middle + 6 < len && c->at[len - 7 - middle] != '-'; middle++) {
        if (!strchr(made, c->at[len - 7 - middle]))
            return 0;
        digit |= is_digit(c->at[len - 7 - middle]);
    }
    if (middle < 6 || middle > 10 || middle + 7 >= len || !digit)
        return 0;
    strbuf_printf(c->out, "pod%u", number_of(c->a, KIND_POD, c->at, len));
    return len;
}

/* --- what lines said -------------------------------------------------------------------------- */

static void put_name(struct cursor *c, const struct name *name)
{
    strbuf_printf(c->out, "%s%u", stand_ins[name->kind], name->number);
}

static bool is_said_at(const struct cursor *c, const char *at)
{
    vec_for_each (&c->a->said, said)
        if (said->at.at == at)
            return true;
    return false;
}

/* This very word was said to be a name. What is before the '@' of an address is one with the domain
 * behind it. */
static size_t take_said(struct cursor *c)
{
    vec_for_each (&c->a->said, said)
        if (said->at.at == c->at) {
            if (said->at.end < c->end && *said->at.end == '@' && !is_said_at(c, said->at.end + 1) &&
                memchr(said->at.end, '.', (size_t)(c->end - said->at.end))) {
                size_t took = take_mail(c);

                if (took)
                    return took;
            }
            if (follows(c, "://") && c->a->names.items[said->name].kind == KIND_HOST)
                return take_url(c);
            put_name(c, &c->a->names.items[said->name]);
            return span_len(said->at);
        }
    return 0;
}

/* Words that are names of some people's things, and of everybody's as well. */
static bool is_common(const struct cursor *c, const struct name *name, u64 hash)
{
    static const char *const words[] = {
        "host",     "node",       "container", "containers", "pod",    "pods",    "namespace",
        "image",    "user",       "users",     "system",     "kernel", "memory",  "swap",
        "free",     "total",      "limit",     "limits",     "cache",  "file",    "files",
        "anon",     "process",    "program",   "machine",    "text",   "table",   "name",
        "names",    "server",     "service",   "docker",     "podman", "kubelet", "kubernetes",
        "kubectl",  "linux",      "disk",      "high",       "low",    "max",     "min",
        "critical", "warning",    "healthy",   "info",       "the",    "and",     "of",
        "in",       "is",         "it",        "no",         "not",    "that",    "all",
        "any",      "at",         "to",        "for",        "or",     "by",      "as",
        "on",       "memory.max", "oom",       "cgroup",     "proc",   "sys",     "time",
        "zone",     "page",       "pages",     "slab",       "killed", "kill",    "report",
        "log",      "logs",       "main",      "other",      "data",   "worker",  "job",
        "default",  "source",     "title",     "detail",     "rule",   "scope",   "cause",
        "command",  "unit",       "value",     "what",       "where",
    };

    if (u64map_get(&c->a->programs, hash, NULL))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i], name->text) == 0)
            return true;
    return false;
}

/* A common word is a name behind one and a slash, as in namespace/pod/container. */
static bool is_in_path(const struct cursor *c)
{
    return (c->taken && c->taken == c->at - 1 && c->at[-1] == '/') || follows(c, "docker/") ||
           follows(c, "in container ") || follows(c, "lxc.payload.");
}

static bool is_json_key(const struct cursor *c, size_t len)
{
    return c->at > c->begin && c->at[-1] == '"' && c->end - c->at > (ptrdiff_t)len + 1 &&
           c->at[len] == '"' && c->at[len + 1] == ':';
}

/* "-0", "-7d9c8b6f5-2lqzx": what sets and deployments put behind their own name. */
static bool is_made_tail(struct span rest)
{
    const char *at = rest.at;

    while (at < rest.end && *at == '-') {
        size_t len = 0, digits = 0;

        for (at++; at < rest.end && is_word(*at) && *at != '_'; at++, len++)
            digits += is_digit(*at);
        if (len == 0 || (digits != len && len != 5 && !(digits && len >= 8 && len <= 10)))
            return false;
    }
    return true;
}

static bool may_end(const struct cursor *c, const struct name *name, size_t len)
{
    char next = c->at + len < c->end ? c->at[len] : ' ';
    bool more = c->at + len + 1 < c->end && is_word(c->at[len + 1]);

    if (next == '_')
        return name->kind == KIND_POD || name->kind == KIND_SPACE || name->kind == KIND_CONTAINER;
    if (next == '.' && more) {
        struct span rest = {c->at, c->at};

        while (rest.end < c->end && is_name(*rest.end))
            rest.end++;
        return name->kind == KIND_HOST && !is_unit_name(rest);
    }
    if (next == '-' && (name->kind == KIND_POD || name->kind == KIND_CONTAINER))
        return is_made_tail((struct span){c->at + len, c->end});
    return !is_word(next) && next != '-';
}

/* Of a user: elsewhere it is any number. */
static bool is_number(const struct name *name)
{
    return strspn(name->text, "0123456789") == strlen(name->text);
}

/* The longest name that is known and begins here. */
static size_t take_known(struct cursor *c)
{
    const struct name *best = NULL;
    size_t best_len = 0;
    u64 hash = NAME_HASH_START, best_hash = 0;

    if (c->at > c->begin && strchr("-.", c->at[-1]) && c->taken != c->at - 1 &&
        !follows(c, "lxc.payload.") && !follows(c, "lxc.monitor."))
        return 0;
    for (size_t len = 0; c->at + len < c->end && len < c->a->longest;) {
        char ch = c->at[len];
        const struct name *name;

        if (ch == '\n' || ch == ' ')
            break;
        hash = name_hash_add(hash, ch);
        len++;
        if (c->at + len < c->end && is_word(c->at[len]) && c->at[len] != '_')
            continue;
        name = anonymiser_find(c->a, hash, c->at, len);
        if (name && !is_number(name) && may_end(c, name, len)) {
            best = name;
            best_len = len;
            best_hash = hash;
        }
    }
    if (!best || (is_common(c, best, best_hash) && !is_in_path(c)) || is_json_key(c, best_len))
        return 0;
    put_name(c, best);
    /* The domain of a host is of its name. */
    if (best->kind == KIND_HOST && c->at + best_len < c->end && c->at[best_len] == '.') {
        size_t len = best_len;

        while (c->at + len < c->end && is_name(c->at[len]))
            len++;
        while (len > best_len && !is_word(c->at[len - 1]))
            len--;
        return len;
    }
    return best_len;
}

/* A row of the kernel's task table has the user's number second: "[  41877]  1042 41877". */
static size_t take_row_user(struct cursor *c)
{
    const char *at = c->at;
    size_t len = 0;

    while (c->at + len < c->end && is_digit(c->at[len]))
        len++;
    while (at > c->begin && at[-1] == ' ')
        at--;
    if (len < 4 || len > 9 || at == c->begin || at[-1] != ']' || at == c->at ||
        c->at + len >= c->end || c->at[len] != ' ')
        return 0;
    for (at--; at > c->begin && (is_digit(at[-1]) || at[-1] == ' '); at--)
        ;
    if (at == c->begin || at[-1] != '[')
        return 0;
    for (at = c->at + len; at < c->end && *at == ' '; at++)
        ;
    if (at == c->end || !is_digit(*at))
        return 0;
    strbuf_printf(c->out, "100%u", number_of(c->a, KIND_USER, c->at, len));
    return len;
}

static size_t take_any(struct cursor *c)
{
    typedef size_t take_kind(struct cursor *);
    static take_kind *const kinds[] = {take_uuid, take_said,    take_secret,   take_fingerprint,
                                       take_user, take_account, take_row_user, take_mail,
                                       take_ip,   take_mac,     take_ip6,      take_id,
                                       take_url,  take_known,   take_made_pod};

    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t took = kinds[i](c);

        if (took)
            return took;
    }
    return 0;
}

static void replace(struct cursor *c, const char *end)
{
    while (c->at < end) {
        bool starts = c->at == c->begin || !is_word(c->at[-1]) || follows(c, "pod") ||
                      c->at[-1] == '_' || follows(c, "\\x2d");
        size_t took = starts && is_word(*c->at) ? take_any(c) : 0;

        if (took == 0)
            strbuf_appendc(c->out, *c->at);
        c->at += took ? took : 1;
        if (took)
            c->taken = c->at;
    }
}

static void forget_place(struct anonymiser *a)
{
    a->said.count = 0;
    a->nr_columns = 0;
    a->containers = 0;
    a->host_next = false;
    a->nr_objects = a->nr_blocks = 0;
    a->of_node = false;
    a->bare_depth = 0;
    /* Years do not matter here, only where a date ends. */
    a->dates = (struct prefix_log){.latest_year = 1970};
}

void anonymiser_learn(struct anonymiser *a, const char *text, size_t len)
{
    struct span rest = span_of(text, len), line;

    forget_place(a);
    while (span_take_line(&rest, &line))
        anonymiser_learn_line(a, line, rest);
    forget_place(a);
}

void anonymise_input(struct anonymiser *a, const char *text, size_t len, struct strbuf *out)
{
    struct span rest = span_of(text, len), line;
    struct strbuf masked;

    anonymiser_learn(a, text, len);
    strbuf_init(&masked);
    while (span_take_line(&rest, &line)) {
        struct cursor c = {.a = a, .out = out};

        strbuf_reset(&masked);
        secrets_mask(line.at, span_len(line), &masked);
        c.begin = c.at = masked.text;
        c.end = masked.text + masked.len;
        anonymiser_learn_line(a, span_of_buf(&masked), rest);
        replace(&c, c.end);
        if (line.end < text + len)
            strbuf_appendc(out, '\n');
    }
    forget_place(a);
    strbuf_done(&masked);
}

void anonymise(struct anonymiser *a, const char *text, size_t len, struct strbuf *out)
{
    struct cursor c = {.a = a, .begin = text, .at = text, .end = text + len, .out = out};

    replace(&c, c.end);
}
