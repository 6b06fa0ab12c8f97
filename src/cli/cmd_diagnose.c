/* cmd_diagnose.c - highwater diagnose [FILE.hwc | DIR] [DELAY [COUNT]]: is this machine healthy,
 * and if not, why and what next.
 *
 * A live machine is looked at twice, a second apart; with DELAY it goes on and prints what changes.
 * An archive is one sample. Of a capture the worst moment is shown, unless --at names one: whoever
 * has a capture wants to know what happened in it. Long captures are looked at in steps, over which
 * rates are averages.
 *
 * Exit codes are those of monitoring plug-ins: 0 healthy, 1 warning, 2 critical, 3 cannot tell. A
 * wrong command line and a source that cannot be read are 3 as well: a typing error is not an
 * emergency. */
#include "base/outfile.h"
#include "base/units.h"
#include "cli/beat.h"
#include "cli/cli.h"
#include "cli/pasted.h"
#include "cli/verbs.h"
#include "diagnose/diagnose.h"
#include "observe/sampler.h"
#include "report/anonymise.h"
#include "report/diagnose_report.h"
#include "report/json_put.h"
#include "stats/names.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    OPT_ROOT = 1,
    OPT_EXPLAIN,
    OPT_ONLY,
    OPT_CGROUP,
    OPT_PID,
    OPT_AT,
    OPT_ANONYMISE,
    OPT_ANONYMISE_INPUT
};

static const struct cli_option options[] = {
    {OPT_ROOT, "root", 0, "DIR", "diagnose the machine whose /proc and /sys are in DIR (/)"},
    {OPT_AT, "at", 0, "TIME", "of a capture: the state at TIME instead of the worst moment"},
    {OPT_ONLY, "only", 0, "RULE[,...]", "only these findings, by name or family"},
    {OPT_CGROUP, "cgroup", 0, "PATH", "only this control group and those below it"},
    {OPT_PID, "pid", 0, "N", "only this process and the control groups it is in"},
    {OPT_ANONYMISE, "anonymise", 0, NULL,
     "replace names of hosts, pods, containers, images, users, and addresses"},
    {OPT_ANONYMISE_INPUT, "anonymise-input", 0, "FILE",
     "write the text that was read (also of -) to FILE, with names replaced"},
    {OPT_EXPLAIN, "explain", 0, NULL, "explain each finding in full"},
};

static const struct cli_spec spec = {
    .verb = "diagnose",
    .operands = "[FILE... | DIR | -] [DELAY [COUNT]]",
    .summary =
        "Says whether a machine's memory is healthy, and if not, why and what next.\n"
        "The machine is this one, a container, a capture (FILE.hwc), one that 'highwater run "
        "--proc\n"
        "DIR' wrote, or whatever text there is of it: logs, outputs of commands{archives?, an "
        "archive}.",
    .takes = CLI_OUTPUT | CLI_PAGE | CLI_PICTURES | CLI_PROGRESS,
    .options = options,
    .nr_options = ARRAY_SIZE(options),
    .notes =
        "--format markdown makes a page for a ticket{pages?, -o NAME.html one with pictures}.\n"
        "--quiet prints the verdict line alone. Without DELAY a live machine is looked at twice,\n"
        "1 s apart; with it, every DELAY seconds, COUNT times or until interrupted, and changes\n"
        "are printed. TIME is as in 'highwater capture --help'.\n"
        "\n"
        "A FILE may hold anything, mixed: kernel logs behind any prefix, free, vmstat, top, ps, "
        "sar,\n"
        "slabtop, kubectl describe, docker stats, files of /proc, /sys and cgroups, a ticket with "
        "all\n"
        "of it. It may be compressed "
        "{archives?(.gz .xz .zst .bz2) or an archive (.tar.*, .zip, a sosreport);}"
        "{!archives?(.gz .zst; archives and other kinds are refused);}\n"
        "several files and directories are one incident; - is the standard input.\n"
        "\n"
        "Exit code: 0 healthy, 1 warning, 2 critical, 3 cannot tell (also when the command line\n"
        "is wrong or nothing can be read), of the last look.\n"
        "\n"
        "Examples:\n"
        "  highwater diagnose\n"
        "  highwater diagnose --cgroup /system.slice/db.service --explain\n"
        "  highwater diagnose {archives?sosreport-db1.tar.xz}{!archives?messages-db1.gz} --format "
        "json\n"
        "  highwater diagnose /var/log/messages*\n"
        "  kubectl describe pod web-1 | highwater diagnose -\n"
        "{pages?  highwater diagnose host.hwc -o incident.html\n}"
        "{!pages?  highwater diagnose host.hwc --format json -o incident.json\n}"
        "  highwater diagnose host.hwc --at 03:10\n"
        "  highwater diagnose 1 60\n",
    .min_operands = 0,
    .max_operands = UINT_MAX,
    .failed = VERDICT_UNKNOWN,
};

#define DELAY_DEFAULT (1 * NS_PER_S)
/* Instants of a capture that are looked at: more would not fit on any screen, and take minutes. */
#define LOOKS_MAX     600
#define INPUT_MAX     (32u << 20)

struct request {
    struct cli cli;
    const char *root, *at;
    const char *anonymise_input;   /* NULL: no copy */
    struct anonymiser *anonymiser; /* NULL: names stay */
    bool has_root, explain;
    ns_t delay; /* 0: two samples and done */
    u64 count;  /* 0: until interrupted */
    struct diagnose_options only;
    struct sampler *sampler; /* NULL while a paste is looked at */
    struct paste *paste;
    struct strbuf read; /* what the paste had */
    char *const *inputs;
    unsigned nr_inputs;
    VEC(struct diagnose_machine) machines; /* of the paste, the worst first */
    struct diagnosis diagnosis;
    struct diagnose_over_time over_time; /* of all looks, also of those after the worst */
    u64 samples;
};

/* What the other verbs return, as this one's exit code. */
static int cannot_tell(int code)
{
    return code == CLI_OK ? CLI_OK : (int)VERDICT_UNKNOWN;
}

/* --- showing ---------------------------------------------------------------------------------- */

static struct diagnose_report report_of(const struct request *req)
{
    return (struct diagnose_report){
        .diagnosis = &req->diagnosis,
        .source = req->anonymiser ? req->paste && req->paste->s.is_text ? "the user" : "of the user"
                  : strcmp(req->root, "-") == 0 ? "standard input"
                                                : req->root,
        .more_sources = req->nr_inputs > 1 && !req->anonymiser ? req->nr_inputs - 1 : 0,
        .samples = req->samples,
        .samples_available =
            req->sampler && sampler_capture(req->sampler) ? sampler_count(req->sampler) : 0,
        .worst = req->sampler && sampler_capture(req->sampler) && !req->at,
        .read = req->paste ? req->read.text : NULL,
        .machines = req->machines.items,
        .nr_machines = req->machines.count,
        .over_time = req->over_time.moments.times.count ? &req->over_time : NULL,
        .explain = req->explain,
        .color = req->cli.color,
    };
}

/* The logs of a directory, one behind the other with a head before each. */
static void read_logs(struct request *req, struct strbuf *text)
{
    struct source *src = NULL;
    struct strbuf raw;
    struct err ignored;

    if (source_dir_open(req->root, &src, &ignored))
        return;
    strbuf_init(&raw);
    vec_for_each (&req->diagnosis.last->log_files, file) {
        strbuf_reset(&raw);
        if (!**file || source_read(src, *file, INPUT_MAX, &raw) != 0 || raw.len == 0)
            continue;
        strbuf_printf(text, "%s==> %s <==\n", text->len ? "\n" : "", *file);
        strbuf_append_bytes(text, raw.text, raw.len);
    }
    strbuf_done(&raw);
    source_free(src);
}

/* Learn the names of what was read, and write its copy if that was asked for: names are numbered as
 * the input has them. */
static int take_names(struct request *req)
{
    struct strbuf logs, copy;
    const struct strbuf *read = req->paste ? &req->paste->kept : &logs;
    struct err e = {0};
    int rc = CLI_OK;

    strbuf_init(&logs);
    strbuf_init(&copy);
    if (!req->paste)
        read_logs(req, &logs);
    if (req->anonymise_input)
        anonymise_input(req->anonymiser, read->text, read->len, &copy);
    else
        anonymiser_learn(req->anonymiser, read->text, read->len);
    anonymiser_add_host(req->anonymiser, req->diagnosis.last->hostname);
    vec_for_each (&req->machines, m)
        anonymiser_add_host(req->anonymiser, m->name);
    if (req->anonymise_input && copy.len == 0)
        rc =
            cli_fail(&req->cli, "--anonymise-input: no log was read that can be copied; want text, "
                                "an archive, or a directory with them");
    else if (req->anonymise_input && outfile_write(req->anonymise_input, copy.text, copy.len, &e))
        rc = cli_fail_err(&req->cli, &e);
    strbuf_done(&logs);
    strbuf_done(&copy);
    return rc;
}

/* The text with its names replaced, if that was asked for. */
static void replace_names(struct request *req, struct strbuf *text)
{
    struct strbuf clean;

    if (!req->anonymiser)
        return;
    strbuf_init(&clean);
    anonymise(req->anonymiser, text->text, text->len, &clean);
    strbuf_done(text);
    *text = clean;
}

/* The exit code: that of the verdict. */
static int show(struct request *req)
{
    struct diagnose_report r = report_of(req);
    struct strbuf text;
    int rc;

    strbuf_init(&text);
    if (cli_wants_document(&req->cli))
        json_document(diagnose_json(&r), &text);
    else if (req->cli.format == CLI_MARKDOWN)
        diagnose_render_markdown(&r, &text);
    else if (req->cli.quiet)
        diagnose_render_verdict(&r, &text);
    else
        diagnose_render_text(&r, &text);
    rc = req->anonymiser ? take_names(req) : CLI_OK;
    replace_names(req, &text);
    if (rc == CLI_OK && cli_wants_document(&req->cli))
        rc = cli_emit_json(&req->cli, PAGE_OF_DIAGNOSE, r.source, &text);
    else if (rc == CLI_OK)
        rc = cli_emit(&req->cli, &text);
    strbuf_done(&text);
    /* The answer is in a file: why nothing can be told is said all the same, since the exit code is
     * that of a failure. */
    if (rc == CLI_OK && req->cli.output && req->diagnosis.verdict == VERDICT_UNKNOWN)
        cli_fail(&req->cli, "%s: cannot tell: %s", r.source, req->diagnosis.headline);
    return rc ? (int)VERDICT_UNKNOWN : (int)req->diagnosis.verdict;
}

static int look(struct request *req, struct err *e)
{
    int rc = sampler_next(req->sampler, e);

    if (rc == 0) {
        diagnosis_add(&req->diagnosis, sampler_snapshot(req->sampler));
        req->samples++;
    }
    return rc;
}

/* --- a live machine --------------------------------------------------------------------------- */

static int show_changes(struct request *req, struct diagnose_state *state)
{
    struct diagnose_report r = report_of(req);
    struct strbuf text;
    int rc = CLI_OK;

    strbuf_init(&text);
    diagnose_render_changes(&r, state, &text);
    diagnose_state_take(state, &req->diagnosis);
    replace_names(req, &text);
    if (text.len)
        rc = cli_emit(&req->cli, &text);
    strbuf_done(&text);
    return rc;
}

struct watch {
    struct request *req;
    struct diagnose_state state;
    u64 count;   /* samples; 0: until interrupted */
    bool prints; /* changes, as they come; else a document, or a file, is of the end */
    int exit_code;
};

/* The first verdict, from two samples: what changes is compared with it. */
static void show_first(struct watch *w)
{
    w->exit_code = w->prints ? show(w->req) : (int)w->req->diagnosis.verdict;
    diagnose_state_take(&w->state, &w->req->diagnosis);
    sampler_read_all(w->req->sampler, false);
}

static int take_sample(void *ctx, u64 n, struct err *e)
{
    struct watch *w = ctx;
    struct request *req = w->req;

    (void)e;
    diagnosis_add(&req->diagnosis, sampler_snapshot(req->sampler));
    diagnose_over_time_add(&req->over_time, sampler_snapshot(req->sampler));
    req->samples++;
    if (n == 1 && w->count != 1)
        return 0;
    diagnosis_conclude(&req->diagnosis);
    diagnose_over_time_find(&req->over_time, &req->diagnosis);
    if (n <= 2) {
        show_first(w);
        return 0;
    }
    w->exit_code = (int)req->diagnosis.verdict;
    if (!w->prints || show_changes(req, &w->state) == CLI_OK)
        return 0;
    w->exit_code = (int)VERDICT_UNKNOWN;
    return -EIO; /* it was said */
}

static int diagnose_live(struct request *req, struct err *e)
{
    struct watch w = {
        .req = req,
        .count = req->delay ? req->count : 2,
        .prints = req->cli.format == CLI_TEXT && !req->cli.output,
        .exit_code = (int)VERDICT_UNKNOWN,
    };
    const struct beat beat = {
        .delay = req->delay ? req->delay : DELAY_DEFAULT,
        .count = w.count,
        .take = take_sample,
        .ctx = &w,
    };
    int rc;

    sampler_read_all(req->sampler, true);
    rc = beat_run(&beat, req->sampler, e);
    if (rc && *e->text)
        w.exit_code = cannot_tell(cli_fail_err(&req->cli, e));
    diagnose_state_done(&w.state);
    return !w.prints && req->samples >= MIN(beat.count ? beat.count : 2, (u64)2) ? show(req)
                                                                                 : w.exit_code;
}

/* --- a capture -------------------------------------------------------------------------------- */

/* Instant number `look` of `looks` that are spread over 0 to last, both ends among them. */
static size_t instant(size_t look, size_t looks, size_t last)
{
    return looks < 2 ? last : look * last / (looks - 1);
}

static double badness(const struct diagnosis *d)
{
    static const double ranks[] = {[VERDICT_UNKNOWN] = 0,
                                   [VERDICT_HEALTHY] = 1,
                                   [VERDICT_WARNING] = 2,
                                   [VERDICT_CRITICAL] = 3};
    const struct findings *f = &d->findings;
    bool pains = d->verdict == VERDICT_WARNING || d->verdict == VERDICT_CRITICAL;

    return ranks[d->verdict] + (pains && f->items.count ? f->items.items[0].weight / 2 : 0);
}

/* Look at instants 0 to `looks` - 1 of those that are spread up to `last`. Which was the worst, in
 * *ret (may be NULL). */
static int look_through(struct request *req, size_t looks, size_t of, size_t last, size_t *ret,
                        struct err *e)
{
    double worst = -1;

    diagnosis_done(&req->diagnosis);
    diagnosis_init(&req->diagnosis, &req->only);
    req->samples = 0;
    for (size_t i = 0; i < looks; i++) {
        int rc = sampler_seek(req->sampler, instant(i, of, last), e);

        if (rc)
            return rc;
        diagnosis_add(&req->diagnosis, sampler_snapshot(req->sampler));
        if (looks == of)
            diagnose_over_time_add(&req->over_time, sampler_snapshot(req->sampler));
        req->samples++;
        cli_progress(&req->cli, "samples", i + 1, looks);
        if (!ret)
            continue;
        diagnosis_conclude(&req->diagnosis);
        diagnose_over_time_find(&req->over_time, &req->diagnosis);
        if (badness(&req->diagnosis) >= worst) {
            worst = badness(&req->diagnosis);
            *ret = i;
        }
    }
    return 0;
}

static int diagnose_capture(struct request *req, struct err *e)
{
    size_t last = sampler_count(req->sampler) - 1, looks, worst = 0;

    if (req->at && capture_parse_at(sampler_capture(req->sampler), req->at, &last, e))
        return cannot_tell(cli_usage(&req->cli, "--at: %s", e->text));
    looks = MIN(last + 1, (size_t)LOOKS_MAX);
    if (look_through(req, looks, looks, last, req->at ? NULL : &worst, e))
        return cannot_tell(cli_fail_err(&req->cli, e));
    if (!req->at && worst + 1 < looks && look_through(req, worst + 1, looks, last, NULL, e))
        return cannot_tell(cli_fail_err(&req->cli, e));
    diagnosis_conclude(&req->diagnosis);
    return show(req);
}

/* --- what somebody pasted --------------------------------------------------------------------- */

/* Who reads JSON gets an object all the same: the verdict is unknown, and its headline says why. */
static void show_nothing(struct request *req, const char *why)
{
    req->paste = paste_new();
    paste_end(req->paste);
    strbuf_reset(&req->read);
    diagnosis_init(&req->diagnosis, &req->only);
    diagnosis_add(&req->diagnosis, &req->paste->s);
    diagnosis_conclude(&req->diagnosis);
    snprintf(req->diagnosis.headline, sizeof(req->diagnosis.headline), "%.300s", why);
    show(req);
    diagnosis_done(&req->diagnosis);
    paste_free(req->paste);
    req->paste = NULL;
}

/* The verdict on one machine of a text. */
static void judge(struct request *req, const struct paste *p)
{
    diagnosis_init(&req->diagnosis, &req->only);
    req->samples = 0;
    if (p->has_before) {
        diagnosis_add(&req->diagnosis, &p->before);
        req->samples++;
    }
    diagnosis_add(&req->diagnosis, &p->s);
    req->samples++;
    diagnosis_conclude(&req->diagnosis);
}

/* The last sample is well; who reads the first line must know that an earlier one was not. */
static void tell_earlier(struct request *req, const struct paste *p)
{
    struct diagnosis *d = &req->diagnosis, was;
    size_t len = strlen(d->headline);

    if (!p->earlier || d->verdict == VERDICT_WARNING || d->verdict == VERDICT_CRITICAL)
        return;
    diagnosis_init(&was, &req->only);
    diagnosis_add(&was, &p->earlier->s);
    diagnosis_conclude(&was);
    if (was.verdict == VERDICT_WARNING || was.verdict == VERDICT_CRITICAL)
        snprintf(d->headline + len, sizeof(d->headline) - len, "; but before (line %u) it was: %s",
                 p->earlier_at.line, was.headline);
    diagnosis_done(&was);
}

/* A machine that cannot be judged is no reason to call all of them well. */
static double machine_badness(const struct diagnosis *d)
{
    return d->verdict == VERDICT_UNKNOWN ? 1.5 : badness(d);
}

static int worst_machine_first(const void *a, const void *b)
{
    const struct diagnose_machine *x = a, *y = b;

    return (x->badness < y->badness) - (x->badness > y->badness);
}

static void note_machine(struct request *req, const struct paste_machine *m)
{
    struct diagnose_machine fresh = {.name = m->name};

    judge(req, m->paste);
    tell_earlier(req, m->paste);
    fresh.verdict = req->diagnosis.verdict;
    fresh.badness = machine_badness(&req->diagnosis);
    snprintf(fresh.headline, sizeof(fresh.headline), "%s", req->diagnosis.headline);
    /* Lines of nobody, without anything that went wrong. */
    if (m->has_size || fresh.badness >= 2)
        vec_push(&req->machines, fresh);
    diagnosis_done(&req->diagnosis);
}

/* Judge each machine, and show the worst; of those that are equally bad, the first. */
static void judge_machines(struct request *req)
{
    const struct diagnose_machine *worst;
    char name[80] = "";

    vec_for_each (&req->paste->machines, m)
        note_machine(req, m);
    qsort(req->machines.items, req->machines.count, sizeof(req->machines.items[0]),
          worst_machine_first);
    worst = &req->machines.items[0];
    vec_for_each (&req->paste->machines, m)
        if (m->name == worst->name)
            judge(req, m->paste);
    if (*worst->name)
        snprintf(name, sizeof(name), "%.70s: ", worst->name);
    snprintf(req->diagnosis.headline, sizeof(req->diagnosis.headline),
             "%s%.175s; the worst of %u machines in this text%s", name, worst->headline,
             (unsigned)req->machines.count,
             req->paste->machines_cut ? ", as far as it was read" : "");
}

static int diagnose_paste(struct request *req)
{
    struct err e = {0};
    bool is_known;
    int rc;

    if (req->at)
        return cannot_tell(
            cli_usage(&req->cli, "--at is for captures, and '%s' is none", req->root));
    if (req->delay)
        return cannot_tell(
            cli_usage(&req->cli, "DELAY is for a live machine; '%s' stands still", req->root));
    req->paste = pasted_read(req->inputs, req->nr_inputs, req->anonymiser != NULL, &is_known, &e);
    strbuf_init(&req->read);
    if (!req->paste) {
        rc = cannot_tell(cli_fail_err(&req->cli, &e));
        pasted_kinds(&req->read);
        if (!is_known)
            cli_note(&req->cli, "%s", req->read.text);
        if (req->cli.format == CLI_JSON)
            show_nothing(req, e.text);
        strbuf_done(&req->read);
        return rc;
    }
    pasted_describe(req->paste, &req->read);
    if (req->paste->machines.count) {
        judge_machines(req);
    } else {
        judge(req, req->paste);
        tell_earlier(req, req->paste);
    }
    rc = show(req);
    diagnosis_done(&req->diagnosis);
    vec_done(&req->machines);
    paste_free(req->paste);
    strbuf_done(&req->read);
    return rc;
}

static int diagnose(struct request *req)
{
    struct err e = {0};
    int rc;

    if (req->nr_inputs > 1 || (req->nr_inputs == 1 && !pasted_is_other(req->inputs[0])))
        return diagnose_paste(req);
    if (sampler_open(req->root, SNAPSHOT_ALL, &req->sampler, &e))
        return cannot_tell(cli_fail_err(&req->cli, &e));
    diagnosis_init(&req->diagnosis, &req->only);
    if (req->at && !sampler_capture(req->sampler)) {
        rc = cannot_tell(cli_usage(&req->cli, "--at is for captures, and '%s' is none", req->root));
    } else if (req->delay && !sampler_source(req->sampler)->live) {
        rc = cannot_tell(
            cli_usage(&req->cli, "DELAY is for a live machine; '%s' stands still", req->root));
    } else if (sampler_capture(req->sampler)) {
        rc = diagnose_capture(req, &e);
    } else if (sampler_source(req->sampler)->live) {
        rc = diagnose_live(req, &e);
    } else if (look(req, &e)) {
        rc = cannot_tell(cli_fail_err(&req->cli, &e));
    } else {
        diagnosis_conclude(&req->diagnosis);
        rc = show(req);
    }
    diagnosis_done(&req->diagnosis);
    sampler_free(req->sampler);
    return rc;
}

/* --- the command line ------------------------------------------------------------------------- */

/* Each name of --only is a rule or a family. */
static void check_only(struct cli *cli, const char *only)
{
    char name[80], hint[256];
    struct nearest near;

    while (*only) {
        size_t len = strcspn(only, ",");

        snprintf(name, sizeof(name), "%.*s", (int)MIN(len, sizeof(name) - 1), only);
        if (rule_find(name) == NR_RULES && !rule_is_family(name)) {
            nearest_init(&near, name);
            for (unsigned i = 0; i < NR_RULES; i++)
                nearest_offer(&near, rule_info[i].name);
            for (unsigned i = 0; i < NR_RULES; i++)
                nearest_offer(&near, rule_info[i].family);
            cli_usage(cli, "--only: unknown finding '%s'%s", name,
                      nearest_text(&near, hint, sizeof(hint)));
            return;
        }
        only += len + (only[len] == ',');
    }
}

/* "web", "/web/" and "/sys/fs/cgroup/web" are "/web". */
static const char *group_path(const char *text)
{
    static char path[4096];
    static const char mount[] = "/sys/fs/cgroup";
    size_t len;

    if (strncmp(text, mount, strlen(mount)) == 0 &&
        (text[strlen(mount)] == '/' || !text[strlen(mount)]))
        text += strlen(mount);
    snprintf(path, sizeof(path), "%s%s", *text == '/' ? "" : "/", text);
    for (len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
        path[len - 1] = '\0';
    return path;
}

static void option(struct request *req, int id)
{
    struct cli *cli = &req->cli;
    u64 pid;

    switch (id) {
    case OPT_ROOT:
        req->root = cli->arg;
        req->has_root = true;
        break;
    case OPT_AT:
        req->at = cli->arg;
        break;
    case OPT_ONLY:
        req->only.only = cli->arg;
        check_only(cli, cli->arg);
        break;
    case OPT_CGROUP:
        req->only.cgroup = group_path(cli->arg);
        break;
    case OPT_PID:
        if (cli_parse_u64(cli, "--pid", &pid) && (pid == 0 || pid > UINT32_MAX))
            cli_usage(cli, "--pid %s: not a process", cli->arg);
        else if (!cli->done)
            req->only.pid = (u32)pid;
        break;
    case OPT_ANONYMISE_INPUT:
        req->anonymise_input = cli->arg;
        /* fall through */
    case OPT_ANONYMISE:
        if (!req->anonymiser)
            req->anonymiser = anonymiser_new();
        break;
    case OPT_EXPLAIN:
        req->explain = true;
        break;
    }
}

/* A word of digits is DELAY, whatever files there are; then the file is said how to name. */
static void note_file_like(struct cli *cli, const char *word)
{
    struct stat st;

    if (stat(word, &st) == 0)
        cli_note(cli, "'%s' is taken as a number; for the file or directory of that name say ./%s",
                 word, word);
}

static void delay_operand(struct request *req, const char *word)
{
    struct cli *cli = &req->cli;
    struct err e = {0};

    note_file_like(cli, word);
    if (parse_duration(word, &req->delay, &e))
        cli_usage(cli, "DELAY: %s", e.text);
    else if (req->delay < NS_PER_S || req->delay > 24 * 3600 * NS_PER_S)
        cli_usage(cli, "DELAY %s: want 1 s to 24 h", word);
}

/* [FILE... | DIR | -] [DELAY [COUNT]] */
static void operands(struct request *req)
{
    struct cli *cli = &req->cli;
    struct err e = {0};
    unsigned at = 0;
    ns_t delay;

    while (at < cli->nr_operands && parse_duration(cli->operands[at], &delay, NULL) &&
           (at == 0 || !req->has_root))
        at++;
    req->inputs = cli->operands;
    req->nr_inputs = at;
    if (at && req->has_root)
        cli_usage(cli, "'%s' and --root %s: want one of them", cli->operands[0], req->root);
    if (at)
        req->root = cli->operands[0];
    if (at < cli->nr_operands)
        delay_operand(req, cli->operands[at++]);
    if (at < cli->nr_operands) {
        if (parse_u64(cli->operands[at], &req->count, &e) || req->count == 0)
            cli_usage(cli, "COUNT '%s': want a number of samples", cli->operands[at]);
        at++;
    }
    if (at < cli->nr_operands)
        cli_usage(cli, "unexpected '%s' after DELAY and COUNT", cli->operands[at]);
    if (req->only.cgroup && req->only.pid)
        cli_usage(cli, "--cgroup and --pid: want one of them");
}

int cmd_diagnose(int argc, char **argv)
{
    struct request req = {.root = "/"};
    int rc;

    cli_init(&req.cli, &spec, argc, argv);
    for (int id; (id = cli_next(&req.cli)) > 0;)
        option(&req, id);
    if (!req.cli.done)
        operands(&req);
    diagnose_over_time_init(&req.over_time, req.only.cgroup);
    rc = req.cli.done ? cannot_tell(req.cli.exit_code) : diagnose(&req);
    diagnose_over_time_done(&req.over_time);
    anonymiser_free(req.anonymiser);
    return cli_done(&req.cli, rc);
}
