/* anonymise.h - names of people's things, replaced by made-up ones that are the same wherever the
 * name stands.
 *
 * Replaces: hosts and domains, users and their numbers, mail addresses, namespaces, pods,
 *           containers and images, UUIDs, ids of containers and other long hexadecimal words,
 *           addresses of networks and cards, serial numbers, fingerprints, and the values of what
 *           is called a password, secret or token.
 * Keeps:    programs, units, paths of groups but for what is above, figures, line numbers: a copy
 *           reads as the original does.
 * Learns:   a name from where it is said to be one (a prompt, a key, a column's head), so the text
 *           that was read comes first.
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

/* Learn the names that a text says. */
void anonymiser_learn(struct anonymiser *a, const char *text, size_t len);

/* Append the text that was read, with its names, which are learned, replaced. */
void anonymise_input(struct anonymiser *a, const char *text, size_t len, struct strbuf *out);

/* Append a text of ours, with the names that are known replaced. */
void anonymise(struct anonymiser *a, const char *text, size_t len, struct strbuf *out);

#endif
