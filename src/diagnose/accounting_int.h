/* accounting_int.h - lines of an accounting, as its makers add them in the order of the page.
 *
 * Units: bytes. `name` and `note` are literals and are kept, not copied; `note` may be NULL.
 */
#ifndef DIAGNOSE_ACCOUNTING_INT_H
#define DIAGNOSE_ACCOUNTING_INT_H

#include "diagnose/accounting.h"

void account_add(struct accounting *a, u8 depth, const char *name, u64 bytes, const char *note);
/* A line that is left out when the figure is unknown or 0. Returns the bytes that the line took. */
u64 account_add_part(struct accounting *a, u8 depth, const char *name, u64 bytes, const char *note);
/* What the lines before it leave; left out when it is 0, negative when they hold more than there
 * is. */
void account_add_remainder(struct accounting *a, u8 depth, const char *name, s64 bytes,
                           const char *note);

#endif
