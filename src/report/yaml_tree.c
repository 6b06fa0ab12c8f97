/* yaml_tree.c - see yaml_tree.h.
 *
 * libyaml's events, not its documents, whose anchors are compared with each other one by one.
 * Containers that are open are a stack; each knows its last child, to which the next is tied.
 */
#include "report/yaml_tree.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#ifdef HW_YAML
#include <yaml.h>

struct open {
    u32 value, last;
};

struct reading {
    struct yaml_tree *tree;
    const char *path;
    struct err *e;
    VEC(struct open) stack;
    struct u64map anchors; /* of this document: from the hash of a name to its value */
};

static int refuse(struct reading *r, yaml_mark_t at, const char *what)
{
    return err_at(r->e, -EINVAL, r->path, (unsigned)at.line + 1, (unsigned)at.column + 1, "%s",
                  what);
}

static int add(struct reading *r, const yaml_event_t *event, struct yaml_value value, u32 *ret)
{
    struct yaml_tree *t = r->tree;
    u32 index = (u32)t->values.count;

    if (index >= YAML_TREE_NODES_MAX)
        return refuse(r, event->start_mark, "more than 1,000,000 values");
    value.line = (u32)event->start_mark.line + 1;
    vec_push(&t->values, value);
    if (r->stack.count == 0) {
        vec_push(&t->documents, index);
    } else {
        struct open *top = &vec_last(&r->stack);

        if (top->last)
            t->values.items[top->last].next = index;
        else
            t->values.items[top->value].first = index;
        top->last = index;
    }
    *ret = index;
    return 0;
}

static u64 anchor_key(const yaml_char_t *name)
{
    return hash_bytes(name, strlen((const char *)name));
}

static int add_alias(struct reading *r, const yaml_event_t *event)
{
    u64 target;
    u32 index;

    if (!u64map_get(&r->anchors, anchor_key(event->data.alias.anchor), &target))
        return refuse(r, event->start_mark, "an alias of nothing that was named (&) before it");
    return add(r, event, (struct yaml_value){.kind = YAML_ALIAS, .first = (u32)target}, &index);
}

static int add_text(struct reading *r, const yaml_event_t *event)
{
    struct strbuf *texts = &r->tree->texts;
    struct yaml_value value = {.kind = YAML_TEXT,
                               .plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                               .at = (u32)texts->len,
                               .len = (u32)event->data.scalar.length};
    u32 index;
    int rc = add(r, event, value, &index);

    if (rc)
        return rc;
    strbuf_append_bytes(texts, event->data.scalar.value, event->data.scalar.length);
    strbuf_appendc(texts, '\0');
    if (event->data.scalar.anchor)
        u64map_put(&r->anchors, anchor_key(event->data.scalar.anchor), index);
    return 0;
}

static int open_one(struct reading *r, const yaml_event_t *event, enum yaml_kind kind,
                    const yaml_char_t *anchor)
{
    u32 index;
    int rc;

    if (r->stack.count >= YAML_TREE_DEPTH_MAX)
        return refuse(r, event->start_mark, "values inside each other more than 200 deep");
    rc = add(r, event, (struct yaml_value){.kind = kind}, &index);
    if (rc)
        return rc;
    vec_push(&r->stack, ((struct open){.value = index}));
    if (anchor)
        u64map_put(&r->anchors, anchor_key(anchor), index);
    return 0;
}

static int take(struct reading *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        u64map_done(&r->anchors);
        u64map_init(&r->anchors);
        return 0;
    case YAML_ALIAS_EVENT:
        return add_alias(r, event);
    case YAML_SCALAR_EVENT:
        return add_text(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_one(r, event, YAML_LIST, event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return open_one(r, event, YAML_MAP, event->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        (void)vec_pop(&r->stack);
        return 0;
    default:
        return 0;
    }
}

/* libyaml's words, and the place that they are about. */
static int refuse_text(struct reading *r, const yaml_parser_t *parser, const char *text, size_t len)
{
    yaml_mark_t at = parser->problem_mark;
    const char *hint = memmem(text, len, "{{", 2) ? "; a template of Helm is rendered before "
                                                    "(helm template)"
                                                  : "";

    return err_at(r->e, -EINVAL, r->path, (unsigned)at.line + 1, (unsigned)at.column + 1,
                  "no YAML: %s%s", parser->problem ? parser->problem : "it cannot be read", hint);
}

int yaml_tree_read(struct yaml_tree *t, const char *path, const char *text, size_t len,
                   struct err *e)
{
    struct reading r = {.tree = t, .path = path, .e = e};
    yaml_parser_t parser;
    bool end = false;
    int rc = 0;

    if (len > YAML_TREE_BYTES_MAX)
        return err_at(e, -EINVAL, path, 0, 0, "longer than 8 MiB");
    if (!yaml_parser_initialize(&parser))
        return err_at(e, -ENOMEM, path, 0, 0, "no memory to read it");
    *t = (struct yaml_tree){0};
    strbuf_init(&t->texts);
    vec_push(&t->values, (struct yaml_value){0});
    u64map_init(&r.anchors);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    while (rc == 0 && !end) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            rc = refuse_text(&r, &parser, text, len);
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        rc = take(&r, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    u64map_done(&r.anchors);
    vec_done(&r.stack);
    if (rc)
        yaml_tree_done(t);
    return rc;
}

#else

int yaml_tree_read(struct yaml_tree *t, const char *path, const char *text, size_t len,
                   struct err *e)
{
    (void)t;
    (void)text;
    (void)len;
    return err_at(e, -ENOSYS, path, 0, 0,
                  "this highwater was built without libyaml, with which it reads manifests");
}

#endif

void yaml_tree_done(struct yaml_tree *t)
{
    vec_done(&t->values);
    vec_done(&t->documents);
    strbuf_done(&t->texts);
}

const struct yaml_value *yaml_tree_at(const struct yaml_tree *t, u32 value)
{
    const struct yaml_value *v = &t->values.items[value];

    return v->kind == YAML_ALIAS ? &t->values.items[v->first] : v;
}

/* An alias names no alias, so that one step is enough. */
static u32 named(const struct yaml_tree *t, u32 value)
{
    return t->values.items[value].kind == YAML_ALIAS ? t->values.items[value].first : value;
}

static bool step(struct yaml_tree *t, u32 value)
{
    if (!t->wrong && t->steps++ >= YAML_TREE_STEPS_MAX) {
        t->wrong = "too much to look through: aliases of aliases";
        t->wrong_line = t->values.items[value].line;
    }
    return !t->wrong;
}

static bool is_key(const struct yaml_tree *t, u32 value, const char *key, size_t len)
{
    const struct yaml_value *v = yaml_tree_at(t, value);

    return v->kind == YAML_TEXT && v->len == len && memcmp(t->texts.text + v->at, key, len) == 0;
}

static u32 get_merged(struct yaml_tree *t, u32 map, const char *key, unsigned depth);

/* Of what stands behind "<<": a map, or a list of maps of which the first that has the key
 * counts. */
static u32 get_from_merge(struct yaml_tree *t, u32 value, const char *key, unsigned depth)
{
    u32 found = YAML_NONE;

    if (yaml_tree_at(t, value)->kind == YAML_MAP)
        return get_merged(t, value, key, depth);
    for (u32 i = yaml_tree_first(t, value); i && !found && step(t, i); i = yaml_tree_next(t, i))
        found = get_merged(t, i, key, depth);
    return found;
}

static u32 get_merged(struct yaml_tree *t, u32 map, const char *key, unsigned depth)
{
    const struct yaml_value *m = yaml_tree_at(t, map);
    u32 found = YAML_NONE, merge = YAML_NONE;
    size_t len = strlen(key);

    if (m->kind != YAML_MAP || depth == YAML_TREE_DEPTH_MAX)
        return YAML_NONE;
    for (u32 k = m->first; k && step(t, k); k = t->values.items[t->values.items[k].next].next) {
        if (is_key(t, k, key, len)) {
            if (found && !t->wrong) {
                t->wrong = "a key that is there twice";
                t->wrong_line = t->values.items[k].line;
            }
            found = t->values.items[k].next;
        } else if (is_key(t, k, "<<", 2)) {
            merge = t->values.items[k].next;
        }
    }
    if (found || !merge)
        return found;
    return get_from_merge(t, merge, key, depth + 1);
}

u32 yaml_tree_get(struct yaml_tree *t, u32 map, const char *key)
{
    return named(t, get_merged(t, map, key, 0));
}

u32 yaml_tree_first(const struct yaml_tree *t, u32 list)
{
    const struct yaml_value *v = yaml_tree_at(t, list);

    return v->kind == YAML_LIST ? v->first : YAML_NONE;
}

u32 yaml_tree_next(const struct yaml_tree *t, u32 item)
{
    return t->values.items[item].next;
}

const char *yaml_tree_text(const struct yaml_tree *t, u32 value)
{
    const struct yaml_value *v = yaml_tree_at(t, value);
    const char *text;

    if (value == YAML_NONE || v->kind != YAML_TEXT)
        return NULL;
    text = t->texts.text + v->at;
    if (strlen(text) != v->len ||
        (v->plain && (!*text || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0)))
        return NULL;
    return text;
}
