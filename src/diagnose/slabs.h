/* slabs.h - the largest object caches, for the rules about kernel memory. */
#ifndef DIAGNOSE_SLABS_H
#define DIAGNOSE_SLABS_H

#include "diagnose/rule.h"

/* Caches that grow for one reason, put together. */
struct slab_family {
    /* "ZFS (zio_*, zfs_*, ...)": what they are called together; NULL: no family stands out */
    const char *name;
    u64 bytes;
    unsigned caches;
};

/* What this cache belongs to; NULL. */
const char *slab_family_of(const char *name);
/* The family that holds the most, where its largest cache alone does not tell nearly all of it: of
 * /proc/slabinfo, of a report. */
struct slab_family slabs_family(const struct snapshot *s);
struct slab_family oom_slabs_family(const struct oom_report *r);

/* Name the largest caches of this kind in the detail and the evidence of the finding added last, or
 * leave a gap. */
void slabs_tell(struct rule_context *c, bool reclaimable);
/* Append the largest cache to the title of the finding added last, where it holds most of `all`. */
void slabs_name_largest(struct rule_context *c, bool reclaimable, u64 all);

#endif
