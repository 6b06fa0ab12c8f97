/* sizing.h - what programs and containers were given, beside what they needed: heaps, requests and
 * limits that the text has. */
#ifndef DIAGNOSE_SIZING_H
#define DIAGNOSE_SIZING_H

#include "diagnose/rule.h"

/* How large the heap of this process may grow, as the text has it; pid 0, name "": not known. NULL
 * where it does not say, or has several. */
const struct heap_view *sizing_heap(const struct snapshot *s, const char *comm, u32 pid);
/* ... in bytes within this limit; UNKNOWN. */
u64 sizing_heap_bytes(const struct heap_view *heap, u64 limit);

/* A sentence about the heap against the limit, as a detail of the finding added last. */
void sizing_tell_heap(struct rule_context *c, const struct heap_view *heap, u64 limit);
/* ... about requests and limits of containers, of which the scheduler counts the requests only. */
void sizing_tell_requests(struct rule_context *c);

#endif
