/* live_look.c - see live_look.h.
 *
 * Counters tell what comes back at the size that the group has, and `needed` (diagnose/needed.h)
 * what size that suggests. They tell nothing of a smaller size: that is what a squeeze is for.
 */
#include "cli/live_look.h"

#include "base/units.h"
#include "base/utf8.h"
#include "cli/beat.h"
#include "diagnose/diagnose.h"
#include "diagnose/needed.h"
#include "observe/sampler.h"
#include "report/json_put.h"
#include "report/text_wrap.h"
#include "squeeze/squeeze.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DURATION_DEFAULT (60 * NS_PER_S)
#define LOOKS_MAX        20000u
#define WRAP_COLUMNS     96u

struct seen {
    ns_t at;
    u64 refault_file, refault_anon, majflt, stall_us, oom_kill;
};

struct look {
    struct cli *cli;
    struct sampler *sampler;
    char group[PATH_MAX];
    struct diagnosis diagnosis;
    struct seen first, last;
    bool found, has_first;
    unsigned version; /* of cgroups */
    u64 least_bytes, most_bytes, now_bytes;
    double most_refaults; /* a second, over one interval */
    u64 samples;
};

static u64 or_zero(u64 value)
{
    return value == UNKNOWN ? 0 : value;
}

static double per_second(u64 from, u64 to, ns_t ns)
{
    return ns && to > from ? (double)(to - from) * 1e9 / (double)ns : 0;
}

static void take(struct look *l)
{
    const struct snapshot *s = sampler_snapshot(l->sampler);
    const struct cgroup_view *g = snapshot_cgroup(s, l->group);
    struct seen now;

    diagnosis_add(&l->diagnosis, s);
    if (!g)
        return;
    now = (struct seen){.at = g->stat_at,
                        .refault_file = or_zero(g->stat[WORKINGSET_REFAULT_FILE]),
                        .refault_anon = or_zero(g->stat[WORKINGSET_REFAULT_ANON]),
                        .majflt = or_zero(g->stat[PGMAJFAULT]),
                        .stall_us = or_zero(g->psi[PSI_MEM].some.total_us),
                        .oom_kill = or_zero(g->events[EV_OOM_KILL])};
    l->found = true;
    l->version = g->version;
    l->now_bytes = or_zero(g->current);
    l->least_bytes = l->samples ? MIN(l->least_bytes, l->now_bytes) : l->now_bytes;
    l->most_bytes = MAX(l->most_bytes, l->now_bytes);
    l->samples++;
    if (!l->has_first)
        l->first = now;
    else if (now.at > l->last.at)
        l->most_refaults = MAX(
            l->most_refaults, per_second(l->last.refault_file + l->last.refault_anon,
                                         now.refault_file + now.refault_anon, now.at - l->last.at));
    l->has_first = true;
    l->last = now;
}

static int take_sample(void *ctx, u64 n, struct err *e)
{
    struct look *l = ctx;

    (void)n;
    (void)e;
    take(l);
    return 0;
}

static int take_all(struct look *l, ns_t duration_ns, ns_t step_ns, struct err *e)
{
    struct beat beat = {.delay = step_ns, .take = take_sample, .ctx = l};
    size_t count = sampler_count(l->sampler), looks = MIN(count, (size_t)LOOKS_MAX);
    int rc = 0;

    if (!sampler_capture(l->sampler)) {
        ns_t ns = duration_ns ? duration_ns : DURATION_DEFAULT;

        beat.count = ns / step_ns + 1;
        sampler_hurry(l->sampler, SNAPSHOT_ALL);
        return beat_run(&beat, l->sampler, e);
    }
    for (size_t i = 0; i < looks && rc == 0; i++) {
        rc = sampler_seek(l->sampler, looks < 2 ? count - 1 : i * (count - 1) / (looks - 1), e);
        if (rc == 0)
            take(l);
        cli_progress(l->cli, "samples", i + 1, looks);
    }
    return rc;
}

static const struct need *find_need(const struct look *l)
{
    vec_for_each (&l->diagnosis.needs, n)
        if (n->group != GROUP_NONE &&
            strcmp(l->diagnosis.last->cgroups.items[n->group].path, l->group) == 0)
            return n;
    return NULL;
}

static const char can_tell[] =
    "These counters tell what comes back at the size that it has, and how long its tasks waited "
    "for "
    "that. They do not tell what would come back at a smaller size, nor which of its memory is not "
    "used: 'needed' is a range for that reason. A squeeze tells (highwater live without "
    "--watch-only), and so does a recording (highwater record, size).";
static const char version_1[] =
    "This is a group of cgroup v1: it has no memory.reclaim, no memory.high and no pressure of its "
    "own, "
    "so it cannot be squeezed without harm; a recording works (highwater record, size).";

static void render(const struct look *l, struct strbuf *out)
{
    const struct need *need = find_need(l);
    ns_t ns = l->last.at - l->first.at;
    char a[UNITS_TEXT_MAX], b[UNITS_TEXT_MAX], range[64];
    struct strbuf say;

    utf8_append_clean(out, l->group);
    strbuf_printf(out, ": looked at for %s (%" PRIu64 " samples), nothing touched\n\n",
                  format_ns(a, ns), l->samples);
    strbuf_printf(out, "%-22s %s, between %s", "size:", format_bytes(a, l->now_bytes),
                  format_bytes(b, l->least_bytes));
    strbuf_printf(out, " and %s\n", format_bytes(b, l->most_bytes));
    strbuf_printf(out, "%-22s %.1f file, %.1f anonymous a second; at most %.1f together\n",
                  "refaults:", per_second(l->first.refault_file, l->last.refault_file, ns),
                  per_second(l->first.refault_anon, l->last.refault_anon, ns), l->most_refaults);
    strbuf_printf(out, "%-22s %.1f a second\n",
                  "major faults:", per_second(l->first.majflt, l->last.majflt, ns));
    if (l->version != 1)
        strbuf_printf(out, "%-22s %.2f %% of the time\n",
                      "memory stall:", per_second(l->first.stall_us, l->last.stall_us, ns) / 1e4);
    strbuf_printf(out, "%-22s %" PRIu64 "\n",
                  "killed:", l->last.oom_kill - MIN(l->last.oom_kill, l->first.oom_kill));
    strbuf_init(&say);
    if (need && need->low != UNKNOWN) {
        strbuf_printf(out, "%-22s %s\n", "needed:", need_format(range, need->low, need->high));
        need_say(need, &say);
        strbuf_appendc(out, '\n');
        text_wrap(out, say.text, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
    }
    strbuf_done(&say);
    strbuf_appendc(out, '\n');
    text_wrap(out, can_tell, 0, WRAP_COLUMNS);
    strbuf_appendc(out, '\n');
    if (l->version == 1) {
        strbuf_appendc(out, '\n');
        text_wrap(out, version_1, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
    }
}

static void put_real(json_object *o, const char *key, double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%.4f", value);
    json_put(o, key, json_new_number(value, text));
}

static json_object *json(const struct look *l)
{
    const struct need *need = find_need(l);
    ns_t ns = l->last.at - l->first.at;
    json_object *o = json_new_object(), *needed = json_new_object();

    json_put(o, "schema_version", json_new_s64(SQUEEZE_SCHEMA_VERSION));
    json_put_text(o, "input", l->group);
    json_put(o, "live", json_new_bool(true));
    json_put(o, "watch_only", json_new_bool(true));
    json_put_u64(o, "cgroup_version", l->version);
    put_real(o, "seconds", (double)ns / 1e9);
    json_put_u64(o, "samples", l->samples);
    json_put_u64(o, "memory.current", l->now_bytes);
    json_put_u64(o, "lowest_bytes", l->least_bytes);
    json_put_u64(o, "largest_bytes", l->most_bytes);
    json_put_u64(o, "workingset_refault_file",
                 l->last.refault_file - MIN(l->first.refault_file, l->last.refault_file));
    json_put_u64(o, "workingset_refault_anon",
                 l->last.refault_anon - MIN(l->first.refault_anon, l->last.refault_anon));
    json_put_u64(o, "pgmajfault", l->last.majflt - MIN(l->first.majflt, l->last.majflt));
    put_real(o, "refaults_per_s_max", l->most_refaults);
    json_put(o, "stall_ns",
             l->version == 1
                 ? NULL
                 : json_new_u64((l->last.stall_us - MIN(l->first.stall_us, l->last.stall_us)) *
                                NS_PER_US));
    if (need && need->low != UNKNOWN) {
        json_put_u64(needed, "low_bytes", need->low);
        json_put(needed, "high_bytes", need->high == UNKNOWN ? NULL : json_new_u64(need->high));
    }
    json_put(o, "needed", needed);
    json_put_text(o, "can_tell", can_tell);
    return o;
}

static int emit(struct look *l)
{
    struct strbuf text;
    int rc;

    if (l->cli->format == CLI_OWN)
        return cli_fail(l->cli, "counters alone give no limit to paste");
    if (cli_wants_document(l->cli))
        return cli_emit_document(l->cli, PAGE_OF_LIVE, l->group, json(l));
    strbuf_init(&text);
    render(l, &text);
    rc = cli_emit(l->cli, &text);
    strbuf_done(&text);
    return rc;
}

/* "web", "/web/" and "/sys/fs/cgroup/web" are "/web". */
static void name_group(struct look *l, const char *text)
{
    static const char mount[] = "/sys/fs/cgroup/";
    size_t len;

    if (strncmp(text, mount, strlen(mount)) == 0)
        text += strlen(mount) - 1;
    snprintf(l->group, sizeof(l->group), "%s%s", *text == '/' ? "" : "/", text);
    for (len = strlen(l->group); len > 1 && l->group[len - 1] == '/'; len--)
        l->group[len - 1] = '\0';
}

int live_look(struct cli *cli, const char *root, const char *group, ns_t duration_ns, ns_t step_ns)
{
    struct look l = {.cli = cli};
    struct err e = {0};
    int rc;

    name_group(&l, group);
    if (sampler_open(*root ? root : "/", SNAPSHOT_ALL, &l.sampler, &e))
        return cli_fail_err(cli, &e);
    diagnosis_init(&l.diagnosis, &(struct diagnose_options){.cgroup = l.group});
    rc = take_all(&l, duration_ns, step_ns, &e);
    cli_progress_end(cli);
    if (rc && rc != -ENODATA) {
        rc = cli_fail_err(cli, &e);
    } else if (!l.found) {
        rc = cli_fail(cli, "no group %s is seen there", l.group);
    } else {
        diagnosis_conclude(&l.diagnosis);
        rc = emit(&l);
    }
    diagnosis_done(&l.diagnosis);
    sampler_free(l.sampler);
    return rc;
}
