/* lacks.h - what a recording lacks, said the same way by every verb that reads one.
 *
 * Sources: what the recorder could not follow (INCOMPLETE and LOST records, the end chunk), and
 *          what this version of the program does not know of a later format. Damage and a missing
 *          end are told apart from these, by those who print them. */
#ifndef REPORT_LACKS_H
#define REPORT_LACKS_H

#include "base/strbuf.h"
#include "trace/trace.h"
#include "workload/replay.h"

#include <json-c/json.h>

/* Why the recording ended before the last process did: "stopped by --stop-after". NULL: it did not,
 * or it was cut off. */
const char *recording_end(const struct trace *t);

/* "exit status 3" or "killed by signal 9, SIGKILL": how it ended, by a status of wait(2). */
void program_end_append(int status, struct strbuf *out);

/* Did the command of a recording that goes to its end fail, or was it killed? *ret is a status of
 * wait(2). */
bool recording_failed(const struct trace *t, int *ret);

/* A note that it did: a command that fails has often done less than it does otherwise. Of `name`,
 * where there are several recordings; else NULL. Nothing where it succeeded. */
void failed_remark(const struct trace *t, const char *name, struct strbuf *out);

/* "reads and writes through io_uring (3); operations of a later version (2)". False and nothing
 * when nothing lacks. */
bool lacks_render_text(const struct trace_lacks *lacks, struct strbuf *out);

/* Notes below a table: so many operations name a file or a range that the recording does not
 * explain, or nodes and CPUs that the machine has not. Nothing where there are none. */
void misfits_remark(const struct replay_misfits *m, struct strbuf *out);

/* Append {reason, count, text}. */
void lacks_put(json_object *list, const char *reason, u64 count, const char *text);

/* All that makes a recording less than whole, as such an array: what lacks, damage, a missing end.
 * Never NULL. */
json_object *incomplete_json(const struct trace *t);

/* An array of {reason, count, text}; NULL when nothing lacks. */
json_object *lacks_json(const struct trace_lacks *lacks);

#endif
