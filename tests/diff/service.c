/* service.c - a service with a steady rate: service KIND PAGES PER_SECOND [FILE]
 *
 *     zipf   anonymous memory, pages by zipf:0.9, stored to       file   the same of a file, by pread
 *     loop   anonymous memory, one page after the other           phase  a third of it at random; all of it from SIGUSR1 on
 *
 * Everything is touched once; then "ready" is printed, and it goes on until it is killed. What is
 * due is done every 10 ms.
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE     4096u
#define SLOT_NS  10000000
#define EXPONENT 0.9

static volatile sig_atomic_t changed;
static uint64_t random_state = 88172645463325252u;

static void change(int number)
{
    (void)number;
    changed = 1;
}

static double draw(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) / 9007199254740992.0;
}

static unsigned zipf(const double *cdf, unsigned pages)
{
    unsigned low = 0, high = pages - 1;
    double u = draw() * cdf[pages - 1];

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (cdf[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return (unsigned)((uint64_t)low * 2654435761u %
                      pages); /* popular pages lie anywhere; 2654435761 is a prime */
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    const char *kind = argv[1];
    unsigned pages = (unsigned)atoi(argv[2]), rate = (unsigned)atoi(argv[3]), next = 0;
    int fd = argc > 4 ? open(argv[4], O_RDONLY) : -1;
    double *cdf = calloc(pages, sizeof(*cdf)), sum = 0;
    char *memory = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct timespec at;
    char page[PAGE];

    signal(SIGUSR1, change);
    if (fd >= 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    for (unsigned i = 0; i < pages; i++) {
        cdf[i] = sum += pow(i + 1, -EXPONENT);
        if (fd >= 0 && pread(fd, page, PAGE, (off_t)i * PAGE) != PAGE)
            return 1;
        if (fd < 0)
            memset(memory + (size_t)i * PAGE, (int)i, PAGE);
    }
    puts("ready");
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (;;) {
        for (unsigned i = 0; i < rate / 100; i++) {
            unsigned n = strcmp(kind, "loop") == 0 ? next++ % pages
                         : strcmp(kind, "phase") == 0
                             ? (unsigned)(draw() * (changed ? pages : pages / 3))
                             : zipf(cdf, pages);

            if (fd >= 0 && pread(fd, page, PAGE, (off_t)n * PAGE) != PAGE)
                return 1;
            if (fd < 0)
                memory[(size_t)n * PAGE + 8]++;
        }
        at.tv_nsec += SLOT_NS;
        if (at.tv_nsec >= 1000000000) {
            at.tv_nsec -= 1000000000;
            at.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
}
