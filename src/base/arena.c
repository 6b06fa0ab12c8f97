/* arena.c - bump allocation from chunks that double up to 1 MiB.
 *
 * An allocation larger than a chunk gets a chunk of its own, put behind the newest so that the rest
 * of that one is still used.
 */
#include "base/arena.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_MIN ((size_t)4096)
#define CHUNK_MAX ((size_t)1 << 20)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_chunk {
    struct arena_chunk *older;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_done(struct arena *a)
{
    struct arena_chunk *chunk = a->chunks;

    while (chunk) {
        struct arena_chunk *older = chunk->older;

        free(chunk);
        chunk = older;
    }
    arena_init(a);
}

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *chunk = xcalloc(1, sizeof(*chunk) + size);

    chunk->size = size;
    return chunk;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    struct arena_chunk *chunk = a->chunks;

    assert(bytes <= SIZE_MAX / 2);
    bytes = ROUND_UP(MAX(bytes, (size_t)1), ALIGNMENT);
    a->bytes_used += bytes;
    if (!chunk || chunk->size - chunk->used < bytes) {
        size_t size = chunk ? CLAMP(chunk->size * 2, CHUNK_MIN, CHUNK_MAX) : CHUNK_MIN;

        if (chunk && bytes > size / 2) {
            struct arena_chunk *own = chunk_new(bytes);

            own->older = chunk->older;
            chunk->older = own;
            own->used = bytes;
            return own->bytes;
        }
        chunk = chunk_new(MAX(size, bytes));
        chunk->older = a->chunks;
        a->chunks = chunk;
    }

    void *found = chunk->bytes + chunk->used;

    chunk->used += bytes;
    return found;
}

char *arena_strdup(struct arena *a, const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(arena_alloc(a, bytes), text, bytes);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;

    va_start(args, fmt);
    va_copy(again, args);

    int length = vsnprintf(NULL, 0, fmt, args);

    assert(length >= 0);

    char *text = arena_alloc(a, (size_t)length + 1);

    vsnprintf(text, (size_t)length + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}
