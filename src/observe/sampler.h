/* sampler.h - one snapshot after another, of a live host, an archive, a simulated machine or a
 * capture.
 *
 * Owns:  the source (or the capture) and the last two snapshots, each whole: what was not due is
 *        carried over, with the time of its reading in parts[].read_at, which rates must use.
 * Cost:  totals every tick; what is larger or dearer less often (observe/schedule.h), so that 500
 *        processes and 200 cgroups at 1 s cost less than 1 % of a CPU (bench: "observe: a sample").
 * Who:   capture, diagnose and top take their samples here; capture writes each of them as well
 *        (sampler_record()).
 * Never: sleeps. The caller waits between two ticks, and says nothing when it waited longer: the
 *        schedule goes by the clock.
 * Use:   sampler_open("/", SNAPSHOT_ALL, &m, e); while ((rc = sampler_next(m, e)) == 0) {
 *        use(sampler_snapshot(m)); wait; }   -ENODATA: no further instant sampler_free(m);
 */
#ifndef OBSERVE_SAMPLER_H
#define OBSERVE_SAMPLER_H

#include "observe/capture.h"
#include "observe/schedule.h"

/* --- snapshots in a row ----------------------------------------------------------------------- */
struct sampler;

/* `root` is a directory or a capture's file. `parts` are those wanted at all (bits 1 << PART_*). */
int sampler_open(const char *root, u64 parts, struct sampler **ret, struct err *e);

/* The same of a directory alone: a file is an error. */
int sampler_open_dir(const char *root, u64 parts, struct sampler **ret, struct err *e);

/* From now on read every part at every tick: for the first two samples of a diagnosis, whose rates
 * must not wait. */
void sampler_read_all(struct sampler *m, bool all);

void sampler_free(struct sampler *m);

/* From now on write each snapshot to the capture too, as it is read. The writer stays the caller's
 * and lives longer than m. A source that stands still is then read again each time.   pre: not a
 * capture, nothing taken yet */
void sampler_record(struct sampler *m, struct capture_writer *w);

/* Take the next snapshot. -ENODATA when there is none: after the one of an archive, after the last
 * of a capture. Other errors: nothing could be read, and the snapshot is the one before. */
int sampler_next(struct sampler *m, struct err *e);

/* From now on read these parts (bits 1 << PART_*) every time, as well as what is due; 0: no longer.
 * Of a live host only. */
void sampler_hurry(struct sampler *m, u64 parts);

/* The last one taken, and the one before it; NULL before the first (second). Valid until the next
 * call that takes one. */
const struct snapshot *sampler_snapshot(const struct sampler *m);
const struct snapshot *sampler_previous(const struct sampler *m);

/* Where it reads from: its kind, and whether it is live. */
const struct source *sampler_source(const struct sampler *m);

/* --- captures only ---------------------------------------------------------------------------- */
/* NULL when it is none. For times, losses and capture_parse_at(). */
struct capture *sampler_capture(const struct sampler *m);

/* Instants: of a capture, its samples; 1 of what stands still; 0 of a live host. */
size_t sampler_count(const struct sampler *m);

/* Which of them sampler_snapshot() is. */
size_t sampler_index(const struct sampler *m);

/* Show instant `index`, whole: with what was read before it in its chunk. Backwards costs up to a
 * chunk of 60 samples. sampler_previous() is then the one before it, NULL for the first of a chunk.
 * pre: index < count */
int sampler_seek(struct sampler *m, size_t index, struct err *e);

#endif
