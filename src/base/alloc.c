/* alloc.c - malloc and mmap that succeed or end the program. */
#include "base/alloc.h"

#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static alloc_end_fn *end_program;

void alloc_on_failure(alloc_end_fn *end)
{
    end_program = end;
}

static _Noreturn void end(const char *text)
{
    if (end_program)
        end_program(text);
    /* lint: the last words before abort, where nobody said how to end */
    fprintf(stderr, "highwater: %s\n", text);
    abort();
}

static _Noreturn void out_of_memory(const char *what, size_t bytes)
{
    char text[128];

    if (bytes)
        snprintf(text, sizeof(text), "the host has no memory: %s of %zu bytes: %s", what, bytes,
                 strerror(errno));
    else
        snprintf(text, sizeof(text), "the host has no memory for %s", what);
    end(text);
}

#define LARGE MIB

static u64 budget;
static _Thread_local u64 small_bytes; /* in small pieces since the last look */

void alloc_set_budget(u64 bytes)
{
    budget = bytes;
}

static int statm = -1;

void alloc_set_statm(int fd)
{
    statm = fd;
}

/* Bytes of the host's memory that the program has now; 0 when the host does not say. */
static u64 resident_bytes(void)
{
    char text[128], *at;
    int fd = statm >= 0 ? statm : open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

    if (fd >= 0 && fd != statm)
        close(fd);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    at = strchr(text, ' ');
    return at ? strtoull(at, NULL, 10) * (u64)sysconf(_SC_PAGESIZE) : 0;
}

/* `more` bytes are about to be used. */
static void spend(size_t more)
{
    char size[UNITS_TEXT_MAX], text[160];

    if (!budget)
        return;
    if (more < LARGE) {
        small_bytes += more;
        if (small_bytes < LARGE)
            return;
    }
    small_bytes = 0;
    if (resident_bytes() + more <= budget)
        return;
    snprintf(text, sizeof(text),
             "this takes more than the %s of the host's memory it may have; --host-memory SIZE "
             "allows more",
             format_bytes(size, budget));
    end(text);
}

void *xmalloc(size_t bytes)
{
    spend(bytes);

    void *ptr = malloc(bytes ? bytes : 1);

    if (!ptr)
        out_of_memory("malloc", bytes);
    return ptr;
}

void *xcalloc(size_t count, size_t bytes_each)
{
    void *ptr;
    size_t bytes;

    if (!__builtin_mul_overflow(count, bytes_each, &bytes))
        spend(bytes);
    ptr = calloc(count ? count : 1, bytes_each ? bytes_each : 1);

    if (!ptr)
        out_of_memory("calloc", count * bytes_each);
    return ptr;
}

void *xrealloc(void *ptr, size_t bytes)
{
    void *moved = alloc_try_realloc(ptr, bytes);

    if (!moved)
        out_of_memory("realloc", bytes);
    return moved;
}

void *alloc_try_realloc(void *ptr, size_t bytes)
{
    size_t before = ptr ? malloc_usable_size(ptr) : 0;

    if (bytes > before)
        spend(bytes - before);
    return realloc(ptr, bytes ? bytes : 1);
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
    u8 *region;
    size_t before;

    spend(bytes);
    region = region_reserve(bytes + alignment);
    before = -(uintptr_t)region & (alignment - 1);
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
