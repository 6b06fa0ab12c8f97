/* snapshot.c - reading all parts, carrying over what was not read, and looking things up.
 *
 * A part is a row of `readers`. All that is a plain file has its parser there; the others have a
 * function of their own. After the last one, what needs several parts is derived: the page size of
 * an archive (MemTotal over managed pages), MemAvailable of kernels that do not print it.
 */
#include "observe/mountinfo.h"
#include "observe/reading_int.h"

#include "stats/tunables.h"

#include <unistd.h>

struct reader {
    enum part part;
    const char *path; /* with parse: a part that is one file */
    size_t max;
    parse_fn *parse;
    void (*read)(struct reading *r);
};

static const struct reader readers[] = {
    {PART_MEMINFO, "proc/meminfo", FILE_MAX_SMALL, parse_meminfo, NULL},
    {PART_VMSTAT, "proc/vmstat", FILE_MAX_SMALL, parse_vmstat, NULL},
    {PART_STAT, "proc/stat", FILE_MAX_LARGE, parse_stat, NULL},
    {PART_LOADAVG, "proc/loadavg", FILE_MAX_SMALL, parse_loadavg, NULL},
    {PART_UPTIME, "proc/uptime", FILE_MAX_SMALL, parse_uptime, NULL},
    {PART_ZONEINFO, "proc/zoneinfo", FILE_MAX_LARGE, parse_zoneinfo, NULL},
    {PART_BUDDYINFO, "proc/buddyinfo", FILE_MAX_LARGE, parse_buddyinfo, NULL},
    {PART_PAGETYPEINFO, "proc/pagetypeinfo", FILE_MAX_LARGE, parse_pagetypeinfo, NULL},
    {PART_EXTFRAG, NULL, 0, NULL, read_extfrag},
    {PART_SLABINFO, "proc/slabinfo", FILE_MAX_LARGE, parse_slabinfo, NULL},
    {PART_SWAPS, "proc/swaps", FILE_MAX_SMALL, parse_swaps, NULL},
    {PART_DISKSTATS, NULL, 0, NULL, read_diskstats},
    {PART_PRESSURE_CPU, NULL, 0, NULL, read_pressure_cpu},
    {PART_PRESSURE_IO, NULL, 0, NULL, read_pressure_io},
    {PART_PRESSURE_MEMORY, NULL, 0, NULL, read_pressure_memory},
    {PART_SYSCTL_VM, NULL, 0, NULL, read_sysctl},
    {PART_NODES, NULL, 0, NULL, read_nodes},
    {PART_THP, NULL, 0, NULL, read_thp},
    {PART_HUGEPAGES, NULL, 0, NULL, read_hugepages},
    {PART_ZSWAP, NULL, 0, NULL, read_zswap},
    {PART_ZRAM, NULL, 0, NULL, read_zram},
    {PART_KERNEL_LOG, NULL, 0, NULL, read_kernel_log},
    {PART_CGROUPS, NULL, 0, NULL, read_cgroups},
    {PART_PROCESSES, NULL, 0, NULL, read_processes},
    {PART_SMAPS_ROLLUP, NULL, 0, NULL, read_process_details},
    {PART_NUMA_MAPS, NULL, 0, NULL, read_numa_maps},
};

#define FILL_UNKNOWN(field) memset(&(field), 0xff, sizeof(field))

void snapshot_init(struct snapshot *s)
{
    *s = (struct snapshot){
        .wall_us = UNKNOWN,
        .uptime_us = UNKNOWN,
        .cgroup_count = UNKNOWN,
        .page_bytes = 4096,
        .allocstall = UNKNOWN,
        .load1 = UNKNOWN,
        .load5 = UNKNOWN,
        .load15 = UNKNOWN,
        .zswap_enabled = UNKNOWN,
        .zswap_max_pool_percent = UNKNOWN,
        .arc_size = UNKNOWN,
        .address_limit = UNKNOWN,
        .maps_counted = UNKNOWN,
        .lock_limit = UNKNOWN,
        .pool_write = {UNKNOWN, UNKNOWN, UINT32_MAX, UNKNOWN},
        .shm_max = UNKNOWN,
        .shm_all = UNKNOWN,
        .numa_hit_before = UNKNOWN,
        .numa_foreign_before = UNKNOWN,
        .kernel_used = UNKNOWN,
        .arc_max = UNKNOWN,
        .cgroups_counted = UNKNOWN,
        .used = UNKNOWN,
        .free_used = UNKNOWN,
    };
    FILL_UNKNOWN(s->meminfo);
    FILL_UNKNOWN(s->vmstat);
    FILL_UNKNOWN(s->vmstat_later);
    FILL_UNKNOWN(s->psi);
    FILL_UNKNOWN(s->cpu);
    s->cpu.nr_cpus = 0;
    s->sysctl = xmalloc(nr_tunables * sizeof(s->sysctl[0]));
    memset(s->sysctl, 0xff, nr_tunables * sizeof(s->sysctl[0]));
}

void snapshot_done(struct snapshot *s)
{
    vec_for_each (&s->cgroups, group)
        free(group->path);
    vec_for_each (&s->log, event)
        log_event_done(event);
    free(s->sysctl);
    vec_done(&s->refusals);
    vec_done(&s->heaps);
    vec_done(&s->sizings);
    vec_done(&s->tmpfs);
    vec_done(&s->restarts);
    vec_done(&s->containers);
    vec_done(&s->task_limits);
    vec_done(&s->beancounters);
    vec_done(&s->read_from);
    vec_done(&s->huge);
    vec_done(&s->zones);
    vec_done(&s->nodes);
    vec_done(&s->slabs);
    vec_done(&s->swaps);
    vec_done(&s->zrams);
    vec_done(&s->disks);
    vec_done(&s->cgroups);
    vec_done(&s->processes);
    vec_done(&s->process_nodes);
    vec_done(&s->log);
    vec_for_each (&s->log_files, file)
        free(*file);
    vec_done(&s->log_files);
    memset(s, 0, sizeof(*s));
}

/* --- reading ---------------------------------------------------------------------------------- */
static void read_line(struct reading *r, const char *path, char *buf, size_t size)
{
    struct span text, line;

    if (reading_file(r, path, FILE_MAX_SMALL, &text) == 0 && span_take_line(&text, &line))
        span_copy(span_trim(line), buf, size);
}

/* "Linux version 3.10.0-1160.el7.x86_64 (mockbuild@...". */
static void read_version(struct reading *r)
{
    struct span text, word;

    if (reading_file(r, "proc/version", FILE_MAX_SMALL, &text) == 0 &&
        span_take(&text, "Linux version") && span_take_word(&text, &word))
        span_copy(word, r->s->release, sizeof(r->s->release));
}

/* Whose /proc/meminfo it is, and what /proc/PID/cgroup calls the root that is seen here. */
static void read_mounts(struct reading *r)
{
    struct span text, root;

    if (reading_file(r, "proc/self/mountinfo", FILE_MAX_LARGE, &text) != 0)
        return;
    r->s->lxcfs = mountinfo_has_lxcfs(text, "/proc/meminfo");
    if (mountinfo_cgroup_root(text, &root))
        span_copy_unescaped(root, r->s->cgroup_root, sizeof(r->s->cgroup_root));
}

/* Who and when: of the source where it knows, of the clock while the files are the host's own. */
static void read_identity(struct reading *r)
{
    struct snapshot *s = r->s;
    const struct source *src = r->src;

    s->kind = src->kind;
    if (src->taken_at || src->wall_us) {
        s->taken_at = src->taken_at;
        s->wall_us = src->wall_us;
    } else if (src->live) {
        s->taken_at = source_time(r->src, &s->wall_us);
        s->page_bytes = (u64)sysconf(_SC_PAGESIZE);
    }
    if (r->before) {
        s->page_bytes = r->before->page_bytes;
        s->lxcfs = r->before->lxcfs;
        memcpy(s->cgroup_root, r->before->cgroup_root, sizeof(s->cgroup_root));
    }
    /* Mounts seldom change. With SYSCTL_VM they are in each sample of a capture that begins a
     * chunk, too. */
    if (!r->before || reading_wants(r, PART_SYSCTL_VM))
        read_mounts(r);
    read_line(r, "proc/sys/kernel/osrelease", s->release, sizeof(s->release));
    if (!s->release[0])
        read_version(r);
    read_line(r, "proc/sys/kernel/hostname", s->hostname, sizeof(s->hostname));
    if (!s->hostname[0])
        read_line(r, "etc/hostname", s->hostname, sizeof(s->hostname));
}

static void read_part(struct reading *r, const struct reader *reader)
{
    ns_t now = reading_now(r);

    if (reader->parse)
        reading_part(r, reader->part, reader->path, reader->max, reader->parse);
    else
        reader->read(r);
    r->s->parts[reader->part].read_at = now;
}

/* Of an archive, pages are as large as makes the managed ones MemTotal. */
static void derive_page_bytes(struct snapshot *s)
{
    u64 total = s->meminfo[MI_MEM_TOTAL], pages = 0;

    vec_for_each (&s->zones, zone)
        pages += known(zone->managed) && zone->managed < (u64)1 << 48 ? zone->managed : 0;
    if (!known(total) || pages == 0)
        return;
    for (u64 bytes = 4096; bytes <= 64 * KIB; bytes *= 2)
        if (total / bytes <= pages + pages / 8 && total / bytes >= pages - pages / 8)
            s->page_bytes = bytes;
}

static bool was_read(const struct part_status *status)
{
    return status->state == PART_OK || status->state == PART_CUT ||
           status->state == PART_UNSUPPORTED || status->state == PART_DENIED;
}

/* Without a clock, a tree is from when its uptime says: the monotonic clock begins at boot, too. */
static void stamp_archive(struct snapshot *s)
{
    if (s->taken_at != 0 || !known(s->uptime_us))
        return;
    s->taken_at = s->uptime_us * NS_PER_US;
    for (unsigned i = 0; i < NR_PARTS; i++)
        s->parts[i].read_at = s->taken_at;
    vec_for_each (&s->cgroups, group)
        group->read_at = group->stat_at = s->taken_at;
}

u64 parts_with_needed(u64 parts)
{
    if (parts & (1ull << PART_SMAPS_ROLLUP | 1ull << PART_NUMA_MAPS))
        parts |= 1ull << PART_PROCESSES;
    if (parts & (1ull << PART_CGROUP_STAT | 1ull << PART_CGROUP_LIMITS))
        parts |= 1ull << PART_CGROUPS;
    return parts;
}

int snapshot_read(struct snapshot *s, struct source *src, u64 parts, struct err *e)
{
    return snapshot_read_after(s, NULL, src, parts, e);
}

int snapshot_read_after(struct snapshot *s, const struct snapshot *before, struct source *src,
                        u64 parts, struct err *e)
{
    struct reading r = {.s = s, .src = src, .before = before};
    unsigned nr_read = 0, nr_tried = 0;

    parts = parts_with_needed(parts);
    r.parts = parts;
    strbuf_init(&r.text);
    u64map_init(&r.group_of_pid);
    read_identity(&r);
    for (unsigned i = 0; i < ARRAY_SIZE(readers); i++) {
        enum part part = readers[i].part;

        /* What follows counts in pages. */
        if (part == PART_BUDDYINFO && !src->live && !before)
            derive_page_bytes(s);
        if (!(parts >> part & 1))
            continue;
        read_part(&r, &readers[i]);
        nr_tried++;
        nr_read += was_read(&s->parts[part]);
    }
    strbuf_done(&r.text);
    u64map_done(&r.group_of_pid);
    if (nr_tried > 0 && nr_read == 0)
        return err_at(e, -ENOENT, src->name, 0, 0,
                      "no file of Linux here that could be read; it should hold proc/meminfo");
    stamp_archive(s);
    if (parts >> PART_MEMINFO & 1)
        meminfo_check(s);
    estimate_available(s);
    return 0;
}

/* --- carrying over ---------------------------------------------------------------------------- */
#define COPY(field) memcpy(&s->field, &before->field, sizeof(s->field))

#define COPY_VEC(field)                                              \
    do {                                                             \
        vec_reset(&s->field);                                        \
        vec_reserve(&s->field, before->field.count);                 \
        if (before->field.count > 0)                                 \
            memcpy(s->field.items, before->field.items,              \
                   before->field.count * sizeof(s->field.items[0])); \
        s->field.count = before->field.count;                        \
    } while (0)

/* Zones have several files: what this one says of them. */
static void carry_zones(struct snapshot *s, const struct snapshot *before, enum part part)
{
    vec_for_each (&before->zones, from) {
        struct zone_view *to = zone_get(s, from->node, span_of(from->name, strlen(from->name)));

        if (!to)
            return;
        if (part == PART_ZONEINFO) {
            to->free = from->free;
            to->min = from->min;
            to->low = from->low;
            to->high = from->high;
            to->spanned = from->spanned;
            to->present = from->present;
            to->managed = from->managed;
        } else if (part == PART_BUDDYINFO) {
            memcpy(to->blocks, from->blocks, sizeof(to->blocks));
            to->nr_orders = from->nr_orders;
        } else if (part == PART_PAGETYPEINFO) {
            memcpy(to->pageblocks, from->pageblocks, sizeof(to->pageblocks));
        } else {
            memcpy(to->extfrag, from->extfrag, sizeof(to->extfrag));
            memcpy(to->unusable, from->unusable, sizeof(to->unusable));
        }
    }
}

static char *dup_or_null(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static void carry_log(struct snapshot *s, const struct snapshot *before)
{
    COPY_VEC(log);
    for (size_t i = 0; i < s->log.count; i++) {
        struct log_event *to = &s->log.items[i];
        const struct log_event *from = &before->log.items[i];

        to->oom_memcg = dup_or_null(from->oom_memcg);
        to->task_memcg = dup_or_null(from->task_memcg);
        to->words = dup_or_null(from->words);
        to->report = oom_report_get(from->report);
        memset(&to->more, 0, sizeof(to->more));
        vec_for_each (&from->more, victim)
            vec_push(&to->more, *victim);
    }
    COPY_VEC(log_files);
    vec_for_each (&s->log_files, file)
        *file = xstrdup(*file);
}

static void carry_cgroups(struct snapshot *s, const struct snapshot *before)
{
    COPY_VEC(cgroups);
    vec_for_each (&s->cgroups, group)
        group->path = xstrdup(group->path);
    COPY(cgroup_v1);
    COPY(cgroup_v2);
    COPY(own_cgroup);
    COPY(cgroup_count);
}

/* memory.stat, limits and what else is read seldom, of groups that were read without. */
static void carry_cgroup_stat(struct snapshot *s, const struct snapshot *before)
{
    vec_for_each (&s->cgroups, group) {
        const struct cgroup_view *from = snapshot_cgroup(before, group->path);

        if (!from || group->stat_at != 0)
            continue;

        struct cgroup_view merged = *from;

        merged.path = group->path;
        merged.parent = group->parent;
        merged.depth = group->depth;
        merged.is_root = group->is_root;
        merged.read_at = group->read_at;
        merged.current = group->current;
        merged.failcnt = group->failcnt;
        for (unsigned i = 0; i < NR_CGROUP_EVENTS; i++) {
            if (cgroup_event_in(i, CGROUP_EVENTS_FILE))
                merged.events[i] = group->events[i];
        }
        merged.psi[PSI_MEM] = group->psi[PSI_MEM];
        *group = merged;
    }
}

/* A process's group by its path, for the groups may be others now. */
static void carry_processes(struct snapshot *s, const struct snapshot *before)
{
    COPY_VEC(processes);
    vec_for_each (&s->processes, process) {
        if (process->group == GROUP_NONE)
            continue;

        const char *path = before->cgroups.items[process->group].path;

        process->group = cgroup_find(s, span_of(path, strlen(path)));
    }
}

static void carry_smaps(struct snapshot *s, const struct snapshot *before)
{
    vec_for_each (&s->processes, process) {
        const struct process_view *from = snapshot_process(before, process->pid);

        if (from && from->start_ticks == process->start_ticks && !known(process->pss))
            process_take_details(process, from);
    }
}

/* long: one switch without default, so that a new part cannot be forgotten here. */
static void carry_part(struct snapshot *s, const struct snapshot *before, enum part part)
{
    switch (part) {
    case PART_MEMINFO:
        COPY(meminfo);
        COPY(available_estimated);
        break;
    case PART_VMSTAT:
        COPY(vmstat);
        COPY(vmstat_later);
        COPY(allocstall);
        break;
    case PART_STAT:
        COPY(cpu);
        break;
    case PART_LOADAVG:
        COPY(load1);
        COPY(load5);
        COPY(load15);
        break;
    case PART_UPTIME:
        COPY(uptime_us);
        break;
    case PART_ZONEINFO:
    case PART_BUDDYINFO:
    case PART_PAGETYPEINFO:
    case PART_EXTFRAG:
        carry_zones(s, before, part);
        break;
    case PART_SLABINFO:
        COPY_VEC(slabs);
        break;
    case PART_SWAPS:
        COPY_VEC(swaps);
        break;
    case PART_DISKSTATS:
        COPY_VEC(disks);
        break;
    case PART_PRESSURE_CPU:
        COPY(psi[PSI_CPU]);
        break;
    case PART_PRESSURE_IO:
        COPY(psi[PSI_IO]);
        break;
    case PART_PRESSURE_MEMORY:
        COPY(psi[PSI_MEM]);
        break;
    case PART_SYSCTL_VM:
        memcpy(s->sysctl, before->sysctl, nr_tunables * sizeof(s->sysctl[0]));
        break;
    case PART_NODES:
        COPY_VEC(nodes);
        COPY(nodes_of_zones);
        break;
    case PART_THP:
        COPY(thp_enabled);
        COPY(thp_defrag);
        COPY(lru_gen);
        break;
    case PART_HUGEPAGES:
        COPY_VEC(huge);
        break;
    case PART_ZSWAP:
        COPY(zswap_enabled);
        COPY(zswap_max_pool_percent);
        break;
    case PART_ZRAM:
        COPY_VEC(zrams);
        break;
    case PART_KERNEL_LOG:
        carry_log(s, before);
        break;
    case PART_CGROUPS:
        carry_cgroups(s, before);
        break;
    case PART_CGROUP_STAT:
        carry_cgroup_stat(s, before);
        break;
    case PART_CGROUP_LIMITS: /* with CGROUP_STAT, or by snapshot_read_after() */
        break;
    case PART_PROCESSES:
        carry_processes(s, before);
        break;
    case PART_SMAPS_ROLLUP:
        carry_smaps(s, before);
        break;
    case PART_NUMA_MAPS:
        COPY_VEC(process_nodes);
        break;
    case NR_PARTS:
        break;
    }
}

void snapshot_carry(struct snapshot *s, const struct snapshot *before)
{
    for (enum part part = 0; part < NR_PARTS; part++) {
        if (s->parts[part].state != PART_NOT_READ)
            continue;
        s->parts[part] = before->parts[part];
        if (before->parts[part].state != PART_NOT_READ)
            carry_part(s, before, part);
    }
}

/* --- looking up and checking ------------------------------------------------------------------ */
const struct process_view *snapshot_process(const struct snapshot *s, u32 pid)
{
    size_t low = 0, high = s->processes.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->processes.items[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->processes.count && s->processes.items[low].pid == pid ? &s->processes.items[low]
                                                                          : NULL;
}

static void check_text(const char *text, size_t size)
{
    assert(memchr(text, '\0', size));
}

void snapshot_check(const struct snapshot *s)
{
    check_text(s->release, sizeof(s->release));
    check_text(s->hostname, sizeof(s->hostname));
    for (unsigned i = 0; i < NR_PARTS; i++) {
        check_text(s->parts[i].why, sizeof(s->parts[i].why));
        assert((s->parts[i].state == PART_OK || s->parts[i].state == PART_NOT_READ) ==
               (s->parts[i].why[0] == '\0'));
    }
    vec_for_each (&s->zones, zone) {
        check_text(zone->name, sizeof(zone->name));
        assert(zone->nr_orders <= ORDERS_MAX && zone->node < NODES_MAX);
        for (unsigned order = 0; order < ORDERS_MAX; order++)
            assert(zone->extfrag[order] <= 1000 || zone->extfrag[order] >= EXTFRAG_FREE);
    }
    for (size_t i = 0; i < s->cgroups.count; i++) {
        const struct cgroup_view *group = &s->cgroups.items[i];

        assert(group->path && group->path[0] == '/');
        assert(group->parent == GROUP_NONE ? i == 0 : group->parent < i);
        assert(group->nr_huge <= GROUP_HUGE_MAX);
    }
    for (size_t i = 0; i < s->processes.count; i++) {
        const struct process_view *process = &s->processes.items[i];

        assert(process->group == GROUP_NONE || process->group < s->cgroups.count);
        assert(i == 0 || process[-1].pid < process->pid);
        check_text(process->comm, sizeof(process->comm));
    }
}
