/* shadow_nodes.c - one list per group, at whose end a leaf is put when its last page leaves it.
 *
 * A leaf comes and goes with every 64 evictions and refaults of a scan, so a map from (inode, leaf)
 * to the list entry is cheap enough, and the trees need not know about lists.
 */
#include "backing/inode.h"

#include "base/alloc.h"

struct shadow_node {
    struct list_head link;
    u64 key;
    u16 memcg;
};

#define LEAF_BITS 32 /* leaves of one file: 2^38 pages */

static u64 leaf_key(const struct inode *inode, u64 index)
{
    return (u64)inode->id << LEAF_BITS | (index >> XA_SLOTS_SHIFT & (BIT_ULL(LEAF_BITS) - 1));
}

void shadow_nodes_init(struct shadow_nodes *sn)
{
    *sn = (struct shadow_nodes){0};
    u64map_init(&sn->by_leaf);
}

void shadow_nodes_done(struct shadow_nodes *sn)
{
    for (u32 i = 0; i < sn->nr_lists; i++) {
        struct shadow_node *node, *next;

        list_for_each_entry_safe (node, next, &sn->lists[i].nodes, link)
            free(node);
    }
    free(sn->lists);
    u64map_done(&sn->by_leaf);
}

static void lists_grow(struct shadow_nodes *sn, u32 want)
{
    struct shadow_list *lists = xcalloc(want, sizeof(*lists));

    for (u32 i = 0; i < want; i++) {
        list_init(&lists[i].nodes);
        if (i < sn->nr_lists) {
            list_splice(&sn->lists[i].nodes, &lists[i].nodes);
            lists[i].count = sn->lists[i].count;
        }
    }
    free(sn->lists);
    sn->lists = lists;
    sn->nr_lists = want;
}

/* Is there a leaf for this page, and are all its entries values? */
static bool leaf_is_all_values(const struct xarray *xa, u64 index)
{
    const struct xa_node *node = xa->head.node;

    if (xa->height == 0 || xa_beyond(xa, index))
        return false;
    while (node && node->shift)
        node = node->slots[index >> node->shift & (XA_SLOTS - 1)].node;
    return node && node->values && node->values == node->count;
}

void shadow_nodes_update(struct backing *b, const struct inode *inode, u64 index)
{
    struct shadow_nodes *sn = &b->shadow_nodes;
    u64 key = leaf_key(inode, index), address = 0;
    bool listed = u64map_get(&sn->by_leaf, key, &address);
    struct shadow_node *node = (struct shadow_node *)(uintptr_t)address;

    if (listed == leaf_is_all_values(&inode->pages, index))
        return;
    if (listed) {
        list_del(&node->link);
        u64map_del(&sn->by_leaf, key, NULL);
        sn->lists[node->memcg].count--;
        free(node);
    } else {
        node = xmalloc(sizeof(*node));
        node->key = key;
        node->memcg = inode->memcg;
        if (node->memcg >= sn->nr_lists)
            lists_grow(sn, MAX(node->memcg + 1u, sn->nr_lists * 2));
        list_add_tail(&node->link, &sn->lists[node->memcg].nodes);
        u64map_put(&sn->by_leaf, key, (u64)(uintptr_t)node);
        sn->lists[node->memcg].count++;
    }
    sn->count += listed ? -1ull : 1;
    count(b->counters, WORKINGSET_NODES, listed ? -1 : 1);
    if (unlikely(b->frames->nr_nodes > 1)) /* which node a leaf is on is not known */
        node_count(b->frames, 0, WORKINGSET_NODES, listed ? -1 : 1);
}

u64 shadow_nodes_count(const struct backing *b, u16 memcg)
{
    return memcg < b->shadow_nodes.nr_lists ? b->shadow_nodes.lists[memcg].count : 0;
}

void shadow_nodes_reparent(struct backing *b, u16 from, u16 to)
{
    struct shadow_nodes *sn = &b->shadow_nodes;

    if (!shadow_nodes_count(b, from))
        return;
    if (to >= sn->nr_lists)
        lists_grow(sn, to + 1u);
    while (!list_empty(&sn->lists[from].nodes)) {
        struct shadow_node *node =
            list_first_entry(&sn->lists[from].nodes, struct shadow_node, link);

        list_del(&node->link);
        node->memcg = to;
        list_add_tail(&node->link, &sn->lists[to].nodes);
    }
    sn->lists[to].count += sn->lists[from].count;
    sn->lists[from].count = 0;
}

struct inode *shadow_nodes_oldest(const struct backing *b, u16 memcg, u64 *ret_first)
{
    const struct shadow_node *node;

    if (!shadow_nodes_count(b, memcg))
        return NULL;
    node = list_first_entry(&b->shadow_nodes.lists[memcg].nodes, struct shadow_node, link);
    *ret_first = (node->key & (BIT_ULL(LEAF_BITS) - 1)) << XA_SLOTS_SHIFT;
    return inode_get(b, (u32)(node->key >> LEAF_BITS));
}

void shadow_nodes_check(const struct backing *b)
{
    const struct shadow_nodes *sn = &b->shadow_nodes;
    u64 total = 0;

    for (u32 i = 0; i < sn->nr_lists; i++) {
        const struct shadow_node *node;
        u64 here = 0;

        list_for_each_entry (node, &sn->lists[i].nodes, link) {
            const struct inode *inode = inode_get(b, (u32)(node->key >> LEAF_BITS));
            u64 address = 0;

            assert(leaf_is_all_values(&inode->pages, (node->key & (BIT_ULL(LEAF_BITS) - 1))
                                                         << XA_SLOTS_SHIFT));
            assert(u64map_get(&sn->by_leaf, node->key, &address));
            assert(address == (u64)(uintptr_t)node);
            here++;
        }
        assert(here == sn->lists[i].count);
        total += here;
    }
    assert(total == sn->count && total == sn->by_leaf.count);
    assert((s64)total == b->counters->v[WORKINGSET_NODES]);
}
