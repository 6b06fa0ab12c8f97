/* import_int.h - the readers of import.c. */
#ifndef FLEET_IMPORT_INT_H
#define FLEET_IMPORT_INT_H

#include "fleet/promise.h"

int import_json(const char *text, size_t len, const char *node, struct promises *ret,
                struct err *e);

#endif
