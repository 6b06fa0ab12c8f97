/* oom_cause.c - which explanation of a report is the strongest.
 *
 * First what keeps free memory from this allocation, then a limit that is not on memory itself,
 * then the largest holder. A share is of the machine's managed memory or of the group's usage;
 * without that, of what is told.
 */
#include "diagnose/oom_cause.h"

#include "base/units.h"

#include <string.h>

/* A holder of so much is worth to be named though another is as large. */
#define LARGE_SHARE     0.5
/* Memory of a program that is this share of the limit leaves nothing for others to have filled
 * it. */
#define FILLS_SHARE     0.6
/* A usage within so much of a limit is at it: per-CPU charges make it a little less. */
#define AT_LIMIT        0.98
#define DIRTY_SHARE     0.3
/* Less may be the reserve, of which nothing is told. */
#define MEMORY_FREE_MIN (256 * MIB)
/* Programs that hold less together fill no machine that runs this kernel's tables: the smallest
 * routers have as much. */
#define LISTED_LITTLE   (32 * MIB)

bool oom_is_guest(const char *comm)
{
    static const char *const names[] = {"qemu",       "kvm",       "cloud-hyp",    "firecracker",
                                        "crosvm",     "VBoxHead",  "VirtualBoxVM", "vmware-vmx",
                                        "stratovirt", "dragonball"};

    if (strncmp(comm, "CPU ", 4) == 0 && strstr(comm, "/KVM"))
        return true;
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (strncmp(comm, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

bool oom_is_jvm(const char *comm)
{
    return strcmp(comm, "java") == 0 || strncmp(comm, "java.", 5) == 0 ||
           strncmp(comm, "jsvc", 4) == 0;
}

bool oom_path_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    while (len > 1 && top[len - 1] == '/')
        len--;
    if (len == 1 && top[0] == '/')
        return strcmp(path, "/") != 0;
    return strncmp(path, top, len) == 0 && path[len] == '/' && path[len + 1];
}

bool oom_is_pod(const char *path)
{
    const char *name = strrchr(path, '/'), *pod;

    name = name ? name + 1 : path;
    /* "container web of test-pod-1" */
    if (strncmp(name, "container ", 10) == 0)
        return false;
    pod = strstr(name, "pod");
    /* "pod1111-...", "kubepods-burstable-pod1111_...slice", "machine-libpod_pod_..." */
    while (pod && !((pod == name || pod[-1] == '-' || pod[-1] == '_') && pod[3] && pod[3] != 's'))
        pod = strstr(pod + 3, "pod");
    return pod && strstr(path, "kubepods");
}

/* What a function of a call trace belongs to. */
static const struct {
    const char *begins, *what;
    bool hidden; /* pages that it takes are in no counter */
} frames[] = {
    {"htab_map_", "BPF maps, which are per-CPU memory", true},
    {"array_map_alloc", "BPF maps, which are per-CPU memory", true},
    {"bpf_", "BPF", false},
    {"pcpu_alloc", "per-CPU memory", true},
    {"__alloc_percpu", "per-CPU memory", true},
    {"spl_", "ZFS", true},
    {"arc_", "ZFS", true},
    {"abd_", "ZFS", true},
    {"dmu_", "ZFS", true},
    {"nv_", "the GPU driver", true},
    {"nvidia", "the GPU driver", true},
    {"amdgpu", "the GPU driver", true},
    {"i915_", "the GPU driver", true},
    {"ttm_", "the GPU driver", true},
    {"drm_", "the GPU driver", true},
    {"vmballoon", "the hypervisor's balloon", true},
    {"fill_balloon", "the hypervisor's balloon", true},
    {"balloon_page", "the hypervisor's balloon", true},
    {"hugetlb_", "huge pages", false},
    {"skb_", "the network", false},
    {"__netdev_alloc", "the network", false},
    {"__napi_alloc", "the network", false},
    {"btrfs_", "btrfs", false},
    {"xfs_", "XFS", false},
    {"ext4_", "ext4", false},
    {"nfs", "NFS", false},
    {"ceph_", "Ceph", false},
    {"usb_", "USB", false},
    {"kvm_", "KVM", false},
    {"sock_", "a socket", false},
    {"unix_", "a socket", false},
    {"tcp_", "TCP", false},
};

/* The allocator's own functions say nothing about who asked. */
static bool is_allocator(const char *frame)
{
    /* Without the underscores before them, of which later kernels have more. */
    static const char *const begins[] = {
        "dump_stack",     "show_stack",    "dump_header",      "oom_kill_process",
        "out_of_memory",  "warn_alloc",    "alloc_pages",      "alloc_frozen",
        "get_free_pages", "kmalloc",       "kmem_cache_alloc", "new_slab",
        "slab_alloc",     "allocate_slab", "kvmalloc",         "vmalloc",
        "mem_cgroup_",    "try_charge",    "mem_cgroup",       "charge_memcg",
        "oom_",           "mod_",          "folio_alloc",      "vma_alloc",
        "alloc_slab",     "cache_grow",    "fallback_alloc",   "cache_alloc",
        "do_kmalloc",     "kzalloc",       "unwind_backtrace", "alloc_page",
        "check_panic",    "select_bad",    "pagefault_out",    "moom_callback",
        "obj_cgroup",     "memcg",         "memcg_",           "page_counter"};

    frame += strspn(frame, "_");
    for (unsigned i = 0; i < ARRAY_SIZE(begins); i++)
        if (strncmp(frame, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

/* Frames that lie on a stack without having called anything: of interrupts and of the scheduler. */
static bool is_interrupt(const char *frame)
{
    static const char *const begins[] = {"try_to_wake_up", "_raw_spin", "__schedule", "autoremove",
                                         "default_wake",   "hrtimer_",  "tick_",      "ktime_",
                                         "irq_",           "_cond_res", "find_lock_", "has_capab",
                                         "list_del",       "io_sched"};

    for (unsigned i = 0; i < ARRAY_SIZE(begins); i++)
        if (strncmp(frame, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

static void take_frame(struct oom_ruling *ruling, const struct oom_report *r)
{
    const char *guess = NULL;

    if (!r)
        return;
    vec_for_each (&r->frames, frame) {
        if (**frame == '?') {
            if (!guess && !is_allocator(*frame + 2) && !is_interrupt(*frame + 2))
                guess = *frame + 2;
            continue;
        }
        if (is_allocator(*frame))
            continue;
        if (!ruling->frame)
            ruling->frame = *frame;
        for (unsigned i = 0; i < ARRAY_SIZE(frames) && !ruling->hint; i++) {
            if (strncmp(*frame, frames[i].begins, strlen(frames[i].begins)) != 0)
                continue;
            ruling->frame = *frame;
            ruling->hint = frames[i].what;
            ruling->hint_hidden = frames[i].hidden;
        }
    }
    if (!ruling->frame)
        ruling->frame = guess;
}

static bool in_trace(const struct oom_report *r, const char *function)
{
    vec_for_each (&r->frames, frame)
        if (**frame != '?' && strstr(*frame, function))
            return true;
    return false;
}

bool oom_is_fork(const struct oom_report *r)
{
    static const char *const begins[] = {"copy_process", "dup_task_struct", "alloc_thread_",
                                         "kernel_clone", "do_fork",         "_do_fork"};

    if (!r)
        return false;
    vec_for_each (&r->frames, frame) {
        const char *name = **frame == '?' ? *frame + 2 : *frame;

        for (unsigned i = 0; i < ARRAY_SIZE(begins); i++)
            if (strncmp(name, begins[i], strlen(begins[i])) == 0)
                return true;
    }
    return false;
}

static const struct oom_slab *largest_slab(const struct oom_report *r)
{
    const struct oom_slab *largest = NULL;

    vec_for_each (&r->slabs, s)
        if (known(s->total) && (!largest || s->total > largest->total))
            largest = s;
    return largest;
}

static u64 larger(u64 a, u64 b)
{
    return MAX(figure_or(a, 0), figure_or(b, 0));
}

/* --- the largest holder ----------------------------------------------------------------------- */

struct holder {
    enum oom_cause cause;
    u64 bytes;
};

static void offer(struct holder *best, enum oom_cause cause, u64 bytes)
{
    if (known(bytes) && bytes > best->bytes)
        *best = (struct holder){cause, bytes};
}

static struct holder largest_holder(const struct oom_facts *f)
{
    u64 slab = known(f->slab_u) || known(f->slab_r)
                   ? figure_or(f->slab_u, 0) + figure_or(f->slab_r, 0)
                   : UNKNOWN;
    struct holder best = {CAUSE_UNTOLD, 0};

    /* Without Mem-Info the table of caches tells the same. */
    if (!known(slab) && f->r->slabs.count) {
        slab = 0;
        vec_for_each (&f->r->slabs, s)
            slab += MIN(figure_or(s->total, 0), (u64)1 << 50);
    }

    offer(&best, CAUSE_ANON, f->anon);
    offer(&best, CAUSE_SHMEM, f->shmem);
    offer(&best, CAUSE_LOCKED, f->locked);
    offer(&best, CAUSE_SLAB, slab);
    offer(&best, CAUSE_PAGE_TABLES, f->page_tables);
    offer(&best, CAUSE_STACKS, f->stacks);
    offer(&best, CAUSE_HUGETLB, f->hugetlb);
    offer(&best, CAUSE_NO_COUNTER, larger(f->uncounted, f->balloon));
    if (known(f->dirty) && known(f->file) && (double)f->dirty > DIRTY_SHARE * (double)f->file)
        offer(&best, CAUSE_DIRTY, f->file);
    else
        offer(&best, CAUSE_FILE_CACHE, f->file);
    if (f->of_group) {
        u64 rest = figure_or(f->percpu, 0) + figure_or(f->sock, 0) + figure_or(f->vmalloc, 0) +
                   figure_or(f->kernel_other, 0);

        offer(&best, CAUSE_GROUP_KERNEL, rest);
    }
    /* Without statistics the table of tasks is all there is. */
    if (!known(f->anon) && f->processes)
        offer(&best, CAUSE_ANON,
              f->of_group && known(f->total) ? MIN(f->programs_bytes, f->total)
                                             : f->programs_bytes);
    return best;
}

/* --- the machine ------------------------------------------------------------------------------ */

/* What an allocation may not use is as full as what it may: then memory is short, whatever binds
 * it. */
static bool all_are_full(const struct oom_facts *f)
{
    return known(f->free) && known(f->free_nodes) && known(f->total) && known(f->file) &&
           !f->only_movable_zones && f->free_nodes + f->file <= f->total / 20;
}

/* Free memory that this allocation could not have: the cause is what kept it away, if all of it
 * would have been plenty. */
static bool rule_useless(const struct oom_facts *f, struct oom_ruling *ruling)
{
    const struct oom_report *r = f->r;
    u64 plenty;

    if (((oom_is_bound(f->e) || f->only_cpuset) && !all_are_full(f)) ||
        (known(f->free_nodes) && f->free_nodes > f->free_high + f->free_usable &&
         f->free_nodes > figure_or(f->total, 0) / 20)) {
        ruling->cause = CAUSE_NODE;
        ruling->bytes = f->only_movable_zones                   ? f->free_zones
                        : known(f->free_nodes) && f->free_nodes ? f->free_nodes
                                                                : UNKNOWN;
        return true;
    }
    if (!known(f->free_usable))
        return false;
    plenty = MAX(f->free_high, figure_or(f->total, 0) / 50);
    if (r->has_mask && f->usable_zone_told && f->free_zones > plenty && !f->free_cut &&
        f->free_usable <= f->free_high) {
        ruling->cause = CAUSE_ZONE;
        ruling->bytes = f->free_zones;
        return true;
    }
    if (f->free_cma > plenty && f->free_cma > f->free_usable + f->free_reserve) {
        ruling->cause = CAUSE_CMA;
        ruling->bytes = f->free_cma;
        return true;
    }
    if (r->order > 0 && known(f->largest_block) && f->largest_block < r->page_bytes << r->order &&
        f->free_usable > 0) {
        ruling->cause = CAUSE_ORDER;
        ruling->bytes = f->free_usable + f->free_reserve;
        return true;
    }
    return false;
}

/* A page fault failed and nobody had asked the page allocator: then, and never else, the killer
 * runs with an empty mask. What was refused is a charge, for kernel memory of a group of v1, unless
 * the machine is full as well. */
static bool is_refused_charge(const struct oom_facts *f)
{
    const struct oom_report *r = f->r;
    u64 left = figure_or(f->free, 0) + figure_or(f->file, 0);

    return r->has_mask && r->gfp_mask == 0 && r->order == 0 && !r->gfp[0] &&
           (known(f->total) ? left > f->total / 10 : in_trace(r, "pagefault_out_of_memory"));
}

/* Did the machine have what was asked for? */
static bool was_free(const struct oom_facts *f)
{
    u64 beyond;

    /* Without zones: more is free than all that is told holds. */
    if (f->r->zones.count == 0 && known(f->free) && known(f->anon) && known(f->file))
        return f->free > f->anon + f->file + figure_or(f->shmem, 0) + figure_or(f->slab_u, 0) +
                             figure_or(f->slab_r, 0) + figure_or(f->locked, 0) &&
               f->free > MEMORY_FREE_MIN;
    /* None of the zones in the text is one that it may use: those are missing. */
    if ((!f->usable_zone_told || f->free_cut) && known(f->free) && known(f->total) &&
        f->free > f->total / 2)
        return true;
    if (!f->usable_zone_told && known(f->free) && known(f->total))
        return false;
    if (!known(f->free_usable) || !known(f->free_high) || f->free_high == 0)
        return false;
    /* Free memory in HighMem is of no use to the kernel itself: who asked must be known. */
    vec_for_each (&f->r->zones, z)
        if (!f->r->has_mask && strcmp(z->name, "HighMem") == 0)
            return false;
    beyond = f->free_usable + f->free_reserve;
    return beyond > f->free_high + f->free_high / 4 && f->free_usable > f->free_low;
}

/* Is most of memory free and yet the reserve's? lowmem_reserve alone never is so much of a
 * machine. */
static bool is_kept_free(const struct oom_facts *f)
{
    return known(f->total) && known(f->free_reserve) && f->usable_zone_told && !f->zones_cut &&
           !f->free_cut && f->free_reserve > f->total / 2 && known(f->free) &&
           f->free >= f->free_reserve;
}

/* Rows that are no table any more. */
#define ROWS_FEW 3

/* Of a report that was cut to anonymous memory alone, or to the last rows of its table, nobody can
 * say what filled memory. */
static bool tells_little(const struct oom_facts *f)
{
    if (known(f->total))
        return false;
    return known(f->anon) ? !known(f->file) && !known(f->free) && f->processes < ROWS_FEW
                          : f->processes < ROWS_FEW;
}

static void rule_machine(const struct oom_facts *f, struct oom_ruling *ruling)
{
    const struct oom_report *r = f->r;
    struct holder holder;
    /* Without who asked, and for which zones, no reading of it is sure. */
    bool whole = known(f->uncounted) && r->has_mask && !f->zones_cut;

    if (f->e->forced || in_trace(r, "moom_callback") || in_trace(r, "sysrq_handle_moom")) {
        ruling->cause = CAUSE_FORCED;
        ruling->confidence = CONF_HIGH;
        return;
    }
    if (rule_useless(f, ruling)) {
        ruling->confidence =
            known(ruling->bytes) && !f->zones_cut && !f->only_nodes ? CONF_HIGH : CONF_MEDIUM;
        return;
    }
    if (is_kept_free(f)) {
        ruling->cause = CAUSE_KEPT_FREE;
        ruling->bytes = f->free_reserve;
        ruling->confidence = whole ? CONF_HIGH : CONF_MEDIUM;
        return;
    }
    if (was_free(f) || is_refused_charge(f)) {
        ruling->cause = CAUSE_MEMORY_FREE;
        ruling->bytes = f->free;
        ruling->confidence = whole && f->usable_zone_told ? CONF_HIGH : CONF_MEDIUM;
        return;
    }
    /* Zones of a report that is told in part: what fills the others is not known. */
    if (f->e->kind == LOG_MEM_INFO && !known(f->total) && f->r->zones.count && !f->processes) {
        ruling->confidence = CONF_LOW;
        return;
    }
    holder = largest_holder(f);
    if (holder.cause == CAUSE_ANON && tells_little(f))
        holder.cause = CAUSE_UNTOLD;
    /* A table that is cut before the choice: a larger one may be among the rows that are missing,
     * unless these hold most of memory. */
    if (holder.cause == CAUSE_ANON && !known(f->anon) && !oom_has(r, OOM_PART_CHOICE) &&
        !oom_has(r, OOM_PART_KILL) && !(known(f->total) && f->programs_bytes > f->total / 2))
        holder.cause = CAUSE_UNTOLD;
    /* All that is listed is so little that no memory is full of it. */
    if (holder.cause == CAUSE_ANON && !known(f->anon) && !known(f->total) &&
        holder.bytes < (known(f->machine) ? MIN(LISTED_LITTLE, f->machine / 8) : LISTED_LITTLE))
        holder.cause = CAUSE_UNTOLD;
    ruling->cause = holder.cause;
    ruling->bytes = holder.cause == CAUSE_UNTOLD ? UNKNOWN : holder.bytes;
    ruling->confidence = whole ? CONF_HIGH : CONF_MEDIUM;
    /* A pool of huge pages would be in there: its lines are missing, or the kernel has none. */
    if (holder.cause == CAUSE_NO_COUNTER && !known(f->hugetlb) && !known(f->balloon) &&
        !ruling->hint_hidden)
        ruling->confidence = CONF_MEDIUM;
    /* More is not told than anything that is told holds. */
    if (known(f->untold) && known(f->anon) && f->untold > holder.bytes) {
        ruling->cause = CAUSE_UNTOLD;
        ruling->bytes = f->untold;
    }
    if (holder.cause == CAUSE_SLAB)
        ruling->slab = largest_slab(r);
    /* Shared memory that a program maps is on its account: what no program maps is tmpfs. */
    if (holder.cause == CAUSE_UNTOLD || !known(f->anon))
        ruling->confidence = CONF_MEDIUM;
}

/* --- a group ---------------------------------------------------------------------------------- */

static bool at_limit(const struct oom_limit *l)
{
    return known(l->usage) && known(l->limit) && l->limit < NO_LIMIT &&
           (double)l->usage >= AT_LIMIT * (double)l->limit;
}

/* A slice has no processes of its own: they are in the scopes and services below it. */
static bool is_slice(const char *path)
{
    size_t len = strlen(path);

    return len > 6 && strcmp(path + len - 6, ".slice") == 0;
}

/* "/lxc/101", "/lxc.payload.web": all of a system container, whose own units are below it. It is
 * nobody's slice. */
static bool is_system_container(const char *path)
{
    return (strncmp(path, "/lxc/", 5) == 0 && path[5] && !strchr(path + 5, '/')) ||
           (strncmp(path, "/lxc.payload", 12) == 0 && !strchr(path + 13, '/'));
}

static bool is_level_above(const struct log_event *e)
{
    if (!e->oom_memcg || oom_is_pod(e->oom_memcg) || is_system_container(e->oom_memcg))
        return false;
    return e->task_memcg ? oom_path_below(e->task_memcg, e->oom_memcg) : is_slice(e->oom_memcg);
}

/* Anonymous memory fills it: whose, and is it of a kind that is known to need more than it was
 * given? */
static void rule_group_anon(const struct oom_facts *f, struct oom_ruling *ruling)
{
    u64 limit = f->e->limit < NO_LIMIT ? f->e->limit : UNKNOWN;
    u64 whole = known(limit) ? limit : f->total;
    bool fills = ruling->program && known(whole) &&
                 (double)ruling->program->bytes >= FILLS_SHARE * (double)whole;

    if (fills && oom_is_guest(ruling->program->name))
        ruling->cause = CAUSE_GUEST;
    else if (fills && oom_is_jvm(ruling->program->name))
        ruling->cause = CAUSE_JVM;
    else if (is_level_above(f->e) && !(fills && ruling->program->processes == 1))
        ruling->cause = CAUSE_LEVEL_ABOVE;
    else
        ruling->cause = CAUSE_ANON;
}

/* The line of the kill tells that one process of a kind that needs more than it was given held most
 * of the limit. */
static void rule_victim(const struct oom_facts *f, struct oom_ruling *ruling)
{
    u64 limit = f->e->limit;

    if (ruling->cause != CAUSE_LIMIT || !ruling->program || !known(limit) || limit >= NO_LIMIT ||
        (double)ruling->program->bytes < FILLS_SHARE * (double)limit)
        return;
    if (oom_is_guest(ruling->program->name))
        ruling->cause = CAUSE_GUEST;
    else if (oom_is_jvm(ruling->program->name))
        ruling->cause = CAUSE_JVM;
}

/* Most of what fills it is locked: no swap takes that, and no reclaim. It counts as what it is,
 * too: as anonymous memory, as cache. */
static void rule_group_locked(const struct oom_facts *f, struct oom_ruling *ruling)
{
    u64 locked = f->locked_within;

    if (!known(locked) || !known(f->total) || locked < f->total / 2)
        return;
    if (ruling->cause != CAUSE_ANON && ruling->cause != CAUSE_SHMEM &&
        ruling->cause != CAUSE_FILE_CACHE && ruling->cause != CAUSE_DIRTY)
        return;
    ruling->cause = CAUSE_LOCKED;
    ruling->bytes = locked;
}

/* Usage was below the limit, and a report of cgroup v1 has the lines of the two other limits: on
 * memory and swap, on kernel memory. Is one of those missing, that may be the one which was met. */
static bool is_beside(const struct oom_facts *f)
{
    const struct oom_limit *limits = f->r->limits;
    bool memsw = known(limits[OOM_LEVEL_MEMSW].usage), kmem = known(limits[OOM_LEVEL_KMEM].usage);

    return known(limits[OOM_LEVEL_MEMORY].usage) && !at_limit(&limits[OOM_LEVEL_MEMORY]) &&
           memsw != kmem;
}

static void rule_group(const struct oom_facts *f, struct oom_ruling *ruling)
{
    const struct oom_limit *limits = f->r->limits;
    struct holder holder = largest_holder(f);
    u64 limit = f->e->limit < NO_LIMIT ? f->e->limit : UNKNOWN;

    /* What was there when the kernel reported did not fill it: a kill before this one had freed
     * that. */
    if (known(f->total) && known(limit) && (double)f->total < FILLS_SHARE * (double)limit &&
        !at_limit(&limits[OOM_LEVEL_KMEM]) && !at_limit(&limits[OOM_LEVEL_MEMSW])) {
        ruling->cause = is_level_above(f->e) ? CAUSE_LEVEL_ABOVE : CAUSE_LIMIT;
        ruling->gone = true;
        ruling->other_limit = is_beside(f);
        ruling->confidence = CONF_MEDIUM;
        return;
    }
    /* Without the line of the limit the report is cut, and who knows where. */
    ruling->confidence = f->missing || !known(f->e->limit) ? CONF_MEDIUM : CONF_HIGH;
    ruling->bytes = holder.bytes;
    if (!at_limit(&limits[OOM_LEVEL_MEMORY]) && at_limit(&limits[OOM_LEVEL_KMEM])) {
        ruling->cause = CAUSE_KMEM_LIMIT;
        ruling->bytes = limits[OOM_LEVEL_KMEM].usage;
        return;
    }
    if (!at_limit(&limits[OOM_LEVEL_MEMORY]) && at_limit(&limits[OOM_LEVEL_MEMSW])) {
        ruling->cause = CAUSE_MEMSW_LIMIT;
        ruling->bytes = limits[OOM_LEVEL_MEMSW].usage;
        return;
    }
    /* Neither limit nor usage is told nor what the group holds, or more of it is not told than what
     * is. */
    if (holder.cause == CAUSE_UNTOLD ||
        (!known(f->total) && !known(limit) && !(known(f->anon) && known(f->file))) ||
        (known(f->untold) && known(f->anon) && f->untold > holder.bytes) ||
        (!known(f->anon) && holder.cause == CAUSE_ANON && known(f->total) &&
         holder.bytes < f->total / 2)) {
        ruling->cause = is_level_above(f->e) ? CAUSE_LEVEL_ABOVE : CAUSE_LIMIT;
        ruling->bytes = UNKNOWN;
        ruling->confidence = CONF_MEDIUM;
        rule_victim(f, ruling);
        return;
    }
    /* A guest's RAM may be shared memory of its monitor. */
    if (holder.cause == CAUSE_ANON ||
        (holder.cause == CAUSE_SHMEM && ruling->program && oom_is_guest(ruling->program->name) &&
         (double)ruling->program->bytes >= FILLS_SHARE * (double)holder.bytes))
        rule_group_anon(f, ruling);
    else
        ruling->cause = holder.cause == CAUSE_NO_COUNTER ? CAUSE_GROUP_KERNEL : holder.cause;
    /* The limit on memory was not at its end, and the lines of the others are not there. */
    ruling->other_limit = is_beside(f);
    if (ruling->other_limit)
        ruling->confidence = CONF_MEDIUM;
    /* Statistics that tell stacks tell slab as well: where they do not, the rest may be that. */
    if (ruling->cause == CAUSE_GROUP_KERNEL && known(f->stacks) &&
        !(known(f->slab_r) && known(f->slab_u)))
        ruling->confidence = CONF_MEDIUM;
    rule_group_locked(f, ruling);
}

/* The line of the kill alone. */
static void rule_line(const struct oom_facts *f, struct oom_ruling *ruling)
{
    ruling->confidence = CONF_MEDIUM;
    if (f->r && !f->of_group && is_refused_charge(f))
        ruling->cause = CAUSE_MEMORY_FREE;
    else if (f->of_group)
        ruling->cause = is_level_above(f->e) ? CAUSE_LEVEL_ABOVE : CAUSE_LIMIT;
    else
        ruling->cause = oom_is_bound(f->e) ? CAUSE_NODE : CAUSE_UNTOLD;
}

/* Of all memory, in percent: who held so much alone is why there was none. */
#define PLAINLY 50

bool oom_is_plain(const struct oom_facts *f)
{
    const struct log_event *e = f->e;
    u64 held = known(e->anon_rss) ? e->anon_rss + figure_or(e->shmem_rss, 0) : UNKNOWN;
    s64 adj = f->victim ? f->victim->oom_score_adj : e->has_adj ? e->oom_score_adj : 0;

    if (f->of_group || e->kind != LOG_OOM_KILL || !f->r || known(f->total) || !f->nr_programs ||
        strcmp(f->programs[0].name, f->thread_of ? f->thread_of->comm : e->comm) != 0 ||
        !known(held) || held > (u64)1 << 56)
        return false;
    if (known(f->machine))
        return held >= f->machine / 100 * PLAINLY && held <= f->machine;
    /* Thousandths of memory and swap, to which oom_score_adj was added; of the one that was
     * chosen. */
    return (f->thread_of || strcmp(f->r->chosen, e->comm) == 0) && known(f->r->score) &&
           f->r->score <= 1000 && adj == 0 && f->r->score >= 10ull * PLAINLY;
}

struct oom_ruling oom_rule(const struct oom_facts *f)
{
    struct oom_ruling ruling = {.cause = CAUSE_UNTOLD, .confidence = CONF_LOW, .bytes = UNKNOWN};

    if (f->e->kind == LOG_KILLED_BY) {
        ruling.cause = strcmp(f->e->killer, "kubelet") == 0 ? CAUSE_EVICTION : CAUSE_DAEMON;
        ruling.confidence = CONF_HIGH;
        return ruling;
    }
    take_frame(&ruling, f->r);
    if (f->nr_programs && f->programs[0].bytes > 0)
        ruling.program = &f->programs[0];
    if (!f->r || !(f->r->parts &
                   ~(1ull << OOM_PART_INVOKED | 1ull << OOM_PART_KERNEL | 1ull << OOM_PART_TRACE |
                     1ull << OOM_PART_CHOICE | 1ull << OOM_PART_KILL)))
        rule_line(f, &ruling);
    else if (f->of_group)
        rule_group(f, &ruling);
    else
        rule_machine(f, &ruling);
    if (ruling.cause == CAUSE_UNTOLD && ruling.program && oom_is_plain(f)) {
        ruling.cause = CAUSE_ANON;
        ruling.bytes = ruling.program->bytes;
        ruling.confidence = CONF_MEDIUM;
    }
    return ruling;
}
