/* klog_cma.c - contiguous memory that a device did not get, and how its area stood.
 *
 *   cma: cma_alloc: linux,cma: alloc failed, req-size: 62864 pages, ret: -12 the area's name is
 *   told since 5.13 cma: number of available pages: 12@244+200@312+1024@1024=> 1236 free of 4096
 *   total pages
 *
 * The second line (CONFIG_CMA_DEBUG) counts what no device has: pieces of "pages@where". What of
 * these is lent to programs, it does not say. -ENOMEM: no such piece is long enough. -EBUSY: one
 * was, and pages in it could not be moved away.
 */
#include "observe/klog_int.h"

static u64 page_of(const struct klog *k)
{
    return k->s->page_bytes && known(k->s->page_bytes) ? k->s->page_bytes : 4096;
}

/* "12@244+200@312=> 212 free of 4096 total pages" */
static bool take_area(struct klog *k, struct span text)
{
    static const char mark[] = "number of available pages: ";
    struct log_event *e = NULL;
    struct span rest;
    u64 run = 0, pages, at, left, total;

    if (!klog_after(text, mark, &rest))
        return false;
    while (!span_empty(rest) && is_digit(*rest.at)) {
        if (!span_take_u64(&rest, &pages) || !span_take(&rest, "@") || !span_take_u64(&rest, &at))
            return true;
        run = MAX(run, pages);
        span_take(&rest, "+");
    }
    if (!span_take(&rest, "=>") || !span_take_u64(&rest, &left) || !span_take(&rest, "free of ") ||
        !span_take_u64(&rest, &total) || total > OOM_PAGES_MAX || left > total || run > left)
        return true;
    for (size_t i = k->s->log.count; i-- > 0 && !e;)
        if (k->s->log.items[i].kind == LOG_CMA_FAILED)
            e = &k->s->log.items[i];
    if (!e || known(e->cma_total))
        return true;
    e->cma_total = total * page_of(k);
    e->cma_free = left * page_of(k);
    e->cma_run = run * page_of(k);
    return true;
}

bool klog_parse_cma(struct klog *k, struct span text, const struct klog_stamp *stamp)
{
    struct log_event event;
    struct span rest, area;
    u64 pages, error;

    if (take_area(k, text))
        return true;
    if (!span_find(text, "cma_alloc: ") || !klog_after(text, "req-size: ", &rest) ||
        !span_take_u64(&rest, &pages) || pages > OOM_PAGES_MAX)
        return false;
    event = klog_one_line(LOG_CMA_FAILED, stamp);
    event.usage = pages * page_of(k);
    if (klog_after(rest, "ret: -", &rest) && span_take_u64(&rest, &error) && error < 4096)
        event.error = (u32)error;
    if (klog_between(text, "cma_alloc: ", ": alloc failed", &area))
        span_copy(span_trim(area), event.killer, sizeof(event.killer));
    event.words = span_dup(span_trim(text));
    klog_push(k, event);
    return true;
}
