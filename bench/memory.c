/* memory.c - host memory of a replay per page of its footprint, without page tables.
 *
 * A child process opens a trace, notes its resident size, replays, and asks the host for the
 * highest resident size it reached. The difference is all that the machine and the replay needed:
 * frame descriptors, page-cache trees, swap slots, shadows, lists, the machine itself. Subtracted
 * are the simulated page tables (4 KiB each, the most there were at one time); the decoded trace is
 * not in the difference, since its size depends on how long the program ran (8 bytes an event; a
 * trace too large for that is streamed). Footprint: distinct pages touched; of recordings as
 * `highwater trace info` counts them.
 */
#include "bench.h"
#include "machine.h"
#include "pattern.h"

#include "trace/footprint.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES (1u << 18) /* 1 GiB */

/* What is replayed: a recording, or PAGES pages touched twice in order. */
struct memory_case {
    const char *recording;
    bool file, half_fits;
};

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

/* What is resident now; VmHWM starts again from there. */
static u64 resident_bytes(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");

    malloc_trim(0);
    if (f) {
        fputs("5", f);
        fclose(f);
    }
    return status_bytes("VmRSS");
}

static struct trace *pattern_trace(const struct memory_case *c)
{
    const struct pattern pattern = {
        .file = c->file,
        .shape = PATTERN_SEQUENTIAL,
        .pages = PAGES,
        .accesses = 2 * PAGES,
        .icount = 20,
        .write_percent = 100,
    };
    struct pattern_trace made;

    pattern_make(&pattern, &made);
    return made.trace;
}

static u64 footprint_pages(const struct trace *trace)
{
    struct footprint f;
    u64 pages;

    if (footprint_compute(trace, NULL, &f, NULL))
        abort();
    pages = f.anon_pages + f.file_pages + f.shmem_pages;
    footprint_done(&f);
    return pages;
}

static void look_at_tables(void *ctx, const struct system *s)
{
    *(u64 *)ctx = (s->space.nr_tables - 1ull) * PAGE_SIZE; /* freed ones keep their number */
}

static double probe(const struct memory_case *c)
{
    struct timed_replay run = {.look = look_at_tables};
    u64 before, tables = 0, pages = PAGES;

    mallopt(M_MMAP_THRESHOLD, 64 << 10); /* what is freed goes back to the host at once */
    run.trace = c->recording ? bench_recording_open(c->recording) : pattern_trace(c);
    if (!run.trace)
        return 0;
    if (c->recording)
        pages = footprint_pages(run.trace);
    run.look_ctx = &tables;
    if (c->half_fits) {
        run.memory_max = pages * PAGE_SIZE / 2;
        run.swap_bytes = pages * PAGE_SIZE;
    }
    before = resident_bytes();
    timed_replay(&run);
    return (double)(status_bytes("VmHWM") - before - tables) / (double)pages;
}

/* In a child, so that its memory is its own. */
static double measure(const struct memory_case *c)
{
    double value = 0;
    int ends[2], status;
    pid_t pid;

    if (pipe(ends) || (pid = fork()) < 0)
        abort();
    if (pid == 0) {
        value = probe(c);
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
    static const struct {
        const char *key;
        struct memory_case memory;
        const char *doc;
    } cases[] = {
        {"bytes_per_page_anon", {NULL, false, false}, "1 GiB of anonymous memory, all resident"},
        {"bytes_per_page_swap", {NULL, false, true}, "the same, half of it in swap"},
        {"bytes_per_page_file", {NULL, true, true}, "1 GiB of a mapped file, half of it evicted"},
        {"bytes_per_page_python3",
         {"examples/python.hwt", false, true},
         "a recorded python3 (80 MiB, half fits): the machine itself weighs more"},
        {"bytes_per_page_sqlite3",
         {"examples/demo.hwt", false, true},
         "a recorded sqlite3 (80 MiB, half fits)"},
    };
    double worst = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        double bytes = measure(&cases[i].memory);

        bench_figure(b, cases[i].key, bytes, "bytes", cases[i].doc);
        worst = MAX(worst, bytes);
    }
    bench_figure(b, "bytes_per_page", worst, "bytes",
                 "the worst of these: host memory per page, without page tables");
}
