/* wait.c - the table made from wait_causes.def, and its sum. */
#include "reclaim/wait.h"

#include "stats/psi.h"

#define WAIT_PSI_NONE   0
#define WAIT_PSI_IO     PSI_TSK_IOWAIT
#define WAIT_PSI_MEM    PSI_TSK_MEMSTALL
#define WAIT_PSI_IO_MEM (PSI_TSK_IOWAIT | PSI_TSK_MEMSTALL)

const struct wait_cause_info wait_cause_info[NR_WAIT_CAUSES] = {
#define WAIT_CAUSE(id, name, pressure, workingset, memory, doc) \
    [WAIT_##id] = {name, WAIT_PSI_##pressure, workingset, memory, doc},
#include "reclaim/wait_causes.def"
#undef WAIT_CAUSE
};

u64 wait_memory_ns(const u64 wait_ns[NR_WAIT_CAUSES])
{
    u64 ns = 0;

    for (unsigned i = 0; i < NR_WAIT_CAUSES; i++)
        ns += wait_cause_info[i].is_memory ? wait_ns[i] : 0;
    return ns;
}
