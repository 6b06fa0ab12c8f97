/* pain.h - how much lost time is a warning, and how much is critical: for all rules the same.
 *
 * Pressure is the share of time in which some task (or all of them) waited. Nobody notices 1 %. At
 * 10 % somebody waits 6 seconds of every minute, which users of a service do notice. When all tasks
 * together lose 5 %, work is lost, not only delayed. A machine that loses a fifth of all work to
 * waiting for memory needs somebody to get up; so does one where some task always waits half of the
 * time. A single cgroup that crawls is a warning to its owner long before it is an emergency of the
 * machine.
 */
#ifndef DIAGNOSE_PAIN_H
#define DIAGNOSE_PAIN_H

#include "diagnose/rule.h"

#include <stdio.h>
#include <string.h>

#define PAIN_NONE_SOME           1.0 /* percent: below this nothing hurts */
#define PAIN_WARNING_SOME        10.0
#define PAIN_WARNING_FULL        5.0
#define PAIN_CRITICAL_SOME       50.0
#define PAIN_CRITICAL_FULL       20.0
#define PAIN_GROUP_CRITICAL_FULL 50.0

/* SEV_GOOD stands for "no pain, or not known". */
static inline enum severity pain_severity(const struct pressure *p)
{
    if (p->full >= PAIN_CRITICAL_FULL || p->some >= PAIN_CRITICAL_SOME)
        return SEV_CRITICAL;
    if (p->full >= PAIN_WARNING_FULL || p->some >= PAIN_WARNING_SOME)
        return SEV_WARNING;
    return p->some >= PAIN_NONE_SOME ? SEV_INFO : SEV_GOOD;
}

static inline enum severity pain_group_severity(const struct pressure *p)
{
    if (p->full >= PAIN_GROUP_CRITICAL_FULL)
        return SEV_CRITICAL;
    if (p->full >= PAIN_WARNING_FULL || p->some >= PAIN_WARNING_SOME)
        return SEV_WARNING;
    return p->some >= PAIN_NONE_SOME ? SEV_INFO : SEV_GOOD;
}

/* Of what comes back, do groups at their own limits make most? Then the lost time is theirs, and
 * the machine has memory. */
static inline bool pain_is_inside(const struct figures *f)
{
    double all = sum_known(f->refaults_file, f->refaults_anon);

    return all - f->refaults_machine > f->refaults_machine;
}

/* How much the machine as a whole is short of memory: more of it for everybody would help. */
static inline enum severity pain_machine_severity(const struct figures *f)
{
    return pain_is_inside(f) ? SEV_GOOD : pain_severity(&f->pain);
}

static inline bool pain_known(const struct pressure *p)
{
    return !isnan(p->some);
}

/* Below what is told as the cause of the pain (WEIGHT_CAUSE). */
#define WEIGHT_PAIN_MAX 0.96

/* To order findings: 0.5 to 1, so that what is measured as lost time comes before what only may
 * cost some. */
static inline double pain_weight(const struct pressure *p)
{
    double lost = pain_known(p) ? MAX(p->some / 2, isnan(p->full) ? 0 : p->full) / 100 : 0;

    return MIN(0.5 + lost / 2, WEIGHT_PAIN_MAX);
}

/* Of a finding that says what memory is short of: before those that say how it shows. */
#define WEIGHT_CAUSE  0.97
/* Of a finding about the machine whose cause is inside a cgroup, which is told in full itself. */
#define WEIGHT_INSIDE 0.45

/* Does one node lack what another has free? Then that is told as the cause, and what thrashes for
 * it is no second alarm. */
static inline bool pain_is_of_a_node(const struct rule_context *c)
{
    return finding_said(c, RULE_NUMA_IMBALANCE, SEV_WARNING);
}
#define SAY_NODE_IS_SHORT \
    "One node is short, not the machine: the finding about the nodes has the cause."

#define PRESSURE_FILE "/proc/pressure/memory"

/* "/proc/pressure/io" for "/proc/pressure/memory", "io.pressure" for "memory.pressure". */
static inline void pain_io_file(char *buf, size_t size, const char *memory_file)
{
    const char *at = memory_file, *last = NULL;

    while ((at = strstr(at, "memory")))
        last = at++;
    if (last)
        snprintf(buf, size, "%.*sio%s", (int)(last - memory_file), memory_file,
                 last + strlen("memory"));
}

/* The figures of PSI as evidence. `where`: the file of memory's. */
static inline void evidence_pressure(struct rule_context *c, const char *name,
                                     const struct pressure *p, const char *where)
{
    char text[80], file[320];

    snprintf(file, sizeof(file), "%s", where);
    if (p->of_io)
        pain_io_file(file, sizeof(file), where);
    where = file;
    snprintf(text, sizeof(text), "%s, some", name);
    evidence(c, text, p->some, IN_PERCENT, where, "warning from %.0f %%", PAIN_WARNING_SOME);
    snprintf(text, sizeof(text), "%s, full", name);
    evidence(c, text, p->full, IN_PERCENT, where, "warning from %.0f %%", PAIN_WARNING_FULL);
}

#endif
