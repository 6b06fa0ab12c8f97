/* peaks.c - programs whose peak is known: 16 or 24 MiB of one kind of memory. peaks KIND FILE,
 * where FILE has 16 MiB. Prints the line of its own highest resident memory; that of getrusage()
 * begins with what the process was before its exec. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#define PAGE ((size_t)4096)
#define MIB  ((size_t)1 << 20)

static char *map(size_t len, int flags, int fd)
{
    char *p = mmap(NULL, len, fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ, flags, fd, 0);

    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

static void write_pages(char *p, size_t len)
{
    for (size_t i = 0; i < len; i += PAGE)
        p[i] = 1;
}

/* Freed again: the peak is not what is left. */
static void heap(void)
{
    static char *pieces[6 * 1024];

    for (size_t i = 0; i < 6 * 1024; i++) {
        pieces[i] = malloc(PAGE - 96);
        memset(pieces[i], 1, PAGE - 96);
    }
    for (size_t i = 0; i < 6 * 1024; i++)
        free(pieces[i]);
}

/* 24 MiB, then 8, then 16 at most. */
static void anonymous(void)
{
    char *p = map(24 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    write_pages(p, 24 * MIB);
    munmap(p, 16 * MIB);
    write_pages(map(8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1), 8 * MIB);
}

static unsigned mapped_file(const char *path)
{
    const char *p = map(16 * MIB, MAP_PRIVATE, open(path, O_RDONLY));
    unsigned sum = 0;

    for (size_t i = 0; i < 16 * MIB; i += PAGE)
        sum += (unsigned char)p[i];
    return sum;
}

/* 16 MiB of the parent, and half of it copied by the child. */
static void forks(void)
{
    char *p = map(16 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    write_pages(p, 16 * MIB);
    if (fork() == 0) {
        write_pages(p, 8 * MIB);
        _exit(0);
    }
    wait(NULL);
}

static void locked(void)
{
    if (mlock(map(16 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1), 16 * MIB) != 0)
        perror("mlock");
}

/* Memory of a tmpfs: allocated, punched out, and written again. */
static void allocated(void)
{
    int fd = memfd_create("peaks", 0);

    if (fallocate(fd, 0, 0, 16 * MIB) != 0 ||
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 12 * MIB) != 0)
        perror("fallocate");
    write_pages(mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 8 * MIB);
}

/* What is populated for reading is the zero page, 4 MiB are written; of the file 2 MiB are
 * copied. */
static void advised(const char *path)
{
    char *heap = map(16 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    char *file = map(16 * MIB, MAP_PRIVATE, open(path, O_RDONLY));

    mprotect(file, 16 * MIB, PROT_READ | PROT_WRITE);
    if (madvise(heap, 16 * MIB, MADV_POPULATE_READ) != 0 ||
        madvise(heap, 4 * MIB, MADV_POPULATE_WRITE) != 0 ||
        madvise(file, 16 * MIB, MADV_POPULATE_READ) != 0 ||
        madvise(file, 2 * MIB, MADV_POPULATE_WRITE) != 0)
        perror("madvise");
}

/* Past the page cache: the buffer of 1 MiB alone. */
static void direct(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECT);
    void *buffer;

    if (posix_memalign(&buffer, PAGE, MIB) != 0)
        exit(1);
    for (size_t i = 0; i < 16; i++)
        if (read(fd, buffer, MIB) != (ssize_t)MIB)
            perror("read");
}

/* Three children that live at the same time copy what they got, 4 MiB each. */
static void children(void)
{
    char *p = map(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    int copied[2], ready[2];
    char byte;

    write_pages(p, 4 * MIB);
    if (pipe(copied) != 0 || pipe(ready) != 0)
        exit(1);
    for (size_t i = 0; i < 3; i++)
        if (fork() == 0) {
            close(ready[1]);
            write_pages(p, 4 * MIB);
            if (write(copied[1], "", 1) != 1)
                _exit(1);
            _exit((int)read(ready[0], &byte, 1)); /* until all have come so far */
        }
    for (size_t i = 0; i < 3; i++)
        if (read(copied[0], &byte, 1) != 1)
            exit(1);
    close(ready[1]);
    while (wait(NULL) > 0)
        ;
}

static void print_peak(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            fputs(line, stdout);
}

int main(int argc, char **argv)
{
    const char *kind = argc == 3 ? argv[1] : "";

    if (strcmp(kind, "heap") == 0)
        heap();
    else if (strcmp(kind, "anonymous") == 0)
        anonymous();
    else if (strcmp(kind, "shared") == 0)
        write_pages(map(16 * MIB, MAP_SHARED | MAP_ANONYMOUS, -1), 16 * MIB);
    else if (strcmp(kind, "file") == 0)
        printf("%u\n", mapped_file(argv[2]));
    else if (strcmp(kind, "forks") == 0)
        forks();
    else if (strcmp(kind, "locked") == 0)
        locked();
    else if (strcmp(kind, "populated") == 0)
        map(16 * MIB, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1);
    else if (strcmp(kind, "advised") == 0)
        advised(argv[2]);
    else if (strcmp(kind, "allocated") == 0)
        allocated();
    else if (strcmp(kind, "direct") == 0)
        direct(argv[2]);
    else if (strcmp(kind, "children") == 0)
        children();
    else
        return 2;
    print_peak();
    return 0;
}
