/* check_report_int.h - the cases of a gate, for all formats of it. */
#ifndef REPORT_CHECK_REPORT_INT_H
#define REPORT_CHECK_REPORT_INT_H

#include "report/check_report.h"

/* One for each recording, then one for the earlier result where there is one. */
unsigned check_count_cases(const struct check_report *r);

enum check_outcome check_case_outcome(const struct check_report *r, unsigned i);
/* "app.hwt"; "need against old.json". As it is, not cleaned. */
void check_case_name(const struct check_report *r, unsigned i, struct strbuf *out);
/* "fits in 64.0 MiB: it needs 54.5 MiB"; what to do where it does not. */
void check_case_text(const struct check_report *r, unsigned i, struct strbuf *out);

const char *check_outcome_name(enum check_outcome outcome);

#endif
