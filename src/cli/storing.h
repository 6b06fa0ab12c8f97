/* storing.h - --store: what 'size' and 'check' found goes into a store of results as well. */
#ifndef CLI_STORING_H
#define CLI_STORING_H

#include "cli/sizing.h"
#include "fleet/store.h"

/* Texts of a recording that a store keeps. */
struct storing_facts {
    char hash[STORE_HASH_MAX];
    struct strbuf command, service, host, kernel, recorded_at;
};

/* service: NULL for the name of the recorded program. 0 or a negative errno of reading the file
 * again. */
int storing_facts_init(struct storing_facts *f, const struct trace *t, const char *path,
                       const char *service, struct err *e);
void storing_facts_done(struct storing_facts *f);

/* The options of a machine and of sizing as they were given, "key=value" lines in the order of
 * keys. */
void storing_settings(const struct sizing *s, const struct sizing_recording *r, struct strbuf *out);

/* Put in what was found, one row for each recording, and say so. outcomes: NULL for those of
 * 'size'. CLI_OK, or CLI_FAILED when it was said why they are not stored. Without --store:
 * nothing. */
int storing_put(const struct sizing *s, const struct size_report *reports,
                const char *const *outcomes);

#endif
