/* store.h - the results of a fleet in one file.
 *
 * Holds:    what 'size' and 'check' found of each recording, what today's limits are (promise.h),
 *           and the tasks of sweeps that are done (sweep_store.h).
 * Version:  user_version counts the migrations that made the tables (store_schema.c); an older file
 *           gets what it lacks when it is opened, one of a later program is refused.
 * Identity: a result is known by what it was made of: recording, settings, verb, version of the
 *           program. The same again takes its place.
 * Safety:   that of db.h; what is told as stored is on the disk.
 *
 * Use:      store_open("fleet.db", STORE_WRITE, &s, e); store_put_results(s, results, nr, e);
 *           store_close(s);
 */
#ifndef FLEET_STORE_H
#define FLEET_STORE_H

#include "base/err.h"
#include "base/types.h"

#define STORE_NONE UINT64_MAX /* a number that is not known, or no limit */

struct store;

enum store_mode {
    STORE_READ,  /* it must be there; it is checked whole, since all that is told stands on it */
    STORE_WRITE, /* it is made when it is not there */
};

/* -ENOENT; -EINVAL: a file of something else or of a later version; or another negative errno. */
int store_open(const char *path, enum store_mode mode, struct store **ret, struct err *e);
void store_close(struct store *s);

/* Could store_open() for writing succeed later? Nothing is made. */
int store_probe(const char *path, struct err *e);

/* Texts are not NULL; numbers may be STORE_NONE. */
struct store_result {
    const char *service;
    const char *verb;           /* "size", "check" */
    const char *program;        /* the recorded command */
    const char *version;        /* of highwater */
    const char *host, *kernel;  /* that were recorded */
    const char *recorded_at;    /* UTC, ISO 8601 */
    const char *recording;      /* path */
    const char *recording_hash; /* of its bytes */
    const char *settings;       /* "key=value" lines in the order of keys */
    /* "found", "no need", "incomplete"; of check "fits", "does not fit", "cannot tell" */
    const char *outcome;
    bool complete; /* the recording holds all that was done */
    u64 peak_bytes, need_bytes, survives_bytes, max_bytes, high_bytes;
    u64 need_high_bytes; /* the end of the band of the need */
    u64 anon_bytes, file_bytes, disposable_bytes, swap_peak_bytes;
    u64 majflt, refaults, stall_ns, busy_ns; /* of the run without a limit */
    u64 replays;
    u64 stored_at;        /* seconds since 1970 */
    const char *document; /* JSON of this recording, as --format json has it */
};

/* All of them or none. */
int store_put_results(struct store *s, const struct store_result *results, unsigned nr,
                      struct err *e);

/* Each, without its document, by service, the latest stored first. Texts live during the call
 * alone. */
int store_each_result(struct store *s, void (*fn)(void *ctx, const struct store_result *r),
                      void *ctx, struct err *e);

/* The hash of a file as 32 digits. 0 or a negative errno. */
#define STORE_HASH_MAX 33
int store_hash_file(const char *path, char ret[STORE_HASH_MAX], struct err *e);
void store_hash_text(const char *text, char ret[STORE_HASH_MAX]);

#endif
