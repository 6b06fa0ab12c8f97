/* rows.h - groups, processes and slabs as rows of tables: what a snapshot says of each, and what
 * changed since the one before.
 *
 * Rates are over the time between two readings of the figures themselves. When these were carried
 * from one snapshot to the next without being read again, the rates are carried as well.
 * Invariants: row i is of item i of the snapshot, and points into it: rows live no longer than the
 * snapshot does.
 */
#ifndef TOP_ROWS_H
#define TOP_ROWS_H

#include "observe/snapshot.h"

struct group_row {
    u64 key; /* the same for the same path */
    const struct cgroup_view *group;
    const char *name;   /* last part of the path */
    double use_percent; /* current of max; NAN without a limit */
    u64 slab;
    double need_low, need_high; /* bytes; NAN when they are not known */
    double refaults, majors;    /* pages, faults per second */
    double at_high, at_max;     /* events per second */
};

struct process_row {
    u64 key; /* pid */
    const struct process_view *process;
    const char *group; /* path; "" */
    u64 rss;
    double minors, majors; /* per second */
    double cpu_percent;    /* of one CPU */
    /* where most of its memory lies, and how much; NAN: numa_maps was not read */
    double node, node_percent;
};

struct slab_row {
    u64 key;
    const struct slab_view *slab;
    double use_percent; /* objects in use of those allocated */
    double growth;      /* bytes per second, negative when it shrinks */
};

struct rows {
    VEC(struct group_row) groups;
    VEC(struct process_row) processes;
    VEC(struct slab_row) slabs;
    ns_t taken_at; /* of the snapshot they are of */
};

void rows_init(struct rows *r);
void rows_done(struct rows *r);
/* No rows, and no rates to carry. */
void rows_forget(struct rows *r);

/* `before` may be NULL: no rates then. Rates are carried when `before` is the snapshot the rows
 * were of. */
void rows_update(struct rows *r, const struct snapshot *before, const struct snapshot *now);

struct diagnosis;
/* What the groups need, as the diagnosis of the same snapshot has it. */
void rows_take_needs(struct rows *r, const struct diagnosis *d);

#endif
