/* working_set.h - how much memory a recording touches in each part of its run, and how long its
 * pages lie idle.
 *
 * Method:  footprint_compute() tells each access and transfer on its way (struct footprint_window,
 *          set). The events of the recording are divided into WORKING_SET_PARTS equal parts. Of
 *          each page it is known in which part it was touched last, and its longest rest between
 *          two touches. A page of a file is one page, whoever touches it; other memory is a page of
 *          each process.
 * Bound:   with more pages than pages_max only those are followed whose hash ends in a zero bit,
 *          then in two, ...; each of them stands for 2, 4, ...
 * Time:    as in heat.h: counted in events; a touch that the recorder's filter drops is none.
 */
#ifndef TRACE_WORKING_SET_H
#define TRACE_WORKING_SET_H

#include "trace/heat.h"

#define WORKING_SET_PARTS HEAT_TIMES
#define WORKING_SET_PAGES (2u << 20) /* that are followed: 8 GiB exactly, in about 64 MiB */

struct working_set_table; /* private */

struct working_set {
    u64 events;                   /* of the recording, or its window */
    u64 pages[WORKING_SET_PARTS]; /* touched in each part */
    u64 last[WORKING_SET_PARTS];  /* touched in this part and in none after it */
    /* whose longest rest was so many parts, and which were used again */
    u64 rest[WORKING_SET_PARTS];
    u64 touched; /* pages, ever */
    u64 each;    /* 1: all pages were followed; or one in so many was */
    struct working_set_table *table;
};

/* events: how many will come. */
void working_set_init(struct working_set *w, u64 events, u64 pages_max);
void working_set_done(struct working_set *w);

/* space: a process or a file; now: events so far. */
void working_set_touch_memory(struct working_set *w, u32 process, u64 page, u64 now);
void working_set_touch_file(struct working_set *w, u32 file, u64 page, u64 now);

/* All is counted: fill the tables above. */
void working_set_finish(struct working_set *w);

/* The pages that are enough for this share (0 to 1) of the parts. */
u64 working_set_percentile(const struct working_set *w, double share);

#endif
