/* cgroup_read.c - each group's files, as often as each is due.
 *
 *   CGROUPS         memory.current, events, pressure: change every second, cost a microsecond each
 *   CGROUP_STAT     memory.stat, for which the kernel sums up per-CPU counts; what swap does
 *   CGROUP_LIMITS   what people set, peaks, members
 *
 * A group that was there for the walk over the directories, or for the snapshot before, may be
 * gone: it leaves the tree, with what is below.
 */
#include "base/units.h"
#include "observe/cgroups_int.h"

#include <stdio.h>

/* Where a group's files are, for one file name after another. */
struct place {
    struct reading *r;
    u64 nr_failed; /* first files that are there and could not be read */
    struct strbuf path;
    size_t base_len;
};

static int place_read(struct place *p, const char *file, size_t max, struct span *ret)
{
    p->path.len = p->base_len;
    strbuf_append(&p->path, file);
    return reading_file(p->r, p->path.text, max, ret);
}

static bool place_has(struct place *p, const char *file, struct span *ret)
{
    return place_read(p, file, FILE_MAX_SMALL, ret) == 0;
}

/* The first file of a group was read with this result. Is it there, and does not say what it
 * says? */
static void note_first(struct place *p, int rc)
{
    p->nr_failed += rc != 0 && rc != -ENOENT && rc != -EACCES && rc != -EPERM;
}

static void place_figure(struct place *p, const char *file, u64 *figure)
{
    struct span text;

    if (place_has(p, file, &text))
        *figure = parse_limit(text);
}

static void place_set(struct place *p, const char *base, const char *path)
{
    cgroup_set_place(&p->path, base, path);
    strbuf_appendc(&p->path, '/');
    p->base_len = p->path.len;
}

static void place_psi(struct place *p, const char *file, struct psi_view *psi)
{
    struct span text;

    memset(psi, 0xff, sizeof(*psi));
    if (place_has(p, file, &text))
        parse_pressure(text, psi);
}

/* Count the group's processes, and note whose each is. */
static void read_procs(struct place *p, u32 index)
{
    struct span text, line;
    u64 pid, count = 0;
    int rc = place_read(p, "cgroup.procs", FILE_MAX_LARGE, &text);

    if (rc != 0 && rc != -EFBIG)
        return;
    while (span_take_line(&text, &line)) {
        if (!span_take_u64(&line, &pid))
            continue;
        count++;
        u64map_put(&p->r->group_of_pid, pid, (u64)index + 1);
    }
    p->r->s->cgroups.items[index].nr_procs = count;
}

/* False when the group went away. */
static bool read_v2(struct place *p, struct cgroup_view *group)
{
    struct span text;
    int rc = place_read(p, "memory.current", FILE_MAX_SMALL, &text);

    note_first(p, rc);
    if (rc == 0)
        group->current = parse_limit(text);
    /* Only the machine's own root group has no memory.current while its pressure is there. It has
     * no limit either. */
    if (rc != 0 && group->parent == GROUP_NONE && !place_has(p, "memory.max", &text))
        group->is_root = true;
    if (place_has(p, "memory.events", &text))
        parse_memory_events(text, group);
    place_psi(p, "memory.pressure", &group->psi[PSI_MEM]);
    return rc == 0 || group->parent == GROUP_NONE || cgroups_stand_still(p->r) ||
           known(group->events[EV_MAX]) || known(group->psi[PSI_MEM].some.total_us);
}

static void read_v2_stat(struct place *p, struct cgroup_view *group)
{
    struct span text;

    if (place_has(p, "memory.stat", &text))
        parse_memory_stat(text, group);
    place_figure(p, "memory.swap.current", &group->swap_current);
    place_figure(p, "memory.zswap.current", &group->zswap_current);
    if (place_has(p, "memory.events.local", &text))
        parse_memory_events_local(text, group);
    if (place_has(p, "memory.swap.events", &text))
        parse_swap_events(text, group);
}

/* "2MB" as the hugetlb controller has it in its files' names. */
static void huge_size_name(char *buf, size_t size, u64 bytes)
{
    if (bytes >= GIB)
        snprintf(buf, size, "%lluGB", (unsigned long long)(bytes / GIB));
    else if (bytes >= MIB)
        snprintf(buf, size, "%lluMB", (unsigned long long)(bytes / MIB));
    else
        snprintf(buf, size, "%lluKB", (unsigned long long)(bytes / KIB));
}

static void read_huge_size(struct place *p, u32 index, u64 page_bytes)
{
    struct cgroup_view *group = &p->r->s->cgroups.items[index];
    struct group_huge_view view = {page_bytes, UNKNOWN, UNKNOWN, UNKNOWN,
                                   UNKNOWN,    UNKNOWN, UNKNOWN};
    char name[24], file[64];
    const struct {
        const char *suffix;
        u64 *figure;
        bool events;
    } files[] = {
        {"current", &view.current, false}, {"rsvd.current", &view.rsvd_current, false},
        {"max", &view.max, false},         {"rsvd.max", &view.rsvd_max, false},
        {"events", &view.refused, true},   {"events.local", &view.refused_local, true},
    };
    struct span text;

    huge_size_name(name, sizeof(name), page_bytes);
    for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
        snprintf(file, sizeof(file), "hugetlb.%s.%s", name, files[i].suffix);
        if (!place_has(p, file, &text)) {
            if (i == 0)
                return; /* the controller is not on here */
            continue;
        }
        if (files[i].events)
            parse_hugetlb_events(text, files[i].figure);
        else
            *files[i].figure = parse_limit(text);
    }
    group->huge[group->nr_huge++] = view;
}

/* Six files a size: of machines that have pools, or may get surplus pages, alone. */
static void read_v2_huge(struct place *p, u32 index)
{
    const struct snapshot *s = p->r->s;
    const struct snapshot *from = s->huge.count == 0 && p->r->before ? p->r->before : s;
    u64 total = s->meminfo[MI_HUGE_PAGES_TOTAL], page_bytes = s->meminfo[MI_HUGE_PAGE_SIZE];

    s->cgroups.items[index].nr_huge = 0;
    vec_for_each (&from->huge, pool)
        if (known(pool->page_bytes) && pool->page_bytes >= KIB &&
            (figure_or(pool->total, 0) > 0 || figure_or(pool->overcommit_max, 0) > 0) &&
            s->cgroups.items[index].nr_huge < GROUP_HUGE_MAX)
            read_huge_size(p, index, pool->page_bytes);
    if (from->huge.count > 0 || p->r->src->live)
        return;
    /* An archive without /sys/kernel/mm: of the size that /proc/meminfo tells, or of those of most
     * machines. */
    if (known(page_bytes) && page_bytes >= KIB) {
        if (known(total) && total > 0)
            read_huge_size(p, index, page_bytes);
        return;
    }
    read_huge_size(p, index, 2 * MIB);
    read_huge_size(p, index, GIB);
}

static void read_v2_limits(struct place *p, struct cgroup_view *group)
{
    struct span text;
    u64 flag = 0;

    place_figure(p, "memory.peak", &group->peak);
    place_figure(p, "memory.min", &group->min);
    place_figure(p, "memory.low", &group->low);
    place_figure(p, "memory.high", &group->high);
    place_figure(p, "memory.max", &group->max);
    place_figure(p, "memory.swap.max", &group->swap_max);
    place_figure(p, "memory.swap.high", &group->swap_high);
    place_figure(p, "memory.swap.peak", &group->swap_peak);
    place_figure(p, "memory.zswap.max", &group->zswap_max);
    if (place_has(p, "cgroup.stat", &text))
        parse_cgroup_stat(text, group);
    if (place_has(p, "cpu.max", &text))
        parse_cpu_max(text, group);
    place_figure(p, "memory.oom.group", &flag);
    group->oom_group = flag == 1;
    place_psi(p, "cpu.pressure", &group->psi[PSI_CPU]);
    place_psi(p, "io.pressure", &group->psi[PSI_IO]);
}

static bool read_v1(struct place *p, struct cgroup_view *group)
{
    struct span text;
    int rc = place_read(p, "memory.usage_in_bytes", FILE_MAX_SMALL, &text);
    bool there = rc == 0;

    note_first(p, rc);
    if (there)
        group->current = parse_limit(text);
    place_figure(p, "memory.failcnt", &group->failcnt);
    if (place_has(p, "memory.oom_control", &text))
        parse_oom_control(text, group);
    return there || group->parent == GROUP_NONE || cgroups_stand_still(p->r);
}

static void read_v1_stat(struct place *p, struct cgroup_view *group)
{
    struct span text;

    if (place_has(p, "memory.stat", &text))
        parse_memory_stat_v1(text, group);
    place_figure(p, "memory.kmem.usage_in_bytes", &group->kmem_current);
}

static void read_v1_limits(struct place *p, struct cgroup_view *group)
{
    place_figure(p, "memory.limit_in_bytes", &group->max);
    place_figure(p, "memory.max_usage_in_bytes", &group->peak);
    place_figure(p, "memory.memsw.limit_in_bytes", &group->memsw_max);
    if (group->parent == GROUP_NONE && reading_kind(p->r) != SOURCE_CONTAINER)
        group->is_root = group->max == NO_LIMIT;
}

/* Pressure of the group of the same path in the other hierarchy. */
static void read_hybrid_psi(struct place *p, struct cgroup_view *group, bool limits)
{
    place_psi(p, "memory.pressure", &group->psi[PSI_MEM]);
    if (!limits)
        return;
    place_psi(p, "cpu.pressure", &group->psi[PSI_CPU]);
    place_psi(p, "io.pressure", &group->psi[PSI_IO]);
}

/* The files of one group that is there, as often as each is due. */
static void read_rest(struct place *p, const struct hierarchy *h, struct cgroup_view *group)
{
    bool fresh = h->walked && group->stat_at == 0; /* a new group, of which nothing is known yet */
    bool stat = fresh || reading_wants(p->r, PART_CGROUP_STAT);
    bool limits = fresh || reading_wants(p->r, PART_CGROUP_LIMITS);

    if (limits)
        h->version == 2 ? read_v2_limits(p, group) : read_v1_limits(p, group);
    if (stat) {
        h->version == 2 ? read_v2_stat(p, group) : read_v1_stat(p, group);
        if (h->version == 2)
            read_v2_huge(p, (u32)(group - p->r->s->cgroups.items));
        group->stat_at = group->read_at;
    }
    /* A group that has no pressure there does not get it later: looked for when limits are. */
    if (!h->hybrid || (!limits && !known(group->psi[PSI_MEM].some.total_us)))
        return;
    place_set(p, CGROUP_HYBRID, group->path);
    read_hybrid_psi(p, group, limits);
    place_set(p, h->base, group->path);
}

size_t cgroups_read_files(struct reading *r, struct hierarchy *h)
{
    struct snapshot *s = r->s;
    struct place p = {.r = r};
    size_t kept = 0, count = s->cgroups.count;
    u32 *moved = xcalloc(count, sizeof(*moved));

    strbuf_init(&p.path);
    for (size_t i = 0; i < count; i++) {
        struct cgroup_view *group = &s->cgroups.items[i];
        bool orphan = group->parent != GROUP_NONE && moved[group->parent] == GROUP_NONE;

        place_set(&p, h->base, group->path);
        if (orphan || !(h->version == 2 ? read_v2(&p, group) : read_v1(&p, group))) {
            free(group->path);
            moved[i] = GROUP_NONE;
            continue;
        }
        moved[i] = (u32)kept;
        if (group->parent != GROUP_NONE)
            group->parent = moved[group->parent];
        group->read_at = s->parts[PART_CGROUPS].read_at;
        read_rest(&p, h, group);
        s->cgroups.items[kept++] = *group;
        if (reading_wants(r, PART_CGROUP_LIMITS))
            read_procs(&p, (u32)kept - 1);
    }
    s->cgroups.count = kept;
    h->left.unread = p.nr_failed;
    strbuf_done(&p.path);
    free(moved);
    return count - kept;
}
