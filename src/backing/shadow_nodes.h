/* shadow_nodes.h - tree nodes that hold nothing but shadows, oldest first: for a shrinker.
 *
 * Mirrors:    mm/workingset.c (workingset_update_node, the shadow_nodes list), Linux 6.1.
 * Differs:    a node belongs to the group of its file, not to the task that made it.
 * Owns:       its list entries; the nodes and shadows belong to the page cache. Files of shmem are
 *             left out: their values are swap entries.
 * Counters:   workingset_nodes, machine-wide.
 * Invariants: (pagecache_check) every leaf with values only is listed once, no other is.
 * Use:        while (too many) { inode = shadow_nodes_oldest(b, memcg, &first); drop the shadows in
 *             [first, first + 63]; }
 */
#ifndef BACKING_SHADOW_NODES_H
#define BACKING_SHADOW_NODES_H

#include "base/hash.h"
#include "base/list.h"

struct backing;
struct inode;

struct shadow_list { /* of one group */
    struct list_head nodes;
    u64 count;
};

struct shadow_nodes {
    struct u64map by_leaf;     /* inode id and leaf number -> address of its struct shadow_node */
    struct shadow_list *lists; /* by group id */
    u32 nr_lists;
    u64 count;
};

/* How many nodes of files of this group hold only shadows. */
u64 shadow_nodes_count(const struct backing *b, u16 memcg);
/* The file with the node that has been so for longest, and the first page index of that node;
 * NULL when none. Dropping its shadows (pagecache_clear_shadows) takes the node off the list.
 * The kernel counts WORKINGSET_NODERECLAIM for it. */
struct inode *shadow_nodes_oldest(const struct backing *b, u16 memcg, u64 *ret_first);

/* The nodes of one group belong to another from now on, as its youngest
 * (memcg_reparent_list_lrus). */
void shadow_nodes_reparent(struct backing *b, u16 from, u16 to);

/* --- for pagecache.c -------------------------------------------------------------------------- */
void shadow_nodes_init(struct shadow_nodes *sn);
void shadow_nodes_done(struct shadow_nodes *sn);
/* The leaf of this page may have changed: list it or take it off. */
void shadow_nodes_update(struct backing *b, const struct inode *inode, u64 index);
/* Every listed leaf holds only shadows; with `count` of them in the trees, none is missing. */
void shadow_nodes_check(const struct backing *b);

#endif
