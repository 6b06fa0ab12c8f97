/* import.h - traces of other tools as .hwt.
 *
 * lackey:  text of `valgrind --tool=lackey --trace-mem=yes`: one line per instruction and data
 *          access. It has no map, so mappings are made for what is touched, 64 KiB at a time: where
 *          the first touch is no store, private mappings of a file (text and constants can be
 *          dropped and read again), else anonymous memory. Accesses go through the same filter of
 *          recent pages as the recorder's. Other lines (the program's own output) are skipped.
 * oracle:  libCacheSim's oracleGeneral: records of 24 bytes, little-endian: u32 time, u64 object
 *          id, u32 size, s64 next access. Each object becomes as many pages as its size takes (at
 *          least one), numbered in the order of first appearance, and each request reads all of
 *          them. Times are not used: requests follow each other after IMPORT_ORACLE_INSTRUCTIONS
 *          instructions.
 *            as file: read(2) of one file, with POSIX_FADV_RANDOM, so that misses are the trace's own
 *            as anon: loads from anonymous memory; the first touch of a page is a store
 * Input:   a file, or "-"; plain or zstd.
 */
#ifndef TRACE_IMPORT_H
#define TRACE_IMPORT_H

#include "base/err.h"
#include "base/types.h"

#define IMPORT_ORACLE_INSTRUCTIONS 1000u

enum import_as { IMPORT_AS_FILE, IMPORT_AS_ANON };

struct import_stats {
    u64 records; /* read from the input */
    u64 skipped; /* lines that are no access */
    u64 events;  /* written */
    u64 pages;   /* distinct */
};

/* Called now and then with the records read so far; may be NULL. */
typedef void (*import_progress_fn)(void *ctx, u64 records);

/* A trace with these permissions. 0; -EINVAL with the place in *e when the input is not what it
 * should be; or an errno of the host. On failure no output file is left. */
int import_lackey(const char *in, const char *out, unsigned mode, import_progress_fn progress,
                  void *ctx, struct import_stats *ret, struct err *e);
int import_oracle(const char *in, const char *out, unsigned mode, enum import_as as,
                  import_progress_fn progress, void *ctx, struct import_stats *ret, struct err *e);

#endif
