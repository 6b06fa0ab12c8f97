/* pool_spec.h - the pool of huge pages that the boot asks for: "512" wherever they are had,
 * "0:512,1:256" of each node.
 *
 * Mirrors: hugepages= of the kernel's command line (mm/hugetlb.c, hugepages_setup), Linux 6.1.
 *          Differs: what Linux ignores with a line in its log (a node that is not there, text
 *          behind a number) is an error.
 */
#ifndef SYSTEM_POOL_SPEC_H
#define SYSTEM_POOL_SPEC_H

#include "base/err.h"
#include "base/strbuf.h"
#include "base/types.h"
#include "frames/pgdat.h"

struct pool_spec {
    u64 nodes;              /* those of `node` that were named; 0: `pages` are of any node */
    u32 pages;              /* huge pages */
    u32 node[MAX_NUMNODES]; /* huge pages of each named node */
};

#define POOL_PAGES_MAX (1u << 24) /* as of vm.nr_hugepages */

/* 0 or -EINVAL, with what would be right in e; *ret is untouched then. */
int pool_spec_parse(const char *text, struct pool_spec *ret, struct err *e);

/* As it is written; nothing for none. */
void pool_spec_render(const struct pool_spec *p, struct strbuf *out);

/* The first named node that a machine of so many nodes has not; MAX_NUMNODES: all are there. */
unsigned pool_spec_missing(const struct pool_spec *p, unsigned nr_nodes);

bool pool_spec_is_given(const struct pool_spec *p);

#endif
