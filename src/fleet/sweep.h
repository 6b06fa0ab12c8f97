/* sweep.h - results of the tasks of a plan: in memory, in the store, and in files on the way there.
 *
 * A file holds whole results of one part: it appears whole or not at all, and a result that comes
 * again is passed over. So it does not matter how often a task is run, where, or when its file
 * arrives.
 */
#ifndef FLEET_SWEEP_H
#define FLEET_SWEEP_H

#include "fleet/plan.h"

#include <json-c/json.h>

#define SWEEP_SCHEMA_VERSION 1

/* Of a task that is done. */
struct sweep_result {
    char *outcome; /* NULL: it is not */
    char *row;     /* JSON in one line */
    char slowdown[24];
    u64 peak_bytes;
    bool survives, usable;
};

struct sweep {
    struct plan *plan;
    unsigned nr, done;
    char (*keys)[STORE_HASH_MAX];
    struct sweep_result *results; /* by task */
    unsigned *order;              /* tasks by key */
};

/* Hash all recordings and make the keys. Nothing is done yet. */
int sweep_init(struct sweep *s, struct plan *p, struct err *e);
void sweep_done(struct sweep *s);

/* Take over a result, which is the sweep's from now on, or is freed when the task has one. True: it
 * was new. */
bool sweep_take(struct sweep *s, unsigned task, struct sweep_result *r);
void sweep_result_done(struct sweep_result *r);
/* The task with a key; UINT_MAX: none has. */
unsigned sweep_find(const struct sweep *s, const char *key);

/* What the store has of the plan's tasks. */
int sweep_load(struct sweep *s, struct store *store, struct err *e);
/* Put these in, all at once; those that are there stay as they are. */
int sweep_save(const struct sweep *s, struct store *store, const unsigned *tasks, unsigned nr,
               struct err *e);

/* The text of a file with these results; and one read back: tasks of the plan that are new are
 * appended to ret, *ret_foreign says how many results are of no task of it. -EINVAL: it is no such
 * file, or not whole. */
void sweep_write(const struct sweep *s, const unsigned *tasks, unsigned nr, struct strbuf *out);
typedef VEC(unsigned) sweep_tasks;
int sweep_read(struct sweep *s, const char *path, const char *text, size_t len, sweep_tasks *ret,
               unsigned *ret_foreign, struct err *e);

/* Reports of what is done. */
void sweep_text(const struct sweep *s, struct strbuf *out);
void sweep_csv(const struct sweep *s, struct strbuf *out);
/* -EIO: the store has a row that is no JSON. */
int sweep_json(const struct sweep *s, json_object **ret, struct err *e);

#endif
