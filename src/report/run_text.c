/* run_text.c - the summary of a run for a person.
 *
 * Three questions, in this order: which memory is used for what, how expensive is it to get back,
 * did the shortage hurt. Amounts are those of the fullest moment; events and stalls are of the
 * whole run. No figure here depends on the host.
 */
#include "report/file_uses_report.h"
#include "report/lacks.h"
#include "report/run_huge.h"
#include "report/run_nodes.h"
#include "report/run_pool.h"
#include "report/run_report.h"
#include "report/runtimes_report.h"
#include "report/text_wrap.h"

#include "base/units.h"
#include "base/utf8.h"
#include "stats/kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WRAP_COLUMNS 96u

struct text {
    const struct run_report *r;
    struct strbuf *out;
    bool color;
};

static void heading(struct text *t, const char *title)
{
    strbuf_printf(t->out, "\n%s%s%s\n", t->color ? "\033[1m" : "", title,
                  t->color ? "\033[0m" : "");
}

static u64 sample_bytes(const struct run_report *r, enum counter id)
{
    s64 bytes = counter_memory_stat(id, r->fullest.counters[id]);

    return bytes < 0 ? 0 : (u64)bytes;
}

static void amount(struct text *t, const char *what, u64 bytes, u64 of, const char *remark)
{
    char size[UNITS_TEXT_MAX];

    strbuf_printf(t->out, "  %-24s %10s", what, format_bytes(size, bytes));
    if (of)
        strbuf_printf(t->out, " %3.0f %%", 100.0 * (double)bytes / (double)of);
    else
        strbuf_append(t->out, "      ");
    strbuf_printf(t->out, "%s%s\n", *remark ? "  " : "", remark);
}

static void events(struct text *t, const char *what, u64 n, const char *remark)
{
    char number[UNITS_TEXT_MAX];

    strbuf_printf(t->out, "  %-24s %10s%s%s\n", what, format_count(number, n), *remark ? "  " : "",
                  remark);
}

static void duration(struct text *t, const char *what, ns_t ns)
{
    char time[UNITS_TEXT_MAX];

    if (ns)
        strbuf_printf(t->out, "    %-22s %10s\n", what, format_ns(time, ns));
}

/* --- the head --------------------------------------------------------------------------------- */

static void render_limit(struct strbuf *out, const char *name, u64 pages)
{
    char size[UNITS_TEXT_MAX];

    if (pages < PAGE_COUNTER_MAX)
        strbuf_printf(out, ", %s %s", name, format_bytes(size, pages * PAGE_SIZE));
}

static void render_machine(struct text *t)
{
    const struct system *s = t->r->system;
    char size[UNITS_TEXT_MAX], path[256];

    strbuf_printf(t->out, "Machine   Linux %s%s, %u CPU%s, %s RAM, ", s->config.kernel,
                  s->kernel.lru == LRU_POLICY_MGLRU ? " with MGLRU" : "", s->frames.nr_cpus,
                  s->frames.nr_cpus == 1 ? "" : "s", format_bytes(size, s->frames.ram_bytes));
    if (s->swap.total_pages)
        strbuf_printf(t->out, "%s swap on %s", format_bytes(size, s->swap.total_pages * PAGE_SIZE),
                      s->swap.areas[0].device ? s->swap.areas[0].device->profile->name : "memory");
    else
        strbuf_append(t->out, "no swap");
    strbuf_printf(t->out, ", files on %s", s->disk.profile ? s->disk.profile->name : "memory");
    for (unsigned i = 0; i < s->config.nr_disks; i++)
        strbuf_printf(t->out, ", %s", s->disks[i].profile->name);
    strbuf_append(t->out, "\n");
    group_path(t->r->group, path, sizeof(path));
    strbuf_printf(t->out, "Group     %s", path);
    render_limit(t->out, "memory.max", t->r->group->memory.max);
    render_limit(t->out, "memory.high", t->r->group->memory.high);
    render_limit(t->out, "memory.swap.max", t->r->group->swap.max);
    if (t->r->group->memory.max >= PAGE_COUNTER_MAX)
        strbuf_append(t->out, t->r->group->parent ? ", no memory.max" : " (the whole machine)");
    strbuf_appendc(t->out, '\n');
}

static unsigned count_outcome(const struct run_report *r, enum task_outcome outcome)
{
    const struct system *s = r->system;
    unsigned n = 0;

    for (u32 i = 0; i < s->nr_tasks; i++)
        n += run_lists_task(r, s->tasks[i]) && s->tasks[i]->outcome == outcome;
    return n;
}

/* What is judged. */
static void render_window(struct text *t)
{
    const struct run_report *r = t->r;
    char time[UNITS_TEXT_MAX];

    if (r->process) {
        strbuf_append(t->out, "Process   ");
        utf8_append_clean(t->out, r->process);
        strbuf_printf(t->out, ", with its children%s; the others run in /others\n",
                      r->window.begun ? "" : ": it never started");
    }
    if (!r->from && !r->to)
        return;
    strbuf_append(t->out, "Judged    from ");
    utf8_append_clean(t->out, r->from ? r->from : "the beginning");
    if (r->from && r->window.begun && r->window.begun_ns < r->from_ns)
        strbuf_printf(t->out, " (in a wait that began after %s, and is judged from there)",
                      format_ns(time, r->window.begun_ns));
    else if (r->from && r->window.begun)
        strbuf_printf(t->out, " (reached after %s)", format_ns(time, r->window.begun_ns));
    strbuf_append(t->out, " to ");
    utf8_append_clean(t->out, r->to ? r->to : "the end");
    if (!r->window.begun)
        strbuf_append(t->out, "; it did not get there: what follows is what came before");
    else if (r->to && !r->window.ended)
        strbuf_append(t->out, ", which it did not reach");
    else if (r->window.ended && r->stats.virtual_ns == 0)
        strbuf_append(t->out, ": nothing happens there");
    strbuf_appendc(t->out, '\n');
}

static void render_outcome(struct text *t)
{
    const struct run_report *r = t->r;
    const char *color = r->outcome == REPLAY_COMPLETED ? "\033[32m" : "\033[31m";
    char time[UNITS_TEXT_MAX];

    strbuf_printf(t->out, "Outcome   %s%s%s after %s of virtual time", t->color ? color : "",
                  replay_outcome_name(r->outcome), t->color ? "\033[0m" : "",
                  format_ns(time, r->stats.virtual_ns));
    if (replay_busy_ns(&r->stats) < r->stats.virtual_ns - r->stats.virtual_ns / 10)
        strbuf_printf(t->out, ", %s of it asleep", format_ns(time, r->stats.idle_ns));
    if (r->outcome == REPLAY_OOM) {
        unsigned killed = count_outcome(r, OUTCOME_OOM_KILLED);

        strbuf_printf(t->out, "; the OOM killer killed %u process%s", killed,
                      killed == 1 ? "" : "es");
    }
    if (r->baseline_ns)
        strbuf_printf(t->out, "; %.2f x the %s it takes without a limit",
                      (double)replay_busy_ns(&r->stats) / (double)r->baseline_ns,
                      format_ns(time, r->baseline_ns));
    strbuf_appendc(t->out, '\n');
}

static void render_head(struct text *t)
{
    const struct run_report *r = t->r;
    char command[256];

    strbuf_append(t->out, "Input     ");
    utf8_append_clean(t->out, r->input);
    if (r->trace && trace_text_value(r->trace->meta, "command", command, sizeof(command))) {
        strbuf_append(t->out, " (");
        utf8_append_clean(t->out, command);
        strbuf_appendc(t->out, ')');
    }
    strbuf_appendc(t->out, '\n');
    if (r->trace && *r->trace->host) {
        struct strbuf line;

        strbuf_init(&line);
        host_render_line(r->trace, &r->host, &line);
        strbuf_append(t->out, "Recorded  on ");
        text_wrap(t->out, line.text, 10, WRAP_COLUMNS);
        strbuf_appendc(t->out, '\n');
        strbuf_done(&line);
    }
    render_machine(t);
    render_window(t);
    render_outcome(t);
}

/* --- 1. used for what ------------------------------------------------------------------------- */

static void render_use(struct text *t)
{
    const struct run_report *r = t->r;
    u64 all = r->fullest.memory_pages * PAGE_SIZE;
    u64 shmem = sample_bytes(r, NR_SHMEM);
    u64 file = sample_bytes(r, NR_FILE_PAGES);
    u64 cache = file > shmem ? file - shmem : 0;
    u64 anon = sample_bytes(r, NR_ANON_PAGES), kernel = r->fullest.kernel_bytes;
    u64 pool = r->group->parent ? 0 : r->fullest.pool_pages * PAGE_SIZE;
    u64 known = anon + cache + shmem + kernel + pool;
    char size[UNITS_TEXT_MAX], title[128];

    snprintf(title, sizeof(title), "1. Used for what (at the fullest moment: %s)",
             format_bytes(size, all));
    heading(t, title);
    amount(t, "anonymous", anon, all, "heaps, stacks, private data");
    amount(t, "page cache", cache, all, "contents of files");
    if (sample_bytes(r, NR_MAPPED))
        amount(t, "  of it mapped", sample_bytes(r, NR_MAPPED), all,
               "programs, libraries, mapped data");
    if (shmem)
        amount(t, "shared memory, tmpfs", shmem, all, "");
    amount(t, "kernel", kernel, all, "");
    if (sample_bytes(r, NR_PAGE_TABLE_PAGES))
        amount(t, "  of it page tables", sample_bytes(r, NR_PAGE_TABLE_PAGES), all, "");
    if (r->fullest.slab_bytes)
        amount(t, "  of it slab", r->fullest.slab_bytes, all, "dentries, inodes, other objects");
    if (pool)
        amount(t, "pool of huge pages", pool, all, "hugetlb (vm.nr_hugepages), used or not");
    if (all > known)
        amount(t, "other", all - known, all,
               r->group->parent ? "swap cache, and charged in advance by CPUs"
                                : "kept by the kernel and its CPUs, uncounted");
    if (r->system->swap.total_pages)
        amount(t, "and in swap", r->fullest.swap_pages * PAGE_SIZE, 0, "");
    if (r->group->parent)
        amount(t, "highest usage", run_peak_pages(r) * PAGE_SIZE, 0,
               "memory.peak; it counts cache nobody needed");
}

/* --- 2. how reclaimable ----------------------------------------------------------------------- */

/* A huge page stays whole on its list until somebody splits it, whatever of it is mapped. */
static u64 unmapped_parts(const struct run_report *r)
{
    u64 listed = sample_bytes(r, NR_INACTIVE_ANON) + sample_bytes(r, NR_ACTIVE_ANON);
    u64 used =
        sample_bytes(r, NR_ANON_PAGES) + sample_bytes(r, NR_SHMEM) + sample_bytes(r, NR_SWAPCACHED);

    return run_huge_enabled(r) && listed > used ? listed - used : 0;
}

static void render_reclaimable(struct text *t)
{
    const struct run_report *r = t->r;
    u64 all = r->fullest.memory_pages * PAGE_SIZE;
    u64 dirty = sample_bytes(r, NR_DIRTY) + sample_bytes(r, NR_WRITEBACK);
    u64 inactive = sample_bytes(r, NR_INACTIVE_FILE);
    u64 clean_inactive = inactive > dirty ? inactive - dirty : 0;
    u64 dirty_active = dirty > inactive ? dirty - inactive : 0;
    u64 active = sample_bytes(r, NR_ACTIVE_FILE);
    u64 unmapped = unmapped_parts(r);
    u64 listed = sample_bytes(r, NR_INACTIVE_ANON) + sample_bytes(r, NR_ACTIVE_ANON) - unmapped;
    u64 pinned = MIN(r->fullest.pinned_pages * PAGE_SIZE, listed);
    bool has_swap = r->system->swap.total_pages != 0;

    heading(t, "2. How expensive to reclaim (at the same moment)");
    amount(t, "free to drop", clean_inactive, all, "inactive, clean page cache");
    amount(t, "costs a read again", active > dirty_active ? active - dirty_active : 0, all,
           "active page cache: in use");
    if (dirty)
        amount(t, "costs a write first", dirty, all, "dirty page cache");
    if (unmapped)
        amount(t, "costs a split", unmapped, all,
               "parts of huge pages that are not mapped any more");
    amount(t, has_swap ? "costs swap I/O" : "cannot be reclaimed", listed - pinned, all,
           has_swap ? "anonymous and shared memory"
                    : "anonymous and shared memory: there is no swap");
    if (pinned)
        amount(t, "pinned", pinned, all, "devices or io_uring work on it: it stays");
    if (r->fullest.reclaimable_bytes)
        amount(t, "kernel caches", r->fullest.reclaimable_bytes, all, "reclaimable slab");
    if (sample_bytes(r, NR_UNEVICTABLE))
        amount(t, "locked", sample_bytes(r, NR_UNEVICTABLE), all, "unevictable");
}

/* --- 3. did it hurt --------------------------------------------------------------------------- */

static void render_stalls(struct text *t)
{
    const struct run_waits *w = &t->r->waits;
    ns_t busy = replay_busy_ns(&t->r->stats);
    char time[UNITS_TEXT_MAX];

    strbuf_printf(t->out, "  %-24s %10s", "stalled for memory", format_ns(time, w->memory_ns));
    if (busy)
        strbuf_printf(t->out, "  %.1f %% of the time it was busy, summed over tasks",
                      100.0 * (double)w->memory_ns / (double)busy);
    strbuf_appendc(t->out, '\n');
    duration(t, "files read again", w->by_cause[WAIT_REFAULT]);
    duration(t, "swap-in", w->by_cause[WAIT_SWAPIN]);
    duration(t, "reclaim, on the CPU", w->reclaim_cpu_ns);
    duration(t, "reclaim, waiting", w->by_cause[WAIT_RECLAIM] + w->by_cause[WAIT_REQUEST]);
    duration(t, "compaction", w->by_cause[WAIT_COMPACTION]);
    duration(t, "memory.high", w->by_cause[WAIT_HIGH]);
    strbuf_printf(
        t->out, "  %-24s %10s  %s\n", "other waiting for I/O",
        format_ns(time, w->by_cause[WAIT_READ] + w->by_cause[WAIT_WRITE] + w->by_cause[WAIT_DIRTY]),
        "first reads, writes: no memory would have spared them");
}

static double pressure_percent(const struct run_report *r, enum psi_res res, bool full)
{
    struct psi_figures f;

    psi_show(&r->group->psi, res, full, r->system->clock.now, &f);
    f.total_us -= tally_group(&r->before, r->group)->pressure_us[res][full];
    return 100.0 * (double)(f.total_us * NS_PER_US) / (double)r->stats.virtual_ns;
}

static void render_pressure(struct text *t)
{
    if (t->r->stats.virtual_ns)
        strbuf_printf(t->out,
                      "  %-24s %8.1f %%  of the run (full %.1f %%); io %.1f %%, cpu %.1f %%\n",
                      "memory pressure, some", pressure_percent(t->r, PSI_MEM, false),
                      pressure_percent(t->r, PSI_MEM, true), pressure_percent(t->r, PSI_IO, false),
                      pressure_percent(t->r, PSI_CPU, false));
}

static void render_reclaim(struct text *t)
{
    const struct run_report *r = t->r;
    u64 scanned = run_group_events(r, PGSCAN_DIRECT) + run_group_events(r, PGSCAN_KSWAPD);
    u64 freed = run_group_events(r, PGSTEAL_DIRECT) + run_group_events(r, PGSTEAL_KSWAPD);
    char remark[96], number[UNITS_TEXT_MAX];

    if (scanned)
        snprintf(remark, sizeof(remark), "of %s looked at: %.0f %%", format_count(number, scanned),
                 100.0 * (double)freed / (double)scanned);
    else
        snprintf(remark, sizeof(remark), "nothing had to be reclaimed");
    events(t, "pages reclaimed", freed, remark);
    if (r->group->memory.max < PAGE_COUNTER_MAX)
        events(t, "memory.max reached", run_group_events(r, MEMCG_MAX), "times");
}

static double part_of(u64 part, u64 whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* What parts of the kernel did not get in one piece. */
static const char *verdict_of_blocks(const struct run_report *r)
{
    struct run_asked all;

    run_asked_sum(r, &all);
    if (all.packets_dropped)
        return "Yes: packets were dropped, because no buffer was free in one piece.";
    if (all.arrays_failed)
        return "Yes: arrays of a file system could not be had in one piece.";
    return NULL;
}

/* By whom: the pool of huge pages refuses while there is memory. */
static const char *verdict_of_refusal(const struct run_report *r)
{
    const struct hugetlb_refused *of = r->system->hugetlb.refused;
    u64 limits = of[HUGETLB_MAP_LIMIT].count + of[HUGETLB_PAGE_LIMIT].count;
    u64 pool = run_pool_refused_mappings(r) + run_pool_refused_touches(r);

    if (pool < r->stats.refused + r->stats.starved || !pool)
        return "Yes: memory was refused to it.";
    if (limits == pool)
        return "Yes: a limit of the hugetlb controller refused it huge pages.";
    return of[HUGETLB_MAP].elsewhere || of[HUGETLB_PAGE].elsewhere
               ? "Yes: the pool of huge pages had too few for it on the nodes that it may use."
               : "Yes: the pool of huge pages (vm.nr_hugepages) had too few for it.";
}

#define HURT        0.1 /* of its time lost: the limit between much and little */
#define HURT_LITTLE 0.01

/* One sentence, from the figures above it. */
static const char *verdict(const struct run_report *r)
{
    u64 refaults =
        run_group_events(r, WORKINGSET_REFAULT_FILE) + run_group_events(r, WORKINGSET_REFAULT_ANON);
    double share = part_of(r->waits.memory_ns, replay_busy_ns(&r->stats));
    bool compaction = r->waits.by_cause[WAIT_COMPACTION] > r->waits.memory_ns / 2;
    struct run_asked all;
    const char *blocks;

    switch (r->outcome) {
    case REPLAY_OOM:
        return r->system->oom_bound.kills ? "Yes: the nodes that it may use ran out of memory."
                                          : "Yes: it ran out of memory.";
    case REPLAY_REFUSED:
        return verdict_of_refusal(r);
    case REPLAY_PANIC:
        return "Yes: the machine ran out of memory and stopped.";
    case REPLAY_THRASH:
        return "Yes: it was slower than --max-slowdown allows.";
    case REPLAY_STOPPED:
        return "Not known: it was stopped.";
    case REPLAY_FAILED:
        return "Not known: the recording could not be read to its end.";
    case REPLAY_COMPLETED:
        break;
    }
    run_asked_sum(r, &all);
    blocks = verdict_of_blocks(r);
    if (blocks)
        return blocks;
    if (share >= HURT)
        return compaction ? "Yes: it lost time moving memory to make large blocks."
                          : "Yes: it lost time waiting for memory it had had before.";
    if (all.worst_share >= HURT)
        return compaction ? "Yes: requests took longer, for memory was moved meanwhile to make "
                            "large blocks."
                          : "Yes: requests took longer, for want of memory.";
    if (run_pool_missing(r))
        return "Yes: the pool of huge pages got fewer pages than it was to have.";
    if (refaults && share >= HURT_LITTLE)
        return "A little: some of what was reclaimed was needed again.";
    if (compaction && MAX(share, all.worst_share) >= HURT_LITTLE)
        return "A little: some time went into moving memory to make large blocks.";
    if (run_group_events(r, PGSTEAL_DIRECT) + run_group_events(r, PGSTEAL_KSWAPD))
        return "No: what was reclaimed was hardly needed again.";
    return "No: memory was never short.";
}

static void render_pool_missing(struct text *t)
{
    char remark[128], number[UNITS_TEXT_MAX];

    snprintf(remark, sizeof(remark), "of %s that the pool was to have (nr_hugepages)",
             format_count(number, t->r->system->hugetlb.asked));
    if (run_pool_missing(t->r))
        events(t, "huge pages not had", run_pool_missing(t->r), remark);
}

static void render_asked(struct text *t)
{
    char remark[128], number[UNITS_TEXT_MAX];
    struct run_asked all;

    run_asked_sum(t->r, &all);
    if (all.worst) {
        strbuf_printf(t->out, "  %-24s %8.1f %%  of the time of requests of ",
                      "lost for want of memory", 100.0 * all.worst_share);
        utf8_append_clean(t->out, all.worst->task->head.name);
        strbuf_appendc(t->out, '\n');
    }
    snprintf(remark, sizeof(remark), "of %s: no buffer was free in one piece",
             format_count(number, all.packets));
    if (all.packets_dropped)
        events(t, "packets dropped", all.packets_dropped, remark);
    snprintf(remark, sizeof(remark), "of %s: not to be had in one piece",
             format_count(number, all.arrays));
    if (all.arrays_failed)
        events(t, "arrays not had", all.arrays_failed, remark);
}

/* Files are counted for the whole machine: of a group among others it is not known. */
static void render_lost_files(struct text *t)
{
    u64 lost = run_group_events(t->r, WORKINGSET_REFAULT_FILE);

    if (t->r->files && lost && lost == run_machine_events(t->r, WORKINGSET_REFAULT_FILE))
        file_uses_render_lost(t->r->files, lost, t->out);
}

static void render_hurt(struct text *t)
{
    const struct run_report *r = t->r;

    heading(t, "3. Did it hurt");
    strbuf_printf(t->out, "  %s\n", verdict(r));
    render_stalls(t);
    render_pressure(t);
    render_asked(t);
    render_pool_missing(t);
    events(t, "major faults", run_group_events(r, PGMAJFAULT), "waited for a disk or swap");
    events(t, "file refaults", run_group_events(r, WORKINGSET_REFAULT_FILE),
           "pages read again soon after eviction");
    render_lost_files(t);
    if (r->system->swap.total_pages) {
        events(t, "anonymous refaults", run_group_events(r, WORKINGSET_REFAULT_ANON),
               "pages swapped in again");
        events(t, "pages swapped out", run_machine_events(r, PSWPOUT), "");
        events(t, "pages swapped in", run_machine_events(r, PSWPIN), "");
    }
    render_reclaim(t);
}

/* Huge pages depend on where mappings lie. */
static void layout_remark(struct text *t)
{
    const struct trace *trace = t->r->trace;

    if (trace && trace->layout == TRACE_LAYOUT_RECORDED)
        strbuf_printf(t->out, "  Huge pages as in the recorder's layout: the recording %s.\n",
                      trace->decoded ? "does not say who chose its addresses"
                                     : "is too large to be laid out anew");
}

static void huge_figures(struct text *t, const struct run_huge *h)
{
    char remark[96], number[UNITS_TEXT_MAX];

    amount(t, "anonymous, in huge pages", h->huge_bytes, h->anon_bytes, "of it, when it was most");
    amount(t, "  of it never touched", h->untouched_bytes, h->huge_bytes,
           "of the whole machine: small pages would not take it");
    if (h->unmapped_bytes)
        amount(t, "  unmapped, still held", h->unmapped_bytes, 0,
               "at most; whoever needs memory splits them first");
    snprintf(remark, sizeof(remark), "%s were done", format_count(number, h->walks));
    events(t, "page walks saved", h->saved, remark);
    if (h->fallbacks_charge)
        snprintf(remark, sizeof(remark), "faults; a limit refused %s more",
                 format_count(number, h->fallbacks_charge));
    else
        snprintf(remark, sizeof(remark), "faults; for %s more there was none free",
                 format_count(number, h->fallbacks));
    events(t, "huge pages at once", h->faults, remark);
    if (h->collapses)
        events(t, "huge pages later", h->collapses, "allocated to collapse small ones into");
    if (h->leaf_splits)
        events(t, "mapped by small pages", h->leaf_splits,
               h->zero_allocs ? "huge pages: written to while of zeros, or in part unmapped, "
                                "protected or moved"
                              : "huge pages, when a part was unmapped, protected or moved");
    if (h->splits)
        events(t, "huge pages split", h->splits, "into small ones");
}

static void render_huge(struct text *t)
{
    const struct tunables *tunables = &t->r->system->tunables;
    struct strbuf sentence;
    struct run_huge h;
    char title[96];

    run_huge_fill(t->r, &h);
    snprintf(title, sizeof(title), "4. Huge pages (%s, defrag %s)",
             thp_enabled_name[tunables->thp_enabled], thp_defrag_name[tunables->thp_defrag]);
    heading(t, title);
    strbuf_init(&sentence);
    run_huge_sentence(&h, &sentence);
    strbuf_append(&sentence, ".");
    strbuf_append(t->out, "  ");
    text_wrap(t->out, sentence.text, 2, WRAP_COLUMNS);
    strbuf_appendc(t->out, '\n');
    strbuf_done(&sentence);
    if (run_huge_used(&h))
        huge_figures(t, &h);
    layout_remark(t);
}

/* --- the tasks and cgroups of a scenario ------------------------------------------------------ */

static void render_job(struct text *t, const struct scenario_job *job)
{
    const struct generator_stats *st = &job->generator.stats;
    char number[UNITS_TEXT_MAX], mean[UNITS_TEXT_MAX], major[UNITS_TEXT_MAX], rss[UNITS_TEXT_MAX];
    char stall[UNITS_TEXT_MAX], state[48];
    struct run_job sum;

    run_job_sum(t->r, job, &sum);
    if (sum.oom_killed)
        snprintf(state, sizeof(state), "%u OOM-killed", sum.oom_killed);
    else if (sum.refused)
        snprintf(state, sizeof(state), "%u refused", sum.refused);
    else if (sum.sigbus)
        snprintf(state, sizeof(state), "%u SIGBUS", sum.sigbus);
    else if (sum.running)
        snprintf(state, sizeof(state), "%u running", sum.running);
    else
        snprintf(state, sizeof(state), sum.processes ? "%u ended" : "not started", sum.processes);
    strbuf_printf(t->out, "  %-15s %5u  %-13s %11s %10s %12s %11s %11s\n", job->task->head.name,
                  sum.processes, state, job->trace ? "-" : format_count(number, st->requests),
                  st->latency_sum ? format_ns(mean, st->latency_sum / st->requests) : "-",
                  format_count(major, sum.major), format_ns(stall, sum.memory_ns),
                  format_bytes(rss, sum.maxrss_pages * PAGE_SIZE));
}

static void render_jobs(struct text *t)
{
    heading(t, "Tasks");
    strbuf_printf(t->out, "  %-15s %5s  %-13s %11s %10s %12s %11s %11s\n", "task", "procs", "state",
                  "requests", "latency", "major faults", "memory wait", "largest RSS");
    for (size_t i = 0; i < t->r->scenario->nr_jobs; i++)
        render_job(t, &t->r->scenario->jobs[i]);
}

static void render_groups(struct text *t)
{
    struct group *root = t->r->system->groups.root;
    char path[256], now[UNITS_TEXT_MAX], max[UNITS_TEXT_MAX], at_max[UNITS_TEXT_MAX];

    if (!group_next(root, root))
        return;
    heading(t, "Cgroups");
    strbuf_printf(t->out, "  %-28s %14s %12s %12s %10s\n", "path", "memory.current", "memory.max",
                  "max reached", "OOM kills");
    for (struct group *g = group_next(root, root); g; g = group_next(root, g)) {
        group_path(g, path, sizeof(path) - 16);
        if (!g->online) /* it holds memory still */
            snprintf(path + strlen(path), 16, " (removed)");
        strbuf_printf(t->out, "  %-28s %14s %12s %12s %10lld\n", path,
                      format_bytes(now, g->memory.usage * PAGE_SIZE),
                      g->memory.max >= PAGE_COUNTER_MAX
                          ? "max"
                          : format_bytes(max, g->memory.max * PAGE_SIZE),
                      format_count(at_max, (u64)g->counters.v[MEMCG_MAX]),
                      (long long)g->counters.v[MEMCG_OOM_KILL]);
    }
}

/* Writes and removals: when, what, and what came of it. */
static void render_act(struct text *t, const struct scenario_act *a)
{
    const struct scenario_write *w = a->write;
    char at[UNITS_TEXT_MAX], number[UNITS_TEXT_MAX];

    strbuf_printf(t->out, "  %-15s %9s  ", scenario_act_head(a)->name,
                  format_ns(at, scenario_act_at(a)));
    if (a->device) {
        strbuf_printf(t->out, "%s %s", a->swapon ? "swapon" : "swapoff", a->device->head.name);
    } else if (w) {
        utf8_append_clean(t->out, w->value);
        strbuf_append(t->out, " > ");
        utf8_append_clean(t->out, w->file);
    } else {
        strbuf_printf(t->out, "%s %s", a->rm ? "rm" : "rmdir",
                      a->rm ? a->rm->file.text : a->rmdir->cgroup.text);
    }
    if (!a->done)
        strbuf_append(t->out, ": not reached");
    if (a->done > 1)
        strbuf_printf(t->out, ", %s times", format_count(number, a->done));
    if (a->refused && a->done > 1)
        strbuf_printf(t->out, ", %s refused", format_count(number, a->refused));
    if (a->refused)
        strbuf_printf(t->out, ": %s", strerrorname_np(-a->error));
    if (w && control_is_pool(&w->control) && a->done > a->refused)
        run_pool_write(a, t->out);
    if (a->trigger)
        strbuf_printf(t->out, ": %s event%s", format_count(number, a->trigger->nr_events),
                      a->trigger->nr_events == 1 ? "" : "s");
    if (a->trigger && a->trigger->nr_events)
        strbuf_printf(t->out, ", the first at %s", format_ns(at, a->trigger->first_event));
    strbuf_appendc(t->out, '\n');
}

static void render_acts(struct text *t)
{
    if (!t->r->scenario->nr_acts)
        return;
    heading(t, "Meanwhile");
    for (size_t i = 0; i < t->r->scenario->nr_acts; i++)
        render_act(t, &t->r->scenario->acts[i]);
}

/* --- tasks and remarks ------------------------------------------------------------------------ */

#define TASKS_SHOWN 12

static void render_tasks(struct text *t)
{
    const struct system *s = t->r->system;
    unsigned shown = 0, left = 0;
    struct strbuf comm;
    u64 major_sum = 0;

    strbuf_init(&comm);
    heading(t, "Processes");
    strbuf_printf(t->out, "  %7s  %-15s  %-10s %12s %12s %11s\n", "pid", "command", "outcome",
                  "minor faults", "major faults", "highest RSS");
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *task = s->tasks[i];
        char minor_text[UNITS_TEXT_MAX], major_text[UNITS_TEXT_MAX], rss[UNITS_TEXT_MAX];
        u64 minor, major;

        if (!run_lists_task(t->r, task))
            continue;
        if (shown == TASKS_SHOWN) {
            left++;
            continue;
        }
        shown++;
        run_process_faults(t->r, task, &minor, &major);
        major_sum += major;
        strbuf_reset(&comm);
        utf8_append_clean(&comm, task->comm);
        strbuf_printf(t->out, "  %7u  %-15s  %-10s %12s %12s %11s\n", task->pid, comm.text,
                      run_task_outcome(task), format_count(minor_text, minor),
                      format_count(major_text, major),
                      format_bytes(rss, run_maxrss_pages(task) * PAGE_SIZE));
    }
    strbuf_done(&comm);
    if (left)
        strbuf_printf(t->out, "  and %u more: --format json lists all\n", left);
    if (major_sum > run_group_events(t->r, PGMAJFAULT))
        strbuf_append(t->out, "  Faults as getrusage() counts them: waiting for a page that is "
                              "being read ahead is major as well.\n");
}

static void lacks_remark(const struct run_report *r, struct strbuf *out)
{
    struct trace_lacks lacks;
    struct strbuf text, note;

    run_lacks(r, &lacks);
    strbuf_init(&text);
    strbuf_init(&note);
    if (lacks_render_text(&lacks, &text)) {
        strbuf_printf(&note, "Note: the recording is incomplete: it lacks %s.", text.text);
        strbuf_appendc(out, '\n');
        text_wrap(out, note.text, 0, WRAP_COLUMNS);
        strbuf_appendc(out, '\n');
    }
    strbuf_done(&note);
    strbuf_done(&text);
}

/* Whatever makes the figures less than whole is said. */
/* Of parts of the kernel that wanted memory in one piece. */
static void blocks_remark(const struct run_report *r, struct strbuf *out)
{
    char number[UNITS_TEXT_MAX], all[UNITS_TEXT_MAX];

    for (u32 i = 0; i < r->scenario->nr_jobs; i++) {
        const struct scenario_job *job = &r->scenario->jobs[i];
        struct run_job sum;

        run_job_sum(r, job, &sum);
        if (sum.packets_dropped)
            strbuf_printf(out,
                          "\nNote: [task %s]: %s of %s packets were dropped, because no buffer was "
                          "free in one piece.\n",
                          job->task->head.name, format_count(number, sum.packets_dropped),
                          format_count(all, sum.packets));
        if (sum.arrays_failed)
            strbuf_printf(out,
                          "\nNote: [task %s]: %s of %s arrays of its file system could not be had "
                          "in one piece.\n",
                          job->task->head.name, format_count(number, sum.arrays_failed),
                          format_count(all, sum.arrays));
    }
}

/* Why a touch was refused memory. */
static const char *starved_of(const struct run_report *r)
{
    u64 pool = run_pool_refused_touches(r);
    u64 limits = r->system->hugetlb.refused[HUGETLB_PAGE_LIMIT].count;

    if (!pool)
        return "there was no room in a tmpfs";
    if (r->stats.starved > pool)
        return "there was no huge page of the pool for it, or no room in a tmpfs";
    if (!limits)
        return "there was no huge page of the pool where it may have one";
    return limits == pool ? "a limit of the hugetlb controller forbade it a huge page"
                          : "there was no huge page of the pool for it, or a limit forbade it one";
}

static void render_remarks(struct text *t)
{
    const struct run_report *r = t->r;
    const struct replay_stats *st = &r->stats;
    const struct replay_misfits misfits = replay_misfits(st);
    char number[UNITS_TEXT_MAX];

    if (r->trace && r->trace->nr_damage)
        strbuf_printf(t->out,
                      "\nNote: the recording is damaged at byte %" PRIu64
                      " (%s); it was replayed up to there.\n",
                      r->trace->damage[0].offset, r->trace->damage[0].reason);
    else if (r->trace && !r->trace->closed)
        strbuf_append(
            t->out,
            "\nNote: the recording was cut off; it was replayed up to its last whole chunk.\n");
    else if (r->trace && recording_end(r->trace))
        strbuf_printf(t->out, "\nNote: the recording is not of all that the program did: %s.\n",
                      recording_end(r->trace));
    if (st->refused && st->refused == run_pool_refused_mappings(r))
        strbuf_printf(t->out,
                      "\nNote: %s call%s refused huge pages of the pool (ENOMEM); the program "
                      "exited.\n",
                      format_count(number, st->refused), st->refused == 1 ? " was" : "s were");
    else if (st->refused && st->refused == r->system->memlock_refused)
        strbuf_printf(t->out,
                      "\nNote: %s call%s refused memory that stays (mlock, MAP_LOCKED, pin): over "
                      "RLIMIT_MEMLOCK, 8 MiB for who is not root, whatever is free; the program "
                      "exited.\n",
                      format_count(number, st->refused), st->refused == 1 ? " was" : "s were");
    else if (st->refused)
        strbuf_printf(t->out,
                      "\nNote: %s call%s refused for want of memory%s (ENOMEM, ENOSPC); the "
                      "program exited, or went on "
                      "without the child it could not fork.\n",
                      format_count(number, st->refused), st->refused == 1 ? " was" : "s were",
                      t->r->system->tunables.overcommit_memory == 2 ? " that may be promised" : "");
    if (st->starved)
        strbuf_printf(t->out, "\nNote: %s process%s ended by SIGBUS: %s.\n",
                      format_count(number, st->starved), st->starved == 1 ? " was" : "es were",
                      starved_of(r));
    run_pool_text(r, t->out);
    if (r->scenario)
        blocks_remark(r, t->out);
    lacks_remark(r, t->out);
    host_render_cautions(&r->host, t->out);
    runtimes_render(r->runtimes, run_limit_bytes(r), t->out);
    if (st->skipped)
        strbuf_printf(t->out,
                      "\nNote: %s accesses to addresses the recording does not map were skipped.\n",
                      format_count(number, st->skipped));
    misfits_remark(&misfits, t->out);
    if (!run_nodes_short(r, t->out) && !r->scenario && run_group_events(r, PGSCAN_KSWAPD) &&
        r->group->memory.max >= PAGE_COUNTER_MAX)
        strbuf_append(t->out, "\nNote: the machine's RAM was the limit here.\n");
}

void run_render_text(const struct run_report *r, bool color, struct strbuf *out)
{
    struct text t = {.r = r, .out = out, .color = color};

    render_head(&t);
    render_use(&t);
    render_reclaimable(&t);
    render_hurt(&t);
    if (run_huge_enabled(r))
        render_huge(&t);
    if (run_nodes_enabled(r)) {
        heading(&t, "Nodes");
        run_nodes_text(r, out);
    }
    if (r->scenario) {
        render_jobs(&t);
        render_groups(&t);
        render_acts(&t);
    } else {
        render_tasks(&t);
    }
    render_remarks(&t);
}
