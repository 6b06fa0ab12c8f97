/* accounting.h - all memory of a machine, or all that is charged to a group, as a tree that adds
 * up.
 *
 * Invariant: (accounting_check) the children of a line add up to it, exactly; what the kernel's
 * counters leave is a line of its own.
 */
#ifndef DIAGNOSE_ACCOUNTING_H
#define DIAGNOSE_ACCOUNTING_H

#include "diagnose/diagnose.h"

void accounting_host(struct accounting *a, const struct snapshot *s);
void accounting_group(struct accounting *a, const struct cgroup_view *g);
/* What no counter explains, 0 when the counters explain more than there is; UNKNOWN without a
 * total. */
u64 accounting_unaccounted(const struct accounting *a);
/* Of a host; UNKNOWN too where a line is absent that may be large: it is not 0. */
u64 accounting_host_unaccounted(const struct accounting *a, const struct snapshot *s);
void accounting_check(const struct accounting *a);

#endif
