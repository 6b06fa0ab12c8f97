/* ui.h - what the user sees and chose: the screen, its order, filter and cursor, a question that is
 * being answered.
 *
 * Keys are those of htop, atop and less where these agree. A key changes this state alone; what
 * concerns the source of the data comes back as a command for the caller.
 */
#ifndef TOP_UI_H
#define TOP_UI_H

#include "top/model.h"
#include "top/table.h"

enum screen_id {
    SCREEN_OVERVIEW,
    SCREEN_CGROUPS,
    SCREEN_PROCESSES,
    SCREEN_ZONES,
    SCREEN_SLAB,
    NR_SCREENS
};

/* A key: a code point, or one of these. */
enum ui_key {
    UI_KEY_ENTER = '\n',
    UI_KEY_ESCAPE = 27,
    UI_KEY_FIRST_SPECIAL = 0x110000, /* beyond Unicode */
    UI_KEY_UP,
    UI_KEY_DOWN,
    UI_KEY_LEFT,
    UI_KEY_RIGHT,
    UI_KEY_HOME,
    UI_KEY_END,
    UI_KEY_PAGE_UP,
    UI_KEY_PAGE_DOWN,
    UI_KEY_BACKSPACE,
    UI_KEY_TAB,
    UI_KEY_BACK_TAB,
    UI_KEY_F1,
    UI_KEY_F3,
    UI_KEY_F4,
    UI_KEY_F10
};

enum ui_prompt { PROMPT_NONE, PROMPT_FILTER, PROMPT_TIME, PROMPT_DELAY };

struct ui {
    enum screen_id screen;
    bool help, detail; /* pages over the screen: help; the finding the cursor is on */
    bool paused;
    enum ui_prompt prompt;
    char input[64];
    struct table_state tables[NR_SCREENS];
    struct table_order order; /* of the screen's table, for the model it was arranged with */
    u32 finding;              /* of model_count_findings() */
    bool has_finding;         /* the cursor was moved there */
    int scroll;               /* of pages and of screens without a table */
    int page_rows;            /* rows of the body when it was drawn last */
    char note[160];           /* one line for the user, until the next key */
};

enum ui_what {
    UI_NOTHING,
    UI_QUIT,
    UI_PAUSE,  /* ui.paused changed */
    UI_STEP,   /* by so many instants or, live, samples */
    UI_CHANGE, /* by 1: to the next other verdict, -1: to the one before */
    UI_GOTO,   /* to the time in text */
    UI_DELAY,  /* the one in text */
    UI_REDRAW  /* all of it: the terminal may be spoilt */
};

struct ui_command {
    enum ui_what what;
    s64 by;           /* INT64_MIN, INT64_MAX: to the first, to the last */
    const char *text; /* of the prompt */
};

void ui_init(struct ui *ui);
void ui_done(struct ui *ui);

struct ui_command ui_press(struct ui *ui, const struct model *m, u32 key);

/* Say something in the last line until the next key. */
void ui_note(struct ui *ui, const char *fmt, ...) HW_PRINTF(2, 3);

#endif
