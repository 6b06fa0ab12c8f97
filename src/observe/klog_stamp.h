/* klog_stamp.h - when and where a line of a log was written: what stood before its message, and the
 * place it was read from. */
#ifndef OBSERVE_KLOG_STAMP_H
#define OBSERVE_KLOG_STAMP_H

#include "base/types.h"

/* A line of a file: an index into the snapshot's log_files, and a number from 1; line 0: not
 * known. */
struct klog_place {
    u32 file, line;
};

struct klog_stamp {
    u64 at_us;         /* since boot; UINT64_MAX when the line does not say */
    u64 wall_us;       /* since 1970, UTC where the line says; UINT64_MAX when it does not */
    u32 boot;          /* lines of different boots differ; 0 where all are of one */
    bool year_guessed; /* the line names no year: wall_us orders, and its year is not to be shown */
    struct klog_place place;
    const char *host, *program; /* of syslog and journal; NULL */
};

#endif
