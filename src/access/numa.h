/* numa.h - NUMA balancing: who uses a page is found out by making it inaccessible, and the page is
 * brought to who uses it.
 *
 *   a task has used a scan period of CPU time -> the next 256 MiB of its address space get hint
 *   entries (numa_tick) it touches one of them -> a hint fault: the entry works again, and
 *       the page is on another node, and this node used it before (or it is the first time)  ->  the page moves here
 *   a pass over the whole address space ends -> the node with most faults becomes the task's
 *                                                  preferred one, and the scan period gets longer
 *                                                  where most is local or private, shorter where it
 *                                                  is not
 *
 * Mirrors:  kernel/sched/fair.c (task_tick_numa, task_numa_work, task_numa_fault,
 *           task_numa_placement, update_task_scan_period, should_numa_migrate_memory),
 *           change_pte_range() of mm/mprotect.c, do_numa_page() of mm/memory.c, mpol_misplaced() of
 *           mm/mempolicy.c, migrate_misplaced_page() of mm/migrate.c, Linux 6.1.
 * Differs:  no groups of tasks that share pages (numa_group): each task goes by its own faults.
 * Owns:     mem.numa_last, mem.numa_known, mm.numa.
 * Never:    anything on a machine of one node.
 * Counters: numa_pte_updates, numa_huge_pte_updates, numa_hint_faults, numa_hint_faults_local,
 *           numa_pages_migrated.
 */
#ifndef ACCESS_NUMA_H
#define ACCESS_NUMA_H

#include "reclaim/mem.h"

struct access_ctx;

enum numa_balancing_mode { NUMA_BALANCING_NORMAL = 1, NUMA_BALANCING_MEMORY_TIERING = 2 };

#define NUMA_NO_NODE (-1)

struct numa_faults {
    u64 pages
        [2]
        /* by shared, private, and the node they were on; half of it is older than the last pass */
        [MAX_NUMNODES];
    u64 pages_new[2][MAX_NUMNODES]; /* since the last pass */
    u64 locality[3];                /* since the last pass: remote, local, could not be moved */
};

/* What a task has of it. */
struct task_numa {
    u8 pid;          /* the low bits of its number */
    bool wants_move; /* to a processor of its preferred node */
    int preferred_nid;
    ns_t node_stamp; /* CPU time at which its last scan was due */
    ns_t move_at;    /* when it may next ask for that */
    u32 scan_period_ms, scan_period_max_ms, scan_seq;
    struct numa_faults *faults; /* NULL before the first */
    /* for the report: CPU time of scans and of hint faults with what they moved */
    u64 scan_ns, fault_ns, hint_faults, hint_faults_local, migrated;
};

void task_numa_init(struct task_numa *tn, const struct tunables *tunables, u32 pid);
void task_numa_done(struct task_numa *tn);

/* Is it at work on this machine? */
static inline bool numa_balancing_on(const struct mem *mem)
{
    return mem->numa_last && mem->tunables->numa_balancing;
}

/* The task behind ac, which runs at `now`, has had `exec` ns of CPU time: scan, if that is due.
 * pre: numa_balancing_on(), ac->numa */
void numa_tick(struct access_ctx *ac, ns_t exec, ns_t now);

#endif
