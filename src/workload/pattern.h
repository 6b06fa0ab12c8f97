/* pattern.h - which of n things is used next: in order, at random, by a Zipf law, or mostly a few
 * hot ones.
 *
 *     seq           0, 1, 2 ... n - 1, 0, 1 ...
 *     random        every one equally often
 *     zipf:0.9      the one of rank k as often as k^-0.9; ranks are scattered over 0 .. n - 1
 *     hotspot:90:10 90 % of the uses go to a tenth of them, which lie together; the rest to all
 *     sparse:2      every second one, equally often; the others never
 *     append        0, 1, 2 ... without end (for writing to a file)
 *
 * Deterministic: the caller brings the random numbers.
 * n may grow from call to call: what is new then comes last in rank.
 */
#ifndef WORKLOAD_PATTERN_H
#define WORKLOAD_PATTERN_H

#include "base/err.h"
#include "base/prng.h"

enum pattern_kind {
    PATTERN_NONE,
    PATTERN_SEQ,
    PATTERN_RANDOM,
    PATTERN_ZIPF,
    PATTERN_HOTSPOT,
    PATTERN_SPARSE,
    PATTERN_APPEND
};

struct pattern {
    enum pattern_kind kind;
    double theta; /* zipf: the exponent */
    double uses;  /* hotspot: part of the uses that go to the hot ones, 0 .. 1 */
    double hot;   /* hotspot: part of the things that are hot, 0 .. 1 */
    u64 step;     /* sparse: from one that is used to the next */
};

/* Where one user of a pattern is. Zeroed, it is at the start. */
struct pattern_state {
    u64 next;         /* seq, append */
    u64 shift;        /* where the hot ones begin: moved by a change of phase */
    u64 n, scattered; /* zipf: what the figures below are for; how many ranks are scattered */
    double h_first, h_last, short_cut;
};

/* "seq", "zipf:0.9" ... 0 or -EINVAL with what would be right. */
int pattern_parse(const char *text, struct pattern *ret, struct err *e);

/* The next one, below n (append: any).   pre: p->kind is not PATTERN_NONE; n > 0 */
u64 pattern_next(const struct pattern *p, struct pattern_state *st, u64 n, struct prng *prng);

/* Other things become hot, and seq goes on elsewhere. */
void pattern_change_phase(struct pattern_state *st, struct prng *prng);

#endif
