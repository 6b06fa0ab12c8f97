/* klog.h - log lines into events: kills with the report before them, allocations that failed, what
 * other killers say.
 *
 * Use:        k = klog_new(s); klog_feed(k, message, &stamp); ... klog_free(k); then s->log is
 *             filled
 * Takes:      messages without what a logger put before them; of the kernel and of others, in the
 *             order of the log. Lines that say nothing of memory cost one look.
 * Bounds:     1,024 events, the last ones; their tables together 65,536 rows.
 */
#ifndef OBSERVE_KLOG_H
#define OBSERVE_KLOG_H

#include "observe/klog_stamp.h"
#include "observe/snapshot.h"
#include "observe/span.h"

struct klog;

/* Is it a row of a report's table of tasks, which no other message looks like? */
bool klog_is_task_row(struct span line);

/* May a task have this name, as the kernel prints it? */
bool klog_is_task_name(struct span name);

/* Does a message begin with a sentence that only the kernel says in a report of the killer, or of a
 * failed allocation? */
bool klog_opens(struct span text);

struct klog *klog_new(struct snapshot *s);
/* False: the line stands in a report and speaks of memory, and what it says is not understood. */
bool klog_feed(struct klog *k, struct span message, const struct klog_stamp *stamp);
/* The end of the log: a report that is open is one that was cut. */
void klog_free(struct klog *k);

/* The index of this file in s->log_files, which takes the name when it is new. */
u32 klog_file(struct snapshot *s, const char *name);

#endif
