/* yaml_tree.h - a text of YAML as a tree of values: what others wrote, looked up and never trusted.
 *
 * libyaml reads the text; this keeps its documents. An alias stays a reference, so that a text of n
 * bytes is a tree of O(n) values however often it names itself. Merge keys (<<) are followed by
 * yaml_tree_get().
 * Bounds:   YAML_TREE_BYTES_MAX of text, YAML_TREE_NODES_MAX values, YAML_TREE_DEPTH_MAX levels,
 *           and YAML_TREE_STEPS_MAX keys looked at in all look-ups together; what goes beyond is an
 *           error.
 * Differs:  tags are not looked at. A text is what it says, whether quoted or not; yaml_tree_text()
 *           takes a plain null, ~ or nothing for none.
 * Use:      struct yaml_tree t; if (yaml_tree_read(&t, path, text, len, &e) == 0) { ...
 *           yaml_tree_get(&t, t.documents.items[0], "kind") ...; yaml_tree_done(&t); }
 */
#ifndef REPORT_YAML_TREE_H
#define REPORT_YAML_TREE_H

#include "base/err.h"
#include "base/strbuf.h"
#include "base/vec.h"

#define YAML_TREE_BYTES_MAX (8 * MIB)
#define YAML_TREE_NODES_MAX 1000000u
#define YAML_TREE_DEPTH_MAX 200u
#define YAML_TREE_STEPS_MAX 10000000u

#define YAML_NONE 0u /* no value: what was looked for is not there */

enum yaml_kind { YAML_TEXT, YAML_MAP, YAML_LIST, YAML_ALIAS };

/* A value. The children of a map are key, value, key, value. */
struct yaml_value {
    enum yaml_kind kind;
    bool plain;  /* of a text: not quoted */
    u32 line;    /* from 1 */
    u32 first;   /* of a map or list: its first child, else YAML_NONE; of an alias: what it names */
    u32 next;    /* the next child of the same parent */
    u32 at, len; /* of a text: where in `texts`, ended by a NUL */
};

struct yaml_tree {
    VEC(struct yaml_value) values; /* the first is none */
    VEC(u32) documents;            /* their values, in order */
    struct strbuf texts;
    u32 steps;
    u32 wrong_line; /* of the first look-up that could not be answered; 0: none */
    const char *wrong;
};

/* 0, or -EINVAL with the place; -ENOSYS where the program was built without libyaml. On failure
 * there is nothing to free. */
int yaml_tree_read(struct yaml_tree *t, const char *path, const char *text, size_t len,
                   struct err *e);
void yaml_tree_done(struct yaml_tree *t);

/* The value of a key of a map; YAML_NONE where the value is no map or has no such key. A key that
 * is there twice, or too many look-ups, are noted in t->wrong. */
u32 yaml_tree_get(struct yaml_tree *t, u32 map, const char *key);

/* The first item of a list, and the one after it, which may be aliases. */
u32 yaml_tree_first(const struct yaml_tree *t, u32 list);
u32 yaml_tree_next(const struct yaml_tree *t, u32 item);

/* The text of a value; NULL where it is none, null, or has a NUL in it. */
const char *yaml_tree_text(const struct yaml_tree *t, u32 value);

/* The value itself where it is an alias. */
const struct yaml_value *yaml_tree_at(const struct yaml_tree *t, u32 value);

#endif
