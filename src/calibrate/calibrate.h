/* calibrate.h - what operations cost on this host: CPU time of the kernel's work with pages, and
 * the disk under a path.
 *
 * Method:  each operation is timed in several rounds, by the CPU time that it takes, which others
 *          on the host do not lengthen; the disk by the clock; all operations in every round, so
 *          that a disturbance hits one round of each and not one of them alone. What counts is the
 *          median; the quartiles say how steady it was. A cost of the model is what is left of a
 *          time when the other costs in it are taken off.
 * Needs:   no privileges. At most 64 MiB of memory, and of the disk DISK_BYTES in a file without a
 *          name.
 * Never:   leaves a file, reads what others wrote, runs longer than about ten seconds.
 */
#ifndef CALIBRATE_CALIBRATE_H
#define CALIBRATE_CALIBRATE_H

#include "base/err.h"
#include "base/types.h"

#define CALIBRATE_ROUNDS     15u
#define CALIBRATE_DISK_BYTES (256 * MIB)
/* Of quartiles, over the median: from here on a figure is called unsteady. */
#define CALIBRATE_UNSTEADY   0.2

/* ns of one operation, over all rounds. */
struct calibrate_figure {
    double median, low, high; /* low, high: quartiles */
    unsigned rounds;          /* 0: not measured */
};

/* What is timed. Rows of calibrate.def. */
enum calibrate_timing {
#define TIMING(id, name, what) CALIBRATE_##id,
#include "calibrate/calibrate.def"
#undef TIMING
    NR_CALIBRATE_TIMINGS
};

struct calibrate_timing_info {
    const char *name, *what;
};
extern const struct calibrate_timing_info calibrate_timing_info[NR_CALIBRATE_TIMINGS];

/* A cost of the model (cost.NAME) that follows from timings. */
struct calibrate_cost {
    const char *name;
    u32 ns;
    enum calibrate_timing from; /* whose steadiness it has */
    bool derived;               /* not timed itself: by the proportions of the defaults */
};
#define CALIBRATE_COSTS_MAX 32u

struct calibrate_disk {
    const char *path; /* NULL: none was asked for */
    bool direct;      /* O_DIRECT; else the page cache was emptied of the file before reads */
    /* of 4 KiB: at random; at random; one after the other */
    struct calibrate_figure read_ns, write_ns, next_ns;
    struct calibrate_figure read_rate, write_rate; /* bytes per second */
    u32 queue_depth;
    bool rotational; /* a read elsewhere takes much longer than the next one */
    u64 bytes;       /* of the file */
};

struct calibration {
    struct calibrate_figure timings[NR_CALIBRATE_TIMINGS];
    struct calibrate_cost costs[CALIBRATE_COSTS_MAX];
    unsigned nr_costs;
    struct calibrate_disk disk;
    char compressor[32]; /* that this host's zram or zswap uses; "" when it has neither */
    double seconds;
};

struct calibrate_config {
    const char *disk; /* folder or file on it; NULL: no disk */
    const volatile int *stop;
    void (*progress)(void *ctx, u64 done, u64 total);
    void *ctx;
};

/* 0; -EINTR when *stop was set; or the errno of what failed, with the path in e. */
int calibrate_run(const struct calibrate_config *config, struct calibration *ret, struct err *e);

/* Is some figure unsteady? */
bool calibrate_is_unsteady(const struct calibrate_figure *f);

#endif
