/* judge.h - how much slower a run is than the one without a limit, however long it has nothing to
 * do.
 *
 * Four measures, of which the worst counts:
 *   time      busy time (no part of it sleep) over that without a limit
 *   start     the same up to where the busiest server waits for its first request; load: the rest
 *   mark      the same from one mark to the next
 *   requests  the mean latency of the requests of one thread
 * Idle time before, between or after changes none of them.
 */
#ifndef SIZE_JUDGE_H
#define SIZE_JUDGE_H

#include "base/strbuf.h"
#include "size/size.h"

/* What is too short to be judged by itself, because a few faults or the turn of another thread
 * would decide: a part that takes less time than this without a limit, all requests of a thread
 * that take less time than this both without a limit and under it, and fewer requests than the
 * second number. */
#define JUDGE_PART_MIN_NS  (100 * NS_PER_MS)
#define JUDGE_REQUESTS_MIN 100u

/* Set slowdown and slowdown_by of a row that was busy for row->busy_ns. base NULL: it is the run
 * without a limit. */
void judge_row(const struct service *base, const struct service *now, struct size_row *row);

/* "its start", "requests", "the part from warm": what the slowdown of a row is of; "" where it is
 * of the whole time. */
void judge_render(const struct trace *t, const struct size_row *row, struct strbuf *out);

#endif
