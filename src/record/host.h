/* host.h - the settings of the machine that a program is recorded on, as the host chunk of a trace
 * has them.
 *
 * Mirrors:    docs/trace-format.md, "Host". What cannot be found out is left out.
 * Reads:      files under `root` (""; a test's tree): proc, sys, and the cgroup file systems that
 *             mountinfo names.
 */
#ifndef RECORD_HOST_H
#define RECORD_HOST_H

#include "base/strbuf.h"

/* Append one "key=value" a line. */
void host_describe(const char *root, struct strbuf *out);

#endif
