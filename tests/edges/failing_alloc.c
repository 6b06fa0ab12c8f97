/* failing_alloc.c - a preloaded library that lets the Nth allocation of a program fail, whoever
 * asks for it.
 *
 * Counted are malloc, calloc, realloc, the aligned ones and mmap of anonymous memory, from the
 * start of main() on, of the program alone (not of what it starts). FAIL_AT=N lets the Nth one
 * fail, FAIL_FROM=N all from the Nth on. FAIL_COUNT=FILE gets the number of allocations.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t count, size_t bytes);
extern void *__libc_realloc(void *ptr, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static atomic_ulong count;
static unsigned long at, from;
static bool on;
static char count_file[512];

static bool fails(void)
{
    if (!on)
        return false;

    unsigned long n = atomic_fetch_add(&count, 1) + 1;

    if (n != at && !(from && n >= from))
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t bytes)
{
    return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    return fails() ? NULL : __libc_calloc(n, bytes);
}

void *realloc(void *ptr, size_t bytes)
{
    return fails() ? NULL : __libc_realloc(ptr, bytes);
}

void *memalign(size_t alignment, size_t bytes)
{
    return fails() ? NULL : __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
    void *ptr = memalign(alignment, bytes);

    if (!ptr)
        return ENOMEM;
    *ret = ptr;
    return 0;
}

void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    static void *(*next)(void *, size_t, int, int, int, off_t);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "mmap");
    return (flags & MAP_ANONYMOUS) && fails() ? MAP_FAILED
                                              : next(address, bytes, protection, flags, fd, offset);
}

static void report(void)
{
    char text[32];
    int fd = open(count_file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int len = snprintf(text, sizeof(text), "%lu\n", atomic_load(&count));

    if (fd >= 0 && write(fd, text, (size_t)len) == len)
        close(fd);
}

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAIL_COUNT");

    at = getenv("FAIL_AT") ? strtoul(getenv("FAIL_AT"), NULL, 10) : 0;
    from = getenv("FAIL_FROM") ? strtoul(getenv("FAIL_FROM"), NULL, 10) : 0;
    if (file) {
        snprintf(count_file, sizeof(count_file), "%s", file);
        atexit(report);
    }
    unsetenv("LD_PRELOAD");
    on = true;
}
