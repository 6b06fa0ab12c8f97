/* screen_int.h - what the screens' files share. */
#ifndef TOP_SCREEN_INT_H
#define TOP_SCREEN_INT_H

#include "top/screen.h"

extern const struct table group_table, process_table, slab_table;

void screen_overview_draw(struct grid *g, const struct area *a, const struct model *m,
                          struct ui *ui);
void screen_table_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui);
void screen_zones_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui);

/* An economy as a bar from row y on, its scale under it (one row), and `legend` rows of names and
 * amounts. */
void screen_economy_draw(struct grid *g, const struct area *a, int y, int legend, bool with_scale,
                         const struct economy *e);
/* Rows of a whole legend. */
int screen_economy_rows(int width, const struct economy *e);

/* Pages over a screen. They scroll by ui->scroll, which they keep within their length. */
void screen_help_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui);
void screen_group_draw(struct grid *g, const struct area *a, const struct model *m, struct ui *ui);
void screen_finding_draw(struct grid *g, const struct area *a, const struct model *m,
                         struct ui *ui);

/* "not measurable here: /proc/slabinfo: needs root", or NULL when the part could be read. Returns
 * buf. */
const char *screen_why_not(const struct model *m, enum part part, char *buf, size_t size);

/* A caller of NAN or of a figure: what u64 figures are to columns, with NO_LIMIT as INFINITY. */
double screen_figure(u64 figure);

/* Draw a page that may be longer than its area: `draw` returns its rows when it starts at row y. */
typedef int screen_page_fn(struct grid *g, const struct area *a, int y, const struct model *m,
                           struct ui *ui);
void screen_page(struct grid *g, const struct area *a, const struct model *m, struct ui *ui,
                 screen_page_fn *draw);

#endif
