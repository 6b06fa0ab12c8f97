/* alloc.c - malloc and mmap that succeed or end the program. */
#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static alloc_end_fn *end_program;

void alloc_on_failure(alloc_end_fn *end)
{
    end_program = end;
}

static _Noreturn void out_of_memory(const char *what, size_t bytes)
{
    char text[128];

    if (bytes)
        snprintf(text, sizeof(text), "the host has no memory: %s of %zu bytes: %s", what, bytes,
                 strerror(errno));
    else
        snprintf(text, sizeof(text), "the host has no memory for %s", what);
    if (end_program)
        end_program(text);
    /* lint: the last words before abort, where nobody said how to end */
    fprintf(stderr, "highwater: %s\n", text);
    abort();
}

void *xmalloc(size_t bytes)
{
    void *ptr = malloc(bytes ? bytes : 1);

    if (!ptr)
        out_of_memory("malloc", bytes);
    return ptr;
}

void *xcalloc(size_t count, size_t bytes_each)
{
    void *ptr = calloc(count ? count : 1, bytes_each ? bytes_each : 1);

    if (!ptr)
        out_of_memory("calloc", count * bytes_each);
    return ptr;
}

void *xrealloc(void *ptr, size_t bytes)
{
    void *moved = realloc(ptr, bytes ? bytes : 1);

    if (!moved)
        out_of_memory("realloc", bytes);
    return moved;
}

void *xrealloc_array(void *ptr, size_t count, size_t bytes_each)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, bytes_each, &bytes)) {
        errno = ENOMEM;
        out_of_memory("array", SIZE_MAX);
    }
    return xrealloc(ptr, bytes);
}

void *alloc_checked(void *ptr, const char *what)
{
    if (!ptr)
        out_of_memory(what, 0);
    return ptr;
}

char *xstrdup(const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(xmalloc(bytes), text, bytes);
}

void *region_reserve(size_t bytes)
{
    void *region = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (region == MAP_FAILED)
        out_of_memory("mmap", bytes);
    return region;
}

void *region_reserve_aligned(size_t bytes, size_t alignment)
{
    u8 *region = region_reserve(bytes + alignment);
    size_t before = -(uintptr_t)region & (alignment - 1);

    if (before)
        munmap(region, before);
    munmap(region + before + bytes, alignment - before);
    return region + before;
}

void region_release(void *region, size_t bytes)
{
    if (region)
        munmap(region, bytes ? bytes : 1);
}
