/* klog_pool.c - what the kernel's log says of pools of huge pages: that one did not get its pages,
 * that a program was ended for one. */
#include "observe/klog_int.h"

#include <stdio.h>

#define REFUSALS_MAX 256

static struct refusal refusal_new(enum refusal_kind kind, struct span text,
                                  const struct klog_stamp *stamp)
{
    struct refusal r = {.kind = kind, REFUSAL_UNTOLD, .place = stamp->place};

    if (span_len(text) >= sizeof(r.words))
        text.end = text.at + sizeof(r.words) - 1;
    span_copy(text, r.words, sizeof(r.words));
    return r;
}

bool klog_take_pool(struct snapshot *s, struct span text, const struct klog_stamp *stamp)
{
    struct refusal r;
    struct span rest;
    u64 pid;

    text = span_trim(text);
    if (s->refusals.count >= REFUSALS_MAX)
        return false;
    if (span_begins(text, "HugeTLB: allocating ")) {
        r = refusal_new(REFUSED_POOL, text, stamp);
        snprintf(r.program, sizeof(r.program), "the kernel");
    } else if (span_begins(text, "PID ") &&
               span_find(text, " killed due to inadequate hugepage pool")) {
        rest = (struct span){text.at + 4, text.end};
        if (!span_take_u64(&rest, &pid) || pid > UINT32_MAX)
            return false;
        r = refusal_new(REFUSED_HUGE, text, stamp);
        snprintf(r.program, sizeof(r.program), "process %llu", (unsigned long long)pid);
    } else {
        return false;
    }
    vec_push(&s->refusals, r);
    return true;
}
