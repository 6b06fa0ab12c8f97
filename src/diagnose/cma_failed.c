/* cma_failed.c - contiguous memory for a device: the area is too small, full, in pieces, or lent to
 * pages that did not move.
 *
 * Devices take pieces of the area; what is between is lent to movable pages, which are moved away
 * when a device asks. The error tells where that ended: -ENOMEM, no piece between those of devices
 * is long enough; -EBUSY, one is, and some page in it did not move.
 *   Mirrors: mm/cma.c (cma_alloc), 4.9 to 6.12
 */
#include "diagnose/refused.h"

#include "diagnose/oom_tell.h"

#define ERR_NOMEM 12
#define ERR_BUSY  16

/* The area's size: of the message, or of all areas together. */
static u64 area_of(const struct rule_context *c, const struct log_event *e, const char **ret_from)
{
    *ret_from = known(e->cma_total) ? "the kernel log" : "/proc/meminfo";
    return known(e->cma_total) ? e->cma_total : c->s->meminfo[MI_CMA_TOTAL];
}

/* Why, as far as it is told; "" when nothing is. */
static void say_why(struct rule_context *c, const struct log_event *e, struct strbuf *out)
{
    const char *from;
    u64 area = area_of(c, e, &from);
    char size[48], other[48];

    if (known(area) && e->usage > area) {
        strbuf_printf(out, ": the area has %s in all",
                      oom_figure(size, c, e, OOM_PART_KILL, "CMA area", number_of(area), IN_BYTES));
        return;
    }
    if (e->cma_free == 0)
        strbuf_printf(out, ": devices have all of its %s",
                      oom_figure(size, c, e, OOM_PART_KILL, "CMA area", number_of(area), IN_BYTES));
    else if (known(e->cma_free) && e->cma_free < e->usage)
        strbuf_printf(out, ": of its %s devices have left %s",
                      oom_figure(size, c, e, OOM_PART_KILL, "CMA area", number_of(area), IN_BYTES),
                      oom_figure(other, c, e, OOM_PART_KILL, "no device has",
                                 number_of(e->cma_free), IN_BYTES));
    else if (known(e->cma_run) && e->cma_run < e->usage)
        strbuf_printf(out, ": devices have left %s of it, in pieces of at most %s",
                      oom_figure(size, c, e, OOM_PART_KILL, "no device has", number_of(e->cma_free),
                                 IN_BYTES),
                      oom_figure(other, c, e, OOM_PART_KILL, "largest piece", number_of(e->cma_run),
                                 IN_BYTES));
    else if (e->error == ERR_BUSY)
        strbuf_append(out, ": pages that programs have in it could not be moved away (EBUSY)");
    else if (e->error == ERR_NOMEM && known(e->cma_run))
        strbuf_append(out, ", though a piece of that size was free when it was reported");
    else if (e->error == ERR_NOMEM)
        strbuf_append(out, ": devices have left no piece that long of it (ENOMEM)");
}

void allocation_tell_cma(struct rule_context *c, const struct incident *i)
{
    const struct log_event *e = i->e;
    char where[160], size[48];
    struct strbuf why;

    finding_add(c, SEV_WARNING, CONF_HIGH, "host", 0.45, "%s", "");
    vec_last(&c->out->items).cause = CAUSE_CMA_TOO_SMALL;
    vec_last(&c->out->items).incident = (u32)(i - c->incidents->items.items);
    strbuf_init(&why);
    oom_figure(size, c, e, OOM_PART_KILL, "contiguous memory asked for", number_of(e->usage),
               IN_BYTES);
    say_why(c, e, &why);
    finding_title(c, "No contiguous %s for a device in the CMA area%s%s%s", size,
                  *e->killer ? " " : "", e->killer, why.text);
    strbuf_done(&why);
    if (e->error == ERR_BUSY)
        finding_detail(c,
                       "Such pages are pinned, under writeback, or held by somebody for a moment: "
                       "another try may do. Pages that are pinned for long are moved out of the "
                       "area first, since 5.1.");
    else
        finding_detail(c, "What is free of the machine's memory is no help: a device takes "
                          "neighbouring pages of this area alone.");
    finding_detail(c, "\"%s\" (%s)", e->words, oom_where(where, c->s, e, NR_OOM_PARTS));
    evidence_shown(c, "CmaTotal", number_of(c->s->meminfo[MI_CMA_TOTAL]), IN_BYTES,
                   "/proc/meminfo");
    evidence_shown(c, "CmaFree", number_of(c->s->meminfo[MI_CMA_FREE]), IN_BYTES, "/proc/meminfo");
}
