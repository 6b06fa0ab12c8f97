/* top.h - the live terminal view: what `highwater top` does.
 *
 * top_run() takes over the terminal and gives it back, whatever happens; top_once() draws one
 * screen as text.
 */
#ifndef TOP_TOP_H
#define TOP_TOP_H

#include "base/err.h"
#include "base/strbuf.h"
#include "top/ui.h"

struct top_options {
    const char *root; /* "/", a directory, or a capture */
    const char *name; /* what to call it on the screen; "" for this machine */
    const char *at;   /* of a capture: where to start; NULL: at its end */
    ns_t delay;
    enum screen_id screen;
    bool utf8, color;
    int width, height; /* of top_once() */
};

/* Returns 0 when the user quit. *ret_signal: the signal that asked to end, or 0. */
int top_run(const struct top_options *o, int *ret_signal, struct err *e);

/* The program ends wherever it is: give the terminal back, if it was taken over. Allocates
 * nothing. */
void top_release_terminal(void);
/* The same in a handler of a signal, where only the modes can be given back. */
void top_release_modes(void);

/* Waits o->delay between two samples, so that there are rates. */
int top_once(const struct top_options *o, struct strbuf *out, struct err *e);

#endif
