/* device.h - a block device in virtual time: latency, bandwidth, queue depth.
 *
 * A request occupies one of `queue_depth` slots for its latency, and the one data path for bytes / bandwidth. Requests
 * are served in the order of submission. A synchronous device (ram, zram) has no queue: it costs CPU time.
 * Mirrors: block/ (diskstats fields), drivers/block/{brd,zram}. Counts PGPGIN, PGPGOUT (in sectors).
 */
#ifndef MACHINE_DEVICE_H
#define MACHINE_DEVICE_H

#include "machine/clock.h"
#include "stats/counters.h"

enum device_op { DEVICE_READ, DEVICE_WRITE };

struct device_profile { /* devices.def: nvme ssd hdd network ram zram */
    const char *name;
    const char *doc;
    ns_t read_latency, write_latency; /* of one request */
    u64 read_bytes_per_s, write_bytes_per_s;
    u32 queue_depth;
    ns_t seek;         /* added when a request does not follow the one before it (hdd) */
    bool synchronous;  /* completes inside the call: no readahead of swap (SWP_SYNCHRONOUS_IO) */
    bool rotational;
    u32 readahead_kb;  /* default of the queue, 128 */
};

struct device_stats { /* as /proc/diskstats */
    u64 ios[2], merges[2], sectors[2], ticks_ns[2];
    u64 in_flight;
    ns_t io_ticks, time_in_queue;
};

struct device {
    char name[32];
    const struct device_profile *profile;
    struct clock *clock;
    struct counters *counters;
    struct device_stats stats;
    ns_t *slot_free; /* queue_depth times at which a slot falls free */
    ns_t path_free;  /* when the data path falls free */
    u64 last_end;    /* position after the last request */
    u32 major, minor;
    /* fault injection: fail every n-th read/write (0 never) */
    u32 fail_every[2];
    u32 fail_count[2];
};

const struct device_profile *device_profile_find(const char *name);
extern const struct device_profile device_profiles[];
extern const unsigned nr_device_profiles;

void device_init(struct device *d, const char *name, const struct device_profile *p, struct clock *c,
                 struct counters *counters);
void device_done(struct device *d);
/* Start one request; returns the time of its completion (for a synchronous device: now + its CPU cost).
 * *ret_failed is set when fault injection makes it fail. The caller arranges for the completion (clock_at). */
ns_t device_submit(struct device *d, enum device_op op, u64 position, u64 bytes, bool *ret_failed);
/* Write requests queued or running: as bdi/blk congestion in old kernels; shows in_flight. */
bool device_busy(const struct device *d);

#endif
