/* shared_policy.h - where the pages of a file of shared memory are wanted, whoever touches them: by
 * the index of the page.
 *
 * Mirrors:    mm/mempolicy.c (struct shared_policy, mpol_set_shared_policy,
 *             mpol_shared_policy_lookup), Linux 6.1.
 *             Differs: a sorted vector, not a tree.
 * Invariants: (shared_policy_check) ranges are not empty, ascend, do not overlap and have a policy;
 *             neighbours differ.
 */
#ifndef SPACE_SHARED_POLICY_H
#define SPACE_SHARED_POLICY_H

#include "base/vec.h"
#include "space/mempolicy.h"

struct shared_policy_range {
    u64 from, to; /* pages, to excluded */
    struct mempolicy policy;
};

/* Zeroed: none. */
struct shared_policy {
    VEC(struct shared_policy_range) ranges;
};

/* The policy of a page; NULL: none. Valid until the next change. */
const struct mempolicy *shared_policy_at(const struct shared_policy *s, u64 index);

/* Pages [from, to) have this policy from now on; MPOL_DEFAULT: none.   pre: from < to */
void shared_policy_set(struct shared_policy *s, u64 from, u64 to, struct mempolicy p);

void shared_policy_done(struct shared_policy *s);
void shared_policy_check(const struct shared_policy *s);

#endif
