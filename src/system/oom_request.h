/* oom_request.h - how the kernel's log tells of the allocation that failed: its GFP flags and the
 * call trace.
 *
 * Mirrors:  __def_gfpflag_names of include/trace/events/mmflags.h, Linux 6.1; the callers and
 *           offsets are those of Debian's 6.1.0-56-cloud-amd64 and 6.12.117+deb12-cloud-amd64, from
 *           their own reports.
 * Differs:  a trace has no uncertain frames ("? name") and no registers. Where no report of that
 *           kernel shows the callers, the trace ends with the allocator.
 */
#ifndef SYSTEM_OOM_REQUEST_H
#define SYSTEM_OOM_REQUEST_H

#include "balance/purpose.h"
#include "base/strbuf.h"

struct system;
struct oom_control;

/* The flags of a page allocation of that order, or of the charge of what it got. */
u32 request_gfp(enum purpose why, unsigned order, bool charge);
/* Is somebody killed for it when the machine has no memory left? For an allocation that may not
 * enter a file system (no __GFP_FS) nobody is: it is tried again until another one has had somebody
 * killed. */
bool request_may_kill(enum purpose why);
/* "0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP|__GFP_ZERO)" */
void gfp_render(u32 gfp, struct strbuf *out);
/* The trace of a task that ran out of memory, and of one whose allocation just failed. */
void log_oom_trace(struct system *s, const struct oom_control *oc);
void log_failure_trace(struct system *s);

#endif
