/* system.c - a machine is put together and taken apart.
 *
 * Order of construction is the order of the rooms; every part is given what it needs of the ones
 * before. */
#include "system/system.h"

#include <stdio.h>
#include <string.h>

#include "balance/writeback.h"
#include "base/alloc.h"
#include "stats/kernel.h"
#include "system/cgroup.h"
#include "system/system_int.h"

#define BOOT_TIME       1704067200 /* the beginning of 2024: the same machine says the same */
#define RESERVE_SHARE   32u /* of free memory, at most: what is kept for users who must act */
#define MINORS_PER_DISK 16u /* itself and its partitions */

static const struct device_profile *find_profile(const struct system_config *c, const char *name)
{
    for (unsigned i = 0; i < c->nr_profiles; i++)
        if (strcmp(c->profiles[i].name, name) == 0)
            return &c->profiles[i];
    return device_profile_find(name);
}

static int config_check(const struct system_config *c, struct err *e)
{
    if (!kernel_find(c->kernel))
        return err_set(e, -EINVAL, "unknown kernel profile '%s'", c->kernel);
    if (c->lru && lru_policy_find(c->lru) == NR_LRU_POLICIES)
        return err_set(e, -EINVAL, "unknown LRU '%s'", c->lru);
    if (c->thp && thp_enabled_find(c->thp) == NR_THP_ENABLED)
        return err_set(e, -EINVAL, "unknown mode of huge pages '%s'", c->thp);
    if (c->zswap_compressor && compressor_find(c->zswap_compressor) == NR_COMPRESSORS)
        return err_set(e, -EINVAL, "unknown compressor '%s' of zswap", c->zswap_compressor);
    if (!find_profile(c, c->disk))
        return err_set(e, -EINVAL, "unknown device profile '%s'", c->disk);
    for (unsigned i = 0; i < c->nr_disks; i++)
        if (!find_profile(c, c->disks[i].device))
            return err_set(e, -EINVAL, "unknown device profile '%s'", c->disks[i].device);
    if (c->nr_swaps > ARRAY_SIZE(c->swaps))
        return err_set(e, -EINVAL, "%u swap areas: want at most %zu", c->nr_swaps,
                       ARRAY_SIZE(c->swaps));
    for (unsigned i = 0; i < c->nr_swaps; i++) {
        const struct swap_spec *spec = &c->swaps[i];

        if (!find_profile(c, spec->device))
            return err_set(e, -EINVAL, "unknown device profile '%s' of swap area %u", spec->device,
                           i + 1);
        if (spec->compressor && compressor_find(spec->compressor) == NR_COMPRESSORS)
            return err_set(e, -EINVAL, "unknown compressor '%s' of swap area %u", spec->compressor,
                           i + 1);
    }
    if (c->tunables.x_compress_same + c->tunables.x_compress_none > 100)
        return err_set(e, -EINVAL,
                       "x.compress_same and x.compress_none are parts of the same whole: they come "
                       "to more than 100 percent");
    if (pool_spec_is_given(&c->hugepages) && c->tunables.nr_hugepages)
        return err_set(e, -EINVAL,
                       "hugepages and vm.nr_hugepages are both given: want one, since both say how "
                       "large the pool is at boot");
    return 0;
}

/* Idle pages of the swap cache are mapped: they stay, and only lose their slot. */
static bool swap_free_idle(void *ctx, pfn_t pfn)
{
    struct system *s = ctx;

    return folio_head(&s->frames, pfn)->mapcount && page_free_swap(&s->mem, pfn);
}

/* Pages without bytes compress as the tunables say. */
static struct compress_model compress_model(const struct system *s, u32 ratio_percent)
{
    return (struct compress_model){
        .ratio_percent = ratio_percent ? ratio_percent : (u32)s->tunables.x_compress_ratio,
        .same_percent = (u32)s->tunables.x_compress_same,
        .no_ratio_percent = (u32)s->tunables.x_compress_none,
        .seed = s->config.seed,
    };
}

static struct zram *zram_new(struct system *s, const struct swap_spec *spec)
{
    struct compress_model model = compress_model(s, spec->ratio_percent);
    struct zram *z = xcalloc(1, sizeof(*z));
    struct frame_source source;

    balance_frame_source(&s->mem, &source);
    zram_init(z, spec->bytes,
              spec->compressor ? compressor_find(spec->compressor) : COMPRESSOR_LZO_RLE, &model,
              &s->cost, &s->frames, &s->counters, &source);
    z->limit_pages = spec->mem_limit / PAGE_SIZE;
    return z;
}

/* What the kernel is to be built with. zswap.enabled on one without zswap would mean nothing. */
static u32 wanted_features(const struct tunables *tunables)
{
    u32 wanted = 0;

    if (tunables->x_zswap || tunables->zswap_enabled)
        wanted |= BIT(KERNEL_ZSWAP);
    if (tunables->x_cgroup_hugetlb)
        wanted |= BIT(KERNEL_CGROUP_HUGETLB);
    if (tunables->x_zswap_writeback)
        wanted |= BIT(KERNEL_ZSMALLOC_WRITEBACK);
    if (tunables->x_readahead_refaults)
        wanted |= BIT(KERNEL_READAHEAD_REFAULTS);
    if (tunables->x_readahead_text)
        wanted |= BIT(KERNEL_READAHEAD_TEXT);
    return wanted;
}

/* Changes that the machine leaves out: x.kernel_without, bit by bit. */
static u32 unwanted_features(const struct tunables *tunables)
{
    static const enum kernel_feature changes[] = {KERNEL_STATS_LATE,       KERNEL_ROTATION_COST,
                                                  KERNEL_LRU_GEN_TURNS,    KERNEL_LRU_GEN_REFAULTS,
                                                  KERNEL_LRU_GEN_OWN_KIND, KERNEL_LRU_GEN_DIRTY};
    u32 unwanted = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(changes); i++)
        if (tunables->x_kernel_without >> i & 1)
            unwanted |= BIT(changes[i]);
    return unwanted;
}

static void zswap_start(struct system *s)
{
    struct compress_model model = compress_model(s, 0);
    struct frame_source source;

    if (!kernel_has(&s->kernel, KERNEL_ZSWAP))
        return;
    balance_frame_source(&s->mem, &source);
    zswap_init(&s->zswap, &s->tunables, &model, &s->cost, &s->frames, &s->counters, &source);
    s->zswap.zsmalloc_writeback = kernel_has(&s->kernel, KERNEL_ZSMALLOC_WRITEBACK);
    s->zswap.charge = slab_charge_zswap;
    s->zswap.charge_ctx = &s->slab;
    s->swap.zswap = &s->zswap;
}

/* A device that the user describes is one piece of hardware, whatever is on it; a shipped profile
 * is a kind of device. */
static struct device *find_own_disk(struct system *s, const char *name)
{
    bool own = false;

    for (unsigned i = 0; i < s->config.nr_profiles; i++)
        own |= strcmp(s->config.profiles[i].name, name) == 0;
    if (own && strcmp(s->config.disk, name) == 0)
        return &s->disk;
    for (unsigned i = 0; own && i < s->config.nr_disks; i++)
        if (strcmp(s->config.disks[i].device, name) == 0)
            return &s->disks[i];
    return NULL;
}

/* Nor may a user's own device look like a partition of another. */
static bool name_is_taken(const struct system *s, const char *name)
{
    bool taken = strcmp(s->disk.name, name) == 0;

    for (unsigned i = 0; i < s->config.nr_profiles; i++)
        taken |= strncmp(s->config.profiles[i].name, name, strlen(name)) == 0;
    for (unsigned i = 0; i < ARRAY_SIZE(s->disks); i++)
        taken |= strcmp(s->disks[i].name, name) == 0;
    for (unsigned i = 0; i < ARRAY_SIZE(s->swap_devices); i++)
        taken |= strcmp(s->swap_devices[i].name, name) == 0;
    return taken;
}

/* A user's own device has the user's name, another the one that Linux gives to the next of its
 * kind. */
static void start_device(struct system *s, struct device *d, const char *profile)
{
    const struct device_profile *p = find_profile(&s->config, profile);
    char name[DEVICE_NAME_MAX];

    if (device_profile_find(profile) == p)
        for (unsigned n = 0; name_is_taken(s, device_node_name(name, sizeof(name), p, n)); n++)
            ;
    else
        snprintf(name, sizeof(name), "%s", p->name);
    device_init(d, name, p, &s->clock, &s->counters);
}

static void disks_init(struct system *s)
{
    const struct system_config *c = &s->config;

    start_device(s, &s->disk, c->disk);
    for (unsigned i = 0; i < c->nr_disks; i++) {
        start_device(s, &s->disks[i], c->disks[i].device);
        s->disks[i].minor = (i + 1) * MINORS_PER_DISK;
    }
}

static struct device *swap_device(struct system *s, unsigned i)
{
    struct device *own = find_own_disk(s, s->config.swaps[i].device);

    return own ? own : &s->swap_devices[i];
}

int swap_start(struct system *s, unsigned i, struct err *e)
{
    const struct swap_spec *spec = &s->config.swaps[i];
    int rc =
        swap_on(&s->swap, spec->name, spec->bytes, spec->priority, swap_device(s, i), false, e);

    if (rc == 0)
        s->swap.areas[swap_find(&s->swap, spec->name)].zram = s->zrams[i];
    return rc;
}

static int swaps_on(struct system *s, struct err *e)
{
    for (unsigned i = 0; i < s->config.nr_swaps; i++) {
        struct swap_spec *spec = &s->config.swaps[i];
        struct device *d = swap_device(s, i);
        int rc = 0;

        if (d == &s->swap_devices[i]) {
            start_device(s, d, spec->device);
            d->minor = d->profile->compressed ? i : (DISKS_MAX + i) * MINORS_PER_DISK;
        }
        if (!spec->name) {
            snprintf(s->swap_names[i], sizeof(s->swap_names[i]), "/dev/%s", d->name);
            spec->name = s->swap_names[i];
        }
        if (d->profile->compressed)
            s->zrams[i] = zram_new(s, spec);
        if (!spec->later)
            rc = swap_start(s, i, e);
        if (rc < 0) {
            s->config.nr_swaps = i + 1; /* the devices to take apart */
            return rc;
        }
    }
    return 0;
}

static void cut_huge(void *ctx, struct vma *vma, vpn_t at)
{
    thp_cut(ctx, vma, at);
}

static void wire_pgdat(struct system *s)
{
    s->mem = (struct mem){
        .kernel = &s->kernel,
        .clock = &s->clock,
        .counters = &s->counters,
        .cost = &s->cost,
        .tunables = &s->tunables,
        .frames = &s->frames,
        .space = &s->space,
        .backing = &s->backing,
        .swap = &s->swap,
        .groups = &s->groups,
        .nr_cpus = s->config.nr_cpus,
        .swapin_hits = 4,
    };
    mem_init(&s->mem);
    numa_mode_changed(s);
    khugepaged_init(&s->khugepaged, &s->mem);
    hugetlb_init(&s->hugetlb, &s->mem);
    slab_init(&s->slab, &s->mem);
    s->space.file_mapped = file_mapped;
    s->space.file_mapped_ctx = s;
    s->space.cut_huge = cut_huge;
    s->space.cut_huge_ctx = &s->mem;
    s->swap.free_idle = swap_free_idle;
    s->swap.free_idle_ctx = s;
    system_set_page_cluster(s);
    prng_seed(&s->swap.prng, s->config.seed);
}

static struct task *kthread_new(struct system *s, const char *name, unsigned nid)
{
    struct task *t = xcalloc(1, sizeof(*t));

    t->kthread = true;
    t->group = s->groups.root;
    snprintf(t->comm, sizeof(t->comm), "%s%u", name, nid % MAX_NUMNODES);
    return t;
}

static void kswapds_new(struct system *s)
{
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        s->kswapds[nid] = kthread_new(s, "kswapd", nid);
}

/* --set of the kernel's default is no wish: then the device has the say. */
static u64 choose_read_ahead_kb(const struct system *s)
{
    if (s->config.readahead_bytes)
        return s->config.readahead_bytes / KIB;
    if (s->tunables.read_ahead_kb != READ_AHEAD_KB_DEFAULT)
        return s->tunables.read_ahead_kb;
    return s->disk.profile->readahead_kb;
}

/* Small machines keep less (init_user_reserve, init_admin_reserve), unless somebody said how
 * much. */
static void reserve_default(const struct system *s, u64 *kbytes, const char *key)
{
    if (*kbytes == tunable_find(key)->default_value)
        *kbytes = MIN(*kbytes, frames_count_free(&s->frames) * (PAGE_SIZE / KIB) / RESERVE_SHARE);
}

/* The pool of huge pages is made while all memory is free: there is nothing to wait for. */
/* The boot has the machine to itself: what a write would wait for between two slices of work, it
 * goes on without. */
static void fill_pool(struct system *s, u64 pages, unsigned nid)
{
    struct hugetlb_write w = {0};
    struct wait wait;

    while (hugetlb_set_max(&s->hugetlb, pages, nid, &w, &wait) == BALANCE_WAIT)
        system_take_cpu_ns(s);
}

/* What the kernel says of hugepages= that it could not do. (hugetlb_hstate_alloc_pages) */
static void tell_pool(struct system *s, u64 wanted, u64 had, const char *node)
{
    if (had < wanted)
        strbuf_printf(&s->log,
                      "[    0.000000] HugeTLB: allocating %llu of page size 2.00 MiB failed%s.  "
                      "Only allocated %llu hugepages.\n",
                      (unsigned long long)wanted, node, (unsigned long long)had);
}

static void pool_start(struct system *s)
{
    const struct pool_spec *p = &s->config.hugepages;
    char node[16];

    fill_pool(s, p->pages ? p->pages : s->tunables.nr_hugepages, MAX_NUMNODES);
    tell_pool(s, p->pages, s->hugetlb.max, "");
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++) {
        if (!(p->nodes >> nid & 1))
            continue;
        fill_pool(s, p->node[nid], nid);
        snprintf(node, sizeof(node), " node%u", nid);
        tell_pool(s, p->node[nid], hugetlb_node_total(&s->hugetlb, nid), node);
    }
    s->tunables.nr_hugepages = s->hugetlb.max;
    system_take_cpu_ns(s);
}

static int check_pool_nodes(const struct pool_spec *p, unsigned nr_nodes, struct err *e)
{
    unsigned missing = pool_spec_missing(p, nr_nodes);

    if (missing == MAX_NUMNODES)
        return 0;
    if (nr_nodes == 1)
        return err_set(e, -EINVAL, "hugepages asks for pages of node %u, and there is node 0 alone",
                       missing);
    return err_set(e, -EINVAL, "hugepages asks for pages of node %u, and there are nodes 0 to %u",
                   missing, nr_nodes - 1);
}

/* Options that are another way to say a tunable. */
static void settle_tunables(const struct system_config *c, struct tunables *t)
{
    t->zswap_enabled |= c->zswap;
    t->thp_enabled = system_config_thp(c);
    if (c->zswap_compressor)
        t->zswap_compressor = compressor_find(c->zswap_compressor);
    if (!(c->given_as_tunable & BIT(MACHINE_OPTION_lru)))
        t->lru_gen_enabled = system_config_lru(c) == LRU_POLICY_MGLRU ? LRU_GEN_CAPS : 0;
}

/* What frames_init() was not told. */
static void set_watermarks(struct system *s)
{
    s->frames.watermark_boost_factor = (unsigned)s->tunables.watermark_boost_factor;
    system_set_lowmem_reserve(s);
}

int system_init(struct system *s, const struct system_config *c, struct err *e)
{
    const struct kernel_release *release = kernel_find(c->kernel);
    struct frames_config frames;
    struct topology topology;
    unsigned nid;
    int rc = config_check(c, e);

    if (rc == 0)
        rc = system_config_topology(c, &topology, &nid, e);
    if (rc == 0)
        rc = check_pool_nodes(&c->hugepages, topology.nr_nodes, e);
    if (rc < 0)
        return rc;
    memset(s, 0, sizeof(*s));
    s->config = *c;
    s->config.nr_cpus = topology.nr_cpus;
    s->config.nr_nodes = topology.nr_nodes;
    s->config.ram_bytes = topology_ram_bytes(&topology);
    c = &s->config;
    settle_tunables(c, &s->config.tunables);
    s->tunables = s->config.tunables;
    s->cost = c->cost;
    frames = (struct frames_config){
        .topology = &topology,
        .min_free_kbytes = s->tunables.min_free_kbytes,
        .watermark_scale_factor = (unsigned)s->tunables.watermark_scale_factor,
        .movable_bytes = c->movable_bytes,
        .khugepaged = s->tunables.thp_enabled != THP_NEVER,
        .khugepaged_by_default = !c->thp && !(c->given_as_tunable & BIT(MACHINE_OPTION_thp)),
        .kernel = release,
        .bytes = c->bytes,
    };
    kernel_resolve(release, wanted_features(&s->tunables), &s->kernel);
    s->kernel.features &= ~unwanted_features(&s->tunables);
    s->kernel.lru =
        s->tunables.lru_gen_enabled & LRU_GEN_CORE ? LRU_POLICY_MGLRU : LRU_POLICY_CLASSIC;
    rc = frames_init(&s->frames, &frames, &s->counters, e);
    if (rc < 0)
        return rc;
    if (frames.khugepaged_by_default && s->frames.small)
        s->tunables.thp_enabled = s->config.tunables.thp_enabled = THP_NEVER;
    set_watermarks(s);
    clock_init(&s->clock);
    s->boot_time = BOOT_TIME;
    strbuf_init(&s->log);
    space_init(&s->space, &s->frames);
    backing_init(&s->backing, &s->frames, &s->counters);
    swap_init(&s->swap, &s->frames, &s->counters);
    groups_init(&s->groups, &s->frames, &s->counters, c->nr_cpus);
    s->groups.charge_batch = release->charge_batch;
    s->groups.stats_late = kernel_has(&s->kernel, KERNEL_STATS_LATE);
    s->stats_at = s->groups.stats_late ? s->clock.now : NS_NEVER;
    s->groups.recursive_protection = c->tunables.x_memory_recursiveprot;
    disks_init(s);
    s->tunables.read_ahead_kb = choose_read_ahead_kb(s);
    s->tmpfs = shmem_mount_new(&s->backing, s->frames.managed_pages / 2);
    reserve_default(s, &s->tunables.user_reserve_kbytes, "vm.user_reserve_kbytes");
    reserve_default(s, &s->tunables.admin_reserve_kbytes, "vm.admin_reserve_kbytes");
    mmu_init(&s->space, c->nr_cpus, (unsigned)c->tunables.x_tlb_entries);
    wire_pgdat(s);
    kswapds_new(s);
    s->cpu_times = xcalloc(c->nr_cpus, sizeof(*s->cpu_times));
    loadavg_init(s);
    s->backing.writeback_interval = s->tunables.dirty_writeback_centisecs * (NS_PER_S / 100);
    writeback_set_ratelimit(&s->mem);
    zswap_start(s);
    pool_start(s);
    rc = swaps_on(s, e);
    if (rc < 0)
        system_done(s);
    return rc;
}

void system_done(struct system *s)
{
    s->space.file_mapped = NULL;
    for (u32 i = 0; i < s->nr_tasks; i++) {
        task_free(s->tasks[i]->fork_child);
        task_free(s->tasks[i]);
    }
    free(s->tasks);
    for (unsigned nid = 0; nid < s->frames.nr_nodes; nid++)
        free(s->kswapds[nid]);
    free(s->cpu_times);
    vec_done(&s->idle_inodes);
    slab_done(&s->slab);
    hugetlb_done(&s->hugetlb);
    mem_done(&s->mem);
    for (unsigned i = 0; i < s->config.nr_swaps; i++) {
        if (s->swap_devices[i].profile)
            device_done(&s->swap_devices[i]);
        if (s->zrams[i])
            zram_done(s->zrams[i]);
        free(s->zrams[i]);
    }
    if (s->swap.zswap)
        zswap_done(&s->zswap);
    device_done(&s->disk);
    for (unsigned i = 0; i < s->config.nr_disks; i++)
        device_done(&s->disks[i]);
    groups_done(&s->groups);
    swap_done(&s->swap);
    backing_done(&s->backing);
    space_done(&s->space);
    strbuf_done(&s->log);
    clock_done(&s->clock);
    frames_done(&s->frames);
}

struct group *system_group(struct system *s, const char *path)
{
    struct group *g = s->groups.root;
    char upto[1024]; /* the path as far as it has been walked */
    size_t len = strlen(path), start = 0;

    if (len >= sizeof(upto))
        return NULL;
    memcpy(upto, path, len + 1);
    while (g && start < len) {
        size_t end = start + strcspn(path + start, "/");

        if (end > start) {
            struct group *child;

            upto[end] = '\0';
            child = group_find(&s->groups, upto);
            if (!child)
                g->subtree_control = CONTROLLERS_ALL;
            g = child ? child : group_new(&s->groups, g, upto + start);
            upto[end] = path[end];
        }
        start = end + 1;
    }
    return g;
}
