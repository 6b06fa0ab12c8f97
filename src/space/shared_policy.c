/* shared_policy.c - see shared_policy.h.
 *
 *     old      [ A ........... ][ B ..... ]
 *     set           [ C ........... ]
 *     new      [ A ][ C ........... ][ B  ]
 *
 * The ranges are written anew from left to right: calls of mbind on shared memory are few. */
#include "space/shared_policy.h"

#include <assert.h>

const struct mempolicy *shared_policy_at(const struct shared_policy *s, u64 index)
{
    size_t low = 0, high = s->ranges.count; /* the range that ends after index is among these */

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->ranges.items[middle].to <= index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->ranges.count && s->ranges.items[low].from <= index
               ? &s->ranges.items[low].policy
               : NULL;
}

static void append(struct shared_policy *s, u64 from, u64 to, const struct mempolicy *p)
{
    struct shared_policy_range *last;

    if (from >= to || p->mode == MPOL_DEFAULT)
        return;
    last = s->ranges.count ? &vec_last(&s->ranges) : NULL;
    if (last && last->to == from && mempolicy_equal(&last->policy, p))
        last->to = to;
    else
        vec_push(&s->ranges, ((struct shared_policy_range){from, to, *p}));
}

void shared_policy_set(struct shared_policy *s, u64 from, u64 to, struct mempolicy p)
{
    struct shared_policy new = {0};
    bool set = false;

    vec_for_each (&s->ranges, r) {
        append(&new, r->from, MIN(r->to, from), &r->policy);
        if (!set && r->to > from) {
            append(&new, from, to, &p);
            set = true;
        }
        append(&new, MAX(r->from, to), r->to, &r->policy);
    }
    if (!set)
        append(&new, from, to, &p);
    shared_policy_done(s);
    *s = new;
}

void shared_policy_done(struct shared_policy *s)
{
    vec_done(&s->ranges);
}

void shared_policy_check(const struct shared_policy *s)
{
    const struct shared_policy_range *before = NULL;

    vec_for_each (&s->ranges, r) {
        assert(r->from < r->to && r->policy.mode != MPOL_DEFAULT);
        assert(!before || before->to < r->from ||
               (before->to == r->from && !mempolicy_equal(&before->policy, &r->policy)));
        before = r;
    }
}
