/* screen.h - the screens: each draws a model into an area, and all share the lines around it.
 *
 * Use:  screen_draw(&grid, &model, &ui);
 */
#ifndef TOP_SCREEN_H
#define TOP_SCREEN_H

#include "top/ui.h"

/* Below this a screen says so and draws nothing else. */
#define SCREEN_WIDTH_MIN  20
#define SCREEN_HEIGHT_MIN 5

struct screen {
    const char *name;          /* "cgroups": of --screen */
    const char *title;         /* in the last line */
    const struct table *table; /* NULL: it has none */
    const void *(*rows)(const struct model *m, size_t *ret_count);
    void (*draw)(struct grid *g, const struct area *a, const struct model *m, struct ui *ui);
    const char *help; /* what is to be seen */
};
extern const struct screen screens[NR_SCREENS];

/* The screen with this name, or NR_SCREENS. */
enum screen_id screen_find(const char *name);

/* The whole grid: first lines, the screen or the page over it, last lines. */
void screen_draw(struct grid *g, const struct model *m, struct ui *ui);

#endif
