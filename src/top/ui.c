/* ui.c - what each key does.
 *
 * A prompt takes all keys until it is answered. Then the pages (help, finding) take those they
 * know: moving and closing. What is left is the screen's: moving the cursor and the order of its
 * table. In a capture the arrows to the sides, the page keys, Home and End move in time, since that
 * is what one does there most; j, k, ^F and ^B still move in a table.
 */
#include "top/ui.h"

#include "base/utf8.h"
#include "top/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)
#define FAR          1000000 /* more rows than there are */

static const struct ui_command nothing = {.what = UI_NOTHING};

void ui_init(struct ui *ui)
{
    *ui = (struct ui){.page_rows = 10};
    for (unsigned i = 0; i < NR_SCREENS; i++) {
        if (screens[i].table)
            table_state_init(&ui->tables[i], screens[i].table);
    }
}

void ui_done(struct ui *ui)
{
    for (unsigned i = 0; i < NR_SCREENS; i++)
        table_state_done(&ui->tables[i]);
    table_order_done(&ui->order);
}

void ui_note(struct ui *ui, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(ui->note, sizeof(ui->note), fmt, args);
    va_end(args);
}

static void show_screen(struct ui *ui, enum screen_id screen)
{
    ui->screen = screen;
    ui->help = ui->detail = false;
    ui->scroll = 0;
}

/* --- a question at the bottom ----------------------------------------------------------------- */
static void ask(struct ui *ui, enum ui_prompt prompt)
{
    ui->prompt = prompt;
    ui->input[0] = '\0';
    if (prompt == PROMPT_FILTER)
        snprintf(ui->input, sizeof(ui->input), "%s", ui->tables[ui->screen].filter);
}

/* A filter works while it is typed. */
static void input_changed(struct ui *ui)
{
    if (ui->prompt == PROMPT_FILTER)
        snprintf(ui->tables[ui->screen].filter, sizeof(ui->tables[ui->screen].filter), "%s",
                 ui->input);
}

static void rub_out(struct ui *ui)
{
    size_t len = strlen(ui->input);

    /* One character is all bytes up to the last that does not continue another. */
    while (len && ((unsigned char)ui->input[--len] & 0xc0) == 0x80)
        continue;
    ui->input[len] = '\0';
}

static void type(struct ui *ui, u32 key)
{
    struct strbuf text;

    if (key < ' ' || key == 0x7f || key > 0x10ffff)
        return;
    strbuf_init(&text);
    utf8_append(&text, key);
    if (strlen(ui->input) + text.len < sizeof(ui->input))
        memcpy(ui->input + strlen(ui->input), text.text, text.len + 1);
    strbuf_done(&text);
}

static struct ui_command answer(struct ui *ui, u32 key)
{
    enum ui_prompt prompt = ui->prompt;

    switch (key) {
    case UI_KEY_ESCAPE:
    case CTRL('g'):
        ui->input[0] = '\0';
        input_changed(ui);
        ui->prompt = PROMPT_NONE;
        return nothing;
    case UI_KEY_ENTER:
    case '\r':
        ui->prompt = PROMPT_NONE;
        if (!ui->input[0] || prompt == PROMPT_FILTER)
            return nothing;
        return (struct ui_command){.what = prompt == PROMPT_TIME ? UI_GOTO : UI_DELAY,
                                   .text = ui->input};
    case UI_KEY_BACKSPACE:
    case CTRL('h'):
    case 0x7f:
        rub_out(ui);
        break;
    case CTRL('u'):
        ui->input[0] = '\0';
        break;
    default:
        type(ui, key);
    }
    input_changed(ui);
    return nothing;
}

/* --- moving ----------------------------------------------------------------------------------- */
/* Rows that a key moves by; 0: it is not one that moves. */
static int rows_of_key(const struct ui *ui, const struct model *m, u32 key)
{
    bool in_time = model_is_capture(m) && !ui->help && !ui->detail;
    int page = MAX(ui->page_rows - 1, 1);

    switch (key) {
    case UI_KEY_UP:
    case 'k':
    case CTRL('p'):
        return -1;
    case UI_KEY_DOWN:
    case 'j':
    case CTRL('n'):
        return 1;
    case CTRL('b'):
        return -page;
    case CTRL('f'):
        return page;
    case UI_KEY_PAGE_UP:
        return in_time ? 0 : -page;
    case UI_KEY_PAGE_DOWN:
        return in_time ? 0 : page;
    case UI_KEY_HOME:
        return in_time ? 0 : -FAR;
    case UI_KEY_END:
        return in_time ? 0 : FAR;
    default:
        return 0;
    }
}

/* The order that is on the screen. */
static const void *arrange(struct ui *ui, const struct model *m, const struct screen *screen)
{
    size_t count = 0;
    const void *rows = screen->rows(m, &count);

    table_arrange(screen->table, &ui->tables[ui->screen], rows, count, &ui->order);
    return rows;
}

static void move(struct ui *ui, const struct model *m, int by)
{
    const struct screen *screen = &screens[ui->screen];

    if (ui->help || ui->detail || ui->screen == SCREEN_ZONES) {
        ui->scroll = MAX(ui->scroll + by, 0);
    } else if (screen->table) {
        const void *rows = arrange(ui, m, screen);
        struct table_state *s = &ui->tables[ui->screen];

        /* The first key shows the cursor where it is. */
        if (!s->has_selected && (by == 1 || by == -1))
            by = 0;
        table_move(screen->table, s, &ui->order, rows, by);
    } else {
        s64 count = model_count_findings(m), at = ui->has_finding ? (s64)ui->finding + by : 0;

        ui->has_finding = count > 0;
        ui->finding = count ? (u32)CLAMP(at, 0, count - 1) : 0;
    }
}

/* Steps in time that a key makes; 0: none. */
static s64 step_of_key(u32 key)
{
    switch (key) {
    case UI_KEY_LEFT:
        return -1;
    case UI_KEY_RIGHT:
        return 1;
    case UI_KEY_PAGE_UP:
        return -10;
    case UI_KEY_PAGE_DOWN:
        return 10;
    case UI_KEY_HOME:
        return INT64_MIN;
    case UI_KEY_END:
        return INT64_MAX;
    default:
        return 0;
    }
}

/* --- the rest --------------------------------------------------------------------------------- */
/* q and Escape close what is open, from the top. */
static struct ui_command close_top(struct ui *ui, u32 key)
{
    struct table_state *s = &ui->tables[ui->screen];

    if (ui->help || ui->detail) {
        ui->help = ui->detail = false;
        ui->scroll = 0;
        return nothing;
    }
    if (key == 'q')
        return (struct ui_command){.what = UI_QUIT};
    if (s->filter[0])
        s->filter[0] = '\0';
    s->has_selected = ui->has_finding = false;
    return nothing;
}

static void press_enter(struct ui *ui, const struct model *m)
{
    if (ui->help || ui->detail) {
        close_top(ui, UI_KEY_ESCAPE);
    } else if (ui->screen == SCREEN_OVERVIEW && model_count_findings(m)) {
        ui->has_finding = ui->detail = true;
        ui->scroll = 0;
    } else if (ui->screen == SCREEN_CGROUPS && m->rows.groups.count) {
        if (!ui->tables[ui->screen].has_selected)
            move(ui, m, 1); /* shows the cursor where it is */
        ui->detail = ui->tables[ui->screen].has_selected;
        ui->scroll = 0;
    }
}

/* Keys of a table's order. False: not one of them. */
static bool press_order(struct ui *ui, u32 key)
{
    const struct table *t = screens[ui->screen].table;
    struct table_state *s = &ui->tables[ui->screen];

    if (!t)
        return false;
    switch (key) {
    case '<':
    case ',':
        table_sort_next(t, s, -1);
        return true;
    case '>':
    case '.':
    case 's':
        table_sort_next(t, s, 1);
        return true;
    case 'I':
    case 'r':
    case 'R':
        s->reverse = !s->reverse;
        return true;
    case '+':
    case '-':
        if (t->parent)
            table_fold(s);
        return true;
    case 't':
        s->flat = t->parent && !s->flat;
        /* A flat list in the order of its tree would not tell what it shows. */
        if (s->flat && s->sort < 0)
            s->sort = 1;
        return true;
    case '/':
    case UI_KEY_F3:
    case UI_KEY_F4:
        ask(ui, PROMPT_FILTER);
        return true;
    default:
        return false;
    }
}

/* Keys that work everywhere but in a prompt. */
static struct ui_command press_common(struct ui *ui, const struct model *m, u32 key)
{
    switch (key) {
    case 'q':
    case UI_KEY_ESCAPE:
        return close_top(ui, key);
    case 'Q':
    case UI_KEY_F10:
        return (struct ui_command){.what = UI_QUIT};
    case '?':
    case 'h':
    case UI_KEY_F1:
        ui->help = !ui->help;
        ui->scroll = 0;
        return nothing;
    case UI_KEY_TAB:
        show_screen(ui, (ui->screen + 1) % NR_SCREENS);
        return nothing;
    case UI_KEY_BACK_TAB:
        show_screen(ui, (ui->screen + NR_SCREENS - 1) % NR_SCREENS);
        return nothing;
    case ' ':
        ui->paused = !ui->paused;
        return (struct ui_command){.what = UI_PAUSE};
    case 'g':
        if (model_is_capture(m))
            ask(ui, PROMPT_TIME);
        else
            ui_note(ui, "There is one time to go to here: now. A capture has more.");
        return nothing;
    case 'n':
    case 'N':
        if (model_is_capture(m))
            return (struct ui_command){.what = UI_CHANGE, .by = key == 'n' ? 1 : -1};
        ui_note(ui, "Other verdicts are looked for in captures.");
        return nothing;
    case 'd':
        ask(ui, PROMPT_DELAY);
        return nothing;
    case CTRL('l'):
        return (struct ui_command){.what = UI_REDRAW};
    case UI_KEY_ENTER:
    case '\r':
        press_enter(ui, m);
        return nothing;
    default:
        if (key >= '1' && key < '1' + NR_SCREENS)
            show_screen(ui, key - '1');
        return nothing;
    }
}

struct ui_command ui_press(struct ui *ui, const struct model *m, u32 key)
{
    int rows;
    s64 step;

    ui->note[0] = '\0';
    if (ui->prompt != PROMPT_NONE)
        return answer(ui, key);
    rows = rows_of_key(ui, m, key);
    if (rows) {
        move(ui, m, rows);
        return nothing;
    }
    step = step_of_key(key);
    if (step && model_is_capture(m))
        return (struct ui_command){.what = UI_STEP, .by = step};
    if (step == 1)
        return (struct ui_command){.what = UI_STEP, .by = 1}; /* live: a sample now, as in atop */
    if (!ui->help && !ui->detail && press_order(ui, key))
        return nothing;
    return press_common(ui, m, key);
}
