/* vec.h - a typed array that grows.
 *
 * Use:   VEC(struct vma *) found = {0};
 *        vec_push(&found, vma);
 *        vec_for_each (&found, at)  (*at)->...
 *        vec_done(&found);
 * A zeroed VEC is empty (and NULL + 0, which C leaves undefined, is not computed). Pointers to
 * elements are valid until the next push. The macros evaluate the vector more than once.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/alloc.h"
#include "base/types.h"

#define VEC(type)               \
    struct {                    \
        type *items;            \
        size_t count, capacity; \
    }

#define vec_reserve(v, want)                                                             \
    do {                                                                                 \
        if ((v)->capacity < (size_t)(want)) {                                            \
            (v)->capacity = MAX((size_t)(want), (v)->capacity * 2);                      \
            (v)->items = xrealloc_array((v)->items, (v)->capacity, sizeof(*(v)->items)); \
        }                                                                                \
    } while (0)

#define vec_push(v, item)                                          \
    do {                                                           \
        if ((v)->count == (v)->capacity)                           \
            vec_reserve(v, (v)->capacity ? (v)->capacity * 2 : 8); \
        (v)->items[(v)->count++] = (item);                         \
    } while (0)

/* pre: not empty */
#define vec_pop(v)  ((v)->items[--(v)->count])
#define vec_last(v) ((v)->items[(v)->count - 1])

/* Empty it, keep its memory. */
#define vec_reset(v) ((void)((v)->count = 0))

#define vec_done(v)                     \
    do {                                \
        free((v)->items);               \
        (v)->items = NULL;              \
        (v)->count = (v)->capacity = 0; \
    } while (0)

/* `to` becomes what `from` was, which is empty afterwards; what `to` held is freed. Both are of one
 * type of element. */
#define vec_move(to, from)                    \
    do {                                      \
        free((to)->items);                    \
        (to)->items = (from)->items;          \
        (to)->count = (from)->count;          \
        (to)->capacity = (from)->capacity;    \
        (from)->items = NULL;                 \
        (from)->count = (from)->capacity = 0; \
    } while (0)

/* `at` is a new pointer to each element in turn. */
#define vec_for_each(v, at) \
    for (__typeof__(&*(v)->items) at = (v)->items; at && at < (v)->items + (v)->count; at++)

#endif
