/* diagnose_report.h - a diagnosis as text and JSON; docs/schema/diagnose.schema.json describes the
 * JSON. */
#ifndef REPORT_DIAGNOSE_REPORT_H
#define REPORT_DIAGNOSE_REPORT_H

#include "base/strbuf.h"
#include "diagnose/diagnose.h"
#include "report/diagnose_over_time.h"

#include <json-c/json.h>

/* One of several machines that a text tells of. */
struct diagnose_machine {
    const char *name; /* "": the text does not say whose it is */
    enum verdict verdict;
    double badness; /* more is worse */
    char headline[320];
};

struct diagnose_report {
    const struct diagnosis *diagnosis; /* concluded */
    const char *source;                /* root or capture, as the user gave it */
    unsigned more_sources;             /* files that the user gave beside it */
    u64 samples;                       /* that the diagnosis is over */
    u64 samples_available;             /* of a capture; 0 elsewhere */
    const char *read; /* what a paste held, and what of it was not understood; NULL: it is none */
    /* of a paste, the worst first; the diagnosis is of that one; NULL: there is one */
    const struct diagnose_machine *machines;
    size_t nr_machines;
    bool worst; /* of a capture: this is the worst moment of it, not the last */
    const struct diagnose_over_time *over_time; /* of the looks; NULL: there was no time */
    bool explain;                               /* with the teaching texts */
    bool color;
};

/* "WARNING: ...\n": what a monitoring system shows. */
void diagnose_render_verdict(const struct diagnose_report *r, struct strbuf *out);
void diagnose_render_text(const struct diagnose_report *r, struct strbuf *out);
void diagnose_render_markdown(const struct diagnose_report *r, struct strbuf *out);
json_object *diagnose_json(const struct diagnose_report *r);

/* What changed between two conclusions, as lines; nothing when nothing did. `before` is what
 * diagnose_state_take() kept. */
struct diagnose_state {
    enum verdict verdict;
    VEC(char *) lines; /* "warning swap-thrash host" */
};
void diagnose_state_take(struct diagnose_state *s, const struct diagnosis *d);
void diagnose_state_done(struct diagnose_state *s);
void diagnose_render_changes(const struct diagnose_report *r, const struct diagnose_state *before,
                             struct strbuf *out);

#endif
