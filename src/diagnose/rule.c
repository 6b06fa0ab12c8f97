/* rule.c - the table of rules, and how they speak. */
#include "diagnose/rule.h"

#include "stats/tunables.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

rule_fn *const rule_functions[NR_RULES] = {
#define RULE(id, function, ...) rule_##function,
#include "diagnose/rules.def"
#undef RULE
};

static char *format_text(const char *fmt, va_list args) HW_PRINTF(1, 0);

static char *format_text(const char *fmt, va_list args)
{
    struct strbuf text;

    strbuf_init(&text);
    strbuf_vprintf(&text, fmt, args);
    return strbuf_steal(&text);
}

void finding_add(struct rule_context *c, enum severity severity, enum confidence confidence,
                 const char *scope, double weight, const char *title, ...)
{
    struct finding finding = {
        .rule = c->rule,
        .cause = NR_CAUSES,
        .incident = UINT32_MAX,
        .severity = severity,
        .confidence = confidence,
        /* NAN has no place in an order. */
        .weight = isnan(weight) ? 0 : CLAMP(weight, 0.0, 1.0),
    };
    va_list args;

    snprintf(finding.scope, sizeof(finding.scope), "%s", scope);
    va_start(args, title);
    finding.title = format_text(title, args);
    va_end(args);
    vec_push(&c->out->items, finding);
}

void finding_title(struct rule_context *c, const char *fmt, ...)
{
    struct finding *f = &vec_last(&c->out->items);
    va_list args;

    va_start(args, fmt);
    free(f->title);
    f->title = format_text(fmt, args);
    va_end(args);
}

void finding_detail(struct rule_context *c, const char *fmt, ...)
{
    struct finding *f = &vec_last(&c->out->items);
    va_list args;
    struct strbuf all;

    strbuf_init(&all);
    if (f->detail)
        strbuf_printf(&all, "%s ", f->detail);
    va_start(args, fmt);
    strbuf_vprintf(&all, fmt, args);
    va_end(args);
    free(f->detail);
    f->detail = strbuf_steal(&all);
}

/* What was pasted has another name than the file of the same figures. */
static const char *printed_by(const struct snapshot *s, const char *where)
{
    if (strcmp(where, "/proc/meminfo") == 0 && *s->meminfo_from)
        return s->meminfo_from;
    if (strcmp(where, "/proc/vmstat") == 0 && *s->vmstat_from)
        return s->vmstat_from;
    if (strcmp(where, part_names[PART_NODES]) == 0 && s->nodes_of_zones)
        return part_names[PART_ZONEINFO];
    if (strcmp(where, "the table") == 0 && *s->groups_from)
        return s->groups_from;
    return where;
}

/* The file among several that a figure was read from; NULL. */
static const char *file_of(const struct snapshot *s, const char *name, const char *where)
{
    const char *wanted = strcmp(where, "/proc/meminfo") == 0 ? name : where;

    const struct read_from *memory = NULL;
    bool several = false;

    vec_for_each (&s->read_from, from) {
        if (strcmp(from->name, wanted) == 0)
            return s->log_files.items[from->file];
        if (*from->name == '/')
            continue;
        several |= memory && memory->file != from->file;
        memory = from;
    }
    /* Sums and shares of figures that are all of one file. */
    return wanted == name && memory && !several ? s->log_files.items[memory->file] : NULL;
}

void evidence(struct rule_context *c, const char *name, double number, enum evidence_unit unit,
              const char *where, const char *threshold, ...)
{
    struct evidence e = {.number = number, .unit = unit};
    const char *file;
    va_list args;

    if (!isfinite(number))
        return;
    snprintf(e.name, sizeof(e.name), "%s", name);
    snprintf(e.where, sizeof(e.where), "%s", printed_by(c->s, where));
    file = file_of(c->s, name, where);
    if (file && strlen(e.where) + strlen(file) + 5 < sizeof(e.where))
        snprintf(e.where + strlen(e.where), sizeof(e.where) - strlen(e.where), " of %s", file);
    format_evidence(e.value, number, unit);
    va_start(args, threshold);
    vsnprintf(e.threshold, sizeof(e.threshold), threshold, args);
    va_end(args);
    vec_push(&vec_last(&c->out->items).evidence, e);
}

/* A table without pids has numbers beyond any of Linux's (pid_max is at most 2^22). */
#define PID_LIMIT (1u << 22)

const char *process_label(char buf[64], const struct process_view *p)
{
    if (p->pid > PID_LIMIT)
        snprintf(buf, 64, "%s", p->comm);
    else
        snprintf(buf, 64, "%s (pid %u)", p->comm, p->pid);
    return buf;
}

const char *process_number(char buf[16], const struct process_view *p)
{
    if (p->pid > PID_LIMIT)
        snprintf(buf, 16, "PID");
    else
        snprintf(buf, 16, "%u", p->pid);
    return buf;
}

void evidence_process(struct rule_context *c, const struct process_view *p, double number,
                      enum evidence_unit unit, const char *file)
{
    char name[64], where[64], pid[16];

    snprintf(where, sizeof(where), "/proc/%s/%s", process_number(pid, p), file);
    evidence_shown(c, process_label(name, p), number, unit, where);
}

void gap_add(struct rule_context *c, const char *what, const char *why, ...)
{
    struct gap gap = {.rule = c->rule};
    va_list args;

    snprintf(gap.what, sizeof(gap.what), "%s", what);
    va_start(args, why);
    vsnprintf(gap.why, sizeof(gap.why), why, args);
    va_end(args);
    vec_for_each (&c->out->gaps, at) {
        if (strcmp(at->what, gap.what) == 0 && strcmp(at->why, gap.why) == 0)
            return;
    }
    vec_push(&c->out->gaps, gap);
}

void gap_part(struct rule_context *c, const char *what, enum part part)
{
    const struct part_status *p = &c->s->parts[part];

    switch (p->state) {
    case PART_OK:
    case PART_CUT:
        if (c->history->snapshots < 2)
            gap_add(c, what, "rates need two samples, and this is one");
        else if (c->history->last_at - c->history->first_at < HISTORY_INTERVAL)
            gap_add(c, what,
                    "rates need samples a second apart, and less time passed (a machine may be "
                    "paused or slow)");
        else
            gap_add(c, what, "%s of this kernel does not count it", part_names[part]);
        return;
    case PART_NOT_READ:
        gap_add(c, what, "%s was not read yet", part_names[part]);
        return;
    case PART_MISSING:
    case PART_DENIED:
    case PART_UNSUPPORTED:
    case PART_BAD:
        gap_add(c, what, "%s: %s", part_names[part], *p->why ? p->why : "not there");
        return;
    }
}

void gap_cut(struct rule_context *c, const char *what, enum part part)
{
    const struct part_status *p = &c->s->parts[part];

    if (p->state == PART_CUT || p->state == PART_DENIED || p->state == PART_BAD)
        gap_add(c, what, "%s: %s", part_names[part], p->why);
}

bool finding_said(const struct rule_context *c, enum rule rule, enum severity at_least)
{
    vec_for_each (&c->out->items, f) {
        if ((rule == NR_RULES || f->rule == rule) && f->severity >= at_least)
            return true;
    }
    return false;
}

bool finding_said_of(const struct rule_context *c, const char *scope, enum severity at_least)
{
    vec_for_each (&c->out->items, f) {
        if (f->severity >= at_least && strcmp(f->scope, scope) == 0)
            return true;
    }
    return false;
}

/* Is path the group at `top`, or below it? */
static bool is_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    while (len > 1 && top[len - 1] == '/')
        len--;
    if (len == 1 && top[0] == '/')
        return true;
    return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static const struct cgroup_view *group_of_process(const struct rule_context *c)
{
    const struct process_view *p = snapshot_process(c->s, c->options->pid);

    return p && p->group < c->s->cgroups.count ? &c->s->cgroups.items[p->group] : NULL;
}

bool wants_path(const struct rule_context *c, const char *group_path)
{
    if (c->options->cgroup)
        return is_below(group_path, c->options->cgroup);
    /* A process is helped or hurt by the limits of all groups above it. */
    if (c->options->pid) {
        const struct cgroup_view *of = group_of_process(c);

        return of && is_below(of->path, group_path);
    }
    return true;
}

bool wants_group(const struct rule_context *c, const struct cgroup_view *g)
{
    return wants_path(c, g->path);
}

bool wants_process(const struct rule_context *c, const struct process_view *p)
{
    if (c->options->pid)
        return p->pid == c->options->pid;
    if (c->options->cgroup)
        return p->group < c->s->cgroups.count &&
               is_below(c->s->cgroups.items[p->group].path, c->options->cgroup);
    return true;
}

bool wants_host(const struct rule_context *c)
{
    return !c->options->cgroup && !c->options->pid;
}

/* What cgroup v1 calls it. */
static const char *v1_name(const char *file)
{
    static const struct {
        const char *v2, *v1;
    } names[] = {
        {"memory.current", "memory.usage_in_bytes"},
        {"memory.max", "memory.limit_in_bytes"},
        {"memory.events", "memory.oom_control"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i].v2, file) == 0)
            return names[i].v1;
    }
    return file;
}

const char *group_file(const struct cgroup_view *g, const char *file)
{
    static _Thread_local char text[160];
    bool v1 = g->version == 1;

    snprintf(text, sizeof(text), "/sys/fs/cgroup%s%s/%s", v1 ? "/memory" : "",
             strcmp(g->path, "/") == 0 ? "" : g->path, v1 ? v1_name(file) : file);
    return text;
}

u64 sysctl_value(const struct snapshot *s, const char *key)
{
    const struct tunable_info *info = tunable_find(key);

    return info && s->sysctl ? s->sysctl[info - tunable_info] : UNKNOWN;
}

const char *group_said(const struct rule_context *c, const struct cgroup_view *g)
{
    bool nameless = strcmp(g->path, "/") == 0 || strcmp(g->path, "/this-cgroup") == 0;

    return c->s->pasted && nameless ? "This cgroup" : g->path;
}
