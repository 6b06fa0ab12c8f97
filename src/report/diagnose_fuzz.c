/* diagnose_fuzz.c - snapshots of anything: no rule, figure or report minds, and what is said has to
 * hold.
 *
 * Figures are drawn from what matters: 0, small, large, as large as can be, unknown. A snapshot
 * follows another with some figures higher, some lower, at times that creep, jump or stand still.
 * Checked after each conclusion: the accounting adds up (inside the diagnosis), findings are
 * sorted, the verdict is that of the worst, the history is whole, and the JSON parses.
 */
#include "base/test.h"

#include "base/prng.h"
#include "diagnose/history.h"
#include "report/diagnose_report.h"
#include "report/json_put.h"
#include "stats/tunables.h"

#include <json-c/json.h>
#include <string.h>

static struct prng prng;

static u64 below(u64 n)
{
    return prng_below(&prng, n);
}

static u64 any(void)
{
    switch (below(8)) {
    case 0:
        return 0;
    case 1:
        return UNKNOWN;
    case 2:
        return prng_next(&prng);
    case 3:
        return UINT64_MAX - below(3);
    case 4:
        return below(100);
    default:
        return below(64 * GIB);
    }
}

/* Every u64 of a struct that has nothing else. */
static void fill(void *figures, size_t bytes)
{
    u64 *at = figures;

    for (size_t i = 0; i < bytes / sizeof(u64); i++)
        at[i] = any();
}

static void any_group(struct snapshot *s, u32 index)
{
    struct cgroup_view g;
    char path[64];

    memset(&g, 0, sizeof(g));
    snprintf(path, sizeof(path), index ? "/g%u" : "/", index);
    g.path = xstrdup(path);
    g.parent = index == 0 ? GROUP_NONE : (u32)below(index);
    g.depth = index ? 1 : 0;
    g.version = (u8)(1 + below(2));
    g.is_root = index == 0 && below(2);
    g.current = any();
    g.max = any();
    g.high = any();
    g.swap_max = any();
    g.kmem_current = any();
    fill(g.stat, sizeof(g.stat));
    fill(g.psi, sizeof(g.psi));
    g.events[EV_MAX] = any();
    g.events[EV_HIGH] = any();
    g.events[EV_OOM_KILL] = any();
    g.events_local[EV_MAX] = any();
    g.events_local[EV_OOM] = any();
    g.nr_dying = any();
    g.nr_procs = any();
    g.read_at = s->taken_at - below(2);
    g.stat_at = s->taken_at - below(2);
    vec_push(&s->cgroups, g);
}

static void any_process(struct snapshot *s, u32 pid)
{
    struct process_view p = {.pid = pid,
                             .start_ticks = below(2),
                             .group = (u32)below(s->cgroups.count + 1),
                             .state = 'S'};

    snprintf(p.comm, sizeof(p.comm), "p%u", pid);
    p.rss = any();
    p.rss_anon = any();
    p.rss_file = any();
    p.rss_shmem = any();
    p.pss = any();
    p.swap = any();
    p.locked = any();
    p.page_tables = any();
    p.major_faults = any();
    p.minor_faults = any();
    p.cpu_us = any();
    vec_push(&s->processes, p);
}

/* A figure that a report may have: its parser lets nothing larger through. */
static u64 any_reported(void)
{
    u64 figure = any();

    return figure == UNKNOWN ? UNKNOWN : figure & (((u64)1 << 56) - 1);
}

static void any_report(struct log_event *e)
{
    static const char *const zones[] = {"DMA", "DMA32", "Normal", "HighMem", "Movable"};
    static const char *const lists[] = {NULL, "0", "0-1", "1,3", "x"};
    struct oom_report *r;

    if (below(3) == 0)
        return;
    r = e->report = oom_report_new();
    r->parts = below(1ull << NR_OOM_PARTS);
    r->order = e->order;
    r->page_bytes = below(4) ? 4096 : 65536;
    r->has_mask = below(2);
    r->gfp_mask = below(1 << 20);
    r->mems_allowed = lists[below(5)] ? xstrdup("0-1") : NULL;
    for (unsigned i = 0; i < NR_OOM_FIGURES; i++)
        r->figures[i] = any_reported();
    for (unsigned i = 0; i < NR_OOM_GROUP_FIGURES; i++)
        r->group[i] = any_reported();
    for (unsigned i = 0; i < NR_OOM_LEVELS; i++)
        r->limits[i] = (struct oom_limit){any_reported(), any_reported(), any()};
    r->ram = any_reported();
    r->reserved = any_reported();
    r->swap_total = any_reported();
    r->swap_free = any_reported();
    for (u64 n = below(6); n > 0; n--) {
        struct oom_zone z = {.node = (u32)below(4)};

        snprintf(z.name, sizeof(z.name), "%s", zones[below(5)]);
        for (unsigned i = 0; i < NR_OOM_FIGURES; i++)
            z.figures[i] = any_reported();
        for (unsigned i = 0; i < OOM_ORDERS_MAX; i++)
            z.blocks[i] = any_reported();
        for (unsigned i = 0; i < 8; i++)
            z.reserve[i] = any_reported();
        vec_push(&r->zones, z);
    }
    for (u64 n = below(4); n > 0; n--) {
        struct oom_slab slab = {.name = "x", .used = any_reported(), .total = any_reported()};

        vec_push(&r->slabs, slab);
    }
}

static void any_event(struct snapshot *s)
{
    struct log_event e;

    log_event_init(&e, (enum log_event_kind)below(NR_LOG_EVENT_KINDS));
    e.at_us = any();
    e.stamp.wall_us = any();
    e.stamp.boot = (u32)below(2);
    e.stamp.place = (struct klog_place){(u32)below(2), (u32)below(3)};
    e.oom_memcg = below(2) ? xstrdup("/g1") : NULL;
    e.task_memcg = below(2) ? xstrdup("/g1/x") : NULL;
    e.words = below(2) ? xstrdup("memory pressure being 51% > 50%") : NULL;
    e.pid = (u32)below(20);
    e.order = (u32)below(12);
    e.group_kill = below(2);
    e.anon_rss = any();
    e.usage = any_reported();
    e.limit = any();
    any_report(&e);
    for (u64 i = below(4); i > 0 && e.report; i--) {
        struct oom_candidate t = {.pid = (u32)below(20),
                                  .rss = any(),
                                  .swap = any(),
                                  .oom_score_adj = (s64)below(2001) - 1000};

        vec_push(&e.report->tasks, t);
    }
    vec_push(&s->log, e);
}

static void any_lists(struct snapshot *s)
{
    for (u32 i = 0, n = (u32)below(6); i < n; i++)
        any_group(s, i);
    for (u32 pid = 1; pid < below(8); pid++)
        any_process(s, pid);
    for (u64 i = below(3); i > 0; i--)
        any_event(s);
    for (u64 i = below(3); i > 0; i--) {
        struct zone_view z = {.name = "Normal", .nr_orders = (u32)below(ORDERS_MAX + 4)};
        struct slab_view slab = {.name = "dentry",
                                 .bytes = any(),
                                 .reclaimable_known = below(2),
                                 .reclaimable = below(2)};
        struct zram_view zram = {
            .name = "zram0", .original = any(), .used_total = any(), .limit = any()};
        struct disk_view disk = {.whole = below(4) != 0, .stacked = below(4) == 0};
        struct node_view node = {.id = (u32)i,
                                 .total = any(),
                                 .free = any(),
                                 .inactive_file = any(),
                                 .numa_hit = any(),
                                 .numa_miss = any(),
                                 .numa_foreign = any()};

        fill(z.blocks, sizeof(z.blocks));
        fill(&disk.reads, sizeof(disk) - offsetof(struct disk_view, reads));
        snprintf(disk.name, sizeof(disk.name), "sd%u", (unsigned)i);
        vec_push(&s->zones, z);
        vec_push(&s->slabs, slab);
        vec_push(&s->zrams, zram);
        vec_push(&s->disks, disk);
        vec_push(&s->nodes, node);
    }
}

static void any_snapshot(struct snapshot *s, ns_t at)
{
    snapshot_init(s);
    s->kind = (enum source_kind)below(5);
    s->taken_at = at;
    s->uptime_us = any();
    s->wall_us = any();
    s->page_bytes = below(4) ? 4096 : 65536;
    s->available_estimated = below(2);
    s->lxcfs = below(2);
    snprintf(s->release, sizeof(s->release), "%s", below(2) ? "6.1.0" : "3.10");
    for (unsigned i = 0; i < NR_PARTS; i++)
        s->parts[i] = (struct part_status){.state = below(3) ? PART_OK : (enum part_state)below(7),
                                           .why = "for a test",
                                           .read_at = at - below(3)};
    fill(s->meminfo, sizeof(s->meminfo));
    fill(s->vmstat, sizeof(s->vmstat));
    fill(s->psi, sizeof(s->psi));
    s->allocstall = any();
    s->zswap_max_pool_percent = any();
    for (unsigned i = 0; i < nr_tunables; i++)
        s->sysctl[i] = any();
    any_lists(s);
}

static void check(const struct diagnosis *d)
{
    const struct findings *f = &d->findings;
    struct diagnose_report r = {
        .diagnosis = d, .source = "fuzz", .samples = 1, .explain = below(2), .color = below(2)};
    struct strbuf text;
    json_object *document;

    for (size_t i = 1; i < f->items.count; i++)
        assert(f->items.items[i - 1].severity >= f->items.items[i].severity);
    vec_for_each (&f->items, at) {
        assert(at->weight >= 0 && at->weight <= 1 && at->title && *at->title);
        assert(at->severity < SEV_WARNING || d->verdict == VERDICT_WARNING ||
               d->verdict == VERDICT_CRITICAL);
        assert(at->severity < SEV_CRITICAL || d->verdict == VERDICT_CRITICAL);
    }
    history_check(d->history);
    strbuf_init(&text);
    diagnose_render_text(&r, &text);
    strbuf_reset(&text);
    json_document(diagnose_json(&r), &text);
    document = json_tokener_parse(text.text);
    assert(document);
    json_object_put(document);
    strbuf_done(&text);
}

static void run_once(void)
{
    static const char *const only[] = {NULL, "swap", "cgroup-oom,cache", "nothing"};
    struct diagnose_options options = {.only = only[below(4)],
                                       .cgroup = below(4) ? NULL : "/g1",
                                       .pid = below(4) ? 0 : (u32)below(4)};
    struct snapshot snapshots[2];
    struct diagnosis d;
    ns_t at = NS_PER_S * (1 + below(100));
    unsigned nr = 1 + (unsigned)below(6);

    diagnosis_init(&d, &options);
    for (unsigned i = 0; i < nr; i++) {
        if (i > 1)
            snapshot_done(&snapshots[i % 2]);
        any_snapshot(&snapshots[i % 2], at);
        diagnosis_add(&d, &snapshots[i % 2]);
        diagnosis_conclude(&d);
        check(&d);
        at += below(3) ? NS_PER_S : below(20 * NS_PER_S);
    }
    diagnosis_done(&d);
    for (unsigned i = 0; i < MIN(nr, 2u); i++)
        snapshot_done(&snapshots[i]);
}

int main(int argc, char **argv)
{
    struct fuzz_args args = fuzz_parse_args(argc, argv, 1500);

    prng_seed(&prng, args.seed);
    for (u64 i = 0; i < args.operations; i++)
        run_once();
    printf("%llu diagnoses\n", (unsigned long long)args.operations);
    return 0;
}
