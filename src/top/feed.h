/* feed.h - what keeps a model up to date: samples of a machine or instants of a capture, and the
 * verdict on them.
 *
 * Owns:  the sampler and the diagnosis. The model is the caller's and points into both: it must not
 *        outlive the feed.
 * Never: sleeps or draws.
 */
#ifndef TOP_FEED_H
#define TOP_FEED_H

#include "base/err.h"
#include "top/model.h"

struct feed;

/* `root` as sampler_open() takes it: a directory or a capture. */
int feed_open(const char *root, struct model *m, struct feed **ret, struct err *e);
/* NULL is fine. */
void feed_close(struct feed *f);

/* Read these parts (bits 1 << PART_*) at each sample, however dear: they are on the screen. */
void feed_hurry(struct feed *f, u64 parts);

/* The next sample, or the next instant of a capture. -ENODATA: there is none. */
int feed_next(struct feed *f, struct err *e);

/* Instant `index` of a capture, with the history that leads to it. pre: index <
 * model.nr_instants */
int feed_seek(struct feed *f, u64 index, struct err *e);

/* By so many instants, at the ends no further; INT64_MIN and INT64_MAX: to the first, to the
 * last. */
int feed_step(struct feed *f, s64 by, struct err *e);

/* To the next (1) or previous (-1) instant of a capture with another verdict than the one shown.
 * -ENODATA: there is none within FEED_SEARCH_MAX instants, and nothing changed. */
#define FEED_SEARCH_MAX 2000
int feed_find_change(struct feed *f, int direction, struct err *e);

/* To what capture_parse_at() takes; "+30s" and "-5min" are from the instant shown. */
int feed_go_to(struct feed *f, const char *time, struct err *e);

#endif
