/* run_json.c - one run as a JSON document; docs/schema/run.schema.json describes it.
 *
 * Kernel counters keep the kernel's names and the units of the files they stand in: vmstat as
 * /proc/vmstat, memory.stat in bytes. All of it is the same for the same input and seed.
 */
#include "report/file_uses_report.h"
#include "report/heat_json.h"
#include "report/json_put.h"
#include "report/lacks.h"
#include "report/run_huge.h"
#include "report/run_nodes.h"
#include "report/run_pool.h"
#include "report/run_report.h"
#include "report/runtimes_report.h"
#include "report/working_set_report.h"

#include "base/masklist.h"
#include "procfs/procfs.h"
#include "stats/memory_stat.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void put_s64(json_object *o, const char *key, s64 value)
{
    json_put(o, key, json_new_s64(value));
}

/* A fraction with nine digits, printed the same everywhere. */
static void put_fraction(json_object *o, const char *key, double value)
{
    char text[48];

    snprintf(text, sizeof(text), "%.9f", value);
    json_put(o, key, json_new_number(value, text));
}

/* A limit: null when there is none. */
static void put_limit(json_object *o, const char *key, u64 pages)
{
    json_put(o, key, pages >= PAGE_COUNTER_MAX ? NULL : json_new_u64(pages * PAGE_SIZE));
}

static void put_policy(json_object *o, const char *key, const struct mempolicy *p)
{
    struct strbuf text;

    strbuf_init(&text);
    mempolicy_render(p, &text);
    json_put(o, key, json_new_text(text.text));
    strbuf_done(&text);
}

/* null: none. */
static void put_pool(json_object *o, const char *key, const struct pool_spec *p)
{
    struct strbuf text;

    strbuf_init(&text);
    pool_spec_render(p, &text);
    json_put(o, key, text.len ? json_new_text(text.text) : NULL);
    strbuf_done(&text);
}

/* null: all. */
static void put_nodes(json_object *o, const char *key, u64 nodes)
{
    struct strbuf text;

    strbuf_init(&text);
    strbuf_masklist(&text, nodes);
    json_put(o, key, nodes ? json_new_text(text.text) : NULL);
    strbuf_done(&text);
}

/* Options of machine.def as they are in force: amounts as numbers, null where the machine has the
 * say. */
static json_object *options_json(const struct system_config *c)
{
    json_object *o = json_new_object();

    for (unsigned i = 0; i < NR_MACHINE_OPTIONS; i++) {
        const struct machine_option_info *info = &machine_option_info[i];
        const char *at = (const char *)c + info->offset;

        switch (info->kind) {
        case MACHINE_SIZE:
        case MACHINE_SWAP:
        case MACHINE_NUMBER:
            json_put_u64(o, info->name, *(const u64 *)(const void *)at);
            break;
        case MACHINE_COUNT:
            json_put_u64(o, info->name, *(const u32 *)(const void *)at);
            break;
        case MACHINE_POLICY:
            put_policy(o, info->name, (const void *)at);
            break;
        case MACHINE_NODES:
            put_nodes(o, info->name, *(const u64 *)(const void *)at);
            break;
        case MACHINE_POOL:
            put_pool(o, info->name, (const void *)at);
            break;
        case MACHINE_BOOL:
            json_put(o, info->name, json_new_bool(*(const bool *)at));
            break;
        case MACHINE_DISK:
        case MACHINE_DEVICE:
        case MACHINE_COMPRESSOR:
        case MACHINE_KERNEL:
        case MACHINE_LRU:
        case MACHINE_THP: {
            const char *name = *(const char *const *)(const void *)at;

            json_put(o, info->name, name ? json_new_text(name) : NULL);
        }
        }
    }
    return o;
}

static json_object *machine_json(const struct system *s)
{
    json_object *o = json_new_object(), *swaps = json_new_array();
    json_object *tunables = json_new_object();

    json_put_text(o, "kernel", s->config.kernel);
    json_put_u64(o, "ram_bytes", s->frames.ram_bytes);
    json_put_u64(o, "managed_bytes", s->frames.managed_pages * PAGE_SIZE);
    json_put_u64(o, "cpus", s->frames.nr_cpus);
    json_put_text(o, "disk", s->disk.profile ? s->disk.profile->name : "");
    for (u32 i = 0; i < s->swap.nr_areas; i++) {
        const struct swap_area *a = &s->swap.areas[i];
        json_object *swap = json_new_object();

        json_put_text(swap, "name", a->name);
        json_put_u64(swap, "bytes", (u64)a->nr_slots * PAGE_SIZE);
        json_put_text(swap, "device",
                      a->device && a->device->profile ? a->device->profile->name : "");
        json_append(swaps, swap);
    }
    json_put(o, "swap", swaps);
    json_put_u64(o, "seed", s->config.seed);
    json_put(o, "options", options_json(&s->config));
    for (unsigned i = 0; i < nr_tunables; i++) {
        const struct tunable_info *info = &tunable_info[i];
        const char *const *names = tunable_names(info->unit);
        u64 value = tunables_get(&s->tunables, info);

        json_put(tunables, info->key, names ? json_new_text(names[value]) : json_new_u64(value));
    }
    json_put(o, "tunables", tunables);
    return o;
}

static json_object *tasks_json(const struct run_report *r)
{
    const struct system *s = r->system;
    json_object *tasks = json_new_array();

    for (u32 i = 0; i < s->nr_tasks; i++) {
        const struct task *t = s->tasks[i];
        json_object *o;
        u64 minor, major;

        if (!run_lists_task(r, t))
            continue;
        o = json_new_object();
        run_process_faults(r, t, &minor, &major);
        json_put_u64(o, "pid", t->pid);
        json_put_u64(o, "ppid", t->ppid);
        json_put_text(o, "comm", t->comm);
        json_put_text(o, "outcome", run_task_outcome(t));
        if (t->outcome == OUTCOME_REFUSED)
            json_put_text(o, "error", strerrorname_np(-t->error));
        json_put_u64(o, "minflt", minor);
        json_put_u64(o, "majflt", major);
        json_put_u64(o, "maxrss_bytes", run_maxrss_pages(t) * PAGE_SIZE);
        if (run_max_hugetlb_pages(t))
            json_put_u64(o, "max_hugetlb_bytes", run_max_hugetlb_pages(t) * PAGE_SIZE);
        json_put_u64(o, "start_ns", t->start_ns);
        json_put_u64(o, "end_ns", t->end_ns);
        if (r->scenario) {
            const struct scenario_job *job = scenario_job_of(r->scenario, t->tgid);

            json_put_text(o, "task", job ? job->task->head.name : "");
        }
        json_append(tasks, o);
    }
    return tasks;
}

/* One [task] of a scenario. */
static json_object *job_json(const struct run_report *r, const struct scenario_job *job)
{
    json_object *o = json_new_object();
    struct run_job sum;
    char path[4096];

    run_job_sum(r, job, &sum);
    group_path(job->group, path, sizeof(path));
    json_put_text(o, "name", job->task->head.name);
    json_put_text(o, "cgroup", path);
    json_put_u64(o, "processes", sum.processes);
    json_put_u64(o, "running", sum.running);
    json_put_u64(o, "oom_killed", sum.oom_killed);
    json_put_u64(o, "refused", sum.refused);
    json_put_u64(o, "minflt", sum.minor);
    json_put_u64(o, "majflt", sum.major);
    json_put_u64(o, "maxrss_bytes", sum.maxrss_pages * PAGE_SIZE);
    if (sum.max_hugetlb_pages)
        json_put_u64(o, "max_hugetlb_bytes", sum.max_hugetlb_pages * PAGE_SIZE);
    if (sum.sigbus)
        json_put_u64(o, "sigbus", sum.sigbus);
    json_put_u64(o, "memory_stall_ns", sum.memory_ns);
    if (sum.packets) {
        json_put_u64(o, "packets", sum.packets);
        json_put_u64(o, "packets_dropped", sum.packets_dropped);
    }
    if (sum.arrays) {
        json_put_u64(o, "arrays", sum.arrays);
        json_put_u64(o, "arrays_failed", sum.arrays_failed);
    }
    if (!job->trace) {
        const struct generator_stats *st = &job->generator.stats;

        json_put_u64(o, "requests", st->requests);
        json_put_u64(o, "latency_ns_mean", st->requests ? st->latency_sum / st->requests : 0);
        json_put_u64(o, "latency_ns_max", st->latency_max);
    }
    return o;
}

/* One [write] or [rmdir], swapon or swapoff. */
static json_object *act_json(const struct scenario_act *a)
{
    json_object *o = json_new_object();
    const struct scenario_write *w = a->write;

    json_put_text(o, "name", scenario_act_head(a)->name);
    json_put_u64(o, "at_ns", scenario_act_at(a));
    if (a->device) {
        json_put_text(o, a->swapon ? "swapon" : "swapoff", a->device->head.name);
    } else if (w) {
        json_put_text(o, "file", w->file);
        json_put_text(o, "value", w->value);
    } else if (a->rm) {
        json_put_text(o, "rm", a->rm->file.text);
    } else {
        json_put_text(o, "rmdir", a->rmdir->cgroup.text);
    }
    json_put_u64(o, "done", a->done);
    json_put_u64(o, "refused", a->refused);
    if (a->refused)
        json_put_text(o, "error", strerrorname_np(-a->error));
    if (w && control_is_pool(&w->control))
        json_put_u64(o, "pool_pages", a->pool);
    if (a->trigger) {
        json_put_u64(o, "events", a->trigger->nr_events);
        if (a->trigger->nr_events)
            json_put_u64(o, "first_event_ns", a->trigger->first_event);
    }
    return o;
}

static json_object *scenario_json(const struct run_report *r)
{
    json_object *o = json_new_object(), *jobs = json_new_array();
    json_object *acts = json_new_array();

    for (size_t i = 0; i < r->scenario->nr_jobs; i++)
        json_append(jobs, job_json(r, &r->scenario->jobs[i]));
    json_put(o, "tasks", jobs);
    for (size_t i = 0; i < r->scenario->nr_acts; i++)
        json_append(acts, act_json(&r->scenario->acts[i]));
    json_put(o, "acts", acts);
    return o;
}

static json_object *vmstat_json(const struct run_report *r)
{
    const struct system *s = r->system;
    const struct kernel *kernel = &s->kernel;
    json_object *o = json_new_object();
    struct counters c;

    procfs_counters(s, &c);
    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        put_s64(o, counter_info[id].name, counter_shown(id, c.v[id] - r->before.counters[id]));
    }
    return o;
}

static json_object *memory_stat_json(const struct system *s, memory_stat_fn get, void *ctx)
{
    const struct kernel *kernel = &s->kernel;
    json_object *o = json_new_object();

    for (unsigned i = 0; i < kernel->nr_memory_stat; i++)
        put_s64(o, kernel->memory_stat[i]->name,
                memory_stat_value(kernel->memory_stat[i], get, ctx));
    return o;
}

/* Of the group alone, as it stands in the .local files. */
static json_object *events_json(const struct run_report *r, const struct group *g, const char *file)
{
    json_object *o = json_new_object();

    for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
        if (cgroup_event_in(i, file))
            put_s64(o, cgroup_event_info[i].key,
                    g->counters.v[cgroup_event_counter(i)] -
                        tally_group(&r->before, g)->own[cgroup_event_counter(i)]);
    }
    return o;
}

/* A pressure file: averages in percent, total in microseconds. */
static json_object *pressure_json(const struct run_report *r, const struct group *g,
                                  enum psi_res res)
{
    const struct system *s = r->system;
    static const char *const names[] = {"avg10", "avg60", "avg300"};
    json_object *o = json_new_object();

    for (unsigned full = 0; full < 2; full++) {
        json_object *line = json_new_object();
        struct psi_figures f = {0};

        if (g->parent || res != PSI_CPU || !full) {
            psi_show(&g->psi, res, full, s->clock.now, &f);
            f.total_us -= tally_group(&r->before, g)->pressure_us[res][full];
        }
        for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
            char text[32];
            double percent = (double)f.avg[i] / (1 << PSI_FIXED_BITS);

            snprintf(text, sizeof(text), "%.2f", percent);
            json_put(line, names[i], json_new_number(percent, text));
        }
        json_put_u64(line, "total", f.total_us);
        json_put(o, full ? "full" : "some", line);
    }
    return o;
}

static json_object *machine_pressure_json(const struct run_report *r)
{
    struct group *root = r->system->groups.root;
    json_object *o = json_new_object();

    json_put(o, "cpu", pressure_json(r, root, PSI_CPU));
    json_put(o, "io", pressure_json(r, root, PSI_IO));
    json_put(o, "memory", pressure_json(r, root, PSI_MEM));
    return o;
}

/* A group, and what had happened in it before the judged part. */
struct judged {
    const struct run_report *r;
    struct group *group;
};

static s64 judged_counter(void *ctx, enum counter id)
{
    const struct judged *j = ctx;

    return procfs_group_counter(j->group, id) - tally_group(&j->r->before, j->group)->counters[id];
}

static json_object *group_json(const struct run_report *r, struct group *g)
{
    const struct system *s = r->system;
    struct judged judged = {r, g};
    json_object *o = json_new_object();
    char path[4096];

    group_path(g, path, sizeof(path));
    json_put_text(o, "path", path);
    put_limit(o, "memory.max", g->memory.max);
    put_limit(o, "memory.high", g->memory.high);
    put_limit(o, "memory.swap.max", g->swap.max);
    json_put_u64(o, "memory.current", g->memory.usage * PAGE_SIZE);
    json_put_u64(o, "memory.peak", g->memory.peak * PAGE_SIZE);
    json_put_u64(o, "memory.swap.current", g->swap.usage * PAGE_SIZE);
    json_put(o, "memory.stat", memory_stat_json(s, judged_counter, &judged));
    json_put(o, CGROUP_EVENTS_FILE, events_json(r, g, CGROUP_EVENTS_FILE));
    json_put(o, CGROUP_SWAP_EVENTS_FILE, events_json(r, g, CGROUP_SWAP_EVENTS_FILE));
    json_put(o, "cpu.pressure", pressure_json(r, g, PSI_CPU));
    json_put(o, "io.pressure", pressure_json(r, g, PSI_IO));
    json_put(o, "memory.pressure", pressure_json(r, g, PSI_MEM));
    return o;
}

static json_object *groups_json(const struct run_report *r)
{
    const struct system *s = r->system;
    json_object *groups = json_new_array();

    for (struct group *g = s->groups.root; g; g = group_next(s->groups.root, g)) {
        /* The root has no limits and, in Linux, no memory.current. */
        if (g->parent && g->online)
            json_append(groups, group_json(r, g));
    }
    return groups;
}

static s64 sample_value(void *counters, enum counter id)
{
    return ((const s64 *)counters)[id];
}

static json_object *fullest_json(const struct run_report *r)
{
    json_object *o = json_new_object();
    struct run_sample sample = r->fullest;

    json_put_u64(o, "at_ns", sample.at_ns);
    json_put_u64(o, "memory.current", sample.memory_pages * PAGE_SIZE);
    json_put_u64(o, "memory.swap.current", sample.swap_pages * PAGE_SIZE);
    if (sample.pool_pages)
        json_put_u64(o, "hugetlb", sample.pool_pages * PAGE_SIZE);
    if (sample.pinned_pages)
        json_put_u64(o, "pinned", sample.pinned_pages * PAGE_SIZE);
    json_put(o, "memory.stat", memory_stat_json(r->system, sample_value, sample.counters));
    return o;
}

/* The first cause that is shown under the same name. */
static unsigned first_of_name(unsigned cause)
{
    unsigned first = WAIT_NOTHING + 1;

    while (strcmp(wait_cause_info[first].name, wait_cause_info[cause].name) != 0)
        first++;
    return first;
}

static json_object *waits_json(const struct run_report *r)
{
    json_object *o = json_new_object();
    u64 ns[NR_WAIT_CAUSES] = {0}; /* of all causes of a name, at the first */

    for (unsigned i = WAIT_NOTHING + 1; i < NR_WAIT_CAUSES; i++)
        ns[first_of_name(i)] += r->waits.by_cause[i];
    for (unsigned i = WAIT_NOTHING + 1; i < NR_WAIT_CAUSES; i++) {
        if (first_of_name(i) == i)
            json_put_u64(o, wait_cause_info[i].name, ns[i]);
    }
    json_put_u64(o, "reclaim_cpu", r->waits.reclaim_cpu_ns);
    json_put_u64(o, "memory", r->waits.memory_ns);
    return o;
}

static json_object *input_json(const struct run_report *r)
{
    json_object *o = json_new_object();
    struct trace_lacks lacks;
    json_object *list;
    char command[1024];

    json_put_text(o, "file", r->input);
    run_lacks(r, &lacks);
    list =
        r->trace && !trace_is_complete(r->trace) ? incomplete_json(r->trace) : lacks_json(&lacks);
    if (list)
        json_put(o, "incomplete", list);
    if (!r->trace)
        return o;
    if (trace_text_value(r->trace->meta, "command", command, sizeof(command)))
        json_put_text(o, "command", command);
    host_put_json(o, r->trace, &r->host);
    runtimes_put_json(o, r->runtimes, run_limit_bytes(r));
    json_put(o, "complete", json_new_bool(trace_is_complete(r->trace)));
    json_put_u64(o, "damaged_bytes", r->trace->lost_bytes);
    return o;
}

static json_object *replay_json(const struct run_report *r)
{
    json_object *o = json_new_object();
    struct trace_lacks lacks;

    run_lacks(r, &lacks);
    json_put_u64(o, "events", r->stats.events);
    json_put_u64(o, "hits", r->stats.hits);
    json_put_u64(o, "skipped", r->stats.skipped);
    if (r->stats.starved)
        json_put_u64(o, "starved", r->stats.starved);
    json_put_u64(o, "unexplained", r->stats.bad_ops);
    if (r->stats.nodes_cut + r->stats.nodes_absent) {
        json_put_u64(o, "nodes_cut", r->stats.nodes_cut);
        json_put_u64(o, "nodes_absent", r->stats.nodes_absent);
    }
    if (r->stats.policies_refused)
        json_put_u64(o, "policies_refused", r->stats.policies_refused);
    json_put_u64(o, "refused", r->stats.refused);
    json_put_u64(o, "lost", lacks.by_reason[HWT_INCOMPLETE_CALLS]);
    return o;
}

static json_object *window_json(const struct run_report *r)
{
    json_object *o = json_new_object();

    if (r->from)
        json_put_text(o, "from", r->from);
    if (r->to)
        json_put_text(o, "to", r->to);
    json_put(o, "begun", json_new_bool(r->window.begun));
    json_put_u64(o, "begun_ns", r->window.begun_ns);
    json_put(o, "ended", json_new_bool(r->to ? r->window.ended : r->window.begun));
    return o;
}

json_object *run_json(const struct run_report *r)
{
    json_object *pool = run_pool_json(r);
    json_object *o = json_new_object();

    json_put(o, "schema_version", json_new_s64(RUN_SCHEMA_VERSION));
    json_put(o, "input", input_json(r));
    json_put_text(o, "outcome", replay_outcome_name(r->outcome));
    json_put_u64(o, "virtual_ns", r->stats.virtual_ns);
    json_put_u64(o, "busy_ns", replay_busy_ns(&r->stats));
    if (r->process)
        json_put_text(o, "process", r->process);
    if (r->from || r->to)
        json_put(o, "window", window_json(r));
    if (r->baseline_ns) {
        json_put_u64(o, "baseline_ns", r->baseline_ns);
        put_fraction(o, "slowdown", (double)replay_busy_ns(&r->stats) / (double)r->baseline_ns);
    }
    json_put(o, "machine", machine_json(r->system));
    if (r->scenario)
        json_put(o, "scenario", scenario_json(r));
    if (run_huge_enabled(r))
        json_put(o, "huge_pages", run_huge_json(r));
    if (pool)
        json_put(o, "hugetlb", pool);
    if (run_nodes_enabled(r))
        json_put(o, "numa", run_nodes_json(r));
    json_put(o, "tasks", tasks_json(r));
    json_put(o, "waits_ns", waits_json(r));
    json_put(o, "pressure", machine_pressure_json(r));
    json_put(o, "fullest", fullest_json(r));
    if (r->files)
        json_put(o, "page_cache", file_uses_json(r->files));
    json_put(o, "vmstat", vmstat_json(r));
    json_put(o, "cgroups", groups_json(r));
    json_put(o, "replay", replay_json(r));
    if (r->over_time)
        json_put(o, "over_time", run_over_time_json(r->over_time));
    if (r->heat)
        json_put(o, "heat", heat_json(r->heat));
    if (r->working_set)
        json_put(o, "working_set", working_set_json(r->working_set));
    return o;
}
