/* display.h - the terminal: paints grids, reads keys, and is always given back as it was found.
 *
 * The only user of ncurses. One at a time, since ncurses has but one. Never: handles a signal. The
 * caller blocks those that matter and calls display_suspend(), display_resume(),
 * display_follow_size().
 */
#ifndef TOP_DISPLAY_H
#define TOP_DISPLAY_H

#include "base/err.h"
#include "top/grid.h"

struct display;

/* For a signal handler that then ends the program, when the terminal takes no bytes: its modes as
 * they were, and as much of the rest as it takes without waiting. */
void display_abandon(void);

/* Take over the terminal of stdin and stdout. -ENOTTY, -EINVAL: not a terminal, or one that cannot
 * move its cursor. */
int display_open(bool color, struct display **ret, struct err *e);
/* The program ends wherever it is: give back what is open. */
void display_release(void);
/* In a handler of a signal: at least the modes that make a shell unusable. */
void display_release_modes(void);
/* Give it back. NULL is fine. */
void display_close(struct display *t);

/* Whether this terminal's colours tell the segments of a bar apart (256 of them). */
bool display_has_blocks(const struct display *t);

int display_width(const struct display *t);
int display_height(const struct display *t);

/* Take over the size the terminal has by now; true when it is another one. */
bool display_follow_size(struct display *t);

/* Show the grid: only what differs from the last one goes out. pre: it has the terminal's size */
void display_paint(struct display *t, const struct grid *g);

/* The next key (enum ui_key), 0 when there is none by now. */
u32 display_key(struct display *t);

/* Lend the terminal to the shell, and take it back with everything drawn anew. */
void display_suspend(struct display *t);
void display_resume(struct display *t);

#endif
