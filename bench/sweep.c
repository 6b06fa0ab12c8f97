/* sweep.c - sixteen limits of one recording against single replays of it, as a user pays for them:
 * CPU time of processes.
 *
 *     highwater run X.hwt --memory-max L8 --swap 1G                            the middle one of the limits
 *     highwater size X.hwt --limits L1,...,L16 --swap 1G --jobs 1              decodes once
 *
 * The limits go from 45 to 120 % of the recording's own peak in steps of 5. Beside them `size`
 * replays once without a limit, to have a time to compare with; and it cuts short what takes more
 * than three times as long. The least of several runs counts.
 */
#include "bench.h"
#include "machine.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS   5
#define LIMITS 16u
#define MIDDLE 7u

static void look_at_peak(void *ctx, const struct system *s)
{
    const struct group *g = group_find(&s->groups, "/app");

    *(u64 *)ctx = g->memory.peak * PAGE_SIZE;
}

/* What it would like to have; 0 when there is no such recording. */
static u64 peak_bytes(const char *path)
{
    struct trace *trace = bench_recording_open(path);
    u64 peak = 0;
    struct timed_replay run = {.trace = trace, .look = look_at_peak, .look_ctx = &peak};

    if (!trace)
        return 0;
    timed_replay(&run);
    trace_close(trace);
    return peak;
}

static unsigned long long limit_kib(u64 peak, unsigned i)
{
    return peak * (45 + 5 * i) / 100 / PAGE_SIZE * (PAGE_SIZE / KIB);
}

/* The program that was built beside this one. */
static const char *highwater_path(char *buf, size_t size)
{
    char self[512];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len < 0)
        abort();
    self[len] = '\0';
    snprintf(buf, size, "%s/highwater", dirname(self));
    return buf;
}

/* CPU time of one run of the program. */
static double run_seconds(const char *const argv[])
{
    struct rusage usage;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);

        if (null >= 0 && dup2(null, 1) >= 0 && dup2(null, 2) >= 0)
            execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench: %s %s failed\n", argv[0], argv[1]);
        exit(1);
    }
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static bool sweep(const char *path, double *ret_single, double *ret_all)
{
    char program[600], file[64], middle[32], limits[LIMITS * 16];
    const char *single[] = {program, "run", file, "--memory-max", middle, "--swap", "1G", NULL};
    const char *all[] = {program,  "size", file,     "--limits", limits,
                         "--swap", "1G",   "--jobs", "1",        NULL};
    u64 peak = peak_bytes(path);
    size_t len = 0;

    if (!peak)
        return false;
    highwater_path(program, sizeof(program));
    snprintf(file, sizeof(file), "%s", path);
    snprintf(middle, sizeof(middle), "%lluK", limit_kib(peak, MIDDLE));
    for (unsigned i = 0; i < LIMITS; i++)
        len += (size_t)snprintf(limits + len, sizeof(limits) - len, "%s%lluK", i ? "," : "",
                                limit_kib(peak, i));
    *ret_single = *ret_all = 1e9;
    for (unsigned i = 0; i < RUNS; i++) {
        double one = run_seconds(single), sixteen = run_seconds(all);

        *ret_single = MIN(*ret_single, one);
        *ret_all = MIN(*ret_all, sixteen);
    }
    return true;
}

void bench_sweep(struct bench *b)
{
    double single, all, worst = 0;

    if (sweep("examples/python.hwt", &single, &all)) {
        bench_figure(b, "sweep16_python3_ratio", all / single, "x",
                     "16 limits of a recorded python3 against one replay of it");
        bench_figure(b, "single_python3_s", single, "s",
                     "that one replay, a whole `highwater run`");
        worst = all / single;
    }
    if (sweep("examples/demo.hwt", &single, &all)) {
        bench_figure(b, "sweep16_sqlite3_ratio", all / single, "x",
                     "the same of a recorded sqlite3");
        bench_figure(b, "single_sqlite3_s", single, "s", "its one replay");
        worst = MAX(worst, all / single);
    }
    if (worst > 0)
        bench_figure(b, "sweep16_ratio", worst, "x", "the worse of the two");
}
