/* xarray.c - the radix tree behind xarray.h.
 *
 * A walk goes from the head down, taking six bits of the index at each level. A store adds levels
 * on top until the index fits, then the missing nodes on the way down. An erase walks down
 * remembering the nodes, frees those that became empty from the bottom up, and then takes off every
 * root that has only slot 0, because then the tree below it holds all there is:
 *
 *     root [x . . .]          node [a b . .]           a single entry at index 0
 *           |          ->                       ->     becomes the head itself
 *     node [a b . .]
 *
 * Nodes have no parent pointers: a path is at most 11 nodes, kept on the stack by the few functions
 * that go up again. The bits of `present` make "next entry" and "next gap" a count of trailing
 * zeros per level.
 */
#include "base/xarray.h"

#include "base/alloc.h"

#define HEIGHT_MAX DIV_ROUND_UP(64, XA_SLOTS_SHIFT)

static inline unsigned slot_of(const struct xa_node *node, u64 index)
{
    return (unsigned)(index >> node->shift) & (XA_SLOTS - 1);
}

/* Indexes that one slot of this node covers, minus one. */
static inline u64 slot_span_mask(const struct xa_node *node)
{
    return BIT_ULL(node->shift) - 1;
}

static inline bool is_value(u64 entry)
{
    return entry & 1;
}

static inline bool holds_only_values(const struct xa_node *node)
{
    return node->values > 0 && node->values == node->count;
}

void xa_init(struct xarray *xa)
{
    *xa = (struct xarray){0};
}

static void free_below(struct xa_node *node)
{
    if (node->shift)
        for (u64 left = node->present; left; left &= left - 1)
            free_below(node->slots[__builtin_ctzll(left)].node);
    free(node);
}

void xa_done(struct xarray *xa)
{
    if (xa->height)
        free_below(xa->head.node);
    xa_init(xa);
}

static struct xa_node *node_new(struct xarray *xa, unsigned shift)
{
    struct xa_node *node = xcalloc(1, sizeof(*node));

    node->shift = (u8)shift;
    xa->nodes++;
    return node;
}

static void node_free(struct xarray *xa, struct xa_node *node)
{
    free(node);
    xa->nodes--;
}

/* Put one more level on top of a tree that is not empty. */
static void add_level(struct xarray *xa)
{
    struct xa_node *root = node_new(xa, xa->height * XA_SLOTS_SHIFT);

    root->slots[0] = xa->head;
    root->present = 1;
    for (unsigned m = 0; m < XA_MARKS; m++)
        root->marks[m] = xa->height ? xa->head.node->marks[m] != 0 : xa->head_marks >> m & 1u;
    if (xa->height == 0) {
        root->count = 1;
        root->values = is_value(xa->head.entry);
        xa->value_nodes += root->values;
    }
    xa->head.node = root;
    xa->head_marks = 0;
    xa->height++;
}

/* Make the tree high enough for index. */
static void grow(struct xarray *xa, u64 index)
{
    if (!xa_beyond(xa, index))
        return;
    if (xa->count == 0) {
        xa->height = log2_floor(index) / XA_SLOTS_SHIFT + 1;
        xa->head.node = node_new(xa, (xa->height - 1) * XA_SLOTS_SHIFT);
        return;
    }
    while (xa_beyond(xa, index))
        add_level(xa);
}

/* Take off roots that say nothing: empty, or only slot 0. */
static void drop_levels(struct xarray *xa)
{
    while (xa->height) {
        struct xa_node *root = xa->head.node;

        if (root->present > 1)
            return;
        if (xa->height == 1) {
            for (unsigned m = 0; m < XA_MARKS; m++)
                xa->head_marks |= (u8)((root->marks[m] & 1) << m);
            xa->value_nodes -= holds_only_values(root);
        }
        xa->head = root->slots[0];
        xa->height = root->present ? xa->height - 1 : 0;
        node_free(xa, root);
    }
}

/* Put entry (not 0) into the leaf and keep the leaf's and the tree's counts. Returns the old
 * entry. */
static u64 leaf_put(struct xarray *xa, struct xa_node *leaf, unsigned slot, u64 entry)
{
    u64 old = leaf->slots[slot].entry;

    xa->value_nodes -= holds_only_values(leaf);
    leaf->slots[slot].entry = entry;
    leaf->present |= BIT_ULL(slot);
    leaf->count = (u8)(leaf->count + (old == 0));
    leaf->values = (u8)(leaf->values + is_value(entry) - is_value(old));
    xa->value_nodes += holds_only_values(leaf);
    return old;
}

u64 xa_store(struct xarray *xa, u64 index, u64 entry)
{
    u64 old;

    if (!entry)
        return xa_erase(xa, index);
    grow(xa, index);
    if (xa->height == 0) {
        old = xa->head.entry;
        xa->head.entry = entry;
    } else {
        struct xa_node *node = xa->head.node;

        while (node->shift) {
            unsigned slot = slot_of(node, index);

            if (!node->slots[slot].node) {
                node->slots[slot].node = node_new(xa, node->shift - XA_SLOTS_SHIFT);
                node->present |= BIT_ULL(slot);
            }
            node = node->slots[slot].node;
        }
        old = leaf_put(xa, node, slot_of(node, index), entry);
    }
    xa->count += old == 0;
    xa->values = xa->values + is_value(entry) - is_value(old);
    return old;
}

/* The nodes from the root (path[0]) to the leaf of index; their number, or 0 when a node is
 * missing. */
static unsigned walk(const struct xarray *xa, u64 index, struct xa_node *path[HEIGHT_MAX])
{
    struct xa_node *node = xa->head.node;

    if (xa->height == 0 || xa_beyond(xa, index))
        return 0;
    for (unsigned depth = 0; node; depth++) {
        path[depth] = node;
        if (!node->shift)
            return depth + 1;
        node = node->slots[slot_of(node, index)].node;
    }
    return 0;
}

/* Clear a mark in the leaf, and above it where no other slot below has it. */
static void clear_mark_up(struct xa_node *path[], unsigned depth, u64 index, unsigned mark)
{
    while (depth-- > 0) {
        path[depth]->marks[mark] &= ~BIT_ULL(slot_of(path[depth], index));
        if (path[depth]->marks[mark])
            return;
    }
}

u64 xa_erase(struct xarray *xa, u64 index)
{
    u64 old;

    if (xa->height == 0) {
        if (index)
            return 0;
        old = xa->head.entry;
        xa->head.entry = 0;
        xa->head_marks = 0;
    } else {
        struct xa_node *path[HEIGHT_MAX];
        unsigned depth = walk(xa, index, path);

        if (!depth)
            return 0;

        struct xa_node *leaf = path[depth - 1];
        unsigned slot = slot_of(leaf, index);

        old = leaf->slots[slot].entry;
        if (!old)
            return 0;
        for (unsigned m = 0; m < XA_MARKS; m++)
            if (leaf->marks[m] >> slot & 1)
                clear_mark_up(path, depth, index, m);
        xa->value_nodes -= holds_only_values(leaf);
        leaf->slots[slot].entry = 0;
        leaf->present &= ~BIT_ULL(slot);
        leaf->count--;
        leaf->values = (u8)(leaf->values - is_value(old));
        xa->value_nodes += holds_only_values(leaf);
        while (depth > 1 && !path[depth - 1]->present) {
            node_free(xa, path[depth - 1]);
            depth--;
            slot = slot_of(path[depth - 1], index);
            path[depth - 1]->slots[slot].node = NULL;
            path[depth - 1]->present &= ~BIT_ULL(slot);
        }
        drop_levels(xa);
    }
    xa->count -= old != 0;
    xa->values -= is_value(old);
    return old;
}

/* Which slots of a node the search is for: all that are present, or those with a mark. */
static inline u64 wanted(const struct xa_node *node, int mark)
{
    return mark < 0 ? node->present : node->marks[mark];
}

/* First wanted entry at or after *index.
 *
 * Down as long as the slot of the index is wanted; where it is not, on to the next wanted slot of
 * this node, whose subtree is then searched from its start; where the node has none left, the index
 * moves past the node and the walk starts at the top again (at most once per level, as marks and
 * present bits promise an entry below). */
static u64 find(const struct xarray *xa, u64 *index, u64 last, int mark)
{
    u64 at = *index;

    if (at > last)
        return 0;
    if (xa->height == 0) {
        if (at || !xa->head.entry || (mark >= 0 && !(xa->head_marks >> mark & 1)))
            return 0;
        return xa->head.entry;
    }
restart:
    if (xa_beyond(xa, at))
        return 0;
    for (const struct xa_node *node = xa->head.node;;) {
        unsigned slot = slot_of(node, at);
        u64 left = wanted(node, mark) >> slot;
        u64 span = slot_span_mask(node);

        if (!left) {
            /* Past this node: past its 64 slots. */
            u64 node_mask = node->shift + XA_SLOTS_SHIFT >= 64 ? UINT64_MAX : span << 6 | 63;

            if ((at | node_mask) >= last)
                return 0;
            at = (at | node_mask) + 1;
            goto restart;
        }

        unsigned skip = (unsigned)__builtin_ctzll(left);

        if (skip) {
            at = (at & ~span) + ((u64)skip << node->shift);
            slot += skip;
            if (at > last)
                return 0;
        }
        if (!node->shift) {
            *index = at;
            return node->slots[slot].entry;
        }
        node = node->slots[slot].node;
    }
}

u64 xa_find(const struct xarray *xa, u64 *index, u64 last)
{
    return find(xa, index, last, -1);
}

u64 xa_find_marked(const struct xarray *xa, u64 *index, u64 last, enum xa_mark mark)
{
    return find(xa, index, last, (int)mark);
}

u64 xa_find_after(const struct xarray *xa, u64 *index, u64 last)
{
    u64 at = *index + 1;
    u64 entry = *index < last ? find(xa, &at, last, -1) : 0;

    if (entry)
        *index = at;
    return entry;
}

/* The leaf of index, or NULL. pre: height > 0 */
static const struct xa_node *find_leaf(const struct xarray *xa, u64 index)
{
    const struct xa_node *node = xa->head.node;

    if (xa_beyond(xa, index))
        return NULL;
    while (node && node->shift)
        node = node->slots[slot_of(node, index)].node;
    return node;
}

void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark mark)
{
    struct xa_node *path[HEIGHT_MAX];
    unsigned depth;

    if (xa->height == 0) {
        if (index == 0 && xa->head.entry)
            xa->head_marks |= (u8)BIT(mark);
        return;
    }
    depth = walk(xa, index, path);
    if (!depth || !path[depth - 1]->slots[slot_of(path[depth - 1], index)].entry)
        return;
    while (depth-- > 0)
        path[depth]->marks[mark] |= BIT_ULL(slot_of(path[depth], index));
}

void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark mark)
{
    struct xa_node *path[HEIGHT_MAX];

    if (xa->height == 0) {
        if (index == 0)
            xa->head_marks &= (u8)~BIT(mark);
        return;
    }
    unsigned depth = walk(xa, index, path);

    if (depth && path[depth - 1]->marks[mark] >> slot_of(path[depth - 1], index) & 1)
        clear_mark_up(path, depth, index, mark);
}

bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark mark)
{
    if (xa->height == 0)
        return index == 0 && (xa->head_marks >> mark & 1);

    const struct xa_node *leaf = find_leaf(xa, index);

    return leaf && (leaf->marks[mark] >> slot_of(leaf, index) & 1);
}

/* Check a subtree and count what is in it. */
static void check_below(const struct xa_node *node, unsigned shift, struct xarray *counted)
{
    unsigned values = 0, entries = 0;

    assert(node->shift == shift);
    assert(node->present != 0);
    counted->nodes++;
    for (unsigned m = 0; m < XA_MARKS; m++)
        assert(!(node->marks[m] & ~node->present));
    for (unsigned slot = 0; slot < XA_SLOTS; slot++) {
        bool present = node->present >> slot & 1;

        if (shift == 0) {
            assert(present == (node->slots[slot].entry != 0));
            entries += present;
            values += is_value(node->slots[slot].entry);
            continue;
        }
        assert(present == (node->slots[slot].node != NULL));
        if (!present)
            continue;
        for (unsigned m = 0; m < XA_MARKS; m++)
            assert((node->marks[m] >> slot & 1) == (node->slots[slot].node->marks[m] != 0));
        check_below(node->slots[slot].node, shift - XA_SLOTS_SHIFT, counted);
    }
    assert(node->count == entries && node->values == values);
    counted->count += entries;
    counted->values += values;
    counted->value_nodes += holds_only_values(node);
}

void xa_check(const struct xarray *xa)
{
    struct xarray counted = {0};

    if (xa->height == 0) {
        counted.count = xa->head.entry != 0;
        counted.values = is_value(xa->head.entry);
        assert(xa->head.entry || !xa->head_marks);
    } else {
        assert(!xa->head_marks);
        assert(xa->head.node->present > 1);
        check_below(xa->head.node, (xa->height - 1) * XA_SLOTS_SHIFT, &counted);
    }
    assert(counted.count == xa->count);
    assert(counted.values == xa->values);
    assert(counted.nodes == xa->nodes);
    assert(counted.value_nodes == xa->value_nodes);
}
