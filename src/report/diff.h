/* diff.h - figures of two versions side by side: what grew, what shrank.
 *
 * A figure has a section ("files"), a name in it, a unit and a value. Both sides are filled with
 * what they tell; figures meet by section and name. What one side says twice adds up.
 * Bounds: DIFF_FIGURES_MAX of each side; what comes after is left out and said.
 * Use:    diff_init(&d, "a.hwt", "b.hwt"); diff_put(&d, 0, "files", path, DIFF_BYTES, n); ...
 *         diff_join(&d); diff_text(&d, ...); diff_done(&d);
 */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/types.h"
#include "base/vec.h"
#include "export/metric.h"
#include "size/size.h"
#include "trace/footprint.h"

#include <json-c/json.h>

#define DIFF_SCHEMA_VERSION 1
#define DIFF_FIGURES_MAX    200000u

enum diff_unit { DIFF_BYTES, DIFF_SECONDS, DIFF_COUNT, DIFF_RATIO };

struct diff_figure {
    const char *section, *name; /* in the arena */
    enum diff_unit unit;
    double value;
    size_t order; /* in which its section came up, then it */
};

struct diff_row {
    const struct diff_figure *of[2]; /* before, after; NULL: that side does not tell it */
    double change;
};

struct diff {
    const char *inputs[2];
    const char *kind; /* "recordings", "captures", "results of size" */
    struct arena arena;
    VEC(const char *) sections; /* in the order of their first figures */
    VEC(struct diff_figure) figures[2];
    VEC(struct diff_row) rows; /* by section, then the largest growth first */
    u64 left_out;
};

void diff_init(struct diff *d, const char *before, const char *after, const char *kind);
void diff_done(struct diff *d);

/* side: 0 before, 1 after */
void diff_put(struct diff *d, unsigned side, const char *section, const char *name,
              enum diff_unit unit, double value);

/* Nothing may be put afterwards. */
void diff_join(struct diff *d);

/* Of each section the `most` rows of a unit that changed most, growth first. color: red grew, green
 * shrank */
void diff_text(const struct diff *d, unsigned most, bool color, struct strbuf *out);

/* The document of docs/schema/diff.schema.json: every figure, changed or not. */
json_object *diff_json(const struct diff *d);

/* All numbers of one of our JSON documents, named by their paths. What lies over time or over
 * limits is left out: two versions have other moments and limits. */
void diff_put_document(struct diff *d, unsigned side, json_object *document);

/* What a recording touched, by file and program; with a sweep of it, what it needs. result NULL: it
 * was not swept. */
void diff_put_recording(struct diff *d, unsigned side, const struct footprint *footprint,
                        const struct size_result *result);

/* One moment of a capture: the first of it (begin) or the last. Gauges are those of the last one;
 * what the kernel counts is told by second of the capture, which took that long. */
void diff_put_capture(struct diff *d, unsigned side, const struct metric_look *look, bool begin,
                      double seconds);

#endif
