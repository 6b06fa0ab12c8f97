/* alloc.h - memory of the host for the machine's own structures.
 *
 * A machine that cannot have its descriptors cannot go on, so these end the program, as
 * alloc_on_failure() says, instead of returning NULL. What a user's file can make large (a parser's
 * buffers) uses malloc and reports -ENOMEM.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include "base/types.h"

#include <stdlib.h>

/* What ends the program when the host has no memory; must not return or allocate. Without one it
 * aborts. */
typedef void alloc_end_fn(const char *message);
void alloc_on_failure(alloc_end_fn *end);

/* Refuse what would make the program's resident memory larger than this, before it is; 0: no bound.
 * It looks at each MiB that is asked for, in one piece or many, so a little is added unseen. The
 * message names --host-memory. */
void alloc_set_budget(u64 bytes);
/* Look there instead of at /proc/self/statm: an open file of that kind, which stays the
 * caller's. */
void alloc_set_statm(int fd);

void *xmalloc(size_t bytes) __attribute__((malloc, returns_nonnull));

/* Zeroed. */
void *xcalloc(size_t count, size_t bytes_each) __attribute__((malloc, returns_nonnull));

void *xrealloc(void *ptr, size_t bytes) __attribute__((returns_nonnull));

/* Resize an array; count * bytes_each may overflow and then aborts. */
void *xrealloc_array(void *ptr, size_t count, size_t bytes_each) __attribute__((returns_nonnull));

/* realloc() within the budget: for what a user's file makes large. NULL when the host has no
 * memory. */
void *alloc_try_realloc(void *ptr, size_t bytes);

/* What another library allocated, or the end of the program where that is NULL; `what` names it in
 * the message. */
void *alloc_checked(void *ptr, const char *what) __attribute__((returns_nonnull));

char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));

/* Address space for a huge, sparsely used array: zero pages, taken from the host when first touched
 * and not counted against its commit limit. Page-aligned. */
void *region_reserve(size_t bytes) __attribute__((returns_nonnull));

/* The same at a multiple of `alignment`, a power of two.   pre: bytes is a multiple of it */
void *region_reserve_aligned(size_t bytes, size_t alignment) __attribute__((returns_nonnull));

/* Give a region back; `bytes` as reserved. NULL is fine. */
void region_release(void *region, size_t bytes);

#endif
