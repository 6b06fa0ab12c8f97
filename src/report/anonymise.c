/* anonymise.c - one pass over the text: at the beginning of each word, is it a name of some kind?
 *
 * Each kind is a function that looks at the text from here and returns how many bytes it took, or 0. What it puts in their place has the
 * form of what it was (a UUID, an address, hexadecimal digits), so that parsers of the copy see what they saw.
 */
#include "report/anonymise.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <ctype.h>
#include <string.h>

#define HOSTS_MAX 64u
#define NAMES_MAX 65536u
#define ID_MIN \
    12u /* hexadecimal digits of an id; shorter ones only behind the words of a container runtime */
#define ID_KEY 12u /* by which an id is known: reports cut them */

enum kind {
    KIND_HOST,
    KIND_UUID,
    KIND_ID,
    KIND_IP,
    KIND_MAC,
    KIND_USER,
    KIND_POD,
    KIND_SPACE,
    NR_KINDS
};

struct name {
    enum kind kind;
    unsigned number; /* from 1, of its kind */
    char *text;
};

struct anonymiser {
    VEC(struct name) names;
    unsigned count[NR_KINDS];
};

struct cursor {
    struct anonymiser *a;
    const char *begin, *at, *end;
    struct strbuf *out;
};

struct anonymiser *anonymiser_new(void)
{
    return xcalloc(1, sizeof(struct anonymiser));
}

void anonymiser_free(struct anonymiser *a)
{
    if (!a)
        return;
    vec_for_each (&a->names, name)
        free(name->text);
    vec_done(&a->names);
    free(a);
}

/* The number of this name, which is taken when it is new. Beyond NAMES_MAX all are one. */
static unsigned number_of(struct anonymiser *a, enum kind kind, const char *text, size_t len)
{
    struct name fresh = {.kind = kind};

    vec_for_each (&a->names, name)
        if (name->kind == kind && strlen(name->text) == len && memcmp(name->text, text, len) == 0)
            return name->number;
    if (a->names.count >= NAMES_MAX)
        return 0;
    fresh.number = ++a->count[kind];
    fresh.text = xcalloc(len + 1, 1);
    memcpy(fresh.text, text, len);
    vec_push(&a->names, fresh);
    return fresh.number;
}

void anonymiser_add_host(struct anonymiser *a, const char *name)
{
    if (*name && a->count[KIND_HOST] < HOSTS_MAX)
        number_of(a, KIND_HOST, name, strlen(name));
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_name(char c)
{
    return is_word(c) || c == '-' || c == '.';
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

/* --- kinds ------------------------------------------------------------------------------------------------------------------- */

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

/* A long hexadecimal word that is no address of the kernel, or one behind the words of a container runtime. */
static size_t take_id(struct cursor *c)
{
    static const char *const runtimes[] = {"docker-", "containerd-", "crio-", "libpod-",
                                           "container "};
    size_t len = span_hex(c, c->at), least = ID_MIN;
    bool digit = false, letter = false;
    unsigned number;

    for (unsigned i = 0; i < ARRAY_SIZE(runtimes); i++)
        if (follows(c, runtimes[i]))
            least = 8;
    for (size_t i = 0; i < len; i++) {
        digit |= isdigit((unsigned char)c->at[i]) != 0;
        letter |= isdigit((unsigned char)c->at[i]) == 0;
    }
    if (len < least || !digit || !letter || (c->at + len < c->end && is_word(c->at[len])) ||
        stands(c, "ffff") || follows(c, "0x") || follows(c, "[<"))
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

        for (; at < c->end && isdigit((unsigned char)*at) && digits < 4; at++, digits++)
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

static size_t take_mac(struct cursor *c)
{
    unsigned number;

    if (c->end - c->at < 17 || (c->end - c->at > 17 && (is_word(c->at[17]) || c->at[17] == ':')))
        return 0;
    for (unsigned i = 0; i < 17; i++)
        if (i % 3 == 2 ? c->at[i] != ':' : !isxdigit((unsigned char)c->at[i]))
            return 0;
    number = number_of(c->a, KIND_MAC, c->at, 17);
    strbuf_printf(c->out, "02:00:00:00:%02x:%02x", number >> 8 & 255, number & 255);
    return 17;
}

/* What follows these words is a user's name or number. */
static size_t take_user(struct cursor *c)
{
    static const char *const before[] = {"/home/", "user-", "user@", "user-runtime-dir@"};
    size_t len = 0;
    bool number = true, home;

    while (c->at + len < c->end && is_name(c->at[len]) && c->at[len] != '.') {
        number &= isdigit((unsigned char)c->at[len]) != 0;
        len++;
    }
    home = follows(c, before[0]);
    if (len == 0 || !(home || (number && (follows(c, before[1]) || follows(c, before[2]) ||
                                          follows(c, before[3])))))
        return 0;
    strbuf_printf(c->out, home ? "user%u" : "100%u", number_of(c->a, KIND_USER, c->at, len));
    return len;
}

/* "name@example.org"; "user@1001.service" is a unit. */
static size_t take_mail(struct cursor *c)
{
    static const char *const units[] = {".service", ".slice", ".scope",
                                        ".socket",  ".mount", ".timer"};
    size_t user = 0, len;

    while (c->at + user < c->end && is_name(c->at[user]))
        user++;
    if (user == 0 || c->at + user >= c->end || c->at[user] != '@')
        return 0;
    len = user + 1;
    while (c->at + len < c->end && is_name(c->at[len]))
        len++;
    if (len < user + 4 || !memchr(c->at + user, '.', len - user) ||
        isdigit((unsigned char)c->at[len - 1]))
        return 0;
    for (unsigned i = 0; i < ARRAY_SIZE(units); i++) {
        size_t n = strlen(units[i]);

        if (len > n && memcmp(c->at + len - n, units[i], n) == 0)
            return 0;
    }
    strbuf_printf(c->out, "user%u@example.com", number_of(c->a, KIND_USER, c->at, len));
    return len;
}

/* pod="namespace/name" */
static size_t take_pod(struct cursor *c)
{
    size_t space = 0, len;

    if (!follows(c, "pod=\"") && !follows(c, "pods=[\""))
        return 0;
    while (c->at + space < c->end && is_name(c->at[space]))
        space++;
    if (space == 0 || c->at + space >= c->end || c->at[space] != '/')
        return 0;
    len = space + 1;
    while (c->at + len < c->end && is_name(c->at[len]))
        len++;
    strbuf_printf(c->out, "namespace%u/", number_of(c->a, KIND_SPACE, c->at, space));
    strbuf_printf(c->out, "pod%u", number_of(c->a, KIND_POD, c->at + space + 1, len - space - 1));
    return len;
}

static size_t take_known_host(struct cursor *c)
{
    vec_for_each (&c->a->names, name) {
        size_t len = strlen(name->text);

        if (name->kind != KIND_HOST || !stands(c, name->text) ||
            (c->at + len < c->end && (is_word(c->at[len]) || c->at[len] == '-')))
            continue;
        strbuf_printf(c->out, "host%u", name->number);
        return len;
    }
    return 0;
}

/* --- the prefix of a line ----------------------------------------------------------------------------------------------------- */

/* "Nov 25 03:10:00 HOST program: ...", "2025-11-25T03:10:00+00:00 HOST program: ...": where the host begins; 0. */
static size_t host_offset(const char *line, size_t len)
{
    size_t at = 0;

    if (len > 20 && line[0] == '<') {
        while (at < len && line[at] != '>')
            at++;
        at += at < len;
    }
    if (len > at + 20 && isalpha((unsigned char)line[at]) && line[at + 3] == ' ' &&
        line[at + 6] == ' ' && line[at + 9] == ':' && line[at + 12] == ':' && line[at + 15] == ' ')
        return at + 16;
    if (len > at + 24 && isdigit((unsigned char)line[at]) && line[at + 4] == '-' &&
        line[at + 7] == '-' && line[at + 10] == 'T' && line[at + 13] == ':') {
        for (at += 19; at < len && line[at] != ' '; at++)
            ;
        return at + 1 < len ? at + 1 : 0;
    }
    return 0;
}

/* Learn the host of a syslog line. A tag with a colon is no host. */
static void learn_host(struct anonymiser *a, const char *line, size_t len)
{
    size_t at = host_offset(line, len), end = at;

    while (at && end < len && is_name(line[end]))
        end++;
    if (!at || end == at || end >= len || line[end] != ' ' || a->count[KIND_HOST] >= HOSTS_MAX)
        return;
    number_of(a, KIND_HOST, line + at, end - at);
}

static size_t take_any(struct cursor *c)
{
    typedef size_t take_kind(struct cursor *);
    static take_kind *const kinds[] = {take_uuid, take_pod, take_user, take_mail,
                                       take_ip,   take_mac, take_id,   take_known_host};

    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        size_t took = kinds[i](c);

        if (took)
            return took;
    }
    return 0;
}

void anonymise(struct anonymiser *a, const char *text, size_t len, struct strbuf *out)
{
    struct cursor c = {a, text, text, text + len, out};

    while (c.at < c.end) {
        const char *newline = memchr(c.at, '\n', (size_t)(c.end - c.at));
        const char *line_end = newline ? newline + 1 : c.end;

        learn_host(a, c.at, (size_t)(line_end - c.at));
        while (c.at < line_end) {
            bool starts =
                c.at == c.begin || !is_word(c.at[-1]) || follows(&c, "pod") || c.at[-1] == '_';
            size_t took = starts && is_word(*c.at) ? take_any(&c) : 0;

            if (took == 0)
                strbuf_appendc(out, *c.at);
            c.at += took ? took : 1;
        }
    }
}
