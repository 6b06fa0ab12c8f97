/* anonymise.h - names of people's things, replaced by made-up ones that are the same wherever the name stands.
 *
 * Replaces: hosts in the prefix of syslog lines and those that were named, UUIDs of pods and machines, ids of containers and other long
 *           hexadecimal words, IPv4 and MAC addresses, mail addresses, home directories, users of slices, namespace and name of pods.
 * Keeps:    programs, units, paths of groups but for what is above, figures, line numbers: a copy reads as the original does.
 * Order:    names are numbered as they come, so that one input gives one copy.
 */
#ifndef REPORT_ANONYMISE_H
#define REPORT_ANONYMISE_H

#include "base/strbuf.h"

struct anonymiser;

struct anonymiser *anonymiser_new(void);
void anonymiser_free(struct anonymiser *a);

/* A host's name that is to be replaced wherever it stands as a word. */
void anonymiser_add_host(struct anonymiser *a, const char *name);

/* Append the text with its names replaced. */
void anonymise(struct anonymiser *a, const char *text, size_t len, struct strbuf *out);

#endif
