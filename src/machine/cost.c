/* cost.c - the rows of costs.def as a struct of numbers, and by name. */
#include "machine/cost.h"

#include <errno.h>
#include <string.h>

const struct cost_info cost_info[NR_COSTS] = {
#define COST(name, default_ns, doc) {#name, default_ns, doc, offsetof(struct cost_model, name)},
#include "machine/costs.def"
#undef COST
};

void cost_model_init(struct cost_model *m)
{
#define COST(name, default_ns, doc) m->name = default_ns;
#include "machine/costs.def"
#undef COST
}

int cost_model_set(struct cost_model *m, const char *name, u32 ns)
{
    for (unsigned i = 0; i < NR_COSTS; i++) {
        if (strcmp(cost_info[i].name, name) == 0) {
            memcpy((char *)m + cost_info[i].offset, &ns, sizeof(ns));
            return 0;
        }
    }
    return -ENOENT;
}
