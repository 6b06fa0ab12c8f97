/* view.c - lines, bars, sparklines, arrows, paragraphs. */
#include "top/view.h"

#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 1024

u32 view_glyph(const struct grid *g, enum glyph glyph)
{
    static const struct {
        u32 utf8, ascii;
    } glyphs[NR_GLYPHS] = {
        [GLYPH_RULE] = {0x2500, '-'},       [GLYPH_ARROW] = {0x25b6, '>'},
        [GLYPH_ARROW_LEFT] = {0x25c0, '<'}, [GLYPH_DOT] = {0xb7, '.'},
        [GLYPH_BLOCK] = {0x2588, '#'},      [GLYPH_SHADE] = {0x2591, '.'},
        [GLYPH_SWATCH] = {0x25a0, '*'},     [GLYPH_MARK] = {0x2503, '|'},
        [GLYPH_CORNER] = {0x2570, '`'},     [GLYPH_CORNER_END] = {0x256f, '\''},
        [GLYPH_BRANCH] = {0x251c, '|'},     [GLYPH_LAST] = {0x2514, '`'},
        [GLYPH_STEM] = {0x2502, '|'},       [GLYPH_DOWN] = {0x25bc, 'v'},
        [GLYPH_UP] = {0x25b2, '^'},         [GLYPH_FOLDED] = {0x25b8, '+'},
    };

    return g->look.utf8 ? glyphs[glyph].utf8 : glyphs[glyph].ascii;
}

int view_printf(struct grid *g, int x, int y, int width, enum style style, const char *fmt, ...)
{
    char text[LINE_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return grid_text(g, x, y, width, style, text);
}

void view_right(struct grid *g, int x, int y, int width, enum style style, const char *text)
{
    int spare = MAX(width - grid_text_width(g, text), 0);

    grid_text(g, x + spare, y, width - spare, style, text);
}

void view_section(struct grid *g, const struct area *a, int y, const char *title, const char *note)
{
    int note_width = note ? grid_text_width(g, note) : 0;
    int taken;

    grid_fill(g, a->x, y, a->width, STYLE_DIM, view_glyph(g, GLYPH_RULE));
    taken = view_printf(g, a->x + 1, y, a->width - 2, STYLE_SECTION, " %s ", title);
    /* A note that does not fit beside the title is left out: half of one says nothing. */
    if (note_width && taken + note_width + 6 <= a->width)
        view_printf(g, a->x + a->width - note_width - 3, y, note_width + 2, STYLE_DIM, " %s ",
                    note);
}

void view_bar_columns(const struct bar_part *parts, unsigned nr, int width, int *ret_columns)
{
    double total = 0;
    int left = width;

    for (unsigned i = 0; i < nr; i++)
        total += MAX(parts[i].amount, 0);
    for (unsigned i = 0; i < nr; i++) {
        ret_columns[i] = total > 0 ? (int)(MAX(parts[i].amount, 0) / total * width) : 0;
        left -= ret_columns[i];
    }
    while (total > 0 && left > 0) {
        unsigned best = 0;
        double most = -1;

        for (unsigned i = 0; i < nr; i++) {
            double remainder = MAX(parts[i].amount, 0) / total * width - ret_columns[i];

            if (remainder > most) {
                most = remainder;
                best = i;
            }
        }
        ret_columns[best]++;
        left--;
    }
}

void view_bar(struct grid *g, int x, int y, int width, const struct bar_part *parts, unsigned nr)
{
    int columns[32];

    assert(nr <= ARRAY_SIZE(columns));
    view_bar_columns(parts, nr, width, columns);
    for (unsigned i = 0; i < nr; i++) {
        u32 code = g->look.blocks ? view_glyph(g, GLYPH_BLOCK) : (u32)parts[i].letter;

        grid_fill(g, x, y, columns[i], parts[i].style, code);
        x += columns[i];
    }
}

void view_spark(struct grid *g, int x, int y, int width, const double *values, int count,
                double max, enum style style)
{
    static const char ascii[] = "_.:-=+*#";
    int shown = MIN(count, width);

    for (int i = 0; i < shown; i++) {
        double value = values[count - shown + i];
        int level;

        if (isnan(value))
            continue;
        level = max > 0 ? (int)ceil(CLAMP(value / max, 0, 1) * 8) - 1 : 0;
        level = CLAMP(level, 0, 7);
        grid_fill(g, x + width - shown + i, y, 1, value > 0 ? style : STYLE_DIM,
                  g->look.utf8 ? 0x2581u + (u32)level : (u32)ascii[level]);
    }
}

void view_arrow(struct grid *g, int x, int y, int width, double amount, double least, double most,
                enum style style)
{
    int length;

    if (isnan(amount) || amount <= 0 || width < 2) {
        grid_fill(g, x, y, width, STYLE_DIM, view_glyph(g, GLYPH_DOT));
        return;
    }
    length = (int)lround(log(CLAMP(amount, least, most) / least) / log(most / least) * (width - 2));
    grid_fill(g, x, y, 1 + length, style, view_glyph(g, GLYPH_RULE));
    grid_fill(g, x + 1 + length, y, 1, style, view_glyph(g, GLYPH_ARROW));
}

/* Bytes of the words that fit into `width` columns; at least one character, so that it ends. */
static size_t line_bytes(const struct grid *g, const char *text, int width)
{
    const char *at = text, *good = NULL;
    char one[8];
    int columns = 0;

    while (*at && *at != '\n') {
        const char *before = at;

        utf8_next(&at);
        snprintf(one, sizeof(one), "%.*s", (int)(at - before), before);
        columns += grid_text_width(g, one);
        if (*before == ' ')
            good = before;
        if (columns > width)
            return (size_t)((good && good > text ? good : MAX(before, text + 1)) - text);
    }
    return (size_t)(at - text);
}

int view_paragraph(struct grid *g, const struct area *a, int y, enum style style, const char *text)
{
    char line[LINE_BYTES];
    int rows = 0;

    if (a->width < 1)
        return 0;
    while (*text) {
        size_t bytes = line_bytes(g, text, a->width);

        snprintf(line, sizeof(line), "%.*s", (int)MIN(bytes, sizeof(line) - 1), text);
        grid_text(g, a->x, y + rows, a->width, style, line);
        rows++;
        text += bytes;
        if (*text == '\n' || *text == ' ')
            text++;
    }
    return rows;
}
