/* diagnose_text.c - a diagnosis for a person, who may have just been woken up.
 *
 * The verdict first, then what supports it, worst first: a warning with its evidence and what to
 * do, information and good news in a line or two. Then all memory as a tree, why other tools
 * differ, and what cannot be told here. 80 columns, words broken at blanks.
 */
#include "report/diagnose_report.h"

#include "diagnose/needed.h"
#include "diagnose/post_mortem.h"
#include "report/diagnose_plot.h"
#include "report/post_mortem_report.h"

#include "base/units.h"
#include "base/utf8.h"
#include "report/text_wrap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define COLUMNS        80u
#define INDENT         12u /* of what follows a severity */
/* Lines of evidence below a kill. */
#define EVIDENCE_SHOWN 6

enum { BOLD, DIM, RED, YELLOW, GREEN, PLAIN };

static const char *style(const struct diagnose_report *r, unsigned which)
{
    static const char *const codes[] = {
        [BOLD] = "\033[1m",    [DIM] = "\033[2m",    [RED] = "\033[1;31m",
        [YELLOW] = "\033[33m", [GREEN] = "\033[32m", [PLAIN] = "\033[0m",
    };

    return r->color ? codes[which] : "";
}

static unsigned severity_style(enum severity severity)
{
    switch (severity) {
    case SEV_CRITICAL:
        return RED;
    case SEV_WARNING:
        return YELLOW;
    case SEV_GOOD:
        return GREEN;
    case SEV_INFO:
        return PLAIN;
    }
    return PLAIN;
}

static unsigned verdict_style(enum verdict verdict)
{
    static const unsigned styles[] = {
        [VERDICT_HEALTHY] = GREEN,
        [VERDICT_WARNING] = YELLOW,
        [VERDICT_CRITICAL] = RED,
        [VERDICT_UNKNOWN] = BOLD,
    };

    return styles[verdict];
}

static void heading(const struct diagnose_report *r, struct strbuf *out, const char *title)
{
    strbuf_printf(out, "\n%s%s%s\n", style(r, BOLD), title, style(r, PLAIN));
}

static const char *verdict_word(enum verdict verdict)
{
    static const char *const words[] = {
        [VERDICT_HEALTHY] = "HEALTHY",
        [VERDICT_WARNING] = "WARNING",
        [VERDICT_CRITICAL] = "CRITICAL",
        [VERDICT_UNKNOWN] = "CANNOT TELL",
    };

    return words[verdict];
}

void diagnose_render_verdict(const struct diagnose_report *r, struct strbuf *out)
{
    const struct diagnosis *d = r->diagnosis;

    /* Something stands, but not whether it hurts. */
    bool note = d->verdict == VERDICT_UNKNOWN && d->findings.items.count &&
                d->findings.items.items[0].severity == SEV_INFO;

    strbuf_printf(out, "%s%s%s: ", style(r, verdict_style(d->verdict)),
                  note ? "NOTE" : verdict_word(d->verdict), style(r, PLAIN));
    utf8_append_clean(out, d->headline);
    strbuf_appendc(out, '\n');
}

/* --- the head --------------------------------------------------------------------------------- */

static const char *kind_text(enum source_kind kind)
{
    switch (kind) {
    case SOURCE_LIVE:
        return "this machine";
    case SOURCE_CONTAINER:
        return "this container";
    case SOURCE_ARCHIVE:
        return "archive";
    case SOURCE_SIMULATED:
        return "simulated machine";
    case SOURCE_CAPTURE:
        return "capture";
    }
    return "";
}

static void add_time(struct strbuf *text, u64 wall_us)
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    char stamp[40];

    if (!known(wall_us) || !localtime_r(&seconds, &tm))
        return;
    strftime(stamp, sizeof(stamp), ", %Y-%m-%d %H:%M:%S", &tm);
    strbuf_append(text, stamp);
}

static void render_head(const struct diagnose_report *r, struct strbuf *out)
{
    const struct snapshot *s = r->diagnosis->last;
    char buf[48];
    struct strbuf text;

    strbuf_init(&text);
    strbuf_append(&text, s->is_text ? "text of" : kind_text(s->kind));
    if (s->kind != SOURCE_LIVE && s->kind != SOURCE_CONTAINER) {
        strbuf_appendc(&text, ' ');
        utf8_append_clean(&text, r->source);
        if (r->more_sources)
            strbuf_printf(&text, " and %u more", r->more_sources);
    }
    if (*s->hostname)
        strbuf_printf(&text, ", %s", s->hostname);
    if (*s->release)
        strbuf_printf(&text, ", Linux %s", s->release);
    if (known(s->uptime_us))
        strbuf_printf(&text, ", up %s",
                      format_evidence(buf, (double)s->uptime_us / 1e6, IN_SECONDS));
    add_time(&text, s->wall_us);
    if (isnan(r->diagnosis->interval_s) && r->diagnosis->stood_still)
        strbuf_append(&text, "; time stood still between the samples, so no rates");
    else if (isnan(r->diagnosis->interval_s))
        strbuf_append(&text, "; one sample, so no rates");
    else if (s->interval_untold)
        strbuf_append(&text, "; rates as the table has them, over a time that it does not tell");
    else
        strbuf_printf(&text, "; rates over %s",
                      format_evidence(buf, r->diagnosis->interval_s, IN_SECONDS));
    if (r->samples_available)
        strbuf_printf(&text, "; %s of %llu samples", r->worst ? "the worst moment" : "the last",
                      (unsigned long long)r->samples_available);
    strbuf_append(out, style(r, DIM));
    text_wrap(out, text.text, 0, COLUMNS);
    if (r->read && *r->read) {
        strbuf_appendc(out, '\n');
        strbuf_reset(&text);
        utf8_append_clean(&text, r->read);
        text_wrap(out, text.text, 0, COLUMNS);
    }
    strbuf_printf(out, "%s\n", style(r, PLAIN));
    strbuf_done(&text);
}

/* --- findings --------------------------------------------------------------------------------- */

/* "  Next      text, wrapped" */
static void render_advice(struct strbuf *out, const char *label, const char *text)
{
    strbuf_printf(out, "%*s%-9s ", (int)INDENT, "", label);
    text_wrap(out, text, INDENT + 10, COLUMNS);
    strbuf_appendc(out, '\n');
}

static void render_paragraph(struct strbuf *out, const char *text)
{
    strbuf_fill(out, ' ', INDENT);
    text_wrap(out, text, INDENT, COLUMNS);
    strbuf_appendc(out, '\n');
}

/* Where a figure was read, in `columns` or less: the whole of it, else the name of the file and its
 * line, else the line; "" when not even that has a place. The source's name stands in the report's
 * head, so the line alone tells. */
static void place_append(struct strbuf *out, const char *where, size_t columns)
{
    const char *base = strrchr(where, '/'), *line = strrchr(where, ':');

    base = base ? base + 1 : where;
    if (strlen(where) <= columns)
        strbuf_append(out, where);
    else if (strstr(where, " of ") && strlen(base) + 3 <= columns)
        strbuf_printf(out, "of %s", base);
    else if (line && line > base && line[1] >= '0' && line[1] <= '9') {
        if (strlen(base) <= columns)
            strbuf_append(out, base);
        else if (5 + strlen(line + 1) <= columns)
            strbuf_printf(out, "line %s", line + 1);
    }
}

static void render_evidence(const struct diagnose_report *r, struct strbuf *out,
                            const struct finding *f)
{
    struct strbuf place;
    unsigned shown = 0;

    strbuf_init(&place);
    vec_for_each (&f->evidence, e) {
        size_t start = out->len, used;

        /* One page: JSON and --explain have all. */
        if (f->incident != UINT32_MAX && !r->explain && shown++ >= EVIDENCE_SHOWN)
            break;

        strbuf_printf(out, "%*s%-29s %13s", (int)INDENT, "", e->name, e->value);
        if (*e->threshold)
            strbuf_printf(out, "  %s", e->threshold);
        used = text_columns(out->text + start, out->len - start) + 2;
        strbuf_reset(&place);
        if (used < COLUMNS)
            place_append(&place, e->where, COLUMNS - used);
        if (place.len)
            strbuf_printf(out, "  %s%s%s", style(r, DIM), place.text, style(r, PLAIN));
        strbuf_appendc(out, '\n');
    }
    strbuf_done(&place);
}

/* The worst finding is told in full; of the others what supports them and what would help, until
 * somebody asks for more. */
static void render_finding(const struct diagnose_report *r, struct strbuf *out,
                           const struct finding *f)
{
    const struct rule_info *info = &rule_info[f->rule];
    struct advice advice = finding_advice(f);
    bool pains = f->severity >= SEV_WARNING, full = pains || r->explain;
    bool first = f == r->diagnosis->findings.items.items;
    const char *label = severity_name(f->severity);
    struct strbuf title;

    strbuf_printf(out, "  %s%s%s", style(r, severity_style(f->severity)), label, style(r, PLAIN));
    strbuf_fill(out, ' ', INDENT - 2 - strlen(label));
    /* A colour has no width: the title is wrapped in a line of its own. */
    strbuf_init(&title);
    strbuf_fill(&title, ' ', INDENT);
    text_wrap(&title, f->title, INDENT, COLUMNS);
    strbuf_printf(out, "%s\n", title.text + INDENT);
    strbuf_done(&title);
    if (f->detail)
        render_paragraph(out, f->detail);
    if (!full)
        return;
    strbuf_printf(out, "%*s%s%s: %s, confidence %s%s\n", (int)INDENT, "", style(r, DIM), info->name,
                  f->scope, confidence_name(f->confidence), style(r, PLAIN));
    render_evidence(r, out, f);
    if (first || r->explain) {
        render_advice(out, "Means", advice.meaning);
        render_advice(out, "Look at", advice.look_next);
    }
    render_advice(out, "Change", advice.change);
    if (first || r->explain)
        render_advice(out, "Wrong if", advice.disproof);
    if (r->explain)
        render_advice(out, "Why", info->teach);
}

static void render_left_out(const struct diagnose_report *r, struct strbuf *out)
{
    for (unsigned i = 0; i < NR_RULES; i++) {
        u32 count = r->diagnosis->findings.left_out[i];

        if (count)
            strbuf_printf(out, "\n  %u more of %s are not shown; see one with --cgroup PATH\n",
                          count, rule_info[i].name);
    }
}

static void render_findings(const struct diagnose_report *r, struct strbuf *out)
{
    const struct findings *f = &r->diagnosis->findings;
    bool was_full = false;

    heading(r, out, "Findings");
    if (f->items.count == 0)
        strbuf_append(out, "  none\n");
    vec_for_each (&f->items, at) {
        bool full = at->severity >= SEV_WARNING || r->explain;

        if (at != f->items.items && (full || was_full))
            strbuf_appendc(out, '\n');
        render_finding(r, out, at);
        was_full = full;
    }
    render_left_out(r, out);
}

/* --- the rest --------------------------------------------------------------------------------- */

static void render_accounting(const struct diagnose_report *r, struct strbuf *out)
{
    const struct accounting *a = &r->diagnosis->accounting;
    double total = a->lines.count ? (double)a->lines.items[0].bytes : 0;

    if (a->lines.count == 0)
        return;
    heading(r, out, strcmp(a->scope, "host") == 0 ? "Memory" : a->scope);
    vec_for_each (&a->lines, l) {
        char size[UNITS_TEXT_MAX];
        int indent = 2 + 2 * l->depth;

        strbuf_printf(out, "%*s%-*s %s%9s", indent, "", 28 - indent, l->name,
                      l->bytes < 0 ? "-" : " ",
                      format_bytes(size, (u64)(l->bytes < 0 ? -l->bytes : l->bytes)));
        if (l->depth && total > 0)
            strbuf_printf(out, " %4.0f %%", 100 * (double)l->bytes / total);
        if (*l->note)
            strbuf_printf(out, "  %s%s%s", style(r, DIM), l->note, style(r, PLAIN));
        strbuf_appendc(out, '\n');
    }
}

static void add_pressure(struct strbuf *out, const char *name, const struct psi_view *v)
{
    if (!known(v->some.avg10))
        return;
    strbuf_printf(out, "  %-8s", name);
    for (unsigned full = 0; full < 2; full++) {
        const struct psi_line *l = full ? &v->full : &v->some;

        if (known(l->avg10))
            strbuf_printf(out, "   %s %5.1f %5.1f %5.1f %%", full ? "full" : "some",
                          (double)l->avg10 / 100, (double)l->avg60 / 100, (double)l->avg300 / 100);
    }
    strbuf_appendc(out, '\n');
}

static void render_pressure(const struct diagnose_report *r, struct strbuf *out)
{
    const struct diagnosis *d = r->diagnosis;
    const struct cgroup_view *g =
        d->options.cgroup ? snapshot_cgroup(d->last, d->options.cgroup) : NULL;
    const struct psi_view *psi = g ? g->psi : d->last->psi;
    size_t before;

    heading(r, out, "Time lost waiting (10 s, 1 min, 5 min)");
    before = out->len;
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++)
        add_pressure(out, psi_res_name[psi_res_by_worth[i]], &psi[psi_res_by_worth[i]]);
    if (out->len == before)
        strbuf_append(out, "  not measurable here\n");
}

static void render_reconciliations(const struct diagnose_report *r, struct strbuf *out)
{
    const struct diagnosis *d = r->diagnosis;

    if (d->reconciliations.count == 0)
        return;
    heading(r, out, "Why other tools differ");
    vec_for_each (&d->reconciliations, at) {
        strbuf_printf(out, "  %s: ", at->scope);
        text_wrap(out, at->text, 4, COLUMNS);
        strbuf_appendc(out, '\n');
    }
}

/* Groups whose need is told where nobody asked for one, of a paste: it has few. */
#define NEEDS_OF_PASTE 3

static const char *need_scope(const struct diagnosis *d, const struct need *n)
{
    return n->group == GROUP_NONE ? "host" : d->last->cgroups.items[n->group].path;
}

static bool is_reconciled(const struct diagnosis *d, const char *scope)
{
    vec_for_each (&d->reconciliations, at)
        if (strcmp(at->scope, scope) == 0)
            return true;
    return false;
}

/* Of those whose figures of tools are told, too; of a paste, which seldom has processes, of the
 * first groups. */
static void render_needs(const struct diagnose_report *r, struct strbuf *out)
{
    const struct diagnosis *d = r->diagnosis;
    unsigned groups = 0, told = 0;

    vec_for_each (&d->needs, n) {
        bool group = n->group != GROUP_NONE && !d->options.cgroup && !d->options.pid;
        struct strbuf text;

        if (!is_reconciled(d, need_scope(d, n)) &&
            !(d->last->pasted && group && groups < NEEDS_OF_PASTE))
            continue;
        groups += group;
        if (told++ == 0)
            heading(r, out, "How much memory is needed");
        strbuf_init(&text);
        need_say(n, &text);
        /* Whoever pastes one container's files did not say its path. */
        strbuf_printf(out, "  %s: ",
                      group && d->last->pasted && strcmp(need_scope(d, n), "/") == 0
                          ? "this cgroup"
                          : need_scope(d, n));
        text_wrap(out, text.text, 4, COLUMNS);
        strbuf_appendc(out, '\n');
        strbuf_done(&text);
    }
}

static void render_gaps(const struct diagnose_report *r, struct strbuf *out)
{
    const struct findings *f = &r->diagnosis->findings;

    if (f->gaps.count == 0)
        return;
    heading(r, out, "Not measurable here");
    /* Each reason once, with all that it stands in the way of. */
    vec_for_each (&f->gaps, g) {
        struct strbuf text;
        bool told = false;

        for (const struct gap *before = f->gaps.items; before < g; before++)
            told = told || strcmp(before->why, g->why) == 0;
        if (told)
            continue;
        strbuf_init(&text);
        for (const struct gap *at = g; at < f->gaps.items + f->gaps.count; at++) {
            if (strcmp(at->why, g->why) == 0)
                strbuf_printf(&text, "%s%s", at == g ? "" : "; ", at->what);
        }
        strbuf_printf(&text, " (%s)", g->why);
        strbuf_append(out, "  ");
        text_wrap(out, text.text, 4, COLUMNS);
        strbuf_appendc(out, '\n');
        strbuf_done(&text);
    }
}

static bool log_alone(const struct snapshot *s)
{
    for (unsigned i = 0; i < NR_PARTS; i++)
        if (i != PART_KERNEL_LOG && (s->parts[i].state == PART_OK || s->parts[i].state == PART_CUT))
            return false;
    return true;
}

#define MACHINES_SHOWN 40u

/* The other machines of a text, a line each. */
static void render_machines(const struct diagnose_report *r, struct strbuf *out)
{
    size_t healthy = 0;

    for (size_t i = 1; i < r->nr_machines; i++) {
        const struct diagnose_machine *m = &r->machines[i];

        healthy += i > MACHINES_SHOWN && m->verdict == VERDICT_HEALTHY;
        if (i > MACHINES_SHOWN)
            continue;
        strbuf_printf(out, "  %s: %s: ", *m->name ? m->name : "of no named machine",
                      verdict_name(m->verdict));
        text_wrap(out, m->headline, 4, COLUMNS);
        strbuf_appendc(out, '\n');
    }
    if (r->nr_machines > MACHINES_SHOWN + 1)
        strbuf_printf(out, "  and %zu more, %zu of them healthy\n",
                      r->nr_machines - MACHINES_SHOWN - 1, healthy);
}

static void render_over_time(const struct diagnose_report *r, struct strbuf *out)
{
    struct strbuf plot, title;
    char length[UNITS_TEXT_MAX];

    if (!r->over_time)
        return;
    strbuf_init(&plot);
    diagnose_plot(r->over_time, &plot);
    if (plot.len) {
        strbuf_init(&title);
        strbuf_printf(&title, "Over the %s of these samples",
                      format_ns(length, vec_last(&r->over_time->moments.times)));
        heading(r, out, title.text);
        strbuf_append(out, plot.text);
        strbuf_append(
            out, "  Little .:-=+*#%@ the most, which stands behind the line; ! a finding held\n");
        strbuf_done(&title);
    }
    strbuf_done(&plot);
}

void diagnose_render_text(const struct diagnose_report *r, struct strbuf *out)
{
    diagnose_render_verdict(r, out);
    render_machines(r, out);
    render_head(r, out);
    render_findings(r, out);
    post_mortem_render(r, out);
    /* Of a log alone the rest is not to be had, and what is missing is another page. */
    if (r->diagnosis->post_mortem->main && log_alone(r->diagnosis->last) && !r->explain)
        return;
    render_over_time(r, out);
    render_pressure(r, out);
    render_accounting(r, out);
    render_needs(r, out);
    render_reconciliations(r, out);
    render_gaps(r, out);
}

/* --- changes ---------------------------------------------------------------------------------- */

void diagnose_state_take(struct diagnose_state *s, const struct diagnosis *d)
{
    diagnose_state_done(s);
    s->verdict = d->verdict;
    vec_for_each (&d->findings.items, f) {
        struct strbuf line;

        strbuf_init(&line);
        strbuf_printf(&line, "%s %s %s", severity_name(f->severity), rule_info[f->rule].name,
                      f->scope);
        vec_push(&s->lines, strbuf_steal(&line));
    }
}

void diagnose_state_done(struct diagnose_state *s)
{
    vec_for_each (&s->lines, line)
        free(*line);
    vec_done(&s->lines);
}

/* Is a line with this text, but for the severity, among them? */
static const char *find_line(const struct diagnose_state *s, const char *line, bool exact)
{
    const char *rest = strchr(line, ' ');

    vec_for_each (&s->lines, at) {
        if (strcmp(exact ? *at : strchr(*at, ' '), exact ? line : rest) == 0)
            return *at;
    }
    return NULL;
}

void diagnose_render_changes(const struct diagnose_report *r, const struct diagnose_state *before,
                             struct strbuf *out)
{
    const struct diagnosis *d = r->diagnosis;
    struct diagnose_state now = {0};
    char stamp[40] = "";
    struct strbuf time_text;

    strbuf_init(&time_text);
    add_time(&time_text, d->last->wall_us);
    if (time_text.len > 12)
        snprintf(stamp, sizeof(stamp), "%s  ", time_text.text + 13);
    diagnose_state_take(&now, d);
    if (now.verdict != before->verdict) {
        strbuf_append(out, stamp);
        diagnose_render_verdict(r, out);
    }
    for (size_t i = 0; i < now.lines.count; i++) {
        const struct finding *f = &d->findings.items.items[i];

        /* Who leads a list changes all the time: what is information is told when it comes, not
         * when it goes. */
        if (!find_line(before, now.lines.items[i], true))
            strbuf_printf(out, "%s%s%-8s%s  %s\n", stamp, style(r, severity_style(f->severity)),
                          severity_name(f->severity), style(r, PLAIN), f->title);
    }
    vec_for_each (&before->lines, line) {
        if (!find_line(&now, *line, false) && strncmp(*line, "info", 4) != 0)
            strbuf_printf(out, "%s%-8s  %s\n", stamp, "over", strchr(*line, ' ') + 1);
    }
    diagnose_state_done(&now);
    strbuf_done(&time_text);
}
