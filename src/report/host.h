/* host.h - the host of a recording, as run and size show it. */
#ifndef REPORT_HOST_H
#define REPORT_HOST_H

#include "base/strbuf.h"
#include "trace/trace.h"

#include <json-c/json.h>

/* The settings of its host that the machine took over, as "key=value" lines, and sentences about
 * what matters and was not. Either may be NULL or "". */
struct host_note {
    const char *taken, *cautions;
    const char *profile; /* of --host; NULL: none */
};

/* "Linux 6.12, 4 CPUs, 8.0 GiB RAM, 1.0 GiB swap on zram; taken: vm.swappiness 10, ...": false and
 * nothing when it is not known. */
bool host_render_line(const struct trace *t, const struct host_note *note, struct strbuf *out);

/* The cautions, as a note of its own below what it is about. */
void host_render_cautions(const struct host_note *note, struct strbuf *out);

/* "key=value" lines as an object of strings. */
json_object *host_pairs_json(const char *text);

/* Add host, host_taken and host_cautions to o, where they are known. */
void host_put_json(json_object *o, const struct trace *t, const struct host_note *note);

#endif
