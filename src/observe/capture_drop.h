/* capture_drop.h - the file a capture is written to: appended to, and bounded by leaving its oldest
 * chunks behind.
 *
 * Owns:       the file, under an exclusive flock(2) while it is open. Crash-safe: a chunk is
 * dropped by copying those that stay to a file beside it that then takes its name, so at any moment
 * the
 *             name means a whole capture. Costs room for both meanwhile, and each byte is copied some HWC_SLACK times in its life.
 * Invariants: chunks are in file order; what follows the last commit is a sample at hand, which a
 *             failure takes back.
 */
#ifndef OBSERVE_CAPTURE_DROP_H
#define OBSERVE_CAPTURE_DROP_H

#include "base/outfile.h"
#include "observe/capture_int.h"

/* A file that is bounded drops when it is an n-th too large or too old, and a chunk is an n-th at
 * most, so that few drops copy much. */
#define HWC_SLACK 8

struct hwc_out_chunk {
    u64 offset, wall_us;
    ns_t mono_ns;
};

struct hwc_file_out {
    struct outfile file;
    u64 committed;
    VEC(struct hwc_out_chunk) chunks;
    u64 chunks_dropped;
};

/* Open or create. Says in *stats what stood there, and in *ret_chunk the largest number of a
 * chunk. */
int hwc_out_open(struct hwc_file_out *o, const char *path, unsigned mode,
                 struct capture_writer_stats *stats, u32 *ret_chunk, struct err *e);

/* A file that has its name only when it is whole: hwc_out_finish(). */
int hwc_out_create(struct hwc_file_out *o, const char *path, unsigned mode, struct err *e);
int hwc_out_finish(struct hwc_file_out *o, struct err *e);

/* A file that nothing was committed to, and that was not there before, is removed. */
void hwc_out_close(struct hwc_file_out *o);

/* On failure the file ends where it was committed last. */
int hwc_out_append(struct hwc_file_out *o, const u8 *bytes, size_t count);
int hwc_out_commit(struct hwc_file_out *o, bool sync);

/* What is appended from here on is a chunk. */
void hwc_out_chunk(struct hwc_file_out *o, u64 wall_us, ns_t mono_ns);

/* Drop the oldest chunks: until the file is well below max_bytes (0: any size), and those that
 * ended longer ago than keep_ns (0: keep all), by the monotonic clock, and by the other one where
 * the machine was started meanwhile. Does nothing while too little would be won. */
int hwc_out_drop(struct hwc_file_out *o, u64 max_bytes, ns_t keep_ns, u64 now_us, ns_t now_mono_ns);

#endif
