/* objects.h - JSON and YAML as a tree of keys, whole or torn out of a document.
 *
 * Takes:   JSON printed over many lines, on one line, or several objects in a row (jq); YAML by its
 *          indent, an item "- " beginning an object; JSON within YAML. Text may begin and end
 *          anywhere: what closes an object that was never seen to open is its end.
 * Gives:   nodes, each a key with a value, or an object or list with the nodes in it. Whose key it
 *          is, the objects around it say, in whatever order their keys stand.
 * Bounds:  OBJECTS_NODES_MAX nodes; the spans point into the text.
 * Use:     struct objects o = {{0}}; objects_read(&o, text, line); vec_for_each (&o.nodes, node)
 *          ... objects_find(&o, node, "name") ...; objects_done(&o);
 */
#ifndef PASTE_OBJECTS_H
#define PASTE_OBJECTS_H

#include "base/vec.h"
#include "observe/span.h"

#define OBJECTS_NODES_MAX 1000000u
#define OBJECT_NONE       UINT32_MAX

struct object_node {
    struct span key, value; /* empty: an item of a list; an object or a list */
    struct span words;      /* the key and the value as they stand */
    u32 line;
    u32 around;         /* the node that it is in; OBJECT_NONE */
    u32 last, previous; /* the last node in it, and the one before it in the same; OBJECT_NONE */
    bool torn; /* keys of several objects seem to stand in it: whose they are, is not known */
};

struct objects {
    VEC(struct object_node) nodes;
};

void objects_read(struct objects *o, struct span text, u32 first_line);
void objects_done(struct objects *o);

/* May the line stand in one? A bracket, an item, a key before its colon. */
bool objects_may_have(struct span line);

/* The node of this key in the object; OBJECT_NONE. */
u32 objects_child(const struct objects *o, u32 object, struct span key);

/* The object that has this key: `node` itself or the nearest around it; OBJECT_NONE. */
u32 objects_around(const struct objects *o, u32 node, const char *key);

#endif
