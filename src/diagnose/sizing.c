/* sizing.c - see sizing.h. */
#include "diagnose/sizing.h"

#include "diagnose/oom_cause.h"

#include <stdio.h>
#include <string.h>

static bool is_program(const char *comm, const char *program)
{
    if (!*comm)
        return true;
    return strcmp(program, "java") == 0 ? oom_is_jvm(comm) : strncmp(comm, program, 4) == 0;
}

const struct heap_view *sizing_heap(const struct snapshot *s, const char *comm, u32 pid)
{
    const struct heap_view *found = NULL;

    vec_for_each (&s->heaps, h)
        if (pid && h->pid == pid && is_program(comm, h->program))
            return h;
    vec_for_each (&s->heaps, h) {
        if (!is_program(comm, h->program))
            continue;
        if (found && (found->bytes != h->bytes || !(found->percent == h->percent)))
            return NULL;
        found = h;
    }
    return found;
}

u64 sizing_heap_bytes(const struct heap_view *heap, u64 limit)
{
    if (!heap)
        return UNKNOWN;
    if (known(heap->bytes))
        return heap->bytes;
    return known(limit) && limit < NO_LIMIT ? (u64)(heap->percent / 100 * (double)limit) : UNKNOWN;
}

static char *where_of(char buf[160], const struct rule_context *c, struct klog_place place)
{
    if (place.file < c->s->log_files.count && *c->s->log_files.items[place.file])
        snprintf(buf, 160, "%.140s:%u", c->s->log_files.items[place.file], place.line);
    else
        snprintf(buf, 160, "line %u", place.line);
    return buf;
}

void sizing_tell_heap(struct rule_context *c, const struct heap_view *heap, u64 limit)
{
    u64 bytes = sizing_heap_bytes(heap, limit);
    char where[160];

    if (!known(bytes))
        return;
    where_of(where, c, heap->place);
    if (!known(limit) || limit >= NO_LIMIT)
        finding_detail(c, "Its heap may grow to %s (%s).", SIZE(bytes), heap->option);
    else if (bytes >= limit)
        finding_detail(c,
                       "Its heap alone may grow to %s (%s): the limit leaves no room for what it "
                       "needs beside.",
                       SIZE(bytes), heap->option);
    else
        finding_detail(c, "Its heap may grow to %s (%s), which leaves %s for all else in it.",
                       SIZE(bytes), heap->option, SIZE(limit - bytes));
    evidence(c, "maximum of the heap", number_of(bytes), IN_BYTES, where, "%s", "");
    if (known(limit) && limit < NO_LIMIT && bytes < limit)
        evidence(c, "left beside the heap", number_of(limit - bytes), IN_BYTES, where, "%s", "");
}

void sizing_tell_requests(struct rule_context *c)
{
    const struct sizing_view *widest = NULL;
    u64 apart = 0;
    char where[160];

    vec_for_each (&c->s->sizings, z) {
        u64 limit = z->limit, request = figure_or(z->request, 0);

        if (known(limit) && limit > request && (!widest || limit - request > apart)) {
            widest = z;
            apart = limit - request;
        }
    }
    if (!widest || apart < widest->limit / 4)
        return;
    where_of(where, c, widest->place);
    finding_detail(c,
                   "%s may use %s and requests %s: the scheduler counts requests only, so that a "
                   "node can be given more than it has.",
                   widest->scope + (widest->scope[0] == '/'), SIZE(widest->limit),
                   SIZE(figure_or(widest->request, 0)));
    evidence(c, "limit of the container", number_of(widest->limit), IN_BYTES, where, "%s", "");
    evidence(c, "request of the container", number_of(figure_or(widest->request, 0)), IN_BYTES,
             where, "%s", "");
}
