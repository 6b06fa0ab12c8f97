/* envelope.h - several recordings of one service as one answer: limits under which each of them is
 * usable.
 *
 * Question:  quiet and busy days were recorded; what limit serves all of them?
 * Method:    each recording has a need, the smallest limit that is usable for it. The largest need
 *            decides. memory.max and memory.high are the largest that are advised for one of them,
 *            and every recording is run with that pair; memory.high is given up where one is not
 *            usable with it.
 * Words:     spread: the largest need less the smallest, which is how much one service differs from
 *            run to run.
 */
#ifndef SIZE_ENVELOPE_H
#define SIZE_ENVELOPE_H

#include "size/size.h"

enum envelope_outcome {
    ENVELOPE_FOUND,
    ENVELOPE_NO_NEED, /* for one recording no limit is advised */
    ENVELOPE_FAILS,   /* one is not usable with the limits that all the others need */
};

struct size_envelope {
    enum envelope_outcome outcome;
    unsigned culprit; /* the first recording that is why there is no answer */
    unsigned most;    /* the recording whose need is the largest: it decides */
    unsigned least;
    u64 need_bytes;   /* of most */
    u64 spread_bytes; /* need_bytes less that of least */
    u64 max_bytes, high_bytes;
    bool has_high;
    struct size_row *verified; /* each recording with these limits; NULL: nothing was run */
    u64 replays;               /* that this took */
};

/* What a recording needs: its smallest usable limit; where only limits far above its peak were
 *   tried, what is advised. pre: r->advice.found */
static inline u64 envelope_need(const struct size_result *r)
{
    return MIN(r->usable.limit_bytes, r->advice.max_bytes);
}

/* Choose from sweeps of `nr` recordings. Nothing is run.   pre: nr >= 1 */
void envelope_choose(const struct size_result *results, unsigned nr, struct size_envelope *ret);

/* The same, and run each recording with what was chosen. configs: of the sweeps; jobs and stop are
 * those of the first. 0, -EINTR, or an errno of the host; on failure ret is empty. */
int envelope_find(const struct size_config *configs, struct size_result *results, unsigned nr,
                  struct size_envelope *ret, struct err *e);
void envelope_done(struct size_envelope *envelope);

#endif
