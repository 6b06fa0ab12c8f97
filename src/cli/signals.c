/* signals.c - handlers, all of one kind: remove, take the default back, send the signal on. */
#include "cli/signals.h"

#include "base/outfile.h"
#include "base/types.h"
#include "top/top.h"

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t came;
static volatile int *stop_flag;
static volatile unsigned patience_ms = SIGNALS_PATIENCE_MS;
static void (*volatile release)(void);

static void die(int number)
{
    sigset_t only;

    outfile_remove_all();
    if (release)
        release();
    top_release_modes(); /* ncurses uses what it could not allocate */
    signal(number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
}

static void on_signal(int number)
{
    die(number == SIGALRM && came ? came : number);
}

static void on_first(int number)
{
    const struct itimerval patience = {
        .it_value = {.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000}};

    if (came)
        die(number);
    came = number;
    *stop_flag = 1;
    setitimer(ITIMER_REAL, &patience, NULL);
}

/* What others took hold of (a sanitizer) or whoever started us ignores (nohup) stays as it is. */
static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;

    if (sigaction(number, NULL, &before) == 0 &&
        (before.sa_handler == SIG_DFL || before.sa_handler == on_signal))
        sigaction(number, &action, NULL);
}

static void do_nothing(int number)
{
    (void)number;
}

void signals_clean_up(void)
{
    static const int fatal[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE, SIGALRM, SIGXCPU,
                                SIGUSR1, SIGUSR2, SIGABRT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL};

    for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
        handle(fatal[i], on_signal);
    /* Whoever writes past the limit of a file's size is told so by write(2). A handler, unlike
     * SIG_IGN, is not inherited. */
    handle(SIGXFSZ, do_nothing);
}

void signals_release_by(void (*fn)(void))
{
    release = fn;
}

void signals_stop_by(volatile int *stop)
{
    stop_flag = stop;
    handle(SIGINT, on_first);
    handle(SIGTERM, on_first);
    handle(SIGHUP, on_first);
}

void signals_wait(unsigned ms)
{
    patience_ms = ms;
}

void signals_end(void)
{
    if (came)
        die(came);
}
