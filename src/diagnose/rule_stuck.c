/* rule_stuck.c - a task that did not run for minutes, and whether memory management is what it
 * waited in.
 *
 * A hung task says nothing of memory by itself. Its call trace does: the first row below that
 * stands in it is what it waited for. A task that waits elsewhere (a lock, a network file system)
 * is no finding.
 */
#include "diagnose/oom_tell.h"

#include <string.h>

#define WARNING_S 86400.0

/* Each CPU is to do a piece of work, and who asked waits for all of them. A CPU that runs a
 * real-time task without end, or spins in user space, does not get to it. Memory has no part in
 * that.
 *   Mirrors: mm/swap.c (__lru_add_drain_all), mm/page_alloc.c (__drain_all_pages, until 5.19),
 *            mm/slub.c (flush_all_cpus_locked, since 5.15), mm/vmstat.c (vmstat_refresh) */
static const char *const on_each_cpu[] = {
    "lru_add_drain_all", "__lru_add_drain_all", "drain_all_pages",     "__drain_all_pages",
    "flush_all_cpus",    "vmstat_refresh",      "schedule_on_each_cpu"};

static const struct {
    const char *function; /* begins so */
    const char *within;   /* another of the same trace; NULL */
    const char *waits;
} places[] = {
    {"balance_dirty_pages", NULL,
     "is held back, because too much written data waits for the disk (dirty pages)"},
    {"mem_cgroup_handle_over_high", NULL, "is slowed down by memory.high of its cgroup"},
    {"mem_cgroup_oom", NULL, "waits at the limit of its cgroup"},
    {"swap_writepage", NULL, "waits to write to swap: the swap device is slow or stuck"},
    {"__swap_writepage", NULL, "waits to write to swap: the swap device is slow or stuck"},
    {"swap_readpage", NULL, "waits to read from swap: the swap device is slow or stuck"},
    {"swap_read_folio", NULL, "waits to read from swap: the swap device is slow or stuck"},
    {"do_swap_page", NULL, "waits to read from swap: the swap device is slow or stuck"},
    {"swapin_", NULL, "waits to read from swap: the swap device is slow or stuck"},
    {"shmem_swapin", NULL,
     "waits for shared memory that is on its way to or from swap: the swap device is slow or "
     "stuck"},
    {"wait_on_page_writeback", "shrink_",
     "waits in reclaim for pages that are being written: the disk below is slow or stuck"},
    {"folio_wait_writeback", "shrink_",
     "waits in reclaim for pages that are being written: the disk below is slow or stuck"},
    {"cma_alloc", NULL, "waits for contiguous memory (CMA)"},
    {"alloc_contig_range", NULL, "waits for contiguous memory (CMA)"},
    {"compact_zone", NULL, "waits in compaction, which makes large blocks of free memory"},
    {"shrink_", NULL, "waits in reclaim, which could not free memory"},
    {"try_to_free_", NULL, "waits in reclaim, which could not free memory"},
    {"do_try_to_free_", NULL, "waits in reclaim, which could not free memory"},
    {"try_charge", NULL, "waits at the limit of its cgroup"},
    {"throttle_direct_reclaim", NULL, "waits for kswapd to free memory"},
};

static bool in_trace(const struct oom_report *r, const char *function)
{
    vec_for_each (&r->frames, frame)
        if (strncmp(*frame, function, strlen(function)) == 0)
            return true;
    return false;
}

/* What it waits for on each CPU; NULL. */
static const char *work_of(const struct log_event *e)
{
    bool waits =
        e->report && (in_trace(e->report, "__flush_work") || in_trace(e->report, "flush_work") ||
                      in_trace(e->report, "mutex_lock") || in_trace(e->report, "__mutex_lock") ||
                      in_trace(e->report, "wait_for_completion"));

    for (unsigned i = 0; waits && i < ARRAY_SIZE(on_each_cpu); i++)
        if (in_trace(e->report, on_each_cpu[i]))
            return on_each_cpu[i];
    return NULL;
}

/* What it waits for, of memory management; NULL when nothing of that is in its trace. */
static const char *waits_of(const struct log_event *e)
{
    for (unsigned i = 0; e->report && i < ARRAY_SIZE(places); i++)
        if (in_trace(e->report, places[i].function) &&
            (!places[i].within || in_trace(e->report, places[i].within)))
            return places[i].waits;
    return strncmp(e->comm, "kswapd", 6) == 0
               ? "is to free memory for everybody and does not get on: reclaim stands still"
               : NULL;
}

static bool is_stuck(const struct incident *i)
{
    return i->e->kind == LOG_HUNG_TASK || i->e->kind == LOG_SOFT_LOCKUP;
}

/* A worker does not get its turn: one that hangs so is no shortage, whoever it is. */
static void tell_work(struct rule_context *c)
{
    const struct incident *first = NULL;
    char where[160];
    u64 count = 0;

    vec_for_each (&c->incidents->items, i) {
        if (!is_stuck(i) || !work_of(i->e))
            continue;
        count++;
        if (!first)
            first = i;
    }
    if (!first)
        return;
    finding_add(
        c, MIN(oom_severity(first->age_s, WARNING_S), SEV_WARNING), CONF_HIGH, "host", 0.55,
        "%s (pid %u) hangs: it waits for work that each CPU is to do (%s), and one CPU does "
        "not get to it; that is no lack of memory",
        first->e->comm, first->e->pid, work_of(first->e));
    vec_last(&c->out->items).cause = CAUSE_CPU_OCCUPIED;
    vec_last(&c->out->items).incident = (u32)(first - c->incidents->items.items);
    evidence(c, "tasks that wait for such work", (double)count, IN_COUNT,
             oom_where(where, c->s, first->e, OOM_PART_TRACE), "%s", "");
}

void rule_stuck(struct rule_context *c)
{
    const struct incident *first = NULL;
    char where[160];
    u64 count = 0;

    if (!wants_host(c))
        return;
    vec_for_each (&c->incidents->items, i) {
        if (!is_stuck(i) || work_of(i->e) || !waits_of(i->e))
            continue;
        count++;
        if (!first)
            first = i;
    }
    if (!first) {
        tell_work(c);
        return;
    }
    finding_add(c, MIN(oom_severity(first->age_s, WARNING_S), SEV_WARNING), CONF_HIGH, "host", 0.55,
                "%s (pid %u) %s: it %s", first->e->comm, first->e->pid,
                first->e->kind == LOG_HUNG_TASK ? "hangs" : "occupies a CPU without end",
                waits_of(first->e));
    vec_last(&c->out->items).incident = (u32)(first - c->incidents->items.items);
    if (first->e->report && first->e->report->frames.count)
        finding_detail(c, "So says its call trace, which begins in %s (%s).",
                       first->e->report->frames.items[0],
                       oom_where(where, c->s, first->e, OOM_PART_TRACE));
    evidence(c, "tasks that hang in memory management", (double)count, IN_COUNT,
             oom_where(where, c->s, first->e, NR_OOM_PARTS), "%s", "");
}
