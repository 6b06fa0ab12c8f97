/* main.c - run the benchmarks: bench [--json] [NAME...]
 *
 * Text has one line a figure; --json prints one object with all of them.
 */
#include "bench.h"

#include "trace/trace.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct bench {
    bool json;
    unsigned figures;
};

static const struct {
    const char *name;
    bench_fn run;
} benches[] = {
    {"memory", bench_memory}, /* first, in a small process */
    {"hit", bench_hit},           {"huge", bench_huge},     {"fault", bench_fault},
    {"sweep", bench_sweep},       {"frames", bench_frames}, {"space", bench_space},
    {"compress", bench_compress}, {"groups", bench_groups}, {"compact", bench_compact},
    {"nodes", bench_nodes},
};

void bench_figure(struct bench *b, const char *key, double value, const char *unit, const char *doc)
{
    if (b->json)
        printf("%s\n  \"%s\": %.4g", b->figures++ ? "," : "", key, value);
    else
        printf("%-24s %12.4g %-8s %s\n", key, value, unit, doc);
    fflush(stdout);
}

double bench_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

struct trace *bench_recording_open(const char *path)
{
    struct trace *trace;
    struct err e = {0};

    if (trace_open(path, NULL, &trace, &e) == 0)
        return trace;
    fprintf(stderr, "bench: %s: %s\n", path, e.text);
    return NULL;
}

static bool is_wanted(const char *name, int argc, char **argv)
{
    bool named = false;

    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        named = true;
        if (strcmp(argv[i], name) == 0)
            return true;
    }
    return !named;
}

int main(int argc, char **argv)
{
    struct bench b = {0};

    for (int i = 1; i < argc; i++)
        b.json |= strcmp(argv[i], "--json") == 0;
    if (b.json)
        printf("{");
    for (unsigned i = 0; i < ARRAY_SIZE(benches); i++) {
        if (is_wanted(benches[i].name, argc, argv))
            benches[i].run(&b);
    }
    if (b.json)
        printf("\n}\n");
    return 0;
}
