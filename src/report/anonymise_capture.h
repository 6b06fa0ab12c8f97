/* anonymise_capture.h - the files of a capture with the names in them replaced: each name has one
 * stand-in in all files and at all times.
 *
 * Replaces: what anonymise.h does, and control groups (and units) but for those that every system
 *           has; users by number. What a group's name says of a container runtime stays, so that a
 *           diagnosis finds pods and containers again.
 * Keeps:    all figures, and the names of programs.
 * Use:      anonymise_capture_learn() of every file of every sample; then paths and texts, in any
 *           order.
 */
#ifndef REPORT_ANONYMISE_CAPTURE_H
#define REPORT_ANONYMISE_CAPTURE_H

#include "report/anonymise.h"

void anonymise_capture_learn(struct anonymiser *a, const char *path, const char *text, size_t len);

/* Append the path of a file, or of a directory, which ends with '/'. */
void anonymise_capture_path(struct anonymiser *a, const char *path, struct strbuf *out);
void anonymise_capture_text(struct anonymiser *a, const char *path, const char *text, size_t len,
                            struct strbuf *out);

#endif
