/* tree.c - all files of a machine, handed over one by one, or as a directory tree on the host. */
#include "procfs/procfs.h"

#include "base/outtree.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

struct tree {
    const struct system *s;
    struct strbuf text;     /* of the file under way */
    procfs_wants_fn *wants; /* NULL: all */
    procfs_file_fn *each;
    void *ctx;
};

/* t->text is the whole of this file. */
static int write_text(struct tree *t, const char *name)
{
    int rc = t->each(t->ctx, name, t->text.text, t->text.len);

    strbuf_reset(&t->text);
    return rc;
}

static int write_files(struct tree *t, const struct machine_file *files, unsigned nr)
{
    int rc = 0;

    for (unsigned i = 0; i < nr && rc == 0; i++) {
        files[i].render(t->s, &t->text);
        rc = write_text(t, files[i].name);
    }
    return rc;
}

static int write_nodes(struct tree *t)
{
    char name[256];
    int rc = 0;

    for (unsigned nid = 0; nid < t->s->frames.nr_nodes; nid++)
        for (unsigned i = 0; i < nr_node_files && rc == 0; i++) {
            node_files[i].render(t->s, nid, &t->text);
            snprintf(name, sizeof(name), "sys/devices/system/node/node%u/%s", nid,
                     node_files[i].name);
            rc = write_text(t, name);
        }
    return rc;
}

/* A tier without nodes has no files. */
static int write_tiers(struct tree *t)
{
    static const struct machine_file files[] = {
        {"sys/devices/virtual/memory_tiering/memory_tier4/nodelist", render_tier_fast},
        {"sys/devices/virtual/memory_tiering/memory_tier22/nodelist", render_tier_slow},
    };
    bool any_slow = false;

    for (unsigned nid = 0; nid < t->s->frames.nr_nodes; nid++)
        any_slow |= node_is_slow(&t->s->frames.topology, nid);
    return write_files(t, files, any_slow ? 2 : 1);
}

static int write_machine(struct tree *t)
{
    static const struct machine_file files[] = {
        {"proc/meminfo", render_meminfo},
        {"proc/vmstat", render_vmstat},
        {"proc/zoneinfo", render_zoneinfo},
        {"proc/buddyinfo", render_buddyinfo},
        {"proc/pagetypeinfo", render_pagetypeinfo},
        {"sys/kernel/debug/extfrag/extfrag_index", render_extfrag_index},
        {"sys/kernel/debug/extfrag/unusable_index", render_unusable_index},
        {"proc/cpuinfo", render_cpuinfo},
        {"proc/swaps", render_swaps},
        {"proc/slabinfo", render_slabinfo},
        {"proc/stat", render_stat},
        {"proc/loadavg", render_loadavg},
        {"sys/devices/system/node/online", render_nodes_online},
        {"sys/devices/system/node/possible", render_nodes_online},
        {"sys/devices/system/node/has_cpu", render_nodes_has_cpu},
        {"sys/devices/system/node/has_memory", render_nodes_has_memory},
        {"sys/devices/system/node/has_normal_memory", render_nodes_has_normal_memory},
        {"sys/kernel/mm/numa/demotion_enabled", render_demotion_enabled},
        {"sys/devices/system/cpu/online", render_cpus_online},
        {"sys/devices/system/cpu/possible", render_cpus_online},
        {"proc/pressure/cpu", render_pressure_cpu},
        {"proc/pressure/io", render_pressure_io},
        {"proc/pressure/memory", render_pressure_memory},
        {"proc/uptime", render_uptime},
        {"proc/diskstats", render_diskstats},
        {"proc/sys/kernel/osrelease", render_osrelease},
        {"highwater", render_osrelease},
        {"proc/sys/vm/lowmem_reserve_ratio", render_lowmem_reserve_ratio},
    };
    char name[256];
    int rc = write_files(t, files, ARRAY_SIZE(files));

    if (rc == 0)
        rc = write_nodes(t);
    if (rc == 0 && t->s->frames.nr_nodes > 1)
        rc = write_tiers(t);
    if (rc == 0 && kernel_has(&t->s->kernel, KERNEL_ZSWAP))
        rc = write_files(t, zswap_files, nr_zswap_files);
    if (rc == 0)
        rc = write_files(t, thp_files, nr_thp_files);
    if (rc == 0)
        rc = write_files(t, hugetlb_files, nr_hugetlb_files);
    for (unsigned i = 0; i < nr_tunables && rc == 0; i++) {
        if (!tunable_file(&tunable_info[i], name, sizeof(name)) ||
            (t->s->frames.nr_nodes == 1 && !strstr(name, "sys/vm/")))
            continue; /* balancing between nodes */
        render_sysctl(t->s, &tunable_info[i], &t->text);
        rc = write_text(t, name);
    }
    for (unsigned i = 0; i < nr_constant_files && rc == 0; i++) {
        strbuf_append(&t->text, constant_files[i].text);
        rc = write_text(t, constant_files[i].name);
    }
    if (rc == 0) {
        strbuf_append_bytes(&t->text, t->s->log.text, t->s->log.len);
        rc = write_text(t, "var/log/dmesg");
    }
    return rc;
}

static int write_process(struct tree *t, const struct task *task)
{
    static const struct {
        const char *name;
        void (*render)(const struct system *s, const struct task *t, struct strbuf *out);
    } files[] = {
        {"status", render_pid_status},   {"statm", render_pid_statm},
        {"maps", render_pid_maps},       {"smaps_rollup", render_pid_smaps_rollup},
        {"comm", render_pid_comm},       {"oom_score_adj", render_pid_oom_score_adj},
        {"cgroup", render_pid_cgroup},   {"stat", render_pid_stat},
        {"smaps", render_pid_smaps},     {"numa_maps", render_pid_numa_maps},
        {"cmdline", render_pid_cmdline}, {"oom_score", render_pid_oom_score},
    };
    char name[256];
    int rc = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(files) && rc == 0; i++) {
        snprintf(name, sizeof(name), "proc/%u/%s", task->pid, files[i].name);
        if (t->wants && !t->wants(name))
            continue;
        files[i].render(t->s, task, &t->text);
        rc = write_text(t, name);
    }
    return rc;
}

/* cgroup.pressure is 0: no pressure files but itself. */
static bool is_hidden(const struct group *g, const char *name)
{
    const char *dot = strrchr(name, '.');

    return g->psi.disabled && strcmp(dot, ".pressure") == 0 && strncmp(name, "cgroup", 6) != 0;
}

static int write_group(struct tree *t, struct group *g)
{
    char path[PATH_BYTES], name[PATH_BYTES + 64];
    int rc = 0;

    group_path(g, path, sizeof(path));
    for (unsigned i = 0; i < nr_cgroup_files && rc == 0; i++) {
        if ((!g->parent && !cgroup_files[i].in_root) ||
            (cgroup_files[i].needs & ~t->s->kernel.features) ||
            (cgroup_files[i].cpuset && !t->s->groups.cpusets) || is_hidden(g, cgroup_files[i].name))
            continue;
        cgroup_files[i].render(t->s, g, &t->text);
        snprintf(name, sizeof(name), "sys/fs/cgroup%s%s%s", path, g->parent ? "/" : "",
                 cgroup_files[i].name);
        rc = write_text(t, name);
    }
    return rc;
}

/* sys/block/zramN/... */
static int write_zram(struct tree *t, const struct zram *z, const char *device)
{
    char name[256];
    int rc = 0;

    for (unsigned i = 0; i < nr_zram_files && rc == 0; i++) {
        zram_files[i].render(z, &t->text);
        snprintf(name, sizeof(name), "sys/block/%s/%s", device, zram_files[i].name);
        rc = write_text(t, name);
    }
    return rc;
}

static int write_all(struct tree *t)
{
    const struct system *s = t->s;
    int rc = write_machine(t);

    for (unsigned i = 0; i < s->config.nr_swaps && rc == 0; i++)
        if (s->zrams[i])
            rc = write_zram(t, s->zrams[i], s->swap_devices[i].name);

    for (u32 i = 0; i < s->nr_tasks && rc == 0; i++) {
        const struct task *task = s->tasks[i];

        /* Nobody reaps zombies here; on a real machine their parents would have. */
        if (task->pid == task->tgid && task->state < TASK_ZOMBIE)
            rc = write_process(t, task);
    }
    for (struct group *g = s->groups.root; g && rc == 0; g = group_next(s->groups.root, g))
        if (g->online)
            rc = write_group(t, g);
    return rc;
}

int procfs_each_file(const struct system *s, procfs_wants_fn *wants, procfs_file_fn *each,
                     void *ctx)
{
    struct tree t = {.s = s, .wants = wants, .each = each, .ctx = ctx};
    int rc;

    strbuf_init(&t.text);
    rc = write_all(&t);
    strbuf_done(&t.text);
    return rc;
}

/* --- on the host ----------------------------------------------------------------------------------- */

struct writer {
    struct outtree tree;
    struct err *e;
};

static int write_file(void *writer, const char *name, const char *text, size_t len)
{
    struct writer *w = writer;

    return outtree_put(&w->tree, name, text, len, w->e);
}

int procfs_write_tree(const struct system *s, const char *dir, struct err *e)
{
    struct writer w = {.e = e};
    int rc = outtree_open(&w.tree, dir, e);

    if (rc)
        return rc;
    rc = procfs_each_file(s, NULL, write_file, &w);
    if (rc == 0)
        return outtree_commit(&w.tree, e);
    outtree_abort(&w.tree);
    return rc;
}
