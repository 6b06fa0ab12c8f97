/* objects.c - see objects.h.
 *
 * A line of JSON is read token by token; a bracket opens or closes a node, and one that closes more
 * than was opened makes all that was read so far a part of an object around it. A line of YAML goes
 * by its indent:
 *
 *   containerStatuses:          a pair of the object at indent 0
 *   - name: app                 an item of the list, whose keys stand at 2
 *     lastState:                a pair of it
 *       terminated:             deeper: of the key before it
 *         reason: OOMKilled
 *   - name: proxy               the next item
 */
#include "paste/objects.h"

#define DEPTH_MAX 128
/* No object of use is further in than that. */
#define WALK_MAX  64

/* Keys that an object has once: a second one is of another object, whose beginning is lost. */
static const char *const once[] = {"apiVersion", "kind",         "name", "reason", "exitCode",
                                   "lastState",  "restartCount", "Id",   "Name",   "OOMKilled"};
/* ... the first ones begin a document. */
#define ONCE_BEGINS 2

struct frame {
    size_t indent;
    u32 object, pair; /* its last pair */
    u32 seen;         /* bits of once[] */
};

struct reader {
    struct objects *o;
    u32 line, root;
    /* JSON */
    u32 in, depth; /* the node whose keys are read; brackets open */
    struct span key, scalar;
    bool has_key, has_scalar;
    /* YAML */
    struct frame frames[DEPTH_MAX];
    unsigned nr_frames;
    bool began;
};

static bool span_same(struct span a, struct span b)
{
    return span_len(a) == span_len(b) && memcmp(a.at, b.at, span_len(a)) == 0;
}

static u32 add(struct reader *r, u32 around, struct span key, struct span value, struct span words)
{
    u32 index = (u32)r->o->nodes.count;
    struct object_node fresh = {.key = key,
                                .value = value,
                                .words = words,
                                .line = r->line,
                                .around = around,
                                .last = OBJECT_NONE,
                                .previous = OBJECT_NONE};

    if (index >= OBJECTS_NODES_MAX)
        return around == OBJECT_NONE ? 0 : around;
    if (around != OBJECT_NONE)
        fresh.previous = r->o->nodes.items[around].last;
    vec_push(&r->o->nodes, fresh);
    if (around != OBJECT_NONE)
        r->o->nodes.items[around].last = index;
    return index;
}

static struct span nothing(void)
{
    return span_of("", 0);
}

/* All that was read so far is in an object whose beginning was not seen. */
static u32 wrap(struct reader *r)
{
    u32 fresh = add(r, OBJECT_NONE, nothing(), nothing(), nothing());

    if (fresh == r->root || r->o->nodes.items[fresh].around != OBJECT_NONE || fresh == 0)
        return r->root;
    r->o->nodes.items[r->root].around = fresh;
    r->o->nodes.items[fresh].last = r->root;
    r->root = fresh;
    return fresh;
}

/* What follows has nothing to do with what was read. */
static void begin_tree(struct reader *r)
{
    r->root = r->in = add(r, OBJECT_NONE, nothing(), nothing(), nothing());
    r->nr_frames = r->depth = 0;
    r->began = r->has_key = r->has_scalar = false;
}

static unsigned once_of(struct span key)
{
    unsigned i = 0;

    while (i < ARRAY_SIZE(once) && !span_is(key, once[i]))
        i++;
    return i;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static struct span without_quotes(struct span text)
{
    text = span_trim(text);
    while (!span_empty(text) && (text.end[-1] == '"' || text.end[-1] == '\''))
        text.end--;
    while (!span_empty(text) && (*text.at == '"' || *text.at == '\''))
        text.at++;
    return text;
}

static void open_bracket(struct reader *r, struct span words)
{
    r->in = add(r, r->in, r->has_key ? without_quotes(r->key) : nothing(), nothing(), words);
    r->depth++;
    r->has_key = r->has_scalar = false;
}

static void close_bracket(struct reader *r)
{
    u32 around = r->o->nodes.items[r->in].around;

    r->in = around != OBJECT_NONE ? around : wrap(r);
    r->depth -= r->depth > 0;
    r->has_key = r->has_scalar = false;
}

/* A quoted text with its quotes, or what stands before the next mark. Never over the end of a
 * line. */
static struct span take_scalar(struct span *text)
{
    const char *start = text->at;
    bool quoted = *start == '"';

    if (quoted)
        text->at++;
    while (!span_empty(*text) && *text->at != '\n') {
        char c = *text->at;

        if (quoted && c == '\\' && text->end - text->at > 1 && text->at[1] != '\n') {
            text->at += 2;
            continue;
        }
        if (quoted ? c == '"' : memchr(",{}[]:", c, 6) != NULL)
            break;
        text->at++;
    }
    if (quoted && !span_empty(*text) && *text->at == '"')
        text->at++;
    return (struct span){start, text->at};
}

static void end_pair(struct reader *r)
{
    r->has_key = r->has_scalar = false;
}

static void take_value(struct reader *r, struct span value)
{
    struct span key;

    if (!r->has_key) {
        r->scalar = value;
        r->has_scalar = true;
        return;
    }
    key = without_quotes(r->key);
    if (once_of(key) < ARRAY_SIZE(once) && objects_child(r->o, r->in, key) != OBJECT_NONE)
        r->o->nodes.items[r->in].torn = true;
    add(r, r->in, key, without_quotes(value), (struct span){r->key.at, span_trim(value).end});
    r->has_key = r->has_scalar = false;
}

/* One line, or the part of it that is JSON. */
static void read_json(struct reader *r, struct span text)
{
    while (!span_empty(text)) {
        char c = *text.at;

        if (is_blank(c)) {
            text.at++;
        } else if (c == '{' || c == '[') {
            open_bracket(r, r->has_key ? (struct span){r->key.at, text.end} : text);
            text.at++;
        } else if (c == '}' || c == ']') {
            close_bracket(r);
            text.at++;
        } else if (c == ',') {
            end_pair(r);
            text.at++;
        } else if (c == ':') {
            r->key = r->scalar;
            r->has_key = r->has_scalar;
            text.at++;
        } else {
            take_value(r, take_scalar(&text));
        }
    }
}

static bool is_json(const struct reader *r, struct span line)
{
    struct span rest = span_trim(line), key;

    if (r->depth > 0)
        return true;
    if (span_empty(rest))
        return false;
    if (memchr("{}[]", *rest.at, 4))
        return true;
    if (*rest.at != '"')
        return false;
    key = take_scalar(&rest);
    span_skip_blanks(&rest);
    return span_len(key) > 1 && !span_empty(rest) && *rest.at == ':';
}

/* --- YAML ------------------------------------------------------------------------------------- */

static struct frame *top(struct reader *r)
{
    return r->nr_frames ? &r->frames[r->nr_frames - 1] : NULL;
}

static void push_frame(struct reader *r, size_t indent, u32 object)
{
    if (r->nr_frames == DEPTH_MAX)
        r->nr_frames--;
    r->frames[r->nr_frames++] =
        (struct frame){.indent = indent, .object = object, .pair = OBJECT_NONE};
    r->began = true;
}

static void pop_deeper(struct reader *r, size_t indent)
{
    while (r->nr_frames && top(r)->indent > indent)
        r->nr_frames--;
}

/* The object that a line without a frame is of: the first of the text, or the one around all that
 * was read. */
static u32 outermost(struct reader *r)
{
    return r->began ? wrap(r) : r->root;
}

/* What begins deeper than its frame is of that frame's last key. */
static u32 inner_of(const struct frame *frame)
{
    return frame->pair == OBJECT_NONE ? frame->object : frame->pair;
}

/* The frame that the key stands in, made where it begins one. */
static struct frame *frame_for(struct reader *r, size_t dash, size_t indent)
{
    if (dash != SIZE_MAX) {
        u32 list;

        pop_deeper(r, dash);
        list = r->nr_frames ? inner_of(top(r)) : outermost(r);
        push_frame(r, indent, add(r, list, nothing(), nothing(), nothing()));
        return top(r);
    }
    pop_deeper(r, indent);
    if (!r->nr_frames)
        push_frame(r, indent, outermost(r));
    else if (top(r)->indent < indent)
        push_frame(r, indent, inner_of(top(r)));
    return top(r);
}

/* A key that is there already is of another object, or of another document. */
static struct frame *again(struct reader *r, struct frame *frame, struct span key)
{
    unsigned i = once_of(key);
    struct frame was = *frame;

    if (i == ARRAY_SIZE(once))
        return frame;
    if (was.seen >> i & 1 && i < ONCE_BEGINS) {
        begin_tree(r);
        push_frame(r, was.indent, r->root);
    } else if (was.seen >> i & 1) {
        u32 around = r->o->nodes.items[was.object].around;

        if (around == OBJECT_NONE)
            around = wrap(r);
        r->o->nodes.items[was.object].torn = true;
        r->nr_frames--;
        push_frame(r, was.indent, add(r, around, nothing(), nothing(), nothing()));
        r->o->nodes.items[top(r)->object].torn = true;
    }
    top(r)->seen |= 1u << i;
    return top(r);
}

static void read_yaml(struct reader *r, struct span line)
{
    struct span rest = line, key, words = span_trim(line);
    size_t dash = SIZE_MAX, indent;
    struct frame *frame;

    /* Of documents, and of what grep found. */
    if (span_is(words, "---") || span_is(words, "--")) {
        begin_tree(r);
        return;
    }
    span_skip_blanks(&rest);
    for (struct span item = rest; span_take(&item, "- "); rest = item) {
        dash = dash == SIZE_MAX ? (size_t)(rest.at - line.at) : dash;
        span_skip_blanks(&item);
    }
    indent = (size_t)(rest.at - line.at);
    if (!span_take_until(&rest, ':', &key) || span_empty(span_trim(key)) ||
        memchr(key.at, ' ', span_len(key)))
        return;
    key = without_quotes(key);
    rest = span_trim(rest);
    frame = again(r, frame_for(r, dash, indent), key);
    if (!span_empty(rest) && (*rest.at == '{' || *rest.at == '[')) {
        r->in = frame->object;
        r->key = key;
        r->has_key = true;
        read_json(r, rest);
        frame->pair = OBJECT_NONE;
        return;
    }
    frame->pair = add(r, frame->object, key, without_quotes(rest), words);
}

/* --- a text ----------------------------------------------------------------------------------- */

void objects_read(struct objects *o, struct span text, u32 first_line)
{
    struct reader *r = xcalloc(1, sizeof(*r));
    struct span line;

    vec_reset(&o->nodes);
    r->o = o;
    r->line = first_line;
    begin_tree(r);
    for (; span_take_line(&text, &line); r->line++) {
        if (!is_json(r, line)) {
            read_yaml(r, line);
            continue;
        }
        if (r->depth == 0)
            r->in = r->nr_frames ? inner_of(top(r)) : r->root;
        r->began = true;
        read_json(r, line);
    }
    free(r);
}

void objects_done(struct objects *o)
{
    vec_done(&o->nodes);
}

bool objects_may_have(struct span line)
{
    struct span word;

    if (!span_take_word(&line, &word))
        return false;
    switch (*word.at) {
    case '{':
    case '}':
    case '[':
    case ']':
    case '"':
        return true;
    case '-':
        return span_len(word) == 1 || word.end[-1] == ':';
    default:
        return word.end[-1] == ':';
    }
}

u32 objects_child(const struct objects *o, u32 object, struct span key)
{
    const struct object_node *node = &o->nodes.items[object];
    u32 last = node->last;

    if (node->torn || last == OBJECT_NONE)
        return OBJECT_NONE;
    /* Items have no keys: their list is not looked through. */
    for (u32 at = last; at != OBJECT_NONE; at = o->nodes.items[at].previous) {
        if (span_same(o->nodes.items[at].key, key))
            return at;
        if (at == last && span_empty(o->nodes.items[at].key) &&
            o->nodes.items[at].previous != OBJECT_NONE &&
            span_empty(o->nodes.items[o->nodes.items[at].previous].key))
            return OBJECT_NONE;
    }
    return OBJECT_NONE;
}

u32 objects_around(const struct objects *o, u32 node, const char *key)
{
    u32 at = node;
    struct span want = span_of(key, strlen(key));

    for (unsigned i = 0; i < WALK_MAX && at != OBJECT_NONE; i++) {
        if (objects_child(o, at, want) != OBJECT_NONE)
            return at;
        at = o->nodes.items[at].around;
    }
    return OBJECT_NONE;
}
