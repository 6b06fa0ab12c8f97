/* memory.c - host memory of a replay per page of its footprint, without page tables.
 *
 * A child process opens a trace, notes its resident size, replays, and asks the host for the highest resident size it
 * reached. The difference is all that the machine and the replay needed: frame descriptors, page-cache trees, swap slots,
 * shadows, lists, the machine itself. Subtracted are the simulated page tables (as many 4 KiB pages as the machine counted);
 * the decoded trace is not in the difference, since its size depends on how long the program ran (8 bytes an event; a
 * trace too large for that is streamed). Footprint: distinct pages touched.
 */
#include "bench.h"
#include "machine.h"
#include "pattern.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES (1u << 18) /* 1 GiB */

/* A line of /proc/self/status in bytes. */
static u64 status_bytes(const char *key)
{
    FILE *f = fopen("/proc/self/status", "r");
    unsigned long long kib = 0;
    char line[256];

    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, key, strlen(key)) == 0)
            sscanf(line + strlen(key), ": %llu", &kib);
    if (f)
        fclose(f);
    return kib * KIB;
}

static void look_at_tables(void *ctx, const struct system *s)
{
    *(u64 *)ctx = (u64)s->counters.v[NR_PAGE_TABLE_PAGES] * PAGE_SIZE;
}

static double probe(bool half_fits)
{
    struct pattern pattern = {
        .shape = PATTERN_SEQUENTIAL,
        .pages = PAGES,
        .accesses = 2 * PAGES,
        .icount = 20,
        .write_percent = 100,
    };
    struct pattern_trace made;
    struct timed_replay run = {.look = look_at_tables};
    u64 before, tables = 0;

    mallopt(M_MMAP_THRESHOLD, 64 << 10); /* what is freed goes back to the host at once */
    pattern_make(&pattern, &made);
    malloc_trim(0);
    run.trace = made.trace;
    run.look_ctx = &tables;
    if (half_fits) {
        run.memory_max = (u64)PAGES * PAGE_SIZE / 2;
        run.swap_bytes = (u64)PAGES * PAGE_SIZE;
    }
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f) {
        fputs("5", f); /* VmHWM starts again from here */
        fclose(f);
    }
    before = status_bytes("VmRSS");
    timed_replay(&run);
    return (double)(status_bytes("VmHWM") - before - tables) / PAGES;
}

/* In a child, so that its memory is its own. */
static double measure(bool half_fits)
{
    double value = 0;
    int ends[2], status;
    pid_t pid;

    if (pipe(ends) || (pid = fork()) < 0)
        abort();
    if (pid == 0) {
        value = probe(half_fits);
        _exit(write(ends[1], &value, sizeof(value)) != sizeof(value));
    }
    close(ends[1]);
    if (read(ends[0], &value, sizeof(value)) != sizeof(value) || waitpid(pid, &status, 0) != pid)
        abort();
    close(ends[0]);
    return value;
}

void bench_memory(struct bench *b)
{
    bench_figure(b, "bytes_per_page", measure(true), "bytes",
                 "of host memory per page, half of 1 GiB swapped out, without page tables");
    bench_figure(b, "bytes_per_page_resident", measure(false), "bytes",
                 "the same, all of it resident");
}
