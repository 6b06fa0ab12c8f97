/* heat_text.h - where and when a recording touched memory, for a terminal: addresses upwards, time
 * to the right. */
#ifndef REPORT_HEAT_TEXT_H
#define REPORT_HEAT_TEXT_H

#include "base/strbuf.h"
#include "trace/heat.h"

#define HEAT_TEXT_WIDTH_MIN  72u
#define HEAT_TEXT_HEIGHT_MIN 12u

struct heat_text {
    const char *input; /* the recording, as given */
    unsigned width,
        height;  /* columns and lines of the terminal, of which one is left for the prompt */
    bool colors; /* of 256: else characters say how much */
    bool files;  /* offsets of files instead of addresses */
};

/* How many processes and rows there is room for; before heat_finish(). */
void heat_text_prepare(const struct heat_text *view, struct heat *h);
void heat_text(const struct heat_text *view, const struct heat *h, struct strbuf *out);

#endif
