/* reconcile.h - why free, docker stats, kubectl top, ps and the cgroup files give different figures
 * for the same memory. */
#ifndef DIAGNOSE_RECONCILE_H
#define DIAGNOSE_RECONCILE_H

#include "diagnose/diagnose.h"
#include "diagnose/figures.h"

/* Groups explained when the user asked for none: the largest with processes of their own. */
#define RECONCILED_GROUPS 3

/* Append to d->reconciliations: the host, and the group asked for or the largest ones. */
void reconcile(struct diagnosis *d, const struct figures *f);
void reconciliation_done(struct reconciliation *r);

#endif
