/* device.h - a block device in virtual time: latency, bandwidth, queue depth.
 *
 *      submit                         latency (+ seek)          bytes / rate
 *        |-- waits for a free slot --|--------------------|-- waits --|====|  done
 *                                     one of queue_depth slots         the one data path
 *
 * Requests are served in the order of submission. A synchronous device (ram, zram) has no queue:
 * it costs the CPU time of whoever asks.
 *
 * Mirrors:  block/ (diskstats), drivers/block/{brd,zram}, Linux 6.1.
 * Never:    moves bytes, schedules the completion: the caller does (clock_at).
 * Counters: PGPGIN, PGPGOUT (in sectors).
 */
#ifndef MACHINE_DEVICE_H
#define MACHINE_DEVICE_H

#include "base/heap.h"
#include "machine/clock.h"
#include "stats/counters.h"

#define SECTOR_SIZE     512u
#define DEVICE_NAME_MAX 32

enum device_op { DEVICE_READ, DEVICE_WRITE };

struct device_profile { /* a row of devices.def */
    const char *name;
    const char *doc;
    u32 major;
    ns_t read_latency, write_latency;        /* of one request */
    u64 read_bytes_per_s, write_bytes_per_s; /* 0: no transfer time of its own (zram) */
    u32 queue_depth;
    ns_t seek;        /* added when a request does not follow the one before it (hdd) */
    bool synchronous; /* completes inside the call: no readahead of swap (SWP_SYNCHRONOUS_IO) */
    bool rotational;
    bool diskstats;   /* the driver counts its requests; brd does not */
    bool compressed;  /* zram: what it holds takes RAM (backing/zram.h) */
    u32 readahead_kb; /* default of the queue, 128 */
    const char *node; /* what Linux calls the n-th: see device_node_name */
};

struct device_stats { /* as /proc/diskstats */
    u64 ios[2], merges[2], sectors[2], ticks_ns[2];
    u64 in_flight;
    ns_t io_ticks, time_in_queue;
};

struct device {
    char name[DEVICE_NAME_MAX]; /* without /dev/ */
    const struct device_profile *profile;
    struct clock *clock;
    struct counters *counters;
    struct device_stats stats; /* of all requests submitted; see device_stats_now */
    struct heap in_flight;     /* key: when done; num: sectors << 1 | op; ptr: time of submission */
    ns_t *slot_free;           /* queue_depth times at which a slot falls free */
    ns_t path_free;            /* when the data path falls free */
    ns_t busy_until;
    u64 last_end; /* position after the last request */
    u32 major, minor;
    /* fault injection: fail every n-th read/write (0 never) */
    u32 fail_every[2];
    u32 fail_count[2];
};

/* The profile with this name, or NULL. */
const struct device_profile *device_profile_find(const char *name);
extern const struct device_profile device_profiles[];
extern const unsigned nr_device_profiles;
/* What Linux calls the n-th device of this kind: nvme0n1, sda, zram0. Returns buf. */
char *device_node_name(char *buf, size_t size, const struct device_profile *p, unsigned n);
/* "nvme, ssd, ...": all, or those that files can be on. Returns buf. */
char *device_profile_names(char *buf, size_t size, bool compressed);

/* Major and minor number in one, as the kernel has them. */
static inline u32 device_number(const struct device *d)
{
    return d->major << 20 | d->minor;
}

/* pre: c and counters outlive the device */
void device_init(struct device *d, const char *name, const struct device_profile *p,
                 struct clock *c, struct counters *counters);
void device_done(struct device *d);

/* Start one request at time `at`; returns the time of its completion (for a synchronous device: now
 * + its CPU cost). *ret_failed is set when fault injection makes it fail. The caller arranges for
 * the completion (clock_at).   pre: bytes > 0, at >= now   cost: O(queue_depth) */
ns_t device_submit(struct device *d, enum device_op op, u64 position, u64 bytes, ns_t at,
                   bool *ret_failed);

/* As device_submit, for one page of swap on a synchronous device: it bypasses the block layer
 * (rw_page, until Linux 6.3), so that PGPGIN and PGPGOUT do not see it. `work_ns` is what its
 * driver computes for this page, beside its latency and transfer.
 *   pre: d->profile->synchronous */
ns_t device_rw_page(struct device *d, enum device_op op, u64 position, ns_t work_ns,
                    bool *ret_failed);

/* What diskstats shows now: requests still in flight are only in_flight. */
void device_stats_now(const struct device *d, struct device_stats *ret_stats);

void device_check(const struct device *d);

#endif
