/* trace_writer.h - writing a trace: importers, generators, tests.
 *
 * Format:   docs/trace-format.md. The exact recorder has a writer of its own (it lives in the
 *           recorded process).
 * Owns:     the order stamp: every operation gets the next one, in the order of the calls.
 * Never:    leaves a half-written file under the final name (base/outfile.h).
 * Errors:   sticky. Writing functions return nothing; trace_writer_finish() reports the first
 *           failure.
 * Use:      trace_writer_new("x.hwt", &w, e); trace_writer_meta(w, "tool=...\n"); s =
 *           trace_writer_stream(w); trace_writer_op(w, s, HWT_OP_PROC_START, 0, (u64[]){pid, ppid,
 *           tid, 0}, "sh"); trace_writer_access(w, s, HWT_READ, page, 10); trace_writer_finish(w,
 *           e);
 */
#ifndef TRACE_TRACE_WRITER_H
#define TRACE_TRACE_WRITER_H

#include "base/err.h"
#include "base/types.h"
#include "trace/trace_format.h"

struct trace_writer;

/* Start a file. path NULL: into memory, see trace_writer_bytes(). */
int trace_writer_new(const char *path, struct trace_writer **ret, struct err *e);

/* Permissions of the file; OUTFILE_PRIVATE by default. */
void trace_writer_set_mode(struct trace_writer *w, unsigned mode);

/* How much payload a chunk takes before it is written, 64 B to 1 MiB; 256 KiB by default. */
void trace_writer_set_chunk_bytes(struct trace_writer *w, u32 bytes);

/* zstd level; 0 stores uncompressed. 3 by default. */
void trace_writer_set_level(struct trace_writer *w, int level);

/* The meta chunk: "key=value\n" lines. pre: nothing was written yet */
void trace_writer_meta(struct trace_writer *w, const char *text);

/* The host chunk: "key=value\n" lines of HWT_HOST_KEYS. */
void trace_writer_host(struct trace_writer *w, const char *text);

/* A mark after all that was written so far. A newline in the name becomes a space. */
void trace_writer_mark(struct trace_writer *w, const char *name, u64 time_ns);

/* A new stream, from 1. */
u32 trace_writer_stream(struct trace_writer *w);

/* pre: kind is not HWT_OP, page <= HWT_PAGE_MAX */
void trace_writer_access(struct trace_writer *w, u32 stream, enum hwt_kind kind, u64 page,
                         u64 icount);

/* `fields` has as many values as HWT_OPS says for the opcode, without the optional ones; `string`
 * is used if it says so. */
void trace_writer_op(struct trace_writer *w, u32 stream, enum hwt_op opcode, u64 icount,
                     const u64 *fields, const char *string);

/* The same with the optional fields behind the others; those at the end that are 0 are not
 * written. */
void trace_writer_op_all(struct trace_writer *w, u32 stream, enum hwt_op opcode, u64 icount,
                         const u64 *fields, const char *string);

/* An operation as bytes, known to this version or not: for tests of readers. pre: count <=
 * HWT_STRING_MAX */
void trace_writer_op_bytes(struct trace_writer *w, u32 stream, u64 opcode, u64 icount,
                           const u8 *body, size_t count);

/* A chunk of any type and version that belongs to no stream, stored: for tests of readers. */
void trace_writer_chunk(struct trace_writer *w, unsigned version, unsigned type, const char *text);

/* The stamp that the last operation got; 0 before the first. */
u64 trace_writer_stamp(const struct trace_writer *w);

/* Write a stream's records out now, as a chunk. */
void trace_writer_flush(struct trace_writer *w, u32 stream);

/* Flush every stream, write the end chunk ("streams", "accesses", "ops", and `end_text` if not
 * NULL), rename, free the writer. 0 or the first error, and then no file is left. For a writer into
 * memory the bytes go to the caller, who frees them (ret_bytes and ret_count may be NULL
 * otherwise). */
int trace_writer_finish(struct trace_writer *w, const char *end_text, u8 **ret_bytes,
                        size_t *ret_count, struct err *e);

/* Drop everything, leave no file. */
void trace_writer_abort(struct trace_writer *w);

#endif
