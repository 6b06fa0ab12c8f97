/* klog_vmalloc.c - memory that vmalloc did not give: no range of addresses, more than the machine
 * has, or no page for a part of it.
 *
 * vmalloc takes single pages wherever they lie and maps them into a range of the kernel's
 * addresses. It fails for three reasons, and only one of them is a lack of memory:
 *
 *   vmap allocation for size 20480 failed: use vmalloc=<size> to increase size              no
 *   range was free (until 6.9)
 *   vmalloc_node_range for size 8192 failed: Address range restricted to 0xf1000000 - ...   the
 *   same (since 6.10)
 *   insmod: vmalloc: allocation failure: 16384 bytes, mode:0x6000c0(GFP_KERNEL)             no
 *   range, or more than all of memory (until 5.12)
 *   insmod: vmalloc: allocation failure, allocated 8192 of 16384 bytes, mode:...            pages
 *   ran out
 *   fio: vmalloc error: size 17179869184, exceeds total pages, mode:...                     5.13
 *   and later say which it was
 *   fio: vmalloc error: size 16384, vm_struct allocation failed, mode:...
 *   fio: vmalloc error: size 16384, page order 0, failed to allocate pages, mode:...
 *
 * Kernel 3.10 tells the size in a line without a name, and in the next one who asked ("modprobe:
 * page allocation failure: order:0").
 */
#include "observe/klog_int.h"

/* " 8192 of 16384 bytes" */
static bool take_part(struct span rest, u64 *got, u64 *bytes)
{
    return span_take_u64(&rest, got) && span_take(&rest, "of ") && span_take_u64(&rest, bytes) &&
           span_begins(rest, " bytes");
}

/* What a line of vmalloc says; the name of who asked stands before `ret_mark`. False: it is
 * none. */
static bool take_failure(struct span text, const char **ret_mark, enum vmalloc_failure *why,
                         u64 *bytes, u64 *got)
{
    static const char old[] = "vmalloc: allocation failure", fresh[] = "vmalloc error: size ";
    struct span rest;

    *got = 0;
    *ret_mark = span_find(text, old);
    if (*ret_mark) {
        rest = (struct span){*ret_mark + strlen(old), text.end};
        if (span_take(&rest, ", allocated ")) {
            *why = VMALLOC_PAGES;
            return take_part(rest, got, bytes) && *bytes > 0;
        }
        *why = VMALLOC_RANGE_OR_TOTAL;
        return span_take(&rest, ": ") && span_take_u64(&rest, bytes) &&
               span_begins(rest, " bytes") && *bytes > 0;
    }
    *ret_mark = span_find(text, fresh);
    if (!*ret_mark)
        return false;
    rest = (struct span){*ret_mark + strlen(fresh), text.end};
    if (!span_take_u64(&rest, bytes) || *bytes == 0)
        return false;
    /* A message that is cut before it says why says nothing. */
    *why = span_find(rest, "exceeds t")     ? VMALLOC_TOTAL
           : span_find(rest, "vm_struct a") ? VMALLOC_RANGE
           : span_find(rest, "failed to")   ? VMALLOC_PAGES
                                            : VMALLOC_NOT;
    return *why != VMALLOC_NOT;
}

/* "vmap allocation for size 20480 failed", "vmalloc_node_range for size 8192 failed": the guard
 * page is counted. */
static bool take_range(struct klog *k, struct span text)
{
    static const char *const marks[] = {"vmap allocation for size ",
                                        "vmalloc_node_range for size "};
    struct span rest;
    u64 bytes;

    for (unsigned i = 0; i < ARRAY_SIZE(marks); i++)
        if (klog_after(text, marks[i], &rest) && span_take_u64(&rest, &bytes) &&
            span_begins(rest, " failed")) {
            k->range_refused = bytes;
            return true;
        }
    return false;
}

/* The line before said that no range of that size was free. */
static void note(struct klog *k, struct log_event *e, enum vmalloc_failure why, u64 bytes, u64 got)
{
    if (why == VMALLOC_RANGE_OR_TOTAL && k->range_refused >= bytes)
        why = VMALLOC_RANGE;
    k->range_refused = 0;
    e->vmalloc = why;
    e->vmalloc_bytes = bytes;
    e->vmalloc_got = got;
}

void klog_note_vmalloc(struct klog *k)
{
    if (k->vmalloc_bytes)
        note(k, &k->open, k->vmalloc, k->vmalloc_bytes, k->vmalloc_got);
    k->vmalloc_bytes = 0;
}

bool klog_parse_vmalloc(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    enum vmalloc_failure why;
    struct span name;
    const char *mark;
    u64 bytes, got;

    if (take_range(k, text))
        return true;
    if (!take_failure(text, &mark, &why, &bytes, &got))
        return false;
    name = span_trim((struct span){text.at, mark});
    if (span_ends(name, ":"))
        name.end--;
    if (span_empty(name)) {
        k->vmalloc = why;
        k->vmalloc_bytes = bytes;
        k->vmalloc_got = got;
        return true;
    }
    klog_begin(k, LOG_ALLOC_FAILURE, stamp);
    if (klog_is_task_name(name))
        span_copy(name, k->open.comm, sizeof(k->open.comm));
    note(k, &k->open, why, bytes, got);
    klog_take_request(k, text);
    klog_take_allowed(k, text);
    k->open.kill = stamp->place;
    oom_note(k->open.report, OOM_PART_INVOKED, stamp->place);
    return true;
}
