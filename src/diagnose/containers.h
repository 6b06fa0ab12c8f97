/* containers.h - what a text says of containers beside figures of memory: their state, their end,
 * their limit. */
#ifndef DIAGNOSE_CONTAINERS_H
#define DIAGNOSE_CONTAINERS_H

#include "observe/snapshot.h"

/* The container of this scope that says how it ended; NULL. */
const struct container_view *container_find(const struct snapshot *s, const char *scope);

/* One line of the container that tells the most, without a full stop. False when the text has
 * none. */
bool containers_headline(const struct snapshot *s, char *buf, size_t size);

#endif
