/* anonymise_pairs.c - names that stand behind a key which says so, in any spelling: "host.name":
 * "x", nodeName: x, pod_name="x".
 *
 * A key is taken apart at dots, dashes, underscores and capitals; its last word says what the value
 * is, and "name" alone says nothing: then the word before it does, or the key of the object that
 * the pair stands in. Three ways of writing a pair are read: JSON, also within the string of
 * another JSON; key=value anywhere in a line; and "key: value" as a line of YAML or of a
 * description, where indentation says in which object it is.
 */
#include "report/anonymise_int.h"

#include <string.h>

#define WORD_MAX  24u
#define NO_KIND   ((int)NR_KINDS)
#define DEPTH_MAX 8u /* of JSON in strings of JSON */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static char lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* Cut the last word off a key, in small letters, "" when there is none. */
static void cut_word(struct span *key, char word[WORD_MAX])
{
    const char *end, *at;
    size_t len;

    while (!span_empty(*key) && !is_alnum_ascii(key->end[-1]))
        key->end--;
    end = at = key->end;
    while (at > key->at && is_alnum_ascii(at[-1])) {
        at--;
        /* "nodeName", "PodIP": a capital begins a word, but not within several of them. */
        if (is_upper(*at) && at > key->at && !is_upper(at[-1]))
            break;
    }
    len = (size_t)(end - at);
    key->end = at;
    if (len >= WORD_MAX)
        len = 0;
    for (size_t i = 0; i < len; i++)
        word[i] = lower(at[i]);
    word[len] = '\0';
}

static const struct {
    const char *word;
    enum name_kind kind;
} kinds[] = {
    {"host", KIND_HOST},
    {"hostname", KIND_HOST},
    {"node", KIND_HOST},
    {"nodename", KIND_HOST},
    {"fqdn", KIND_HOST},
    {"computer", KIND_HOST},
    {"instance", KIND_HOST},
    {"guest", KIND_HOST},
    {"vm", KIND_HOST},
    {"pod", KIND_POD},
    {"podname", KIND_POD},
    {"generate", KIND_POD},
    {"statefulset", KIND_POD},
    {"daemonset", KIND_POD},
    {"replicaset", KIND_POD},
    {"deployment", KIND_POD},
    {"namespace", KIND_SPACE},
    {"cluster", KIND_SPACE},
    {"project", KIND_SPACE},
    {"tenant", KIND_SPACE},
    {"customer", KIND_SPACE},
    {"team", KIND_SPACE},
    {"org", KIND_SPACE},
    {"organization", KIND_SPACE},
    {"container", KIND_CONTAINER},
    {"app", KIND_CONTAINER},
    {"application", KIND_CONTAINER},
    {"job", KIND_CONTAINER},
    {"image", KIND_IMAGE},
    {"user", KIND_USER},
    {"username", KIND_USER},
    {"userid", KIND_USER},
    {"owner", KIND_USER},
    {"account", KIND_USER},
    {"logname", KIND_USER},
    {"acct", KIND_USER},
};

static int kind_of_word(const char *word)
{
    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(word, kinds[i].word) == 0)
            return (int)kinds[i].kind;
    return NO_KIND;
}

/* What kind of name stands behind this key. *ret_bare: it is "name" alone, and where it stands says
 * more. */
static int kind_of_key(struct span key, bool *ret_bare)
{
    struct span slash = {memchr(key.at, '/', span_len(key)), key.end};
    bool of_app = slash.at && span_ends((struct span){key.at, slash.at}, "app.kubernetes.io");
    char last[WORD_MAX], before[WORD_MAX];
    int kind;

    *ret_bare = false;
    if (slash.at)
        key.at = slash.at + 1;
    cut_word(&key, last);
    kind = kind_of_word(last);
    if (kind != NO_KIND)
        return of_app ? (int)KIND_POD : kind;
    cut_word(&key, before);
    if (strcmp(last, "name") != 0 && strcmp(last, "names") != 0 && strcmp(last, "list") != 0)
        return strcmp(last, "service") == 0 && strcmp(before, "compose") == 0 ? (int)KIND_CONTAINER
                                                                              : NO_KIND;
    if (*before)
        return kind_of_word(before);
    if (of_app)
        return KIND_CONTAINER;
    *ret_bare = true;
    return NO_KIND;
}

/* What a "name" within this object is. */
static int kind_within(const struct anonymiser *a, struct span key)
{
    static const struct {
        const char *word;
        enum name_kind kind;
    } objects[] = {
        {"metadata", KIND_POD},
        {"references", KIND_POD},
        {"object", KIND_POD},
        {"regarding", KIND_POD},
        {"containers", KIND_CONTAINER},
        {"statuses", KIND_CONTAINER},
        {"nodes", KIND_HOST},
        {"definitions", KIND_CONTAINER},
        {"pods", KIND_POD},
        {"clusters", KIND_SPACE},
        {"users", KIND_USER},
        {"hosts", KIND_HOST},
    };
    char word[WORD_MAX];

    cut_word(&key, word);
    for (unsigned i = 0; i < ARRAY_SIZE(objects); i++)
        if (strcmp(word, objects[i].word) == 0)
            return objects[i].kind == KIND_POD && a->of_node ? (int)KIND_HOST
                                                             : (int)objects[i].kind;
    return kind_of_word(word);
}

/* A number with a unit, a flag, a version: what stands behind such a key in other tools' output and
 * is nobody's name. */
static bool is_figure(struct span word)
{
    return span_empty(word) ||
           (is_digit(*word.at) &&
            (span_begins(word, "0x") || is_digit(word.end[-1]) || word.end[-1] == '%'));
}

/* {"name": "api", "exitCode": 137}: whatever the object is called that it stands in, what ended
 * with a code is a container. Either may come first. */
static void learn_sibling(struct anonymiser *a, struct span key, struct span value, bool bare)
{
    static const char *const of_container[] = {"exitCode",   "containerArn", "containerID",
                                               "lastStatus", "restartCount", "runtimeId"};
    struct span name;
    bool ends = false;

    for (unsigned i = 0; i < ARRAY_SIZE(of_container); i++)
        ends |= span_is(key, of_container[i]);
    if (!ends && !bare)
        return;
    if (a->bare_depth != a->nr_objects + 1) {
        a->bare_depth = a->nr_objects + 1;
        a->bare_name[0] = '\0';
        a->bare_container = false;
    }
    if (bare) {
        a->bare_name[0] = '\0';
        if (span_len(value) < sizeof(a->bare_name))
            span_copy(value, a->bare_name, sizeof(a->bare_name));
    }
    a->bare_container |= ends;
    name = span_of(a->bare_name, strlen(a->bare_name));
    if (a->bare_container && !span_empty(name) && !is_figure(name))
        anonymiser_learn_value(a, KIND_CONTAINER, name);
}

static void learn_pair(struct anonymiser *a, struct span key, struct span value, int within)
{
    bool bare;
    int kind = kind_of_key(key, &bare);

    if (bare)
        kind = within;
    if (span_is(key, "kind"))
        a->of_node = span_is(value, "Node");
    if (kind != NO_KIND && !is_figure(value))
        anonymiser_learn_value(a, (enum name_kind)kind, value);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static unsigned slashes_before(const char *begin, const char *at)
{
    unsigned n = 0;

    while (at > begin && at[-1] == '\\') {
        at--;
        n++;
    }
    return n;
}

/* The string whose opening quote is at *at; a string within a string has quotes with as many
 * backslashes before them. */
static bool take_string(const char *begin, const char **at, const char *end, struct span *ret)
{
    unsigned level = slashes_before(begin, *at);
    const char *p;

    for (p = *at + 1; p < end; p++)
        if (*p == '"' && slashes_before(*at + 1, p) <= level)
            break;
    if (p == end)
        return false;
    *ret = (struct span){*at + 1, p - MIN(level, slashes_before(*at + 1, p))};
    *at = p + 1;
    return true;
}

static void open_object(struct anonymiser *a, int kind)
{
    if (a->nr_objects < ARRAY_SIZE(a->objects))
        a->objects[a->nr_objects] = (u8)kind;
    a->nr_objects++;
    a->bare_depth = 0;
}

static int object_kind(const struct anonymiser *a)
{
    return a->nr_objects && a->nr_objects <= ARRAY_SIZE(a->objects) ? a->objects[a->nr_objects - 1]
                                                                    : NO_KIND;
}

static bool holds_object(struct span text)
{
    return !span_empty(text) && *text.at == '{' && span_find(text, "\":");
}

static void learn_json(struct anonymiser *a, struct span line, unsigned depth)
{
    struct span key = {line.at, line.at}, text;
    bool behind_key = false;

    for (const char *at = line.at; at < line.end;) {
        switch (*at) {
        case '"':
            if (!take_string(line.at, &at, line.end, &text))
                return;
            if (behind_key) {
                learn_pair(a, key, text, object_kind(a));
                if (span_is(key, "name") && object_kind(a) == NO_KIND)
                    learn_sibling(a, key, text, true);
            }
            if (depth < DEPTH_MAX && holds_object(text)) {
                unsigned outer = a->nr_objects;

                learn_json(a, text, depth + 1);
                a->nr_objects = outer;
            }
            while (at < line.end && (is_blank(*at) || *at == '\\'))
                at++;
            if (at < line.end && *at == ':' && !behind_key) {
                key = text;
                behind_key = true;
                learn_sibling(a, key, text, false);
                at++;
            } else {
                behind_key = false;
            }
            continue;
        case '{':
        case '[':
            open_object(a, behind_key ? kind_within(a, key) : object_kind(a));
            behind_key = false;
            break;
        case '}':
        case ']':
            a->nr_objects -= a->nr_objects > 0;
            behind_key = false;
            break;
        case ',':
            behind_key = false;
            break;
        default:
            break;
        }
        at++;
    }
}

static bool looks_like_json(const struct anonymiser *a, struct span words)
{
    if (span_empty(words))
        return false;
    if (span_find(words, "{\"") || span_find(words, "{\\\""))
        return true;
    return strchr("{}[]\"", *words.at) && (a->nr_objects || *words.at == '{' || *words.at == '"');
}

/* --- key=value -------------------------------------------------------------------------------- */

static bool is_key(char c)
{
    return is_name(c);
}

static void learn_assignments(struct anonymiser *a, struct span line)
{
    for (const char *at = line.at; (at = memchr(at, '=', (size_t)(line.end - at))); at++) {
        struct span key = {at, at}, value = {at + 1, line.end};

        while (key.at > line.at && is_key(key.at[-1]))
            key.at--;
        /* A path, a bit of a URL, an address: "/a/node=1" is no key of a logger. */
        if (span_empty(key) || (key.at > line.at && strchr("%&?", key.at[-1])))
            continue;
        while (!span_empty(key) && *key.at == '-')
            key.at++;
        learn_pair(a, key, value, NO_KIND);
    }
}

/* --- key: value ------------------------------------------------------------------------------- */

/* "  - " of a list counts as indentation, and so do signs of quoting. */
static struct span skip_indent(struct span line)
{
    while (!span_empty(line) && (is_blank(*line.at) || *line.at == '>' || *line.at == '|' ||
                                 (*line.at == '-' && line.at + 1 < line.end && line.at[1] == ' ')))
        line.at++;
    return line;
}

static bool take_key(struct span *words, struct span *ret)
{
    const char *colon = span_empty(*words) ? NULL : memchr(words->at, ':', span_len(*words));

    if (!colon || colon == words->at || colon - words->at > 64 ||
        (colon + 1 < words->end && !is_blank(colon[1])))
        return false;
    *ret = (struct span){words->at, colon};
    for (const char *at = ret->at; at < ret->end; at++)
        if (!is_key(*at) && *at != '/' && *at != ' ' && *at != '"')
            return false;
    words->at = colon + 1;
    return true;
}

/* "x", "x  # a comment", "a, b"; not a sentence. */
static bool is_one_value(struct span value)
{
    struct span word;

    if (!span_take_word(&value, &word))
        return false;
    value = span_trim(value);
    return span_empty(value) || *value.at == '#' || word.end[-1] == ',';
}

static int yaml_within(struct anonymiser *a, size_t indent)
{
    while (a->nr_blocks && a->blocks[a->nr_blocks - 1].indent >= indent)
        a->nr_blocks--;
    return a->nr_blocks ? a->blocks[a->nr_blocks - 1].kind : NO_KIND;
}

static void learn_yaml(struct anonymiser *a, struct span line)
{
    struct span words = skip_indent(line), key;
    size_t indent = (size_t)(words.at - line.at);
    int within;

    if (span_empty(words))
        return;
    if (!take_key(&words, &key)) {
        if (indent == 0)
            a->nr_blocks = 0;
        return;
    }
    within = yaml_within(a, indent);
    words = span_trim(words);
    if (!span_empty(words) && !is_one_value(words))
        return;
    if (!span_empty(words))
        learn_pair(a, key, words, within);
    else if (a->nr_blocks < ARRAY_SIZE(a->blocks))
        a->blocks[a->nr_blocks++] = (struct key_block){indent, (u8)kind_within(a, key)};
}

void anonymiser_learn_pairs(struct anonymiser *a, struct span line)
{
    if (looks_like_json(a, skip_indent(line))) {
        learn_json(a, line, 0);
        learn_assignments(a, line);
        return;
    }
    a->nr_objects = 0;
    learn_assignments(a, line);
    learn_yaml(a, line);
}
