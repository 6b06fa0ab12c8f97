/* simulated_test.c - what a machine renders, the observer reads back: every figure against the
 * machine itself.
 *
 * The two towers share no code for it: one prints, the other parses. Expected values are taken from
 * the machine's own structures, so that a wrong column, unit or name on either side shows.
 */
#include "cli/simulated.h"

#include "base/test.h"
#include "procfs/procfs.h"
#include "stats/memory_stat.h"
#include "workload/scenario_run.h"

#include <string.h>

static const char text[] = "[machine]\nthp = never\n"
                           "ram = 256M\n"
                           "cpus = 2\n"
                           "runtime = 4s\n"
                           "disk = ssd\n"
                           "swap = 64M\n"
                           "zswap.enabled = 1\n"
                           "[device zram0]\n"
                           "profile = zram\n"
                           "swap = 64M\n"
                           "priority = 10\n"
                           "[cgroup app]\n"
                           "memory.max = 120M\n"
                           "memory.low = 10M\n"
                           "[cgroup app/web]\n"
                           "memory.high = 40M\n"
                           "memory.swap.max = 30M\n"
                           "[cgroup app/db]\n"
                           "memory.min = 8M\n"
                           "[cgroup gone]\n"
                           "[file data]\n"
                           "size = 80M\n"
                           "[file scratch]\n"
                           "size = 4M\n"
                           "kind = tmpfs\n"
                           "[task web]\n"
                           "cgroup = app/web\n"
                           "workers = 3\n"
                           "memory = 14M\n"
                           "touch = zipf:0.9\n"
                           "file = data\n"
                           "read = random\n"
                           "rate = 200/s\n"
                           "[task db]\n"
                           "cgroup = app/db\n"
                           "memory = 60M\n"
                           "touch = random\n"
                           "file = data\n"
                           "write = append\n"
                           "fsync = 50\n"
                           "rate = 300/s\n"
                           "lock = no\n"
                           "sockets = 5\n"
                           "socket_data = 8K\n"
                           "[task tmp]\n"
                           "memory = 4M\n"
                           "lock = yes\n"
                           "file = scratch\n"
                           "write = seq\n"
                           "walk = 500/s\n"
                           "rate = 50/s\n"
                           "oom_score_adj = -500\n";

struct fixture {
    struct scenario scenario;
    struct system system;
    struct scenario_run run;
    struct snapshot seen;
};

static int fixture_new(void **state)
{
    static struct fixture f;
    struct system_config config;
    struct err e = {0};

    memset(&f, 0, sizeof(f));
    if (scenario_read_bytes(&f.scenario, "x.ini", text, strlen(text), &e)) {
        print_error("%s\n", e.text);
        return -1;
    }
    scenario_system_config(&f.scenario, &config);
    if (system_init(&f.system, &config, &e) ||
        scenario_run_init(&f.run, &f.scenario, &(struct scenario_run_config){.system = &f.system},
                          &e)) {
        print_error("%s\n", e.text);
        return -1;
    }
    if (scenario_run(&f.run) != REPLAY_COMPLETED)
        return -1;

    struct source *src = simulated_source(&f.system);
    int rc = (snapshot_init(&f.seen), snapshot_read(&f.seen, src, SNAPSHOT_ALL, &e));

    snapshot_check(&f.seen);
    source_free(src);
    *state = &f;
    return rc;
}

static int fixture_free(void **state)
{
    struct fixture *f = *state;

    snapshot_done(&f->seen);
    scenario_run_done(&f->run);
    system_done(&f->system);
    scenario_done(&f->scenario);
    return 0;
}

/* The machine was made to have something in nearly every figure: a test of zeros would prove
 * nothing. */
static unsigned nonzero(const u64 *figures, unsigned count)
{
    unsigned found = 0;

    for (unsigned i = 0; i < count; i++)
        found += known(figures[i]) && figures[i] != 0;
    return found;
}

TEST(all_counters_come_back)
{
    const struct fixture *f = *state;
    const struct kernel *kernel = &f->system.kernel;
    struct counters c;

    procfs_counters(&f->system, &c);
    for (unsigned i = 0; i < kernel->nr_vmstat; i++) {
        enum counter id = kernel->vmstat[i];

        if (f->seen.vmstat[id] != (u64)counter_shown(id, c.v[id]))
            fail_msg("%s", counter_info[id].name);
    }
    assert_true(nonzero(f->seen.vmstat, NR_COUNTERS) > 50);
    assert_int_equal(f->seen.allocstall, c.v[ALLOCSTALL_DMA] + c.v[ALLOCSTALL_DMA32] +
                                             c.v[ALLOCSTALL_NORMAL] + c.v[ALLOCSTALL_MOVABLE]);
}

TEST(meminfo_comes_back)
{
    const struct fixture *f = *state;
    const struct system *s = &f->system;
    const u64 *m = f->seen.meminfo;
    u64 managed = 0;

    for (unsigned z = 0; z < NR_ZONES; z++)
        managed += s->frames.zones[z].managed;
    assert_int_equal(m[MI_MEM_TOTAL], managed * PAGE_SIZE);
    assert_int_equal(m[MI_MEM_FREE], frames_count_free(&s->frames) * PAGE_SIZE);
    assert_int_equal(m[MI_ANON_PAGES], (u64)s->counters.v[NR_ANON_PAGES] * PAGE_SIZE);
    assert_int_equal(m[MI_MAPPED], (u64)s->counters.v[NR_MAPPED] * PAGE_SIZE);
    assert_int_equal(m[MI_SHMEM], (u64)s->counters.v[NR_SHMEM] * PAGE_SIZE);
    assert_int_equal(m[MI_DIRTY], (u64)s->counters.v[NR_DIRTY] * PAGE_SIZE);
    assert_int_equal(m[MI_WRITEBACK], (u64)s->counters.v[NR_WRITEBACK] * PAGE_SIZE);
    assert_int_equal(m[MI_SWAP_CACHED], (u64)s->counters.v[NR_SWAPCACHED] * PAGE_SIZE);
    assert_int_equal(m[MI_MLOCKED], (u64)s->counters.v[NR_MLOCK] * PAGE_SIZE);
    assert_int_equal(m[MI_UNEVICTABLE], (u64)s->counters.v[NR_UNEVICTABLE] * PAGE_SIZE);
    assert_int_equal(m[MI_PAGE_TABLES], (u64)s->counters.v[NR_PAGE_TABLE_PAGES] * PAGE_SIZE);
    assert_int_equal(m[MI_ZSWAPPED] != 0, s->counters.v[ZSWPOUT] != 0);
    /* Huge page pools, page tables of guests, firmware: what the machine has none of. All else has
     * something. */
    assert_true(nonzero(m, NR_MEMINFO_FIELDS) > 30);
}

TEST(zones_come_back_with_their_blocks)
{
    const struct fixture *f = *state;
    unsigned populated = 0;

    vec_for_each (&f->seen.zones, seen) {
        const struct zone *z = NULL;
        static const char *const names[NR_ZONES] = {"DMA", "DMA32", "Normal", "Movable"};
        u64 pages = 0;

        for (unsigned i = 0; i < NR_ZONES; i++)
            if (strcmp(names[i], seen->name) == 0)
                z = &f->system.frames.zones[i];
        if (!z || !zone_populated(z))
            continue;
        populated++;
        assert_int_equal(seen->free, z->free_pages);
        assert_int_equal(seen->min, zone_wmark_pages(z, WMARK_MIN));
        assert_int_equal(seen->low, zone_wmark_pages(z, WMARK_LOW));
        assert_int_equal(seen->high, zone_wmark_pages(z, WMARK_HIGH));
        assert_int_equal(seen->spanned, z->spanned);
        assert_int_equal(seen->present, z->present);
        assert_int_equal(seen->managed, z->managed);
        for (unsigned order = 0; order < seen->nr_orders; order++)
            pages += seen->blocks[order] << order;
        assert_int_equal(pages, z->free_pages);
    }
    assert_int_equal(populated, 2); /* 256 MiB: DMA and DMA32 */
}

static u64 limit_of(u64 pages)
{
    return pages >= PAGE_COUNTER_MAX ? NO_LIMIT : pages * PAGE_SIZE;
}

static void compare_group(const struct fixture *f, struct group *g, const struct cgroup_view *seen)
{
    const struct kernel *kernel = &f->system.kernel;

    assert_int_equal(seen->version, 2);
    assert_int_equal(seen->current, g->memory.usage * PAGE_SIZE);
    assert_int_equal(seen->peak, g->memory.peak * PAGE_SIZE);
    assert_int_equal(seen->max, limit_of(g->memory.max));
    assert_int_equal(seen->high, limit_of(g->memory.high));
    assert_int_equal(seen->low, g->memory.low * PAGE_SIZE);
    assert_int_equal(seen->min, g->memory.min * PAGE_SIZE);
    assert_int_equal(seen->swap_current, g->swap.usage * PAGE_SIZE);
    assert_int_equal(seen->swap_max, limit_of(g->swap.max));
    /* Each event is counted in the group and in all above. */
    for (unsigned e = 0; e < NR_CGROUP_EVENTS; e++) {
        assert_int_equal(seen->events[e], g->counters.v[cgroup_event_counter(e)]);
        if (cgroup_event_in(e, CGROUP_EVENTS_FILE))
            assert_int_equal(seen->events_local[e], group_local_events(g, cgroup_event_counter(e)));
    }
    for (unsigned i = 0; i < kernel->nr_memory_stat; i++) {
        const struct memory_stat_line *line = kernel->memory_stat[i];

        /* "slab" and the like are sums of others and have no counter of their own. */
        if (line->plus != NR_COUNTERS)
            continue;
        if (seen->stat[line->id] != (u64)memory_stat_value(line, procfs_group_counter, g))
            fail_msg("%s: memory.stat %s", seen->path, line->name);
    }
}

TEST(groups_come_back_as_the_tree_they_are)
{
    struct fixture *f = *state;
    struct group *root = f->system.groups.root;
    unsigned compared = 0, processes = 0;

    for (struct group *g = group_next(root, root); g; g = group_next(root, g)) {
        char path[256];
        const struct cgroup_view *seen;

        group_path(g, path, sizeof(path));
        seen = snapshot_cgroup(&f->seen, path);
        assert_non_null(seen);
        group_path(g->parent, path, sizeof(path));
        assert_string_equal(f->seen.cgroups.items[seen->parent].path, path);
        compare_group(f, g, seen);
        compared++;
        processes += (unsigned)seen->nr_procs;
    }
    assert_int_equal(compared, 4);
    assert_int_equal(processes, 5); /* web with three workers, db */
    assert_true(snapshot_cgroup(&f->seen, "/app/web")->events[EV_HIGH] > 0);
    assert_true(snapshot_cgroup(&f->seen, "/app")->stat[NR_DIRTY] > 0);
}

TEST(processes_come_back)
{
    struct fixture *f = *state;
    unsigned alive = 0, swapped = 0;

    for (u32 i = 0; i < f->system.nr_tasks; i++) {
        const struct task *t = f->system.tasks[i];
        const struct process_view *seen;
        char path[256];

        if (t->pid != t->tgid || t->state >= TASK_ZOMBIE)
            continue;
        alive++;
        seen = snapshot_process(&f->seen, t->pid);
        assert_non_null(seen);
        assert_string_equal(seen->comm, t->comm);
        assert_int_equal(seen->ppid, t->ppid);
        assert_int_equal(seen->rss_anon, t->mm->rss_anon * PAGE_SIZE);
        assert_int_equal(seen->rss_file, t->mm->rss_file * PAGE_SIZE);
        assert_int_equal(seen->swap, t->mm->swapents * PAGE_SIZE);
        assert_true(seen->rss == 0 || seen->pss <= seen->rss);
        assert_int_equal(seen->oom_score_adj, strcmp(t->comm, "tmp") == 0 ? -500 : 0);
        assert_true(seen->group < f->seen.cgroups.count);
        group_path(t->group, path, sizeof(path));
        assert_string_equal(f->seen.cgroups.items[seen->group].path, path);
        swapped += seen->swap != 0;
    }
    assert_int_equal(alive, 6);
    assert_int_equal(f->seen.processes.count, alive);
    assert_true(swapped > 0);
}

TEST(swap_areas_slabs_and_disks_come_back)
{
    struct fixture *f = *state;
    const struct system *s = &f->system;
    unsigned caches = 0;

    assert_int_equal(f->seen.swaps.count, s->swap.nr_areas);
    for (u32 i = 0; i < s->swap.nr_areas; i++) {
        assert_int_equal(f->seen.swaps.items[i].size, (u64)s->swap.areas[i].nr_slots * PAGE_SIZE);
        assert_int_equal(f->seen.swaps.items[i].used, (u64)s->swap.areas[i].used * PAGE_SIZE);
        assert_int_equal(f->seen.swaps.items[i].priority, s->swap.areas[i].priority);
    }
    assert_int_equal(f->seen.zrams.count, 1);
    /* zswap stands before it and lets through what does not compress. */
    assert_true(f->seen.zrams.items[0].original > 0);
    assert_true(f->seen.zrams.items[0].used_total >= f->seen.zrams.items[0].compressed);
    vec_for_each (&f->seen.slabs, seen) {
        for (unsigned id = 0; id < NR_SLAB_CACHES; id++) {
            const struct slab_cache *c = &s->slab.caches[id];

            if (strcmp(c->info->name, seen->name) != 0)
                continue;
            caches++;
            assert_int_equal(seen->objects, c->nr_objects);
            assert_int_equal(seen->active_objects, slab_count_active(&s->slab, (enum slab_id)id));
            assert_int_equal(seen->bytes, (u64)c->nr_slabs * PAGE_SIZE << c->geo.order);
        }
    }
    assert_int_equal(caches, NR_SLAB_CACHES);
    assert_true(f->seen.disks.count >= 2);
}

TEST(pressure_comes_back)
{
    const struct fixture *f = *state;

    /* A stall of at least some milliseconds, and none longer than the run of 4 s. */
    for (unsigned res = 0; res < NR_PSI_RESOURCES; res++) {
        assert_true(f->seen.psi[res].some.total_us > 1000);
        assert_true(f->seen.psi[res].some.total_us <= 4000000);
        assert_true(f->seen.psi[res].full.total_us <= f->seen.psi[res].some.total_us);
    }
    assert_int_equal(f->seen.parts[PART_PRESSURE_MEMORY].state, PART_OK);
}

int main(void)
{
    return tests_run(fixture_new, fixture_free);
}
