/* capture.h - Linux's text files over time in one file (.hwc), and one instant of it as a source.
 *
 * Format:     docs/capture-format.md. A sample is what one snapshot_read() asked for, byte for
 *             byte: texts, errors and listings. A chunk begins with a key sample, in which every
 *             file stands whole, and goes on with what changed.
 * Durable:    a sample is written when it ends, and readable from then on: a killed writer costs
 *             the sample it was in. --sync makes that true of a machine that dies as well.
 * Damage:     costs the samples of its chunk from there on; the reader goes on at the next key
 *             sample and says what was lost.
 * Never:      believes a length that no checksum covers, or needs memory for more than one sample.
 * Invariants: (capture_check) samples stand in file order; each belongs to a chunk that begins with
 *             a key sample.
 * Use:        capture_writer_open(path, &o, &w, e); src = source_tee(live, capture_writer_tee, w);
 *             parts = capture_writer_begin(w, wall_us, mono_ns, due); snapshot_read(&s, src, parts,
 *             e); capture_writer_end(w, e); ... capture_writer_close(w, e);
 *
 *             capture_open(path, &c, e); capture_seek(c, i, e); snapshot_read(&s, capture_source(c), capture_parts(c), e);
 */
#ifndef OBSERVE_CAPTURE_H
#define OBSERVE_CAPTURE_H

#include "base/vec.h"
#include "observe/source.h"

/* --- writing ---------------------------------------------------------------------------------- */
struct capture_writer;

struct capture_writer_options {
    u64 max_bytes; /* drop the oldest chunks so that the file stays below; 0: no limit */
    ns_t keep_ns;  /* drop chunks that are older; 0: keep all */
    bool sync;     /* wait for the disk after each sample */
    bool fresh;    /* replace what stands there, and only by capture_writer_finish() */
    unsigned mode; /* permissions of a new file; 0: for its owner alone */
    const char *root;
    enum source_kind origin;
};

#define CAPTURE_BYTES_MIN (1u << 20) /* of max_bytes */

struct capture_writer_stats {
    u64 samples;       /* of this run */
    u64 samples_found; /* that stood in the file before */
    u64 bytes_cut;     /* of a sample that a killed writer left at the end, removed */
    u64 file_bytes;
    u64 chunks_dropped;
};

/* A new file, or further samples for one that is a capture. -EWOULDBLOCK: somebody else is writing
 * it; -EBADMSG: it is no capture. */
int capture_writer_open(const char *path, const struct capture_writer_options *o,
                        struct capture_writer **ret, struct err *e);

/* Begin a sample. `due` is what the caller means to read (bits 1 << PART_*); returns what it should
 * read: `due`, or all when a key sample is due.   pre: no sample is open */
u64 capture_writer_begin(struct capture_writer *w, u64 wall_us, ns_t mono_ns, u64 due);

/* A source_tee_fn. Of a file that is read twice in a sample, the first reading counts. */
void capture_writer_tee(void *writer, const char *path, bool is_directory, int result,
                        const char *text, size_t len);

/* The next sample begins a chunk. */
void capture_writer_start_chunk(struct capture_writer *w);

/* Write the sample out. After an error the file holds the samples before this one, and the writer
 * can only be closed. */
int capture_writer_end(struct capture_writer *w, struct err *e);

const struct capture_writer_stats *capture_writer_stats(const struct capture_writer *w);

/* A fresh file takes its name. pre: o->fresh; after it the writer can only be closed */
int capture_writer_finish(struct capture_writer *w, struct err *e);

/* A file without any sample of it or before it is not left behind, and a fresh one that was not
 * finished neither. */
void capture_writer_close(struct capture_writer *w);

/* --- reading ---------------------------------------------------------------------------------- */
struct capture;

struct capture_sample {
    u64 wall_us;  /* since 1970 */
    ns_t mono_ns; /* monotonic; starts anew when the machine does */
    /* ascends over clock steps and restarts: the sum of the larger step of the two clocks */
    ns_t since_first;
    u64 offset;   /* of its first record */
    u32 chunk;    /* index into the chunks found, from 0 */
    u32 in_chunk; /* 0: the key sample */
};

struct capture_damage {
    u64 offset, bytes;
    const char *reason;
};

#define CAPTURE_DAMAGES_MAX 64u /* kept; all are counted */

struct capture_loss {
    VEC(struct capture_damage) damages; /* the first of them */
    u64 count, bytes;
    u64 samples; /* whole ones that cannot be used, since what they build on is lost */
};

/* Looks at every byte once. Fails when there is not one usable sample. */
int capture_open(const char *path, struct capture **ret, struct err *e);
/* The same from memory, which must outlive it; `name` is for messages. */
int capture_open_bytes(const void *bytes, size_t count, const char *name, struct capture **ret,
                       struct err *e);
void capture_free(struct capture *c);
void capture_check(const struct capture *c);

size_t capture_count(const struct capture *c);
u64 capture_bytes(const struct capture *c);
const struct capture_sample *capture_sample(const struct capture *c, size_t index);
const struct capture_loss *capture_loss(const struct capture *c);

/* The last sample at or before this time since the first one. */
size_t capture_find(const struct capture *c, ns_t since_first);

/* How often the clock of the machine was set back meanwhile. */
u64 capture_steps_back(const struct capture *c);

/* What --at says, as a sample: "2026-11-25 03:10:00", "2026-11-25T03:10", a time of day "03:10"
 * (the last such in the capture), "@1764040200", "+90s" from the start, "-5min" from the end. Where
 * the clock was set back, a time that was twice is the later one; what is counted from start or end
 * leads to every sample. -EINVAL: not a time; -ERANGE: outside of the capture. */
int capture_parse_at(const struct capture *c, const char *text, size_t *ret, struct err *e);

/* Make the source show sample `index`. Forwards within a chunk costs one sample, anything else at
 * most a chunk. -EBADMSG: its bytes do not decode; the source then shows nothing. */
int capture_seek(struct capture *c, size_t index, struct err *e);

/* The capture as a source at the instant of the last capture_seek(); it stays the capture's
 * (source_free() does nothing). A file that was not read at this instant is as it was last read in
 * the chunk. */
struct source *capture_source(struct capture *c);
/* "live", "simulated": what it was taken from. */
const char *capture_origin(const struct capture *c);
/* The kind that such a name stands for; SOURCE_LIVE for an unknown one. */
enum source_kind capture_origin_of(const char *name);

/* Each file and directory (with a '/' at its end) that the source shows at this instant, in order
 * of its first reading in the chunk. `read_now`: it was read at this instant, not carried; text is
 * NULL when the reading failed. */
typedef void capture_file_fn(void *ctx, const char *path, bool read_now, int result,
                             const char *text, size_t len);
void capture_each_file(const struct capture *c, capture_file_fn *each, void *ctx);

/* Which parts were read at this instant: bits 1 << PART_*. */
u64 capture_parts(const struct capture *c);

/* Append the directory whose /proc and /sys were captured, as the instant's chunk names it; "/"
 * where it does not. */
void capture_root(const struct capture *c, struct strbuf *out);

/* --- cutting ---------------------------------------------------------------------------------- */
/* Write samples from..to (both included) to w, and before them those of the first one's chunk that
 * hold what `from` only carries: the key sample, and the last reading of each part. So every
 * instant shows what it showed, and rates keep their time. *ret_before: how many those are. `each`
 * may be NULL; it is told of each sample written, of how many. A sample that does not decode is
 * left out, and counted in *ret_lost. */
typedef void capture_cut_fn(void *ctx, size_t done, size_t total);
/* The same of a capture whose files are other ones in the copy: append the path, and the text, that
 * `path` (of a directory with '/') shall have. */
struct capture_map {
    void (*path)(void *ctx, const char *path, struct strbuf *out);
    void (*text)(void *ctx, const char *path, const char *text, size_t len, struct strbuf *out);
    void *ctx;
};
int capture_copy(struct capture *c, const struct capture_map *map, size_t from, size_t to,
                 struct capture_writer *w, capture_cut_fn *each, void *ctx, size_t *ret_before,
                 size_t *ret_lost, struct err *e);

#endif
