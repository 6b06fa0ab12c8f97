/* record.c - start the program under the recorder, collect until it ends, close the trace.
 *
 *     trace created -> shared memory -> fork, exec the tool -> collect ... -> program ended -> END chunk
 *
 * The tool is started directly, without Valgrind's launcher: it needs no installed Valgrind at run
 * time.
 */
#include "record/record.h"

#include "base/secrets.h"
#include "record/collector.h"
#include "record/follow.h"
#include "record/host.h"
#include "record/mark.h"
#include "record/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS     (10 * NS_PER_MS)
#define PROGRESS_NS (200 * NS_PER_MS)
#define REAP_NS     (500 * NS_PER_MS)
#define FLUSH_NS    (800 * NS_PER_MS) /* what happened is in the file within a second */

#define META_MAX 16384

/* Descriptors that a recorded program can have open: more would make every fork copy a larger
 * table. */
#define NOFILE_ROOM 65536

static ns_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ns_t)t.tv_sec * NS_PER_S + (ns_t)t.tv_nsec;
}

/* ---- finding things ---- */

int record_find_tool(char *path, size_t size, struct err *e)
{
    static const char *const beside[] = {"src/record/valgrind", "../libexec/highwater",
                                         "../src/record/valgrind"};
    const char *libexec = getenv("HIGHWATER_LIBEXEC");
    char self[3072];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (libexec != NULL && libexec[0] != '\0') {
        if ((size_t)snprintf(path, size, "%s/" RECORD_TOOL_NAME, libexec) < size &&
            program_is_executable(path))
            return 0;
        return err_set(e, -ENOENT, "no recorder at '%s', where HIGHWATER_LIBEXEC points", path);
    }
    self[n > 0 ? n : 0] = '\0';
    slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(beside); i++)
        if ((size_t)snprintf(path, size, "%s/%s/" RECORD_TOOL_NAME, self, beside[i]) < size &&
            program_is_executable(path))
            return 0;
    return err_set(
        e, -ENOENT,
        "the recorder is not built: install the package 'valgrind', then run './dev build'");
}

/* ---- meta and end chunks ---- */

static int put_text(struct hwt_writer *w, enum hwt_chunk_type type, u64 order, const char *text)
{
    struct hwt_chunk chunk = {
        .type = type, .order = order, .raw = (const u8 *)text, .raw_len = (u32)strlen(text)};

    return hwt_writer_put(w, &chunk);
}

static void add_line(char *text, const char *key, const char *value)
{
    size_t at = strlen(text);
    char *from;

    snprintf(text + at, META_MAX - at, "%s=%s", key, value);
    for (from = text + at; *from != '\0'; from++)
        if (*from == '\n')
            *from = ' ';
    at = strlen(text);
    if (at + 1 < META_MAX) {
        text[at] = '\n';
        text[at + 1] = '\0';
    }
}

/* The command line as it may be told, in one line. */
static void join_command(char *out, size_t size, const struct record_options *o)
{
    struct strbuf args, told;

    strbuf_init(&args);
    strbuf_init(&told);
    for (char *const *arg = o->argv; *arg != NULL; arg++)
        strbuf_append_bytes(&args, *arg, strlen(*arg) + 1);
    if (o->no_args)
        secrets_keep_program(args.text, args.len, &told);
    else
        secrets_mask(args.text, args.len, &told);
    for (size_t i = 0; i + 1 < told.len; i++)
        if (told.text[i] == '\0')
            told.text[i] = ' ';
    snprintf(out, size, "%s", told.text);
    strbuf_done(&args);
    strbuf_done(&told);
}

static int put_meta(struct hwt_writer *w, const struct record_options *o, u32 window)
{
    char text[META_MAX] = "", value[4096];
    struct utsname host = {0};
    time_t now = time(NULL);
    struct tm utc;

    add_line(text, "tool", "highwater " HW_VERSION " record, exact");
    join_command(value, sizeof(value), o);
    add_line(text, "command", value);
    add_line(text, "cwd", getcwd(value, sizeof(value)) != NULL ? value : "");
    uname(&host);
    add_line(text, "kernel", host.release);
    add_line(text, "page_size", "4096");
    snprintf(value, sizeof(value), "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    add_line(text, "cpus", value);
    strftime(value, sizeof(value), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    add_line(text, "date", value);
    snprintf(value, sizeof(value), "pages=1024 ways=4 window_instructions=%u", window);
    add_line(text, "filter", value);
    return put_text(w, HWT_CHUNK_META, 0, text);
}

static int put_host(struct hwt_writer *w)
{
    struct strbuf text;
    int error;

    strbuf_init(&text);
    host_describe("", &text);
    error = put_text(w, HWT_CHUNK_HOST, 0, text.text);
    strbuf_done(&text);
    return error;
}

static const char *const ended_by[] = {
    [RECORD_END_TIME] = "time",
    [RECORD_END_SIGNAL] = "signal",
    [RECORD_END_LEADER] = "leader",
    [RECORD_END_SIZE] = "size",
};

static void put_end(struct hwt_writer *w, const struct record_result *r, u64 order)
{
    struct hwt_chunk chunk = {.type = HWT_CHUNK_END, .order = order};
    char text[META_MAX], status[16];
    bool unwritten = hwt_writer_error(w) < 0;

    snprintf(text, sizeof(text),
             "streams=%u\nprocesses=%u\naccesses=%llu\nops=%llu\n"
             "recorded_instructions=%llu\nrecorded_cpu_ns=%llu\nrecorded_wall_ns=%llu\n"
             "recorded_starved_ns=%llu\nwindow_instructions=%u\n",
             r->streams, r->processes, (unsigned long long)r->accesses, (unsigned long long)r->ops,
             (unsigned long long)r->instructions, (unsigned long long)r->cpu_ns,
             (unsigned long long)r->wall_ns, (unsigned long long)r->starved_ns, r->window);
    if (r->leader_ended) {
        snprintf(status, sizeof(status), "%d", r->wait_status);
        add_line(text, "exit_status", status);
    }
    if (unwritten)
        add_line(text, "ended_by", "disk");
    else if (ended_by[r->end] != NULL)
        add_line(text, "ended_by", ended_by[r->end]);
    else if (r->broken > 0)
        add_line(text, "ended_by", "failure");
    if (r->broken > 0 || unwritten)
        add_line(text, "incomplete.records", "1");
    if (r->full)
        add_line(text, "incomplete.size", "1");
    chunk.raw = (const u8 *)text;
    chunk.raw_len = (u32)strlen(text);
    hwt_writer_put_end(w, &chunk);
}

/* ---- the run ---- */

/* The tool's command line: its options, then the program and its arguments. Strings live as long as
 * o and c. */
struct command_line {
    char channel[64], nofile[64], log_file[3072], launcher[4200];
    const char **argv, **envp;
};

static const char *const tool_flags[] = {
    "--tool=hwrecord",
    "--command-line-only=yes", /* nothing from VALGRIND_OPTS or .valgrindrc */
    "-q",
    "--trace-children=yes",
    "--vgdb=no",
    "--sanity-level=0",
    "--run-libc-freeres=no",
    "--run-cxx-freeres=no",
    "--child-silent-after-fork=yes",
    "--px-file-backed=sp-at-mem-access", /* exact registers at a fault only where code is made */
    "--vex-guest-chase=no",         /* less code to translate, most of all for a JIT compiler */
    "--aspace-minaddr=0x100000000", /* below 4 GiB there is room for a heap */
};

static int command_line_init(struct command_line *l, const struct record_options *o,
                             const struct collector *c, const char *tool, const char *program,
                             const struct rlimit *nofile)
{
    const char *log = getenv("HIGHWATER_RECORD_LOG");
    size_t nr_args = 0, nr_env = 0, n = 0;

    while (o->argv[nr_args] != NULL)
        nr_args++;
    while (environ[nr_env] != NULL)
        nr_env++;
    l->argv = calloc(ARRAY_SIZE(tool_flags) + nr_args + 6, sizeof(*l->argv));
    l->envp = calloc(nr_env + 2, sizeof(*l->envp));
    if (l->argv == NULL || l->envp == NULL) {
        free(l->argv);
        free(l->envp);
        return -ENOMEM;
    }
    snprintf(l->channel, sizeof(l->channel), "--channel=/proc/%d/fd/%d", (int)getpid(), c->fd);
    snprintf(l->log_file, sizeof(l->log_file), "--log-file=%s", log != NULL ? log : "/dev/null");
    snprintf(l->launcher, sizeof(l->launcher), "VALGRIND_LAUNCHER=%s", tool);
    l->argv[n++] = tool;
    for (size_t i = 0; i < ARRAY_SIZE(tool_flags); i++)
        l->argv[n++] = tool_flags[i];
    snprintf(l->nofile, sizeof(l->nofile), "--nofile=%llu:%llu",
             (unsigned long long)nofile->rlim_cur, (unsigned long long)nofile->rlim_max);
    l->argv[n++] = l->channel;
    l->argv[n++] = l->nofile;
    l->argv[n++] = l->log_file;
    l->argv[n++] = "--";
    l->argv[n++] = program;
    for (size_t i = 1; i < nr_args; i++)
        l->argv[n++] = o->argv[i];
    memcpy(l->envp, environ, nr_env * sizeof(*l->envp));
    l->envp[nr_env] = l->launcher;
    return 0;
}

/* The tool keeps its descriptors above the soft limit that it finds: leave the program room
 * below. */
static void nofile_raise(const struct rlimit *nofile)
{
    struct rlimit raised = *nofile;

    if (raised.rlim_cur < NOFILE_ROOM)
        raised.rlim_cur = raised.rlim_max < NOFILE_ROOM ? raised.rlim_max : NOFILE_ROOM;
    setrlimit(RLIMIT_NOFILE, &raised);
}

static int start(const struct record_options *o, const struct collector *c, const char *tool,
                 const char *program, const sigset_t *def, pid_t *pid)
{
    struct command_line l;
    struct rlimit nofile;
    posix_spawnattr_t attr;
    int error;

    getrlimit(RLIMIT_NOFILE, &nofile);
    error = command_line_init(&l, o, c, tool, program, &nofile);
    if (error < 0)
        return error;
    nofile_raise(&nofile);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attr, def);
    error = -posix_spawn(pid, tool, NULL, &attr, (char *const *)l.argv, (char *const *)l.envp);
    posix_spawnattr_destroy(&attr);
    setrlimit(RLIMIT_NOFILE, &nofile);
    free(l.argv);
    free(l.envp);
    return error;
}

struct run {
    struct collector *collector;
    const struct record_options *options;
    struct follow follow;
    struct record_result result;
    ns_t began_ns;
    int marks; /* descriptor, or -errno */
    unsigned nr_signals;
};

static void put_mark(const char *name, void *data)
{
    struct run *run = data;
    char text[MARK_NAME_MAX + 64];

    snprintf(text, sizeof(text), "name=%s\ntime_ns=%llu\n", name,
             (unsigned long long)(now_ns() - run->began_ns));
    put_text(run->collector->writer, HWT_CHUNK_MARK,
             __atomic_load_n(&run->collector->channel->order, __ATOMIC_SEQ_CST), text);
}

static void take_marks(struct run *run)
{
    char name[32];

    while (run->marks >= 0 && mark_take(run->marks, put_mark, run))
        ;
    for (unsigned n = follow_marks(); n > 0; n--) {
        snprintf(name, sizeof(name), "usr2-%u", ++run->nr_signals);
        put_mark(name, run);
    }
}

static void process_ended(pid_t pid, int wait_status, void *data)
{
    struct run *run = data;

    collector_reap(run->collector, pid, wait_status);
}

static void tell_progress(struct run *run)
{
    const struct record_options *o = run->options;
    struct collector *c = run->collector;
    struct record_progress p = {.events = c->accesses + c->ops,
                                .bytes = hwt_writer_bytes(c->writer),
                                .streams = c->channel->next_stream,
                                .wall_ns = now_ns() - run->began_ns};

    if (run->follow.leader_ended) {
        follow_count(&run->follow);
        p.nr_left = run->follow.nr_left;
        p.whom = run->follow.whom;
    }
    o->progress(&p, o->progress_data);
}

static enum follow_state collect_until_end(struct run *run)
{
    struct collector *c = run->collector;
    ns_t told = now_ns(), reaped = told, flushed = told;
    enum follow_state state;
    bool kept = false;

    for (;;) {
        ns_t now = now_ns();

        collector_drain(c);
        take_marks(run);
        /* It runs: from here on a trace that ends early is one all the same. */
        if (!kept && c->channel->next_stream > 0) {
            kept = true;
            /* if it fails now, it is tried once more at the end, and told */
            hwt_writer_keep(c->writer, NULL);
        }
        state = follow_look(&run->follow, now, process_ended, run);
        if (state != FOLLOW_RUNNING)
            return state;
        collector_wait(c, POLL_NS);
        if (now - reaped > REAP_NS) {
            reaped = now;
            collector_reap(c, 0, 0);
        }
        if (now - flushed > FLUSH_NS) {
            flushed = now;
            collector_flush(c);
        }
        if (run->options->progress != NULL && now - told > PROGRESS_NS) {
            told = now;
            tell_progress(run);
        }
    }
}

static ns_t cpu_ns(int who)
{
    struct rusage u;

    getrusage(who, &u);
    return (ns_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_S +
           (ns_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * NS_PER_US;
}

static void fill_result(struct record_result *r, struct collector *c)
{
    const struct channel *ch = c->channel;

    r->accesses = c->accesses;
    r->ops = c->ops;
    r->raw_bytes = c->raw_bytes;
    for (unsigned i = 0; i < HWT_INCOMPLETE_MAX; i++)
        r->lacks.by_reason[i] = ch->lacks[i];
    r->gaps = c->gaps;
    r->broken = c->broken;
    r->streams = ch->next_stream;
    r->processes = ch->processes;
    r->instructions = ch->instructions;
    r->full = c->full;
    r->window = ch->window_instructions;
    r->unrecorded = ch->unrecorded;
    for (u32 i = 0, at = 0; i < CHANNEL_NAMES && ch->names[i][0] != '\0'; i++)
        at += (u32)snprintf(r->unrecorded_names + at, sizeof(r->unrecorded_names) - at, "%s%.*s",
                            at > 0 ? ", " : "", (int)CHANNEL_NAME_BYTES - 1, ch->names[i]);
    snprintf(r->complaint, sizeof(r->complaint), "%.*s", (int)sizeof(r->complaint) - 1, ch->log);
}

static enum record_end end_of(const struct run *run, enum follow_state state)
{
    if (run->result.full)
        return RECORD_END_SIZE;
    if (state == FOLLOW_STOPPED || run->follow.asked_ns > 0)
        return run->follow.timed_out ? RECORD_END_TIME : RECORD_END_SIGNAL;
    return state == FOLLOW_LEADER_ENDED && run->result.nr_left > 0 ? RECORD_END_LEADER
                                                                   : RECORD_END_ALL;
}

static int run_collected(struct run *run, const char *tool, const char *program,
                         const sigset_t *def, struct err *e)
{
    struct collector *c = run->collector;
    const struct record_options *o = run->options;
    struct record_result *r = &run->result;
    ns_t cpu = cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN);
    enum follow_state state;
    pid_t pid;
    int error = start(o, c, tool, program, def, &pid);

    if (error < 0)
        return err_set(e, error, "cannot start %s: %s", tool, strerror(-error));
    run->began_ns = now_ns();
    if (o->stop_after_ns > 0)
        run->follow.stop_at_ns = run->began_ns + o->stop_after_ns;
    run->follow.leader_only = o->leader_only;
    follow_leader(&run->follow, pid);
    run->marks = mark_listen();
    state = collect_until_end(run);
    take_marks(run);
    if (run->marks >= 0)
        close(run->marks);
    r->wait_status = run->follow.leader_status;
    r->leader_ended = run->follow.leader_ended;
    if (state != FOLLOW_ALL_ENDED) {
        follow_count(&run->follow);
        r->nr_left = run->follow.nr_left;
        snprintf(r->whom, sizeof(r->whom), "%s", run->follow.whom);
    }
    collector_close(c);
    fill_result(r, c);
    r->end = end_of(run, state);
    r->wall_ns = now_ns() - run->began_ns;
    r->starved_ns = run->follow.starved_ns;
    r->cpu_ns = cpu_ns(RUSAGE_SELF) + cpu_ns(RUSAGE_CHILDREN) - cpu;
    if (r->nr_left > 0)
        r->cpu_ns += run->follow.left_cpu_ns;
    put_end(c->writer, r, c->channel->order);
    return 0;
}

int record_run(const struct record_options *o, struct record_result *ret_result, struct err *e)
{
    u32 window = o->window > 0 ? o->window : RECORD_WINDOW_DEFAULT;
    struct collector collector;
    struct run run = {.collector = &collector, .options = o};
    sigset_t def;
    struct hwt_writer *w;
    char tool[4096], program[4096];
    int error;

    if (o->tool != NULL)
        snprintf(tool, sizeof(tool), "%s", o->tool);
    else if (record_find_tool(tool, sizeof(tool), e) < 0)
        return -ENOEXEC;
    error = program_find(o->argv[0], program, sizeof(program), e);
    if (error == 0)
        error = hwt_writer_new(o->output, o->mode, o->stored, &w, e);
    if (error < 0)
        return error;
    follow_begin(&run.follow, &def);
    error = collector_init(&collector, w, window, o->max_bytes, e);
    if (error == 0) {
        collector.channel->no_settings = o->no_args;
        error = put_meta(w, o, window);
        if (error == 0)
            error = put_host(w);
        if (error < 0)
            err_at(e, error, o->output, 0, 0, "cannot write: %s", strerror(-error));
        else
            error = run_collected(&run, tool, program, &def, e);
        collector_done(&collector);
    }
    follow_end(&run.follow);
    run.result.bytes = hwt_writer_bytes(w);
    if (error == 0 && run.result.streams > 0)
        run.result.write_error = hwt_writer_close(w);
    else
        hwt_writer_abort(w);
    if (error == 0)
        *ret_result = run.result;
    return error;
}
