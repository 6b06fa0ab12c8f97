/* oom_tell.h - an incident in sentences: each figure that a sentence has is evidence of the
 * finding, with the line it was read from. */
#ifndef DIAGNOSE_OOM_TELL_H
#define DIAGNOSE_OOM_TELL_H

#include "diagnose/rule.h"

/* A kill of the last minutes is an emergency, one of today a warning. warning_s: how old that may
 * be. */
enum severity oom_severity(double age_s, double warning_s);

/* Add the finding: the cause as its title, who died and why, what the text does not say. */
void oom_tell(struct rule_context *c, const struct incident *i, const char *scope,
              enum severity severity, double weight);

/* Does a message of an eviction name what ran low? */
bool oom_eviction_says(const char *words);

/* Does it name something else than memory: the disk, process ids? */
bool oom_eviction_is_of_other(const char *words);

/* Does who ends this run jobs, and count their memory itself: Slurm, PBS, YARN? */
bool oom_killer_is_batch(const char *killer);

/* A sentence about the other incidents that this finding stands for. */
void oom_tell_others(struct rule_context *c, const struct incident *i, u64 incidents, u64 kills);

/* "dmesg:12", where this part of the report was read; "the kernel log" when that is not known.
 * Returns buf. */
char *oom_where(char buf[160], const struct snapshot *s, const struct log_event *e,
                enum oom_part part);

/* A figure as text for a sentence; it becomes evidence of the finding added last, once. Returns
 * buf. */
char *oom_figure(char buf[48], struct rule_context *c, const struct log_event *e,
                 enum oom_part part, const char *name, double number, enum evidence_unit unit);

/* A long log has more than is kept: say so, in the detail of the finding added last. */
void oom_tell_dropped(struct rule_context *c);

#endif
