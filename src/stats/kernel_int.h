/* kernel_int.h - the releases, one file each; kernel.c lists them. */
#ifndef STATS_KERNEL_INT_H
#define STATS_KERNEL_INT_H

#include "stats/kernel.h"

extern const struct kernel_release kernel_6_1, kernel_6_12;

#endif
