/* arena.h - many small allocations that are freed together.
 *
 * Owns: the chunks. Memory is zeroed and aligned for any type; it stays where it is until
 * arena_done.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/types.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* newest first */
    size_t bytes_used;          /* as asked for, rounded up to the alignment */
};

void arena_init(struct arena *a);
void arena_done(struct arena *a);
void *arena_alloc(struct arena *a, size_t bytes) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *a, const char *text) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) HW_PRINTF(2, 3);

#define arena_array(a, type, count) ((type *)arena_alloc(a, sizeof(type) * (count)))

#endif
