/* oom_case.h - one OOM report retold: who was killed, why that one, and how long ago. */
#ifndef DIAGNOSE_OOM_CASE_H
#define DIAGNOSE_OOM_CASE_H

#include "diagnose/rule.h"

/* Seconds since the event; NAN when the log has no times. */
double oom_age_s(const struct snapshot *s, const struct log_event *e);

/* A kill of the last minutes is an emergency, one of today a warning. warning_s: how old that may be. */
enum severity oom_severity(double age_s, double warning_s);

/* Sentences and evidence about victim, candidates and age, for the finding added last. */
void oom_tell(struct rule_context *c, const struct log_event *e);

#endif
