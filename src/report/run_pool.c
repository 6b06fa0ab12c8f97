/* run_pool.c - the pool of huge pages as notes and as JSON.
 *
 * Of refusals of one kind the last is told in full: what was wanted, what was left where it might
 * have been, and the limit in its way. */
#include "report/run_pool.h"

#include "base/masklist.h"
#include "base/units.h"
#include "base/utf8.h"
#include "report/json_put.h"

static const struct hugetlb *pool_of(const struct run_report *r)
{
    return &r->system->hugetlb;
}

u64 run_pool_refused_mappings(const struct run_report *r)
{
    return pool_of(r)->refused[HUGETLB_MAP].count + pool_of(r)->refused[HUGETLB_MAP_LIMIT].count;
}

u64 run_pool_refused_touches(const struct run_report *r)
{
    return pool_of(r)->refused[HUGETLB_PAGE].count + pool_of(r)->refused[HUGETLB_PAGE_LIMIT].count;
}

u64 run_pool_missing(const struct run_report *r)
{
    const struct hugetlb *h = pool_of(r);

    return h->asked > h->max ? h->asked - h->max : 0;
}

/* Tasks by what one process had of it at most. */
static void tell_users(const struct run_report *r, struct strbuf *note)
{
    const char *before = ": at most ";
    char size[UNITS_TEXT_MAX];

    for (size_t i = 0; r->scenario && i < r->scenario->nr_jobs; i++) {
        const struct scenario_job *job = &r->scenario->jobs[i];
        struct run_job sum;

        run_job_sum(r, job, &sum);
        if (!sum.max_hugetlb_pages)
            continue;
        strbuf_append(note, before);
        utf8_append_clean(note, job->task->head.name);
        strbuf_printf(note, " %s", format_bytes(size, sum.max_hugetlb_pages * PAGE_SIZE));
        before = ", ";
    }
}

static void tell_nodes(u64 nodes, struct strbuf *note)
{
    strbuf_append(note, nodes & (nodes - 1) ? "nodes " : "node ");
    strbuf_masklist(note, nodes);
}

/* What would have been enough. */
static void tell_cure(const struct hugetlb_refused *of, struct strbuf *note)
{
    char number[UNITS_TEXT_MAX];
    u64 missing = of->wanted - MIN(of->wanted, of->left);

    if (of->nodes)
        strbuf_printf(note,
                      ": put pages there (/sys/devices/system/node/node%d/hugepages/"
                      "hugepages-2048kB/nr_hugepages)",
                      __builtin_ctzll(of->nodes));
    else if (of->overcommit && of->surplus + missing > of->overcommit)
        strbuf_printf(note, ", and vm.nr_overcommit_hugepages (%s) allows too few surplus pages",
                      format_count(number, of->overcommit));
    else if (of->overcommit)
        strbuf_printf(note,
                      ", and no surplus page could be had: no block of 2 MiB was free or could be "
                      "made (vm.nr_overcommit_hugepages is %s)",
                      format_count(number, of->overcommit));
    else if (of->rest > 1)
        strbuf_printf(note,
                      ": vm.nr_hugepages=%llu would have had room for the %s of its mapping that "
                      "were still missing",
                      (unsigned long long)(of->pool - MIN(of->pool, of->left) + of->rest),
                      format_count(number, of->rest));
    else
        strbuf_printf(note, ": vm.nr_hugepages=%llu would have had %s",
                      (unsigned long long)(of->pool + missing),
                      of->wanted == 1 ? "one more" : "room for it");
}

static void tell_want(const struct hugetlb *h, enum hugetlb_refusal why, struct strbuf *note)
{
    const struct hugetlb_refused *of = &h->refused[why];
    bool map = why == HUGETLB_MAP;
    char number[UNITS_TEXT_MAX], left[UNITS_TEXT_MAX], pool[UNITS_TEXT_MAX];

    if (!of->count)
        return;
    strbuf_printf(note,
                  "\nNote: %s %s of huge pages %s refused (%s): ", format_count(number, of->count),
                  map              ? of->count == 1 ? "mapping" : "mappings"
                  : of->count == 1 ? "first touch"
                                   : "first touches",
                  of->count == 1 ? "was" : "were", map ? "ENOMEM" : "SIGBUS");
    if (map)
        strbuf_printf(note, "%swanted %s%s%s%s, and ", of->count == 1 ? "it " : "the last ",
                      format_count(number, of->wanted), of->had ? " beside the " : "",
                      of->had ? format_count(left, of->had) : "", of->had ? " it had" : "");
    if (of->left)
        strbuf_printf(note, "only %s of the pool's %s", format_count(left, of->left),
                      format_count(pool, of->pool));
    else if (of->pool)
        strbuf_printf(note, "none of the pool's %s", format_count(pool, of->pool));
    else
        strbuf_append(note, "the pool had none");
    if (of->pool)
        strbuf_printf(note, " %s %s", of->left > 1 ? "were" : "was",
                      of->nodes ? "free" : "neither used nor promised");
    if (of->nodes) {
        strbuf_append(note, " on ");
        tell_nodes(of->nodes, note);
        strbuf_append(note,
                      of->is_cpuset ? ", all that its cpuset allows" : ", to which it is bound");
    }
    if (of->elsewhere)
        strbuf_printf(note, " (%s on others)", format_count(number, of->elsewhere));
    tell_cure(of, note);
    strbuf_append(note, ".\n");
}

static void tell_limit(const struct hugetlb *h, enum hugetlb_refusal why, struct strbuf *note)
{
    const struct hugetlb_refused *of = &h->refused[why];
    bool map = why == HUGETLB_MAP_LIMIT;
    char number[UNITS_TEXT_MAX], wanted[UNITS_TEXT_MAX], limit[UNITS_TEXT_MAX];

    if (!of->count)
        return;
    strbuf_printf(note, "\nNote: %s %s of huge pages %s refused (%s) by a limit: %s of ",
                  format_count(number, of->count),
                  map              ? of->count == 1 ? "mapping" : "mappings"
                  : of->count == 1 ? "first touch"
                                   : "first touches",
                  of->count == 1 ? "was" : "were", map ? "ENOMEM" : "SIGBUS",
                  of->is_rsvd ? "hugetlb.2MB.rsvd.max" : "hugetlb.2MB.max");
    utf8_append_clean(note, of->group);
    strbuf_printf(note, " was %s%s", format_bytes(limit, of->limit * HPAGE_PMD_NR * PAGE_SIZE),
                  of->count == 1 ? "" : ", the last time");
    if (map)
        strbuf_printf(note, ", and the mapping wanted %s",
                      format_bytes(wanted, of->wanted * HPAGE_PMD_NR * PAGE_SIZE));
    strbuf_append(note, ".\n");
}

void run_pool_text(const struct run_report *r, struct strbuf *out)
{
    const struct hugetlb *h = pool_of(r);
    char number[UNITS_TEXT_MAX], of[UNITS_TEXT_MAX];

    if (run_pool_missing(r))
        strbuf_printf(
            out,
            "\nNote: the pool was to have %s huge pages (nr_hugepages) and got %s: the rest "
            "of memory was in use, or in pieces that could not be joined. Clean page cache among "
            "them goes with drop_caches (3) before the write.\n",
            format_count(of, h->asked), format_count(number, h->max));
    if (h->most_used) {
        strbuf_printf(out, "\nNote: at most %s of the pool's huge pages were in use",
                      format_count(number, h->most_used));
        tell_users(r, out);
        strbuf_append(out, ". They are in no program's RSS and under no memory.max.\n");
    } else if (h->nr) {
        strbuf_append(out, "\nNote: nobody used a huge page of the pool.\n");
    }
    tell_want(h, HUGETLB_MAP, out);
    tell_limit(h, HUGETLB_MAP_LIMIT, out);
    tell_want(h, HUGETLB_PAGE, out);
    tell_limit(h, HUGETLB_PAGE_LIMIT, out);
}

void run_pool_write(const struct scenario_act *a, struct strbuf *out)
{
    char asked[UNITS_TEXT_MAX], got[UNITS_TEXT_MAX], surplus[UNITS_TEXT_MAX];

    strbuf_printf(out, ": asked %s, got %s", format_count(asked, a->write->control.number),
                  format_count(got, a->pool));
    if (a->pool_surplus)
        strbuf_printf(out, "; %s more are in use or promised, and stay till they are given back",
                      format_count(surplus, a->pool_surplus));
}

json_object *run_pool_json(const struct run_report *r)
{
    static const char *const names[NR_HUGETLB_REFUSALS] = {
        [HUGETLB_MAP] = "mappings",
        [HUGETLB_MAP_LIMIT] = "mappings_by_limit",
        [HUGETLB_PAGE] = "touches",
        [HUGETLB_PAGE_LIMIT] = "touches_by_limit",
    };
    const struct hugetlb *h = pool_of(r);
    json_object *o, *refused;
    u64 all = run_pool_refused_mappings(r) + run_pool_refused_touches(r);

    if (!all && !h->nr && !h->asked && !h->most_used)
        return NULL;
    o = json_new_object();
    refused = json_new_object();
    json_put_u64(o, "asked_pages", h->asked);
    json_put_u64(o, "pages", h->nr);
    json_put_u64(o, "surplus_pages", h->surplus);
    json_put_u64(o, "most_used_pages", h->most_used);
    for (unsigned i = 0; i < NR_HUGETLB_REFUSALS; i++)
        json_put_u64(refused, names[i], h->refused[i].count);
    json_put(o, "refused", refused);
    return o;
}
