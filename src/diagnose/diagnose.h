/* diagnose.h - snapshots in, verdict out.
 *
 * Use:  diagnosis_init(&d, &options); diagnosis_add(&d, first); ... diagnosis_add(&d, last);
 *       diagnosis_conclude(&d); d.verdict, d.headline, d.findings, d.accounting, d.reconciliation;
 *       diagnosis_done(&d);
 *
 * Rates are between the last snapshot and the one before it that is at least 1 s older, part by
 * part (parts[].read_at); slopes (leaks) are over all that were added. One snapshot alone (an
 * archive) gives no rates: each rule that wants them leaves a gap instead, and says what the
 * kernel's own averages and the totals since boot suggest.
 * Cost: O(cgroups + processes) a snapshot; memory for slopes is bounded (a few samples per group,
 *       thinned out by time).
 */
#ifndef DIAGNOSE_DIAGNOSE_H
#define DIAGNOSE_DIAGNOSE_H

#include "diagnose/finding.h"

enum verdict {
    VERDICT_HEALTHY,
    VERDICT_WARNING,
    VERDICT_CRITICAL,
    VERDICT_UNKNOWN
}; /* also the exit code */

struct diagnose_options {
    const char *only;   /* rule names and families, separated by commas; NULL: all */
    const char *cgroup; /* this group and below; NULL: all */
    u32 pid;            /* 0: all */
};

/* One line of the accounting of all memory. The children of a line follow it, one deeper, and add
 * up to it: the last of them is the remainder whenever there is one. */
struct account_line {
    const char *name; /* "anonymous" */
    s64 bytes;        /* only a remainder may be negative: the kernel counted something twice */
    u8 depth;
    bool is_remainder;
    const char *note; /* "clean and inactive: free to drop"; "" */
};

struct accounting {
    char scope[280];                /* "host", or a cgroup's path */
    VEC(struct account_line) lines; /* empty when the total is not known */
};

/* What another tool shows, and why it is not the figure above it. */
struct tool_figure {
    const char *tool; /* "free: used" */
    u64 bytes;
    const char *why;
};

/* Why figures of other tools differ: one per host or container, in words and amounts. */
struct reconciliation {
    char scope[280];
    char *text;
    VEC(struct tool_figure) figures;
};

struct need; /* needed.h */

struct diagnosis {
    struct diagnose_options options;
    enum verdict verdict;
    char headline[320]; /* the verdict in one line, without a newline */
    struct findings findings;
    struct accounting accounting;
    VEC(struct reconciliation) reconciliations;
    /* how much memory is needed: of the machine, then of groups[]; those whose figures are there */
    VEC(struct need) needs;
    const struct snapshot *last; /* the snapshot added last */
    double interval_s;           /* that rates are over; NAN when there are none */
    bool stood_still;        /* several snapshots of one moment: a machine whose time is paused */
    struct history *history; /* private */
    struct incidents *incidents;     /* what the log tells (incidents.h), of `last` */
    struct post_mortem *post_mortem; /* what is shown of kills (post_mortem.h), of `last` */
};

void diagnosis_init(struct diagnosis *d, const struct diagnose_options *options);
void diagnosis_done(struct diagnosis *d);
/* Takes what rates need. The snapshot stays the caller's and must live until the next
 * diagnosis_add() or diagnosis_done(). Snapshots come in order of time. */
void diagnosis_add(struct diagnosis *d, const struct snapshot *s);
/* Fill verdict, findings, accounting, reconciliations. May be called after each diagnosis_add(). */
void diagnosis_conclude(struct diagnosis *d);

const char *verdict_name(enum verdict verdict); /* "healthy" */

#endif
