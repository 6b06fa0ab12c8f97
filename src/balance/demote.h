/* demote.h - memory tiers: reclaim of a fast node moves pages to a slower one. */
#ifndef BALANCE_DEMOTE_H
#define BALANCE_DEMOTE_H

#include "reclaim/mem.h"

/* Which nodes demote, by numa/demotion_enabled: at the start, and when that changes. */
void demotion_setup(struct mem *mem);

#endif
