/* calibrate_int.h - between the files of this room. */
#ifndef CALIBRATE_CALIBRATE_INT_H
#define CALIBRATE_CALIBRATE_INT_H

#include "calibrate/calibrate.h"

/* Monotonic time of the host in ns. */
u64 calibrate_now(void);

/* The median and quartiles of `nr` values, which are sorted. */
struct calibrate_figure calibrate_figure_of(double *values, unsigned nr);

/* One round: ns of each timing; what could not be had stays 0. pageout_path: a folder for a file to
 * reclaim; NULL: none. */
void calibrate_memory_round(double ns[NR_CALIBRATE_TIMINGS], const char *pageout_path);

/* The disk under disk->path. deadline: ns of calibrate_now(), when to come to an end. */
int calibrate_disk_run(struct calibrate_disk *disk, u64 deadline, const volatile int *stop,
                       struct err *e);

/* An open file without a name in the folder, or beside the file, `path`. A negative errno when
 * there is none to be had. */
int calibrate_unnamed_file(const char *path, int flags);

/* Costs of the model from the timings. */
void calibrate_costs(struct calibration *c);

#endif
