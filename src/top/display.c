/* display.c - grids on a terminal, by ncurses.
 *
 * The last grid is kept and only cells that differ are handed to ncurses, which in turn sends what
 * differs from the screen: so an idle machine costs a few bytes a second, over whatever line.
 * Meanings become colours here and nowhere else: 256 of them, 8, or none.
 */
#include "top/display.h"

#include "base/alloc.h"
#include "top/economy.h"
#include "top/ui.h"

#include <curses.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

struct display {
    SCREEN *screen;
    struct grid shown;  /* what was painted last */
    bool color, blocks; /* blocks: 256 colours */
    attr_t attributes[NR_STYLES];
};

struct appearance {
    short fg, bg;   /* of 256 colours; -1: the terminal's own */
    short fg8, bg8; /* of 8 */
    attr_t attr;    /* with colours */
    attr_t plain;   /* without */
};

#define USE(use) [STYLE_USE + (use)]

/* Calm by intention: colour is for what differs from well, in tones that can be read on black and
 * on white. The bar goes from greys and violets (stays) over amber (swap), red (write) and blue
 * (file) to a dark grey (free). */
static const struct appearance appearances[NR_STYLES] = {
    [STYLE_PLAIN] = {-1, -1, -1, -1, 0, 0},
    [STYLE_DIM] = {244, -1, -1, -1, 0, A_DIM},
    [STYLE_BOLD] = {-1, -1, -1, -1, A_BOLD, A_BOLD},
    [STYLE_BAR] = {253, 237, COLOR_BLACK, COLOR_WHITE, 0, A_REVERSE},
    [STYLE_SECTION] = {67, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD},
    [STYLE_HEAD] = {250, 237, COLOR_BLACK, COLOR_WHITE, 0, A_REVERSE},
    [STYLE_SORTED] = {231, 237, COLOR_BLACK, COLOR_WHITE, A_BOLD, A_REVERSE | A_BOLD},
    [STYLE_SELECTED] = {231, 24, COLOR_BLACK, COLOR_CYAN, 0, A_REVERSE},
    [STYLE_KEY] = {68, -1, COLOR_CYAN, -1, A_BOLD, A_BOLD},
    [STYLE_FLOW] = {37, -1, COLOR_CYAN, -1, 0, 0},
    [STYLE_GOOD] = {71, -1, COLOR_GREEN, -1, 0, 0},
    [STYLE_INFO] = {67, -1, COLOR_CYAN, -1, 0, 0},
    [STYLE_WARNING] = {208, -1, COLOR_YELLOW, -1, A_BOLD, A_BOLD},
    [STYLE_CRITICAL] = {203, -1, COLOR_RED, -1, A_BOLD, A_BOLD | A_REVERSE},
    USE(USE_KERNEL) = {60, -1, COLOR_MAGENTA, -1, 0, 0},
    USE(USE_PAGE_TABLES) = {103, -1, COLOR_MAGENTA, -1, A_BOLD, 0},
    USE(USE_SLAB) = {97, -1, COLOR_MAGENTA, -1, 0, 0},
    USE(USE_HUGE) = {139, -1, COLOR_MAGENTA, -1, A_BOLD, 0},
    USE(USE_COMPRESSED) = {175, -1, COLOR_MAGENTA, -1, A_BOLD, 0},
    USE(USE_PINNED) = {130, -1, COLOR_YELLOW, -1, A_BOLD, A_BOLD},
    USE(USE_ANON) = {172, -1, COLOR_YELLOW, -1, 0, A_BOLD},
    USE(USE_SHMEM) = {222, -1, COLOR_YELLOW, -1, A_BOLD, 0},
    USE(USE_DIRTY) = {167, -1, COLOR_RED, -1, 0, A_BOLD},
    USE(USE_MAPPED) = {67, -1, COLOR_BLUE, -1, A_BOLD, 0},
    USE(USE_CACHE) = {110, -1, COLOR_CYAN, -1, 0, 0},
    USE(USE_FREE) = {239, -1, -1, -1, 0, A_DIM},
};

static void choose_attributes(struct display *t)
{
    bool many;

    t->color = t->color && has_colors() && start_color() == OK && use_default_colors() == OK;
    many = t->color && COLORS >= 256; /* start_color() says how many */
    t->blocks = many;
    for (short i = 0; i < NR_STYLES; i++) {
        const struct appearance *a = &appearances[i];

        if (!t->color) {
            t->attributes[i] = a->plain;
            continue;
        }
        init_pair((short)(i + 1), many ? a->fg : a->fg8, many ? a->bg : a->bg8);
        t->attributes[i] = a->attr | (attr_t)COLOR_PAIR(i + 1);
        if (!many && i == STYLE_DIM)
            t->attributes[i] |= A_DIM;
    }
}

static bool taken;           /* the terminal is ours */
static struct termios modes; /* before it was */

/* Can it be drawn on at all? ncurses would end the program over that. */
static int check_terminal(struct err *e)
{
    const char *name = getenv("TERM");
    const char *motion;
    int known_to_terminfo;

    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
        return err_set(
            e, -ENOTTY,
            "%s is not a terminal; 'highwater diagnose DELAY COUNT' prints what changes, "
            "'highwater top --once' one screen",
            isatty(STDOUT_FILENO) ? "stdin" : "stdout");
    if (!name || !*name)
        return err_set(e, -EINVAL,
                       "TERM is not set, want the name of this terminal, such as xterm");
    if (setupterm(name, STDOUT_FILENO, &known_to_terminfo) != OK)
        return err_set(
            e, -EINVAL,
            "unknown terminal '%.64s'; set TERM to one that terminfo knows, such as xterm or vt100",
            name);
    motion = tigetstr("cup");
    del_curterm(cur_term);
    if (!motion || motion == (char *)-1)
        return err_set(e, -EINVAL,
                       "terminal '%.64s' cannot move its cursor; 'highwater diagnose DELAY COUNT' "
                       "prints what changes, 'highwater top --once' one screen",
                       name);
    return 0;
}

/* What the terminal was before, for display_abandon(). */
static struct termios shell_modes;
static bool has_shell_modes;
static char leave_text[256];

/* Escape sequences as they are, but for the paddings "$<5>" of terminals that nobody has. */
static void remember_leaving(void)
{
    const char *const ends[] = {tigetstr("sgr0"), tigetstr("cnorm"), tigetstr("rmcup")};
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
        for (const char *c = ends[i]; c && c != (char *)-1 && *c && *c != '$'; c++)
            if (len + 1 < sizeof(leave_text))
                leave_text[len++] = *c;
}

int display_open(bool color, struct display **ret, struct err *e)
{
    struct display *t;
    int rc = check_terminal(e);

    if (rc)
        return rc;
    t = xcalloc(1, sizeof(*t));
    t->color = color;
    set_escdelay(
        /* ms: a terminal sends the rest of a key at once, a user who means Escape should not
         * wait */
        25);
    tcgetattr(STDIN_FILENO, &modes);
    has_shell_modes = tcgetattr(STDIN_FILENO, &shell_modes) == 0;
    t->screen = newterm(NULL, stdout, stdin);
    if (!t->screen) {
        free(t);
        return err_set(e, -EINVAL, "cannot use the terminal '%.64s'", getenv("TERM"));
    }
    taken = true;
    atexit(display_release); /* ncurses ends the program where it has no memory */
    remember_leaving();
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    choose_attributes(t);
    grid_init(&t->shown, 1, 1, (struct look){0});
    display_follow_size(t);
    *ret = t;
    return 0;
}

void display_release(void)
{
    if (taken)
        endwin();
}

void display_release_modes(void)
{
    if (taken)
        tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

void display_abandon(void)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);

    if (!has_shell_modes)
        return;
    tcflush(STDOUT_FILENO, TCOFLUSH);
    tcflow(STDOUT_FILENO, TCOON);
    tcsetattr(STDIN_FILENO, TCSANOW, &shell_modes);
    fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
    if (write(STDOUT_FILENO, leave_text, strlen(leave_text)) < 0)
        errno = 0; /* it was worth a try */
    fcntl(STDOUT_FILENO, F_SETFL, flags);
}

void display_close(struct display *t)
{
    if (!t)
        return;
    erase();
    refresh();
    endwin();
    taken = false;
    delscreen(t->screen);
    grid_done(&t->shown);
    free(t);
}

bool display_has_blocks(const struct display *t)
{
    return t->blocks;
}

int display_width(const struct display *t)
{
    (void)t;
    return MAX(COLS, 1);
}

int display_height(const struct display *t)
{
    (void)t;
    return MAX(LINES, 1);
}

/* Cells that no grid can hold, so that the next paint draws them all. */
static void forget_shown(struct display *t)
{
    size_t count = (size_t)t->shown.width * (size_t)t->shown.height;

    for (size_t i = 0; i < count; i++)
        t->shown.cells[i].style = NR_STYLES;
}

bool display_follow_size(struct display *t)
{
    struct winsize size;
    bool differs;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col)
        resizeterm(size.ws_row, size.ws_col);
    differs = t->shown.width != display_width(t) || t->shown.height != display_height(t);
    if (differs) {
        grid_resize(&t->shown, display_width(t), display_height(t));
        forget_shown(t);
        erase();
        clearok(curscr, TRUE);
    }
    return differs;
}

static void paint_cell(const struct display *t, int x, int y, const struct cell *cell)
{
    wchar_t text[2] = {(wchar_t)cell->code, 0};
    attr_t attr = t->attributes[cell->style];
    cchar_t ch;

    setcchar(&ch, text, attr & ~(attr_t)A_COLOR, (short)PAIR_NUMBER(attr), NULL);
    mvadd_wch(y, x, &ch);
}

void display_paint(struct display *t, const struct grid *g)
{
    assert(g->width == t->shown.width && g->height == t->shown.height);
    for (int y = 0; y < g->height; y++) {
        for (int x = 0; x < g->width; x++) {
            const struct cell *cell = grid_cell(g, x, y);
            struct cell *shown = grid_cell(&t->shown, x, y);

            if (cell->code == shown->code && cell->style == shown->style)
                continue;
            *shown = *cell;
            /* The left half brings the right one with it. */
            if (cell->code)
                paint_cell(t, x, y, cell);
        }
    }
    refresh();
}

u32 display_key(struct display *t)
{
    static const struct {
        wint_t curses;
        u32 key;
    } keys[] = {
        {KEY_UP, UI_KEY_UP},
        {KEY_DOWN, UI_KEY_DOWN},
        {KEY_LEFT, UI_KEY_LEFT},
        {KEY_RIGHT, UI_KEY_RIGHT},
        {KEY_HOME, UI_KEY_HOME},
        {KEY_END, UI_KEY_END},
        {KEY_PPAGE, UI_KEY_PAGE_UP},
        {KEY_NPAGE, UI_KEY_PAGE_DOWN},
        {KEY_BACKSPACE, UI_KEY_BACKSPACE},
        {KEY_ENTER, UI_KEY_ENTER},
        {KEY_BTAB, UI_KEY_BACK_TAB},
        {KEY_F(1), UI_KEY_F1},
        {KEY_F(3), UI_KEY_F3},
        {KEY_F(4), UI_KEY_F4},
        {KEY_F(10), UI_KEY_F10},
        {KEY_FIND, UI_KEY_HOME},
        {KEY_SELECT, UI_KEY_END},
    };

    (void)t;
    for (;;) {
        wint_t key;
        int kind = get_wch(&key);

        if (kind == ERR)
            return 0;
        if (kind == OK && key)
            return key == '\t' ? UI_KEY_TAB : (u32)key;
        for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
            if (keys[i].curses == key)
                return keys[i].key;
        }
    }
}

void display_suspend(struct display *t)
{
    (void)t;
    def_prog_mode();
    endwin();
}

void display_resume(struct display *t)
{
    reset_prog_mode();
    curs_set(0);
    display_follow_size(t);
    clearok(curscr, TRUE);
    forget_shown(t);
}
