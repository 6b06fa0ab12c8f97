/* deployment_int.h - what the words of all that runs a service are made of. */
#ifndef REPORT_DEPLOYMENT_INT_H
#define REPORT_DEPLOYMENT_INT_H

#include "report/deployment.h"

/* Whole MiB, upward. */
u64 deployment_mib(u64 bytes);

/* A comment of '#', wrapped, each line behind `indent`. */
void deployment_comment(struct strbuf *out, const char *indent, const char *text);

/* What every paste begins with: what the limits stand on, and what makes them ones to distrust. */
void deployment_head(const struct deployment *d, struct strbuf *out);

/* Kubernetes' "resources:" behind `indent` spaces. */
void deployment_resources(const struct deployment *d, unsigned indent, struct strbuf *out);

/* What a sizing with or without swap is true of. */
void deployment_swap_comment(const struct deployment *d, const char *indent, struct strbuf *out);

#endif
