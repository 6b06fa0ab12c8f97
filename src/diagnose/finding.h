/* finding.h - what a rule says: a named state of the machine, with its evidence and what to do.
 *
 * A rule is one file, rule_<cause>.c, and one row of rules.def. It gets figures and adds findings;
 * it reads no file and prints nothing. The texts that do not depend on the case (what it means,
 * what to look at, what to change, what would prove it wrong, the teaching text of --explain) stand
 * in rules.def, once; title and evidence are made for the case.
 *
 * Severity follows pain: lost time (pressure, stalls) or a kill makes a warning, usage alone is
 * information unless the end is near. Confidence is high only with two signs that do not depend on
 * each other.
 */
#ifndef DIAGNOSE_FINDING_H
#define DIAGNOSE_FINDING_H

#include "base/strbuf.h"
#include "base/vec.h"
#include "observe/snapshot.h"

enum severity {
    SEV_GOOD, /* looks alarming to many and is well: said, so that nobody "mends" it */
    SEV_INFO, /* worth knowing, nothing hurts */
    SEV_WARNING,
    SEV_CRITICAL
};

enum confidence { CONF_LOW, CONF_MEDIUM, CONF_HIGH };

enum rule {
#define RULE(id, ...) RULE_##id,
#include "diagnose/rules.def"
#undef RULE
    NR_RULES
};

struct rule_info {
    const char *name;   /* "swap-thrash": what --only takes and JSON has */
    const char *family; /* "swap" */
    const char *title;  /* "Swap thrash" */
    const char *meaning, *look_next, *change, *disproof;
    const char *teach; /* --explain */
};
extern const struct rule_info rule_info[NR_RULES];

/* Why memory ran out, of findings about kills and failed allocations (causes.def). */
enum oom_cause {
#define CAUSE(id, ...) CAUSE_##id,
#include "diagnose/causes.def"
#undef CAUSE
    NR_CAUSES /* none */
};

struct advice {
    const char *meaning, *look_next, *change, *disproof;
};

struct cause_info {
    const char *name; /* "kernel-slab": what JSON has */
    struct advice advice;
};
extern const struct cause_info cause_info[NR_CAUSES];

/* The rule with this name, or NR_RULES. */
enum rule rule_find(const char *name);
bool rule_is_family(const char *name);

enum evidence_unit {
    IN_BYTES,
    IN_BYTES_PER_S,
    IN_PAGES_PER_S,
    IN_EVENTS_PER_S,
    IN_PERCENT,
    IN_COUNT,
    IN_MS,
    IN_SECONDS,
    IN_TIMES, /* a ratio */
    IN_ID,    /* a pid, an order: nothing to count */
    NR_EVIDENCE_UNITS
};
extern const char *const evidence_units[NR_EVIDENCE_UNITS]; /* "bytes", "pages/s", ... */

/* One figure that speaks for the finding. */
struct evidence {
    char name[80];      /* the kernel's name, or a derived figure's */
    char value[48];     /* for people, with its unit */
    char threshold[64]; /* "over 10 %", "" when it is only shown */
    char where[160];    /* file it was read from */
    double number;      /* as JSON gives it */
    enum evidence_unit unit;
};

struct finding {
    enum rule rule;
    enum oom_cause cause; /* NR_CAUSES: none but the rule's own */
    u32 incident;         /* index into the incidents of the diagnosis; UINT32_MAX: none */
    enum severity severity;
    enum confidence confidence;
    char scope[280]; /* "host", or a cgroup's path; "pid 123 (java)" */
    char *title;     /* one line for the case: "Swap thrash: 1,200 pages/s come back from swap" */
    char *detail;    /* further sentences for the case, or NULL */
    double weight;   /* orders findings of one severity: how much it hurts, 0 to 1 */
    VEC(struct evidence) evidence;
};

/* Something a rule would have needed: a conclusion that cannot be drawn here. */
struct gap {
    enum rule rule;
    char what[96];            /* "whether swap is thrashing" */
    char why[WHY_BYTES + 48]; /* "rates need two samples", "/proc/pressure/memory: switched off" */
};

#define FINDINGS_PER_RULE 50 /* shown: the worst */

struct findings {
    VEC(struct finding) items; /* by severity, then weight, then rule, then scope */
    u32 left_out[NR_RULES];    /* findings beyond FINDINGS_PER_RULE */
    VEC(struct gap) gaps;      /* by rule; the same what and why stand there once */
};

/* What to think and do: of its cause, else of its rule. */
struct advice finding_advice(const struct finding *f);

void finding_done(struct finding *f);
void findings_done(struct findings *f);
void findings_sort(struct findings *f);
/* Drop what is beyond FINDINGS_PER_RULE, and count it.   pre: sorted */
void findings_cut(struct findings *f);

const char *severity_name(enum severity severity);       /* "critical" */
const char *confidence_name(enum confidence confidence); /* "high" */

/* "1.5 GiB", "12.3 %", "1,234 pages/s". Returns buf. */
char *format_evidence(char buf[48], double number, enum evidence_unit unit);

#endif
