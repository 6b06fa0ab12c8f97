/* wait.h - what a task waits for, and what that is to pressure and to reports; declared once in
 * wait_causes.def. */
#ifndef RECLAIM_WAIT_H
#define RECLAIM_WAIT_H

#include "base/types.h"

enum wait_cause {
#define WAIT_CAUSE(id, name, pressure, workingset, memory, doc) WAIT_##id,
#include "reclaim/wait_causes.def"
#undef WAIT_CAUSE
    NR_WAIT_CAUSES
};

struct wait {
    enum wait_cause cause;
    ns_t until;
};

struct wait_cause_info {
    const char *name;
    u32 psi;            /* enum psi_task bits of a task that waits so */
    bool is_workingset; /* PSI_TSK_MEMSTALL as well if the page was in the working set */
    bool is_memory;
    const char *doc;
};
extern const struct wait_cause_info wait_cause_info[NR_WAIT_CAUSES];

/* Of times by cause, what was lost for want of memory. */
u64 wait_memory_ns(const u64 wait_ns[NR_WAIT_CAUSES]);

#endif
