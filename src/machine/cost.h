/* cost.h - what operations cost in CPU time, in ns: costs.def, one row each.
 *
 * The defaults were chosen from published measurements of current x86 servers; `highwater
 * calibrate` measures a host (calibrate/). */
#ifndef MACHINE_COST_H
#define MACHINE_COST_H

#include "base/types.h"

struct cost_model {
#define COST(name, default_ns, doc) u32 name;
#include "machine/costs.def"
#undef COST
};

enum {
#define COST(name, default_ns, doc) COST_INDEX_##name,
#include "machine/costs.def"
#undef COST
    NR_COSTS
};

struct cost_info { /* one row, for explain and the docs */
    const char *name;
    u32 default_ns;
    const char *doc;
    size_t offset; /* in struct cost_model */
};
extern const struct cost_info cost_info[NR_COSTS];

void cost_model_init(struct cost_model *m);
/* 0, or -ENOENT when there is no such cost. */
int cost_model_set(struct cost_model *m, const char *name, u32 ns);

#endif
