/* move.h - pages of a process go to other nodes.
 *
 * Mirrors: mm/migrate.c (kernel_move_pages, do_pages_move), mm/mempolicy.c (kernel_migrate_pages,
 *          do_migrate_pages, queue_pages_range), Linux 6.1. Differs: pages are isolated and moved
 *          one after the other, not in batches; one on which a request is under way stays. Pages
 *          that only a page table of another process maps (in no mapping of this one) are not
 *          looked for.
 */
#ifndef SYSTEM_MOVE_H
#define SYSTEM_MOVE_H

#include "balance/place.h"
#include "compact/migrate.h"
#include "system/task.h"

/* move_pages(2) of `owner`'s pages in the range to node nid. all: also what other processes map
 * (MPOL_MF_MOVE_ALL). ENODEV: no such node with memory; EACCES: its cpuset has not got it. What
 * cannot move stays. */
enum step system_move_pages(struct system *s, struct task *t, const struct task *owner,
                            vaddr_t addr, u64 len, unsigned nid, bool all);

/* migrate_pages(2): what `owner` has on the nodes of `from` goes to those of `to`, the nth to the
 * nth. EINVAL: t's cpuset has none of `to`; EPERM: the owner's has not all of it, and t is not
 * root. */
enum step system_migrate_pages(struct system *s, struct task *t, const struct task *owner, u64 from,
                               u64 to);

/* --- between the files of system/ ------------------------------------------------------------- */
struct page_move {
    struct mm *mm;
    u64 from; /* pages on these nodes */
    u64 to;   /* to these, the first one first; 0: where the policy of their mapping says */
    bool all; /* also what other processes map */
    enum migrate_reason reason;
    u64 failed; /* folios that stayed */
};

/* Move pages of [*at, end); *at says how far it came. False: t->wait says what for; call again. t
 * NULL: nobody waits, and only free memory is taken.   pre: the batches of all CPUs are drained */
bool move_pages_of(struct system *s, struct task *t, struct page_move *m, vpn_t *at, vpn_t end);

/* All pages from some nodes to others, for nobody: a cpuset has changed (cpuset_migrate_mm). */
void move_with_cpuset(struct system *s, struct mm *mm, u64 from, u64 to);

#endif
