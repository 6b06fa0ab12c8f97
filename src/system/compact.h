/* compact.h - memory is compacted because an operator asks for it.
 *
 * Mirrors: mm/compaction.c (sysctl_compaction_handler, compact_store), Linux 6.1.
 */
#ifndef SYSTEM_COMPACT_H
#define SYSTEM_COMPACT_H

#include "system/system.h"

/* All of a node's memory, or with MAX_NUMNODES of every node's. */
void system_compact(struct system *s, unsigned nid);

#endif
