/* klog_request.c - the lines that begin a report: who asked for memory, and what of.
 *
 * The OOM killer, the page allocator and the slab allocator each say it in words of their own.
 */
#include "observe/klog_int.h"

#include <stdio.h>

/* "gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0" or "order:4,
 * mode:0x40c40(GFP_NOFS|__GFP_COMP)" */
void klog_take_request(struct klog *k, struct span text)
{
    static const char *const masks[] = {"gfp_mask=", "mode:", ", gfp=", "(gfp="},
                             *const orders[] = {"order=", "order:"};
    struct oom_report *r = k->open.report;
    struct span rest, names;
    u64 number;

    for (unsigned i = 0; i < ARRAY_SIZE(masks); i++) {
        if (!klog_after(text, masks[i], &rest) || !klog_take_hex(&rest, &number))
            continue;
        r->gfp_mask = number;
        r->has_mask = true;
        if (span_take(&rest, "(") && span_take_until(&rest, ')', &names))
            span_copy(names, r->gfp, sizeof(r->gfp));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
        if (klog_after(text, orders[i], &rest) && span_take_u64(&rest, &number) && number < 64)
            r->order = k->open.order = (u32)number;
    }
}

/* "nodemask=0,cpuset=/,mems_allowed=0-1", "java cpuset=docker-5b1.scope mems_allowed=0" */
void klog_take_allowed(struct klog *k, struct span text)
{
    struct oom_report *r = k->open.report;
    struct span rest, piece;
    const char *end;

    if (klog_between(text, "nodemask=", ",cpuset=", &piece) ||
        klog_between(text, "nodemask=", ", order=", &piece))
        klog_set_path(&r->nodemask, piece);
    if (klog_between(text, "cpuset=", ",mems_allowed=", &piece) ||
        klog_between(text, "cpuset=", " mems_allowed=", &piece))
        klog_set_path(&r->cpuset, piece);
    if (!klog_after(text, "mems_allowed=", &rest))
        return;
    for (end = rest.at; end < rest.end && (is_digit(*end) || *end == '-' || *end == ','); end++)
        ;
    while (end > rest.at && end[-1] == ',')
        end--;
    klog_set_path(&r->mems_allowed, (struct span){rest.at, end});
}

/* What stands there and is no name of a task is what a logger wrote; its last word may be one. */
static void take_invoker(struct klog *k, struct span name)
{
    const char *at = name.end;

    if (!klog_is_task_name(name)) {
        while (at > name.at && !is_blank(at[-1]))
            at--;
        name.at = at;
    }
    if (klog_is_task_name(name))
        span_copy(name, k->open.invoker, sizeof(k->open.invoker));
}

bool klog_parse_invoked(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const char mark[] = " invoked oom-killer:";
    struct span rest;

    if (!klog_after(text, mark, &rest))
        return false;
    klog_begin(k, LOG_OOM_KILL, stamp);
    k->invoked = true;
    k->open.forced = k->forced;
    k->forced = false;
    take_invoker(k, span_trim((struct span){text.at, rest.at - strlen(mark)}));
    klog_take_request(k, rest);
    klog_take_allowed(k, rest);
    oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
    return true;
}

/* "java cpuset=/ mems_allowed=0": the second line of kernels until 4.20. */
bool klog_parse_cpuset(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    if (klog_is_past(k, stamp) || k->open.report->mems_allowed || !span_find(text, " cpuset=") ||
        !span_find(text, " mems_allowed="))
        return false;
    klog_take_allowed(k, text);
    return true;
}

/* "XFS: java(1234) possible memory allocation deadlock size 65552 in kmem_alloc (mode:0x250)",
 * "XFS: possible memory allocation deadlock in kmem_alloc (mode:0x250)" of 3.10: whoever asks goes
 * on asking. */
static bool parse_deadlock(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const char deadlock[] = " possible memory allocation deadlock";
    struct span rest, name;
    u64 bytes = 0;

    if (!klog_after(text, deadlock, &rest))
        return false;
    name = (struct span){text.at, rest.at - strlen(deadlock)};
    rest = span_trim(rest);
    if (span_take(&rest, "size "))
        span_take_u64(&rest, &bytes);
    klog_begin(k, LOG_ALLOC_FAILURE, stamp);
    if (klog_after(name, "XFS: ", &name) && span_find(name, "("))
        name.end = span_find(name, "(");
    if (span_ends(name, ":"))
        name.end--;
    if (klog_is_task_name(name))
        span_copy(name, k->open.comm, sizeof(k->open.comm));
    while (k->open.order < 20 && (u64)4096 << k->open.order < bytes)
        k->open.order++;
    klog_take_request(k, rest);
    k->open.retries = true;
    k->open.size_untold = bytes == 0;
    k->open.report->order = k->open.order;
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
    return true;
}

/* " 10044ms, order:0, mode:..." */
static u32 take_stall(struct span rest)
{
    u64 ms;

    rest = span_trim(rest);
    return span_take_u64(&rest, &ms) && span_begins(rest, "ms") && ms < UINT32_MAX ? (u32)ms : 0;
}

/* "NAME: page allocation failure: order:5, mode:0x40dc0(...)"; a full stop in 3.10. */
bool klog_parse_allocation(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    static const char *const marks[] = {": page allocation failure",
                                        ": page allocation stalls for"};
    struct span rest;

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++) {
        /* Of messages of several CPUs, torn apart, the name may be lost. */
        bool torn = span_begins(text, marks[i] + 2);

        if (!klog_after(text, marks[i] + (torn ? 2 : 0), &rest) || !span_find(rest, "order:"))
            continue;
        klog_begin(k, LOG_ALLOC_FAILURE, stamp);
        klog_note_vmalloc(k);
        if (!torn)
            span_copy(span_trim((struct span){text.at, rest.at - strlen(marks[i])}), k->open.comm,
                      sizeof(k->open.comm));
        klog_take_request(k, rest);
        klog_take_allowed(k, rest);
        k->open.stalled_ms = i == 1 ? take_stall(rest) : 0;
        k->open.kill = stamp->place;
        oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
        return true;
    }
    return parse_deadlock(k, text, stamp);
}

/* "sysrq: Manual OOM execution" */
bool klog_parse_forced(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    (void)stamp;
    if (!span_find(text, "Manual OOM execution"))
        return false;
    k->forced = true;
    return true;
}

/* "SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)", "SLAB: Unable to allocate
 * memory on node 0 (gfp=0x20)", and behind it which cache. */
bool klog_parse_slub(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest, name, group;
    u64 order;

    if (span_begins(text, "SLUB: Unable to allocate memory on") ||
        span_begins(text, "SLAB: Unable to allocate memory on")) {
        if (!klog_is_past(k, stamp) && k->open.kind == LOG_ALLOC_FAILURE && !k->slub)
            return true; /* what failed was told */
        klog_begin(k, LOG_ALLOC_FAILURE, stamp);
        k->slub = true;
        klog_take_request(k, text);
        k->open.kill = stamp->place;
        oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
        return true;
    }
    rest = text;
    if (klog_is_past(k, stamp) || !k->slub || !span_take(&rest, "cache: ") ||
        !span_take_until(&rest, ',', &name))
        return false;
    /* "kmalloc-1024(1793:c8edefa90517...)" is the cache of a cgroup of v1. */
    if (klog_between(name, "(", ")", &group) && span_take_u64(&group, &order) &&
        span_take(&group, ":")) {
        klog_set_path(&k->open.task_memcg, group);
        name.end = span_find(name, "(");
    }
    span_copy(name, k->open.comm, sizeof(k->open.comm));
    /* The allocator tries larger slabs first; what failed in the end is the smallest. */
    if ((klog_after(rest, "min order: ", &rest) || klog_after(rest, ", order: ", &rest)) &&
        span_take_u64(&rest, &order) && order < 64)
        k->open.report->order = k->open.order = (u32)order;
    return true;
}

/* "warn_alloc: 6 callbacks suppressed" */
bool klog_parse_suppressed(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct span rest = text;
    u64 number;

    (void)stamp;
    if (!span_take(&rest, "warn_alloc") || !klog_after(rest, ": ", &rest) ||
        !span_take_u64(&rest, &number) || !span_begins(span_trim(rest), "callbacks suppressed"))
        return false;
    if (k->is_open && k->open.kind == LOG_ALLOC_FAILURE)
        k->open.repeats += (u32)MIN(number, (u64)1000000);
    return true;
}
