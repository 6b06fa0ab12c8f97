/* refused.h - a program's words of being refused memory: what rule_memory_refused.c asks others of
 * them.
 *
 * refused_pool.c: huge pages of the pool; refused_lock.c: locked and pinned memory; refused_ring.c:
 * rings of drivers; rule_allocation_failure.c: blocks of the kernel's.
 */
#ifndef DIAGNOSE_REFUSED_H
#define DIAGNOSE_REFUSED_H

#include "diagnose/rule.h"

/* "postgres", "A DPDK program": at the start of a sentence. Returns buf. */
const char *refused_said(const struct refusal *r, char buf[static sizeof(r->program)]);

/* The error that the words have, by number or by its sentence; 0: none. */
unsigned refused_errno(const char *words);

/* A group of this text that stands at its limit; NULL. */
const struct cgroup_view *refused_full_group(const struct rule_context *c);

/* Does an allocation failure in the kernel's log say why it was refused: a fork that found no
 * block, or a call of the one who asked? */
bool allocation_failure_explains(const struct rule_context *c, const struct refusal *r);

/* Contiguous memory that a device did not get (cma_failed.c). */
void allocation_tell_cma(struct rule_context *c, const struct incident *i);

/* A failure of vmalloc, told with its own reason (vmalloc_failed.c). False: it is none. */
bool allocation_tell_vmalloc(struct rule_context *c, const struct incident *i);

/* The size of pages that the words name; UNKNOWN. */
u64 refused_page_named(const char *words);

/* PostgreSQL's words for a refused segment are the same with and without huge pages: was it the
 * pool? */
bool refused_is_of_pool(const struct rule_context *c, const struct refusal *r);
/* Does it tell itself that the pool had fewer pages than it wants? */
bool refused_found_too_few(const struct refusal *r);
void refused_tell_pool(struct rule_context *c, const struct refusal *r);
void refused_tell_bus(struct rule_context *c, const struct refusal *r);

/* An ENOMEM whose reader pasted a small limit of locked memory with it, and nothing else that could
 * refuse: was it that limit? */
bool refused_is_of_lock(const struct rule_context *c, const struct refusal *r);
void refused_tell_lock(struct rule_context *c, const struct refusal *r);

/* Rings of a driver (refused_ring.c). */
void refused_tell_ring(struct rule_context *c, const struct refusal *r);

/* The group whose limit of huge pages of this size (UNKNOWN: of any) has no room for so many more
 * bytes; NULL. `reserved`: it is rsvd.max. */
const struct cgroup_view *hugetlb_limit_met(const struct snapshot *s, u64 page, u64 more,
                                            const struct group_huge_view **ret_view,
                                            bool *ret_reserved);

/* Did a write to nr_hugepages that the text shows get fewer pages than it asked for?
 * (rule_hugepages_short.c) */
bool hugepages_write_fell_short(const struct snapshot *s);

#endif
