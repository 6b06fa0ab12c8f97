/* slabs.h - the largest object caches, for the rules about kernel memory. */
#ifndef DIAGNOSE_SLABS_H
#define DIAGNOSE_SLABS_H

#include "diagnose/rule.h"

/* Name the largest caches of this kind in the detail and the evidence of the finding added last, or leave a gap. */
void slabs_tell(struct rule_context *c, bool reclaimable);
/* Append the largest cache to the title of the finding added last, where it holds most of `all`. */
void slabs_name_largest(struct rule_context *c, bool reclaimable, u64 all);

#endif
