/* calibrate.c - rounds over all timings, their medians, and what costs of the model follow. */
#include "calibrate/calibrate_int.h"

#include "base/units.h"
#include "machine/cost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DISK_NS (5 * NS_PER_S) /* for the disk, at most */

const struct calibrate_timing_info calibrate_timing_info[NR_CALIBRATE_TIMINGS] = {
#define TIMING(id, name, what) [CALIBRATE_##id] = {name, what},
#include "calibrate/calibrate.def"
#undef TIMING
};

u64 calibrate_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (u64)now.tv_sec * NS_PER_S + (u64)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct calibrate_figure calibrate_figure_of(double *values, unsigned nr)
{
    if (nr == 0)
        return (struct calibrate_figure){0};
    qsort(values, nr, sizeof(*values), by_value);
    return (struct calibrate_figure){.median = values[nr / 2],
                                     .low = values[nr / 4],
                                     .high = values[nr - 1 - nr / 4],
                                     .rounds = nr};
}

bool calibrate_is_unsteady(const struct calibrate_figure *f)
{
    return f->rounds > 1 && f->high - f->low > CALIBRATE_UNSTEADY * f->median;
}

/* The compressor in brackets, "lzo [lzo-rle] lz4 zstd", or the word alone. */
static bool read_compressor(const char *path, char *ret, size_t size)
{
    char line[256], *open, *shut;
    FILE *f = fopen(path, "re");
    bool found;

    if (!f)
        return false;
    found = fgets(line, sizeof(line), f) != NULL;
    fclose(f);
    if (!found)
        return false;
    open = strchr(line, '[');
    open = open ? open + 1 : line;
    shut = open + strcspn(open, "]\n");
    snprintf(ret, size, "%.*s", (int)(shut - open), open);
    return *ret != '\0';
}

static void find_compressor(struct calibration *c)
{
    char line[8];

    if (read_compressor("/sys/block/zram0/comp_algorithm", c->compressor, sizeof(c->compressor)))
        return;
    if (read_compressor("/sys/module/zswap/parameters/enabled", line, sizeof(line)) &&
        (line[0] == 'Y' || line[0] == '1'))
        read_compressor("/sys/module/zswap/parameters/compressor", c->compressor,
                        sizeof(c->compressor));
}

static void tell(const struct calibrate_config *config, u64 done)
{
    if (config->progress)
        config->progress(config->ctx, done, CALIBRATE_ROUNDS + (config->disk ? 1 : 0));
}

static int run_rounds(const struct calibrate_config *config, struct calibration *c)
{
    double values[NR_CALIBRATE_TIMINGS][CALIBRATE_ROUNDS];
    unsigned nr[NR_CALIBRATE_TIMINGS] = {0};

    for (unsigned round = 0; round < CALIBRATE_ROUNDS; round++) {
        double ns[NR_CALIBRATE_TIMINGS] = {0};

        if (config->stop && *config->stop)
            return -EINTR;
        tell(config, round);
        calibrate_memory_round(ns, config->disk);
        for (unsigned i = 0; i < NR_CALIBRATE_TIMINGS; i++)
            if (ns[i] > 0)
                values[i][nr[i]++] = ns[i];
    }
    for (unsigned i = 0; i < NR_CALIBRATE_TIMINGS; i++)
        c->timings[i] = calibrate_figure_of(values[i], nr[i]);
    return 0;
}

/* --- costs --- */

static u32 default_of(const char *name)
{
    for (unsigned i = 0; i < NR_COSTS; i++)
        if (strcmp(cost_info[i].name, name) == 0)
            return cost_info[i].default_ns;
    hw_unreachable();
}

static void add(struct calibration *c, const char *name, double ns, enum calibrate_timing from,
                bool derived)
{
    u32 plain = default_of(name);

    assert(c->nr_costs < CALIBRATE_COSTS_MAX);
    /* A difference of two times may come to nothing on a host that is disturbed: no cost is less
     * than a tenth of its default. */
    ns = MAX(ns, (double)plain / 10);
    c->costs[c->nr_costs++] = (struct calibrate_cost){
        .name = name, .ns = (u32)(ns + 0.5), .from = from, .derived = derived};
}

/* Costs that are only to be had together, in the proportion of their defaults. */
static void add_together(struct calibration *c, const char *const *names, double ns,
                         enum calibrate_timing from)
{
    double sum = 0;

    for (unsigned i = 0; names[i]; i++)
        sum += default_of(names[i]);
    for (unsigned i = 0; names[i]; i++)
        add(c, names[i], ns * default_of(names[i]) / sum, from, true);
}

static u32 cost_of(const struct calibration *c, const char *name)
{
    for (unsigned i = 0; i < c->nr_costs; i++)
        if (strcmp(c->costs[i].name, name) == 0)
            return c->costs[i].ns;
    return default_of(name);
}

static void compressor_costs(struct calibration *c)
{
    const struct calibrate_figure *t = c->timings;

    if (t[CALIBRATE_LZ4].rounds) {
        add(c, "compress_lz4", t[CALIBRATE_LZ4].median, CALIBRATE_LZ4, false);
        add(c, "decompress_lz4", t[CALIBRATE_UNLZ4].median, CALIBRATE_UNLZ4, false);
        /* LZO is not linked: as much slower than LZ4 as the defaults say. */
        add(c, "compress_lzo",
            t[CALIBRATE_LZ4].median * default_of("compress_lzo") / default_of("compress_lz4"),
            CALIBRATE_LZ4, true);
        add(c, "decompress_lzo",
            t[CALIBRATE_UNLZ4].median * default_of("decompress_lzo") / default_of("decompress_lz4"),
            CALIBRATE_UNLZ4, true);
    }
    if (t[CALIBRATE_ZSTD].rounds) {
        add(c, "compress_zstd", t[CALIBRATE_ZSTD].median, CALIBRATE_ZSTD, false);
        add(c, "decompress_zstd", t[CALIBRATE_UNZSTD].median, CALIBRATE_UNZSTD, false);
    }
}

void calibrate_costs(struct calibration *c)
{
    const struct calibrate_figure *t = c->timings;
    double fault;

    if (t[CALIBRATE_CYCLE].rounds) /* the default is one instruction a cycle as well */
        add(c, "instruction_x100", t[CALIBRATE_CYCLE].median * 100, CALIBRATE_CYCLE, false);
    if (t[CALIBRATE_SYSCALL].rounds)
        add(c, "syscall", t[CALIBRATE_SYSCALL].median, CALIBRATE_SYSCALL, false);
    if (t[CALIBRATE_ZERO].rounds)
        add(c, "zero_page", t[CALIBRATE_ZERO].median, CALIBRATE_ZERO, false);
    if (t[CALIBRATE_COPY].rounds)
        add(c, "copy_page", t[CALIBRATE_COPY].median, CALIBRATE_COPY, false);
    if (t[CALIBRATE_TOUCH].rounds) {
        fault = t[CALIBRATE_TOUCH].median - cost_of(c, "zero_page");
        add_together(c, (const char *const[]){"minor_fault", "page_alloc", NULL}, fault,
                     CALIBRATE_TOUCH);
    }
    if (t[CALIBRATE_UNMAP].rounds)
        add_together(c, (const char *const[]){"zap_page", "page_free", NULL},
                     t[CALIBRATE_UNMAP].median, CALIBRATE_UNMAP);
    if (t[CALIBRATE_MAP_AROUND].rounds) /* one fault maps 16 pages */
        add(c, "fault_around",
            t[CALIBRATE_MAP_AROUND].median - (double)cost_of(c, "minor_fault") / 16,
            CALIBRATE_MAP_AROUND, false);
    if (t[CALIBRATE_READ_PAGE].rounds)
        add(c, "read_page", t[CALIBRATE_READ_PAGE].median, CALIBRATE_READ_PAGE, false);
    if (t[CALIBRATE_WRITE_PAGE].rounds)
        add(c, "write_page", t[CALIBRATE_WRITE_PAGE].median, CALIBRATE_WRITE_PAGE, false);
    if (t[CALIBRATE_MMAP].rounds)
        add(c, "vma_op", t[CALIBRATE_MMAP].median / 2 - cost_of(c, "syscall"), CALIBRATE_MMAP,
            false);
    if (t[CALIBRATE_FORK].rounds)
        add(c, "fork_base", t[CALIBRATE_FORK].median, CALIBRATE_FORK, false);
    if (t[CALIBRATE_FORK_PAGE].rounds) /* copied by fork, dropped by exit */
        add(c, "fork_page", t[CALIBRATE_FORK_PAGE].median - cost_of(c, "zap_page"),
            CALIBRATE_FORK_PAGE, false);
    if (t[CALIBRATE_SWITCH].rounds)
        add(c, "context_switch", t[CALIBRATE_SWITCH].median / 2 - 2.0 * cost_of(c, "syscall"),
            CALIBRATE_SWITCH, false);
    if (t[CALIBRATE_RECLAIM].rounds)
        add_together(c, (const char *const[]){"scan_page", "referenced", "unmap_page", NULL},
                     t[CALIBRATE_RECLAIM].median - cost_of(c, "page_free"), CALIBRATE_RECLAIM);
    compressor_costs(c);
}

int calibrate_run(const struct calibrate_config *config, struct calibration *ret, struct err *e)
{
    u64 began = calibrate_now();
    int rc;

    *ret = (struct calibration){.disk.path = config->disk};
    if (config->disk) { /* what cannot be measured is told before anything takes time */
        rc = calibrate_unnamed_file(config->disk, 0);
        if (rc < 0)
            return err_at(e, rc, config->disk, 0, 0, "cannot make a file there: %s", strerror(-rc));
        close(rc);
    }
    rc = run_rounds(config, ret);
    if (rc == 0 && config->disk) {
        tell(config, CALIBRATE_ROUNDS);
        rc = calibrate_disk_run(&ret->disk, calibrate_now() + DISK_NS, config->stop, e);
    }
    if (rc)
        return rc;
    tell(config, CALIBRATE_ROUNDS + 1);
    find_compressor(ret);
    calibrate_costs(ret);
    ret->seconds = (double)(calibrate_now() - began) / (double)NS_PER_S;
    return 0;
}
