/* top.c - the loop: a timer, keys and signals, each answered and then drawn.
 *
 * Signals are blocked and read from a descriptor, so that nothing is ever interrupted in the middle
 * of a drawing, and the way out leads past display_close(). Those that end it have handlers
 * instead: a terminal that takes no bytes (Ctrl-S, a hung connection) would hold it in write(2) for
 * ever, so a moment after such a signal it ends wherever it is, and display_abandon() does what
 * needs no waiting. SIGTSTP is taken the same way: the terminal is lent to the shell, the signal
 * let through, the terminal taken back.
 */
#include "top/top.h"

#include "base/units.h"
#include "top/display.h"
#include "top/feed.h"
#include "top/screen.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define DELAY_NS_MIN (100 * NS_PER_MS)
#define DELAY_NS_MAX (3600 * NS_PER_S)

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define NR_ENDING   ARRAY_SIZE(ending)
#define PATIENCE_MS 300 /* from a signal that ends it to the end wherever it is */

/* For the handlers. */
static volatile sig_atomic_t ended_by;
static int wake = -1; /* an eventfd that the loop polls */

struct top {
    struct model model;
    struct feed *feed;
    struct ui ui;
    struct display *display;
    struct grid grid;
    int signals, timer;                  /* descriptors */
    struct sigaction actions[NR_ENDING]; /* before */
    sigset_t blocked;                    /* while it runs */
    sigset_t before;
    bool done;
};

/* --- time ------------------------------------------------------------------------------------- */
static void set_timer(struct top *t)
{
    ns_t delay = t->ui.paused ? 0 : t->model.delay;
    struct itimerspec spec = {
        .it_value = {.tv_sec = (time_t)(delay / NS_PER_S), .tv_nsec = (long)(delay % NS_PER_S)},
    };

    spec.it_interval = spec.it_value;
    timerfd_settime(t->timer, 0, &spec, NULL);
}

/* What the screen shows should be nearly as new as the totals are. Every time would be too dear:
 * memory.stat of 200 groups costs more than all the rest of a sample. */
#define SCREEN_AGE_MAX (2 * NS_PER_S)

static u64 parts_of_screen(enum screen_id screen)
{
    switch (screen) {
    case SCREEN_CGROUPS:
        return BIT_ULL(PART_CGROUP_STAT);
    case SCREEN_ZONES:
        return BIT_ULL(PART_ZONEINFO) | BIT_ULL(PART_BUDDYINFO) | BIT_ULL(PART_NODES);
    case SCREEN_SLAB:
        return BIT_ULL(PART_SLABINFO);
    case SCREEN_PROCESSES:
        return BIT_ULL(PART_PROCESSES);
    case SCREEN_OVERVIEW:
    case NR_SCREENS:
        break;
    }
    return 0;
}

/* Those of them that would be too old after the sample to come. */
static u64 parts_to_hurry(const struct top *t)
{
    const struct snapshot *s = t->model.now;
    u64 parts = parts_of_screen(t->ui.screen), due = 0;

    for (unsigned i = 0; i < NR_PARTS; i++) {
        ns_t age = s->taken_at - MIN(s->parts[i].read_at, s->taken_at) + t->model.delay;

        if (parts & BIT_ULL(i) && age >= SCREEN_AGE_MAX - SCREEN_AGE_MAX / 20)
            due |= BIT_ULL(i);
    }
    return due;
}

/* A sample that fails leaves the last one on the screen and says why. */
static void take_sample(struct top *t)
{
    struct err e = {0};
    int rc;

    feed_hurry(t->feed, parts_to_hurry(t));
    rc = feed_next(t->feed, &e);
    if (rc == -ENODATA) {
        if (model_is_capture(&t->model))
            ui_note(&t->ui, "This is the end of the capture.");
        t->ui.paused = true;
        set_timer(t);
    } else if (rc) {
        ui_note(&t->ui, "%s", e.text);
    }
}

/* --- keys ------------------------------------------------------------------------------------- */
static void set_delay(struct top *t, const char *text)
{
    struct err e = {0};
    ns_t delay;

    if (parse_duration(text, &delay, &e))
        ui_note(&t->ui, "%s", e.text);
    else if (delay < DELAY_NS_MIN || delay > DELAY_NS_MAX)
        ui_note(&t->ui, "The time between samples goes from 0.1 s to 1 h.");
    else
        t->model.delay = delay;
    set_timer(t);
}

static void step(struct top *t, s64 by)
{
    struct err e = {0};

    if (!model_is_capture(&t->model)) {
        take_sample(t);
        return;
    }
    t->ui.paused = true;
    set_timer(t);
    if (feed_step(t->feed, by, &e))
        ui_note(&t->ui, "%s", e.text);
}

static void obey(struct top *t, struct ui_command command)
{
    struct err e = {0};

    switch (command.what) {
    case UI_NOTHING:
        break;
    case UI_QUIT:
        t->done = true;
        break;
    case UI_PAUSE:
        set_timer(t);
        break;
    case UI_STEP:
        step(t, command.by);
        break;
    case UI_CHANGE:
        if (feed_find_change(t->feed, (int)command.by, &e))
            ui_note(&t->ui, "%s", e.text);
        break;
    case UI_GOTO:
        if (feed_go_to(t->feed, command.text, &e))
            ui_note(&t->ui, "%s", e.text);
        break;
    case UI_DELAY:
        set_delay(t, command.text);
        break;
    case UI_REDRAW:
        display_suspend(t->display);
        display_resume(t->display);
        break;
    }
}

static void read_keys(struct top *t)
{
    u32 key;

    while (!t->done && (key = display_key(t->display)) != 0)
        obey(t, ui_press(&t->ui, &t->model, key));
}

/* --- signals ---------------------------------------------------------------------------------- */
static void block_signals(struct top *t)
{
    static const int taken[] = {SIGTSTP, SIGCONT, SIGWINCH};

    sigemptyset(&t->blocked);
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        sigaddset(&t->blocked, taken[i]);
    sigprocmask(SIG_BLOCK, &t->blocked, &t->before);
}

/* It is stuck. */
static void on_patience(int number)
{
    (void)number;
    display_abandon();
    signal(ended_by, SIG_DFL);
    raise(ended_by);
}

static void on_ending(int number)
{
    static const struct itimerval patience = {.it_value.tv_usec = PATIENCE_MS * 1000};
    const u64 one = 1;
    int code = errno;

    if (ended_by == 0)
        setitimer(ITIMER_REAL, &patience, NULL);
    ended_by = number;
    if (write(wake, &one, sizeof(one)) < 0)
        errno = code; /* it is awake */
    errno = code;
}

static void handle_ending(struct top *t)
{
    struct sigaction patience = {.sa_handler = on_patience, .sa_flags = SA_NODEFER};
    struct sigaction action = {.sa_handler = on_ending, .sa_flags = SA_RESTART};

    ended_by = 0;
    sigaction(SIGALRM, &patience, NULL);
    for (size_t i = 0; i < NR_ENDING; i++) {
        sigaction(ending[i], NULL, &t->actions[i]);
        if (t->actions[i].sa_handler != SIG_IGN)
            sigaction(ending[i], &action, NULL);
    }
}

static void let_ending(const struct top *t)
{
    static const struct itimerval never;

    for (size_t i = 0; i < NR_ENDING; i++)
        sigaction(ending[i], &t->actions[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
}

static void stop(struct top *t)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL}, before;
    sigset_t only;

    display_suspend(t->display);
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    sigaction(SIGTSTP, &by_default, &before);
    raise(SIGTSTP); /* it waits until it is let through */
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    sigprocmask(SIG_BLOCK, &only, NULL);
    sigaction(SIGTSTP, &before, NULL);
    display_resume(t->display);
}

static void read_signals(struct top *t)
{
    struct signalfd_siginfo info;

    while (!t->done && read(t->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch ((int)info.ssi_signo) {
        case SIGTSTP:
            stop(t);
            break;
        case SIGCONT: /* after a stop by others: who knows what became of the terminal */
            display_resume(t->display);
            break;
        case SIGWINCH:
            display_follow_size(t->display);
            break;
        }
    }
}

/* --- the loop --------------------------------------------------------------------------------- */
static void draw(struct top *t)
{
    int width = display_width(t->display), height = display_height(t->display);

    if (width != t->grid.width || height != t->grid.height)
        grid_resize(&t->grid, width, height);
    screen_draw(&t->grid, &t->model, &t->ui);
    display_paint(t->display, &t->grid);
}

static void loop(struct top *t)
{
    struct pollfd fds[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = t->signals, .events = POLLIN},
        {.fd = t->timer, .events = POLLIN},
        {.fd = wake, .events = POLLIN},
    };
    u64 beats;

    draw(t);
    while (!t->done && !ended_by) {
        if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
            continue;
        if (fds[1].revents & POLLIN)
            read_signals(t);
        if (fds[0].revents & POLLIN)
            read_keys(t);
        else if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
            t->done = true;
        /* Beats that were missed, while it was stopped, are one. */
        if (!t->done && read(t->timer, &beats, sizeof(beats)) == (ssize_t)sizeof(beats))
            take_sample(t);
        if (!t->done && !ended_by)
            draw(t);
    }
}

static int start_feed(const struct top_options *o, struct model *m, struct feed **ret,
                      struct err *e)
{
    int rc;

    model_init(m);
    m->source = o->name;
    m->delay = CLAMP(o->delay, DELAY_NS_MIN, DELAY_NS_MAX);
    rc = feed_open(o->root, m, ret, e);
    if (rc)
        return rc;
    if (!model_is_capture(m))
        rc = o->at ? err_set(e, -EINVAL, "%s is no capture, so it has no other time to go to",
                             o->root)
                   : feed_next(*ret, e);
    else
        rc = o->at ? feed_go_to(*ret, o->at, e) : feed_step(*ret, INT64_MAX, e);
    if (rc) {
        feed_close(*ret);
        *ret = NULL;
    }
    return rc;
}

static int open_descriptors(struct top *t, struct err *e)
{
    t->signals = signalfd(-1, &t->blocked, SFD_NONBLOCK | SFD_CLOEXEC);
    t->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (t->signals < 0 || t->timer < 0 || wake < 0)
        return err_set(e, -errno, "cannot watch signals and time: %s", strerror(errno));
    return 0;
}

void top_release_terminal(void)
{
    display_release();
}

void top_release_modes(void)
{
    display_release_modes();
}

int top_run(const struct top_options *o, int *ret_signal, struct err *e)
{
    struct top t = {.signals = -1, .timer = -1};
    int rc;

    model_init(&t.model);
    ui_init(&t.ui);
    t.ui.screen = o->screen;
    grid_init(&t.grid, 1, 1, (struct look){.utf8 = o->utf8});
    block_signals(&t);
    rc = open_descriptors(&t, e);
    handle_ending(&t);
    if (rc == 0)
        rc = start_feed(o, &t.model, &t.feed, e);
    if (rc == 0)
        rc = display_open(o->color, &t.display, e);
    if (rc == 0) {
        t.grid.look.blocks = o->utf8 && display_has_blocks(t.display);
        t.ui.paused = !t.model.is_live;
        set_timer(&t);
        loop(&t);
    }
    display_close(t.display);
    feed_close(t.feed);
    if (t.signals >= 0)
        close(t.signals);
    if (t.timer >= 0)
        close(t.timer);
    let_ending(&t);
    if (wake >= 0)
        close(wake);
    wake = -1;
    sigprocmask(SIG_SETMASK, &t.before, NULL);
    grid_done(&t.grid);
    ui_done(&t.ui);
    model_done(&t.model);
    *ret_signal = ended_by;
    return rc;
}

int top_once(const struct top_options *o, struct strbuf *out, struct err *e)
{
    struct model model;
    struct feed *feed = NULL;
    struct grid grid;
    struct ui ui;
    int rc = start_feed(o, &model, &feed, e);

    if (rc == 0 && model.is_live) {
        struct timespec delay = {.tv_sec = (time_t)(model.delay / NS_PER_S),
                                 .tv_nsec = (long)(model.delay % NS_PER_S)};

        feed_hurry(feed, SNAPSHOT_ALL);
        while (nanosleep(&delay, &delay) != 0 && errno == EINTR)
            continue;
        rc = feed_next(feed, e);
    }
    if (rc == 0) {
        grid_init(&grid, o->width, o->height, (struct look){.utf8 = o->utf8});
        ui_init(&ui);
        ui.screen = o->screen;
        ui.paused = !model.is_live;
        screen_draw(&grid, &model, &ui);
        grid_render_text(&grid, out);
        ui_done(&ui);
        grid_done(&grid);
    }
    feed_close(feed);
    model_done(&model);
    return rc;
}
