/* cmd_record.c - highwater record [-o FILE] -- COMMAND: record one real run.
 *
 * The program's standard streams are its own: stdout is untouched, and what this says goes to
 * stderr after the program has ended. The exit code is the program's; a program that died of a
 * signal is followed by the same death, so a shell sees 128 + n. Failures of our own: 1 failed
 * (instead of a 0 of the program), 2 usage, 126 not executable, 127 no such command. */
#include "cli/cli.h"
#include "cli/verbs.h"
#include "record/record.h"

#include "base/units.h"
#include "report/lacks.h"
#include "trace/runtimes.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
    OPT_OUTPUT = 1,
    OPT_WINDOW,
    OPT_CODEC,
    OPT_FOLLOW,
    OPT_STOP_AFTER,
    OPT_MAX_SIZE,
    OPT_NO_ARGS
};

#define MAX_SIZE_LEAST MIB

/* The filter looks at the time every few thousand instructions. */
#define WINDOW_LEAST 4096

/* A program that takes no longer shows no progress. */
#define PROGRESS_AFTER (2 * NS_PER_S)

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

static const struct cli_option options[] = {
    {OPT_OUTPUT, "output", 'o', "FILE", "write the trace to FILE (highwater.hwt)"},
    {OPT_WINDOW, "window", 0, "N",
     "record a page again after N instructions, however hot it is (65536)"},
    {OPT_NO_ARGS, "no-args", 0, NULL,
     "keep COMMAND's name alone; else what looks like a secret is masked"},
    {OPT_FOLLOW, "follow", 0, "all|leader",
     "end with the last process that COMMAND leaves behind, or with COMMAND itself (all)"},
    {OPT_STOP_AFTER, "stop-after", 0, "TIME",
     "end the recording after TIME (90s, 10m); who still runs goes on unrecorded; a command in "
     "the foreground of the terminal is told to end, and has 10 s for it"},
    {OPT_MAX_SIZE, "max-size", 0, "SIZE",
     "keep the trace below SIZE: the window grows, and what is beyond is not recorded"},
    {OPT_CODEC, "codec", 0, "zstd|stored", "compress the trace, or do not (zstd)"},
};

static const struct cli_spec spec = {
    .verb = "record",
    .operands = "COMMAND [ARGUMENT...]",
    .summary =
        "Runs COMMAND and records which pages it touches, in which order, and every system call "
        "that concerns memory or files, of all its threads and children.",
    .takes = CLI_PROGRESS | CLI_MODE | CLI_COMMAND,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "The program takes 4 to 16 times the CPU time; its input, output and exit code are its "
        "own.\n"
        "\n"
        "A daemon that COMMAND leaves behind is recorded until it ends; Ctrl-C ends the recording "
        "and "
        "leaves the daemon alone. What happened is in the trace a second later, whatever happens "
        "to "
        "the recorder.\n"
        "\n"
        "Examples:\n"
        "  highwater record -o app.hwt -- sqlite3 big.db < queries.sql\n"
        "  highwater size app.hwt\n",
    .min_operands = 1,
    .max_operands = UINT_MAX,
};

struct shown {
    struct cli *cli;
    bool waits; /* the wait for what the program left behind was told */
};

/* A full-screen program owns the terminal; lines of ours would be in its way. */
static bool is_terminal_taken(void)
{
    struct termios mode;

    return tcgetattr(STDIN_FILENO, &mode) == 0 && !(mode.c_lflag & ICANON);
}

static void show_progress(const struct record_progress *p, void *data)
{
    struct shown *shown = data;
    char what[128];

    if (p->nr_left > 0 && !shown->waits && isatty(STDERR_FILENO)) {
        shown->waits = true;
        cli_note(shown->cli,
                 "the program has ended and left %u process%s, still recorded: %s; "
                 "Ctrl-C ends the recording",
                 p->nr_left, p->nr_left == 1 ? "" : "es", p->whom);
    }
    if (p->wall_ns < PROGRESS_AFTER || is_terminal_taken())
        return;
    snprintf(what, sizeof(what), "%.0f s, %.1f MiB, events:", (double)p->wall_ns / 1e9,
             (double)p->bytes / (double)MIB);
    cli_progress(shown->cli, what, p->events, 0);
}

/* What the recording lacks, and who goes on. */
static void shortcomings(struct cli *cli, const struct record_options *o,
                         const struct record_result *r)
{
    struct strbuf lacks;
    char time[UNITS_TEXT_MAX];

    if (r->end == RECORD_END_TIME)
        cli_note(cli, "stopped by --stop-after, after %s", format_ns(time, r->wall_ns));
    if (r->nr_left > 0)
        cli_note(cli, "%u process%s on unrecorded: %s", r->nr_left,
                 r->nr_left == 1 ? " goes" : "es go", r->whom);
    if (r->unrecorded > 0)
        cli_note(
            cli,
            "ran natively, not recorded (privileges of its own, another architecture, not to be "
            "read, or out of the recorder's reach): %s%s",
            r->unrecorded_names, r->unrecorded > 8 ? ", ..." : "");
    strbuf_init(&lacks);
    if (lacks_render_text(&r->lacks, &lacks))
        cli_note(cli, "the recording is incomplete: it lacks %s", lacks.text);
    strbuf_done(&lacks);
    if (starved_percent(r->starved_ns, r->cpu_ns))
        cli_note(cli,
                 "the program waited %u %% of its time for a CPU that others had: one that sizes "
                 "its heap by the clock too (V8, Java, Go) may take more where it runs freely",
                 starved_percent(r->starved_ns, r->cpu_ns));
    if (r->full)
        cli_note(cli, "the trace reached --max-size and ends early");
    else if (o->max_bytes > 0 && r->window > (o->window > 0 ? o->window : RECORD_WINDOW_DEFAULT))
        cli_note(cli, "to keep below --max-size the window grew to %u instructions", r->window);
    if (r->complaint[0] != '\0')
        cli_note(cli, "the recorder complained: %s", r->complaint);
}

static void summary(struct cli *cli, const char *output, const struct record_result *r)
{
    u64 events = r->accesses + r->ops;

    cli_note(
        cli,
        "%s: %llu events, %llu bytes, %.2f bytes per event; %u process%s, %.1f M instructions, "
        "%.1f s CPU",
        output, (unsigned long long)events, (unsigned long long)r->bytes,
        events > 0 ? (double)r->bytes / (double)events : 0.0, r->processes,
        r->processes == 1 ? "" : "es", (double)r->instructions / 1e6, (double)r->cpu_ns / 1e9);
}

/* Die as the program did, without a second core dump. */
static void follow_signal(int sig)
{
    struct rlimit none = {0, 0};
    sigset_t set;

    setrlimit(RLIMIT_CORE, &none);
    signal(sig, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    kill(getpid(), sig);
}

static int exit_code_of(int error)
{
    switch (error) {
    case -ENOENT:
        return EXIT_NOT_FOUND;
    case -EACCES:
        return EXIT_NOT_EXECUTABLE;
    default:
        return CLI_FAILED;
    }
}

static int record(struct cli *cli, struct record_options *o)
{
    struct shown shown = {.cli = cli};
    struct record_result r;
    struct err e;
    bool failed;
    int error;

    err_clear(&e);
    o->argv = cli->operands;
    o->mode = cli->mode;
    o->progress = show_progress;
    o->progress_data = &shown;
    error = record_run(o, &r, &e);
    if (error < 0) {
        cli_fail_err(cli, &e);
        return e.file[0] != '\0' ? CLI_FAILED : exit_code_of(error);
    }
    cli_progress_end(cli);
    if (r.streams == 0)
        return cli_fail(cli,
                        "the recorder could not run '%s'; for its own words: "
                        "HIGHWATER_RECORD_LOG=FILE highwater record ...",
                        cli->operands[0]);
    if (r.write_error < 0)
        cli_fail(cli, "%s: %s; the trace ends early but is usable", o->output,
                 strerror(-r.write_error));
    if (r.gaps > 0)
        cli_fail(cli, "%s: %llu chunk%s lost on the way; what came before is usable", o->output,
                 (unsigned long long)r.gaps, r.gaps == 1 ? " was" : "s were");
    if (r.broken > 0)
        cli_fail(cli,
                 "the recorder itself failed in %llu process%s, which ended with it; for its own "
                 "words: HIGHWATER_RECORD_LOG=FILE highwater record ...",
                 (unsigned long long)r.broken, r.broken == 1 ? "" : "es");
    failed = r.write_error < 0 || r.gaps > 0 || r.broken > 0;
    summary(cli, o->output, &r);
    shortcomings(cli, o, &r);
    if (!r.leader_ended)
        return failed ? CLI_FAILED : CLI_OK;
    if (WIFSIGNALED(r.wait_status)) {
        follow_signal(WTERMSIG(r.wait_status));
        return 128 + WTERMSIG(r.wait_status);
    }
    if (failed && WEXITSTATUS(r.wait_status) == 0)
        return CLI_FAILED;
    return WEXITSTATUS(r.wait_status);
}

int cmd_record(int argc, char **argv)
{
    struct record_options o = {.output = "highwater.hwt"};
    struct cli cli;
    u64 n;

    cli_init(&cli, &spec, argc, argv);
    for (int id; (id = cli_next(&cli)) > 0;) {
        if (id == OPT_OUTPUT) {
            o.output = cli.arg;
            if (o.output[0] == '\0' || strcmp(o.output, "-") == 0)
                cli_usage(&cli, "--output '%s': want the name of a file", cli.arg);
        } else if (id == OPT_WINDOW) {
            if (!cli_parse_u64(&cli, "window", &n))
                break;
            if (n < WINDOW_LEAST || n > 1u << 30)
                cli_usage(&cli, "--window %s: want 4096 to 1073741824 instructions", cli.arg);
            o.window = (u32)n;
        } else if (id == OPT_NO_ARGS) {
            o.no_args = true;
        } else if (id == OPT_FOLLOW) {
            o.leader_only = strcmp(cli.arg, "leader") == 0;
            if (!o.leader_only && strcmp(cli.arg, "all") != 0)
                cli_usage(&cli, "--follow %s: want all or leader", cli.arg);
        } else if (id == OPT_STOP_AFTER) {
            if (parse_duration(cli.arg, &o.stop_after_ns, NULL) < 0 || o.stop_after_ns == 0)
                cli_usage(&cli, "--stop-after %s: want a time like 90s or 10m", cli.arg);
        } else if (id == OPT_MAX_SIZE) {
            if (!cli_parse_size(&cli, "max-size", &o.max_bytes))
                break;
            if (o.max_bytes < MAX_SIZE_LEAST)
                cli_usage(&cli, "--max-size %s: want at least 1M", cli.arg);
        } else if (id == OPT_CODEC) {
            o.stored = strcmp(cli.arg, "stored") == 0;
            if (!o.stored && strcmp(cli.arg, "zstd") != 0)
                cli_usage(&cli, "--codec %s: want zstd or stored", cli.arg);
        }
    }
    if (cli.done)
        return cli_done(&cli, cli.exit_code);
    return cli_done(&cli, record(&cli, &o));
}
