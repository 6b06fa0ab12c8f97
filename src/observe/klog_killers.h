/* klog_killers.h - what programs other than the kernel say when they kill for memory, or see the
 * kernel do it. */
#ifndef OBSERVE_KLOG_KILLERS_H
#define OBSERVE_KLOG_KILLERS_H

#include "observe/snapshot.h"
#include "observe/span.h"

/* True when the message is one: kind, killer, comm, pid, task_memcg and words of *event are filled;
 * the caller owns them. */
bool klog_killer_take(struct span message, struct log_event *event);

/* Android's older kernels say why in lines of their own behind the one that says whom: adds such a
 * line to the words of `last`. */
bool klog_killer_goes_on(struct span message, struct log_event *last);

#endif
