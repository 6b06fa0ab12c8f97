/* control.c - the files that can be written, and what a write does.
 *
 * A path is taken apart from the front: /sys/fs/cgroup/GROUP/FILE, /proc/sys/vm/NAME,
 * /proc/pressure/RESOURCE, /proc/PID/FILE. The value is parsed as the kernel does
 * (control_value.c), so a scenario with a wrong one is refused before it runs. */
#include "system/control_int.h"

#include <stdio.h>
#include <string.h>

#include "balance/writeback.h"
#include "base/masklist.h"
#include "base/units.h"
#include "stats/names.h"
#include "system/cgroup.h"
#include "system/compact.h"
#include "system/cpuset.h"
#include "system/file.h"
#include "system/system_int.h"

#define CGROUP_ROOT_DIR "/sys/fs/cgroup"
#define SYSCTL_DIR      "/proc/sys/vm/"
#define PRESSURE_DIR    "/proc/pressure/"
#define THP_DIR         "/sys/kernel/mm/transparent_hugepage/"
#define NODE_DIR        "/sys/devices/system/node/node"
#define VMA_RA_FILE     "/sys/kernel/mm/swap/vma_ra_enabled"
#define LRU_GEN_DIR     "/sys/kernel/mm/lru_gen/"
#define POOL            "hugepages/hugepages-2048kB/"
#define POOLS_DIR       "/sys/kernel/mm/hugepages/hugepages-"
#define POOL_DIR        "/sys/kernel/mm/" POOL
/* A write adds and takes pages on the nodes of the writer's memory policy, and of a writer without
 * one on all nodes, as nr_hugepages does. Who writes here (a scenario, a mount) has none: so both
 * files are one. To grow on a node, its own nr_hugepages is written.
 *   Mirrors: nr_hugepages_store_common, init_nodemask_of_mempolicy (mm/hugetlb.c, mm/mempolicy.c),
 *   6.1 */
#define POOL_POLICY     "nr_hugepages_mempolicy"

/* --- cgroup files ----------------------------------------------------------------------------- */
static int write_limit(struct system *s, const struct control *c, struct group *g,
                       struct control_state *st)
{
    st->until = system_group_set_limit(s, g, c->file->limit, c->number);
    return st->until ? -EINPROGRESS : 0;
}

/* Whole huge pages. Who lowers it takes nothing away from anybody. */
static int write_hugetlb_limit(struct system *s, const struct control *c, struct group *g,
                               struct control_state *st HW_UNUSED)
{
    if (!kernel_has(&s->kernel, KERNEL_CGROUP_HUGETLB))
        return -ENOENT;
    group_set_limit(g, c->file->limit, group_limit_hugetlb(c->number));
    return 0;
}

static int write_oom_group(struct system *s HW_UNUSED, const struct control *c, struct group *g,
                           struct control_state *st HW_UNUSED)
{
    g->oom_group = c->number != 0;
    return 0;
}

static int write_cpus(struct system *s, const struct control *c, struct group *g,
                      struct control_state *st HW_UNUSED)
{
    return cpuset_set_cpus(s, g, c->number);
}

static int write_mems(struct system *s, const struct control *c, struct group *g,
                      struct control_state *st HW_UNUSED)
{
    return cpuset_set_mems(s, g, c->number);
}

static int write_reclaim(struct system *s, const struct control *c, struct group *g,
                         struct control_state *st)
{
    /* Without a size: all there is, until the file came to take more than a size. */
    if (!*c->text && kernel_has(&s->kernel, KERNEL_RECLAIM_SWAPPINESS))
        return -EINVAL;
    if (c->has_swappiness && !kernel_has(&s->kernel, KERNEL_RECLAIM_SWAPPINESS))
        return -EINVAL;
    st->pages += system_group_reclaim(s, g, c->number - st->pages,
                                      c->has_swappiness ? c->swappiness : -1, &st->until);
    if (st->pages >= c->number)
        return 0;
    return st->until ? -EINPROGRESS : -EAGAIN;
}

/* Who wrote reads the peak since then through the same open file; the group's own stays. */
static int write_peak(struct system *s HW_UNUSED, const struct control *c HW_UNUSED,
                      struct group *g HW_UNUSED, struct control_state *st HW_UNUSED)
{
    return 0;
}

static int write_kill(struct system *s, const struct control *c HW_UNUSED, struct group *g,
                      struct control_state *st HW_UNUSED)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->group && group_is_below(s->tasks[i]->group, g))
            system_kill(s, s->tasks[i]);
    return 0;
}

/* Where the kernel is built without a controller, nobody knows its name. */
static int write_controllers(struct system *s, const struct control *c, struct group *g,
                             struct control_state *st HW_UNUSED)
{
    u32 enable = c->number & CONTROLLERS_ALL, disable = (u32)(c->number >> NR_CONTROLLERS);
    int rc;

    if ((enable | disable) & BIT(CONTROLLER_HUGETLB) &&
        !kernel_has(&s->kernel, KERNEL_CGROUP_HUGETLB))
        return -EINVAL;
    rc = group_control_children(g, enable, disable);
    if (rc == 0 && enable & BIT(CONTROLLER_CPUSET))
        s->groups.cpusets = true;
    return rc;
}

static int write_pressure(struct system *s, const struct control *c, struct group *g,
                          struct control_state *st HW_UNUSED)
{
    psi_group_switch(&g->psi, c->number != 0, s->clock.now);
    return 0;
}

static struct task *find_process(const struct system *s, u32 pid)
{
    for (u32 i = 0; i < s->nr_tasks; i++)
        if (s->tasks[i]->tgid == pid && s->tasks[i]->state < TASK_ZOMBIE)
            return s->tasks[i];
    return NULL;
}

const struct group *control_common_group(const struct system *s, const struct control *c)
{
    const struct group *to = group_find(&s->groups, c->group), *above;
    const struct task *t = find_process(s, (u32)c->number);

    if (!to || !t)
        return NULL;
    above = t->group ? t->group : s->groups.root;
    while (!group_is_below(to, above))
        above = above->parent;
    return above;
}

static int write_procs(struct system *s, const struct control *c, struct group *g,
                       struct control_state *st HW_UNUSED)
{
    struct task *t = find_process(s, (u32)c->number);
    int rc = t ? group_may_enter(g) : -ESRCH;

    if (rc)
        return rc;
    system_task_move(s, t, g);
    return 0;
}

static const struct control_file group_files[] = {
    {"memory.max", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_MAX},
    {"memory.high", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_HIGH},
    {"memory.low", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_LOW},
    {"memory.min", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_MIN},
    {"memory.swap.max", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_SWAP_MAX},
    {"memory.swap.high", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_SWAP_HIGH},
    {"memory.zswap.max", VALUE_LIMIT, false, .write = write_limit, .limit = LIMIT_ZSWAP_MAX},
    {"hugetlb.2MB.max", VALUE_LIMIT, false, .write = write_hugetlb_limit,
     .limit = LIMIT_HUGETLB_MAX},
    {"hugetlb.2MB.rsvd.max", VALUE_LIMIT, false, .write = write_hugetlb_limit,
     .limit = LIMIT_HUGETLB_RSVD_MAX},
    {"memory.oom.group", VALUE_BOOL, false, .write = write_oom_group},
    {"cpuset.cpus", VALUE_CPUS, false, .write = write_cpus},
    {"cpuset.mems", VALUE_NODES, false, .write = write_mems},
    {"memory.reclaim", VALUE_RECLAIM, true, .write = write_reclaim},
    {"memory.peak", VALUE_ANY, false, .write = write_peak, .needs = BIT(KERNEL_PEAK_RESET)},
    {"memory.swap.peak", VALUE_ANY, false, .write = write_peak, .needs = BIT(KERNEL_PEAK_RESET)},
    {"cgroup.procs", VALUE_PID, true, .write = write_procs},
    {"cgroup.kill", VALUE_KILL, false, .write = write_kill},
    {"cgroup.subtree_control", VALUE_CONTROLLERS, true, .write = write_controllers},
    {"cgroup.pressure", VALUE_SWITCH, true, .write = write_pressure},
    {"memory.pressure", VALUE_TRIGGER, .in_root = true},
    {"io.pressure", VALUE_TRIGGER, .in_root = true},
    {"cpu.pressure", VALUE_TRIGGER, .in_root = true},
};

/* --- other files ------------------------------------------------------------------------------ */
static int write_score_adj(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                           struct control_state *st HW_UNUSED)
{
    struct task *t = find_process(s, c->pid);

    s16 adj = (s16)((s64)c->number - 1000);
    bool old = c->file->kind == VALUE_OOM_ADJ;

    if (!t)
        return -ESRCH;
    if (c->unprivileged && adj < (old ? t->oom_score_adj : t->oom_score_adj_min))
        return -EACCES;
    system_set_oom_score_adj(s, t, adj, !old && !c->unprivileged);
    return 0;
}

void system_set_lowmem_reserve(struct system *s)
{
    const struct tunables *t = &s->tunables;
    const u64 ratio[NR_ZONES] = {[ZONE_DMA] = t->lowmem_reserve_dma,
                                 [ZONE_DMA32] = t->lowmem_reserve_dma32,
                                 [ZONE_NORMAL] = t->lowmem_reserve_normal};

    if (memcmp(ratio, s->frames.lowmem_reserve_ratio, sizeof(ratio)) == 0)
        return; /* what the boot made of them stays */
    memcpy(s->frames.lowmem_reserve_ratio, ratio, sizeof(ratio));
    frames_setup_lowmem_reserve(&s->frames);
}

/* Those that are not given stay. */
static int write_ratios(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                        struct control_state *st HW_UNUSED)
{
    u64 *to[] = {&s->tunables.lowmem_reserve_dma, &s->tunables.lowmem_reserve_dma32,
                 &s->tunables.lowmem_reserve_normal};
    u64 ratios[CONTROL_RATIOS_MAX];
    int nr = control_parse_ratios(c->text, ratios);

    for (int i = 0; i < MIN(nr, (int)ARRAY_SIZE(to)); i++)
        *to[i] = ratios[i];
    system_set_lowmem_reserve(s);
    return 0;
}

void system_set_page_cluster(struct system *s)
{
    s->swap.page_cluster = (u32)MIN(s->tunables.page_cluster, PAGE_CLUSTER_OBEYED);
}

/* What has to be worked out again when a sysctl changes. */
static int write_sysctl(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                        struct control_state *st HW_UNUSED)
{
    struct tunables *t = &s->tunables;
    u64 writeback_cs = t->dirty_writeback_centisecs;

    if (tunables_set(t, c->tunable->key, c->text, NULL))
        return -EINVAL;
    if (c->tunable == tunable_find("vm.min_free_kbytes"))
        s->frames.min_free_kbytes = t->min_free_kbytes;
    s->frames.watermark_scale_factor = (unsigned)t->watermark_scale_factor;
    s->frames.watermark_boost_factor = (unsigned)t->watermark_boost_factor;
    if (c->tunable == tunable_find("vm.min_free_kbytes") ||
        c->tunable == tunable_find("vm.watermark_scale_factor"))
        frames_setup_watermarks(&s->frames);
    if (c->tunable == tunable_find("transparent_hugepage/enabled"))
        frames_set_khugepaged(&s->frames, t->thp_enabled != THP_NEVER, t->min_free_kbytes);
    system_set_page_cluster(s);
    numa_mode_changed(s);
    if (strncmp(c->tunable->key, "vm.dirty_", 9) == 0)
        writeback_set_ratelimit(&s->mem);
    s->backing.writeback_interval = t->dirty_writeback_centisecs * (NS_PER_S / 100);
    if (t->dirty_writeback_centisecs && t->dirty_writeback_centisecs != writeback_cs)
        flushers_start_all(&s->mem);
    if (c->tunable == tunable_find("vm.compaction_proactiveness")) /* looks at once */
        for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
            s->frames.nodes[nid].kcompactd.look_at = s->mem.kcompactds_at = s->clock.now;
    return 0;
}

static int write_drop_caches(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                             struct control_state *st HW_UNUSED)
{
    system_drop_caches(s, (u32)c->number);
    return 0;
}

/* compact_memory, and `compact` of a node. */
static int write_compact(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                         struct control_state *st HW_UNUSED)
{
    u64 one;

    if (c->nid != MAX_NUMNODES && c->nid >= s->frames.nr_nodes)
        return -ENOENT;
    if (c->nid == MAX_NUMNODES && kernel_has(&s->kernel, KERNEL_COMPACT_ONE) &&
        (parse_kernel_sysctl(c->text, &one) || one != 1))
        return -EINVAL;
    system_compact(s, c->nid);
    return 0;
}

/* Pages go from the lists of one policy to those of the other, group by group. */
static int write_lru_gen(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                         struct control_state *st HW_UNUSED)
{
    bool on = c->number & LRU_GEN_CORE, was_on = s->kernel.lru == LRU_POLICY_MGLRU;

    s->tunables.lru_gen_enabled = c->number;
    if (on == was_on)
        return 0;
    lru_add_drain_all(&s->mem);
    s->kernel.lru = on ? LRU_POLICY_MGLRU : LRU_POLICY_CLASSIC;
    if (on)
        mglru_fill(&s->mem);
    else
        mglru_drain(&s->mem);
    return 0;
}

/* nr_hugepages, of all nodes or of one. */
static int write_pool(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                      struct control_state *st)
{
    enum balance_result r;
    struct wait wait;

    if (c->nid != MAX_NUMNODES && c->nid >= s->frames.nr_nodes)
        return -ENOENT;
    r = hugetlb_set_max(&s->hugetlb, c->number, c->nid, &st->pool, &wait);
    s->tunables.nr_hugepages = s->hugetlb.max;
    if (r != BALANCE_WAIT)
        return 0;
    st->until = wait.until;
    return -EINPROGRESS;
}

static const struct control_file pool_file = {"nr_hugepages", VALUE_HUGE_PAGES, true,
                                              .write = write_pool};
bool control_is_pool(const struct control *c)
{
    return c->file == &pool_file;
}

u64 control_pool_pages(const struct system *s, const struct control *c)
{
    if (c->nid == MAX_NUMNODES)
        return s->hugetlb.max;
    return c->nid < s->frames.nr_nodes ? hugetlb_node_total(&s->hugetlb, c->nid) : 0;
}

static int write_vma_ra(struct system *s, const struct control *c, struct group *g HW_UNUSED,
                        struct control_state *st HW_UNUSED)
{
    s->swap.vma_ra_enabled = c->number != 0;
    return 0;
}

static const struct control_file compact_file = {"compact_memory", VALUE_ANY, true,
                                                 .write = write_compact};
static const struct control_file drop_caches_file = {"drop_caches", VALUE_DROP, true,
                                                     .write = write_drop_caches};
static const struct control_file lru_gen_file = {"lru_gen/enabled", VALUE_LRU_GEN, true,
                                                 .write = write_lru_gen};
static const struct control_file sysctl_file = {"sysctl", VALUE_SIZE, true, .write = write_sysctl};
static const struct control_file pressure_file = {"pressure", VALUE_TRIGGER, .in_root = true};
static const struct control_file score_adj_file = {"oom_score_adj", VALUE_SCORE_ADJ, true,
                                                   .write = write_score_adj};
static const struct control_file oom_adj_file = {"oom_adj", VALUE_OOM_ADJ, true,
                                                 .write = write_score_adj};
static const struct control_file vma_ra_file = {"vma_ra_enabled", VALUE_WORD, true,
                                                .write = write_vma_ra};
static const struct control_file ratios_file = {"lowmem_reserve_ratio", VALUE_RATIOS, true,
                                                .write = write_ratios};

/* --- paths ------------------------------------------------------------------------------------ */
static int unknown_file(const char *path, const char *name, struct err *e)
{
    struct nearest near;
    char hint[160];

    if (!e)
        return -ENOENT;
    nearest_init(&near, name);
    for (unsigned i = 0; i < ARRAY_SIZE(group_files); i++)
        nearest_offer(&near, group_files[i].name);
    return err_set(e, -ENOENT, "no file '%s' that can be written%s", path,
                   nearest_text(&near, hint, sizeof(hint)));
}

static const struct control_file *find_group_file(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(group_files); i++)
        if (strcmp(group_files[i].name, name) == 0)
            return &group_files[i];
    return NULL;
}

/* Of "memory.pressure" or "memory"; NR_PSI_RESOURCES when the file is of none. */
static enum psi_res resource_of(const char *name)
{
    char resource[16];

    snprintf(resource, sizeof(resource), "%.*s", (int)strcspn(name, "."), name);
    return psi_res_find(resource);
}

/* below: what follows /sys/fs/cgroup */
static int find_in_cgroup(const char *path, const char *below, struct control *c, struct err *e)
{
    const char *slash = strrchr(below, '/'), *name = slash + 1;

    c->file = find_group_file(name);
    if (!c->file)
        return unknown_file(path, name, e);
    snprintf(c->group, sizeof(c->group), "%.*s", (int)(slash - below), below);
    if (!c->group[strspn(c->group, "/")]) {
        snprintf(c->group, sizeof(c->group), "/");
        if (!c->file->in_root)
            return err_set(e, -ENOENT, "the root group has no %s", name);
    }
    c->res = resource_of(name);
    return 0;
}

static int find_sysctl(const char *name, struct control *c, struct err *e)
{
    char key[CONTROL_TEXT_MAX + 4];
    struct nearest near;
    char hint[160];

    if (strcmp(name, compact_file.name) == 0) {
        c->file = &compact_file;
        c->nid = MAX_NUMNODES;
        return 0;
    }
    if (strcmp(name, pool_file.name) == 0 || strcmp(name, POOL_POLICY) == 0) {
        c->file = &pool_file;
        c->nid = MAX_NUMNODES;
        return 0;
    }
    if (strcmp(name, drop_caches_file.name) == 0) {
        c->file = &drop_caches_file;
        return 0;
    }
    if (strcmp(name, ratios_file.name) == 0) {
        c->file = &ratios_file;
        return 0;
    }
    snprintf(key, sizeof(key), "vm.%s", name);
    c->tunable = tunable_find(key);
    c->file = &sysctl_file;
    if (c->tunable)
        return 0;
    if (!e)
        return -ENOENT;
    nearest_init(&near, key);
    for (unsigned i = 0; i < nr_tunables; i++)
        nearest_offer(&near, tunable_info[i].key);
    return err_set(e, -ENOENT, "no sysctl '%s'%s", key, nearest_text(&near, hint, sizeof(hint)));
}

/* A file of khugepaged/ goes by that name, one beside it by that of its directory. */
static int find_thp(const char *path, const char *name, struct control *c, struct err *e)
{
    bool own = strncmp(name, "khugepaged/", strlen("khugepaged/")) == 0;
    char key[CONTROL_TEXT_MAX + 32];

    snprintf(key, sizeof(key), "%s%s", own ? "" : "transparent_hugepage/", name);
    c->tunable = tunable_find(key);
    c->file = &sysctl_file;
    if (!c->tunable)
        return err_set(e, -ENOENT, "no file '%s' that can be written", path);
    return 0;
}

static int find_lru_gen(const char *path, const char *name, struct control *c, struct err *e)
{
    c->file = strcmp(name, "enabled") == 0 ? &lru_gen_file : &sysctl_file;
    if (c->file == &lru_gen_file)
        return 0;
    if (strcmp(name, "min_ttl_ms") == 0) {
        c->tunable = tunable_find("lru_gen/min_ttl_ms");
        return 0;
    }
    return err_set(e, -ENOENT,
                   "no file '%s' that can be written; want " LRU_GEN_DIR "enabled or min_ttl_ms",
                   path);
}

static int find_pressure(const char *path, const char *name, struct control *c, struct err *e)
{
    c->file = &pressure_file;
    c->res = resource_of(name);
    snprintf(c->group, sizeof(c->group), "/");
    if (c->res == NR_PSI_RESOURCES)
        return err_set(e, -ENOENT, "no file '%s'; want /proc/pressure/{memory,io,cpu}", path);
    return 0;
}

/* A pool of pages of another size. */
static int no_such_pool(const char *path, struct err *e)
{
    return err_set(e, -ENOENT,
                   "no file '%s': pools have pages of 2 MiB alone (hugepages-2048kB), no others "
                   "are modelled",
                   path);
}

/* `compact` and the pool of a node. */
static int find_node_file(const char *path, struct control *c, struct err *e)
{
    char tail[CONTROL_TEXT_MAX + 1];

    if (sscanf(path, NODE_DIR "%u/%160s", &c->nid, tail) == 2 && c->nid < MAX_NUMNODES) {
        c->file = strcmp(tail, "compact") == 0             ? &compact_file
                  : strcmp(tail, POOL "nr_hugepages") == 0 ? &pool_file
                                                           : NULL;
        if (c->file)
            return 0;
        if (strncmp(tail, "hugepages/", 10) == 0 && strncmp(tail, POOL, strlen(POOL)) != 0)
            return no_such_pool(path, e);
    }
    return err_set(e, -ENOENT,
                   "no file '%s'; want " NODE_DIR "N/compact or " NODE_DIR "N/" POOL "nr_hugepages",
                   path);
}

static int find_pool_file(const char *path, const char *name, struct control *c, struct err *e)
{
    if (strcmp(name, "nr_hugepages") == 0 || strcmp(name, POOL_POLICY) == 0 ||
        strcmp(name, "nr_overcommit_hugepages") == 0)
        return find_sysctl(name, c, e);
    return err_set(e, -ENOENT,
                   "no file '%s' that can be written; want nr_hugepages or nr_overcommit_hugepages",
                   path);
}

/* A tunable by the file that shows it. False: the path is of none. */
static bool find_tunable_file(const char *path, struct control *c)
{
    char name[CONTROL_TEXT_MAX + 64];

    for (unsigned i = 0; i < nr_tunables; i++) {
        const char *file = tunable_file(&tunable_info[i], name, sizeof(name));

        if (strncmp(tunable_info[i].key, "numa/", 5) == 0) /* a word: true or false */
            file = CONTROL_DEMOTION_FILE;
        if (!file || strcmp(file, path + 1) != 0)
            continue;
        c->tunable = &tunable_info[i];
        c->file = &sysctl_file;
        return true;
    }
    return false;
}

static int find_process_file(const char *path, struct control *c, struct err *e)
{
    char tail[CONTROL_TEXT_MAX + 1];

    if (sscanf(path, "/proc/%u/%160s", &c->pid, tail) == 2) {
        c->file = strcmp(tail, score_adj_file.name) == 0 ? &score_adj_file
                  : strcmp(tail, oom_adj_file.name) == 0 ? &oom_adj_file
                                                         : NULL;
        if (c->file)
            return 0;
    }
    return err_set(e, -ENOENT,
                   "no file '%s' that can be written; want one below /sys/fs/cgroup, /proc/sys/vm, "
                   "/proc/pressure, /sys/kernel/mm/transparent_hugepage, /sys/kernel/mm/hugepages, "
                   "/sys/kernel/mm/lru_gen or /sys/devices/system/node, or /proc/PID/oom_score_adj",
                   path);
}

/* Everything of c but the value.   pre: path is not longer than CONTROL_PATH_MAX */
static int find_file(const char *path, struct control *c, struct err *e)
{
    size_t root = strlen(CGROUP_ROOT_DIR);

    if (strncmp(path, CGROUP_ROOT_DIR "/", root + 1) == 0)
        return find_in_cgroup(path, path + root, c, e);
    if (strncmp(path, SYSCTL_DIR, strlen(SYSCTL_DIR)) == 0)
        return find_sysctl(path + strlen(SYSCTL_DIR), c, e);
    if (strncmp(path, THP_DIR, strlen(THP_DIR)) == 0)
        return find_thp(path, path + strlen(THP_DIR), c, e);
    if (strncmp(path, LRU_GEN_DIR, strlen(LRU_GEN_DIR)) == 0)
        return find_lru_gen(path, path + strlen(LRU_GEN_DIR), c, e);
    if (strncmp(path, POOL_DIR, strlen(POOL_DIR)) == 0)
        return find_pool_file(path, path + strlen(POOL_DIR), c, e);
    if (strncmp(path, POOLS_DIR, strlen(POOLS_DIR)) == 0)
        return no_such_pool(path, e);
    if (strncmp(path, PRESSURE_DIR, strlen(PRESSURE_DIR)) == 0)
        return find_pressure(path, path + strlen(PRESSURE_DIR), c, e);
    if (strncmp(path, NODE_DIR, strlen(NODE_DIR)) == 0)
        return find_node_file(path, c, e);
    if (strcmp(path, VMA_RA_FILE) == 0) {
        c->file = &vma_ra_file;
        return 0;
    }
    if (*path == '/' && find_tunable_file(path, c))
        return 0;
    return find_process_file(path, c, e);
}

bool control_is_file(const char *path)
{
    struct control c = {0};

    return strlen(path) <= CONTROL_PATH_MAX && find_file(path, &c, NULL) == 0;
}

u32 control_needs(const char *path)
{
    struct control c = {0};

    if (strlen(path) > CONTROL_PATH_MAX || find_file(path, &c, NULL) || !c.file)
        return 0;
    return c.file->needs;
}

int control_parse(const char *path, const char *value, struct control *ret, struct err *e)
{
    struct control c = {0};
    int rc;

    if (strlen(path) > CONTROL_PATH_MAX)
        return err_set(e, -EINVAL, "a path longer than %u bytes", CONTROL_PATH_MAX);
    if (strlen(value) > CONTROL_TEXT_MAX)
        return err_set(e, -EINVAL, "a value longer than %u bytes for '%s'", CONTROL_TEXT_MAX, path);
    snprintf(c.text, sizeof(c.text), "%s", value);
    rc = find_file(path, &c, e);
    if (rc)
        return rc;
    rc = control_parse_value(&c, path, e);
    if (rc)
        return rc;
    *ret = c;
    return 0;
}

bool control_is_group(const struct control *c)
{
    return c->file >= group_files && c->file < group_files + ARRAY_SIZE(group_files);
}

bool control_is_procs(const struct control *c)
{
    return c->file->kind == VALUE_PID;
}

bool control_is_set_at_once(const struct control *c)
{
    return c->file->kind == VALUE_LIMIT || c->file->kind == VALUE_HUGE_PAGES;
}

bool control_is_trigger(const struct control *c)
{
    return c->file->kind == VALUE_TRIGGER;
}

int control_write(struct system *s, const struct control *c, struct control_state *st)
{
    struct group *g = *c->group ? group_find(&s->groups, c->group) : NULL;

    if (*c->group && (!g || (control_is_group(c) && !group_has_files_of(g, c->file->name))))
        return -ENOENT;
    if (c->file->needs & ~s->kernel.features)
        return -EINVAL;
    if (!control_is_trigger(c))
        return c->file->write(s, c, g, st);
    if (g->psi.disabled) /* its pressure files are hidden */
        return -ENOENT;
    if (c->unprivileged && kernel_has(&s->kernel, KERNEL_PSI_UNPRIVILEGED) &&
        psi_trigger_window_us(c->text) % PSI_WINDOW_UNPRIVILEGED_US)
        return -EINVAL;
    st->trigger = psi_trigger_new(&g->psi, c->res, c->text, s->clock.now);
    return st->trigger ? 0 : -EINVAL;
}
