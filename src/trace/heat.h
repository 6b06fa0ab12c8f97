/* heat.h - where and when a recording touched memory and files: address x time, and file x offset x
 * time, of bounded size.
 *
 * Method:  footprint_compute() tells each access and transfer on its way (struct footprint_window,
 *          heat). They are counted in rows of 2^n pages, by process or file, and HEAT_TIMES
 *          columns, which divide the events of the recording evenly. When there are too many rows
 *          all become twice as large. At the end the hottest processes and files are kept, each
 *          with a share of the rows.
 * Time:    is counted in events of what is looked at, of which a busy program has more.
 * Differs: what the recorder filters (repeated touches of a page within its window) is counted once
 *          a window.
 */
#ifndef TRACE_HEAT_H
#define TRACE_HEAT_H

#include "base/types.h"
#include "base/vec.h"

#define HEAT_TIMES         120u
#define HEAT_ROWS_ADDRESS  96u /* of all processes that are kept */
#define HEAT_ROWS_FILE     16u /* of each file */
#define HEAT_PROCESSES_MAX 6u
#define HEAT_FILES_MAX     10u

struct heat_row {
    u64 first, pages; /* pages of the address space, or of the file */
    u32 touches[HEAT_TIMES];
};

/* A process or a file. */
struct heat_space {
    char *name; /* comm, or path */
    u32 pid;    /* of a process */
    u64 touches;
    VEC(struct heat_row) rows; /* by first */
};

struct heat_table; /* private */

struct heat {
    u64 events;                              /* of the recording, or its window */
    unsigned processes_max, rows_address;    /* to keep: as above, but when set after heat_init() */
    u64 left_out;                            /* touches of processes and files that are not kept */
    u64 left_out_files;                      /* of these, those of files */
    VEC(struct heat_space) processes, files; /* the hottest first */
    struct heat_table *by_process, *by_file;
};

/* events: how many will come. */
void heat_init(struct heat *h, u64 events);
void heat_done(struct heat *h);

/* space: from 1 on; now: events so far. */
void heat_touch_memory(struct heat *h, u32 process, u64 page, u64 now);
void heat_touch_file(struct heat *h, u32 file, u64 page, u64 now);

/* All is counted: name what is kept. name_of(ctx, number, &pid) gives the name of a process or
 * file, "" for none. */
typedef const char *heat_name_fn(void *ctx, u32 space, u32 *ret_pid);
void heat_finish(struct heat *h, heat_name_fn *process_name, heat_name_fn *file_name, void *ctx);

#endif
