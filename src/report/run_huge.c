/* run_huge.c - counters of huge pages as answers: cover, walks saved, memory nobody touched, CPU
 * time. */
#include "report/run_huge.h"

#include "access/access.h"
#include "base/units.h"
#include "report/json_put.h"

bool run_huge_enabled(const struct run_report *r)
{
    /* MADV_COLLAPSE works in any mode, and what is huge stays so when the mode becomes never. */
    return r->system->tunables.thp_enabled != THP_NEVER ||
           run_machine_events(r, THP_FAULT_ALLOC) != 0 ||
           run_machine_events(r, THP_COLLAPSE_ALLOC) != 0 || r->huge.huge_pages != 0;
}

/* A collapse is taken as 512 copies: of what was empty it clears the page, which is cheaper. */
static ns_t cpu_time(const struct run_report *r, const struct run_huge *h)
{
    const struct cost_model *cost = &r->system->cost;

    return (h->faults + h->zero_allocs) * HPAGE_PMD_NR * cost->zero_page +
           h->leaf_splits * cost->split_huge_pmd + h->splits * cost->split_huge_page +
           h->collapses * HPAGE_PMD_NR * cost->copy_page;
}

void run_huge_fill(const struct run_report *r, struct run_huge *ret)
{
    const struct space *space = &r->system->space;
    const u64 *before = r->before.walks;

    *ret = (struct run_huge){
        .anon_bytes = r->huge.anon_pages * PAGE_SIZE,
        .huge_bytes = r->huge.huge_pages * PAGE_SIZE,
        .unmapped_bytes = r->most_unmapped_pages * PAGE_SIZE,
        .untouched_bytes = r->huge.untouched_pages * PAGE_SIZE,
        .walks = space->walks[WALK_SMALL] - before[WALK_SMALL] + space->walks[WALK_HUGE] -
                 before[WALK_HUGE],
        .saved = space->walks[WALK_SAVED] - before[WALK_SAVED],
        .faults = run_machine_events(r, THP_FAULT_ALLOC),
        .fallbacks = run_machine_events(r, THP_FAULT_FALLBACK),
        .fallbacks_charge = run_machine_events(r, THP_FAULT_FALLBACK_CHARGE),
        .collapses = run_machine_events(r, THP_COLLAPSE_ALLOC),
        .splits = run_machine_events(r, THP_SPLIT_PAGE),
        .leaf_splits = run_machine_events(r, THP_SPLIT_PMD),
        .zero_allocs = run_machine_events(r, THP_ZERO_PAGE_ALLOC),
        .zero_page = r->system->mem.thp.zero_page != PFN_NONE,
    };
    ret->cpu_ns = cpu_time(r, ret);
}

void run_huge_sentence(const struct run_huge *h, struct strbuf *out)
{
    char saved[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX], idle[UNITS_TEXT_MAX], time[UNITS_TEXT_MAX];

    if (!run_huge_used(h) && !h->zero_allocs && !h->zero_page) {
        strbuf_append(out, "No transparent huge page was used");
        return;
    }
    if (!run_huge_used(h)) {
        strbuf_printf(
            out,
            "No transparent huge page was used but that of zeros, which is read in place of memory "
            "that nobody has written; it saves %s of %s page walks",
            format_short_count(saved, h->saved), format_short_count(all, h->walks + h->saved));
        return;
    }
    strbuf_printf(
        out,
        "Huge pages cover %.0f %% of anonymous memory, save %s of %s page walks, hold %s that "
        "nobody touched; zeroing, splitting and collapsing took %s",
        h->anon_bytes ? 100.0 * (double)h->huge_bytes / (double)h->anon_bytes : 0.0,
        format_short_count(saved, h->saved), format_short_count(all, h->walks + h->saved),
        format_bytes(idle, h->untouched_bytes), format_ns(time, h->cpu_ns));
    if (h->unmapped_bytes)
        strbuf_printf(out, "; up to %s of them was unmapped and still held",
                      format_bytes(idle, h->unmapped_bytes));
}

json_object *run_huge_json(const struct run_report *r)
{
    const struct tunables *t = &r->system->tunables;
    json_object *o = json_new_object();
    struct run_huge h;

    run_huge_fill(r, &h);
    json_put_text(o, "enabled", thp_enabled_name[t->thp_enabled]);
    json_put_text(o, "defrag", thp_defrag_name[t->thp_defrag]);
    if (r->trace)
        json_put_text(o, "layout", r->trace->layout == TRACE_LAYOUT_PLACED ? "placed" : "recorded");
    json_put_u64(o, "anon_bytes", h.anon_bytes);
    json_put_u64(o, "huge_bytes", h.huge_bytes);
    json_put_u64(o, "untouched_bytes", h.untouched_bytes);
    json_put_u64(o, "unmapped_bytes", h.unmapped_bytes);
    json_put_u64(o, "page_walks", h.walks);
    json_put_u64(o, "page_walks_saved", h.saved);
    json_put_u64(o, "cpu_ns", h.cpu_ns);
    return o;
}
