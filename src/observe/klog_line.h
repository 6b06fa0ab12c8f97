/* klog_line.h - one message of a kernel log, whoever wrote the line it stands in. */
#ifndef OBSERVE_KLOG_LINE_H
#define OBSERVE_KLOG_LINE_H

#include "observe/span.h"

struct klog_line {
    struct span text; /* the message alone */
    u64 at_us;        /* since boot; UINT64_MAX when the line does not say */
    u32 number;       /* of the line in the text, from 1 */
};

/* Take the next message; lines of other programs are passed over. False at the end. ret->number
 * counts on from what it was. */
bool klog_take_line(struct span *text, struct klog_line *ret);

#endif
