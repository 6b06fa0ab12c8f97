/* oom_cause.h - why memory ran out, named: the strongest explanation of one report.
 *
 * Policy: what makes memory useless for the allocation (node, zone, CMA, order, a kmem limit) comes
 * before what filled it; of what filled it the largest holder is the cause. The victim is nobody's
 * cause by having died.
 */
#ifndef DIAGNOSE_OOM_CAUSE_H
#define DIAGNOSE_OOM_CAUSE_H

#include "diagnose/finding.h"
#include "diagnose/oom_facts.h"

struct oom_ruling {
    enum oom_cause cause;
    enum confidence confidence;
    u64 bytes;                         /* that the cause holds; UNKNOWN */
    const struct oom_program *program; /* the largest holder, if the table tells; NULL */
    const struct oom_slab *slab;       /* the largest cache; NULL */
    const char *frame; /* the function of the call trace that says who asked; NULL */
    bool gone; /* the limit was far from full when the kernel reported: who filled it had died */
    /* another limit, whose line is missing from the report, may be the one that failed */
    bool other_limit;
    const char *hint; /* what that function belongs to: "BPF maps"; NULL */
    bool hint_hidden; /* ... takes pages that are in no counter */
};

struct oom_ruling oom_rule(const struct oom_facts *f);

/* Nothing tells what filled memory but the victim itself, which held most of the machine. */
bool oom_is_plain(const struct oom_facts *f);

/* Kinds of programs that need memory beside what they were given. */
bool oom_is_guest(const char *comm); /* a virtual machine monitor */
bool oom_is_jvm(const char *comm);

/* Did a fork or a new thread ask, as the call trace has it? */
bool oom_is_fork(const struct oom_report *r);

/* Is path below top, and not top itself? */
bool oom_path_below(const char *path, const char *top);

/* Is this the level of one pod, whose containers are below it? */
bool oom_is_pod(const char *path);

#endif
