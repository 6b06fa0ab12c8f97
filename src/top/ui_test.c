/* ui_test.c - unit tests of top/ui.c */
#include "top/ui.h"

#include "base/test.h"
#include "top/fixture_testing.h"
#include "top/screen.h"

#include <locale.h>
#include <string.h>

static struct snapshot before, now;
static struct model model;
static struct ui ui;

static int set_up(void **state)
{
    (void)state;
    fixture_snapshot(&before, 0);
    fixture_snapshot(&now, 1);
    model_init(&model);
    model.is_live = true;
    model_update(&model, &before, &now, NULL);
    ui_init(&ui);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ui_done(&ui);
    model_done(&model);
    snapshot_done(&before);
    snapshot_done(&now);
    return 0;
}

static struct ui_command press(u32 key)
{
    return ui_press(&ui, &model, key);
}

static void type(const char *text)
{
    while (*text)
        press((u32)*text++);
}

TEST_WITH(digits_and_tab_choose_screens, set_up, tear_down)
{
    press('3');
    assert_int_equal(ui.screen, SCREEN_PROCESSES);
    press(UI_KEY_TAB);
    assert_int_equal(ui.screen, SCREEN_ZONES);
    press('1');
    press(UI_KEY_BACK_TAB);
    assert_int_equal(ui.screen, SCREEN_SLAB);
    press('6');
    assert_int_equal(ui.screen, SCREEN_SLAB);
}

TEST_WITH(q_closes_from_the_top_and_quits_last, set_up, tear_down)
{
    press('?');
    assert_true(ui.help);
    assert_int_equal(press('q').what, UI_NOTHING);
    assert_false(ui.help);
    assert_int_equal(press(UI_KEY_ESCAPE).what, UI_NOTHING);
    assert_int_equal(press('q').what, UI_QUIT);
    press('?');
    assert_int_equal(press(UI_KEY_F10).what, UI_QUIT);
}

TEST_WITH(a_filter_works_while_it_is_typed, set_up, tear_down)
{
    struct table_state *s = &ui.tables[SCREEN_PROCESSES];

    press('3');
    press('/');
    type("posq");
    assert_string_equal(s->filter, "posq");
    press(UI_KEY_BACKSPACE);
    assert_string_equal(s->filter, "pos");
    press(UI_KEY_ENTER);
    assert_int_equal(ui.prompt, PROMPT_NONE);
    assert_string_equal(s->filter, "pos");
    press(UI_KEY_DOWN);
    assert_int_equal(s->selected, 1200);
    press('/');
    press(UI_KEY_ESCAPE);
    assert_string_equal(s->filter, "");
}

TEST_WITH(rubbing_out_takes_a_whole_character, set_up, tear_down)
{
    press('2');
    press('/');
    press('a');
    press(0x65e5); /* three bytes */
    assert_int_equal(strlen(ui.input), 4);
    press(UI_KEY_BACKSPACE);
    assert_string_equal(ui.input, "a");
    for (int i = 0; i < 200; i++)
        press(0x65e5);
    assert_true(strlen(ui.input) < sizeof(ui.input));
    assert_int_equal(strlen(ui.input) % 3, 1);
}

TEST_WITH(the_first_arrow_shows_the_cursor_and_the_next_moves_it, set_up, tear_down)
{
    struct table_state *s = &ui.tables[SCREEN_PROCESSES];

    press('3');
    press(UI_KEY_DOWN);
    assert_int_equal(s->selected, 1200); /* the largest */
    press('j');
    assert_int_equal(s->selected, 1300);
    press(UI_KEY_END);
    assert_int_equal(s->selected, 1);
    press(UI_KEY_PAGE_UP);
    assert_int_equal(s->selected, 1200);
}

TEST_WITH(sorting_goes_round_all_columns, set_up, tear_down)
{
    struct table_state *s = &ui.tables[SCREEN_SLAB];
    int first, columns = screens[SCREEN_SLAB].table->nr_columns;

    press('5');
    first = s->sort;
    for (int i = 0; i < columns; i++)
        press('>');
    assert_int_equal(s->sort, first);
    press('<');
    assert_int_not_equal(s->sort, first);
    press('I');
    assert_true(s->reverse);
    press('>');
    assert_false(s->reverse);
}

TEST_WITH(live_arrows_take_samples_and_there_is_no_time_to_go_to, set_up, tear_down)
{
    assert_int_equal(press(UI_KEY_RIGHT).what, UI_STEP);
    assert_int_equal(press(UI_KEY_LEFT).what, UI_NOTHING);
    press('g');
    assert_int_equal(ui.prompt, PROMPT_NONE);
    assert_true(ui.note[0]);
    press('k');
    assert_false(ui.note[0]);
}

TEST_WITH(in_a_capture_the_page_keys_move_in_time, set_up, tear_down)
{
    struct ui_command command;

    model.nr_instants = 100;
    press('2');
    command = press(UI_KEY_PAGE_UP);
    assert_int_equal(command.what, UI_STEP);
    assert_int_equal(command.by, -10);
    assert_int_equal(press(UI_KEY_HOME).by, INT64_MIN);
    assert_int_equal(press(UI_KEY_END).by, INT64_MAX);
    assert_int_equal(press(UI_KEY_LEFT).by, -1);
    press('g');
    type("14:03");
    command = press(UI_KEY_ENTER);
    assert_int_equal(command.what, UI_GOTO);
    assert_string_equal(command.text, "14:03");
    assert_int_equal(press('N').what, UI_CHANGE);
    assert_int_equal(press('n').by, 1);
    /* On a page they scroll it. */
    press('?');
    assert_int_equal(press(UI_KEY_PAGE_DOWN).what, UI_NOTHING);
    assert_true(ui.scroll > 0);
}

TEST_WITH(the_time_between_samples_is_asked_for, set_up, tear_down)
{
    struct ui_command command;

    press('d');
    type("2.5");
    command = press('\r');
    assert_int_equal(command.what, UI_DELAY);
    assert_string_equal(command.text, "2.5");
    press('d');
    assert_int_equal(press(UI_KEY_ENTER).what, UI_NOTHING); /* no answer */
    assert_int_equal(press(' ').what, UI_PAUSE);
    assert_true(ui.paused);
}

TEST_WITH(any_key_anywhere_keeps_the_state_whole, set_up, tear_down)
{
    struct grid g;
    u32 x = 12345;

    grid_init(&g, 80, 24, (struct look){.utf8 = true});
    for (int i = 0; i < 20000; i++) {
        x = x * 1103515245 + 12345;
        u32 key = x >> 8 & 0x1ff;

        if (key >= 0x100)
            key = UI_KEY_FIRST_SPECIAL + key % 20;
        ui_press(&ui, &model, key);
        if (i % 1000 == 0)
            grid_resize(&g, 1 + (int)(x >> 16 & 0x7f), 1 + (int)(x >> 10 & 0x1f));
        if (i % 10 == 0) {
            screen_draw(&g, &model, &ui);
            grid_check(&g);
        }
    }
    grid_done(&g);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    return tests_run(NULL, NULL);
}
