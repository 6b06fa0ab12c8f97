/* plan.h - a sweep as a file: recordings x machines x limits, numbered as tasks.
 *
 *     [sweep]
 *     recordings = quiet.hwt busy-*.hwt      beside the plan, patterns as of a shell
 *     limits = 32M, 64M-128M/16M             sizes, or from-to/step; no limit is tried as well
 *     max-slowdown = 3
 *     usable-slowdown = 1.1
 *     swap-max = 1G
 *     [machine]
 *     swap = 0, 1G                           what a machine has; of several values each is tried
 *
 * A task is a recording on a machine under a limit. Its key is a hash of all that its result
 * depends on, so that a result is known wherever it was made and however often.
 */
#ifndef FLEET_PLAN_H
#define FLEET_PLAN_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "fleet/store.h"

#define PLAN_TASKS_MAX    200000u
#define PLAN_VARIANTS_MAX 256u

struct plan_setting {
    char *key;
    VEC(char *) values; /* at least 1 */
    unsigned line;
};

struct plan {
    char *path;
    VEC(char *) recordings; /* paths, in the order of the plan and of their names */
    VEC(u64) limits;        /* bytes, the smallest first, each once */
    VEC(struct plan_setting) machine;
    double max_slowdown, usable_slowdown;
    u64 swap_max;       /* STORE_NONE: not given */
    VEC(char *) hashes; /* of the recordings, where plan_hash() found them */
};

struct plan_task {
    unsigned recording, variant;
    u64 limit_bytes; /* STORE_NONE: none */
};

/* -EINVAL with the line: it is no plan; -ENOENT for a recording that is not there. */
int plan_read(const char *path, struct plan *ret, struct err *e);
void plan_done(struct plan *p);

unsigned plan_variants(const struct plan *p);
unsigned plan_tasks(const struct plan *p);
/* By recording, then machine, then limit: the run without a limit first, then from the smallest. */
struct plan_task plan_task(const struct plan *p, unsigned index);
const char *plan_value(const struct plan *p, unsigned variant, unsigned setting);

/* Read the recording, so that keys of its tasks can be made. */
int plan_hash(struct plan *p, unsigned recording, struct err *e);
/* pre: its recording is hashed */
void plan_key(const struct plan *p, unsigned index, char ret[STORE_HASH_MAX]);
/* "swap=1G vm.swappiness=10": of settings with several values; "" when there are none. */
void plan_variant_name(const struct plan *p, unsigned variant, struct strbuf *out);

#endif
