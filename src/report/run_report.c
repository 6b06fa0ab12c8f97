/* run_report.c - gathering the facts of a run. */
#include "report/run_report.h"

#include "procfs/procfs.h"

#include <string.h>

/* As much anonymous memory as at most, but for one part in so many: then the moment with more huge
 * pages tells more. */
#define NEARLY 256

void run_report_init(struct run_report *r, struct system *system, struct group *group)
{
    *r = (struct run_report){.system = system, .group = group};
}

void run_report_done(struct run_report *r)
{
    tally_done(&r->before);
    file_uses_free(r->files);
    r->files = NULL;
}

u64 run_group_events(const struct run_report *r, enum counter id)
{
    s64 before = tally_group(&r->before, r->group)->counters[id];

    return (u64)MAX(procfs_group_counter(r->group, id) - before, (s64)0);
}

u64 run_machine_events(const struct run_report *r, enum counter id)
{
    return (u64)(r->system->counters.v[id] - r->before.counters[id]);
}

/* The root is not charged for what it holds: it has what is not free. */
static u64 used_pages(const struct run_report *r)
{
    if (r->group->parent)
        return r->group->memory.usage;
    return r->system->frames.managed_pages - frames_count_free(&r->system->frames);
}

static u64 swap_pages(const struct run_report *r)
{
    if (r->group->parent)
        return r->group->swap.usage;
    return r->system->swap.total_pages - r->system->swap.free_pages;
}

static u64 pages_now(const struct run_report *r, enum counter id)
{
    s64 n = r->group->parent ? group_counter(r->group, id) : r->system->counters.v[id];

    return (u64)MAX(n, (s64)0);
}

static u64 untouched_pages(const struct system *s)
{
    u64 whole = (u64)MAX(s->counters.v[NR_ANON_TRANSPARENT_HUGEPAGES], (s64)0);

    return whole > s->space.touched.pages ? whole - s->space.touched.pages : 0;
}

/* A huge page stays whole on its list until somebody splits it, whatever of it is mapped. */
static u64 unmapped_pages(const struct run_report *r)
{
    u64 listed = pages_now(r, NR_INACTIVE_ANON) + pages_now(r, NR_ACTIVE_ANON);
    u64 used = pages_now(r, NR_ANON_PAGES) + pages_now(r, NR_SHMEM) + pages_now(r, NR_SWAPCACHED);

    return listed > used ? listed - used : 0;
}

/* Cache may have filled the memory before a program started: its huge pages have a moment of their
 * own. */
static void watch_huge(struct run_report *r)
{
    struct run_huge_sample *best = &r->huge;
    u64 anon = pages_now(r, NR_ANON_PAGES), huge = pages_now(r, NR_ANON_TRANSPARENT_HUGEPAGES);

    if (anon > r->most_anon_pages ||
        (huge > best->huge_pages && anon >= r->most_anon_pages - r->most_anon_pages / NEARLY)) {
        r->most_anon_pages = MAX(r->most_anon_pages, anon);
        *best = (struct run_huge_sample){
            .anon_pages = anon, .huge_pages = huge, .untouched_pages = untouched_pages(r->system)};
    } else if (best->untouched_pages && huge >= best->huge_pages) {
        /* What a program gets at once it may use later. */
        best->untouched_pages = MIN(best->untouched_pages, untouched_pages(r->system));
    }
    if (unlikely(run_machine_events(r, THP_DEFERRED_SPLIT_PAGE)))
        r->most_unmapped_pages = MAX(r->most_unmapped_pages, unmapped_pages(r));
}

/* What of the memory held now no reader of files could give back. */
static u64 unreclaimable_pages(const struct run_report *r)
{
    u64 held = used_pages(r) + swap_pages(r), shmem = pages_now(r, NR_SHMEM);
    u64 file = pages_now(r, NR_FILE_PAGES);

    return held - MIN(held, file - MIN(file, shmem));
}

/* Pinned pages stay on the lists of reclaim, which those that are locked have left. */
static u64 pinned_pages(const struct run_report *r)
{
    const struct system *s = r->system;
    u64 sum = 0;

    for (u32 i = 0; s->mem.pins.count && i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        if (t->mm && t->pid == t->tgid && group_is_below(t->group, r->group))
            sum += t->mm->pinned_vm - MIN(t->mm->pinned_vm, t->mm->locked_vm);
    }
    return sum;
}

/* The root's statistics have what was charged to it alone, as Linux's: the machine's own counters
 * have all of it. */
static void take_kernel(const struct run_report *r, struct run_sample *now)
{
    const s64 *v = r->system->counters.v;

    now->reclaimable_bytes = pages_now(r, NR_SLAB_RECLAIMABLE);
    now->slab_bytes = now->reclaimable_bytes + pages_now(r, NR_SLAB_UNRECLAIMABLE);
    if (r->group->parent) {
        now->kernel_bytes = (u64)MAX(procfs_group_counter(r->group, MEMCG_KERNEL), (s64)0);
        return;
    }
    now->kernel_bytes = now->slab_bytes + (u64)MAX(v[NR_KERNEL_STACK], (s64)0) * KIB +
                        (pages_now(r, NR_PAGE_TABLE_PAGES) + pages_now(r, NR_SEC_PAGE_TABLE_PAGES) +
                         pages_now(r, NR_KERNEL_MISC_RECLAIMABLE) + pages_now(r, NR_ZSPAGES)) *
                            PAGE_SIZE;
}

static void take_sample(struct run_report *r)
{
    const struct kernel *kernel = &r->system->kernel;
    struct run_sample *now = &r->fullest;

    file_uses_mark(&r->system->backing);
    now->at_ns = r->system->clock.now;
    now->memory_pages = used_pages(r);
    now->swap_pages = swap_pages(r);
    r->worst_pages = unreclaimable_pages(r);
    now->pool_pages = r->system->mem.hugetlb_pages;
    now->pinned_pages = pinned_pages(r);
    take_kernel(r, now);
    for (unsigned nid = 0; r->system->frames.nr_nodes > 1 && nid < r->system->frames.nr_nodes;
         nid++)
        now->free_pages[nid] = (u64)node_counter(&r->system->frames, nid, NR_FREE_PAGES);
    for (unsigned i = 0; i < kernel->nr_memory_stat; i++) {
        enum counter id = kernel->memory_stat[i]->id;

        now->counters[id] =
            procfs_group_counter(r->group, id) - tally_group(&r->before, r->group)->counters[id];
    }
}

u64 run_peak_pages(const struct run_report *r)
{
    return r->group->parent ? r->group->memory.peak : r->fullest.memory_pages;
}

u64 run_limit_bytes(const struct run_report *r)
{
    return r->group->memory.max >= PAGE_COUNTER_MAX ? UINT64_MAX : r->group->memory.max * PAGE_SIZE;
}

void run_begin(void *report)
{
    struct run_report *r = report;

    tally_done(&r->before);
    tally_take(&r->before, r->system);
    file_uses_begin(&r->system->backing);
    take_sample(r);
    r->most_pages = r->fullest.memory_pages + r->fullest.swap_pages;
    r->huge = (struct run_huge_sample){0};
    r->most_anon_pages = r->most_unmapped_pages = 0;
    watch_huge(r);
}

void run_watch(void *report)
{
    struct run_report *r = report;
    u64 held = used_pages(r) + swap_pages(r);
    u64 shown = r->fullest.memory_pages + r->fullest.swap_pages;

    /* A limit is met many times: of moments that are as full the worst is shown, when least of what
     * is held is cache. */
    if (held >= r->most_pages - r->most_pages / NEARLY) {
        u64 stuck = unreclaimable_pages(r);

        if (held > shown + shown / NEARLY || stuck > r->worst_pages ||
            (stuck == r->worst_pages && held > shown))
            take_sample(r);
        r->most_pages = MAX(r->most_pages, held);
    }
    watch_huge(r);
}

void run_job_sum(const struct run_report *r, const struct scenario_job *job, struct run_job *ret)
{
    *ret = (struct run_job){0};
    for (u32 i = 0; i < r->system->nr_tasks; i++) {
        const struct task *t = r->system->tasks[i];

        if (t->kthread || scenario_job_of(r->scenario, t->tgid) != job)
            continue;
        ret->minor += t->minflt;
        ret->major += t->majflt;
        ret->memory_ns += t->reclaim_ns + wait_memory_ns(t->wait_ns);
        ret->packets += t->packets.asked;
        ret->packets_dropped += t->packets.failed;
        ret->arrays += t->array.asked;
        ret->arrays_failed += t->array.failed;
        if (!run_lists_task(r, t))
            continue;
        ret->processes++;
        ret->running += t->outcome == OUTCOME_NONE;
        ret->oom_killed += t->outcome == OUTCOME_OOM_KILLED;
        ret->refused += t->outcome == OUTCOME_REFUSED;
        ret->sigbus += t->outcome == OUTCOME_SIGBUS;
        ret->maxrss_pages = MAX(ret->maxrss_pages, run_maxrss_pages(t));
        ret->max_hugetlb_pages = MAX(ret->max_hugetlb_pages, run_max_hugetlb_pages(t));
    }
}

void run_asked_sum(const struct run_report *r, struct run_asked *ret)
{
    *ret = (struct run_asked){0};
    for (size_t i = 0; r->scenario && i < r->scenario->nr_jobs; i++) {
        const struct scenario_job *job = &r->scenario->jobs[i];
        const struct generator_stats *st = &job->generator.stats;
        struct run_job sum;

        run_job_sum(r, job, &sum);
        ret->packets += sum.packets;
        ret->packets_dropped += sum.packets_dropped;
        ret->arrays += sum.arrays;
        ret->arrays_failed += sum.arrays_failed;
        if (job->trace || !st->latency_sum)
            continue;
        ret->requests += st->requests;
        ret->latency_ns += st->latency_sum;
        if ((double)st->memory_ns / (double)st->latency_sum > ret->worst_share) {
            ret->worst = job;
            ret->worst_share = (double)st->memory_ns / (double)st->latency_sum;
        }
    }
}

void run_report_finish(struct run_report *r)
{
    struct run_waits *w = &r->waits;

    run_watch(r);
    file_uses_free(r->files);
    r->files = file_uses_new(&r->system->backing);
    *w = (struct run_waits){0};
    for (u32 i = 0; i < r->system->nr_tasks; i++) {
        const struct task *t = r->system->tasks[i];
        const struct tally_task *before = tally_task(&r->before, i);

        if (!run_judges_task(r, t))
            continue;
        for (unsigned c = 0; c < NR_WAIT_CAUSES; c++)
            w->by_cause[c] += t->wait_ns[c] - before->wait_ns[c];
        w->reclaim_cpu_ns += t->reclaim_ns - before->reclaim_ns;
    }
    w->memory_ns = w->reclaim_cpu_ns + wait_memory_ns(w->by_cause);
}

const char *run_task_outcome(const struct task *t)
{
    switch (t->outcome) {
    case OUTCOME_NONE:
        return "running";
    case OUTCOME_EXITED:
        return "exited";
    case OUTCOME_OOM_KILLED:
        return "oom_killed";
    case OUTCOME_SIGSEGV:
        return "sigsegv";
    case OUTCOME_SIGBUS:
        return "sigbus";
    case OUTCOME_KILLED:
        return "killed";
    case OUTCOME_REFUSED:
        return "refused";
    }
    hw_unreachable();
}

void run_lacks(const struct run_report *r, struct trace_lacks *ret)
{
    *ret = r->trace ? r->trace->lacks : (struct trace_lacks){0};
    for (size_t i = 0; r->scenario && i < r->scenario->nr_jobs; i++)
        if (r->scenario->jobs[i].trace)
            trace_lacks_add(ret, &r->scenario->jobs[i].trace->lacks);
}

u64 run_maxrss_pages(const struct task *t)
{
    u64 now = t->mm ? MAX(t->mm->hiwater_rss, mm_rss(t->mm)) : 0;

    return MAX(now, t->maxrss_pages);
}

u64 run_max_hugetlb_pages(const struct task *t)
{
    return MAX(t->mm ? t->mm->hiwater_hugetlb : 0, t->max_hugetlb_pages);
}

bool run_judges_task(const struct run_report *r, const struct task *t)
{
    return !t->kthread && (!r->process || t->group == r->group);
}

bool run_lists_task(const struct run_report *r, const struct task *t)
{
    return run_judges_task(r, t) && t->pid == t->tgid && !tally_is_past(&r->before, t);
}

void run_process_faults(const struct run_report *r, const struct task *leader, u64 *ret_minor,
                        u64 *ret_major)
{
    const struct system *s = r->system;

    *ret_minor = *ret_major = 0;
    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];

        /* A pid may come again: the threads of a process are those that share its whole life. */
        if (t->tgid != leader->tgid || t->start_ns < leader->start_ns ||
            (leader->end_ns && t->start_ns > leader->end_ns))
            continue;
        *ret_minor += t->minflt - tally_task(&r->before, i)->minflt;
        *ret_major += t->majflt - tally_task(&r->before, i)->majflt;
    }
}
