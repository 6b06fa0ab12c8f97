/* mempolicy.h - where a task or a mapping wants its memory.
 *
 * Mirrors: include/uapi/linux/mempolicy.h, mm/mempolicy.c (mpol_new, mpol_set_nodemask,
 *          mpol_rebind_policy, mpol_to_str, offset_il_node, interleave_nodes), lib/bitmap.c
 *          (bitmap_fold, bitmap_onto, bitmap_remap), Linux 6.1. Differs: a value that is copied and
 *          compared, not an object with references.
 */
#ifndef SPACE_MEMPOLICY_H
#define SPACE_MEMPOLICY_H

#include "base/abi.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/types.h"
#include "machine/topology.h"

enum mpol_mode {
    MPOL_DEFAULT,
    MPOL_PREFERRED,
    MPOL_BIND,
    MPOL_INTERLEAVE,
    MPOL_LOCAL,
    MPOL_PREFERRED_MANY,
    NR_MPOL_MODES
};

struct mempolicy {
    u64 nodes; /* bit per node; 0 for MPOL_DEFAULT and MPOL_LOCAL */
    /* with a flag: the nodes as they were given; else those that were allowed when `nodes` was
     * worked out */
    u64 user;
    u16 mode;  /* enum mpol_mode */
    u16 flags; /* enum abi_mpol_flag */
    u16 home;  /* of MPOL_BIND and MPOL_PREFERRED_MANY: 1 + the node where to begin; 0: the CPU's */
};

/* A task's policy, and the node that its last allocation by turn went to. */
struct task_mempolicy {
    struct mempolicy policy;
    u32 il_prev;
};

bool mempolicy_equal(const struct mempolicy *a, const struct mempolicy *b);

/* "default", "local", "bind:0-1", "interleave:all", "preferred:1" or "prefer:1". 0, or -EINVAL.
 * "all" is every number: the machine leaves those that it has (mempolicy_fit). */
int mempolicy_parse(const char *text, struct mempolicy *ret, struct err *e);

/* Leave the nodes that have memory. -EINVAL when the policy needs nodes and none is left, or it
 * names one that is not there. "all" means those that there are. */
int mempolicy_fit(struct mempolicy *p, const struct topology *t, struct err *e);

/* What a program asks for, p->nodes as it gave them, on nodes that it may use and that have memory
 * (mpol_set_nodemask). 0, or -EINVAL where Linux refuses it.   pre: allowed != 0 */
int mempolicy_set(struct mempolicy *p, u64 allowed);

/* What was the nth of the old becomes the nth of the new ones, round and round; others stay
 * (bitmap_remap).   pre: new != 0 */
u64 mempolicy_moved_nodes(u64 nodes, u64 old, u64 new);

/* The nodes that it may use have changed (mpol_rebind_policy).   pre: allowed != 0 */
void mempolicy_rebind(struct mempolicy *p, u64 allowed);

/* As numa_maps shows it: "bind:0-1" (mpol_to_str). */
void mempolicy_render(const struct mempolicy *p, struct strbuf *out);
/* As mempolicy_parse() takes it: "preferred:1", where numa_maps has "prefer:1". */
void mempolicy_render_key(const struct mempolicy *p, struct strbuf *out);

/* The node of a page of an interleaved mapping, by its index.   pre: nodes != 0 */
unsigned mempolicy_interleave_at(u64 nodes, u64 index);
/* The next node of an allocation by turn.   pre: nodes != 0 */
unsigned mempolicy_interleave_next(u64 nodes, u32 *prev);

void task_mempolicy_set(struct task_mempolicy *t, struct mempolicy p);

#endif
