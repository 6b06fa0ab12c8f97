/* scenario_int.h - between the files that read scenarios. */
#ifndef WORKLOAD_SCENARIO_INT_H
#define WORKLOAD_SCENARIO_INT_H

#include "workload/scenario.h"

/* The number of a [node]. */
unsigned scenario_nid(const struct scenario_head *head);

/* Parse the value of a key into its field of the section that begins at `head`. -EINVAL with text
 * in e. */
int scenario_value(struct scenario *sc, const struct scenario_key *key, struct scenario_head *head,
                   unsigned line, const char *value, struct err *e);

/* What no single value shows: names that exist, tasks that end, keys that exclude each other. */
int scenario_check(struct scenario *sc, struct err *e);

#endif
