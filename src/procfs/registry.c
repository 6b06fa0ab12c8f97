/* registry.c - rows sorted by name; directories are what their names have in common.
 *
 * A look-up tries the rows first, then takes the name apart: proc/PID/FILE, proc/PID/task/TID/FILE,
 * sys/fs/cgroup/GROUP/FILE. */
#include "procfs/registry_int.h"

#include "base/units.h"
#include "system/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PROC_DIR "proc"

/* --- tables ----------------------------------------------------------------------------------- */

static const struct machine_file machine_files[] = {
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
    {"sys/kernel/mm/swap/vma_ra_enabled", render_vma_ra_enabled},
    {"sys/devices/system/cpu/online", render_cpus_online},
    {"sys/devices/system/cpu/possible", render_cpus_online},
    {"proc/pressure/cpu", render_pressure_cpu},
    {"proc/pressure/io", render_pressure_io},
    {"proc/pressure/memory", render_pressure_memory},
    {"proc/uptime", render_uptime},
    {"proc/diskstats", render_diskstats},
    {"proc/sys/kernel/osrelease", render_osrelease},
    {"proc/sys/vm/lowmem_reserve_ratio", render_lowmem_reserve_ratio},
};

/* More of what lscpu, lsmem and scripts look at, on a running machine alone. */
static const struct machine_file live_files[] = {
    {"proc/version", render_version},
    {"proc/cmdline", render_kernel_cmdline},
    {"proc/partitions", render_partitions},
    {"proc/interrupts", render_interrupts},
    {"proc/softirqs", render_softirqs},
    {"sys/devices/system/cpu/present", render_cpus_online},
    {"sys/devices/system/cpu/offline", render_cpus_offline},
    {"sys/devices/system/cpu/isolated", render_cpus_offline}, /* none is, either */
    {"sys/devices/system/cpu/kernel_max", render_cpus_kernel_max},
    {"sys/devices/system/memory/block_size_bytes", render_memory_block_size},
};

/* A file by which a tree is known to be of a simulated machine; a running one has a directory of
 * that name (mount/). */
static const struct machine_file tree_mark = {"highwater", render_osrelease};

static const struct machine_file tier_files[] = {
    {"sys/devices/virtual/memory_tiering/memory_tier4/nodelist", render_tier_fast},
    {"sys/devices/virtual/memory_tiering/memory_tier22/nodelist", render_tier_slow},
};

/* To be written to, and never read. */
static const char *const machine_triggers[] = {
    "proc/sys/vm/drop_caches",
    "proc/sys/vm/compact_memory",
};

struct process_file {
    const char *name;
    void (*render)(const struct system *s, const struct task *t, struct strbuf *out);
    bool live; /* as of a row: not in a tree */
    bool guarded;
};

static const struct process_file process_files[] = {
    {.name = "status", .render = render_pid_status},
    {.name = "statm", .render = render_pid_statm},
    {.name = "maps", .render = render_pid_maps, .guarded = true},
    {.name = "smaps_rollup", .render = render_pid_smaps_rollup, .guarded = true},
    {.name = "comm", .render = render_pid_comm},
    {.name = "oom_score_adj", .render = render_pid_oom_score_adj},
    {.name = "cgroup", .render = render_pid_cgroup},
    {.name = "stat", .render = render_pid_stat},
    {.name = "smaps", .render = render_pid_smaps, .guarded = true},
    {.name = "numa_maps", .render = render_pid_numa_maps, .guarded = true},
    {.name = "cmdline", .render = render_pid_cmdline},
    {.name = "oom_score", .render = render_pid_oom_score},
    {.name = "oom_adj", .render = render_pid_oom_adj, .live = true},
};

/* --- rows ------------------------------------------------------------------------------------- */

static struct procfs_row *add(struct procfs_registry *r, enum procfs_kind kind, const char *name,
                              const void *row)
{
    vec_push(&r->rows, ((struct procfs_row){.name = xstrdup(name), .kind = kind, .row = row}));
    return &vec_last(&r->rows);
}

static void add_live(struct procfs_registry *r, enum procfs_kind kind, const char *name,
                     const void *row, unsigned index)
{
    struct procfs_row *added = add(r, kind, name, row);

    added->live = true;
    added->index = index;
}

static void add_files(struct procfs_registry *r, const struct machine_file *files, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++)
        add(r, PROCFS_MACHINE, files[i].name, &files[i]);
}

static void add_nodes(struct procfs_registry *r)
{
    char name[256];

    for (unsigned nid = 0; nid < r->s->frames.nr_nodes; nid++) {
        for (unsigned i = 0; i < nr_node_files; i++) {
            snprintf(name, sizeof(name), "sys/devices/system/node/node%u/%s", nid,
                     node_files[i].name);
            add(r, PROCFS_NODE, name, &node_files[i])->index = nid;
        }
        snprintf(name, sizeof(name), "sys/devices/system/node/node%u/compact", nid);
        add(r, PROCFS_WRITE_ONLY, name, NULL)->live = true;
    }
}

/* A tier without nodes has no files. */
static void add_tiers(struct procfs_registry *r)
{
    bool any_slow = false;

    for (unsigned nid = 0; nid < r->s->frames.nr_nodes; nid++)
        any_slow |= node_is_slow(&r->s->frames.topology, nid);
    add_files(r, tier_files, any_slow ? 2 : 1);
}

static void add_tunables(struct procfs_registry *r)
{
    char name[256];

    for (unsigned i = 0; i < nr_tunables; i++) {
        if (!tunable_file(&tunable_info[i], name, sizeof(name)) ||
            (r->s->frames.nr_nodes == 1 && !strstr(name, "sys/vm/")))
            continue; /* balancing between nodes */
        add(r, PROCFS_TUNABLE, name, &tunable_info[i]);
    }
}

/* sys/block/zramN/... */
static void add_zrams(struct procfs_registry *r)
{
    char name[256];

    for (unsigned area = 0; area < r->s->config.nr_swaps; area++)
        for (unsigned i = 0; i < nr_zram_files && r->s->zrams[area]; i++) {
            snprintf(name, sizeof(name), "sys/block/%s/%s", r->s->swap_devices[area].name,
                     zram_files[i].name);
            add(r, PROCFS_ZRAM, name, &zram_files[i])->index = area;
        }
}

/* What tools look at beside memory: processors, and block devices by their names and numbers. */
static void add_devices(struct procfs_registry *r)
{
    const struct device *d;
    char name[256];

    for (unsigned i = 0; i < ARRAY_SIZE(live_files); i++)
        add(r, PROCFS_MACHINE, live_files[i].name, &live_files[i])->live = true;
    for (unsigned cpu = 0; cpu < r->s->frames.nr_cpus; cpu++)
        for (unsigned i = 0; i < nr_cpu_files; i++) {
            snprintf(name, sizeof(name), "sys/devices/system/cpu/cpu%u/%s", cpu, cpu_files[i].name);
            add_live(r, PROCFS_CPU, name, &cpu_files[i], cpu);
        }
    for (unsigned n = 0; (d = procfs_device(r->s, n)); n++) {
        for (unsigned i = 0; i < nr_device_files; i++) {
            snprintf(name, sizeof(name), "sys/block/%s/%s", d->name, device_files[i].name);
            add_live(r, PROCFS_DEVICE, name, &device_files[i], n);
        }
        snprintf(name, sizeof(name), "sys/dev/block/%u:%u", d->major, d->minor);
        add_live(r, PROCFS_LINK, name, "../../block/", n);
    }
}

/* sys/devices/system/memory/memoryN/... */
static void add_memory_blocks(struct procfs_registry *r)
{
    char name[256];

    for (unsigned block = 0; block < procfs_memory_blocks(r->s); block++) {
        if (!procfs_has_memory_block(r->s, block))
            continue;
        for (unsigned i = 0; i < nr_memory_block_files; i++) {
            snprintf(name, sizeof(name), "sys/devices/system/memory/memory%u/%s", block,
                     memory_block_files[i].name);
            add_live(r, PROCFS_MEMORY_BLOCK, name, &memory_block_files[i], block);
        }
        for (unsigned nid = 0; nid < r->s->frames.nr_nodes; nid++) {
            if (!procfs_memory_block_on(r->s, block, nid))
                continue;
            snprintf(name, sizeof(name), "sys/devices/system/memory/memory%u/node%u", block, nid);
            add_live(r, PROCFS_LINK, name, "../../node/node", nid);
        }
    }
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct procfs_row *)a)->name, ((const struct procfs_row *)b)->name);
}

void procfs_registry_init(struct procfs_registry *r, const struct system *s)
{
    *r = (struct procfs_registry){.s = s, .group_ids = xcalloc(1, sizeof(*r->group_ids))};
    u64map_init(r->group_ids);
    add_files(r, machine_files, ARRAY_SIZE(machine_files));
    add_files(r, &tree_mark, 1);
    add_nodes(r);
    if (s->frames.nr_nodes > 1)
        add_tiers(r);
    if (kernel_has(&s->kernel, KERNEL_ZSWAP))
        add_files(r, zswap_files, nr_zswap_files);
    add_files(r, thp_files, nr_thp_files);
    if (kernel_has(&s->kernel, KERNEL_MTHP))
        add_files(r, mthp_files, nr_mthp_files);
    add_files(r, lru_gen_files, nr_lru_gen_files);
    add_files(r, hugetlb_files, nr_hugetlb_files);
    add_tunables(r);
    for (unsigned i = 0; i < ARRAY_SIZE(machine_triggers); i++)
        add(r, PROCFS_WRITE_ONLY, machine_triggers[i], NULL)->live = true;
    add(r, PROCFS_LOG, "var/log/dmesg", NULL);
    add(r, PROCFS_DIRECTORY, REGISTRY_CGROUP_DIR, NULL);
    add_zrams(r);
    add_devices(r);
    add_memory_blocks(r);
    qsort(r->rows.items, r->rows.count, sizeof(r->rows.items[0]), compare_rows);
}

void procfs_registry_done(struct procfs_registry *r)
{
    vec_for_each (&r->rows, row)
        free(row->name);
    vec_done(&r->rows);
    u64map_done(r->group_ids);
    free(r->group_ids);
}

/* The first row whose name is not before this one. */
static size_t lower_bound(const struct procfs_registry *r, const char *name, size_t len)
{
    size_t low = 0, high = r->rows.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *at = r->rows.items[middle].name;
        int order = strncmp(at, name, len);

        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

u32 procfs_type(enum procfs_kind kind)
{
    return kind == PROCFS_DIRECTORY ? S_IFDIR : kind == PROCFS_LINK ? S_IFLNK : S_IFREG;
}

/* --- look-up ---------------------------------------------------------------------------------- */

/* The part of the name below a directory: "" for itself, NULL when it lies elsewhere. */
static const char *below(const char *name, const char *dir)
{
    size_t len = strlen(dir);

    if (strncmp(name, dir, len) != 0)
        return NULL;
    return name[len] == '/' ? name + len + 1 : name[len] ? NULL : name + len;
}

u32 registry_mode(const char *name, bool readable, u32 read_mode)
{
    char path[REGISTRY_PATH_BYTES];
    u32 mode = readable ? read_mode : 0;

    snprintf(path, sizeof(path), "/%s", name);
    return control_is_file(path) ? mode | 0200 : mode;
}

static int found_row(const struct procfs_row *row, struct procfs_node *ret)
{
    static const char *const secret[] = {"proc/slabinfo", "proc/pagetypeinfo"};
    u32 read_mode = 0444;

    for (unsigned i = 0; i < ARRAY_SIZE(secret); i++)
        if (strcmp(row->name, secret[i]) == 0)
            read_mode = 0400;
    *ret = (struct procfs_node){.kind = row->kind, .of = row, .lasting = true, .mode = 0555};
    if (row->kind == PROCFS_LINK)
        ret->mode = 0777;
    else if (strncmp(row->name, "proc/pressure/", 14) == 0)
        ret->mode = 0666; /* who may set a trigger is asked at open(2) */
    else if (row->kind != PROCFS_DIRECTORY)
        ret->mode = registry_mode(row->name, row->kind != PROCFS_WRITE_ONLY, read_mode);
    return 0;
}

static int found_directory(const char *name, struct procfs_node *ret)
{
    u32 mode = below(name, "sys") ? 0755 : 0555;

    *ret = (struct procfs_node){.kind = PROCFS_DIRECTORY, .mode = mode, .lasting = true};
    return 0;
}

static int look_up_row(const struct procfs_registry *r, const char *name, struct procfs_node *ret)
{
    size_t len = strlen(name), at = lower_bound(r, name, len + 1);

    if (at < r->rows.count && strcmp(r->rows.items[at].name, name) == 0)
        return found_row(&r->rows.items[at], ret);
    if (len == 0)
        return found_directory(name, ret);
    at = lower_bound(r, name, len);
    for (; at < r->rows.count && strncmp(r->rows.items[at].name, name, len) == 0; at++)
        if (r->rows.items[at].name[len] == '/')
            return found_directory(name, ret);
    return -ENOENT;
}

/* A number without a sign or zeros before it, up to a slash or the end. */
static bool take_pid(const char **at, u32 *ret)
{
    char digits[16];
    size_t len = strcspn(*at, "/");
    u64 n;

    if (len == 0 || len >= sizeof(digits) || **at < '1' || **at > '9')
        return false;
    memcpy(digits, *at, len);
    digits[len] = '\0';
    if (parse_u64(digits, &n, NULL) || n > UINT32_MAX)
        return false;
    *at += len;
    *at += **at == '/';
    *ret = (u32)n;
    return true;
}

/* Nobody reaps zombies here; on a real machine their parents would have. */
static bool is_there(const struct task *t)
{
    return t->state < TASK_ZOMBIE;
}

static bool is_leader(const struct task *t)
{
    return t->pid == t->tgid && is_there(t);
}

static const struct task *find_thread(const struct system *s, u32 tid)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->pid == tid && is_there(s->tasks[i]))
            return s->tasks[i];
    return NULL;
}

static int found_task_dir(const struct task *t, struct procfs_node *ret)
{
    *ret = (struct procfs_node){.kind = PROCFS_DIRECTORY, .mode = 0555, .task = t};
    return 0;
}

static int look_up_task_file(const char *whole, const char *file, const struct task *t,
                             struct procfs_node *ret)
{
    for (unsigned i = 0; i < ARRAY_SIZE(process_files); i++) {
        if (strcmp(process_files[i].name, file) != 0)
            continue;
        *ret = (struct procfs_node){
            .kind = PROCFS_PROCESS,
            .mode = registry_mode(whole, true, 0444),
            .row = &process_files[i],
            .task = t,
            .guarded = process_files[i].guarded,
        };
        return 0;
    }
    return -ENOENT;
}

/* at: what follows "proc/" */
static int look_up_process(const struct procfs_registry *r, const char *whole, const char *at,
                           struct procfs_node *ret)
{
    const struct task *t;
    u32 pid, tid;

    if (!take_pid(&at, &pid))
        return -ENOENT;
    t = find_thread(r->s, pid);
    if (!t || !is_leader(t))
        return -ENOENT;
    if (*at && strcmp(at, "task") != 0 && !below(at, "task"))
        return look_up_task_file(whole, at, t, ret);
    if (!*at || strcmp(at, "task") == 0)
        return found_task_dir(t, ret);
    at = below(at, "task");
    if (!take_pid(&at, &tid))
        return -ENOENT;
    t = find_thread(r->s, tid);
    if (!t || t->tgid != pid)
        return -ENOENT;
    return *at ? look_up_task_file(whole, at, t, ret) : found_task_dir(t, ret);
}

int procfs_look_up(const struct procfs_registry *r, const char *name, struct procfs_node *ret)
{
    const char *at = below(name, REGISTRY_CGROUP_DIR);
    int rc;

    if (strlen(name) >= REGISTRY_PATH_BYTES - 1)
        return -ENAMETOOLONG;
    if (at)
        return registry_look_up_in_cgroup(r, name, at, ret);
    rc = look_up_row(r, name, ret);
    at = below(name, PROC_DIR);
    return rc && at && *at ? look_up_process(r, name, at, ret) : rc;
}

/* --- text ------------------------------------------------------------------------------------- */

static void render_row(const struct procfs_registry *r, const struct procfs_row *row,
                       struct strbuf *out)
{
    switch (row->kind) {
    case PROCFS_MACHINE:
        ((const struct machine_file *)row->row)->render(r->s, out);
        return;
    case PROCFS_NODE:
        ((const struct node_file *)row->row)->render(r->s, row->index, out);
        return;
    case PROCFS_ZRAM:
        ((const struct zram_file *)row->row)->render(r->s->zrams[row->index], out);
        return;
    case PROCFS_CPU:
    case PROCFS_MEMORY_BLOCK:
        ((const struct node_file *)row->row)->render(r->s, row->index, out);
        return;
    case PROCFS_DEVICE:
        ((const struct device_file *)row->row)->render(r->s, procfs_device(r->s, row->index), out);
        return;
    case PROCFS_LINK:
        strbuf_append(out, row->row);
        if (strstr(row->row, "/block/"))
            strbuf_append(out, procfs_device(r->s, row->index)->name);
        else
            strbuf_printf(out, "%u", row->index);
        return;
    case PROCFS_TUNABLE:
        render_sysctl(r->s, row->row, out);
        return;
    case PROCFS_LOG:
        strbuf_append_bytes(out, r->s->log.text, r->s->log.len);
        return;
    case PROCFS_DIRECTORY:
    case PROCFS_WRITE_ONLY:
    case PROCFS_PROCESS:
    case PROCFS_GROUP:
        break;
    }
    hw_unreachable();
}

void procfs_render(const struct procfs_registry *r, const struct procfs_node *node,
                   struct strbuf *out)
{
    if (node->kind == PROCFS_PROCESS)
        ((const struct process_file *)node->row)->render(r->s, node->task, out);
    else if (node->kind == PROCFS_GROUP)
        ((const struct cgroup_file *)node->row)->render(r->s, node->group, out);
    else
        render_row(r, node->of, out);
}

/* --- lists ------------------------------------------------------------------------------------ */

/* Names after "dir/" up to the next slash. Those of one directory stand together, but not beside a
 * file "a.b" that sorts between "a" and "a/". */
static int list_rows(const struct procfs_registry *r, const char *dir, procfs_name_fn *each,
                     void *ctx)
{
    char prefix[REGISTRY_PATH_BYTES], name[256], before[256] = "";
    size_t len = (size_t)snprintf(prefix, sizeof(prefix), "%s%s", dir, *dir ? "/" : "");
    size_t at = lower_bound(r, prefix, len);
    int rc = 0;

    for (; rc == 0 && at < r->rows.count && strncmp(r->rows.items[at].name, prefix, len) == 0;
         at++) {
        const struct procfs_row *row = &r->rows.items[at];
        const char *rest = row->name + len;
        size_t n = strcspn(rest, "/");

        assert(n < sizeof(name));
        memcpy(name, rest, n);
        name[n] = '\0';
        if (strcmp(name, before) == 0)
            continue;
        memcpy(before, name, n + 1);
        rc = each(ctx, name, rest[n] == '/' ? S_IFDIR : procfs_type(row->kind));
    }
    return rc;
}

static int list_tasks(const struct system *s, u32 tgid, procfs_name_fn *each, void *ctx)
{
    char name[16];
    int rc = 0;

    for (u32 i = 0; i < s->nr_tasks && rc == 0; i++) {
        const struct task *t = s->tasks[i];

        if (tgid ? t->tgid != tgid || !is_there(t) : !is_leader(t))
            continue;
        snprintf(name, sizeof(name), "%u", t->pid);
        rc = each(ctx, name, S_IFDIR);
    }
    return rc;
}

static int list_task_files(bool process, procfs_name_fn *each, void *ctx)
{
    int rc = process ? each(ctx, "task", S_IFDIR) : 0;

    for (unsigned i = 0; i < ARRAY_SIZE(process_files) && rc == 0; i++)
        rc = each(ctx, process_files[i].name, S_IFREG);
    return rc;
}

int procfs_list(const struct procfs_registry *r, const char *name, procfs_name_fn *each, void *ctx)
{
    struct procfs_node node;
    int rc = procfs_look_up(r, name, &node);

    if (rc)
        return rc;
    if (node.kind != PROCFS_DIRECTORY)
        return -ENOTDIR;
    if (node.group)
        return registry_list_group(r->s, node.group, each, ctx);
    if (node.task) {
        const char *last = strrchr(name, '/') + 1;

        if (strcmp(last, "task") == 0)
            return list_tasks(r->s, node.task->tgid, each, ctx);
        return list_task_files(!strstr(name, "/task/"), each, ctx);
    }
    rc = list_rows(r, name, each, ctx);
    return rc == 0 && strcmp(name, PROC_DIR) == 0 ? list_tasks(r->s, 0, each, ctx) : rc;
}

/* --- all of it -------------------------------------------------------------------------------- */

struct file_walk {
    const struct procfs_registry *r;
    struct strbuf text;     /* of the file under way */
    procfs_wants_fn *wants; /* NULL: all */
    procfs_file_fn *each;
    void *ctx;
};

/* w->text is the whole of this file. */
static int hand_over(struct file_walk *w, const char *name)
{
    int rc = w->each(w->ctx, name, w->text.text, w->text.len);

    strbuf_reset(&w->text);
    return rc;
}

static int each_of_machine(struct file_walk *w)
{
    int rc = 0;

    for (size_t i = 0; i < w->r->rows.count && rc == 0; i++) {
        const struct procfs_row *row = &w->r->rows.items[i];

        if (row->live || row->kind == PROCFS_DIRECTORY)
            continue;
        render_row(w->r, row, &w->text);
        rc = hand_over(w, row->name);
    }
    return rc;
}

static int each_of_process(struct file_walk *w, const struct task *task)
{
    char name[256];
    int rc = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(process_files) && rc == 0; i++) {
        snprintf(name, sizeof(name), PROC_DIR "/%u/%s", task->pid, process_files[i].name);
        if (process_files[i].live || (w->wants && !w->wants(name)))
            continue;
        process_files[i].render(w->r->s, task, &w->text);
        rc = hand_over(w, name);
    }
    return rc;
}

static int each_of_group(struct file_walk *w, struct group *g)
{
    char path[REGISTRY_PATH_BYTES], name[REGISTRY_PATH_BYTES + 64];
    int rc = 0;

    group_path(g, path, sizeof(path));
    for (unsigned i = 0; i < nr_cgroup_files && rc == 0; i++) {
        if (!registry_has_file(w->r->s, g, &cgroup_files[i]))
            continue;
        cgroup_files[i].render(w->r->s, g, &w->text);
        snprintf(name, sizeof(name), REGISTRY_CGROUP_DIR "%s%s%s", path, g->parent ? "/" : "",
                 cgroup_files[i].name);
        rc = hand_over(w, name);
    }
    return rc;
}

static int each_of_all(struct file_walk *w)
{
    const struct system *s = w->r->s;
    int rc = each_of_machine(w);

    for (u32 i = 0; i < s->nr_tasks && rc == 0; i++)
        if (is_leader(s->tasks[i]))
            rc = each_of_process(w, s->tasks[i]);
    for (struct group *g = s->groups.root; g && rc == 0; g = group_next(s->groups.root, g))
        if (g->online)
            rc = each_of_group(w, g);
    return rc;
}

int procfs_each_file(const struct system *s, procfs_wants_fn *wants, procfs_file_fn *each,
                     void *ctx)
{
    struct procfs_registry r;
    struct file_walk w = {.r = &r, .wants = wants, .each = each, .ctx = ctx};
    int rc;

    procfs_registry_init(&r, s);
    strbuf_init(&w.text);
    rc = each_of_all(&w);
    strbuf_done(&w.text);
    procfs_registry_done(&r);
    return rc;
}
