/* rule.h - what a rule sees and what it may say.
 *
 * Use:  void rule_swap_idle(struct rule_context *c)
 *       {
 *           if (!(rate(c, PSWPIN) < IDLE))     // NAN, when there is no rate, is never less: unknown says nothing
 *               return;
 *           finding_add(c, SEV_GOOD, CONF_HIGH, "host", 0.1, "Swap holds %s that nobody wants back", ...);
 *           evidence(c, "pswpin", rate, IN_PAGES_PER_S, "/proc/vmstat", "under 10 pages/s");
 *       }
 * Never: a verdict from a figure that is unknown: such a rule calls gap_add() and returns.
 */
#ifndef DIAGNOSE_RULE_H
#define DIAGNOSE_RULE_H

#include "base/units.h"
#include "diagnose/diagnose.h"
#include "diagnose/figures.h"
#include "diagnose/finding.h"
#include "diagnose/history.h"
#include "diagnose/incidents.h"

#include <stdio.h>

struct rule_context {
    const struct snapshot *s;
    const struct figures *f;
    const struct history *history;
    const struct diagnose_options *options;
    const struct incidents *incidents;
    struct findings *out;
    enum rule rule; /* the one that runs */
};

typedef void rule_fn(struct rule_context *c);
extern rule_fn *const rule_functions[NR_RULES];

#define RULE(id, function, ...) rule_fn rule_##function;
#include "diagnose/rules.def"
#undef RULE

/* A finding of the rule that runs. scope: "host", a cgroup's path, "pid 1 (init)". What follows is
 * about it. */
void finding_add(struct rule_context *c, enum severity severity, enum confidence confidence,
                 const char *scope, double weight, const char *title, ...) HW_PRINTF(6, 7);
/* Another title for the finding added last: one whose figures are its evidence. */
void finding_title(struct rule_context *c, const char *fmt, ...) HW_PRINTF(2, 3);
/* Append a sentence to the detail of the finding added last. */
void finding_detail(struct rule_context *c, const char *fmt, ...) HW_PRINTF(2, 3);
/* A figure that speaks for the finding added last. An unknown one (NAN) is left out. */
void evidence(struct rule_context *c, const char *name, double number, enum evidence_unit unit,
              const char *where, const char *threshold, ...) HW_PRINTF(6, 7);

/* The same of a figure that has no threshold. Every number of a sentence is the figure of some
 * evidence (tests/reports). */
static inline void evidence_shown(struct rule_context *c, const char *name, double number,
                                  enum evidence_unit unit, const char *where)
{
    evidence(c, name, number, unit, where, "%s", "");
}

/* A figure of a process, under its name and pid. */
void evidence_process(struct rule_context *c, const struct process_view *p, double number,
                      enum evidence_unit unit, const char *file);
/* "java (pid 2222)"; the name alone for a row of a table without pids. */
const char *process_label(char buf[64], const struct process_view *p);
/* Its pid, for a command; "PID" for a row of a text that has none. */
const char *process_number(char buf[16], const struct process_view *p);

/* `what` cannot be told, because. */
void gap_add(struct rule_context *c, const char *what, const char *why, ...) HW_PRINTF(3, 4);
/* ... because this part was not readable, or (when it was) because rates need two samples. */
void gap_part(struct rule_context *c, const char *what, enum part part);

/* ... because this part was read in part only, or could not be read though it is there; nothing
 * otherwise. */
void gap_cut(struct rule_context *c, const char *what, enum part part);

/* Has a rule that ran before said something of this severity or worse? NR_RULES: any rule. */
bool finding_said(const struct rule_context *c, enum rule rule, enum severity at_least);
/* ... about this scope? */
bool finding_said_of(const struct rule_context *c, const char *scope, enum severity at_least);

/* Is this group, or this process, what the user asked about? */
bool wants_path(const struct rule_context *c, const char *group_path);
bool wants_group(const struct rule_context *c, const struct cgroup_view *g);
bool wants_process(const struct rule_context *c, const struct process_view *p);
/* Findings about the whole machine are left out when the user asked about a group or process. */
bool wants_host(const struct rule_context *c);

/* "/sys/fs/cgroup/web/memory.stat", in a buffer that the next call of the same thread reuses. */
const char *group_file(const struct cgroup_view *g, const char *file);

/* The value of a sysctl, "vm.swappiness"; UNKNOWN. */
u64 sysctl_value(const struct snapshot *s, const char *key);

/* Short forms. */
#define SIZE(bytes)          format_bytes((char[UNITS_TEXT_MAX]){0}, bytes)
/* "1.2 GiB", or "less than 1.0 GiB" */
#define LEFT_SIZE(f)         format_available((char[48]){0}, f)
#define AMOUNT(number, unit) format_evidence((char[48]){0}, number, unit)

#define TIMES(count) format_times((char[48]){0}, count)

static inline const char *format_available(char buf[48], const struct figures *f)
{
    snprintf(buf, 48, "%s%.30s", f->available_below ? "less than " : "", SIZE(f->available));
    return buf;
}

/* "once", "1,234 times". Returns buf. */
static inline const char *format_times(char buf[48], u64 count)
{
    char amount[32];

    if (count == 1)
        return "once";
    snprintf(amount, sizeof(amount), "%.31s", AMOUNT((double)count, IN_COUNT));
    snprintf(buf, 48, "%s times", amount);
    return buf;
}

static inline double share_of(u64 part, u64 whole)
{
    return known(part) && known(whole) && whole ? 100.0 * (double)part / (double)whole : NAN;
}
static inline double rate(const struct rule_context *c, enum counter id)
{
    return c->f->rate[id];
}
static inline double number_of(u64 figure)
{
    return known(figure) ? (double)figure : NAN;
}

/* As a reader calls it: whoever pastes one container's files did not say its path. */
const char *group_said(const struct rule_context *c, const struct cgroup_view *g);

#endif
