/* swap.h - areas of swap come and go.
 *
 * Mirrors: mm/swapfile.c, Linux 6.1.
 */
#ifndef SYSTEM_SWAP_H
#define SYSTEM_SWAP_H

#include "system/task.h"

struct system;

/* swapoff(2) of the area of this name. *ret_error with STEP_DONE: 0; -EINVAL: there is no such
 * area, or somebody turns it off already; -ENOMEM: without it promises could not be kept
 * (vm.overcommit_memory 2). Everything in it comes back to memory, however long that takes: others
 * go on meanwhile. When memory runs out the caller is the first victim, and the area stays. */
enum step system_swapoff(struct system *s, struct task *t, const char *name, int *ret_error);
/* swapon(2) of config.swaps[i]: 0, or -EBUSY when it is on, -EPERM when there are no numbers
 * left. */
int system_swapon(struct system *s, unsigned i);

#endif
