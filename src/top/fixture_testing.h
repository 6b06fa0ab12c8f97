/* fixture_testing.h - a small machine as two snapshots one second apart, for the tests of this
 * room.
 *
 * 16 GiB, two nodes, cgroup v2: a database that waits for memory, a web server, names in another
 * script. Everything the screens show has a figure somewhere, and some figures are not known.
 */
#ifndef TOP_FIXTURE_TESTING_H
#define TOP_FIXTURE_TESTING_H

#include "base/alloc.h"
#include "observe/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void fixture_meminfo(u64 *m)
{
    m[MI_MEM_TOTAL] = 16 * GIB;
    m[MI_MEM_FREE] = 2 * GIB;
    m[MI_MEM_AVAILABLE] = 6 * GIB;
    m[MI_BUFFERS] = 128 * MIB;
    m[MI_CACHED] = 6 * GIB;
    m[MI_SHMEM] = GIB;
    m[MI_ANON_PAGES] = 5 * GIB;
    m[MI_MAPPED] = GIB;
    m[MI_DIRTY] = 200 * MIB;
    m[MI_WRITEBACK] = 56 * MIB;
    m[MI_SLAB] = GIB;
    m[MI_PAGE_TABLES] = 96 * MIB;
    m[MI_SEC_PAGE_TABLES] = 4 * MIB;
    m[MI_HUGETLB] = 512 * MIB;
    m[MI_ANON_HUGE_PAGES] = 0;
    m[MI_SWAP_TOTAL] = 4 * GIB;
    m[MI_SWAP_FREE] = 3 * GIB;
}

static inline void fixture_vmstat(struct snapshot *s, u64 seconds)
{
    s->vmstat[PGFAULT] = 1000000 + 3204 * seconds;
    s->vmstat[PGMAJFAULT] = 500 + 42 * seconds;
    s->vmstat[PGPGIN] = 4000000 + 12288 * seconds; /* KiB: 12 MiB a second */
    s->vmstat[WORKINGSET_REFAULT_FILE] = 8000 + 2048 * seconds;
    s->vmstat[WORKINGSET_REFAULT_ANON] = 100 + 512 * seconds;
    s->vmstat[PSWPIN] = 900 + 512 * seconds;
    s->vmstat[PSWPOUT] = 4000;
    s->vmstat[PGSTEAL_KSWAPD] = 70000 + 5120 * seconds;
    s->vmstat[PGSTEAL_DIRECT] = 900 + 256 * seconds;
    s->vmstat[NR_WRITTEN] = 123456 + 300 * seconds;
    s->allocstall = 17 + 3 * seconds;
    for (unsigned i = 0; i < NR_PSI_RESOURCES; i++) {
        u64 worth = NR_PSI_RESOURCES - 1 - i;
        struct psi_view *psi = &s->psi[psi_res_by_worth[i]];

        psi->some = (struct psi_line){100 * worth, 50, 20, 1000000 + 40000 * (worth + 1) * seconds};
        psi->full = (struct psi_line){50 * worth, 25, 10, 500000 + 30000 * worth * seconds};
    }
}

static inline struct cgroup_view *fixture_group(struct snapshot *s, const char *path, u32 parent)
{
    struct cgroup_view group;

    memset(&group, 0xff, sizeof(group)); /* UNKNOWN */
    group.path = xstrdup(path);
    group.parent = parent;
    group.depth = parent == GROUP_NONE ? 0 : s->cgroups.items[parent].depth + 1;
    group.version = 2;
    group.is_root = parent == GROUP_NONE;
    group.oom_group = false;
    group.nr_huge = 0;
    group.high = group.max = group.swap_max = NO_LIMIT;
    group.read_at = group.stat_at = s->taken_at;
    vec_push(&s->cgroups, group);
    return &vec_last(&s->cgroups);
}

static inline void fixture_group_memory(struct cgroup_view *g, u64 current, u64 anon, u64 file)
{
    g->current = current;
    g->stat[NR_ANON_PAGES] = anon;
    g->stat[NR_FILE_PAGES] = file;
    g->stat[NR_SHMEM] = 0;
    g->stat[NR_SLAB_RECLAIMABLE] = 3 * MIB;
    g->stat[NR_SLAB_UNRECLAIMABLE] = MIB;
    g->swap_current = 0;
    g->events[EV_HIGH] = g->events[EV_MAX] = g->events[EV_OOM_KILL] = 0;
    g->nr_procs = 1;
    memset(g->psi, 0, sizeof(g->psi));
    g->stat[WORKINGSET_REFAULT_FILE] = g->stat[WORKINGSET_REFAULT_ANON] = g->stat[PGMAJFAULT] = 0;
}

static inline void fixture_groups(struct snapshot *s, u64 seconds)
{
    struct cgroup_view *g = fixture_group(s, "/", GROUP_NONE);

    g->stat[NR_ANON_PAGES] = 5 * GIB;
    g->stat[NR_FILE_PAGES] = 6 * GIB;
    g->current = UNKNOWN;
    fixture_group_memory(fixture_group(s, "/init.scope", 0), 12 * MIB, 8 * MIB, 4 * MIB);
    fixture_group_memory(fixture_group(s, "/system.slice", 0), 9 * GIB, 4 * GIB, 5 * GIB);
    g = fixture_group(s, "/system.slice/db.service", 2);
    fixture_group_memory(g, 6 * GIB, 3 * GIB, 3 * GIB);
    g->high = 5900 * MIB;
    g->max = 6 * GIB;
    g->swap_current = GIB;
    g->stat[WORKINGSET_REFAULT_FILE] = 2000 * seconds;
    g->stat[WORKINGSET_REFAULT_ANON] = 500 * seconds;
    g->stat[PGMAJFAULT] = 40 * seconds;
    g->events[EV_HIGH] = 100 + 7 * seconds;
    g->events[EV_MAX] = 3;
    g->events[EV_OOM_KILL] = 1;
    g->psi[PSI_MEM].some.avg10 = 1234;
    g->psi[PSI_MEM].full.avg10 = 456;
    g = fixture_group(s, "/system.slice/web.service", 2);
    fixture_group_memory(g, GIB, 900 * MIB, 100 * MIB);
    g->max = 2 * GIB;
    fixture_group_memory(fixture_group(s, "/user.slice", 0), 300 * MIB, 200 * MIB, 96 * MIB);
    fixture_group_memory(
        fixture_group(s, "/user.slice/日本語のとても長い名前のサービス.service", 5), 200 * MIB,
        180 * MIB, 10 * MIB);
}

static inline void fixture_process(struct snapshot *s, u32 pid, const char *comm, u64 anon,
                                   u32 group)
{
    struct process_view p;

    memset(&p, 0xff, sizeof(p)); /* UNKNOWN */
    p.pid = pid;
    p.ppid = 1;
    p.uid = 1000;
    p.nr_threads = 4;
    snprintf(p.comm, sizeof(p.comm), "%s", comm);
    p.state = 'S';
    p.rss_anon = anon;
    p.rss_file = 20 * MIB;
    p.rss_shmem = 0;
    p.swap = 0;
    p.oom_score_adj = 0;
    p.oom_score = 100;
    p.start_ticks = 5;
    p.group = group;
    p.cpus_allowed[0] = p.mems_allowed[0] = '\0';
    vec_push(&s->processes, p);
}

static inline void fixture_processes(struct snapshot *s, u64 seconds)
{
    fixture_process(s, 1, "systemd", 8 * MIB, 1);
    fixture_process(s, 1200, "postgres", 3 * GIB, 3);
    fixture_process(s, 1300, "nginx", 400 * MIB, 4);
    fixture_process(s, 1301, "日本語プロ", 180 * MIB, 6);
    s->processes.items[1].major_faults = 1000 + 40 * seconds;
    s->processes.items[1].minor_faults = 90000 + 700 * seconds;
    s->processes.items[1].cpu_us = 5000000 + 250000 * seconds;
    s->processes.items[1].swap = GIB;
    s->processes.items[1].state = 'D';
}

static inline void fixture_slab(struct snapshot *s, const char *name, u64 active, u64 objects,
                                u64 object_bytes, bool reclaimable)
{
    struct slab_view slab = {
        .active_objects = active,
        .objects = objects,
        .object_bytes = object_bytes,
        .bytes = objects * object_bytes,
        .reclaimable_known = true,
        .reclaimable = reclaimable,
    };

    snprintf(slab.name, sizeof(slab.name), "%s", name);
    vec_push(&s->slabs, slab);
}

static inline void fixture_zone(struct snapshot *s, u32 node, const char *name, u64 managed,
                                u64 free)
{
    struct zone_view z = {
        .node = node,
        .free = free,
        .min = 4000,
        .low = 5000,
        .high = 6000,
        .spanned = managed,
        .present = managed,
        .managed = managed,
        .nr_orders = 11,
    };

    snprintf(z.name, sizeof(z.name), "%s", name);
    for (unsigned order = 0; order < ORDERS_MAX; order++)
        z.blocks[order] = order < 8 ? 12345u >> (2 * order) : order < 11 ? 0u : UNKNOWN;
    vec_push(&s->zones, z);
}

static inline void fixture_node(struct snapshot *s, u32 id, bool has_cpus)
{
    struct node_view n;

    memset(&n, 0xff, sizeof(n)); /* UNKNOWN */
    n.id = id;
    n.total = 8 * GIB;
    n.free = GIB;
    n.anon = 2560 * MIB;
    n.file = 3 * GIB;
    n.slab = 512 * MIB;
    n.numa_hit = 995;
    n.numa_miss = 5;
    n.has_cpus = has_cpus;
    snprintf(n.cpulist, sizeof(n.cpulist), "%s", has_cpus ? "0-3" : "");
    vec_push(&s->nodes, n);
}

/* The machine `seconds` after the first snapshot. */
static inline void fixture_snapshot(struct snapshot *s, u64 seconds)
{
    snapshot_init(s);
    snprintf(s->hostname, sizeof(s->hostname), "shop-db-3");
    snprintf(s->release, sizeof(s->release), "6.1.0-18-amd64");
    s->taken_at = (1000 + seconds) * NS_PER_S;
    s->wall_us = (1764079402 + seconds) * 1000000; /* 2025-11-25 14:03:22 UTC */
    s->uptime_us = (12 * 86400 + 4 * 3600 + seconds) * 1000000;
    s->load1 = 52;
    s->load5 = 160;
    s->load15 = 271;
    s->cpu.nr_cpus = 8;
    s->cgroup_v2 = true;
    for (unsigned part = 0; part < NR_PARTS; part++)
        s->parts[part] = (struct part_status){.state = PART_OK, .read_at = s->taken_at};
    fixture_meminfo(s->meminfo);
    fixture_vmstat(s, seconds);
    fixture_groups(s, seconds);
    fixture_processes(s, seconds);
    fixture_slab(s, "dentry", 900000, 1000000, 192, true);
    fixture_slab(s, "kmalloc-4k", 5000 + 256 * seconds, 5000 + 256 * seconds, 4096, false);
    fixture_node(s, 0, true);
    fixture_node(s, 1, false);
    fixture_zone(s, 0, "DMA32", 500000, 100000);
    fixture_zone(s, 0, "Normal", 1500000, 15000);
    fixture_zone(s, 1, "Normal", 2000000, 4500);
    snapshot_check(s);
}

#endif
