/* cmd_export.c - highwater export [--listen ADDR:PORT] [--textfile FILE] [DELAY [COUNT]]: figures
 * of this machine for Prometheus.
 *
 * One thread waits for clients, for the next sample and for a signal. */
#include "base/outfile.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/verbs.h"
#include "export/exporter.h"
#include "export/http.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { OPT_LISTEN = 1, OPT_TEXTFILE, OPT_ROOT, OPT_GROUPS, OPT_HOST_HEADER };

#define GROUPS_DEFAULT 1000
#define GROUPS_MOST    100000

static const struct cli_option options[] = {
    {OPT_LISTEN, "listen", 'l', "ADDR:PORT",
     "{http?serve http://ADDR:PORT/metrics (" HTTP_ADDRESS ":" HTTP_PORT ")}"},
    {OPT_HOST_HEADER, "host-header", 0, "NAME",
     "{http?answer clients that call this machine NAME, too; may be given again}"},
    {OPT_TEXTFILE, "textfile", 0, "FILE.prom",
     "write FILE.prom for node_exporter's textfile collector{http?; serve nothing unless "
     "--listen}"},
    {OPT_ROOT, "root", 0, "DIR", "export the machine whose /proc and /sys are in DIR (/)"},
    {OPT_GROUPS, "groups", 0, "N", "control groups with metrics of their own at most (1000)"},
};

static const struct cli_spec spec = {
    .verb = "export",
    .operands = "[DELAY [COUNT]]",
    .summary =
        "Tells Prometheus what memory is used for, what it needs and whether the shortage hurts: "
        "figures of\n"
        "the machine and its control groups, and what 'highwater diagnose' finds, as OpenMetrics.",
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "{http?A scrape gets a sample of that moment, at most one a second; without scrapes one "
        "is\n"
        "taken every DELAY seconds (15). With --textfile FILE.prom the file is written every\n"
        "DELAY, COUNT times or until interrupted, whole or not at all.\n"
        "\n"
        "Who reaches the address may read all: it is this machine's own unless --listen says\n"
        "otherwise; passwords and TLS are a proxy's. Requests must name the host as localhost, by\n"
        "the address that they reach, or as --host-header says. All metrics: docs/metrics.md.\n"
        "Alert rules and a dashboard: contrib/prometheus.\n"
        "}"
        "{!http?FILE.prom is written every DELAY seconds (15), COUNT times or until interrupted,\n"
        "whole or not at all. highwater itself serves the same by HTTP.\n"
        "}"
        "\n"
        "Examples:\n"
        "{http?"
        "  highwater export\n"
        "  highwater export --listen 0.0.0.0:" HTTP_PORT " --host-header $(hostname)\n"
        "}"
        "  highwater export --textfile /var/lib/prometheus/node-exporter/highwater.prom 30\n",
    .min_operands = 0,
    .max_operands = 2,
};

struct request {
    struct cli cli;
    const char *root, *listen, *textfile;
    VEC(const char *) hosts;
    ns_t delay;
    u64 count, groups; /* count 0: until interrupted */
    struct exporter exporter;
    struct http *http; /* NULL: nothing is served */
    u64 written;
    bool failing; /* what went wrong last was said, and has not gone right since */
};

/* Once, not every 15 s. */
static void say_failure(struct request *req, const struct err *e)
{
    if (!req->failing)
        cli_fail_err(&req->cli, e);
    req->failing = true;
}

static bool take(struct request *req, ns_t age)
{
    struct err e = {0};
    int rc = exporter_take(&req->exporter, age, &e);

    if (rc)
        say_failure(req, &e);
    else if (!req->textfile)
        req->failing = false;
    return rc == 0;
}

static bool render(void *ctx, enum exposition form, struct strbuf *out)
{
    struct request *req = ctx;

    /* Figures of another time would stand as those of now. */
    if (!take(req, EXPORTER_FRESH))
        return false;
    exporter_render(&req->exporter, form, out);
    return true;
}

static int write_textfile(struct request *req, struct err *e)
{
    struct outfile o;
    struct strbuf text;
    int rc = outfile_open(&o, req->textfile, 0644, e);

    if (rc)
        return rc;
    strbuf_init(&text);
    exporter_render(&req->exporter, EXPOSE_TEXT, &text);
    outfile_put(&o, text.text, text.len);
    rc = outfile_commit(&o, e);
    strbuf_done(&text);
    req->written += rc == 0;
    req->failing = rc != 0 && req->failing;
    return rc;
}

/* A sample is due. False when that was the last. */
static bool on_beat(struct request *req)
{
    struct err e = {0};

    if (!take(req, 0) || !req->textfile)
        return true;
    if (write_textfile(req, &e))
        say_failure(req, &e);
    return !req->exporter.ended && (req->count == 0 || req->written < req->count);
}

static int wait_ms(const struct request *req)
{
    ns_t due = exporter_due(&req->exporter), now = exporter_now();
    int http = req->http ? http_wait_ms(req->http) : -1, beat = -1;

    if (due != EXPORTER_NEVER)
        beat = due > now ? (int)MIN((due - now) / NS_PER_MS + 1, (ns_t)INT_MAX) : 0;
    return http < 0 ? beat : beat < 0 ? http : MIN(http, beat);
}

static void serve(struct request *req, int signals)
{
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
                           {.fd = req->http ? http_fd(req->http) : -1, .events = POLLIN}};

    for (;;) {
        if (poll(fds, ARRAY_SIZE(fds), wait_ms(req)) < 0 && errno != EINTR)
            return;
        if (fds[0].revents)
            return;
        if (exporter_now() >= exporter_due(&req->exporter) && !on_beat(req))
            return;
        if (req->http)
            http_run(req->http);
    }
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* What is wrong with the file shows at once, and not in 15 s. */
static int try_textfile(struct request *req, struct err *e)
{
    struct outfile o;
    int rc;

    if (!req->textfile)
        return 0;
    rc = outfile_open(&o, req->textfile, 0644, e);
    if (rc == 0)
        outfile_abort(&o);
    return rc;
}

static int export(struct request *req)
{
    const struct http_options o = {.listen = req->listen,
                                   .hosts = req->hosts.items,
                                   .nr_hosts = req->hosts.count,
                                   .render = render,
                                   .ctx = req};
    struct err e = {0};
    int signals, rc = CLI_OK;

    if (try_textfile(req, &e))
        return cli_fail_err(&req->cli, &e);
    if ((req->listen || !req->textfile) && (rc = http_open(&o, &req->http, &e)))
        return rc == -EINVAL ? cli_usage(&req->cli, "--listen: %s", e.text)
                             : cli_fail_err(&req->cli, &e);
    if (exporter_open(&req->exporter, req->root, req->delay, (u32)req->groups, &e)) {
        http_close(req->http);
        return cli_fail_err(&req->cli, &e);
    }
    if (req->http) {
        cli_note(&req->cli, "%s; it ends with Ctrl-C", http_url(req->http));
        if (http_is_open_to_all(req->http) && req->hosts.count == 0)
            cli_note(&req->cli, "clients are answered that reach this machine by an address; for a "
                                "name: --host-header NAME");
    }
    signals = open_signals();
    serve(req, signals);
    close(signals);
    if (req->count && req->written < req->count && req->failing)
        rc = CLI_FAILED;
    http_close(req->http);
    exporter_close(&req->exporter);
    return rc;
}

static int run(struct request *req)
{
    struct cli *cli = &req->cli;
    struct err e = {0};

    if (cli->nr_operands > 0 && parse_duration(cli->operands[0], &req->delay, &e))
        return cli_usage(cli, "DELAY: %s", e.text);
    if (req->delay < NS_PER_S || req->delay > 3600 * NS_PER_S)
        return cli_usage(cli, "DELAY %s: want 1 s to 1 h", cli->operands[0]);
    if (cli->nr_operands > 1) {
        if (parse_u64(cli->operands[1], &req->count, &e) || req->count == 0)
            return cli_usage(cli, "COUNT '%s': want a number of files", cli->operands[1]);
        if (!req->textfile)
            return cli_usage(cli, "COUNT is of --textfile FILE.prom");
    }
    return export(req);
}

static bool ends_in_prom(const char *path)
{
    size_t len = strlen(path);

    return len > 5 && strcmp(path + len - 5, ".prom") == 0 && path[len - 6] != '/';
}

static void option(struct request *req, int id)
{
    struct cli *cli = &req->cli;

    switch (id) {
    case OPT_LISTEN:
        req->listen = cli->arg;
        break;
    case OPT_TEXTFILE:
        req->textfile = cli->arg;
        if (!ends_in_prom(cli->arg))
            cli_usage(cli, "--textfile %s: node_exporter reads files that end in .prom alone",
                      cli->arg);
        break;
    case OPT_ROOT:
        req->root = cli->arg;
        break;
    case OPT_GROUPS:
        if (cli_parse_u64(cli, "--groups", &req->groups) &&
            (req->groups == 0 || req->groups > GROUPS_MOST))
            cli_usage(cli, "--groups %s: want 1 to %d", cli->arg, GROUPS_MOST);
        break;
    case OPT_HOST_HEADER:
        if (!http_is_host(cli->arg))
            cli_usage(cli, "--host-header '%s': want a name or an address, without a port",
                      cli->arg);
        vec_push(&req->hosts, cli->arg);
        break;
    }
}

int cmd_export(int argc, char **argv)
{
    struct request req = {.root = "/", .delay = 15 * NS_PER_S, .groups = GROUPS_DEFAULT};
    int rc;

    cli_init(&req.cli, &spec, argc, argv);
    for (int id; (id = cli_next(&req.cli)) > 0;)
        option(&req, id);
    rc = req.cli.done ? req.cli.exit_code : run(&req);
    vec_done(&req.hosts);
    return cli_done(&req.cli, rc);
}
